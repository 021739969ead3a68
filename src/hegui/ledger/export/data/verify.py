#!/usr/bin/env python3
"""Check an evidence export of hegui on a machine without hegui / 在没有 hegui 的机器上核验证据包.

    python3 verify.py [DIR] [--vkey VKEY|FILE] [--witness VKEY] [--lang zh|en] [--json]

One file; needs Python 3.8 or newer and, for signatures, ``pip install cryptography``. Recomputes
every hash from the records up to the signed root and names what does not fit, by file and entry.
Exit code 0: all holds; 1: something does not; 2: could not tell. What it cannot prove, it says.

Formats: C2SP tlog-tiles, tlog-checkpoint, signed-note, tlog-cosignature, tlog-proof; RFC 9162, 2.1.
"""

import argparse
import base64
import binascii
import hashlib
import json
import os
import re
import sys
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

Words = Tuple[str, str]  # English, Chinese
FORMAT = "hegui-export/1"
WIDTH, HASH = 256, 32
MOST_FILES, MOST_DEPTH, MOST_SAID = 4_000_000, 12, 1_000
MOST_NOTE, MOST_JSON, MOST_MANIFEST = 1 << 19, 1 << 26, 1 << 30
MOST_BUNDLE, MOST_CONTENT = WIDTH * (2 + 0xFFFF), 1 << 30
MOST_SIZE = (1 << 63) - 1
MANIFEST = "SHA256SUMS"
ED25519, COSIGN_ED25519, COSIGN_ML_DSA = 0x01, 0x04, 0x06
LOGS, WITNESSES = (ED25519, COSIGN_ML_DSA), (COSIGN_ED25519, COSIGN_ML_DSA)
LATEST, LONGEST_NAME, MOST_SIGNED = (1 << 63) - 1, 255, 64
HEAD_FIELDS = {"v", "kind", "t", "tenant", "salt", "clauses"}
OTHERS = {
    *("checkpoint", "vkey", "witnesses", "timestamp.checkpoint", "timestamp.tsr", "export.json"),
    *("clauses.json", "content.json", "verify.py", "verify.html", "README.md", "README.zh.md"),
}
# which field of a record names its content, and which part of it the record commits to
PARTS = {
    "exchange.asked": ("exchange", "prompt"),
    "exchange.answered": ("exchange", "reply"),
    "appeal.received": ("appeal", "appeal"),
}

NOTHING_ELSE = (
    "Records show what was recorded. That nothing else happened, they cannot show.",
    "记录只能表明记下了什么，不能证明没有发生其他事情。",
)
OWN_TIME = (
    "Times in the records are those of the service's own clock.",
    "记录中的时间取自服务自身的时钟。",
)
NO_WITNESS = (
    "No independent witness: no signature under the head was checked with the key of a witness whom"
    " you named, so two histories shown to two people cannot be ruled out.",
    "没有独立见证方：未用您指明的见证方公钥核对过账本头的签名，无法排除向不同的人出示两份历史。",
)
OWN_KEY = (
    "The signature was checked under the key that lies in the folder itself. Give the key that the"
    " provider published elsewhere: --vkey",
    "签名是用文件夹内自带的公钥核对的。请用 --vkey 给出提供者在别处公布的公钥。",
)
OUTSIDE = (
    "{n} of {size} records are not here: they are proven to exist, their contents are not shown."
    " Which records fall into the period, the service's own clock decided.",
    "共 {size} 条记录，其中 {n} 条不在此处：已证明其存在，但未展示内容。"
    "哪些记录属于所选期间，由服务自身的时钟决定。",
)
STAMPED = (
    "A time stamp (RFC 3161) over timestamp.checkpoint, a head of {size} records, is here and was"
    " not checked: openssl ts -verify -in timestamp.tsr -data timestamp.checkpoint -CAfile CA.pem",
    "此处有对 timestamp.checkpoint（含 {size} 条记录的账本头）的时间戳（RFC 3161），"
    "未予核对：openssl ts -verify -in timestamp.tsr -data timestamp.checkpoint -CAfile CA.pem",
)
SELF = (
    "This program has SHA-256 {hash}. If it came with the folder, compare that with the one that"
    " hegui publishes: a forged folder can bring a forged program.",
    "本程序的 SHA-256 为 {hash}。如果它是随文件夹一起拿到的，请与 hegui 公布的值比对："
    "伪造的文件夹可能附带伪造的程序。",
)


class Bad(Exception):
    """Something cannot be read; says what, in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        """Keep the words."""
        super().__init__(en)
        self.words = (en, zh)


class Report:
    """What was found: what does not hold, what could not be told, what holds, what is unproven."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.problems: List[Tuple[str, Words]] = []
        self.more = 0
        self.untold: List[Words] = []
        self.holds: List[Words] = []
        self.gaps: List[Words] = []

    def problem(self, where: str, en: str, zh: str) -> None:
        """Name what does not hold; past the first thousand they are only counted."""
        if len(self.problems) < MOST_SAID:
            self.problems.append((shown(where), (en, zh)))
        else:
            self.more += 1

    @property
    def code(self) -> int:
        """The exit code."""
        return 1 if self.problems else 2 if self.untold else 0


class Folder:
    """The files of an export. Links are named and never followed; sizes are bounded."""

    def __init__(self, root: str, report: Report) -> None:
        """List the files."""
        self.root, self.report = root, report
        self.sizes: Dict[str, int] = {}
        self.complained: Set[str] = set()
        self._walk("", 0)

    def _walk(self, prefix: str, depth: int) -> None:
        with os.scandir(os.path.join(self.root, prefix)) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                path = prefix + entry.name
                if entry.is_symlink():
                    self.odd(path, "is a link, and was not followed", "是链接，未予跟随")
                elif entry.is_file(follow_symlinks=False):
                    self.sizes[path] = entry.stat(follow_symlinks=False).st_size
                elif not entry.is_dir(follow_symlinks=False):
                    self.odd(path, "is no regular file", "不是普通文件")
                elif depth == MOST_DEPTH:
                    self.odd(path, "lies too deep, and was not read", "层级过深，未予读取")
                else:
                    self._walk(path + "/", depth + 1)
                if len(self.sizes) > MOST_FILES:
                    raise Bad("there are too many files", "文件过多")

    def odd(self, path: str, en: str, zh: str) -> None:
        """Name a file that is not as it should be."""
        self.complained.add(path)
        self.report.problem(path, en, zh)

    def read(self, path: str, most: int) -> Optional[bytes]:
        """Return a file's bytes; None, and a problem named, where it is missing or too large."""
        size = self.sizes.get(path)
        if size is None:
            if path not in self.complained:
                self.odd(path, "is missing", "缺失")
            return None
        if size > most:
            self.odd(path, "is larger than it can be", "大小超出应有范围")
            return None
        return b"".join(self.parts(path, most))

    def parts(self, path: str, most: int) -> Iterator[bytes]:
        """Give a file's bytes in pieces, at most ``most`` of them."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(os.path.join(self.root, path), flags), "rb") as file:
            while most > 0:
                part = file.read(min(most, 1 << 20))
                if not part:
                    return
                most -= len(part)
                yield part

    def json(self, path: str) -> Dict[str, Any]:
        """Return the object in a JSON file; empty, and a problem named, where there is none."""
        data = self.read(path, MOST_JSON)
        if data is None:
            return {}
        try:
            found = json.loads(data.decode("utf-8"))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            self.odd(path, "is no JSON object", "不是 JSON 对象")
            return {}
        return found


class Key(NamedTuple):
    """A verifier key (C2SP signed-note): name, key id, signature type, public key."""

    name: str
    stamp: bytes
    kind: int
    public: bytes


class Head(NamedTuple):
    """A checkpoint: what it claims, the text that is signed, and its signature lines."""

    origin: str
    size: int
    root: bytes
    text: bytes
    lines: List[Tuple[str, bytes]]


def shown(text: str) -> str:
    """Return text that can be printed on a terminal, whatever a file is called."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:300])


def unbase64(text: str) -> bytes:
    """Return the bytes of canonical base64."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or base64.b64encode(data).decode() != text:
        raise Bad("holds broken base64", "含有无效的 base64")
    return data


def read_vkey(text: str) -> Key:
    """Read ``name+id+base64``; the id must be that of the name and the key."""
    name, _, rest = text.strip().partition("+")
    stamp, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    named = name.encode("utf-8", "replace")
    right = hashlib.sha256(named + b"\n" + data).digest()[:4]
    if not name or stamp != right.hex():
        raise Bad("is no verifier key, or was changed", "不是有效的验证公钥，或被改动过")
    return Key(name, right, data[0], data[1:])


def read_head(data: bytes) -> Head:
    """Read a checkpoint (C2SP tlog-checkpoint) and its signature lines (signed-note)."""
    broken = Bad("is no signed checkpoint, or was changed", "不是已签名的检查点，或被改动过")
    try:
        text, gap, block = data.decode("utf-8").rpartition("\n\n")
    except UnicodeDecodeError:
        raise broken from None
    lines = text.split("\n")
    if not gap or not block.endswith("\n") or len(lines) < 3 or not all(lines):
        raise broken
    if re.search("[\0-\x09\x0b-\x1f]", text + block):
        raise broken
    if not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]) or int(lines[1]) > MOST_SIZE:
        raise broken
    signed: List[Tuple[str, bytes]] = []
    for line in block[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        odd = not name or "+" in name or any(c.isspace() for c in name)
        if dash != "\u2014" or odd or len(signed) == MOST_SIGNED:
            raise broken
        signed.append((name, unbase64(encoded)))
    root = unbase64(lines[2])
    if len(root) != HASH:
        raise broken
    return Head(lines[0], int(lines[1]), root, (text + "\n").encode(), signed)


def verifies(kind: int, public: bytes, signature: bytes, message: bytes) -> Optional[bool]:
    """Tell whether a signature fits; None where this machine cannot check it."""
    verifier: Any
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

        if kind == COSIGN_ML_DSA:
            from cryptography.hazmat.primitives.asymmetric import mldsa

            verifier = mldsa.MLDSA44PublicKey
        else:
            from cryptography.hazmat.primitives.asymmetric import ed25519

            verifier = ed25519.Ed25519PublicKey
    except ImportError:
        return None
    try:
        verifier.from_public_bytes(public).verify(signature, message)
    except UnsupportedAlgorithm:
        return None
    except (InvalidSignature, ValueError):
        return False
    return True


def signed_by(head: Head, key: Key) -> Tuple[Optional[bool], int]:
    """Tell whether ``key`` signed the head, and when (0 where the kind carries no time).

    False also where it carries no signature by this key, or a second one that does not fit; None
    where it cannot be checked here.
    """
    found = [
        _signed(head, key, data[4:])
        for name, data in head.lines
        if name == key.name and data[:4] == key.stamp
    ]
    for wanted in (False, None, True):
        for right, at in found:
            if right is wanted:
                return right, at
    return False, 0


def _signed(head: Head, key: Key, data: bytes) -> Tuple[Optional[bool], int]:
    if key.kind == ED25519:
        return verifies(key.kind, key.public, data, head.text), 0
    stamp, signature = data[:8], data[8:]
    at = int.from_bytes(stamp, "big")
    if len(stamp) < 8 or at > LATEST:
        return False, 0
    if key.kind == COSIGN_ED25519:
        message = b"cosignature/v1\ntime %d\n" % at + head.text
    elif key.kind == COSIGN_ML_DSA:
        cosigner, origin = key.name.encode(), head.origin.encode()
        # lines after the root are not in what ML-DSA-44 signs: nothing is said of them
        if head.text.count(b"\n") > 3 or max(len(cosigner), len(origin)) > LONGEST_NAME:
            return False, 0
        message = b"subtree/v1\n\0" + bytes([len(cosigner)]) + cosigner + stamp
        message += bytes([len(origin)]) + origin + bytes(8)
        message += head.size.to_bytes(8, "big") + head.root
    else:
        return None, 0
    return verifies(key.kind, key.public, signature, message), at


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Edge:
    """The right edge of a tree: complete subtrees, largest first."""

    def __init__(self) -> None:
        """Begin with an empty tree."""
        self.nodes: List[Tuple[int, bytes]] = []

    def push(self, hashed: bytes, height: int = 0) -> None:
        """Add a complete subtree of 2**height leaves, no larger than what went before."""
        while self.nodes and self.nodes[-1][0] == height:
            hashed = node_hash(self.nodes.pop()[1], hashed)
            height += 1
        self.nodes.append((height, hashed))

    def root(self) -> bytes:
        """Return the root over all leaves."""
        if not self.nodes:
            return hashlib.sha256(b"").digest()
        root = self.nodes[-1][1]
        for _, left in reversed(self.nodes[:-1]):
            root = node_hash(left, root)
        return root


def root_of(hashes: List[bytes]) -> bytes:
    """Return the root over some hashes."""
    edge = Edge()
    for hashed in hashes:
        edge.push(hashed)
    return edge.root()


def included(hashed: bytes, index: int, size: int, proof: List[bytes], root: bytes) -> bool:
    """Tell whether a proof shows the leaf at ``index`` under ``root`` (RFC 9162, 2.1.3.2)."""
    low, high, seen = index, size - 1, hashed
    for step in proof:
        if high == 0:
            return False
        if low & 1 or low == high:
            seen = node_hash(step, seen)
            while not low & 1 and low:
                low, high = low >> 1, high >> 1
        else:
            seen = node_hash(seen, step)
        low, high = low >> 1, high >> 1
    return 0 <= index < size and high == 0 and seen == root


def number(n: int) -> str:
    """Return a number as tlog-tiles writes it in paths: x001/x234/067."""
    text = "%03d" % (n % 1000)
    while n >= 1000:
        n //= 1000
        text = "x%03d/%s" % (n % 1000, text)
    return text


def tile_path(level: object, n: int, width: int) -> str:
    """Return where a tile, or with level "entries" a bundle, lies."""
    return "tile/%s/%s%s" % (level, number(n), "" if width == WIDTH else ".p/%d" % width)


def proof_path(index: int) -> str:
    """Return where an entry's proof lies."""
    return "proof/%s.tlog-proof" % number(index)


def integer(value: object) -> int:
    """Return a count out of JSON, -1 where it is none."""
    return value if type(value) is int and 0 <= value <= MOST_SIZE else -1


def text_of(value: object) -> str:
    """Return a text out of JSON."""
    return value if isinstance(value, str) else ""


class Check:
    """The check of one folder."""

    def __init__(self, root: str, vkey: str, witnesses: List[str]) -> None:
        """List the folder, and read what it says of itself."""
        self.report = Report()
        self.folder = Folder(root, self.report)
        self.vkey, self.witnesses = vkey, witnesses
        self.about = self.folder.json("export.json")
        self.clauses = self.folder.json("clauses.json")
        self.key: Optional[Key] = None
        self.commits: Dict[int, Tuple[str, str]] = {}
        self.size = 0
        self.kinds: Dict[str, List[int]] = {}
        self.items = self._content_items()
        self._last: Dict[int, List[bytes]] = {}
        self.head_data = b""
        self.older: Optional[Head] = None

    def run(self) -> Report:
        """Check everything."""
        report, head = self.report, None
        data = self.folder.read("checkpoint", MOST_NOTE)
        if data is not None:
            try:
                head, self.head_data = read_head(data), data
            except Bad as error:
                self.folder.odd("checkpoint", *error.words)
        self._manifest()
        if head is not None:
            self.size = head.size
            self._signatures(head)
            self._scope(head)
            self._tree(head)
            self._proofs(head)
            self._own_record()
            self._content()
            self._clauses()
        report.gaps += [OWN_TIME, NOTHING_ELSE]
        with open(os.path.abspath(__file__), "rb") as file:
            own = hashlib.sha256(file.read()).hexdigest()
        report.gaps.append((SELF[0].format(hash=own), SELF[1].format(hash=own)))
        return report

    def _manifest(self) -> None:
        """Compare every file with its line in SHA256SUMS, both ways."""
        folder, listed = self.folder, set()
        data = folder.read(MANIFEST, MOST_MANIFEST)
        if data is None:
            return
        for at, line in enumerate(data.split(b"\n")[:-1], 1):
            wanted, path = line[:64], line[66:].decode("utf-8", "surrogateescape")
            if not re.fullmatch(b"[0-9a-f]{64}  [^/].*", line) or path in listed:
                self.report.problem("%s:%d" % (MANIFEST, at), "is no line of it", "该行无效")
                continue
            listed.add(path)
            if path not in folder.sizes:
                if path not in folder.complained:
                    folder.complained.add(path)
                    self.report.problem(
                        "%s, %s:%d" % (path, MANIFEST, at),
                        "is listed in SHA256SUMS and is not here",
                        "列于 SHA256SUMS，但不在此处",
                    )
                continue
            hashed = hashlib.sha256()
            for part in folder.parts(path, folder.sizes[path]):
                hashed.update(part)
            if hashed.hexdigest().encode() != wanted:
                self.report.problem(
                    "%s, %s:%d" % (path, MANIFEST, at),
                    "differs from SHA256SUMS: the file, or its line there, was changed",
                    "与 SHA256SUMS 不符：该文件或其在清单中的一行被改动过",
                )
        if data and not data.endswith(b"\n"):
            self.report.problem(MANIFEST, "is cut off", "被截断")
        for path in sorted(set(folder.sizes) - listed - {MANIFEST}):
            folder.odd(
                path,
                "does not belong here: SHA256SUMS does not list it",
                "不属于此处：SHA256SUMS 中没有",
            )
        n = len(listed)
        if not self.report.problems:
            self.report.holds.append(
                ("%d files are as SHA256SUMS lists them" % n, "%d 个文件与 SHA256SUMS 一致" % n)
            )

    def _signatures(self, head: Head) -> None:
        """Check the log's own signatures, then those of witnesses."""
        report, given = self.report, self.vkey
        lines = (self.folder.read("vkey", MOST_NOTE) or b"").decode("utf-8", "replace").split("\n")
        try:
            own = [_key_of(line, LOGS) for line in lines if line.strip()]
        except Bad as error:
            self.folder.odd("vkey", *error.words)
            own = []
        if not own and "vkey" not in self.folder.complained:
            self.folder.odd("vkey", "holds no verifier key", "没有验证公钥")
        keys = own
        if given:
            try:
                keys = [_key_of(line, LOGS) for line in given.split("\n") if line.strip()]
            except Bad as error:
                report.problem("--vkey", *error.words)
                return
            if own and keys[0] not in own:
                self.folder.odd("vkey", "is not the key that was given", "不是所给出的公钥")
        elif own:
            report.gaps.append(OWN_KEY)
        if not keys:
            self.report.untold.append(
                ("There is no key to check the signature with.", "没有可用于核对签名的公钥。")
            )
        told = [self._one_signature(head, key) for key in keys]
        self.key = keys[told.index(True) if True in told else 0] if keys else None
        if keys and not report.untold and all(right is None for right in told):
            report.untold.append(
                (
                    "No signature of the log was checked: this machine can check none of them.",
                    "账本的签名一个也未核对：本机无法核对。",
                )
            )
        if head.origin != text_of(self.about.get("origin")):
            self.folder.odd("export.json", "names another log", "所写的账本来源不符")
        self._witnesses(head)
        self._stamp(head)

    def _one_signature(self, head: Head, key: Key) -> Optional[bool]:
        right, _ = signed_by(head, key)
        kind = "ML-DSA-44" if key.kind == COSIGN_ML_DSA else "Ed25519"
        name = shown(key.name)
        if right:
            self.report.holds.append(
                (
                    "%s signed this head (%s)" % (name, kind),
                    "%s 已签署该账本头（%s）" % (name, kind),
                )
            )
        elif right is None and key.kind == COSIGN_ML_DSA:
            self.report.gaps.append(
                (
                    "The ML-DSA-44 signature could not be checked on this machine.",
                    "本机无法核对 ML-DSA-44 签名。",
                )
            )
        elif right is None:
            self.report.untold.append(
                (
                    "The %s signature could not be checked: pip install cryptography" % kind,
                    "无法核对 %s 签名：请先 pip install cryptography" % kind,
                )
            )
        else:
            self.folder.odd(
                "checkpoint",
                "carries no valid %s signature by %s" % (kind, name),
                "没有 %s 的有效 %s 签名" % (name, kind),
            )
        if key.name != head.origin:  # one key may have signed several logs
            self.folder.odd(
                "checkpoint",
                "is the head of another log than the key's (%s)" % name,
                "是另一个账本的账本头，与公钥（%s）不符" % name,
            )
        return right

    def _stamp(self, head: Head) -> None:
        """Check that what an authority stamped is a head of this log; the tree checks its root."""
        path = "timestamp.checkpoint"
        if path not in self.folder.sizes and "timestamp.tsr" not in self.folder.sizes:
            return
        data = self.folder.read(path, MOST_NOTE)
        self.folder.read("timestamp.tsr", MOST_NOTE)
        if data is None:
            return
        try:
            old = read_head(data)
        except Bad as error:
            self.folder.odd(path, *error.words)
            return
        right = self.key is None or signed_by(old, self.key)[0] is not False
        if old.origin != head.origin or old.size > head.size or not right:
            self.folder.odd(path, "is no head of this log", "不是本账本的账本头")
            return
        self.older = old
        self.report.gaps.append(
            (STAMPED[0].format(size=old.size), STAMPED[1].format(size=old.size))
        )

    def _witnesses(self, head: Head) -> None:
        """Check the cosignatures of the witnesses that were given, or that the folder names."""
        named, given = [], [line for text in self.witnesses for line in text.split("\n")]
        if "witnesses" in self.folder.sizes:
            data = self.folder.read("witnesses", MOST_NOTE) or b""
            named = data.decode("utf-8", "replace").split("\n")
        seen: Set[Key] = set()
        independent = False
        for where, lines in (("--witness", given), ("witnesses", named)):
            for line in lines:
                if not line.strip():
                    continue
                try:
                    key = _key_of(line, WITNESSES)
                except Bad as error:
                    self.report.problem(where, *error.words)
                    continue
                if key not in seen:
                    seen.add(key)
                    right = self._one_witness(head, key, where)
                    # whom the folder alone names may be the provider itself
                    independent = independent or (right and where == "--witness")
        if not independent:
            self.report.gaps.append(NO_WITNESS)

    def _one_witness(self, head: Head, key: Key, where: str) -> bool:
        name = shown(key.name)
        right, at = signed_by(head, key)
        if right:
            late = " (its key is only the folder's word)" if where == "witnesses" else ""
            zh = "（其公钥只见于本文件夹）" if where == "witnesses" else ""
            self.report.holds.append(
                (
                    "witness %s signed this head at %d (Unix time)%s" % (name, at, late),
                    "见证方 %s 已于 %d（Unix 时间）签署该账本头%s" % (name, at, zh),
                )
            )
        elif right is None:
            self.report.gaps.append(
                (
                    "The signature of witness %s could not be checked on this machine." % name,
                    "本机无法核对见证方 %s 的签名。" % name,
                )
            )
        elif any(signer == key.name for signer, _ in head.lines):
            self.folder.odd(
                "checkpoint",
                "the signature of witness %s does not fit" % name,
                "见证方 %s 的签名不符" % name,
            )
        else:
            self.report.gaps.append(
                ("Witness %s has not signed this head." % name, "见证方 %s 未签署该账本头。" % name)
            )
        return right is True

    def _scope(self, head: Head) -> None:
        """Read which bundles belong here; say what does not."""
        self.bundles: Set[int] = set()
        tiles, here = -(-head.size // WIDTH), len(self.folder.sizes)
        claims = integer(self.about.get("size")), self.about.get("root")
        if self.about.get("format") != FORMAT or claims != (head.size, head.root.hex()):
            self.folder.odd("export.json", "is of another export", "不属于本证据包")
        ranges = self.about.get("bundles")
        for one in ranges if isinstance(ranges, list) else []:
            first, end = (integer(one[0]), integer(one[1])) if _pair(one) else (-1, -1)
            if not 0 <= first < end <= tiles:
                self.folder.odd("export.json", "names impossible bundles", "所列条目包不存在")
            elif end - first > here:
                self.folder.odd("export.json", "names bundles that are missing", "所列条目包缺失")
            else:
                self.bundles.update(range(first, end))
        shown_here = sum(min(WIDTH, head.size - n * WIDTH) for n in self.bundles)
        if shown_here < head.size:
            n = head.size - shown_here
            words = (each.format(n=n, size=head.size) for each in OUTSIDE)
            self.report.gaps.append((next(words), next(words)))
        belongs = set(_expected(head.size, self.bundles, here))
        for path in sorted(self.folder.sizes):
            if path.startswith("tile/") and path not in belongs:
                self.folder.odd(path, "does not belong to this export", "不属于本证据包")
        self._strangers()

    def _strangers(self) -> None:
        """Name files that nothing in the log speaks of: anybody can add a line to SHA256SUMS."""
        listed = {text_of(item.get("file")) for item in self.items.values()}
        for path in sorted(set(self.folder.sizes) - OTHERS - listed - {MANIFEST}):
            known = path.startswith(("tile/", "proof/")) or path in self.folder.complained
            if not known:
                self.folder.odd(
                    path,
                    "does not belong to this export: nothing in the log speaks of it",
                    "不属于本证据包：账本中没有任何记录提到它",
                )

    def _tree(self, head: Head) -> None:
        """Recompute the tree from its leaves up, and name whatever does not fit."""
        tiles = -(-head.size // WIDTH)
        if tiles > len(self.folder.sizes) + MOST_SAID:
            self.report.problem(
                "tile/0",
                "%d tiles belong here, and most of them are missing" % tiles,
                "此处应有 %d 个哈希分片，大部分缺失" % tiles,
            )
            return
        by_tile, by_leaf = Edge(), Edge()
        tops_tile: List[Optional[bytes]] = []
        tops_leaf: List[Optional[bytes]] = []
        odd: List[int] = []
        whole = True
        for n in range(tiles):
            width = min(WIDTH, head.size - n * WIDTH)
            hashes = self._tile(0, n, width)
            leaves = self._bundle(n, width) if n in self.bundles else None
            if hashes and leaves:
                odd += [n * WIDTH + i for i in range(width) if hashes[i] != leaves[i]]
            self._older_root(by_tile, n, hashes or leaves)
            for edge, tops, side in (
                (by_tile, tops_tile, hashes or leaves),
                (by_leaf, tops_leaf, leaves or hashes),
            ):
                if side is None:
                    whole = False
                    tops.append(None)
                elif width == WIDTH:
                    top = root_of(side)
                    tops.append(top)
                    edge.push(top, 8)
                else:
                    for hashed in side:
                        edge.push(hashed)
        good_tile, good_leaf = by_tile.root() == head.root, by_leaf.root() == head.root
        self._blame(odd, good_tile and whole, good_leaf and whole)
        self._upper(head.size, tops_leaf if good_leaf and not good_tile else tops_tile)
        self._root(head, whole, good_tile or good_leaf)

    def _older_root(self, edge: Edge, n: int, row: Optional[List[bytes]]) -> None:
        """Compare the root of the stamped head with the tree of so many leaves."""
        old = self.older
        if old is None or row is None or not n * WIDTH < old.size <= n * WIDTH + len(row):
            return
        upto = Edge()
        upto.nodes = list(edge.nodes)
        for hashed in row[: old.size - n * WIDTH]:
            upto.push(hashed)
        if upto.root() != old.root:
            self.folder.odd(
                "timestamp.checkpoint", "shows another history", "与本账本是两份不同的历史"
            )

    def _root(self, head: Head, whole: bool, good: bool) -> None:
        if not whole:
            self.report.problem(
                "checkpoint",
                "the root cannot be recomputed: a tile is missing or broken",
                "无法重新计算根哈希：有哈希分片缺失或损坏",
            )
        elif not good:
            self.report.problem(
                "checkpoint",
                "the root is not that of the tiles: one of them, or the checkpoint, was changed",
                "根哈希与哈希分片不符：分片或检查点被改动过",
            )
        else:
            n, here = head.size, sum(min(WIDTH, head.size - b * WIDTH) for b in self.bundles)
            self.report.holds.append(
                (
                    "%d records lie under the signed root; %d of them are here" % (n, here),
                    "%d 条记录在已签名的根之下，其中 %d 条在此" % (n, here),
                )
            )

    def _blame(self, odd: List[int], tile_right: bool, leaf_right: bool) -> None:
        """Name each entry whose record and hash disagree: what fits the signed root is right."""
        for index in odd:
            n = index // WIDTH
            width = self._width(n)
            record, tile = tile_path("entries", n, width), tile_path(0, n, width)
            if tile_right:
                where, words = record, ("the record was changed", "记录被改动过")
            elif leaf_right:
                where, words = tile, ("the hash was changed", "哈希被改动过")
            else:
                where = record + ", " + tile
                words = ("the record or its hash was changed", "记录或其哈希被改动过")
            self.report.problem("%s: entry %d" % (where, index), *words)

    def _width(self, n: int) -> int:
        return min(WIDTH, self.size - n * WIDTH)

    def _upper(self, size: int, below: List[Optional[bytes]]) -> None:
        """Compare the tiles above level 0 with what is below them."""
        level = 1
        while size >> (8 * level):
            below = below[: size >> (8 * level)]
            tops: List[Optional[bytes]] = []
            for n in range(-(-len(below) // WIDTH)):
                row = below[n * WIDTH : (n + 1) * WIDTH]
                hashes = self._tile(level, n, len(row)) or []
                for at, (wanted, found) in enumerate(zip(row, hashes)):
                    if wanted is not None and wanted != found:
                        first = (n * WIDTH + at) * WIDTH**level
                        last = first + WIDTH**level - 1
                        self.report.problem(
                            "%s: hash %d" % (tile_path(level, n, len(row)), at),
                            "is not that of entries %d to %d below it" % (first, last),
                            "与其下第 %d 至 %d 条记录不符" % (first, last),
                        )
                if len(row) == WIDTH:
                    sound = [each for each in row if each is not None]
                    tops.append(root_of(sound) if len(sound) == WIDTH else None)
            below, level = tops, level + 1

    def _tile(self, level: int, n: int, width: int) -> Optional[List[bytes]]:
        path = tile_path(level, n, width)
        data = self.folder.read(path, WIDTH * HASH)
        if data is None:
            return None
        if len(data) != width * HASH:
            self.folder.odd(path, "has the wrong length", "长度有误")
            return None
        return [data[at : at + HASH] for at in range(0, len(data), HASH)]

    def _bundle(self, n: int, width: int) -> Optional[List[bytes]]:
        """Return the hashes of a bundle's records, and look into each."""
        path = tile_path("entries", n, width)
        data = self.folder.read(path, MOST_BUNDLE)
        if data is None:
            return None
        at = 0
        hashes: List[bytes] = []
        while at + 2 <= len(data) and len(hashes) < width:
            stop = at + 2 + int.from_bytes(data[at : at + 2], "big")
            if stop > len(data):
                break
            leaf = data[at + 2 : stop]
            self._look(n * WIDTH + len(hashes), leaf)
            hashes.append(leaf_hash(leaf))
            at = stop
        if at != len(data) or len(hashes) != width:
            self.folder.odd(
                "%s: entry %d" % (path, n * WIDTH + len(hashes)),
                "breaks off, or has bytes left over: a length was changed",
                "被截断或有多余字节：长度被改动过",
            )
            return None
        return hashes

    def _look(self, index: int, leaf: bytes) -> None:
        """Count a record by kind; keep its commitment where content is here that it commits to."""
        record = _json_object(leaf)
        seen = self.kinds.setdefault(_kind_of(record), [0, index, index])
        seen[0], seen[2] = seen[0] + 1, index
        if index in self.items:
            name, part = PARTS.get(text_of(record.get("kind")), ("", ""))
            path = "content/%s.%s" % (text_of(record.get(name)), part)
            self.commits[index] = path, text_of(record.get("commit"))

    def _proofs(self, head: Head) -> None:
        """Check every proof file against its own signed head and the tile of level 0."""
        paths = sorted(path for path in self.folder.sizes if path.startswith("proof/"))
        signed = {self.head_data}
        for path in paths:
            data = self.folder.read(path, MOST_NOTE)
            try:
                index = self._proof(data or b"", head, signed)
            except Bad as error:
                self.folder.odd(path, *error.words)
                continue
            if proof_path(index) != path:
                self.folder.odd(
                    path, "is the proof of entry %d" % index, "是第 %d 条的证明" % index
                )
        if paths:
            n = len(paths)
            self.report.holds.append(("%d proof files were read" % n, "已读取 %d 个证明文件" % n))

    def _proof(self, data: bytes, head: Head, signed: Set[bytes]) -> int:
        index, extra, hashes, note = read_proof(data)
        own = read_head(note)
        if note not in signed and self.key is not None:
            if own.origin != head.origin or signed_by(own, self.key)[0] is False:
                raise Bad(
                    "its head was not signed by this log's key", "其账本头未由本账本的密钥签名"
                )
            if len(signed) < MOST_SAID:
                signed.add(note)
        if own.size == head.size and own.root != head.root:
            raise Bad("shows another history than the checkpoint", "与检查点是两份不同的历史")
        if index >= min(head.size, own.size):
            raise Bad("proves an entry that the log does not have", "所证明的记录不在账本中")
        row = self._row(index // WIDTH)
        hashed = row[index % WIDTH] if row else leaf_hash(extra)
        if extra and leaf_hash(extra) != hashed:
            raise Bad(
                "entry %d: the record it carries is not the log's" % index,
                "第 %d 条：所附记录与账本不符" % index,
            )
        if not included(hashed, index, own.size, hashes, own.root):
            raise Bad("does not prove entry %d" % index, "不能证明第 %d 条" % index)
        return index

    def _row(self, n: int) -> Optional[List[bytes]]:
        """Return a tile of level 0 again: proofs come in the order of their entries."""
        if n not in self._last:
            path = tile_path(0, n, self._width(n))
            if self.folder.sizes.get(path) != self._width(n) * HASH:
                return None
            self._last.clear()
            self._last[n] = self._tile(0, n, self._width(n)) or []
        return self._last[n]

    def _own_record(self) -> None:
        """Compare what the folder says of itself with the record that the log holds of it."""
        index = integer(self.about.get("record"))
        path = proof_path(max(index, 0))
        try:
            data = self.folder.read(path, MOST_NOTE) if path in self.folder.sizes else None
            found, leaf, _, _ = read_proof(data or b"")
        except Bad:  # what is wrong with a proof file was named before
            found, leaf = -1, b""
        record = _json_object(leaf)
        said = self.about.get("scope")
        whole = {name: record[name] for name in record if name not in HEAD_FIELDS}
        same = said == whole
        same = same and record.get("tenant") == self.about.get("tenant")
        if found != index or record.get("kind") != "ledger.exported" or not same or not said:
            self.folder.odd(
                "export.json",
                "does not say what the log's own record of this export says (entry %d)" % index,
                "与账本中关于本次导出的记录（第 %d 条）不符" % index,
            )
        tables = [self.clauses.get("kinds"), self.clauses.get("clauses")]
        text = json.dumps(tables, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        if record.get("clauses") != hashlib.sha256(text.encode("utf-8", "replace")).hexdigest():
            self.folder.odd(
                "clauses.json",
                "is not the list of clauses that the log's record of this export names",
                "不是账本中关于本次导出的记录所指的条款清单",
            )
        opened = record.get("content_purpose")
        if (record.get("content") == "kept") != (self.purpose is not None) or (
            self.purpose is not None and self.purpose != opened
        ):
            self.folder.odd(
                "content.json",
                "does not say of content what the log's record of this export says",
                "关于内容的说明与账本中关于本次导出的记录不符",
            )

    def _content_items(self) -> Dict[int, Dict[str, Any]]:
        self.purpose: Optional[str] = None
        if "content.json" not in self.folder.sizes:
            return {}
        said = self.folder.json("content.json")
        items, self.purpose = said.get("items"), text_of(said.get("purpose"))
        known = [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []
        found = {integer(one.get("index")): one for one in known}
        whole = isinstance(items, list) and len(known) == len(items)
        if not whole or len(found) != len(known) or -1 in found:
            self.folder.odd("content.json", "cannot be read", "无法读取")
        return found

    def _content(self) -> None:
        """Check that opened content is what its record committed to."""
        for index, item in sorted(self.items.items()):
            path = text_of(item.get("file"))
            named = "content/%s.%s" % (text_of(item.get("exchange")), text_of(item.get("part")))
            if path != named or not re.fullmatch(r"content/[0-9a-zA-Z._-]{1,200}", path):
                self.folder.odd("content.json", "names an impossible file", "所列文件名无效")
                continue
            data = self.folder.read(path, MOST_CONTENT)
            if data is None:
                continue
            said = text_of(item.get("salt"))
            # of one length: else the content's beginning could be passed off as part of the salt
            salt = bytes.fromhex(said) if re.fullmatch("[0-9a-f]{64}", said) else None
            digest = hashlib.sha256((salt or b"") + data).hexdigest()
            if salt is None or (path, digest) != self.commits.get(index):
                self.folder.odd(
                    path,
                    "is not the content that entry %d committed to (or content.json was changed)"
                    % index,
                    "不是第 %d 条记录所承诺的内容（或 content.json 被改动过）" % index,
                )

    def _clauses(self) -> None:
        """Compare the counts in clauses.json with the records that are here."""
        counted = {name: list(seen) for name, seen in self.kinds.items()}
        if self.clauses.get("records") != counted:
            self.folder.odd(
                "clauses.json",
                "does not count the records that are here",
                "所列记录数与此处的记录不符",
            )
        kinds = self.clauses.get("kinds")
        known = kinds if isinstance(kinds, dict) else {}
        unknown = sum(seen[0] for name, seen in self.kinds.items() if name not in known)
        if unknown:
            self.report.gaps.append(
                (
                    "%d records are of a kind that clauses.json does not explain." % unknown,
                    "%d 条记录的种类未在 clauses.json 中说明。" % unknown,
                )
            )


def read_proof(data: bytes) -> Tuple[int, bytes, List[bytes], bytes]:
    """Read a proof (C2SP tlog-proof@v1): index, extra data, hashes, checkpoint."""
    broken = Bad("is no proof file, or was changed", "不是证明文件，或被改动过")
    top, gap, note = data.partition(b"\n\n")
    try:
        lines = top.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise broken from None
    if not gap or lines.pop(0) != "c2sp.org/tlog-proof@v1" or not lines:
        raise broken
    extra = b""
    if lines[0].startswith("extra "):
        extra = unbase64(lines.pop(0)[6:])
    if not lines or not re.fullmatch("index (0|[1-9][0-9]{0,18})", lines[0]) or len(lines) > 64:
        raise broken
    hashes = [unbase64(line) for line in lines[1:]]
    if any(len(hashed) != HASH for hashed in hashes):
        raise broken
    return int(lines[0][6:]), extra, hashes, note


def _expected(size: int, bundles: Set[int], most: int) -> Iterator[str]:
    """Give the paths of all tiles and bundles that belong here, as far as files can be there."""
    level = 0
    while size >> (8 * level):
        count = size >> (8 * level)
        for n in range(min(-(-count // WIDTH), most + 1)):
            yield tile_path(level, n, min(WIDTH, count - n * WIDTH))
        level += 1
    for n in bundles:
        yield tile_path("entries", n, min(WIDTH, size - n * WIDTH))


def _key_of(line: str, kinds: Tuple[int, int]) -> Key:
    """Read a verifier key of one of these kinds: a log's own key makes no witness."""
    key = read_vkey(line)
    if key.kind not in kinds:
        log = kinds == LOGS
        raise Bad(
            "is no key of a %s" % ("log" if log else "witness"),
            "不是%s的公钥" % ("账本" if log else "见证方"),
        )
    return key


def _pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2


def _json_object(data: bytes) -> Dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _kind_of(record: Dict[str, Any]) -> str:
    """Return kind and version, as clauses.json lists them; one that cannot be read is "?"."""
    name, version = record.get("kind"), integer(record.get("v"))
    return "%s/%d" % (name, version) if isinstance(name, str) and version > 0 else "?"


def page(report: Report, root: str, zh: bool) -> Iterator[str]:
    """Give the lines of the report in one language."""
    verdict = (
        ("Everything that was checked holds.", "所检查的内容全部成立。"),
        ("{n} things do not hold.", "有 {n} 处不成立。"),
        ("Could not tell whether all of it holds.", "无法判断是否全部成立。"),
    )[report.code]
    count = len(report.problems) + report.more
    yield "%s: %s" % (shown(root), verdict[zh].format(n=count))
    heads = (
        (("Does not hold:", "不成立："), [(w + ": " + t[zh]) for w, t in report.problems]),
        (("Could not be told:", "无法判断："), [words[zh] for words in report.untold]),
        (("Holds:", "成立："), [words[zh] for words in report.holds]),
        (("Not proven by this check:", "本检查不能证明："), [words[zh] for words in report.gaps]),
    )
    for title, lines in heads:
        if lines:
            yield ""
            yield title[zh]
            for line in lines:
                yield "  - " + line
    if report.more:
        yield ("  … and {n} more", "  … 另有 {n} 处")[zh].format(n=report.more)


def main(words: List[str]) -> int:
    """Run the check and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("dir", nargs="?", default=here, help="the folder / 文件夹")
    parser.add_argument(
        "--vkey", default="", help="the log's published key, or a file / 公布的公钥"
    )
    parser.add_argument(
        "--witness", action="append", default=[], help="a witness's key / 见证方公钥"
    )
    parser.add_argument("--lang", choices=["zh", "en"])
    parser.add_argument("--json", action="store_true", help="for machines / 供程序读取")
    given = parser.parse_args(words)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    locale = next(
        (os.environ[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(n)), ""
    )
    zh = given.lang == "zh" or (given.lang is None and locale.lower().startswith("zh"))
    try:
        vkey, *witnesses = [_key_text(text) for text in [given.vkey, *given.witness]]
        report = Check(given.dir, vkey, witnesses).run()
    except (OSError, Bad) as error:
        words_of = error.words if isinstance(error, Bad) else (str(error), str(error))
        sys.stderr.write("%s: %s\n" % (shown(given.dir), words_of[zh]))
        return 2
    if given.json:
        found = {"code": report.code, "problems": report.problems, "more": report.more}
        rest = {"untold": report.untold, "holds": report.holds, "not_proven": report.gaps}
        sys.stdout.write(json.dumps({**found, **rest}) + "\n")  # ASCII: a terminal obeys none of it
    else:
        sys.stdout.write("\n".join(page(report, given.dir, zh)) + "\n")
    return report.code


def _key_text(said: str) -> str:
    """Return keys, given or in a file, one a line, also as ``hegui ledger vkey`` prints them."""
    text, path = said, shown(said)
    if said and "+" not in said:
        if os.path.exists(said) and not os.path.isfile(said):  # a pipe would be waited for
            raise Bad("%s is not a regular file" % path, "%s 不是普通文件" % path)
        with open(said, encoding="utf-8", errors="replace") as file:
            text = file.read(MOST_NOTE)
        if not text.strip():  # a key was meant: that of the folder does not stand in for it
            raise Bad("%s holds no verifier key" % path, "%s 中没有验证公钥" % path)
    return "\n".join(map(_bare, text.split("\n")))


def _bare(line: str) -> str:
    try:
        read_vkey(line)
    except Bad:
        return re.sub("^[^+=]*=(?=[^+]+[+])", "", line)
    return line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
