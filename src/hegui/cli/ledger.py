"""``hegui ledger``: check the evidence."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from hegui.cli.columns import aligned, wrapped
from hegui.cli.ledger_accept import accept_restored
from hegui.cli.ledger_export import export
from hegui.cli.ledger_outside import attest, trusted
from hegui.cli.ledger_prune import prune
from hegui.cli.ledger_receipt import check_receipt, receipt
from hegui.cli.progress import entries_checked
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import (
    CLEAN,
    COULD_NOT_TELL,
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
    from hegui.ledger.attested import Outside
    from hegui.ledger.verify import NotProven, Report


@click.group(
    "ledger",
    cls=Family,
    words=Words("Check the evidence that the gateway has written.", "核验网关写下的证据。"),
    examples=Words("hegui ledger verify", "hegui ledger verify"),
)
def ledger() -> None:
    """Check the evidence."""


ledger.add_command(receipt)
ledger.add_command(check_receipt)
ledger.add_command(accept_restored)
ledger.add_command(prune)
ledger.add_command(export)


@ledger.command(
    "verify",
    cls=Command,
    words=Words(
        "Recompute every hash and root and check every signature; say what holds, what does not "
        "and where, and what this check cannot prove. Without --db the settings' own database is "
        "checked, its signatures against the key in the data directory; an inspector gives --db "
        "and the published --vkey. Exit code 0: all holds; 1: something does not; 2: could not "
        "tell.",
        "重新计算所有哈希值和根，核对所有签名；说明哪些成立、哪些不成立及其位置，"
        "以及本检查不能证明什么。"
        "不给 --db 时检查配置中的数据库，用数据目录里的密钥核对签名；"
        "监督检查时可给出 --db 和公布的 --vkey。退出码：0 全部成立；1 有不成立之处；2 无法判断。",
    ),
    examples=Words(
        "hegui ledger verify\n"
        "hegui ledger verify --db copy/hegui.db --vkey default=example.com/log+1a2b3c4d+AV0…",
        "hegui ledger verify\n"
        "hegui ledger verify --db copy/hegui.db --vkey default=example.com/log+1a2b3c4d+AV0…",
    ),
)
@SETTINGS_OPTION
@option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("a database, or a copy of one", "数据库文件或其副本"),
)
@option(
    "--vkey",
    "vkeys",
    multiple=True,
    metavar="TENANT=VKEY",
    words=Words("a log's verifier key; may be repeated", "账本的验证公钥，可重复给出"),
)
@option(
    "--witness",
    "witnesses",
    multiple=True,
    metavar="VKEY",
    words=Words(
        "the verifier key of a witness whom you trust; may be repeated",
        "所信任的见证方的验证公钥，可重复给出",
    ),
)
@option(
    "--ca",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    words=Words(
        "certificates (PEM) of a time-stamping authority that you trust",
        "所信任的时间戳机构的证书（PEM）",
    ),
)
@option(
    "--heads",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    words=Words(
        "the second place of signed heads (with --db; else the settings' own)",
        "已签名账本头的第二存放处（与 --db 同用；否则用配置中的）",
    ),
)
@option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    words=Words("processes that share the work (all processors)", "分担工作的进程数（全部处理器）"),
)
@JSON_OPTION
def verify(
    config: Path,
    db: Path | None,
    vkeys: tuple[str, ...],
    heads: Path | None,
    *,
    as_json: bool,
    **how: Any,
) -> int:
    """Recompute every hash and check every signature."""
    from hegui.app import published

    given = _given(vkeys)
    settings = None
    if db is None:
        settings = read_settings(config)
        given = given or _firsts(published.vkeys(settings))
        heads = heads or settings.data_dir / "heads"
        if settings.postgres.url:
            from hegui.app.copying import local_copy

            with local_copy(settings) as copied:
                say(_COPIED.fill(entries=copied.entries, waiting=copied.waiting), err=True)
                outside = trusted(settings, given, how["witnesses"], how["ca"])
                look = _Look(heads, how["jobs"], outside)
                return _check(copied.path, settings.postgres.url, given, look, as_json=as_json)
        db = settings.database
    if not db.is_file():
        say(
            Words(
                "There is no database at {path}. Check the path.",
                "{path} 处没有数据库。请检查路径。",
            ).fill(path=db),
            err=True,
        )
        return COULD_NOT_TELL
    look = _Look(heads, how["jobs"], trusted(settings, given, how["witnesses"], how["ca"]))
    return _check(db, str(db), given, look, as_json=as_json)


_COPIED = Words(
    "The logs on the server were copied as they stood at one moment: {entries} entries. Records "
    "that are acknowledged and have no place in a log yet: {waiting}.",
    "已复制服务器上账本在同一时刻的内容：{entries} 条。已确认、尚未排入账本的记录：{waiting} 条。",
)


class _Look(NamedTuple):
    """How to check: beside which second place, by how many processes, whom to trust outside."""

    heads: Path | None
    jobs: int | None
    outside: "Outside | None"


def _check(
    db: Path,
    name: str,
    given: dict[str, str],
    look: _Look,
    *,
    as_json: bool,
) -> int:
    from hegui.ledger.verify import verify as check

    heads, jobs, outside = look
    with entries_checked() as progress:
        report = check(
            db, given or None, heads=heads, jobs=jobs, progress=progress, outside=outside
        )
    if as_json:
        say_json(_as_data(report))
    else:
        say_lines(_page(report, name, lang_of()))
    return CLEAN if report.ok else FINDINGS


@ledger.command(
    "vkey",
    cls=Command,
    words=Words(
        "Print the verifier key of every log. Publish it: with it anyone can check the ledger, or "
        "a copy of it, without trusting this machine.",
        "输出每个账本的验证公钥。请将其公布：任何人都可以据此核验账本或其副本，"
        "而不必信任这台机器。",
    ),
    examples=Words("hegui ledger vkey", "hegui ledger vkey"),
)
@SETTINGS_OPTION
@JSON_OPTION
def vkey(config: Path, *, as_json: bool) -> int:
    """Print the verifier key of every log."""
    from hegui.app import published

    settings = read_settings(config)
    own, amiss = published.vkeys(settings), published.amiss(settings)
    if as_json:
        say_json(_firsts(own))
    else:
        say_lines(f"{tenant}={key}" for tenant, keys in sorted(own.items()) for key in keys)
    for words in amiss:
        say(words, err=True)
    if not own and not amiss:
        say(
            Words(
                "There is no log yet: hegui keys create begins one.",
                "还没有账本：hegui keys create 会开始一个。",
            ),
            err=True,
        )
    return CLEAN if own and not amiss else COULD_NOT_TELL


_VKEY_FORM = Words(
    "--vkey is written TENANT=VKEY, as hegui ledger vkey prints it: default=name+id+key",
    "--vkey 应写作 租户=公钥，即 hegui ledger vkey 输出的一行，如 default=名称+编号+公钥",
)


def _firsts(own: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {tenant: first for tenant, (first, *_) in own.items()}


def _given(vkeys: tuple[str, ...]) -> dict[str, str]:
    given = {}
    for said in vkeys:
        tenant, equals, vkey = said.partition("=")
        if not equals or vkey.count("+") < 2:  # noqa: PLR2004 - a verifier key is name+id+key
            raise BadRequest(_VKEY_FORM, param="vkey")
        given[tenant] = vkey
    return given


def _page(report: "Report", name: str, lang: Lang) -> list[str]:
    lines = [
        Words(
            "{path}: everything that was checked holds together."
            if report.ok
            else "{path}: {n} things do not hold together.",
            "{path}：所检查的内容全部成立。" if report.ok else "{path}：有 {n} 处不成立。",
        )
        .fill(path=name, n=len(report.problems) + report.more)
        .say(lang)
    ]
    for log in report.logs:
        signed = (
            Words("signature checked", "签名已核对")
            if log.signed
            else Words("signature NOT checked", "签名未核对")
        )
        pruned = (
            Words("; {n} leaves pruned, as is on record", "；按记录已清理 {n} 条内容").fill(
                n=log.pruned
            )
            if log.pruned
            else Words("", "")
        )
        lines.append(
            Words(
                "  log {tenant} ({origin}): {size} entries, root {root}…, {signed}{pruned}",
                "  账本 {tenant}（{origin}）：{size} 条，根 {root}…，{signed}{pruned}",
            )
            .fill(
                tenant=log.tenant,
                origin=log.origin,
                size=log.size,
                root=log.root[:16],
                signed=signed.say(lang),
                pruned=pruned.say(lang),
            )
            .say(lang)
        )
    told = [
        (entry.where, Words(entry.what_en, entry.what_zh).say(lang)) for entry in report.problems
    ]
    if told:
        lines += ["", Words("Does not hold:", "不成立：").say(lang), *aligned(told)]
    if report.proven:
        lines += ["", Words("Confirmed from outside:", "外部证实：").say(lang)]
        lines += _items(report.proven, lang)
    lines += ["", Words("Not proven by this check:", "本检查不能证明：").say(lang)]
    return [*lines, *_items(report.not_proven, lang)]


def _items(sentences: "list[NotProven]", lang: Lang) -> list[str]:
    lines = []
    for gap in sentences:
        first, *rest = wrapped(Words(gap.en, gap.zh).say(lang), 92)
        lines += [f"  - {first}", *(f"    {line}" for line in rest)]
    return lines


def _as_data(report: "Report") -> dict[str, Any]:
    logs = [
        {
            "tenant": x.tenant,
            "origin": x.origin,
            "size": x.size,
            "head": x.head,
            "root": x.root,
            "signed": x.signed,
            "pruned": x.pruned,
        }
        for x in report.logs
    ]
    return {
        "ok": report.ok,
        "logs": logs,
        "problems": [{"where": x.where, "en": x.what_en, "zh": x.what_zh} for x in report.problems],
        "more_problems": report.more,
        "proven": [{"en": x.en, "zh": x.zh} for x in report.proven],
        "not_proven": [{"en": x.en, "zh": x.zh} for x in report.not_proven],
    }


ledger.add_command(attest)
