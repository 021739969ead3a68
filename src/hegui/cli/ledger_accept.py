"""``hegui ledger accept-restored``: go on after a restored backup, and put that on record."""

from pathlib import Path

from hegui.cli.shared import SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, command, option, say
from hegui.terms import BadRequest, Words

_MANY = Words(
    "several logs contradict their last signed heads ({tenants}): name one with --tenant",
    "有多个账本与最近签名的账本头矛盾（{tenants}）：请用 --tenant 指定一个",
)
_NONE = Words(
    "no log contradicts the head that was signed last: there is nothing to accept",
    "没有账本与最近签名的账本头矛盾，无需接受",
)
_DONE = Words(
    "Entry {index} of tenant {tenant} says who accepted the restored log, and why. {lost} entries "
    "that the old head counted are lost. That head is kept as {kept}: do not delete it. Whoever "
    "holds a receipt for a lost entry can prove that it was there; witnesses go on refusing this "
    "log under its old name.",
    "租户 {tenant} 的第 {index} 条记录写明了谁接受了恢复的账本及原因。旧账本头所含的 {lost} 条"
    "记录已丢失。该账本头保存在 {kept}，请勿删除。持有丢失记录回执的人仍可证明其存在；"
    "见证方会继续拒绝沿用旧名称的账本。",
)


@command(
    "accept-restored",
    Words(
        "Go on with a database that is older than the last signed head, or of another history: "
        "after a restored backup, when the newer one is lost. Until then nothing is added to such "
        "a log. Puts on record who accepted it and why, keeps the old head beside the new one, "
        "and signs. Stop the service first.",
        "数据库早于最近一次签名的账本头，或历史不同时（例如恢复了备份且较新的数据库已丢失），"
        "接受并继续使用。在此之前不会向该账本写入任何内容。谁接受、为何接受会记录在案，"
        "旧账本头另存保留，然后重新签名。请先停止服务。",
    ),
    Words(
        'hegui ledger accept-restored --by staff-17 --reason "disk lost, backup of 26 November"',
        'hegui ledger accept-restored --by 工号17 --reason "磁盘损坏，恢复了 11 月 26 日的备份"',
    ),
)
@SETTINGS_OPTION
@option(
    "--by",
    required=True,
    metavar="WHO",
    words=Words("who accepts it, by a role or number", "由谁接受，填岗位或工号"),
)
@option("--reason", required=True, metavar="TEXT", words=Words("why", "原因"))
@option(
    "--tenant",
    default="",
    metavar="NAME",
    words=Words(
        "whose log, if there are several, or if it is lost",
        "哪个租户的账本；有多个账本或账本已丢失时填写",
    ),
)
def accept_restored(config: Path, by: str, reason: str, tenant: str) -> int:
    """Go on after a restored backup."""
    from hegui.app import parts
    from hegui.ledger import restored

    settings = read_settings(config)
    ledger = parts.open_ledger(settings, accepting=True)
    try:
        found = sorted(one.tenant for one in ledger.found if one.contradicts)
        if not tenant and len(found) != 1:
            words = _MANY.fill(tenants=", ".join(found)) if found else _NONE
            raise BadRequest(words, param="tenant")
        done = restored.accept_restored(
            ledger,
            settings.database,
            tenant or found[0],
            restored.Acceptance(by, reason),
            parts.now,
        )
    finally:
        ledger.close()
    told = {"tenant": done.tenant, "index": done.index, "lost": done.lost, "kept": done.kept}
    say(_DONE.fill(**told))
    return CLEAN
