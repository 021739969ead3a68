#!/usr/bin/env python3
"""Check a receipt of hegui without hegui and without a network / 离线核验 hegui 回执.

    python3 verify_receipt.py [RECEIPT.zip | FOLDER | FILE.tlog-proof] [--vkey VKEY] [--lang zh|en]

One file; needs Python 3.8 or newer and, for the signature, ``pip install cryptography``. Exit code
0: every record of the receipt was in the log that was signed; 1: something does not hold; 2: could
not tell. Formats: C2SP tlog-proof@v1, signed-note, tlog-checkpoint; RFC 9162, 2.1.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import os
import re
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Words = tuple[str, str]  # English, Chinese

HASH, MOST_FILES, MOST_BYTES = 32, 200, 1 << 19
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENGLISH, CHINESE = 0, 1

OWN_KEY = (
    "The signature was checked with the key that came along. Give the published one: --vkey",
    "签名是用回执自带的公钥核对的。请用 --vkey 给出提供者公布的公钥。",
)
NO_LIBRARY = (
    "The signature could not be checked: pip install cryptography",
    "无法核对签名：请运行 pip install cryptography",
)
NO_KEY = (
    "No verifier key was given, and none came with the receipt: --vkey",
    "未给出验证公钥，回执中也没有：请用 --vkey 给出",
)
NO_WITNESS = (
    "No witness was asked: whether everybody is shown the same log, this check cannot tell.",
    "本检查不核对见证方的签名，因此不能证明提供者向所有人出示的是同一份账本。",
)
OWN_TIME = (
    "Times are those of the service's own clock.",
    "时间取自服务自身的时钟。",
)
NOTHING = ("there is no receipt here", "此处没有回执")


class Bad(Exception):
    """Something cannot be read or does not hold; says what, in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        """Keep the words."""
        super().__init__(en)
        self.words = (en, zh)


class Found:
    """What a check found: proven records, what does not hold, what could not be told."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.records: list[dict[str, Any]] = []
        self.problems: list[tuple[str, Words]] = []
        self.untold: list[Words] = []
        self.not_proven: list[Words] = [NO_WITNESS, OWN_TIME]

    @property
    def code(self) -> int:
        """The exit code."""
        if self.problems:
            return 1
        return 0 if self.records and not self.untold else 2


def check(files: dict[str, bytes], vkey: str = "") -> Found:
    """Check the files of a receipt; ``vkey`` is the key that was published elsewhere."""
    found = Found()
    proofs = sorted((n for n in files if n.endswith(".tlog-proof")), key=lambda n: (len(n), n))
    if not proofs:
        found.untold.append(NOTHING)
    own = files.get("vkey", b"").decode("ascii", "replace").strip()
    key = vkey.strip() or own
    if not vkey and own:
        found.not_proven.insert(0, OWN_KEY)
    if not key:
        found.untold.append(NO_KEY)
    for name in proofs:
        try:
            record = _proven(files[name], key, found)
            _compare(record["bytes"], files.get(name.replace(".tlog-proof", ".json")))
        except Bad as error:
            found.problems.append((name, error.words))
        else:
            found.records.append(record)
    return found


def _proven(data: bytes, key: str, found: Found) -> dict[str, Any]:
    """Return the record that a proof carries, once the proof was found to hold."""
    index, leaf, hashes, note = read_proof(data)
    if not leaf:
        raise Bad("it carries no record", "其中没有记录")
    origin, size, root = read_head(note)
    if not included(hashlib.sha256(b"\x00" + leaf).digest(), index, size, hashes, root):
        raise Bad(
            "the record, its number or the proof was changed: it is not under this root",
            "记录、序号或证明被改动过：它不在该根之下",
        )
    if key:
        _check_signature(note, key, origin, found)
    return {"index": index, "origin": origin, "size": size, "bytes": leaf, **_told(leaf)}


def _compare(leaf: bytes, beside: bytes | None) -> None:
    if beside is not None and beside != leaf:
        raise Bad("the record beside it is another one", "旁边的记录文件与其不符")


def _told(leaf: bytes) -> dict[str, Any]:
    try:
        record = json.loads(leaf.decode("utf-8"))
    except (ValueError, RecursionError):
        record = {}
    return {"record": record if isinstance(record, dict) else {}}


def _check_signature(note: bytes, key: str, origin: str, found: Found) -> None:
    name, stamp, public = read_vkey(key)
    if origin != name:
        raise Bad("it is of another log than the key", "所属账本与公钥不符")
    text, _, block = note.rpartition(b"\n\n")
    own = [sig[4:] for who, sig in signatures(block) if who == name and sig[:4] == stamp]
    if not own:
        raise Bad("its head was not signed by this key", "其账本头未由该密钥签名")
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        if NO_LIBRARY not in found.untold:
            found.untold.append(NO_LIBRARY)
        return
    try:
        for signature in own:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, text + b"\n")
    except (InvalidSignature, ValueError):
        raise Bad("its head was not signed by this key", "其账本头未由该密钥签名") from None


def signatures(block: bytes) -> list[tuple[str, bytes]]:
    """Return who signed a note, and key id and signature, line by line (C2SP signed-note)."""
    lines = block.decode("utf-8").split("\n")
    found = []
    for line in lines[:-1]:
        parts = re.fullmatch("\u2014 ([^\\s+]+) (\\S+)", line)
        data = unbase64(parts[2]) if parts else b""
        if not parts or len(data) < 5:  # noqa: PLR2004 - the key's id and at least a byte
            raise Bad("a signature line is broken", "签名行格式有误")
        found.append((parts[1], data))
    if lines[-1]:
        raise Bad("it is cut off", "内容被截断")
    return found


def read_proof(data: bytes) -> tuple[int, bytes, list[bytes], bytes]:
    """Read a proof (C2SP tlog-proof@v1): number, extra data, hashes, checkpoint."""
    broken = Bad("is no proof file, or was changed", "不是证明文件，或被改动过")
    top, gap, note = data.partition(b"\n\n")
    try:
        lines = top.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise broken from None
    if not gap or lines.pop(0) != "c2sp.org/tlog-proof@v1" or not lines:
        raise broken
    extra = unbase64(lines.pop(0)[6:]) if lines[0].startswith("extra ") else b""
    if not lines or not re.fullmatch("index (0|[1-9][0-9]{0,18})", lines[0]) or len(lines) > 64:  # noqa: PLR2004 - a log's height
        raise broken
    hashes = [unbase64(line) for line in lines[1:]]
    if any(len(hashed) != HASH for hashed in hashes):
        raise broken
    return int(lines[0][6:]), extra, hashes, note


def read_head(note: bytes) -> tuple[str, int, bytes]:
    """Return log, size and root of a checkpoint whose signatures were not looked at."""
    broken = Bad("its checkpoint cannot be read", "检查点无法读取")
    text, gap, block = note.rpartition(b"\n\n")
    try:
        lines = text.decode("utf-8").split("\n")
        block.decode("utf-8")
    except UnicodeDecodeError:
        raise broken from None
    control = any(byte < 0x20 and byte != 0x0A for byte in note)  # noqa: PLR2004 - C2SP signed-note
    if control or not gap or len(lines) < 3 or not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]):  # noqa: PLR2004 - log, size, root
        raise broken
    root = unbase64(lines[2])
    if len(root) != HASH or not lines[0]:
        raise broken
    return lines[0], int(lines[1]), root


def included(hashed: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """Tell whether a proof shows a leaf under a root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    low, high, seen = index, size - 1, hashed
    for step in proof:
        if high == 0:
            return False
        if low & 1 or low == high:
            seen = hashlib.sha256(b"\x01" + step + seen).digest()
            while not low & 1 and low:
                low, high = low >> 1, high >> 1
        else:
            seen = hashlib.sha256(b"\x01" + seen + step).digest()
        low, high = low >> 1, high >> 1
    return high == 0 and seen == root


def read_vkey(key: str) -> tuple[str, bytes, bytes]:
    """Return name, key id and public key of a verifier key (C2SP signed-note)."""
    name, _, rest = key.partition("+")
    stamp, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    expected = hashlib.sha256(name.encode("utf-8", "replace") + b"\n" + data).digest()[:4]
    if not name or data[:1] != b"\x01" or len(data) != 1 + HASH or stamp != expected.hex():
        raise Bad("the verifier key is not one", "验证公钥无效")
    return name, expected, data[1:]


def unbase64(text: str) -> bytes:
    """Return the bytes; ``Bad`` for any other spelling than the one."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise Bad("it holds no base64 where it should", "应为 base64 之处不是 base64") from None
    if base64.b64encode(data).decode() != text:
        raise Bad("it holds no base64 where it should", "应为 base64 之处不是 base64")
    return data


def read_files(path: Path) -> dict[str, bytes]:
    """Return the files of a receipt by name: from a ZIP file, a folder, or one proof."""
    if path.is_dir():
        files = [each for each in sorted(path.iterdir()) if each.is_file()]
        return {each.name: _bytes(each) for each in files[:MOST_FILES]}
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise Bad("it is not a regular file", "不是普通文件")
    if not zipfile.is_zipfile(path):
        found, beside = {path.name: _bytes(path)}, path.with_name("vkey")
        return {**found, "vkey": _bytes(beside)} if beside.is_file() else found
    try:
        with zipfile.ZipFile(path) as packed:
            inside = packed.infolist()
            names = {Path(each.filename).name for each in inside}
            large = any(each.file_size > MOST_BYTES for each in inside)
            if any(each.compress_type not in PACKED for each in inside):
                raise Bad(
                    "it is no receipt: packed in a way that no receipt is",
                    "不是回执：所用的压缩方式不是回执所用",
                )
            if large or not len(names) == len(inside) <= MOST_FILES:
                raise Bad(
                    "it is no receipt: too large, or one name twice", "不是回执：过大，或文件重名"
                )
            return {Path(each.filename).name: packed.read(each) for each in inside}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError):
        raise Bad("the ZIP file is damaged", "ZIP 文件已损坏") from None


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES)


def shown(text: str) -> str:
    """Return text that does nothing to a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def page(found: Found, lang: int) -> list[str]:
    """Return the report in one language."""
    verdict = (
        ("The receipt holds.", "回执成立。"),
        ("The receipt does NOT hold.", "回执不成立。"),
        ("Could not tell whether the receipt holds.", "无法判断回执是否成立。"),
    )[found.code]
    lines = [verdict[lang]]
    for each in found.records:
        said = (
            "  record {i} of the log {o} ({n} records): {k}",
            "  账本 {o}（共 {n} 条）第 {i} 条：{k}",
        )
        names = {"o": shown(each["origin"]), "k": shown(str(each["record"].get("kind", "?")))}
        lines.append(said[lang].format(i=each["index"], n=each["size"], **names))
        lines.append("    " + shown(each["bytes"].decode("utf-8", "backslashreplace")))
    lines += [f"  {shown(name)}: {words[lang]}" for name, words in found.problems]
    lines += ["  " + words[lang] for words in found.untold]
    lines += ["", ("Not proven by this check:", "本检查不能证明：")[lang]]
    return lines + ["  - " + words[lang] for words in found.not_proven]


def main(words: list[str] | None = None) -> int:
    """Check what is named; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("receipt", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--vkey", default="", help="the log's published key / 公布的验证公钥")
    parser.add_argument("--lang", choices=["zh", "en"])
    given = parser.parse_args(words)
    locale = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    zh = given.lang == "zh" or (given.lang is None and locale.lower().startswith("zh"))
    lang = CHINESE if zh else ENGLISH
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        found = check(read_files(given.receipt), given.vkey)
    except (OSError, Bad) as error:
        said = error.words if isinstance(error, Bad) else (str(error), str(error))
        sys.stderr.write(f"{given.receipt}: {said[lang]}\n")
        return 2
    sys.stdout.write("\n".join(page(found, lang)) + "\n")
    return found.code


if __name__ == "__main__":
    sys.exit(main())
