"""The second place: heads that were signed, kept outside the database."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from hegui.ledger.verify.notes import Claim, read_claim
from hegui.ledger.verify.report import Report

_FORMAT = "hegui-head/v1"
_LARGEST = 65_536


@dataclass(frozen=True, slots=True)
class Second:
    """A head from the second place, and the file in which it lies."""

    name: str
    note: str
    claim: Claim


def read_heads(folder: Path, report: Report) -> list[Second]:
    """Return the heads in ``folder``; name each file that is not what was written."""
    found = []
    for path in sorted(folder.glob("*.head")):
        name = f"{folder.name}/{path.name}"
        try:
            with path.open("rb") as file:
                content = file.read(_LARGEST)
        except OSError as error:
            report.problem(name, f"cannot be read: {error}", f"无法读取：{error}")
            continue
        first, _, data = content.partition(b"\n")
        note = data.decode("utf-8", "replace")
        claim = read_claim(note)
        if first != f"{_FORMAT} {sha256(data).hexdigest()}".encode() or claim is None:
            report.problem(
                name,
                "this second place of a signed head is damaged",
                "该文件是已签名账本头的第二存放处，已损坏",
            )
            continue
        found.append(Second(name, note, claim))
    return found
