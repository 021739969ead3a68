"""A PostgreSQL server as the settings name it: how sessions with it begin."""

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hegui.settings.secret import Secret
from hegui.store.postgres.faults import named
from hegui.store.postgres.lane import Lane
from hegui.store.postgres.migrating import migrate
from hegui.store.postgres.pooler import refuse_shared_sessions
from hegui.store.postgres.schema import SCHEMA
from hegui.terms import Misconfigured, Unavailable, Words

if TYPE_CHECKING:
    import asyncpg

Session: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

CONNECT_SECONDS: Final = 4.0
_CLOSE_SECONDS: Final = 2.0
_OLDEST: Final = 15

_TOO_OLD = Words(
    en="The PostgreSQL server has version {found}; hegui needs {oldest} or newer.",
    zh="PostgreSQL 服务器的版本是 {found}；hegui 需要 {oldest} 或更新的版本。",
)
_ENCODING = Words(
    en="The database on the PostgreSQL server is encoded in {found}. Make one with"
    " ENCODING 'UTF8'.",
    zh="PostgreSQL 数据库的编码是 {found}。请用 ENCODING 'UTF8' 新建数据库。",
)
_NOT_DURABLE = Words(
    en="The PostgreSQL server runs with fsync or full_page_writes off: what it acknowledges does"
    " not survive a power cut. Switch both on.",
    zh="PostgreSQL 服务器关闭了 fsync 或 full_page_writes：断电后已确认的记录会丢失。"
    "请打开这两项。",
)
_STANDBY = Words(
    en="The PostgreSQL server is a standby and takes nothing in. Connect to the primary.",
    zh="该 PostgreSQL 服务器是备库，不能写入。请连接主库。",
)

_FACTS: Final = """
SELECT pg_backend_pid() AS pid, current_setting('server_version_num')::int AS version,
  current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync,
  current_setting('full_page_writes') AS pages, pg_is_in_recovery() AS standby,
  current_setting('synchronous_commit') AS commits
"""
_WEAK_COMMITS: Final = frozenset({"off", "local"})


@dataclass(eq=False)
class Server:
    """Where the database is, when it is not a file. One object for a whole process.

    ``patience`` is for how many seconds what was read from it may be gone on with while it is away.
    ``away`` is what those who look at it all the time found last: who must not wait asks that.
    """

    url: str
    password: Secret = field(default=Secret(), repr=False)
    patience: float = 5.0
    away: bool = field(default=False, repr=False)
    lane: Lane = field(default_factory=Lane, repr=False)
    _ready: bool = field(default=False, repr=False)
    _gate: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __str__(self) -> str:
        """Return the address; it holds no password."""
        return self.url

    def prepare(self) -> None:
        """Look at the server and bring its tables up to date, once per process.

        ``Misconfigured`` where it is too old, not durable, or behind a pooler that shares sessions;
        ``Unavailable`` where it does not answer.
        """
        with self._gate:
            if not self._ready:
                self.lane.run(self._prepare(), 60.0)
                self._ready = True

    def look(self) -> None:
        """Begin and end a session, and change nothing. Errors as ``prepare`` has them."""
        self.lane.enter()
        try:
            self.lane.run(self._greet(), 4 * CONNECT_SECONDS)
        except Exception as error:
            raise named(error) from error
        finally:
            self.lane.leave()

    async def _greet(self) -> None:
        await end(await self.connect())

    async def connect(self) -> Session:
        """Begin a session. What the server must be is looked at each time: it may be another."""
        import asyncpg  # most services have no server

        session: Session = await asyncpg.connect(
            self.url,
            password=self.password.reveal() or None,
            timeout=CONNECT_SECONDS,
            statement_cache_size=200,
            server_settings={"application_name": "hegui"},
        )
        try:
            await self._look_at(session)
        except BaseException:
            await end(session)
            raise
        return session

    async def _prepare(self) -> None:
        session = await self.connect()
        try:
            await migrate(session, str(self))
        finally:
            await end(session)

    async def _look_at(self, session: Session) -> None:
        facts = await session.fetchrow(_FACTS)
        assert facts is not None
        if facts["version"] < _OLDEST * 10_000:
            found = facts["version"] // 10_000
            raise Misconfigured(_TOO_OLD.fill(found=found, oldest=_OLDEST))
        if facts["encoding"] != "UTF8":
            raise Misconfigured(_ENCODING.fill(found=facts["encoding"]))
        if "off" in {facts["fsync"], facts["pages"]}:
            raise Misconfigured(_NOT_DURABLE)
        if facts["standby"]:
            raise Unavailable(_STANDBY)
        if facts["pid"] != session.get_server_pid():
            # what answered our greeting is not what answers our questions
            await refuse_shared_sessions(self._bare, session)
        commits = "on" if facts["commits"] in _WEAK_COMMITS else facts["commits"]
        await session.execute(
            f"SET search_path = {SCHEMA}, pg_temp; SET synchronous_commit = {commits};"
            " SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1;"
            " SET tcp_keepalives_count = 2; SET timezone = 'UTC'"
        )

    async def _bare(self) -> Any:
        import asyncpg

        return await asyncpg.connect(
            self.url, password=self.password.reveal() or None, timeout=CONNECT_SECONDS
        )


async def end(session: Session) -> None:
    """End a session, whatever has become of it."""
    if session.is_closed():
        return
    with suppress(Exception):
        await asyncio.wait_for(session.close(timeout=_CLOSE_SECONDS), _CLOSE_SECONDS)
    session.terminate()
