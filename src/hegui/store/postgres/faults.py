"""What an error of the driver means: who must act, and whether an entry is to blame."""

from functools import cache
from typing import NamedTuple

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


class Kinds(NamedTuple):
    """The driver's errors by what they mean.

    ``away`` are errors of the server and of the way to it: no single entry is to blame for them.
    ``lost`` are those after which nobody knows whether what was asked was done.
    ``any`` are all of the driver's, ``met`` those and the system's.
    """

    refused: tuple[type[Exception], ...]
    damage: tuple[type[Exception], ...]
    away: tuple[type[Exception], ...]
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
    every = (asyncpg.PostgresError, asyncpg.InterfaceError)
    return Kinds(refused, damage, away, lost, every, (OSError, *every), asyncpg.CannotConnectNowError)


def is_away(error: BaseException) -> bool:
    """Tell whether the server or the way to it failed, and not what was asked of it."""
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
        return _because(Corrupt(_DAMAGED.fill(why=_short(error))), error)
    if isinstance(error, kinds().refused):
        return _because(Misconfigured(_REFUSED.fill(why=_short(error))), error)
    if is_away(error):
        return _because(Unavailable(_AWAY.fill(why=_short(error))), error)
    if isinstance(error, kinds().any):
        return _because(Unavailable(_FAILED.fill(why=type(error).__name__)), error)
    return error


def _short(error: Exception) -> str:
    """Return what happened without what it happened to: a server may quote what was sent."""
    if isinstance(error, (*kinds().refused, kinds().not_yet)):
        return str(error).split("\n", 1)[0][:200]
    if isinstance(error, TimeoutError):
        return "timeout"
    return type(error).__name__


def _because(found: HeguiError, cause: Exception) -> HeguiError:
    found.__cause__ = cause
    return found
