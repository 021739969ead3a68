"""``hegui media``: labelled media that were given out by address, and calling them back."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click

from hegui.cli.columns import table
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import (
    CLEAN,
    COULD_NOT_TELL,
    Command,
    Family,
    lang_of,
    option,
    say,
    say_json,
    say_lines,
)
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.settings import Settings
    from hegui.shelf.book import Medium
    from hegui.shelf.shelf import Shelf

T = TypeVar("T")

_MOST_REASON: Final = 500
_MOST_NAME: Final = 200


@click.group(
    "media",
    cls=Family,
    words=Words(
        "List labelled pictures and films that were given out by an address of ours, and withdraw "
        "them.",
        "查看以本服务地址提供的已标识图片和视频，以及撤回它们。",
    ),
    examples=Words(
        "hegui media list\nhegui media withdraw M-0f1e… --reason 'complaint 17' --by reviewer-3",
        "hegui media list\nhegui media withdraw M-0f1e… --reason '投诉 17' --by reviewer-3",
    ),
)
def media() -> None:
    """Labelled media that were given out by address."""


@media.command(
    "list",
    cls=Command,
    words=Words(
        "List what is kept, the newest first, at most 1,000. The addresses themselves are not "
        "shown: whoever has one gets the file.",
        "列出保存的文件，最新的在前，最多 1000 个。不显示地址本身：任何人凭地址即可取得文件。",
    ),
    examples=Words(
        "hegui media list --all\nhegui media list --json",
        "hegui media list --all\nhegui media list --json",
    ),
)
@SETTINGS_OPTION
@option(
    "--all",
    "ended",
    is_flag=True,
    words=Words(
        "also what was withdrawn or has expired within the last thirty days",
        "也列出近三十天内撤回或到期的",
    ),
)
@JSON_OPTION
def list_media(config: Path, *, ended: bool, as_json: bool) -> int:
    """List what is kept."""
    from hegui.app import parts
    from hegui.store import exists

    settings = read_settings(config)
    found: list[Medium] = []
    if exists(parts.place_of(settings)):
        found = _on_shelf(settings, lambda shelf: shelf.book.listing(ended=ended))
    if as_json:
        say_json([_row(one) for one in found])
        return CLEAN
    if not found:
        say(Words("Nothing is kept.", "没有保存的文件。"))
        return CLEAN
    lang = lang_of()
    rows = [[words.say(lang) for words in _HEADING]]
    for one in found:
        state = _STATES.get(one.cause, _STATES[""]).say(lang)
        size = f"{one.size:,}"
        rows.append([one.id, one.mime, size, state, _moment(one.stored), _moment(one.expires)])
    say_lines(table(rows, indent=0))
    return CLEAN


@media.command(
    "withdraw",
    cls=Command,
    words=Words(
        "Withdraw a file (M-…), or all files of an exchange by its evidence number (HG-…): the "
        "addresses lead nowhere from then on, the bytes are deleted, and it is on record. What "
        "somebody has fetched already stays theirs.",
        "撤回一个文件（M-…），或按证据编号（HG-…）撤回一次请求的全部文件：地址立即失效，"
        "文件删除，并记录在案。他人已经取走的文件无法收回。",
    ),
    examples=Words(
        "hegui media withdraw M-0f1e… --reason 'complaint 17' --by reviewer-3",
        "hegui media withdraw M-0f1e… --reason '投诉 17' --by reviewer-3",
    ),
)
@SETTINGS_OPTION
@click.argument("number", metavar="NUMBER")
@option(
    "--reason",
    required=True,
    words=Words(
        "why, in short; it goes on record for good: no content, no names",
        "撤回理由，从简；会永久记录在案，请勿写入内容和姓名",
    ),
)
@option(
    "--by",
    default="",
    metavar="WHO",
    words=Words("who decided it, by a role or number", "由谁决定，填岗位或工号"),
)
@JSON_OPTION
def withdraw(config: Path, number: str, reason: str, by: str, *, as_json: bool) -> int:
    """Withdraw a file, or all files of an exchange."""
    from hegui.app import parts
    from hegui.gateway.evidence import exchange_of
    from hegui.store import exists

    settings = read_settings(config)
    if not reason.strip() or len(reason) > _MOST_REASON or len(by) > _MOST_NAME:
        raise BadRequest(_LONG.fill(most=_MOST_REASON, name=_MOST_NAME), param="reason")
    if not exists(parts.place_of(settings)):
        say(
            Words(
                "There is no database yet. It is made when the service first starts.",
                "还没有数据库。服务首次启动时会自动创建。",
            ),
            err=True,
        )
        return COULD_NOT_TELL
    wanted = number if number.startswith("M-") else exchange_of(number) or number
    closed = _on_shelf(settings, lambda shelf: shelf.withdraw(wanted, by, reason.strip()))
    if as_json:
        say_json([one.id for one in closed])
    elif closed:
        for one in closed:
            say(Words("{id} is withdrawn.", "{id} 已撤回。").fill(id=one.id))
    else:
        say(Words("It had ended before.", "此前已失效。"))
    return CLEAN


def _on_shelf(settings: "Settings", work: "Callable[[Shelf], Awaitable[T]]") -> T:
    """Open the shelf, work on it, and close it again."""
    from hegui.app import parts
    from hegui.app.shelf import close, open_shelf

    ledger = parts.open_ledger(settings)

    async def done() -> T:
        shelf = open_shelf(settings, ledger, parts.now)
        try:
            return await work(shelf)
        finally:
            await close(shelf)

    try:
        return asyncio.run(done())
    finally:
        ledger.close()


def _row(one: "Medium") -> dict[str, str | int | None]:
    names = ("id", "tenant", "exchange", "mime", "size", "digest", "stored", "expires", "ended")
    return {**{name: getattr(one, name) for name in names}, "cause": one.cause}


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1_000, UTC).strftime("%Y-%m-%d %H:%M")


_HEADING: Final = (
    Words("number", "编号"),
    Words("type", "类型"),
    Words("bytes", "字节"),
    Words("state", "状态"),
    Words("kept (UTC)", "存入（UTC）"),
    Words("until (UTC)", "到期（UTC）"),
)
_STATES: Final = {
    "": Words("open", "有效"),
    "expired": Words("expired", "已到期"),
    "withdrawn": Words("withdrawn", "已撤回"),
    "erased": Words("erased", "已删除"),
    "superseded": Words("superseded", "已被取代"),
}
_LONG: Final = Words(
    "--reason is 1 to {most} characters, --by at most {name}",
    "--reason 应为 1 至 {most} 个字符，--by 不超过 {name} 个",
)
