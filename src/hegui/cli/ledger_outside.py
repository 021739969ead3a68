"""``hegui ledger attest``, and whom ``hegui ledger verify`` trusts outside."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hegui.cli.columns import table
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import (
    CLEAN,
    COULD_NOT_TELL,
    FINDINGS,
    command,
    lang_of,
    say,
    say_json,
    say_lines,
)
from hegui.terms import BadRequest, Misconfigured, Words

if TYPE_CHECKING:
    from hegui.ledger.attested import Outside
    from hegui.settings import Settings

_NO_CA = Words("{path} cannot be read: {why}", "无法读取 {path}：{why}")


def trusted(
    settings: "Settings | None",
    given: Mapping[str, str],
    witnesses: tuple[str, ...],
    ca: Path | None,
) -> "Outside":
    """Return whom a check trusts: those of the command, else those of the settings."""
    from dataclasses import replace

    from hegui.app.attesting import MOST_PEM, outside_of
    from hegui.ledger.attested import Outside
    from hegui.ledger.cosignature import read_key
    from hegui.settings.plain_files import read_plain, reason

    outside = Outside(own={tenant: (vkey,) for tenant, vkey in given.items()})
    if settings is not None:
        outside = outside_of(settings)
    for vkey in witnesses:
        try:
            read_key(vkey)
        except ValueError as error:
            raise BadRequest(
                Words(
                    "--witness is not the verifier key of a witness: {why}",
                    "--witness 不是见证方的验证公钥：{why}",
                ).fill(why=error),
                param="witness",
            ) from None
    if witnesses:
        outside = replace(outside, witnesses=witnesses)
    if ca is None:
        return outside
    try:
        return replace(outside, authorities=read_plain(ca, MOST_PEM))
    except OSError as error:
        raise BadRequest(_NO_CA.fill(path=ca, why=reason(error)), param="ca") from None


@command(
    "attest",
    Words(
        "Ask the witnesses and the time authority of the settings now, without waiting for their "
        "turn: before an export, or where no gateway runs. Exit code 0: all have confirmed; 1: "
        "some have not; 2: there is nothing to ask.",
        "立即询问配置中的见证方和时间戳机构，不等轮到它们：用于导出之前，或没有网关在运行时。"
        "退出码：0 全部确认；1 有未确认的；2 没有可问的。",
    ),
    Words("hegui ledger attest", "hegui ledger attest"),
)
@SETTINGS_OPTION
@JSON_OPTION
def attest(config: Path, *, as_json: bool) -> int:
    """Ask everybody now."""
    from hegui.app import parts
    from hegui.app.attesting import ask_now
    from hegui.store import exists
    from hegui.witness.troubles import trouble

    settings = read_settings(config)
    if not settings.witnesses and settings.ledger.timestamp is None:
        raise Misconfigured(
            Words(
                "{path} names neither [[witness]] nor [ledger.timestamp]: there is nobody to ask",
                "{path} 中既没有 [[witness]] 也没有 [ledger.timestamp]：没有可问的对象",
            ).fill(path=config)
        )
    if not exists(parts.place_of(settings)):
        say(
            Words(
                "There is no log yet: hegui keys create begins one.",
                "还没有账本：hegui keys create 会开始一个。",
            ),
            err=True,
        )
        return COULD_NOT_TELL
    ended = ask_now(settings, parts.now)
    if as_json:
        say_json([one._asdict() for one in ended])
    else:
        lang = lang_of()
        authority = Words("time authority", "时间戳机构").say(lang)
        good = Words("has confirmed", "已确认").say(lang)
        rows = [
            [
                one.tenant,
                one.name or authority,
                trouble(one.trouble).say(lang) if one.trouble else good,
            ]
            for one in sorted(ended)
        ]
        say_lines(table(rows, indent=0))
    if not ended:
        return COULD_NOT_TELL
    return FINDINGS if any(one.trouble for one in ended) else CLEAN
