"""Reading back from the ledger what it holds, and what becomes of a copy that was tampered with."""

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from hegui.store import open_database
from hegui.terms import BadRequest, Lang, Words

_EMPTY = Words(en="the log {tenant} is still empty", zh="账本 {tenant} 还是空的")
_NOT_TOLD = Words(
    en="hegui ledger verify ended with code {code} and no report",
    zh="hegui ledger verify 以退出码 {code} 结束，没有给出报告",
)
_SHOWN = 600  # bytes of a leaf that the page shows


@dataclass(frozen=True, slots=True)
class Record:
    """One entry as it lies in the ledger."""

    index: int
    leaf: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """The record's kind, such as ``exchange.asked``."""
        return str(self.leaf.get("kind", ""))

    def told(self) -> dict[str, Any]:
        """Return the record for the page."""
        return {"index": self.index, **self.leaf}


def _bytes(cell: object) -> bytes:
    return cell if isinstance(cell, bytes) else b""


def size(path: Path, tenant: str) -> int:
    """Return how many entries a tenant's log has."""
    with closing(open_database(path, read_only=True)) as connection:
        row = connection.execute("SELECT size FROM log WHERE tenant = ?", (tenant,)).fetchone()
    return int(str(row[0])) if row else 0


def since(path: Path, tenant: str, first: int) -> list[Record]:
    """Return a tenant's entries from index ``first`` on, in order."""
    with closing(open_database(path, read_only=True)) as connection:
        rows = connection.execute(
            "SELECT idx, leaf FROM entry WHERE tenant = ? AND idx >= ? ORDER BY idx LIMIT 200",
            (tenant, first),
        ).fetchall()
    return [Record(int(str(index)), json.loads(_bytes(leaf))) for index, leaf in rows]


def of_exchange(path: Path, tenant: str, first: int, asked: int | None) -> list[Record]:
    """Return the records of one exchange among those from ``first`` on.

    ``asked`` is the index that the reply named; without it the first exchange counts.
    """
    found = since(path, tenant, first)
    begin = [one for one in found if one.kind == "exchange.asked" and asked in (None, one.index)]
    if not begin:
        return []
    exchange = begin[0].leaf["exchange"]
    return [one for one in found if one.leaf.get("exchange") == exchange]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold together, and where."""

    where: str
    what: Words


@dataclass(frozen=True, slots=True)
class Log:
    """A log as the verifier found it."""

    tenant: str
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``hegui ledger verify`` said of a database."""

    ok: bool
    logs: tuple[Log, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Tampered:
    """A copy of the ledger in which one bit was changed, and what the verifier says of both."""

    tenant: str
    index: int
    at: int
    before: bytes
    after: bytes
    copy: Path
    original: Verdict
    report: Verdict

    @property
    def named(self) -> bool:
        """Whether the verifier clears the original and names the entry in the copy."""
        places = [problem.where for problem in self.report.problems]
        return self.original.ok and places == [f"{self.tenant}/entry {self.index}"]

    def told(self, lang: Lang) -> dict[str, Any]:
        """Return the result for the page, in one language."""
        problems = [
            {"where": one.where, "what": one.what.say(lang)} for one in self.report.problems[:3]
        ]
        begin = max(0, self.at - 330)
        return {
            "index": self.index,
            "before": self.before[begin : begin + _SHOWN].decode("utf-8", "replace"),
            "after": self.after[begin : begin + _SHOWN].decode("utf-8", "replace"),
            "at": self.at - begin,
            "original_ok": self.original.ok,
            "problems": problems,
            "named": self.named,
            "copy": str(self.copy),
        }


def checked(path: Path, vkeys: Mapping[str, str] | None) -> Verdict:
    """Verify a database with ``hegui ledger verify``, in a process of its own.

    An inspector would do the same; and two SQLite libraries that open one file in one process,
    the gateway's and the verifier's, would undo each other's locks.
    """
    command = [sys.executable, "-P", "-c", "from hegui.cli import main; main()", "ledger", "verify"]
    command += ["--json", "--db", str(path)]
    for tenant, vkey in (vkeys or {}).items():
        command += ["--vkey", f"{tenant}={vkey}"]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own command
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return Verdict(ok=False, logs=(), problems=(_unreadable(path, done.returncode),))
    problems = tuple(Problem(one["where"], Words(one["en"], one["zh"])) for one in told["problems"])
    logs = tuple(Log(one["tenant"], one["size"], one["root"]) for one in told["logs"])
    return Verdict(ok=told["ok"] and done.returncode == 0, logs=logs, problems=problems)


def _unreadable(path: Path, code: int) -> Problem:
    return Problem(path.name, _NOT_TOLD.fill(code=code))


def flip(path: Path, tenant: str, copy: Path, vkeys: Mapping[str, str] | None) -> Tampered:
    """Copy the ledger to ``copy``, change one bit of one entry there, and verify both.

    The bit lies in the time of the tenant's last entry: someone makes it look earlier or later.
    The ledger itself is only read.
    """
    for leftover in copy.parent.glob(f"{copy.name}*"):
        leftover.unlink()
    with (
        closing(open_database(path, read_only=True)) as source,
        closing(apsw.Connection(str(copy))) as target,
    ):
        with target.backup("main", source, "main") as backup:
            backup.step()
        copy.chmod(0o600)
        index, leaf = _last(target, tenant)
        at = leaf.index(b'"t":') + 4 + 9  # the digit that stands for seconds
        after = leaf[:at] + bytes([leaf[at] ^ 1]) + leaf[at + 1 :]
        target.execute(
            "UPDATE entry SET leaf = ? WHERE tenant = ? AND idx = ?", (after, tenant, index)
        )
    original, report = checked(path, vkeys), checked(copy, vkeys)
    return Tampered(tenant, index, at, leaf, after, copy, original, report)


def _last(connection: apsw.Connection, tenant: str) -> tuple[int, bytes]:
    sql = "SELECT idx, leaf FROM entry WHERE tenant = ? ORDER BY idx DESC LIMIT 1"
    for index, leaf in connection.execute(sql, (tenant,)):
        return int(str(index)), _bytes(leaf)
    raise BadRequest(_EMPTY.fill(tenant=tenant))
