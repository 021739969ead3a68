"""``hegui vault erase`` and ``status``: a person's request, and how far it has come."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, FINDINGS, Command, option, say, say_json
from hegui.cli.vault_shared import (
    BY_OPTION,
    TENANT_OPTION,
    day,
    day_by,
    require_database,
    row_of,
    upkeep_of,
)
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.app.upkeep import Upkeep
    from hegui.vault.erasing import Standing

_GROUNDS = ("requested", "consent-withdrawn", "purpose-ended", "term-ended", "unlawful")

_WHO = Words(
    "Say who: SUBJECT as the application sends it (- reads it from standard input), or "
    "--pseudonym.",
    "请指明当事人：SUBJECT 与应用发送的一致（- 表示从标准输入读取），或用 --pseudonym。",
)
_SAID = {
    "restricted": Words(
        "restricted: stored and not processed, because a legal term holds some of it back until "
        "{kept}",
        "限制处理：仅存储、不处理，因部分内容的法定保存期限到 {kept} 为止",
    ),
    "erased": Words(
        "erased: keys and content are deleted; restricted until the key of epoch {epoch} is "
        "destroyed",
        "已删除：密钥和内容均已删除；在纪元 {epoch} 的密钥销毁之前视为限制处理",
    ),
    "complete": Words("complete since {completed}", "已于 {completed} 完成"),
}
_PROMISE = Words(
    "Tell the person: complete by {due} (Beijing time).",
    "请告知当事人：将于 {due}（北京时间）前完成。",
)
_BACKUPS = Words(
    "Backups of key files are not destroyed by hegui. While a copy of an epoch's key exists, what "
    "was wrapped under it can still be opened from an old copy of the database: destroy such "
    "copies on the same day, or the erasure is not what you say it is.",
    "hegui 不会销毁密钥文件的备份。只要某个纪元的密钥还有副本，"
    "就仍能从旧的数据库副本中打开用它封装的内容。请在同日销毁这些副本，否则删除名不副实。",
)
_HANDED = Words(
    "Handed over before and beyond recall: {receivers}. Tell the person, and ask those who "
    "received it to delete it.",
    "此前已交出、无法收回：{receivers}。请告知当事人，并要求接收方删除。",
)

SUBJECT = click.argument("subject", required=False, metavar="[SUBJECT]")
PSEUDONYM = option(
    "--pseudonym", default="", metavar="P", words=Words("the pseudonym in records", "记录中的假名")
)


@click.command(
    "erase",
    cls=Command,
    words=Words(
        "Erase a person's data (Art. 11; PIPL Art. 47): at once nothing of it is processed any "
        "more, keys and content are deleted, and what a legal term holds back is stored and "
        "opened for nobody. It is complete when the current epoch's key is destroyed, on the day "
        "that is printed: tell the person. Records and proofs stay; they hold no content and no "
        "name. Whoever comes again is a new person. A suspension stays in force. Exit code 0: "
        "complete; 1: under way.",
        "删除某人的个人信息（第十一条，《个人信息保护法》第四十七条）：立即停止处理，删除密钥和内容；"
        "法定期限未满的部分只存储，不向任何人打开。当前纪元的密钥销毁时删除完成，命令会输出这一日期，"
        "请告知当事人。记录和证明保留，其中没有内容也没有姓名。此人再次使用时视为新用户；"
        "暂停措施继续有效。退出码：0 已完成；1 进行中。",
    ),
    examples=Words(
        "hegui vault erase alice --by dpo\n"
        "hegui vault erase --pseudonym 4f2k… --tenant school --by 'staff 7' "
        "--reason consent-withdrawn\n"
        "echo alice | hegui vault erase - --by dpo",
        "hegui vault erase alice --by dpo\n"
        "hegui vault erase --pseudonym 4f2k… --tenant school --by 工号7 "
        "--reason consent-withdrawn\n"
        "echo alice | hegui vault erase - --by dpo",
    ),
)
@SETTINGS_OPTION
@SUBJECT
@PSEUDONYM
@TENANT_OPTION
@BY_OPTION
@option(
    "--reason",
    type=click.Choice(_GROUNDS),
    default="requested",
    words=Words("the ground (PIPL Art. 47)", "理由（《个人信息保护法》第四十七条）"),
)
@JSON_OPTION
def erase(config: Path, subject: str | None, *, as_json: bool, **said: Any) -> int:
    """Erase a person's data."""
    from hegui.vault.sinks import receivers

    settings = read_settings(config)
    raw = _who(subject, said["pseudonym"])
    with upkeep_of(settings) as upkeep:
        erasures = upkeep.erasures()
        row = row_of(settings, said["tenant"], raw) if raw else b""
        try:
            person = erasures.person(said["tenant"], row=row, pseudonym=said["pseudonym"])
        except BadRequest:
            before = _before(upkeep, said["tenant"], row, said["pseudonym"])
            if not before:
                raise
            standing = before[-1]
        else:
            standing = erasures.ask(person, said["reason"], said["by"])
        handed = receivers(upkeep.rows, standing.id)
    if as_json:
        say_json({**_data(standing), "receivers": handed})
    else:
        _show(standing)
        if handed:
            say(_HANDED.fill(receivers=", ".join(handed)))
        say(_BACKUPS)
    return CLEAN if standing.state == "complete" else FINDINGS


@click.command(
    "status",
    cls=Command,
    words=Words(
        "Say how the vault stands: epochs, keys, kept content, erasures under way; with SUBJECT, "
        "how far that person's erasure has come. A person whose erasure is complete is found by "
        "the pseudonym only. Exit code 1: an epoch or an erasure is overdue, or this person's is "
        "not complete.",
        "显示保险库的状况：纪元、密钥、留存内容和进行中的删除；给出 SUBJECT 时显示此人的删除进度。"
        "删除完成后只能凭假名查到。退出码 1：有纪元或删除已逾期，或此人的删除尚未完成。",
    ),
    examples=Words(
        "hegui vault status\nhegui vault status alice --json",
        "hegui vault status\nhegui vault status alice --json",
    ),
)
@SETTINGS_OPTION
@SUBJECT
@PSEUDONYM
@TENANT_OPTION
@JSON_OPTION
def status(config: Path, subject: str | None, pseudonym: str, tenant: str, *, as_json: bool) -> int:
    """Say how the vault stands."""
    settings = read_settings(config)
    require_database(settings)
    with upkeep_of(settings) as upkeep:
        if not subject and not pseudonym:
            return _overview(upkeep, as_json=as_json)
        raw = _who(subject, pseudonym)
        row = row_of(settings, tenant, raw) if raw else b""
        before = _before(upkeep, tenant, row, pseudonym)
        active = _active(upkeep, tenant, row, pseudonym)
    if as_json:
        told = {"active": active, "erasures": [_data(each) for each in before]}
        say_json(told)
    else:
        for each in before:
            _show(each)
        if active:
            say(
                Words("active as {subjects}", "使用中，假名 {subjects}").fill(
                    subjects=", ".join(active)
                )
            )
        if not before and not active:
            say(Words("Nothing is kept of this person.", "没有此人的任何留存。"))
    return FINDINGS if any(each.state != "complete" for each in before) else CLEAN


def _who(subject: str | None, pseudonym: str) -> str:
    if bool(subject) == bool(pseudonym):
        raise BadRequest(_WHO, param="subject")
    if subject == "-":
        subject = sys.stdin.readline().rstrip("\r\n")
        if not subject:
            raise BadRequest(_WHO, param="subject")
    return subject or ""


def _before(upkeep: "Upkeep", tenant: str, row: bytes, pseudonym: str) -> "list[Standing]":
    return upkeep.erasures().of(tenant, row=row, pseudonym=pseudonym)


def _active(upkeep: "Upkeep", tenant: str, row: bytes, pseudonym: str) -> list[str]:
    try:
        person = upkeep.erasures().person(tenant, row=row, pseudonym=pseudonym)
    except BadRequest:
        return []
    return list(person.subjects)


def _overview(upkeep: "Upkeep", *, as_json: bool) -> int:
    from hegui.app import parts
    from hegui.vault.epochs import epochs_of
    from hegui.vault.erasing import living

    due = upkeep.due()
    epoch = epochs_of(upkeep.rows.query)[-1]
    keys = living(upkeep.rows)
    under_way = upkeep.erasures().under_way()
    late = due + 86_400_000 < parts.now()
    if as_json:
        told = {"epoch": epoch.number, "holder": epoch.holder, "due": due, "keys": keys}
        say_json({**told, "overdue": late, "erasures": [_data(e) for e in under_way]})
        return FINDINGS if late else CLEAN
    say(
        Words(
            "epoch {n} (key held by: {holder}), to be replaced on {due}; {keys} keys are kept; {m} "
            "erasures are under way",
            "纪元 {n}（密钥保管方：{holder}），将于 {due} 轮换；"
            "现存密钥 {keys} 个；进行中的删除 {m} 件",
        ).fill(n=epoch.number, holder=epoch.holder, due=day(due), keys=keys, m=len(under_way))
    )
    for each in under_way:
        _show(each)
    if late:
        say(Words("Overdue. Run: hegui vault rotate", "已逾期。请运行：hegui vault rotate"))
    return FINDINGS if late else CLEAN


def _show(standing: "Standing") -> None:
    facts = {
        "kept": day_by(standing.kept_until or 0),
        "epoch": standing.epoch or 0,
        "completed": day(standing.completed or 0),
    }
    head = Words("erasure {id} of {who}: ", "删除 {id}（{who}）：").fill(
        id=standing.id, who=", ".join(standing.subjects)
    )
    said = _SAID[standing.state].fill(**facts)
    say(Words(head.en + said.en, head.zh + said.zh))
    for name, state in standing.sinks.items():
        click.echo(f"  {name}: {state}")
    if standing.state != "complete":
        say(_PROMISE.fill(due=day_by(standing.due)))


def _data(standing: "Standing") -> dict[str, Any]:
    return {**asdict(standing), "due_day": day_by(standing.due)}
