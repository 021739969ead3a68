"""``hegui inspectors``: keys that open records for an inspection."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from hegui.cli.keys_shared import (
    KEY_STATES,
    LAST_DAY_MS,
    Listing,
    date_of,
    end_of,
    put_on_record,
    revoke,
)
from hegui.cli.ledger_export import BEIJING, instant
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, Command, Family, lang_of, option, say, say_json
from hegui.terms import Words

if TYPE_CHECKING:
    from hegui.callers.inspectors import Inspector

_CREATE: Final = (
    'hegui inspectors create --from 2026-11-01 --to 2026-11-30 --purpose "{}" --expires 14d'
)


@click.group(
    "inspectors",
    cls=Family,
    words=Words(
        "Create, list and revoke inspectors' keys. Such a key opens the records of one log and one "
        "time at /log/TENANT/tile/entries/…, for a written purpose and a term, and nothing else. "
        "Each access goes on record. It is shown once; hegui keeps only a keyed hash of it.",
        "创建、查看和吊销检查密钥。检查密钥只能在限定期限内、按写明的目的，通过 "
        "/log/租户/tile/entries/… 读取一个账本中某一期间的记录，别无他用。每次读取都记录在案。"
        "密钥只显示一次；hegui 只保存带密钥的哈希值。",
    ),
    examples=Words(
        _CREATE.format("inspection 2026-17")
        + "\nhegui inspectors list\nhegui inspectors revoke 4f2k9xw0ab",
        _CREATE.format("2026 年第 17 号检查")
        + "\nhegui inspectors list\nhegui inspectors revoke 4f2k9xw0ab",
    ),
)
def inspectors() -> None:
    """Inspectors' keys."""


@inspectors.command(
    "create",
    cls=Command,
    words=Words(
        "Create an inspector's key and show it, once. Its creation goes on record in the tenant's "
        "log.",
        "创建一个检查密钥并显示，仅此一次。创建会记入该租户的账本。",
    ),
    examples=Words(_CREATE.format("inspection 2026-17"), _CREATE.format("2026 年第 17 号检查")),
)
@SETTINGS_OPTION
@option(
    "--tenant",
    default="default",
    words=Words("whose log (default)", "哪个租户的账本（默认 default）"),
)
@option(
    "--from",
    "since",
    required=True,
    metavar="DAY",
    words=Words(
        "records from this day on (Asia/Shanghai), or from an instant with its offset",
        "该日（北京时间）起的记录，也可给出带时区的时刻",
    ),
)
@option(
    "--to",
    "until",
    required=True,
    metavar="DAY",
    words=Words(
        "records up to and with this day, or before an instant",
        "截至该日（含）的记录，或某一时刻之前的记录",
    ),
)
@option(
    "--purpose",
    required=True,
    words=Words("what the inspection is for; on record", "检查目的，记录在案"),
)
@option(
    "--expires",
    default="30d",
    metavar="30d|2027-01-31",
    words=Words(
        "days from now, or the last day (UTC) on which it is valid: a year at most (30d)",
        "多少天后失效，或最后有效日（UTC），最长一年（默认 30d）",
    ),
)
@JSON_OPTION
def create(config: Path, *, as_json: bool, **asked: Any) -> int:
    """Create a key and show it once."""
    from hegui.app import parts
    from hegui.callers.inspectors import NewInspector, make
    from hegui.ledger.kinds import named

    settings = read_settings(config)
    at = parts.now()
    new = NewInspector(
        tenant=asked["tenant"],
        purpose=asked["purpose"],
        since=instant("from", asked["since"]) or 0,
        until=instant("to", asked["until"], last_day=True) or 0,
        expires=end_of(asked["expires"], at) or 0,
    )
    made = make(parts.pepper(settings), new, at)
    record = made.record
    names = ("purpose", "since", "until", "expires")
    fields = {"key": record.id, **{name: getattr(record, name) for name in names}}
    put_on_record(settings, record.tenant, (named("inspector.created"), at, fields), made.write)
    if as_json:
        say_json({"key": made.plain, **_row(record, at)})
        return CLEAN
    click.echo(made.plain)
    say(
        Words(
            "Shown once, not stored: keep it now. Key {id}, log of tenant {tenant}.",
            "只显示这一次，不会保存，请立即妥善保管。编号 {id}，租户 {tenant} 的账本。",
        ).fill(id=record.id, tenant=record.tenant),
        err=True,
    )
    return CLEAN


@inspectors.command(
    "list",
    cls=Command,
    words=Words(
        "List all inspectors' keys, without their secrets.", "列出全部检查密钥，不含密钥本身。"
    ),
    examples=Words(
        "hegui inspectors list\nhegui inspectors list --json",
        "hegui inspectors list\nhegui inspectors list --json",
    ),
)
@SETTINGS_OPTION
@JSON_OPTION
def list_inspectors(config: Path, *, as_json: bool) -> int:
    """List all keys."""
    from hegui.callers.inspectors import listing

    none = Words(
        "No inspectors' keys yet: hegui inspectors create",
        "还没有检查密钥：hegui inspectors create",
    )
    return Listing(_HEADING, _cells, _row, none).show(config, listing, as_json=as_json)


_HEADING: Final = (
    Words("id", "编号"),
    Words("tenant", "租户"),
    Words("state", "状态"),
    Words("records (Asia/Shanghai)", "记录期间（北京时间）"),
    Words("expires", "失效"),
    Words("purpose", "目的"),
)


@inspectors.command(
    "revoke",
    cls=Command,
    words=Words(
        "Revoke an inspector's key for good. A running gateway follows within a second; the "
        "revocation goes on record.",
        "永久吊销一个检查密钥。运行中的网关一秒内生效；吊销会记录在案。",
    ),
    examples=Words("hegui inspectors revoke 4f2k9xw0ab", "hegui inspectors revoke 4f2k9xw0ab"),
)
@SETTINGS_OPTION
@click.argument("key_id", metavar="ID")
def revoke_key(config: Path, key_id: str) -> int:
    """Revoke a key for good."""
    from hegui.callers.inspectors import revocation

    return revoke(config, key_id, revocation, "inspector.revoked")


def _legal_day(ms: int) -> str:
    return datetime.fromtimestamp(min(ms, LAST_DAY_MS) / 1_000, BEIJING).strftime("%Y-%m-%d")


def _cells(record: "Inspector", at: int) -> list[str]:
    return [
        record.id,
        record.tenant,
        KEY_STATES[record.state(at)].say(lang_of()),
        f"{_legal_day(record.since)} – {_legal_day(record.until - 1)}",
        date_of(record.expires),
        record.purpose,
    ]


def _row(record: "Inspector", at: int) -> dict[str, Any]:
    names = ("id", "tenant", "purpose", "since", "until", "created", "expires", "revoked")
    return {**{name: getattr(record, name) for name in names}, "state": record.state(at)}
