"""``hegui ledger prune``: delete records whose terms have ended; the proofs stay."""

from pathlib import Path
from typing import TYPE_CHECKING

from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, COULD_NOT_TELL, command, option, say, say_json
from hegui.terms import Words

if TYPE_CHECKING:
    from hegui.settings import Settings

_NONE = Words(
    "No record's term has ended: nothing to delete. Records are kept for {days} days, "
    "those that the law wants longer for three years.",
    "没有到期的记录，无需清理。记录保存 {days} 天，法律要求更久的保存三年。",
)
_WOULD = Words(
    "{tenant}: {count} records would be deleted, of entries below {minimum}",
    "{tenant}：将清理 {count} 条记录，均在第 {minimum} 条之前",
)
_DID = Words(
    "{tenant}: {count} records deleted; their hashes, the proofs and a record of the deletion stay",
    "{tenant}：已清理 {count} 条记录；哈希、证明以及本次清理的记录予以保留",
)
_NO_DATABASE = Words(
    "There is no database at {path}. It is made when the service first starts.",
    "{path} 处没有数据库。服务首次启动时会自动创建。",
)


@command(
    "prune",
    Words(
        "Delete records whose terms have ended: content.log_days for most, three years for those "
        "that the law wants longer. The service does it by itself once a day. Hashes and heads "
        "stay, so that receipts and proofs go on holding; what was deleted is on record.",
        "清理到期的记录：多数按 content.log_days，法律要求更久的保存三年。服务每天自动执行一次。"
        "哈希和账本头予以保留，回执和证明继续有效；清理本身也会记录在案。",
    ),
    Words(
        "hegui ledger prune --dry-run\nhegui ledger prune",
        "hegui ledger prune --dry-run\nhegui ledger prune",
    ),
)
@SETTINGS_OPTION
@option(
    "--dry-run",
    is_flag=True,
    words=Words("only say what would be deleted", "只说明将清理什么"),
)
@JSON_OPTION
def prune(config: Path, *, dry_run: bool, as_json: bool) -> int:
    """Delete records whose terms have ended."""
    from hegui.app import parts
    from hegui.store import exists

    settings = read_settings(config)
    place = parts.place_of(settings)
    if not exists(place):
        say(_NO_DATABASE.fill(path=place), err=True)
        return COULD_NOT_TELL
    counts, minimum = _planned(settings) if dry_run else (_carried_out(settings), {})
    if as_json:
        say_json({"dry_run": dry_run, "pruned": counts})
        return CLEAN
    for tenant, count in counts.items():
        words = _WOULD.fill(tenant=tenant, count=count, minimum=minimum.get(tenant, 0))
        say(words if dry_run else _DID.fill(tenant=tenant, count=count))
    if not counts:
        say(_NONE.fill(days=settings.content.log_term))
    return CLEAN


def _planned(settings: "Settings") -> tuple[dict[str, int], dict[str, int]]:
    from hegui.app import parts
    from hegui.ledger import pruning

    terms = pruning.Terms.at(parts.now(), settings.content.log_term)
    counts, minimum = {}, {}
    for tenant in pruning.tenants(parts.place_of(settings)):
        plan = pruning.plan(parts.place_of(settings), tenant, terms, most=2**62)
        if plan is not None:
            counts[tenant], minimum[tenant] = len(plan.indices), plan.minimum
    return counts, minimum


def _carried_out(settings: "Settings") -> dict[str, int]:
    import asyncio

    from hegui.app import parts, retention

    ledger = parts.open_ledger(settings)
    try:
        return asyncio.run(retention.prune(ledger, settings, parts.now))
    finally:
        ledger.close()
