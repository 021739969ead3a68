"""Opening a database to look at it, and changing nothing."""

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote


def open_here(path: Path) -> bool:
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


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the database at ``path`` for reading; raises what SQLite or the system says."""
    with path.open("rb") as file:  # a missing file is told from a broken one
        file.read(1)
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    try:
        return _connect(address)
    except sqlite3.OperationalError:
        # a copy on a medium that cannot be written: nobody else can change it either
        return _connect(address + "&immutable=1")


def _connect(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, isolation_level=None)
    try:
        connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except (sqlite3.Error, UnicodeError):
        connection.close()
        raise
    # a damaged text must reach the check as it is, not end it
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    return connection


def as_bytes(cell: object) -> bytes:
    """Return a cell that should be bytes; in a damaged file it may be anything."""
    return cell if isinstance(cell, bytes) else b""
