"""``hegui keys``: callers' keys. Each creation and revocation goes on record with its row."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hegui.cli.keys_shared import KEY_STATES, Listing, date_of, end_of, put_on_record, revoke
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, Command, Family, lang_of, option, say, say_json
from hegui.terms import Words

if TYPE_CHECKING:
    from hegui.callers import KeyRecord


@click.group(
    "keys",
    cls=Family,
    words=Words(
        "Create, list and revoke the keys of callers. A key is shown once; hegui keeps only a "
        "keyed hash of it.",
        "创建、查看和吊销调用方密钥。密钥只显示一次；hegui 只保存带密钥的哈希值。",
    ),
    examples=Words(
        "hegui keys create --tenant school --audience minor --expires 90d\nhegui keys list\n"
        "hegui keys revoke 4f2k9xw0ab",
        "hegui keys create --tenant school --audience minor --expires 90d\nhegui keys list\n"
        "hegui keys revoke 4f2k9xw0ab",
    ),
)
def keys() -> None:
    """Callers' keys."""


@keys.command(
    "create",
    cls=Command,
    words=Words(
        "Create a key and show it, once. Its creation goes on record in the tenant's log.",
        "创建一个密钥并显示，仅此一次。创建会记入该租户的账本。",
    ),
    examples=Words(
        "hegui keys create\nhegui keys create --tenant school --audience minor --expires 90d",
        "hegui keys create\nhegui keys create --tenant school --audience minor --expires 90d",
    ),
)
@SETTINGS_OPTION
@option(
    "--tenant",
    default="default",
    words=Words(
        "whose key it is; tenants have separate logs (default)",
        "属于哪个租户；各租户账本分开（默认 default）",
    ),
)
@option(
    "--audience",
    type=click.Choice(["adult", "minor"]),
    default="adult",
    words=Words(
        "whom its requests serve when nothing signed says (adult)",
        "没有签名断言时，按哪类用户处理（默认 adult）",
    ),
)
@option(
    "--label",
    "label_mode",
    type=click.Choice(["default", "suffix", "interface"]),
    default="default",
    words=Words(
        "how its replies are labelled; default: as the settings say",
        "回复的标识方式；default 为按配置",
    ),
)
@option(
    "--refusal",
    "refusal_mode",
    type=click.Choice(["reply", "error"]),
    default="reply",
    words=Words(
        "refusals come as a reply (HTTP 200) or as an OpenAI error",
        "拒绝时返回普通回复（HTTP 200）还是 OpenAI 错误",
    ),
)
@option(
    "--expires",
    metavar="90d|2027-01-31",
    words=Words(
        "days from now, or the last day (UTC) on which it is valid",
        "多少天后失效，或最后有效日（UTC）",
    ),
)
@option("--note", default="", words=Words("a remark for yourself", "备注"))
@JSON_OPTION
def create(config: Path, expires: str | None, *, as_json: bool, **terms: Any) -> int:
    """Create a key and show it once."""
    from hegui.app import parts
    from hegui.callers.keys import NewKey, make
    from hegui.ledger.kinds import named

    settings = read_settings(config)
    at = parts.now()
    made = make(parts.pepper(settings), NewKey(expires=end_of(expires, at), **terms), at)
    record = made.record
    fields: dict[str, Any] = {"key": record.id, "audience": record.audience}
    if record.expires is not None:
        fields["expires"] = record.expires
    put_on_record(settings, record.tenant, (named("key.created"), at, fields), made.write)
    if as_json:
        say_json({"key": made.plain, **_row(record, at)})
        return CLEAN
    click.echo(made.plain)
    say(
        Words(
            "Shown once, not stored: keep it now. Key {id}, tenant {tenant}.",
            "只显示这一次，不会保存，请立即妥善保管。编号 {id}，租户 {tenant}。",
        ).fill(id=record.id, tenant=record.tenant),
        err=True,
    )
    return CLEAN


@keys.command(
    "list",
    cls=Command,
    words=Words("List all keys, without their secrets.", "列出全部密钥，不含密钥本身。"),
    examples=Words(
        "hegui keys list\nhegui keys list --json", "hegui keys list\nhegui keys list --json"
    ),
)
@SETTINGS_OPTION
@JSON_OPTION
def list_keys(config: Path, *, as_json: bool) -> int:
    """List all keys."""
    from hegui.callers.keys import listing

    none = Words("No keys yet: hegui keys create", "还没有密钥：hegui keys create")
    return Listing(_HEADING, _cells, _row, none).show(config, listing, as_json=as_json)


_HEADING = (
    Words("id", "编号"),
    Words("tenant", "租户"),
    Words("audience", "用户"),
    Words("state", "状态"),
    Words("created", "创建"),
    Words("expires", "失效"),
    Words("note", "备注"),
)


@keys.command(
    "revoke",
    cls=Command,
    words=Words(
        "Revoke a key for good. A running gateway follows within a second; the revocation goes on "
        "record.",
        "永久吊销一个密钥。运行中的网关一秒内生效；吊销会记录在案。",
    ),
    examples=Words("hegui keys revoke 4f2k9xw0ab", "hegui keys revoke 4f2k9xw0ab"),
)
@SETTINGS_OPTION
@click.argument("key_id", metavar="ID")
def revoke_key(config: Path, key_id: str) -> int:
    """Revoke a key for good."""
    from hegui.callers.keys import revocation

    return revoke(config, key_id, revocation, "key.revoked")


def _cells(record: "KeyRecord", at: int) -> list[str]:
    return [
        record.id,
        record.tenant,
        record.audience,
        KEY_STATES[record.state(at)].say(lang_of()),
        date_of(record.created),
        date_of(record.expires) if record.expires is not None else "-",
        record.note,
    ]


def _row(record: "KeyRecord", at: int) -> dict[str, Any]:
    names = ("id", "tenant", "audience", "label_mode", "refusal_mode", "created", "expires")
    row = {name: getattr(record, name) for name in (*names, "revoked", "note")}
    return {**row, "state": record.state(at)}
