"""Proofs that travel alone: C2SP ``tlog-proof@v1``, one record's place under a signed head."""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from hegui.ledger.note import Checkpoint, open_checkpoint
from hegui.ledger.tree import HASH_BYTES, included, leaf_hash
from hegui.terms import Corrupt, Words

HEADER = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
"""What the specification says a proof's file name should end in."""

MOST_CHARACTERS = 524_288
MOST_HASHES = 63
MOST_EXTRA = 131_072
"""Bytes of extra data: application data beside the proof, which the proof does not cover."""

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")

_OVERSIZED = Words(
    en="This is not a proof: it has {size} characters, and at most {most} are read.",
    zh="这不是证明文件：共 {size} 个字符，最多读取 {most} 个。",
)
_NOT_INCLUDED = Words(
    en="The proof does not show this record under the signed head: the record, the index or the"
    " proof was changed.",
    zh="该证明不能证明此记录在已签名的账本头之下：记录、序号或证明被改动过。",
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof file says. Nothing of it is trusted before ``check``; ``extra`` never is."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def check(self, leaf: bytes, vkey: str) -> Checkpoint:
        """Return the head under which ``leaf`` stands at ``index``.

        ``Corrupt`` where the head was not signed by ``vkey``, is of another log, or ``leaf`` is
        not there.
        """
        head = open_checkpoint(self.checkpoint, vkey)
        if not included(leaf_hash(leaf), self.index, head.size, self.hashes, head.root):
            raise Corrupt(_NOT_INCLUDED)
        return head


def write(index: int, hashes: Sequence[bytes], checkpoint: str, extra: bytes = b"") -> str:
    """Return a proof file's text.

    ``hashes`` go from the leaf's sibling up (RFC 6962, 2.1.1); ``checkpoint`` is the signed note as
    the log gave it. ``ValueError`` where ``read`` would refuse it.
    """
    lines = [HEADER]
    if extra:
        lines.append(f"extra {b64encode(extra).decode()}")
    lines.append(f"index {index}")
    lines += (b64encode(hashed).decode() for hashed in hashes)
    text = "\n".join([*lines, "", checkpoint])
    try:
        read(text)
    except Corrupt as error:
        raise ValueError(str(error)) from error
    return text


def read(text: str) -> Proof:
    """Return what a proof file says; ``Corrupt`` says in which line it breaks off."""
    if len(text) > MOST_CHARACTERS:
        raise Corrupt(_OVERSIZED.fill(size=len(text), most=MOST_CHARACTERS))
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    at, extra = 1, b""
    if lines[0] != HEADER:
        raise _broken(1, f"{HEADER} expected", f"应为 {HEADER}")
    if at < len(lines) and lines[at].startswith("extra "):
        extra = _base64(lines[at].removeprefix("extra ")) or b""
        if not 0 < len(extra) <= MOST_EXTRA:
            raise _broken(at + 1, "extra data cannot be read", "无法读取附加数据")
        at += 1
    index = _INDEX.fullmatch(lines[at]) if at < len(lines) else None
    if index is None:
        raise _broken(at + 1, "the entry's index expected", "应为记录的序号")
    hashes = tuple(_hash(line, number) for number, line in enumerate(lines[at + 1 :], at + 2))
    if len(hashes) > MOST_HASHES:
        raise _broken(at + 2 + MOST_HASHES, "more hashes than a log can need", "哈希数量过多")
    if not gap or not checkpoint.endswith("\n"):
        raise _broken(len(lines) + 1, "an empty line and a checkpoint expected", "应为空行和检查点")
    return Proof(int(index[1]), hashes, checkpoint, extra)


def _hash(line: str, number: int) -> bytes:
    data = _base64(line)
    if data is None or len(data) != HASH_BYTES:
        raise _broken(number, "a hash of 32 bytes in base64 expected", "应为 32 字节哈希的 base64")
    return data


def _base64(encoded: str) -> bytes | None:
    try:
        data = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b64encode(data).decode() == encoded else None


def _broken(line: int, en: str, zh: str) -> Corrupt:
    return Corrupt(
        Words(
            f"This is not a proof (C2SP tlog-proof@v1): line {line}: {en}.",
            f"这不是证明文件（C2SP tlog-proof@v1）：第 {line} 行：{zh}。",
        )
    )
