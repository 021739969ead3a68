"""The database as a file: SQLite's own check of its pages, trees and indexes.

It finds damage that touches no entry: in what links pages, and in tables that are not the ledger's.
"""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from hegui.ledger.verify.opening import open_to_read
from hegui.ledger.verify.ranges import PACKAGE
from hegui.ledger.verify.report import Report

_CHECK = "PRAGMA integrity_check(20)"


class Structure:
    """The check of one file's structure; ``apart``: in a process of its own, meanwhile."""

    def __init__(self, path: Path, *, apart: bool) -> None:
        self._path = path
        self._child: subprocess.Popen[bytes] | None = None
        if apart:
            command = [sys.executable, "-P", "-m", PACKAGE, "--structure", str(path)]
            self._child = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - our own module

    def tell(self, connection: sqlite3.Connection, report: Report) -> None:
        """Name what is wrong; waits for it, or does it now."""
        for line in self._from_child() or _lines(connection):
            if line != "ok":
                report.problem(
                    self._path.name,
                    f"is damaged as a database: {line}",
                    f"数据库文件结构已损坏：{line}",
                )

    def stop(self) -> None:
        """End the child, if it still runs: nobody asks for its result."""
        if self._child is not None and self._child.returncode is None:
            self._child.kill()
            self._child.communicate()

    def _from_child(self) -> list[str]:
        if self._child is None:
            return []
        output, _ = self._child.communicate()
        try:
            return [str(line) for line in json.loads(output)]
        except ValueError:
            return []


def _lines(connection: sqlite3.Connection) -> list[str]:
    return [" ".join(str(line).split()) for (line,) in connection.execute(_CHECK)]


def print_structure(words: list[str]) -> int:
    """Do what a child process is asked for: print SQLite's findings."""
    try:
        with closing(open_to_read(Path(words[0]))) as connection:
            sys.stdout.write(json.dumps(_lines(connection)))
    except (sqlite3.Error, OSError, UnicodeError):
        return 2
    return 0
