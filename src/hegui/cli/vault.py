"""``hegui vault``: kept content, its keys, and its erasure."""

import sys
import time
from pathlib import Path

import click

from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import (
    CLEAN,
    COULD_NOT_TELL,
    FINDINGS,
    Command,
    Family,
    lang_of,
    say,
    say_json,
    say_lines,
)
from hegui.cli.vault_erase import erase, status
from hegui.cli.vault_open import open_content
from hegui.cli.vault_shared import BY_OPTION, upkeep_of
from hegui.terms import Words

_EVERY = 0.5  # seconds between two lines of progress

_STEPS = {
    "create": Words("making the next epoch's key", "正在生成下一纪元的密钥"),
    "open": Words("opening the next epoch", "正在开启下一纪元"),
    "wrap": Words("wrapping keys anew: {done} of {total}", "正在重新封装密钥：{done} / {total}"),
    "settle": Words(
        "waiting until every gateway uses the new key (15 seconds)",
        "正在等待所有网关改用新密钥（15 秒）",
    ),
    "bar": Words("barring the old epoch", "正在封闭旧纪元"),
    "sweep": Words(
        "wrapping the last keys: {done} of {total}", "正在封装余下的密钥：{done} / {total}"
    ),
    "destroy": Words("destroying the old key", "正在销毁旧密钥"),
    "close": Words("putting it on record", "正在记录在案"),
}


@click.group(
    "vault",
    cls=Family,
    words=Words(
        "Erase a person's data, open kept content on record, and replace the keys that open it.",
        "删除个人信息，打开留存内容并记录在案，轮换其密钥。",
    ),
    examples=Words(
        "hegui vault erase alice --by dpo\nhegui vault status alice\nhegui vault rotate",
        "hegui vault erase alice --by dpo\nhegui vault status alice\nhegui vault rotate",
    ),
)
def vault() -> None:
    """Kept content, its keys, and its erasure."""


@vault.command(
    "rotate",
    cls=Command,
    words=Words(
        "Replace the epoch's key now: make the next one, wrap all living keys under it, destroy "
        "the old one. What was erased before cannot be opened any more from any copy of the "
        "database. A gateway does so by itself every vault.epoch_days; it may run meanwhile. A "
        "rotation that was cut off is finished first. Backups of key files are not destroyed: "
        "that is yours to do.",
        "立即轮换纪元密钥：生成新密钥，用它重新封装所有有效密钥，再销毁旧密钥。此前删除的内容，"
        "从数据库的任何副本都不能再打开。网关每隔 vault.epoch_days 天自动执行，执行时网关可以照常"
        "运行。中断的轮换会先完成。密钥文件的备份不会被销毁，须由您自行处理。",
    ),
    examples=Words("hegui vault rotate", "hegui vault rotate"),
)
@SETTINGS_OPTION
@JSON_OPTION
def rotate(config: Path, *, as_json: bool) -> int:
    """Replace the epoch's key."""
    shown = _Progress()
    with upkeep_of(read_settings(config)) as upkeep:
        done = upkeep.rotate(shown)
    shown.end()
    closed = [epoch.number for epoch in done.closed]
    completed = [each.id for each in done.completed]
    if as_json:
        say_json({"closed": closed, "completed": completed})
        return CLEAN
    for number in closed:
        say(
            Words(
                "Epoch {n} is closed: its key is destroyed.", "纪元 {n} 已关闭，其密钥已销毁。"
            ).fill(n=number)
        )
    for each in completed:
        say(Words("Erasure {id} is complete.", "删除 {id} 已完成。").fill(id=each))
    return CLEAN


@vault.command(
    "abandon",
    cls=Command,
    words=Words(
        "Give up everything under an epoch whose key is gone for good, and put that on record. The "
        "way out when an older copy of the database was restored and its key had been destroyed "
        "since: persons who were known only there become new persons, and their content and "
        "commitments stay closed. Refused while the key is there. Exit code 1: nothing to give up.",
        "放弃密钥已永久丢失的某个纪元下的全部内容，并记录在案。用于恢复了较早的数据库副本、"
        "而其密钥此后已被销毁的情形：只在其中留有记录的人将成为新用户，其内容和承诺值不能再打开。"
        "密钥仍在时拒绝执行。退出码 1：没有可放弃的内容。",
    ),
    examples=Words("hegui vault abandon 3 --by dpo", "hegui vault abandon 3 --by dpo"),
)
@SETTINGS_OPTION
@click.argument("epoch", type=click.IntRange(1, 99_999), metavar="EPOCH")
@BY_OPTION
def abandon(config: Path, epoch: int, by: str) -> int:
    """Give up an epoch whose key is gone."""
    with upkeep_of(read_settings(config), lost=epoch) as upkeep:
        given_up = upkeep.abandon(epoch, by)
    if given_up is None:
        say(
            Words(
                "Nothing to give up: the key of epoch {n} is there, or nothing lies under it.",
                "没有可放弃的内容：纪元 {n} 的密钥仍在，或其下没有内容。",
            ).fill(n=epoch)
        )
        return FINDINGS
    say(Words("Epoch {n} is given up.", "纪元 {n} 已放弃。").fill(n=epoch))
    return CLEAN


@vault.command(
    "sinks",
    cls=Command,
    words=Words(
        "List the places that may hold something of a person, and what erasure does there.",
        "列出可能留有个人信息的各处，以及删除时如何处理。",
    ),
    examples=Words("hegui vault sinks", "hegui vault sinks"),
)
@SETTINGS_OPTION
@JSON_OPTION
def sinks(config: Path, *, as_json: bool) -> int:
    """List the sinks."""
    from hegui.app.parts import place_of
    from hegui.app.upkeep import sinks_of
    from hegui.cli.columns import aligned
    from hegui.store import exists
    from hegui.vault.rows import Rows

    settings = read_settings(config)
    place = place_of(settings)
    if not exists(place):
        say(
            Words(
                "There is no database yet. It is made when the service first starts.",
                "还没有数据库。服务首次启动时会自动创建。",
            ),
            err=True,
        )
        return COULD_NOT_TELL
    rows = Rows(place)
    try:
        found = sinks_of(rows)
    finally:
        rows.close()
    if as_json:
        told = [{"name": s.name, "en": s.words.en, "zh": s.words.zh} for s in found]
        say_json(told)
        return CLEAN
    lang = lang_of()
    say_lines(aligned([(s.name, s.words.say(lang)) for s in found], indent=0))
    return CLEAN


vault.add_command(erase)
vault.add_command(status)
vault.add_command(open_content)


class _Progress:
    """Says on standard error which step is under way, and how far it has come."""

    def __init__(self) -> None:
        self._step, self._shown = "", 0.0
        self._live = sys.stderr.isatty()

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show a step as it begins; on a terminal its progress, too."""
        now = time.monotonic()
        if step == self._step and not (self._live and now - self._shown > _EVERY):
            return
        start = "\n" if self._step not in ("", step) and self._live else ""
        self._step, self._shown = step, now
        words = _STEPS[step].fill(done=f"{done:,}", total=f"{total:,}").say(lang_of())
        click.echo(f"{start}\r{words}" if self._live else words, err=True, nl=not self._live)

    def end(self) -> None:
        """End the line."""
        if self._live and self._step:
            click.echo(err=True)
