"""The verifier: says whether a ledger holds together, without trusting the code that wrote it.

Needs the tree arithmetic, the standard library and ``cryptography``; reads the file by itself.
What it cannot prove, it names.

``python -m hegui.ledger.verify DB [TENANT=VKEY ...] [--witness VKEY ...] [--ca FILE]`` prints the
report as JSON and ends with 0 (clean), 1 (something does not hold together) or 2 (could not tell).
"""

import argparse
import binascii
import json
import os
import sqlite3
import sys
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hegui.ledger.attested import Outside
from hegui.ledger.attested import check as check_outside
from hegui.ledger.tree import HASH_BYTES, Frontier, leaf_hash

MOST_PROBLEMS = 1_000
_ED25519 = b"\x01"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold together, and where."""

    where: str
    what_en: str
    what_zh: str


@dataclass(frozen=True, slots=True)
class NotProven:
    """Something that this check cannot show: nobody should read it into a clean report."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class LogReport:
    """One log as it was found. ``root`` is computed from the leaves, not read."""

    tenant: str
    origin: str
    size: int
    root: str
    signed: bool


@dataclass(slots=True)
class Report:
    """What the check found. ``ok`` means: no problem in any log. Read ``not_proven`` beside it."""

    logs: list[LogReport] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    proven: list[NotProven] = field(default_factory=list)
    not_proven: list[NotProven] = field(default_factory=list)
    more: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything that was checked holds together."""
        return not self.problems

    def problem(self, where: str, en: str, zh: str) -> None:
        """Add a problem; past the first thousand they are only counted, in ``more``."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(where, en, zh))
        else:
            self.more += 1


_NO_MORE = NotProven(
    "Records show what was recorded. That nothing else happened, they cannot show.",
    "记录只能表明记下了什么，不能证明没有发生其他事情。",
)


def verify(
    path: Path, vkeys: Mapping[str, str] | None = None, outside: Outside | None = None
) -> Report:
    """Check every log in the database at ``path``. Never raises for what the file holds.

    ``vkeys`` gives the verifier key of each tenant, ``outside`` the witnesses and authorities that
    the reader trusts, both obtained from elsewhere. What cannot be checked, the report says.
    """
    report = Report(not_proven=[_NO_MORE])
    if _open_here(path):
        report.problem(
            path.name,
            "is open in this process, and was not touched: verify it in a process of its own",
            "已在本进程中打开，因此未作检查：请在独立进程中验证",
        )
        return report
    try:
        connection = _open(path)
    except (sqlite3.Error, OSError, UnicodeError) as error:
        report.problem(path.name, f"cannot be opened: {error}", f"无法打开：{error}")
        return report
    try:
        connection.execute("BEGIN")
        _check_all(connection, vkeys or {}, report)
        found = check_outside(connection, outside or Outside())
        for problem in found.problems:
            report.problem(*problem)
        report.proven += [NotProven(*said) for said in found.proven]
        report.not_proven[:0] = [NotProven(*said) for said in found.not_proven]
    except (sqlite3.Error, OverflowError, TypeError, UnicodeError) as error:
        report.problem(
            path.name,
            f"is damaged as a database, the check ended here: {error}",
            f"数据库文件已损坏，检查在此中止：{error}",
        )
    finally:
        connection.close()
    return report


def _open_here(path: Path) -> bool:
    """Tell whether this process has the file open: two SQLite libraries undo each other's locks."""
    try:
        facts = path.stat()
        open_files = [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208 - numbers, not paths
    except OSError:
        return False
    for number in open_files:
        try:
            other = os.fstat(number)
        except OSError:
            continue
        if (other.st_dev, other.st_ino) == (facts.st_dev, facts.st_ino):
            return True
    return False


def _open(path: Path) -> sqlite3.Connection:
    with path.open("rb") as file:  # a missing file is told from a broken one
        file.read(1)
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    try:
        return _connect(address)
    except sqlite3.OperationalError:  # a copy on a medium that nobody can write
        return _connect(address + "&immutable=1")


def _connect(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, isolation_level=None)
    try:
        connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except (sqlite3.Error, UnicodeError):
        connection.close()
        raise
    connection.text_factory = lambda data: data.decode("utf-8", "replace")  # damaged, too
    return connection


def _check_all(connection: sqlite3.Connection, vkeys: Mapping[str, str], report: Report) -> None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    if not {"log", "entry"} <= tables:
        report.problem("log", "this database holds no ledger", "此数据库中没有账本")
        return
    rows = connection.execute(
        "SELECT tenant, origin, size, frontier, checkpoint FROM log ORDER BY tenant"
    ).fetchall()
    heads = {str(row[0]) for row in rows}
    for tenant, origin, size, edge, checkpoint in rows:
        head = _Head(str(origin), size, edge, str(checkpoint), vkeys.get(str(tenant)))
        _LogCheck(connection, report, str(tenant)).run(head)
    owners = {str(row[0]) for row in connection.execute("SELECT DISTINCT tenant FROM entry")}
    for tenant in sorted(owners - heads):
        report.problem(
            tenant, "entries of a log that has no head", "存在属于该租户的记录，但没有账本的头"
        )
    for tenant in sorted(set(vkeys) - heads):
        report.problem(
            tenant, "a key was given for a log that is not here", "给出了公钥，但此处没有该账本"
        )


@dataclass(frozen=True, slots=True)
class _Head:
    """A row of ``log`` as it lies there, and the key to check it with."""

    origin: str
    size: object
    edge: object
    checkpoint: str
    vkey: str | None


class _LogCheck:
    """The check of one log."""

    def __init__(self, connection: sqlite3.Connection, report: Report, tenant: str) -> None:
        self._connection = connection
        self._report = report
        self._tenant = tenant
        self._odd: list[int] = []

    def run(self, head: _Head) -> None:
        """Check entries, head, frontier and signature, and report each by itself."""
        leaves = self._read_entries()
        claimed = self._read_checkpoint(head, leaves.size)
        trusted = self._tell_leaf_from_hash(leaves, claimed)
        if claimed is not None and claimed != trusted.root():
            self._say(
                "checkpoint",
                "the signed root is not the root of the entries: one of them was changed",
                "已签名的根哈希与记录不符：检查点或记录被改动过",
            )
        if head.size != leaves.size:
            self._say(
                "size",
                f"the head counts {head.size} entries, {leaves.size} are here",
                f"账本的头记为 {head.size} 条，实有 {leaves.size} 条",
            )
        self._check_frontier(head.edge, trusted)
        signed = self._check_signature(head)
        root = leaves.root().hex()
        self._report.logs.append(LogReport(self._tenant, head.origin, leaves.size, root, signed))

    def _say(self, where: str, en: str, zh: str) -> None:
        self._report.problem(f"{self._tenant}/{where}", en, zh)

    def _read_entries(self) -> Frontier:
        """Read every entry, and return the frontier that the leaves add up to."""
        frontier = Frontier()
        push, odd, expected = frontier.push, self._odd, 0
        for index, stored, leaf in self._connection.execute(
            "SELECT idx, hash, leaf FROM entry WHERE tenant = ? ORDER BY idx", (self._tenant,)
        ):
            if index != expected:
                self._say(
                    f"entry {expected}",
                    f"missing: the next entry here is {index}",
                    f"缺失：此处的下一条是第 {index} 条",
                )
                expected = index
            expected += 1
            hashed = leaf_hash(_as_bytes(leaf))
            if hashed != stored:
                odd.append(index)
            push(hashed)
        return frontier

    def _tell_leaf_from_hash(self, leaves: Frontier, claimed: bytes | None) -> Frontier:
        """Name each entry whose leaf and hash disagree; return the frontier to go on with.

        What agrees with the signed root was not changed, so the other one was.
        """
        if not self._odd:
            return leaves
        stored = Frontier()
        for (hashed,) in self._connection.execute(
            "SELECT hash FROM entry WHERE tenant = ? ORDER BY idx", (self._tenant,)
        ):
            stored.push(_as_bytes(hashed))
        if claimed == stored.root():
            en, zh = "the leaf was changed", "记录内容被改动过"
        elif claimed == leaves.root():
            en, zh = "the stored hash was changed", "存储的哈希被改动过"
        else:
            en, zh = "the leaf or its hash was changed", "记录内容或其哈希被改动过"
        for index in self._odd:
            self._say(f"entry {index}", en, zh)
        return stored if claimed == stored.root() else leaves

    def _check_frontier(self, edge: object, trusted: Frontier) -> None:
        data = _as_bytes(edge)
        expected = trusted.edge
        if len(data) != len(expected) * HASH_BYTES:
            self._say("frontier", "has the wrong length", "长度有误")
            return
        for place, hashed in enumerate(expected):
            if data[place * HASH_BYTES :][:HASH_BYTES] != hashed:
                self._say(
                    f"frontier {place}",
                    "this hash is not that of the entries below it",
                    "该哈希与其下的记录不符",
                )

    def _read_checkpoint(self, head: _Head, size: int) -> bytes | None:
        """Return the root that the checkpoint claims, where it can be read."""
        origin, counted, encoded = [*head.checkpoint.split("\n"), "", ""][:3]
        root = _base64(encoded)
        if root is None or len(root) != HASH_BYTES:
            self._say("checkpoint", "cannot be read as a checkpoint", "不是有效的检查点")
            return None
        if origin != head.origin:
            self._say("checkpoint", "names another log", "所写的账本来源不符")
        if counted != str(size):
            self._say(
                "checkpoint",
                f"is for {counted} entries, {size} are here",
                f"对应 {counted} 条记录，实有 {size} 条",
            )
        return root

    def _check_signature(self, head: _Head) -> bool:
        if head.vkey is None:
            self._report.not_proven.append(
                NotProven(
                    f"{self._tenant}: no verifier key was given, so the signature was not checked.",
                    f"{self._tenant}：未提供验证公钥，因此未检查签名。",
                )
            )
            return False
        key = _read_vkey(head.vkey)
        if key is None:
            self._say("key", "the verifier key that was given is not one", "给出的验证公钥无效")
            return False
        if not _signed_by(head.checkpoint, key):
            self._say(
                "checkpoint",
                f"carries no valid signature by {key.name}",
                f"没有 {key.name} 的有效签名",
            )
            return False
        return True


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    stamp: bytes
    public: Ed25519PublicKey


def _read_vkey(vkey: str) -> _Key | None:
    name, _, rest = vkey.strip().partition("+")
    stamp, _, encoded = rest.partition("+")
    data = _base64(encoded) or b""
    expected = sha256(name.encode() + b"\n" + data).digest()[:4]
    if data[:1] != _ED25519 or len(data) != 33 or stamp != expected.hex():  # noqa: PLR2004 - the type and 32 bytes of key
        return None
    return _Key(name, expected, Ed25519PublicKey.from_public_bytes(data[1:]))


def _signed_by(note: str, key: _Key) -> bool:
    """Tell whether ``key`` signed the note, and every signature line is well formed."""
    text, gap, block = note.rpartition("\n\n")
    if not gap or not block.endswith("\n"):
        return False
    signed = False
    for line in block[:-1].split("\n"):
        head, _, encoded = line.rpartition(" ")
        data = _base64(encoded)
        if not head.startswith("— ") or data is None:
            return False
        if head[2:] == key.name and data[:4] == key.stamp:
            try:
                key.public.verify(data[4:], (text + "\n").encode())
            except InvalidSignature:
                return False
            signed = True
    return signed


def _as_bytes(cell: object) -> bytes:
    """Return a cell that should be bytes; in a damaged file it may be anything."""
    return cell if isinstance(cell, bytes) else b""


def _base64(encoded: str) -> bytes | None:
    try:
        data = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b64encode(data).decode() == encoded else None


def _main(words: list[str]) -> int:
    read = argparse.ArgumentParser("python -m hegui.ledger.verify")
    read.add_argument("db", type=Path)
    read.add_argument("keys", nargs="*")
    read.add_argument("--witness", action="append", default=[], metavar="VKEY")
    read.add_argument("--ca", type=Path, metavar="FILE")
    said = read.parse_args(words)
    vkeys = dict(word.split("=", 1) for word in said.keys if "=" in word)
    own = {tenant: (vkey,) for tenant, vkey in vkeys.items()}
    outside = Outside(tuple(said.witness), own, said.ca.read_bytes() if said.ca else b"")
    report = verify(said.db, vkeys, outside)
    sys.stdout.write(json.dumps({"ok": report.ok, **asdict(report)}, ensure_ascii=False) + "\n")
    return 0 if report.ok else 1 if report.logs else 2


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
