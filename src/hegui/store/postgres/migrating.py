"""Bringing the tables on a server up to date; several gateways may start at once."""

from collections.abc import Sequence
from typing import Any, Final

from hegui.store.postgres.schema import MIGRATIONS, SCHEMA
from hegui.terms import Misconfigured, Words

LOCK: Final = 0x6867_7569_6D69_6772
"""``hguimigr``: the advisory lock under which tables are changed."""

_NOT_OURS = Words(
    en="{place}: the schema hegui there is another program's. Use another database.",
    zh="{place}：其中的 hegui 模式属于其他程序。请另用一个数据库。",
)
_NEWER = Words(
    en="{place} has format {found}; this hegui knows formats up to {known}. Install a newer hegui.",
    zh="{place} 的格式版本为 {found}，当前 hegui 最高只支持 {known}。请安装更新的 hegui。",
)


async def migrate(session: Any, place: str, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring the schema to ``len(migrations)``, one transaction for all steps."""
    known = len(migrations)
    async with session.transaction():
        await session.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        found = await _version(session, place)
        if found > known:
            raise Misconfigured(_NEWER.fill(place=place, found=found, known=known))
        if found == known:
            return
        await session.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        for step in migrations[found:]:
            await session.execute(step)
        await session.execute("CREATE TABLE IF NOT EXISTS schema_version (v BIGINT)")
        await session.execute("DELETE FROM schema_version")
        await session.execute("INSERT INTO schema_version VALUES ($1)", known)


async def _version(session: Any, place: str) -> int:
    tables = await session.fetch(
        "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = $1", SCHEMA
    )
    names = {row["tablename"] for row in tables}
    if "schema_version" in names:
        return int(await session.fetchval("SELECT max(v) FROM schema_version"))
    if names:
        raise Misconfigured(_NOT_OURS.fill(place=place))
    return 0
