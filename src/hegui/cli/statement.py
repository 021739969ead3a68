"""``hegui statement``: what a provider must tell the public, drafted, published and withdrawn."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from hegui.cli.fresh import write_fresh
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, FINDINGS, Family, command, option, say, say_json
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.filing.statements import Version

_UNREAD = Words("{path} cannot be read: {why}", "无法读取 {path}：{why}")
_DRAFTED = Words(
    "{path} is a draft: fill in every 〔待填〕. Then: hegui statement publish {path}",
    "已生成草稿 {path}：请填写所有〔待填〕之处，然后运行 hegui statement publish {path}",
)
_DONE = Words(
    "{kind} version {version} is published: ledger entry {index}, SHA-256 {digest}. It is shown at "
    "/about/{kind}/{version}.",
    "{kind} 第 {version} 版已公布：账本第 {index} 条，SHA-256 {digest}。"
    "展示于 /about/{kind}/{version}。",
)
_GONE = Words(
    "{kind} version {version} is withdrawn; it stays readable and is shown as withdrawn.",
    "{kind} 第 {version} 版已撤回；仍可查阅，并注明已撤回。",
)
_LINE = Words("{kind}: version {version}, {state}", "{kind}：第 {version} 版，{state}")
_NONE = Words("{kind}: not published", "{kind}：未公布")
_STATES: Final = {
    "in-force": Words("in force", "现行有效"),
    "older": Words("older", "旧版"),
    "withdrawn": Words("withdrawn", "已撤回"),
    "ending": Words(
        "in force; its withdrawal was cut off: withdraw it again",
        "现行有效；撤回中断，请再次撤回",
    ),
    "unfinished": Words("publication was cut off; not shown", "发布中断，未展示"),
}


@click.group(
    "statement",
    cls=Family,
    words=Words(
        "Draft, publish, show and withdraw what a provider must tell the public.",
        "起草、公布、查看和撤回应当向公众说明的事项。",
    ),
    examples=Words("hegui statement draft --help", "hegui statement draft --help"),
)
def statement() -> None:
    """Tell the public what it must be told."""


_KIND = click.argument("kind", metavar="KIND")
_BY = option(
    "--by", required=True, metavar="WHO", words=Words("who, by a role or number", "岗位或工号")
)


@command(
    "draft",
    Words(
        "Write a draft of a statement, with what the settings know; every other place is marked. "
        "KIND: service-agreement, privacy, suitability, limits, labels, complaints, model, "
        "licences (Art. 4(5), 9, 10, 15, 23; labelling measures, Art. 8).",
        "生成声明草稿：配置中已有的内容会预填，其余以 〔待填〕 标出。KIND："
        "service-agreement 服务协议、privacy 个人信息处理规则、suitability 适用人群场合用途、"
        "limits 局限性与准确性、labels 标识方法、complaints 投诉流程和时限、model 模型备案、"
        "licences 许可证（第四条第五项、第九条、第十条、第十五条、第二十三条；标识办法第八条）。",
    ),
    Words(
        "hegui statement draft complaints --out complaints.toml",
        "hegui statement draft complaints --out complaints.toml",
    ),
)
@_KIND
@SETTINGS_OPTION
@option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("where the draft goes; without it, to the screen", "草稿文件；不给则输出到屏幕"),
)
def draft(kind: str, config: Path, out: Path | None) -> int:
    """Write a draft."""
    from hegui.app.statements import drafted
    from hegui.filing.statements.reading import sort_of

    text = drafted(read_settings(config), sort_of(kind))
    if out is None:
        click.echo(text, nl=False)
        return CLEAN
    write_fresh(out, text.encode(), "out")
    say(_DRAFTED.fill(path=out), err=True)
    return CLEAN


@command(
    "publish",
    Words(
        "Publish a statement as its next version, on the ledger. Refused while a place is not "
        "filled in, an element is missing, a number has the wrong shape or a licence has expired.",
        "将声明作为新版本公布并记入账本。有未填写之处、缺少内容、编号格式不对或许可证过期时拒绝。",
    ),
    Words(
        "hegui statement publish complaints.toml --by L-07 --role legal",
        "hegui statement publish complaints.toml --by L-07 --role legal",
    ),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@SETTINGS_OPTION
@_BY
@option("--role", required=True, metavar="ROLE", words=Words("in which role", "以哪个岗位"))
@JSON_OPTION
def publish(file: Path, config: Path, by: str, role: str, *, as_json: bool) -> int:
    """Publish a version."""
    from hegui.app.statements import Signed
    from hegui.app.statements import publish as published

    settings = read_settings(config)
    made = published(settings, _content(file), Signed(by, role))
    if as_json:
        say_json(_fields(made, "in-force"))
    else:
        given: dict[str, Any] = {"kind": made.kind, "version": made.version}
        say(_DONE.fill(index=made.index, digest=made.digest, **given))
    return CLEAN


@command(
    "show",
    Words(
        "Print a version as it was published, byte for byte.",
        "按公布时的原样输出某一版本。",
    ),
    Words(
        "hegui statement show complaints --version 1",
        "hegui statement show complaints --version 1",
    ),
)
@_KIND
@SETTINGS_OPTION
@option(
    "--version",
    "number",
    type=click.IntRange(1),
    metavar="N",
    words=Words("which version; else the one in force", "版本号；不给则为现行版本"),
)
def show(kind: str, config: Path, number: int | None) -> int:
    """Print a version."""
    from hegui.app.statements import register_of
    from hegui.filing.statements.reading import sort_of

    register = register_of(read_settings(config))
    sort = sort_of(kind)
    current = register.current(sort.id) if number is None else register.version(sort.id, number)
    if current is None:
        say(_NONE.fill(kind=sort.id), err=True)
        return FINDINGS
    click.echo(register.text(current), nl=False)
    return CLEAN


@command(
    "list",
    Words(
        "List all versions. Exit code 1: a statement has none in force.",
        "列出全部版本。退出码 1：有声明没有现行版本。",
    ),
    Words("hegui statement list --json", "hegui statement list --json"),
)
@SETTINGS_OPTION
@JSON_OPTION
def listing(config: Path, *, as_json: bool) -> int:
    """List all versions."""
    from hegui.app.statements import register_of
    from hegui.filing.statements import SORTS

    register = register_of(read_settings(config))
    versions = register.versions()
    newest = {kind: register.current(kind) for kind in SORTS}
    states = [(one, _state(one, newest.get(one.kind))) for one in versions]
    if as_json:
        say_json([_fields(*each) for each in states])
    else:
        for one, state in states:
            words = _STATES[state]
            given = {"kind": one.kind, "version": one.version}
            en, zh = (
                _LINE.en.format(state=words.en, **given),
                _LINE.zh.format(state=words.zh, **given),
            )
            say(Words(en, zh))
        for kind, found in newest.items():
            if found is None:
                say(_NONE.fill(kind=kind))
    return FINDINGS if None in newest.values() else CLEAN


@command(
    "withdraw",
    Words(
        "Withdraw the version in force. It stays readable, and is shown as withdrawn.",
        "撤回现行版本。该版本仍可查阅，并注明已撤回。",
    ),
    Words(
        "hegui statement withdraw complaints --by L-07",
        "hegui statement withdraw complaints --by L-07",
    ),
)
@_KIND
@SETTINGS_OPTION
@_BY
def withdraw(kind: str, config: Path, by: str) -> int:
    """Withdraw the version in force."""
    from hegui.app.statements import withdraw as withdrawn
    from hegui.filing.statements.reading import sort_of

    gone = withdrawn(read_settings(config), sort_of(kind).id, by)
    say(_GONE.fill(kind=gone.kind, version=gone.version))
    return CLEAN


for _each in (draft, publish, show, listing, withdraw):
    statement.add_command(_each)


def _state(one: "Version", current: "Version | None") -> str:
    if one.index is None:
        return "unfinished"
    if one.ended is not None:
        return "withdrawn"
    if current != one:
        return "older"
    return "in-force" if one.begun is None else "ending"


def _fields(one: "Version", state: str) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "version": one.version,
        "state": state,
        "digest": one.digest,
        "at": one.at,
        "by": one.by,
        "role": one.role,
        "index": one.index,
    }


def _content(path: Path) -> bytes:
    from hegui.filing.statements.reading import MOST_BYTES
    from hegui.settings.plain_files import read_plain, reason

    try:
        return read_plain(path, MOST_BYTES + 1)
    except OSError as error:
        raise BadRequest(_UNREAD.fill(path=path, why=reason(error)), param="file") from None
