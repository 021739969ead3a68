"""Agreements with users who ask for content without an explicit label (labelling measures, Art. 9).

The user, told of the duty to label, agreed to carry it. An agreement is on record in the ledger,
and lies in the data directory (``agreements/ID.json``) where labelling looks it up. Whoever makes
up a file there is found out: what was labelled under it names an agreement that is on no record.
"""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from hegui.terms import BadRequest, Misconfigured, Words

_NUMBER: Final = re.compile(r"LA-[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What was agreed. ``subject`` is a pseudonym, ``terms`` the SHA-256 of the text agreed to.

    ``since`` and ``until`` are UTC milliseconds; ``by`` who concluded it for the provider.
    """

    agreement: str
    subject: str
    terms: str
    since: int
    until: int
    by: str


def path_of(data_dir: Path, number: str) -> Path:
    """Return where an agreement lies; a number that is none is a ``BadRequest``."""
    if not _NUMBER.fullmatch(number):
        raise BadRequest(_NO_NUMBER.fill(number=repr(number[:60])), param="agreement")
    return data_dir / "agreements" / f"{number}.json"


def keep(data_dir: Path, agreement: Agreement) -> None:
    """Put an agreement where labelling finds it, whole and durable, mode 0600."""
    path = path_of(data_dir, agreement.agreement)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with open(part, "w", encoding="utf-8", opener=_private) as file:
        json.dump(asdict(agreement), file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def in_force(data_dir: Path, number: str, at_ms: int) -> Agreement:
    """Return an agreement that holds at ``at_ms``; an unknown or ended one is a ``BadRequest``."""
    path = path_of(data_dir, number)
    try:
        found = Agreement(**json.loads(path.read_bytes()))
        holds = found.agreement == number and found.since <= at_ms < found.until
    except FileNotFoundError:
        raise BadRequest(_UNKNOWN.fill(number=number), param="agreement") from None
    except (OSError, ValueError, TypeError) as error:
        raise Misconfigured(_UNREADABLE.fill(path=path, why=type(error).__name__)) from None
    if not holds:
        raise BadRequest(_ENDED.fill(number=number), param="agreement")
    return found


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


_NO_NUMBER: Final = Words(
    en="{number} is no number of an agreement: those begin with LA-",
    zh="{number} 不是协议编号；编号以 LA- 开头",
)
_UNKNOWN: Final = Words(
    en="There is no agreement {number}. Conclude and record it first: hegui label agreement",
    zh="没有协议 {number}。请先签订并登记：hegui label agreement",
)
_ENDED: Final = Words(
    en="The agreement {number} is not in force now. Without one, content carries its explicit label"
    " (labelling measures, Art. 9).",
    zh="协议 {number} 当前不在有效期内。没有有效协议时，内容须带显式标识（标识办法第九条）。",
)
_UNREADABLE: Final = Words(
    en="The agreement {path} cannot be read: {why}. Put it back from your backup.",
    zh="协议文件 {path} 无法读取：{why}。请从备份恢复。",
)
