"""Connections: how every room opens the one database file."""

import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import apsw

from hegui.settings.plain_files import reason
from hegui.store.schema import APPLICATION_ID, SERVICE, Schema
from hegui.terms import Corrupt, Misconfigured, Unavailable, Words

BUSY_MS = 10_000
"""How long a connection waits for another process's transaction before it gives up."""

_WAL_SECONDS = 0.01

_opening = Lock()
"""Held while a file is made. A database that may be in use is never opened other than by SQLite:
closing any descriptor of it drops every POSIX lock that this process holds on it."""

_NO_FILE = Words(
    en="There is no database at {path}. It is made when the service first starts.",
    zh="{path} 处没有数据库。服务首次启动时会自动创建。",
)
_OPEN_MODE = Words(
    en="{path} can be read by other users (mode {mode}). Run: chmod 600 {path}",
    zh="其他用户可以读取 {path}（权限 {mode}）。请运行：chmod 600 {path}",
)
_NOT_OURS = Words(
    en="{path} is a database of another program. Point data_dir elsewhere.",
    zh="{path} 是其他程序的数据库。请将 data_dir 指向别处。",
)
_NEWER = Words(
    en="{path} has format {found}; this hegui knows formats up to {known}. Install a newer hegui.",
    zh="{path} 的格式版本为 {found}，当前 hegui 最高只支持 {known}。请安装更新的 hegui。",
)
_OLDER = Words(
    en="{path} has format {found} and is opened for reading only. Start hegui serve"
    " once: it brings the file up to date.",
    zh="{path} 的格式版本为 {found}，且以只读方式打开。请先运行一次 hegui serve，它会升级该文件。",
)
_BROKEN = Words(
    en="{path} is not a whole database: {why}. Keep the file, and restore a backup elsewhere.",
    zh="{path} 不是完整的数据库：{why}。请保留原文件，并在别处恢复备份。",
)
_CANNOT = Words(
    en="{path} cannot be opened: {why}.",
    zh="无法打开 {path}：{why}。",
)


def open_database(
    path: Path, *, read_only: bool = False, schema: Schema = SERVICE
) -> apsw.Connection:
    """Open the database at ``path``: made with mode 0600 where there is none, migrated if older.

    WAL, ``synchronous=FULL`` (what is acknowledged survives a power cut), foreign keys, and
    ``secure_delete`` (deleted rows are overwritten: PIPL Art. 47). A newer format, a foreign file
    or an open mode is ``Misconfigured``; a damaged file is ``Corrupt``; a busy one ``Unavailable``.
    """
    with _opening:
        _prepare_file(path, read_only=read_only)
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE
    try:
        connection = apsw.Connection(str(path), flags=flags)
        try:
            _configure(connection, read_only=read_only)
            migrate(
                connection,
                path,
                schema.migrations,
                read_only=read_only,
                application_id=schema.application_id,
            )
        except BaseException:
            connection.close()
            raise
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise Corrupt(_BROKEN.fill(path=path, why=error)) from error
    except apsw.Error as error:
        raise Unavailable(_CANNOT.fill(path=path, why=error)) from error
    return connection


def _prepare_file(path: Path, *, read_only: bool) -> None:
    try:
        if not read_only and not path.exists():
            # made here and not by SQLite, which follows the umask; -wal and -shm copy this mode
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError as error:
        raise Misconfigured(_NO_FILE.fill(path=path)) from error
    except OSError as error:
        raise Misconfigured(_CANNOT.fill(path=path, why=reason(error))) from error
    if mode & 0o077:
        raise Misconfigured(_OPEN_MODE.fill(path=path, mode=f"{mode:04o}"))


def _configure(connection: apsw.Connection, *, read_only: bool) -> None:
    connection.set_busy_timeout(BUSY_MS)
    if not read_only:
        _into_wal(connection)
    for name, value in (("synchronous", "FULL"), ("foreign_keys", "ON"), ("secure_delete", "ON")):
        connection.pragma(name, value)
    # Else SQLite plans a statement anew each time that a value is bound to it, where an index holds
    # only some rows: that took half of the time in which a person is looked up.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)


def _into_wal(connection: apsw.Connection) -> None:
    """Set the write-ahead log, however many processes open the new file at once.

    SQLite refuses that change at once, without waiting, while another process is making it.
    """
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.pragma("journal_mode", "wal")
        except apsw.BusyError:
            if time.monotonic() > until:
                raise
            time.sleep(_WAL_SECONDS)
        else:
            return


def migrate(
    connection: apsw.Connection,
    path: Path,
    migrations: Sequence[str],
    *,
    read_only: bool = False,
    application_id: int = APPLICATION_ID,
) -> None:
    """Bring the database to ``len(migrations)``, one transaction for all steps."""
    known = len(migrations)
    found = _version(connection, path, application_id)
    if found < known and read_only:
        raise Misconfigured(_OLDER.fill(path=path, found=found))
    if found < known:
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = _version(
                connection, path, application_id
            )  # another process may have been quicker
            for step in migrations[found:]:
                connection.execute(step)
            connection.execute("CREATE TABLE IF NOT EXISTS schema_version (v INTEGER) STRICT")
            connection.execute("DELETE FROM schema_version")
            connection.execute("INSERT INTO schema_version VALUES (?)", (max(found, known),))
            connection.execute(f"PRAGMA application_id = {application_id}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    if found > known:
        raise Misconfigured(_NEWER.fill(path=path, found=found, known=known))


def _version(connection: apsw.Connection, path: Path, application_id: int) -> int:
    application = connection.pragma("application_id")
    if application == application_id:
        row = connection.execute("SELECT max(v) FROM schema_version").get
        return int(row) if isinstance(row, int) else 0
    if application or connection.execute("SELECT count(*) FROM sqlite_schema").get:
        raise Misconfigured(_NOT_OURS.fill(path=path))
    return 0
