"""What the duty commands share: whose board, as of when, and the work of making it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hegui.cli.progress import entries_checked
from hegui.cli.shared import read_settings
from hegui.cli.speech import option
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.filing.board import Board

F = TypeVar("F", bound=Callable[..., Any])
_DAY_MS = 86_400_000
_LONGEST_TENANT = 200
_NO_TENANT = Words(
    "--tenant is a name of 1 to 200 characters, without line breaks or control characters",
    "--tenant 应为 1 至 200 个字符的名称，不含换行和控制字符",
)

_NO_TIME = Words(
    "--as-of is a day such as 2026-11-28 (its end in Asia/Shanghai), or a time such as "
    "2026-11-28T03:00:00Z",
    "--as-of 应为日期，如 2026-11-28（以北京时间当日结束为准），或时间，如 2026-11-28T03:00:00Z",
)
_AHEAD = Words("--as-of lies ahead of this machine's clock", "--as-of 晚于本机时钟")


def _tenant(_context: click.Context, _option: click.Parameter, said: str) -> str:
    """Refuse what can be the name of no tenant."""
    if not said or len(said) > _LONGEST_TENANT or not said.isprintable():
        raise BadRequest(_NO_TENANT, param="tenant")
    return said


TENANT = option(
    "--tenant",
    default="default",
    callback=_tenant,
    metavar="NAME",
    words=Words("whose log (default)", "哪个租户的账本（默认 default）"),
)
AS_OF = option(
    "--as-of",
    "as_of",
    default="",
    metavar="T",
    words=Words("a day or time of the past (now)", "过去的日期或时间（默认现在）"),
)


def time_of_day_end(said: str) -> int | None:
    """Return when a day in Asia/Shanghai ends, as UTC ms; None where it is no day."""
    from hegui.filing.telling import BEIJING

    try:
        start = datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=BEIJING)
    except ValueError:
        return None
    return round(start.timestamp() * 1_000) + _DAY_MS  # a day of the year 9999 ends, too


def time_of(said: str) -> int | None:
    """Return a time as UTC ms; None where none was said. One that lies ahead is refused."""
    from hegui.app import parts

    if not said:
        return None
    end = time_of_day_end(said)
    if end is not None:
        at_ms = end - 1
    else:
        try:
            at = datetime.fromisoformat(said)
            at_ms = round(at.timestamp() * 1_000) if at.tzinfo is not None else -1
        except (ValueError, OverflowError):
            at_ms = -1
    if at_ms < 0:
        raise BadRequest(_NO_TIME, param="as-of")
    if at_ms > parts.now():
        raise BadRequest(_AHEAD, param="as-of")
    return at_ms


def board_of(
    config: Path, tenant: str, as_of: str = "", size: int | None = None, *, verify: bool = False
) -> "Board":
    """Return the board that was asked for; long work shows on standard error."""
    from hegui.app.duties import Asked, Duties, given_of

    settings = read_settings(config)
    asked = Asked(tenant, time_of(as_of), size)
    with entries_checked() as progress:
        duties = Duties(settings, given_of(settings), progress)
        return duties.verified(asked) if verify else duties.board(asked)
