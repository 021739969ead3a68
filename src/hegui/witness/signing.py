"""The witness: signs a log's head only when it extends what it signed before (C2SP tlog-witness).

The order of the checks is the specification's: known log (404), signed by it (403), sizes (400),
the size held (409), the roots and the proof (422). What speaks against a log is kept.
"""

import logging
from collections.abc import Sequence
from typing import Final, NamedTuple

from hegui.ledger.cosignature import Head, Key, Line, UncheckableError, seen_by
from hegui.ledger.cosigning import Cosigner
from hegui.ledger.tree import EMPTY_ROOT, consistent
from hegui.terms import Clock, Words
from hegui.witness import asking
from hegui.witness.state import Held, Open, State

_log = logging.getLogger(__name__)

PLAIN: Final = "text/plain; charset=utf-8"

_UNKNOWN = Words(
    en="This witness does not follow a log of that origin.",
    zh="本见证方没有跟踪该来源的账本。",
)
_UNSIGNED = Words(
    en="No key that this witness knows for the log signed this checkpoint.",
    zh="该检查点没有本见证方所知的账本密钥的有效签名。",
)
_SHRUNK = Words(
    en="The old size is larger than the checkpoint's.",
    zh="原大小大于检查点的大小。",
)
_NOTHING = Words(
    en="A log without entries has the root of the empty tree (RFC 6962, 2.1); this one has not.",
    zh="没有记录的账本，根应为空树的根（RFC 6962 第 2.1 节），此检查点不是。",
)
_SPLIT = Words(
    en="The log has signed another head of this size before. Both are kept as evidence.",
    zh="该账本此前签署过同样大小的另一个检查点。两者均已留作证据。",
)
_UNPROVEN = Words(
    en="The proof does not show that this checkpoint extends the one signed last.",
    zh="证明不能表明此检查点是上次所签检查点的延续。",
)


class Answer(NamedTuple):
    """What a request is answered with."""

    status: int
    body: str
    content_type: str = PLAIN


class Witness:
    """Decides about heads and signs them. Blocking; may be called from any thread.

    ``cosigners`` are its keys, all of one name; a head gets a line by each that can cover it.
    """

    def __init__(self, state: State, cosigners: Sequence[Cosigner], clock: Clock) -> None:
        self._state = state
        self._cosigners = tuple(cosigners)
        self._clock = clock

    @property
    def keys(self) -> tuple[Key, ...]:
        """Its verifier keys."""
        return tuple(each.key for each in self._cosigners)

    def add(self, body: bytes) -> Answer:
        """Answer ``add-checkpoint``. ``BadRequest`` where ``body`` is no request.

        The head is remembered, durably, before its signature is given out.
        """
        asked = asking.read(body)
        with self._state.reading() as file:
            keys = file.keys_of(asked.head.origin)
        if not keys:
            return _refused(404, _UNKNOWN)
        try:
            seen = seen_by(asked.note, keys)
        except UncheckableError:
            _log.exception("a log's key is of a kind that cannot be checked here")
            seen = []
        except ValueError:
            seen = []  # C2SP signed-note: a known key whose signature does not fit spoils the note
        if not seen:
            return _refused(403, _UNSIGNED)
        if asked.old > asked.head.size:
            return _refused(400, _SHRUNK)
        if asked.head.size == 0 and asked.head.root != EMPTY_ROOT:
            return _refused(422, _NOTHING)
        with self._state.transaction() as file:
            return self._decide(file, asked, keys)

    def latest(self, origin_hash: str) -> str | None:
        """Return the newest signed note of a log, by the SHA-256 of its origin in hex."""
        with self._state.reading() as file:
            return file.latest(origin_hash)

    def _decide(self, file: Open, asked: asking.AddCheckpoint, keys: Sequence[Key]) -> Answer:
        head, held = asked.head, file.held(asked.head.origin)
        at = self._clock()
        size = held.size if held is not None else 0
        note = f"{asked.text}\n{''.join(_own(asked.lines, keys))}"
        split = held is not None and held.size == head.size and held.root != head.root
        if held is not None and split:
            self._keep_split(file, held, head, note)
        if asked.old != size:
            return Answer(409, f"{size}\n", asking.SIZE_TYPE)
        if split:
            return _refused(422, _SPLIT)
        if not _extends(held, head, asked.proof):
            if held is not None:
                file.keep_unproven(head.origin, head.root, (held.note, asked.note), at)
                _log.warning("%s gave no proof that %d extends %d", head.origin, head.size, size)
            return _refused(422, _UNPROVEN)
        signed = "".join(self._sign(asked.text, head, at))
        file.hold(head.origin, Held(head.size, head.root, note + signed, at))
        return Answer(200, signed)

    def _keep_split(self, file: Open, held: Held, head: Head, note: str) -> None:
        if file.keep_split(head.origin, head.root, (held.note, note), self._clock()):
            _log.error("split view: %s signed two heads of size %d", head.origin, head.size)

    def _sign(self, text: str, head: Head, at: int) -> list[str]:
        seconds = at // 1_000
        return [
            each.line(text, seconds)
            for each in self._cosigners
            if not head.extended or each.covers_extensions
        ]


def _extends(held: Held | None, head: Head, proof: Sequence[bytes]) -> bool:
    if held is None or held.size == 0:
        return not proof
    return consistent(held.size, head.size, held.root, head.root, proof)


def _own(lines: Sequence[Line], keys: Sequence[Key]) -> list[str]:
    """Return the log's own signature lines: what strangers added is not handed on."""
    known = {(key.name, key.stamp): key for key in keys}
    found = [(known.get((line.name, line.stamp)), line) for line in lines]
    return [key.line(line.data) for key, line in found if key is not None]


def _refused(status: int, words: Words) -> Answer:
    return Answer(status, f"{words.en}\n{words.zh}\n")
