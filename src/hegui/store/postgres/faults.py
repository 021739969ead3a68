"""What an error of the driver means: who must act, and whether an entry is to blame."""

import re
from functools import cache
from typing import Final, NamedTuple

from hegui.terms import Corrupt, HeguiError, Misconfigured, Unavailable, Words

_REFUSED = Words(
    en="The PostgreSQL server lets nobody in as [database] says: {why}. Check url and password.",
    zh="PostgreSQL 服务器拒绝按 [database] 的配置登录：{why}。请检查 url 和 password。",
)
_AWAY = Words(
    en="The PostgreSQL server cannot be reached, or does not answer: {why}. Try again shortly.",
    zh="无法连接 PostgreSQL 服务器，或服务器没有响应：{why}。请稍后再试。",
)
_DAMAGED = Words(
    en="The PostgreSQL server says that its data are damaged: {why}. Stop, and look at the server.",
    zh="PostgreSQL 服务器报告数据损坏：{why}。请停止使用并检查服务器。",
)
_FAILED = Words(
    en="The PostgreSQL server refused a record: {why}. Nothing of it was kept.",
    zh="PostgreSQL 服务器拒绝了一条记录：{why}。未保留任何部分。",
)

_WRONG: Final = re.compile(
    r"no such (?:database|user)|authentication failed|auth failed|does not exist"
)
_BUSY: Final = re.compile(
    r"no more connections|too many connections|max_\w+_conn\w*|connection limit"
    r"|server login has been failing|server login failed|query_wait_timeout|shutting down|paused"
    r"|disabled|cannot connect|connect failed|starting up|statement pooling mode"
)
"""What a pooler says when it turns somebody away. PgBouncer gives one code for nearly all of it
(08P01, protocol violation): the words are all that tells what a setting must mend from what ends by
itself. Where both stand in one message, it quotes why the server turns *it* away."""


class Kinds(NamedTuple):
    """The driver's errors by what they mean.

    ``away`` are errors of the server and of the way to it: no single entry is to blame for them.
    ``turned_away`` are those by which a pooler does that, at once or in the middle of a statement.
    ``lost`` are those after which nobody knows whether what was asked was done.
    ``any`` are all of the driver's, ``met`` those and the system's.
    """

    refused: tuple[type[Exception], ...]
    damage: tuple[type[Exception], ...]
    away: tuple[type[Exception], ...]
    turned_away: tuple[type[Exception], ...]
    lost: tuple[type[Exception], ...]
    any: tuple[type[Exception], ...]
    met: tuple[type[Exception], ...]
    not_yet: type[Exception]


@cache
def kinds() -> Kinds:
    """Return the kinds. The driver is imported with the first of them: most have no server."""
    import asyncpg

    refused = (
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidPasswordError,
        asyncpg.InvalidCatalogNameError,
        asyncpg.InsufficientPrivilegeError,
    )
    damage = (asyncpg.DataCorruptedError, asyncpg.IndexCorruptedError)
    lost = (
        OSError,  # includes TimeoutError and refused connections
        asyncpg.PostgresConnectionError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        asyncpg.OperatorInterventionError,
    )
    away = (
        *lost,
        asyncpg.InsufficientResourcesError,
        asyncpg.PostgresSystemError,
        asyncpg.TransactionRollbackError,
        asyncpg.InvalidTransactionStateError,  # a standby, or a session ended in between
        asyncpg.ObjectNotInPrerequisiteStateError,
        *refused,
        *damage,
    )
    turned_away = (asyncpg.ProtocolViolationError, asyncpg.ConnectionDoesNotExistError)
    every = (asyncpg.PostgresError, asyncpg.InterfaceError)
    met = (OSError, *every)
    not_yet = asyncpg.CannotConnectNowError
    return Kinds(refused, damage, away, turned_away, lost, every, met, not_yet)


def is_away(error: BaseException) -> bool:
    """Tell whether the server or the way to it failed, and not what was asked of it."""
    if isinstance(error, Unavailable):  # a standby, or a pooler that gives no second session
        return True
    # a value that the driver itself cannot encode is an InterfaceError and a ValueError
    return isinstance(error, kinds().away) and not isinstance(error, ValueError)


def is_lost(error: BaseException) -> bool:
    """Tell whether the session ended over what was asked of it: it may have been done, or not."""
    return isinstance(error, kinds().lost) and not isinstance(error, ValueError)


def named(error: Exception) -> Exception:
    """Return ``error`` as one of the four, where it is the driver's; the cause stays with it."""
    if isinstance(error, HeguiError):
        return error
    if isinstance(error, kinds().damage):
        return _because(Corrupt(_DAMAGED.fill(why=short(error))), error)
    if isinstance(error, kinds().refused) or _says(error, _WRONG):
        return _because(Misconfigured(_REFUSED.fill(why=short(error))), error)
    if is_away(error):
        return _because(Unavailable(_AWAY.fill(why=short(error))), error)
    if isinstance(error, kinds().any):
        return _because(Unavailable(_FAILED.fill(why=type(error).__name__)), error)
    return error


def short(error: Exception) -> str:
    """Return what happened without what it happened to: a server may quote what was sent."""
    met = (*kinds().refused, kinds().not_yet)
    if isinstance(error, met) or _says(error, _WRONG) or _says(error, _BUSY):
        return str(error).split("\n", 1)[0][:200]
    if isinstance(error, TimeoutError):
        return "timeout"
    return type(error).__name__


def _says(error: Exception, words: re.Pattern[str]) -> bool:
    """Tell whether a pooler said something of the kind."""
    return isinstance(error, kinds().turned_away) and words.search(str(error).lower()) is not None


def _because(found: HeguiError, cause: Exception) -> HeguiError:
    found.__cause__ = cause
    return found
