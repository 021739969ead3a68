"""What becomes of a person's content when their keys go: deleted, left to another, or held back.

Content with a legal term is moved under a new key that belongs to the erasure. So the person's own
key can be destroyed at once, and with it whatever lies in older copies of the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hegui.store import random_bytes
from hegui.terms import Cell, Corrupt, Words, Write
from hegui.vault import sealing
from hegui.vault.epochs import Epochs
from hegui.vault.rows import Rows, as_bytes, number
from hegui.vault.subjects import INSERT_KEY, Subject
from hegui.vault.vault import Place, sealed_for

HELD_BACK: Final = ("appeal",)
"""Classes of content that must be kept for a legal term: appeals, three years, like the record of
how they were handled (Art. 15; PIPL Art. 47 para. 2 and 56)."""

_DAMAGED = Words(
    en="{part} of exchange {exchange} must be kept and does not open, so nothing was erased."
    " Keep the file, and run: hegui ledger verify",
    zh="交互 {exchange} 的 {part} 须依法保存却无法打开，因此未执行删除。"
    "请保留原文件，并运行：hegui ledger verify",
)

INSERT_ERASED = "INSERT INTO erased_key (key_id, erasure) VALUES (?, ?)"
_KEYS = (
    "SELECT k.key_id, k.epoch, k.wrapped FROM erased_key AS e"
    " JOIN subject_key AS k ON k.key_id = e.key_id WHERE e.erasure = ?"
)
_COUNT = "SELECT count(*) FROM content WHERE key_id = ?"
_NOT_ERASED = "o.key_id NOT IN (SELECT key_id FROM erased_key)"
_SHARED = (
    "SELECT m.content_id, c.key_id, o.key_id FROM content_key AS m"  # noqa: S608 - our own constant
    " JOIN content AS c ON c.id = m.content_id"
    " JOIN content_key AS o ON o.content_id = m.content_id"
    f" WHERE m.key_id = ? AND {_NOT_ERASED}"
)
_HELD = (  # the classes are values, as many as there are
    "SELECT c.id, c.exchange, c.part, c.class, c.expires, c.sealed, s.wrapped FROM content AS c"  # noqa: S608 - our own constant
    " LEFT JOIN content_key AS s ON s.content_id = c.id AND s.key_id = c.key_id"
    f" WHERE c.key_id = ? AND c.expires > ? AND c.class IN ({', '.join('?' * len(HELD_BACK))})"
)
_LEAVE_TO = "UPDATE content SET key_id = ? WHERE id = ?"
_MOVE = "UPDATE content SET key_id = ?, sealed = ? WHERE id = ?"
_DELETE_KEY = "DELETE FROM subject_key WHERE key_id = ?"


@dataclass(slots=True)
class Parting:
    """What one transaction must write, and what it does, for the record."""

    writes: list[Write] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    deleted: int = 0
    shared: int = 0
    kept: dict[str, int] = field(default_factory=dict)
    until: int = 0


def parting(rows: Rows, epochs: Epochs, tenant: str, erasure: str, now_ms: int) -> Parting:
    """Return how the keys of an erasure part from their content.

    The keys are barred already, so nothing is added to their content meanwhile.
    """
    part = Parting()
    fresh = Subject(None, random_bytes(16), random_bytes(sealing.KEY_BYTES))
    moved: list[Write] = []
    for key_id, epoch, wrapped in rows.query(_KEYS, (erasure,)):
        mine = Subject(None, as_bytes(key_id), epochs.unwrap(epoch, wrapped))
        total = number(rows.query(_COUNT, (mine.key_id,))[0][0])
        left = _leave(rows, mine.key_id, part)
        held = rows.query(_HELD, (mine.key_id, now_ms, *HELD_BACK))
        kept = [row for row in held if row[0] not in left]
        for row in kept:
            moved += _moved(row, tenant, mine, fresh)
            part.kept[str(row[3])] = part.kept.get(str(row[3]), 0) + 1
            part.until = max(part.until, number(row[4]))
        part.deleted += total - len(left) - len(kept)
        part.keys.append(mine.key_id)
    if moved:
        current, under = epochs.wrap(fresh.key)
        cells: tuple[Cell, ...] = (fresh.key_id, None, tenant, current, under)
        part.writes += [Write(INSERT_KEY, cells), *moved]
    part.writes += [Write(_DELETE_KEY, (key_id,)) for key_id in part.keys]
    if moved:
        part.writes.append(Write(INSERT_ERASED, (fresh.key_id, erasure)))
    return part


def _leave(rows: Rows, mine: bytes, part: Parting) -> set[Cell]:
    """Leave content that names another person to that person; return what was ours first."""
    left: set[Cell] = set()
    seen: set[Cell] = set()
    for content_id, first, other in rows.query(_SHARED, (mine,)):
        if content_id in seen:
            continue
        seen.add(content_id)
        part.shared += 1
        if first == mine:
            left.add(content_id)
            part.writes.append(Write(_LEAVE_TO, (other, content_id)))
    return left


def _moved(row: Sequence[Cell], tenant: str, mine: Subject, fresh: Subject) -> list[Write]:
    """Return the writes that put one content under the fresh key, its commitment's salt with it."""
    content_id, exchange, name, _, _, cell, share = row
    place, sealed = Place(tenant, str(exchange), str(name)), as_bytes(cell)
    opened: tuple[bytes, bytes] | None = None
    if sealing.is_shared(sealed):
        own = sealing.unshare(mine.key, place.exchange, place.part, as_bytes(share))
        bound = sealing.place_of(*place, as_bytes(content_id))
        opened = sealing.unseal_shared(own, bound, sealed) if own is not None else None
    else:
        bound = sealing.place_of(*place, mine.key_id)
        content = sealing.unseal(mine.key, bound, place.exchange, place.part, sealed)
        if content is not None:
            opened = sealing.commitment_salt(mine.key, place.exchange, place.part), content
    if opened is None:
        raise Corrupt(_DAMAGED.fill(part=place.part, exchange=place.exchange))
    anew, shares = sealed_for((fresh,), place, as_bytes(content_id), b"".join(opened))
    return [Write(_MOVE, (fresh.key_id, anew, content_id)), *shares]
