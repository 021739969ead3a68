"""``hegui witness``: sign what a log has shown, so that it cannot show somebody else another."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hegui.cli.columns import aligned, table
from hegui.cli.shared import JSON_OPTION
from hegui.cli.speech import (
    CLEAN,
    FINDINGS,
    Command,
    Family,
    lang_of,
    option,
    say,
    say_json,
    say_lines,
)
from hegui.terms import BadRequest, Lang, Words

if TYPE_CHECKING:
    from hegui.witness.state import Evidence, Log

_DIR = option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("hegui-witness"),
    metavar="DIR",
    words=Words("the witness's folder (hegui-witness)", "见证方的目录（默认 hegui-witness）"),
)


@click.group(
    "witness",
    cls=Family,
    words=Words(
        "Run a witness (C2SP tlog-witness): it signs each head of the logs that it follows, if the "
        "head extends the one before, so that a provider cannot show two histories. Run it on a "
        "machine that the provider does not control; on the provider's own it proves nothing.",
        "运行见证方（C2SP tlog-witness）：对所跟踪账本的每个检查点，确认它是前一个的延续后才签名，"
        "使提供者无法出示两份历史。请在提供者控制不了的机器上运行；"
        "与提供者同机运行，什么也证明不了。",
    ),
    examples=Words(
        "hegui witness init --name witness.example.com/w1\nhegui witness follow VKEY\n"
        "hegui witness serve --listen 0.0.0.0:8102",
        "hegui witness init --name witness.example.com/w1\nhegui witness follow 公钥\n"
        "hegui witness serve --listen 0.0.0.0:8102",
    ),
)
def witness() -> None:
    """Run a witness."""


@witness.command(
    "init",
    cls=Command,
    words=Words(
        "Make a witness: its keys and its file. Prints the verifier keys, which the providers put "
        "into their settings. Name and keys never change.",
        "创建见证方：生成密钥和数据文件，输出验证公钥，供提供者写入配置。名称和密钥定下后不能更改。",
    ),
    examples=Words(
        "hegui witness init --name witness.example.com/w1\n"
        "hegui witness init --name law-firm.example/ledger --dir /var/lib/witness --ml-dsa",
        "hegui witness init --name witness.example.com/w1\n"
        "hegui witness init --name law-firm.example/ledger --dir /var/lib/witness --ml-dsa",
    ),
)
@option(
    "--name",
    required=True,
    words=Words(
        "its name in signatures: an address without https://; it need not be reachable",
        "签名中的名称：不带 https:// 的网址，不要求能访问",
    ),
)
@_DIR
@option(
    "--ml-dsa",
    is_flag=True,
    words=Words(
        "sign with ML-DSA-44, too (safe against quantum computers)",
        "同时用 ML-DSA-44 签名（可抵御量子计算机）",
    ),
)
def init(folder: Path, name: str, *, ml_dsa: bool) -> int:
    """Make a witness."""
    from hegui.app import witness as app

    for key in app.init(folder, name, ml_dsa=ml_dsa):
        click.echo(key.vkey)
    say(
        Words(
            "Next: hegui witness follow VKEY --dir {dir} for each log, then hegui witness serve "
            "--dir {dir}. Back up {dir}/keys apart from the rest.",
            "接下来：对每个账本运行 hegui witness follow 公钥 --dir {dir}，然后运行 "
            "hegui witness serve --dir {dir}。请另行备份 {dir}/keys。",
        ).fill(dir=folder),
        err=True,
    )
    return CLEAN


@witness.command(
    "vkey",
    cls=Command,
    words=Words(
        "Print the witness's verifier keys, one a line: for [[witness]] in the providers' settings "
        "and for everybody who verifies.",
        "输出见证方的验证公钥，每行一个：供提供者写入配置的 [[witness]]，也供核验者使用。",
    ),
    examples=Words("hegui witness vkey", "hegui witness vkey"),
)
@_DIR
def vkey(folder: Path) -> int:
    """Print the witness's verifier keys."""
    from hegui.app import witness as app

    opened = app.opened(folder)
    opened.state.close()
    for each in opened.cosigners:
        click.echo(each.key.vkey)
    return CLEAN


@witness.command(
    "follow",
    cls=Command,
    words=Words(
        "Follow a log by its verifier key, which the provider gets from hegui ledger vkey. A "
        "running witness takes it up at once. The first head that it sees is taken as it is.",
        "按验证公钥跟踪一个账本；公钥由提供者用 hegui ledger vkey 取得。运行中的见证方立即生效。"
        "见到的第一个检查点会照原样接受。",
    ),
    examples=Words(
        "hegui witness follow example.com/log+1a2b3c4d+AV0…\n"
        "hegui witness follow --stop example.com/log+1a2b3c4d+AV0…",
        "hegui witness follow example.com/log+1a2b3c4d+AV0…\n"
        "hegui witness follow --stop example.com/log+1a2b3c4d+AV0…",
    ),
)
@click.argument("vkey", metavar="VKEY")
@_DIR
@option(
    "--origin",
    default="",
    words=Words(
        "the log's name in its heads, where it is not the key's name",
        "账本在检查点中的名称，与公钥名称不同时才需要",
    ),
)
@option(
    "--stop",
    is_flag=True,
    words=Words(
        "follow it no longer; what was signed stays remembered",
        "不再跟踪；此前签过的仍会记住",
    ),
)
def follow(vkey: str, folder: Path, origin: str, *, stop: bool) -> int:
    """Follow a log, or follow it no longer."""
    from hegui.app import witness as app

    if stop:
        return _stop(vkey, folder)
    name, new = app.follow(folder, vkey, origin)
    told = Words("Follows {name}.", "开始跟踪 {name}。")
    if not new:
        told = Words("Follows {name} already.", "已在跟踪 {name}。")
    say(told.fill(name=name))
    return CLEAN


def _stop(vkey: str, folder: Path) -> int:
    from hegui.app import witness as app

    state = app.opened(folder).state
    with state.transaction() as file:
        count = file.unfollow(vkey)
    state.close()
    if not count:
        raise BadRequest(
            Words(
                "No log is followed by this key. See: hegui witness logs",
                "没有按此公钥跟踪的账本。请查看：hegui witness logs",
            ),
            param="vkey",
        )
    say(Words("Follows it no longer.", "不再跟踪。"))
    return CLEAN


@witness.command(
    "logs",
    cls=Command,
    words=Words(
        "List the logs, the last head signed of each, and what speaks against them. Exit code 1 "
        "when a log showed two histories.",
        "列出各账本、最近一次所签的检查点，以及对其不利的证据。"
        "有账本出示过两份历史时，退出码为 1。",
    ),
    examples=Words(
        "hegui witness logs\nhegui witness logs --json",
        "hegui witness logs\nhegui witness logs --json",
    ),
)
@_DIR
@JSON_OPTION
def logs(folder: Path, *, as_json: bool) -> int:
    """List the logs and what speaks against them."""
    from hegui.app import witness as app

    state = app.opened(folder).state
    with state.reading() as file:
        found = file.logs()
    state.close()
    split = any(log.splits for log in found)
    if as_json:
        say_json([_row(log) for log in found])
    elif not found:
        say(Words("No log is followed yet.", "还没有跟踪任何账本。"))
    else:
        say_lines(_listed(found, lang_of()))
    return FINDINGS if split else CLEAN


@witness.command(
    "evidence",
    cls=Command,
    words=Words(
        "Print the pairs of heads that speak against a log. Two heads of one size, both signed by "
        "the log, prove by themselves that it showed two histories: give them to the inspector. A "
        "head without proof proves nothing yet: ask the provider for the proof. Exit code 1 when "
        "there is a pair of the first kind.",
        "输出对账本不利的成对检查点。两个同样大小、均由账本签名的检查点，本身就证明它出示过两份历史，"
        "请交给监督检查人员。缺少证明的检查点还不能说明问题，请向提供者索取证明。"
        "有第一种情形时，退出码为 1。",
    ),
    examples=Words(
        "hegui witness evidence\nhegui witness evidence --json",
        "hegui witness evidence\nhegui witness evidence --json",
    ),
)
@_DIR
@JSON_OPTION
def evidence(folder: Path, *, as_json: bool) -> int:
    """Print the evidence."""
    from hegui.app import witness as app

    state = app.opened(folder).state
    with state.reading() as file:
        found = file.evidence()
    state.close()
    if as_json:
        say_json([one._asdict() for one in found])
    elif not found:
        say(Words("Nothing speaks against any log.", "没有对任何账本不利的证据。"))
    else:
        for one in found:
            say_lines(_pair(one, lang_of()))
    return FINDINGS if any(one.kind == "split" for one in found) else CLEAN


@witness.command(
    "serve",
    cls=Command,
    words=Words(
        "Serve the witness: POST /add-checkpoint, GET /<SHA-256 of the origin>/checkpoint and "
        "GET /healthz, in plain HTTP; put TLS before it. Says on standard error when a log shows "
        "two histories. Ends on SIGTERM.",
        "运行见证方：提供 POST /add-checkpoint、GET /<来源的 SHA-256>/checkpoint 和 GET /healthz，"
        "使用明文 HTTP，TLS 由前置代理负责。账本出示两份历史时在标准错误输出中报告。"
        "收到 SIGTERM 时退出。",
    ),
    examples=Words(
        "hegui witness serve\nhegui witness serve --dir /var/lib/witness --listen 0.0.0.0:8102",
        "hegui witness serve\nhegui witness serve --dir /var/lib/witness --listen 0.0.0.0:8102",
    ),
)
@_DIR
@option(
    "--listen",
    default="127.0.0.1:8102",
    metavar="HOST:PORT",
    words=Words("where to listen (127.0.0.1:8102)", "监听地址（默认 127.0.0.1:8102）"),
)
def serve(folder: Path, listen: str) -> int:
    """Serve the witness."""
    from hegui.app import witness as app
    from hegui.settings import Address

    address = Address.parse(listen)
    if address is None:
        raise BadRequest(
            Words("--listen is written host:port", "--listen 应写作 主机:端口"), param="listen"
        )
    return app.serve(folder, address, lang_of())


def _row(log: "Log") -> dict[str, Any]:
    held = log.held
    return {
        "origin": log.origin,
        "vkeys": list(log.vkeys),
        "size": held.size if held else None,
        "root": held.root.hex() if held else None,
        "signed_ms": held.at if held else None,
        "split": log.splits,
        "unproven": log.unproven,
    }


def _listed(found: "list[Log]", lang: Lang) -> list[str]:
    heading = (
        Words("log", "账本"),
        Words("size", "大小"),
        Words("signed (UTC)", "签署时间（UTC）"),
        Words("state", "状态"),
    )
    rows = [[words.say(lang) for words in heading]]
    for log in found:
        held = log.held
        size, at = (str(held.size), _at(held.at)) if held else ("-", "-")
        rows.append([log.origin, size, at, _state(log).say(lang)])
    return table(rows, indent=0)


def _state(log: "Log") -> Words:
    if log.splits:
        return Words(
            "SHOWED TWO HISTORIES: hegui witness evidence", "出示过两份历史：hegui witness evidence"
        )
    if log.unproven:
        return Words("gave a head without proof", "提交过缺少证明的检查点")
    if not log.vkeys:
        return Words("not followed any more", "已不再跟踪")
    return Words("in order", "正常") if log.held else Words("not seen yet", "尚未见到")


def _pair(one: "Evidence", lang: Lang) -> list[str]:
    what = Words("two heads of one size, both signed", "两个同样大小、均已签名的检查点")
    if one.kind != "split":
        what = Words("a head that came without proof", "缺少证明的检查点")
    told = [
        (Words("log", "账本").say(lang), one.origin),
        (Words("what", "情形").say(lang), what.say(lang)),
        (Words("first seen", "首次发现").say(lang), f"{_at(one.at)} UTC"),
        (Words("times", "次数").say(lang), str(one.times)),
    ]
    held = Words("the head that this witness signed:", "本见证方所签的检查点：").say(lang)
    shown = Words("the head that was shown later:", "后来出示的检查点：").say(lang)
    return [*aligned(told), held, one.held, shown, one.shown]


def _at(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
