#!/usr/bin/env python3
"""Check a filing package of hegui on a machine without hegui / 在没有 hegui 的机器上核验备案材料.

    python3 check.py [DIR] [--vkey VKEY] [--lang zh|en]

Needs Python 3.8 or newer, verify.py beside it and, for signatures, ``pip install cryptography``.
Exit code 0: all holds; 1: something does not, and is named; 2: could not tell.
"""

import argparse
import hashlib
import json
import os
import re
import sys
from typing import Any, Dict, List, Optional, Tuple

MANIFEST, SEAL = "SHA256SUMS", "SEAL"
MOST = 1 << 28
Words = Tuple[str, str]

OWN_KEY = (
    "The signatures were checked under the key that lies in the folder itself. Give the key that"
    " the provider published elsewhere: --vkey",
    "签名是用文件夹内自带的公钥核对的。请用 --vkey 给出提供者在别处公布的公钥。",
)
NO_CRYPTO = (
    "Signatures could not be checked here: pip install cryptography",
    "此处无法核对签名：pip install cryptography",
)
CHANGED = ("was changed", "被改动过")
MISSING = ("is missing", "缺少")
ADDED = ("does not belong here", "不属于此材料")
BAD_LIST = ("is no list of files, or was changed", "不是文件清单，或被改动过")
BAD_SEAL = ("the seal is not by the key, or not over these files", "封签与公钥或文件不符")
BAD_PROOF = ("does not show its record under the signed head", "不能证明其记录在已签名的账本头之下")
NO_PROOF = ("a record that is relied upon has no proof", "所依据的记录没有证明文件")


class Found:
    """What was found: problems by file, and what could not be told."""

    def __init__(self) -> None:
        self.problems: List[Tuple[str, Words]] = []
        self.unsure: List[Words] = []
        self.notes: List[Words] = []

    def bad(self, where: str, what: Words) -> None:
        """Note a problem."""
        self.problems.append((where, what))

    @property
    def code(self) -> int:
        """The exit code."""
        return 1 if self.problems else 2 if self.unsure else 0


def read(folder: str, name: str) -> Optional[bytes]:
    """Return a file of the folder; None where it is none, a link, or too large."""
    path = os.path.join(folder, *name.split("/"))
    if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > MOST:
        return None
    with open(path, "rb") as file:
        return file.read()


def check(folder: str, vkey: str, v: Any) -> Found:
    """Check a package; ``v`` is verify.py as a module."""
    found = Found()
    listed = sums(folder, found)
    key = key_of(folder, vkey, found, v)
    if key is not None:
        seal(folder, listed, key, found, v)
        proofs(folder, key, found, v)
    return found


def sums(folder: str, found: Found) -> Dict[str, str]:
    """Compare every file with the list, both ways."""
    data = read(folder, MANIFEST)
    listed: Dict[str, str] = {}
    for line in (data or b"").decode("utf-8", "replace").split("\n")[:-1]:
        match = re.fullmatch(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]{1,200})", line)
        if match is None or ".." in match.group(2) or match.group(2) in listed:
            found.bad(MANIFEST, BAD_LIST)
            continue
        listed[match.group(2)] = match.group(1)
    if not listed:
        found.bad(MANIFEST, BAD_LIST if data is not None else MISSING)
    for name, digest in listed.items():
        content = read(folder, name)
        if content is None:
            found.bad(name, MISSING)
        elif hashlib.sha256(content).hexdigest() != digest:
            found.bad(name, CHANGED)
    for place, folders, names in os.walk(folder):
        links = [one for one in folders if os.path.islink(os.path.join(place, one))]
        for one in names + links:
            name = os.path.relpath(os.path.join(place, one), folder).replace(os.sep, "/")
            if name not in listed and name != MANIFEST:
                found.bad(name, ADDED)
    return listed


def key_of(folder: str, vkey: str, found: Found, v: Any) -> Any:
    """Return the key to check with."""
    if not vkey:
        found.notes.append(OWN_KEY)
    try:
        return v.read_vkey(vkey or (read(folder, "vkey") or b"").decode("utf-8", "replace"))
    except v.Bad:
        found.bad("vkey", CHANGED)
        return None


def seal(folder: str, listed: Dict[str, str], key: Any, found: Found, v: Any) -> None:
    """Check the signature over the list of all files but the seal."""
    text, gap, block = (read(folder, SEAL) or b"").decode("utf-8", "replace").rpartition("\n\n")
    lines = "".join("%s  %s\n" % (listed[name], name) for name in sorted(listed) if name != SEAL)
    asked = "sha256 " + hashlib.sha256(lines.encode()).hexdigest()
    rows = text.split("\n")
    holds: Optional[bool] = False
    if gap and len(rows) == 3 and rows[0] == "hegui-filing/1" and rows[2] == asked:
        match = re.fullmatch("\u2014 ([^ \n]+) ([A-Za-z0-9+/=]+)\n", block)
        if match is not None and match.group(1) == key.name:
            try:
                data = v.unbase64(match.group(2))
            except v.Bad:
                data = b""
            if data[:4] == key.stamp:
                holds = v.verifies(key.kind, key.public, data[4:], (text + "\n").encode())
    if holds is None:
        found.unsure.append(NO_CRYPTO)
    elif not holds:
        found.bad(SEAL, BAD_SEAL)


def proofs(folder: str, key: Any, found: Found, v: Any) -> None:
    """Show that every record relied upon is in the signed log."""
    try:
        said = json.loads((read(folder, "package.json") or b"").decode("utf-8"))
        records = [(v.integer(one["index"]), bytes.fromhex(one["leaf"])) for one in said["records"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        records = [(-1, b"")]
    if any(index < 0 for index, _ in records):
        found.bad("package.json", CHANGED)
        return
    for index, leaf in records:
        name = v.proof_path(index)
        data = read(folder, name)
        if data is None:
            found.bad(name, NO_PROOF)
            continue
        try:
            place, _, hashes, note = v.read_proof(data)
            head = v.read_head(note)
        except v.Bad:
            found.bad(name, CHANGED)
            continue
        signed, _ = v.signed_by(head, key)
        right = place == index and head.origin == key.name
        if not right or not v.included(leaf, index, head.size, hashes, head.root):
            found.bad(name, BAD_PROOF)
        elif signed is False:
            found.bad(name, BAD_SEAL)
        elif signed is None and NO_CRYPTO not in found.unsure:
            found.unsure.append(NO_CRYPTO)


def plain(name: str) -> str:
    """Return the name of a file without what a terminal would obey or could not show."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name[:300])


def told(found: Found, zh: bool) -> List[str]:
    """Return the lines of the report."""
    pick = 1 if zh else 0
    lines = ["%s: %s" % (plain(where), what[pick]) for where, what in found.problems[:1000]]
    lines += [words[pick] for words in found.unsure + found.notes]
    if found.code == 0:
        lines.insert(0, ("Everything that was checked holds.", "所检查的内容全部成立。")[pick])
    return lines


def main(words: List[str]) -> int:
    """Run from the command line."""
    sys.dont_write_bytecode = True
    import verify  # type: ignore[import-not-found] # it lies beside this file in the package

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--vkey", default="")
    parser.add_argument("--lang", choices=["zh", "en"], default="en")
    asked = parser.parse_args(words)
    found = check(asked.folder, asked.vkey, verify)
    print("\n".join(told(found, asked.lang == "zh")))
    return found.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
