"""Telling whether a pooler stands between us and the server, and whether it shares sessions.

An advisory lock, a prepared statement and a ``SET`` belong to a session. A pooler that gives each
transaction another session (PgBouncer's ``transaction`` and ``statement`` modes) breaks all three:
two sequencers would both believe that they hold the lock. No setting of ours can mend that.

Who greets us tells a process number, and the server tells its own: where they differ, somebody is
in between. Then a second session is begun: if both meet the same server process while both are
open, processes are shared.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from hegui.store.postgres.faults import is_lost, kinds, named, short
from hegui.terms import Misconfigured, Unavailable, Words

_STATEMENT_MODE: Final = "statement pooling mode"  # PgBouncer's words; it ends the session, too
_ROUNDS: Final = 3
_PID: Final = "SELECT pg_backend_pid()"

_SHARED = Words(
    en="The address in [database] leads to a pooler that shares sessions (PgBouncer's transaction"
    " or statement mode). The lock that keeps the ledger in one piece would not hold. Connect to"
    " the server itself, or set pool_mode = session for this database.",
    zh="[database] 的地址指向会共用会话的连接池（PgBouncer 的 transaction 或 statement 模式）。"
    "保证账本只有一份的锁在那里不起作用。请直接连接数据库服务器，"
    "或为该数据库设置 pool_mode = session。",
)
_NARROW = Words(
    en="The pooler in front of the PostgreSQL server gives no second session just now ({why}). Try"
    " again shortly. If it stays so, connect to the server itself, or let the pool grow: each"
    " gateway needs eight.",
    zh="PostgreSQL 前面的连接池目前不给第二个会话（{why}）。请稍后再试；如果一直如此，"
    "请直接连接数据库服务器，或扩大连接池：每个网关需要八个会话。",
)


async def refuse_shared_sessions(connect: Callable[[], Awaitable[Any]], first: Any) -> None:
    """Raise ``Misconfigured`` where two open sessions meet one server process.

    ``Unavailable`` where a second one is not to be had, or the first ends, so that nobody can tell:
    a pool that is full just now looks like one that is too small.
    """
    try:
        await first.execute("BEGIN", timeout=4)  # statement mode takes no transaction at all
        await first.execute("ROLLBACK", timeout=4)
    except kinds().met as error:
        if is_lost(error) and _STATEMENT_MODE not in str(error):
            raise
        raise Misconfigured(_SHARED) from error
    try:
        second = await connect()
    except kinds().met as error:
        raise _none(error) from error
    try:
        for _ in range(_ROUNDS):
            if await _meet(first, second) or await _meet(second, first):
                raise Misconfigured(_SHARED)
    except kinds().met as error:
        raise _none(error) from error
    finally:
        with suppress(Exception):
            await second.close(timeout=2)
        second.terminate()


def _none(error: Exception) -> Exception:
    """Return why there is no second session, as one of the four."""
    found = named(error)
    return Unavailable(_NARROW.fill(why=short(error))) if isinstance(found, Unavailable) else found


async def _meet(idle: Any, busy: Any) -> bool:
    """Tell whether the process that served ``idle`` serves ``busy``, or is another one afterwards.

    Both are kept open; between the questions one of them is inside a transaction.
    """
    before = await idle.fetchval(_PID, timeout=4)
    await busy.execute("BEGIN", timeout=4)
    try:
        held = await busy.fetchval(_PID, timeout=4)
        after = before if held == before else await idle.fetchval(_PID, timeout=4)
    finally:
        await busy.execute("ROLLBACK", timeout=4)
    return bool(held == before or after != before)
