"""The verifier: says whether a ledger holds together, without trusting the code that wrote it.

Needs the tree arithmetic, the standard library and ``cryptography``; reads the file by itself.
What it cannot prove, it names.

``python -m hegui.ledger.verify DB [TENANT=VKEY ...]`` prints the report as JSON and ends with 0
(clean), 1 (something does not hold together) or 2 (could not tell).
"""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from hegui.ledger.attested import Found, Outside
from hegui.ledger.attested import check as check_outside
from hegui.ledger.verify.logs import LogCheck, Means, Stored
from hegui.ledger.verify.opening import open_here, open_to_read
from hegui.ledger.verify.ranges import WORTH, processors
from hegui.ledger.verify.report import (
    NO_MORE,
    LogReport,
    NotProven,
    Problem,
    Report,
)
from hegui.ledger.verify.second import Second, read_heads
from hegui.ledger.verify.structure import Structure

__all__ = ["LogReport", "NotProven", "Problem", "Report", "verify"]


def _silent(_done: int, _total: int) -> None:
    pass


def verify(
    path: Path,
    vkeys: Mapping[str, str] | None = None,
    *,
    heads: Path | None = None,
    jobs: int | None = None,
    progress: Callable[[int, int], None] = _silent,
    outside: Outside | None = None,
) -> Report:
    """Check every log in the database at ``path``. Never raises for what the file holds.

    ``vkeys`` gives the verifier key of each tenant, obtained from elsewhere; without one, the
    signature of that log's head is not checked, and the report says so. ``heads`` is the folder of
    the second place, if it is at hand. ``jobs`` processes share the work (all processors);
    ``progress`` is told how many entries of how many have been checked. ``outside`` names the
    witnesses and time-stamping authorities that the reader trusts.
    """
    report = Report(not_proven=[NO_MORE])
    if open_here(path):
        report.problem(
            path.name,
            "is open in this process, and was not touched: verify it in a process of its own",
            "已在本进程中打开，因此未作检查：请在独立进程中核验",
        )
        return report
    try:
        connection = open_to_read(path)
    except (sqlite3.Error, OSError, UnicodeError) as error:
        report.problem(path.name, f"cannot be opened: {error}", f"无法打开：{error}")
        return report
    seconds = read_heads(heads, report) if heads is not None else None
    try:
        connection.execute("BEGIN")
        _Check(path, connection, report, progress).run(vkeys or {}, seconds, jobs or processors())
        _add(check_outside(connection, outside or Outside()), report)
    except (sqlite3.Error, OverflowError, TypeError, UnicodeError) as error:
        report.problem(
            path.name,
            f"is damaged as a database, the check ended here: {error}",
            f"数据库文件已损坏，检查在此中止：{error}",
        )
    finally:
        connection.close()
    return report


def _add(found: Found, report: Report) -> None:
    """Add to the report what others say of the logs."""
    for problem in found.problems:
        report.problem(*problem)
    report.proven += [NotProven(*said) for said in found.proven]
    report.not_proven[:0] = [NotProven(*said) for said in found.not_proven]


class _Check:
    """The check of all logs in one database."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        report: Report,
        progress: Callable[[int, int], None],
    ) -> None:
        self._path = path
        self._connection = connection
        self._report = report
        self._progress = progress
        self._done = self._total = 0

    def run(self, vkeys: Mapping[str, str], seconds: list[Second] | None, jobs: int) -> None:
        """Check each log, and what belongs to none."""
        connection, report = self._connection, self._report
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        if not {"log", "entry"} <= tables:
            report.problem("log", "this database holds no ledger", "此数据库中没有账本")
            return
        rows = connection.execute(
            "SELECT tenant, origin, size, frontier, checkpoint FROM log ORDER BY tenant"
        ).fetchall()
        self._total = sum(row[2] for row in rows if isinstance(row[2], int))
        structure = Structure(self._path, apart=jobs > 1 and self._total >= WORTH)
        try:
            self._check_logs(rows, vkeys, seconds, jobs)
            structure.tell(connection, report)
        finally:
            structure.stop()

    def _check_logs(
        self,
        rows: list[tuple[object, ...]],
        vkeys: Mapping[str, str],
        seconds: list[Second] | None,
        jobs: int,
    ) -> None:
        report = self._report
        for row in rows:
            tenant = str(row[0])
            means = Means(self._path, vkeys.get(tenant), seconds, jobs, self._more)
            stored = Stored(str(row[1]), row[2], row[3], str(row[4]))
            LogCheck(self._connection, report, tenant, means).run(stored)
        self._check_strangers({str(row[0]) for row in rows}, vkeys)
        origins = {str(row[1]) for row in rows}
        for second in seconds or ():
            if second.claim.origin not in origins:
                report.problem(
                    second.name,
                    f"a head of {second.claim.origin} was signed, and that log is not here",
                    f"曾为 {second.claim.origin} 签名，但此处没有该账本",
                )

    def _more(self, done: int) -> None:
        self._done += done
        self._progress(self._done, self._total)

    def _check_strangers(self, heads: set[str], vkeys: Mapping[str, str]) -> None:
        for tenant in sorted(self._owners() - heads):
            self._report.problem(
                tenant, "entries of a log that has no head", "存在属于该租户的记录，但没有账本的头"
            )
        for tenant in sorted(set(vkeys) - heads):
            self._report.problem(
                tenant,
                "a key was given for a log that is not here",
                "给出了公钥，但此处没有该账本",
            )

    def _owners(self) -> set[str]:
        """Return the tenants that have entries: one step of the index each, not one per entry."""
        owners: set[str] = set()
        row = self._connection.execute("SELECT min(tenant) FROM entry").fetchone()
        while row is not None and row[0] is not None:
            owners.add(str(row[0]))
            row = self._connection.execute(
                "SELECT min(tenant) FROM entry WHERE tenant > ?", (row[0],)
            ).fetchone()
        return owners
