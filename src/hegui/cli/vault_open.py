"""``hegui vault open``: a person reads kept content, on record."""

import sys
from pathlib import Path

import click

from hegui.cli.fresh import write_fresh
from hegui.cli.shared import SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, Command, option, say
from hegui.cli.vault_shared import BY_OPTION, require_database, upkeep_of, vault_of
from hegui.terms import BadRequest, Words
from hegui.terms.visible import visible_page

_NO_NUMBER = Words(
    "{number} is not an evidence number. It looks like HG-01ARZ3NDEK-TSV4RRFF-Q69G5FAV; an "
    "appeal's begins with AP.",
    "{number} 不是证据编号，应形如 HG-01ARZ3NDEK-TSV4RRFF-Q69G5FAV；申诉编号以 AP 开头。",
)
_NO_LOG = Words(
    "No log holds {number}. Check it, or say --tenant.",
    "任何账本中都没有 {number}。请核对编号，或用 --tenant 指定租户。",
)
_THERE = Words(
    "{path} is there already; it is not overwritten, and nothing was opened",
    "{path} 已存在，不会覆盖；内容没有打开",
)
_ESCAPED = Words(
    "The content holds control characters, shown as escapes (\\x1b, \\u202e), so that the terminal "
    "obeys none of them. For the exact bytes: --output FILE, or a pipe.",
    "内容含控制字符，已以转义形式显示（\\x1b、\\u202e），以免终端执行。"
    "如需原始字节，请用 --output FILE 或管道。",
)


@click.command(
    "open",
    cls=Command,
    words=Words(
        "Print kept content: PART is prompt, reply or appeal. That it was opened, by whom and what "
        "for goes on record first. Content of a person who asked for erasure is refused, unless "
        "two different persons name a legal basis (break-glass): the permission covers this part "
        "of this exchange, ends after --minutes, and has a record of its own. A terminal is shown "
        "control characters as escapes; a pipe and --output get the exact bytes.",
        "输出留存的内容；PART 为 prompt、reply 或 appeal。由谁、为何打开会先记录在案。"
        "已要求删除的人的内容拒绝打开，除非由两个不同的人写明法律依据（应急打开）："
        "许可仅限这次交互的这一部分，到 --minutes 为止，并另行记录。"
        "终端上的控制字符以转义形式显示；管道和 --output 得到原始字节。",
    ),
    examples=Words(
        "hegui vault open HG-01ARZ3NDEK-TSV4RRFF-Q69G5FAV prompt --by 'staff 7' "
        "--purpose 'answering appeal AP-…'\n"
        "hegui vault open AP-01ARZ3NDEKTSV4RRFFQ69G5FAV appeal --by 'staff 7' --and 'staff 9' "
        "--basis 'Interim Measures, Art. 14' --purpose 'report to the department' --minutes 30",
        "hegui vault open HG-01ARZ3NDEK-TSV4RRFF-Q69G5FAV prompt --by 工号7 "
        "--purpose '处理申诉 AP-…'\n"
        "hegui vault open AP-01ARZ3NDEKTSV4RRFFQ69G5FAV appeal --by 工号7 --and 工号9 "
        "--basis 《暂行办法》第十四条 --purpose 向主管部门报告 --minutes 30",
    ),
)
@SETTINGS_OPTION
@click.argument("exchange", metavar="EXCHANGE")
@click.argument("part", metavar="PART")
@option(
    "--tenant",
    default="",
    words=Words("whose log it is in; looked for when left out", "所在租户的账本；省略时自动查找"),
)
@BY_OPTION
@option("--purpose", required=True, words=Words("what for, in a few words", "目的，简要写明"))
@option("--basis", default="", words=Words("the legal basis of break-glass", "应急打开的法律依据"))
@option(
    "--and",
    "other",
    default="",
    metavar="WHO",
    words=Words("the second person of break-glass", "应急打开的第二人"),
)
@option(
    "--minutes",
    type=int,
    default=60,
    words=Words("how long the permission lasts (60)", "许可的有效分钟数（默认 60）"),
)
@option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words(
        "a new file for the exact bytes, which nobody else may read, instead of printing them",
        "将原始字节写入新文件（仅本人可读），不在屏幕输出",
    ),
)
def open_content(  # noqa: PLR0913 - one parameter for each option
    config: Path,
    exchange: str,
    part: str,
    *,
    tenant: str,
    by: str,
    purpose: str,
    basis: str,
    other: str,
    minutes: int,
    output: Path | None,
) -> int:
    """Print kept content, or write it to a file."""
    from hegui.app.parts import place_of
    from hegui.ledger.finding import tenant_of
    from hegui.vault.opening import Permission
    from hegui.vault.vault import Place

    settings = read_settings(config)
    require_database(settings)
    number = _number(exchange)
    where = tenant or tenant_of(place_of(settings), number)
    if not where:
        raise BadRequest(_NO_LOG.fill(number=exchange), param="exchange")
    if output is not None and output.exists():  # before anything is on record
        raise BadRequest(_THERE.fill(path=output), param="output")
    permission = Permission(basis, other, minutes) if basis or other else None
    with upkeep_of(settings) as upkeep, vault_of(settings) as vault:
        place = Place(where, number, part)
        content = upkeep.opening(vault).open(place, by, purpose, permission)
    if output is not None:
        write_fresh(output, content, "output", mode=0o600)
    elif sys.stdout.isatty():
        _show(content)
    else:
        click.echo(content)
    return CLEAN


def _show(content: bytes) -> None:
    text = content.decode(errors="backslashreplace")
    safe = visible_page(text)
    click.echo(safe)
    if safe.encode() != content:
        say(_ESCAPED, err=True)


def _number(said: str) -> str:
    from hegui.gateway.evidence import exchange_of

    number = exchange_of(said.strip().upper().removeprefix("AP-"))
    if number is None:
        raise BadRequest(_NO_NUMBER.fill(number=said[:60]), param="exchange")
    return number
