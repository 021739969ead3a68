"""What is sent to a witness: ``add-checkpoint``'s body, written and read (C2SP ``tlog-witness``).

An old size, the proof from it, an empty line, and the checkpoint. Pure: bytes in, values out.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hegui.ledger.cosignature import Head, Line, head_of, read_size, split, unbase64
from hegui.ledger.tree import HASH_BYTES
from hegui.terms import BadRequest, Words

MOST_BYTES: Final = 262_144
"""Room for 64 lines of proof and a note with 16 signatures of 5 kB, twice over."""
MOST_HASHES: Final = 63
SIZE_TYPE: Final = "text/x.tlog.size"
"""The content type of a 409, whose body is the size that the witness holds, and a line feed."""

_BROKEN = Words(
    en="This is not an add-checkpoint request (C2SP tlog-witness): {why}.",
    zh="这不是有效的 add-checkpoint 请求（C2SP tlog-witness）：{why}。",
)
_TOO_LARGE = Words(
    en="The request has more than {most} bytes; no request to a witness needs them.",
    zh="请求超过 {most} 字节；向见证方提交的请求不需要这么大。",
)


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A log's request: here is my head, and the proof that it extends the size you signed last."""

    old: int
    proof: tuple[bytes, ...]
    note: str
    text: str
    head: Head
    lines: tuple[Line, ...]


def write(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """Return the body of a request."""
    hashes = "".join(f"{b64encode(hashed).decode()}\n" for hashed in proof)
    return f"old {old}\n{hashes}\n{note}".encode()


def read(data: bytes) -> AddCheckpoint:
    """Read the body of a request. ``BadRequest`` says what is wrong; its status is 400 or 413."""
    if len(data) > MOST_BYTES:
        raise BadRequest(_TOO_LARGE.fill(most=MOST_BYTES), status=413, code="too_large")
    try:
        lead, gap, note = data.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise _broken("it is not UTF-8", "不是 UTF-8") from None
    if not gap:
        raise _broken("no empty line goes before the checkpoint", "检查点之前没有空行")
    first, *hashes = lead.split("\n")
    if len(hashes) > MOST_HASHES:
        raise _broken(f"over {MOST_HASHES} lines of proof", f"证明超过 {MOST_HASHES} 行")
    try:
        text, lines = split(note)
        head = head_of(text)
    except ValueError as error:
        raise _broken(
            f"its checkpoint cannot be read: {error}", f"检查点无法读取：{error}"
        ) from None
    proof = tuple(_hash(line, number) for number, line in enumerate(hashes, 2))
    return AddCheckpoint(_old(first), proof, note, text, head, tuple(lines))


def _old(line: str) -> int:
    try:
        return read_size(line.removeprefix("old ") if line.startswith("old ") else "")
    except ValueError:
        raise _broken(
            'line 1 is not "old" and a size without leading zeroes',
            "第 1 行应为 old 加一个没有前导零的大小",
        ) from None


def _hash(line: str, number: int) -> bytes:
    hashed = unbase64(line)
    if hashed is None or len(hashed) != HASH_BYTES:
        raise _broken(
            f"line {number} is no hash in base64", f"第 {number} 行不是 base64 编码的哈希"
        )
    return hashed


def _broken(en: str, zh: str) -> BadRequest:
    return BadRequest(Words(_BROKEN.en.format(why=en), _BROKEN.zh.format(why=zh)))
