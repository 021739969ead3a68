"""``hegui ledger export``: evidence to hand over."""

import getpass
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, FINDINGS, Command, option, say, say_json
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.app.exporting import Order
    from hegui.ledger.export import Period, Summary
    from hegui.settings import Settings

BEIJING: Final = timezone(timedelta(hours=8))
"""Legal days are those of Asia/Shanghai, which has had no summer time since 1991."""
_TELL_EVERY: Final = 1.0  # seconds

_NO_TIME = Words(
    en="--{name} takes a day such as 2026-11-01 (Asia/Shanghai), or an instant with its offset"
    " such as 2026-11-01T08:00:00+08:00.",
    zh="--{name} 应为日期（如 2026-11-01，按北京时间）或带时区的时刻"
    "（如 2026-11-01T08:00:00+08:00）。",
)


@click.command(
    "export",
    cls=Command,
    words=Words(
        "Write evidence to hand over, as a folder that others check on a machine without hegui: "
        "signed head, hash tiles that prove every record, the records of a period, which clause "
        "each evidences, verify.py and verify.html. The export itself goes on record first. Sealed "
        "content goes along only with --content and its purpose. An existing place is never "
        "overwritten. Exit code 1: records of the period were pruned and are not in it.",
        "导出可交付的证据文件夹，对方在没有 hegui 的机器上即可核验：已签名的账本头、"
        "证明每条记录的哈希分片、所选期间的记录、各记录对应的条款、verify.py 和 verify.html。"
        "导出本身先记录在案。只有用 --content 写明用途，才会附上已封存的内容。"
        "绝不覆盖已有的文件或目录。退出码 1：该期间有记录已清理，不在其中。",
    ),
    examples=Words(
        'hegui ledger export --out evidence --purpose "inspection 2026-17"\n'
        "hegui ledger export --out november --from 2026-11-01 --to 2026-11-30 --proofs\n"
        "hegui ledger export --out case --to-recipient age1…",
        'hegui ledger export --out evidence --purpose "2026 年第 17 号检查"\n'
        "hegui ledger export --out november --from 2026-11-01 --to 2026-11-30 --proofs\n"
        "hegui ledger export --out case --to-recipient age1…",
    ),
)
@SETTINGS_OPTION
@option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    words=Words(
        "the folder to make; with --to-recipient the file DIR.tar.age",
        "要新建的文件夹；使用 --to-recipient 时为文件 DIR.tar.age",
    ),
)
@option(
    "--tenant",
    default="default",
    words=Words("whose log (default)", "哪个租户的账本（默认 default）"),
)
@option(
    "--from",
    "since",
    metavar="DAY",
    words=Words(
        "show records from this day on (Asia/Shanghai), or from an instant with its offset",
        "只展示该日（北京时间）起的记录，也可给出带时区的时刻",
    ),
)
@option(
    "--to",
    "until",
    metavar="DAY",
    words=Words(
        "show records up to and with this day, or before an instant",
        "只展示截至该日（含）的记录，或某一时刻之前的记录",
    ),
)
@option(
    "--record",
    "records",
    type=int,
    multiple=True,
    metavar="INDEX",
    words=Words(
        "add a proof file for this record; may be repeated", "为该序号的记录附证明文件，可重复给出"
    ),
)
@option(
    "--proofs",
    is_flag=True,
    words=Words("add a proof file for every record shown", "为展示的每条记录附证明文件"),
)
@option(
    "--content",
    metavar="PURPOSE",
    words=Words(
        "open the sealed content of the records shown, for this purpose",
        "为此用途打开所展示记录的封存内容",
    ),
)
@option(
    "--purpose",
    default="inspection (Art. 19) / 监督检查（第十九条）",
    words=Words("what the export is for; on record", "导出用途，记录在案"),
)
@option(
    "--by",
    default="",
    words=Words(
        "who exports: a role or a staff number, not a name (the account); on record for good",
        "由谁导出：岗位或工号，不要写姓名（默认为系统账户）；会永久记录",
    ),
)
@option(
    "--to-recipient",
    "recipient",
    default="",
    metavar="AGE1…",
    words=Words(
        "encrypt it to this age recipient, as one file", "加密给该 age 收件公钥，输出为一个文件"
    ),
)
@JSON_OPTION
def export(config: Path, content: str | None, *, as_json: bool, **asked: Any) -> int:
    """Write evidence to hand over."""
    from dataclasses import replace

    from hegui.app import exporting
    from hegui.ledger.export import Content, Scope

    settings = read_settings(config)
    scope = Scope(
        by=asked["by"] or _account(),
        purpose=asked["purpose"],
        period=period_of(asked["since"], asked["until"]),
        named=frozenset(asked["records"]),
        all_proofs=asked["proofs"],
        recipient=asked["recipient"],
    )
    order = exporting.Order(asked["tenant"], asked["out"], scope)
    if content is None:
        return _run(settings, order, as_json=as_json)
    vault, opens = exporting.opener(settings, order.tenant)
    try:
        scope = replace(scope, content=Content(content, opens))
        return _run(settings, replace(order, scope=scope), as_json=as_json)
    finally:
        vault.close()


def _account() -> str:
    """Return the system's account; in some containers it has a number and no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _run(settings: "Settings", order: "Order", *, as_json: bool) -> int:
    from hegui.app import exporting

    summary = exporting.export(settings, order, _telling())
    if as_json:
        told = {"out": str(order.place), **asdict(summary)}
        say_json(told)
    else:
        _tell(summary, order.place)
    return FINDINGS if summary.pruned else CLEAN


def _tell(summary: "Summary", place: Path) -> None:
    say(
        Words(
            "{place}: {shown} of {size} records are shown, all {size} are proven; {proofs} proof "
            "files, {contents} pieces of content.",
            "{place}：展示 {shown} 条记录（共 {size} 条，全部可证明存在）；"
            "{proofs} 个证明文件，{contents} 份内容。",
        ).fill(place=place, **_numbers(summary))
    )
    if summary.pruned:
        say(
            Words(
                "{pruned} bundles of the period hold pruned records and are left out.",
                "该期间有 {pruned} 个条目包含已清理的记录，未予附上。",
            ).fill(pruned=summary.pruned)
        )
    if place.is_dir():
        say(
            Words(
                "Check it: python3 {place}/verify.py, or open {place}/verify.html in a browser.",
                "核验：python3 {place}/verify.py，或用浏览器打开 {place}/verify.html。",
            ).fill(place=place)
        )


def _numbers(summary: "Summary") -> dict[str, int]:
    names = ("shown", "size", "proofs", "contents")
    return {name: getattr(summary, name) for name in names}


def _telling() -> Callable[[int, int], None]:
    """Return what tells progress on stderr, about once a second."""
    last = time.monotonic()

    def tell(done: int, steps: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _TELL_EVERY:
            last = time.monotonic()
            sys.stderr.write(f"{100 * done // max(1, steps)} %\n")

    return tell


def period_of(since: str | None, until: str | None) -> "Period":
    """Read --from and --to: days are legal days, and the last one is included."""
    from hegui.ledger.export import Period

    return Period(instant("from", since), instant("to", until, last_day=True))


def instant(name: str, said: str | None, *, last_day: bool = False) -> int | None:
    """Read a day in Asia/Shanghai, or an instant with its offset, as UTC milliseconds.

    ``last_day``: a day stands for its end.
    """
    if said is None:
        return None
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", said):
            at = datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=BEIJING)
            at += timedelta(days=1 if last_day else 0)
        else:
            at = datetime.fromisoformat(said)
        if at.tzinfo is None:
            raise ValueError("no offset")  # noqa: TRY301 - told as any other time that is none
        ms = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    except (ValueError, OverflowError) as error:
        raise BadRequest(_NO_TIME.fill(name=name), param=name) from error
    return max(0, ms)
