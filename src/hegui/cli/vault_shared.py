"""What the commands of ``hegui vault`` share."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from hegui.cli.speech import option
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.app.upkeep import Upkeep
    from hegui.settings import Settings
    from hegui.vault import Vault

_BEIJING = timezone(timedelta(hours=8))

BY_OPTION = option(
    "--by",
    required=True,
    metavar="WHO",
    words=Words(
        "who decides: a role or a staff number. It stays on record for years, so no name",
        "由谁决定：岗位或工号。会长期留在记录中，请勿写姓名",
    ),
)
TENANT_OPTION = option(
    "--tenant",
    default="default",
    words=Words("whose user it is (default)", "所属租户（默认 default）"),
)
_NO_DATABASE = Words(
    en="There is no database at {path}: nothing is kept yet.",
    zh="{path} 处没有数据库：尚无任何留存。",
)


@contextmanager
def upkeep_of(settings: "Settings", lost: int = 0) -> "Iterator[Upkeep]":
    """Open what rotates and erases, and close it. ``lost`` is an epoch that is to be given up."""
    from hegui.app import parts
    from hegui.app.upkeep import Upkeep, holders_of
    from hegui.vault.holders import epoch_name

    require_database(settings)
    ledger = parts.open_ledger(settings, epoch_name(lost) if lost else "")
    try:
        with Upkeep(settings, ledger, parts.now, holders_of(settings)) as upkeep:
            yield upkeep
    finally:
        ledger.close()


def require_database(settings: "Settings") -> None:
    """Raise ``BadRequest`` where nothing was ever kept."""
    from hegui.app.parts import place_of
    from hegui.store import exists

    if not exists(place_of(settings)):
        raise BadRequest(_NO_DATABASE.fill(path=settings.database))


@contextmanager
def vault_of(settings: "Settings") -> "Iterator[Vault]":
    """Open the vault, and close it."""
    from hegui.app import parts
    from hegui.app.upkeep import holders_of, open_vault

    vault = open_vault(settings, parts.now, holders_of(settings))
    try:
        yield vault
    finally:
        vault.close()


def row_of(settings: "Settings", tenant: str, raw: str) -> bytes:
    """Return the row of a person whom ``tenant`` calls ``raw``; empty for an unknown tenant.

    A tenant that nobody has met has no key file, and none is made for a slip of the pen.
    """
    from hegui.app import parts
    from hegui.vault.holders import key_name
    from hegui.vault.keyed import keyed

    keys = parts.key_directory(settings)
    if key_name(tenant) not in keys.names():
        return b""
    return keyed(keys.load(key_name(tenant)), raw.encode("utf-8", "surrogatepass"))


def day(ms: int) -> str:
    """Return the day in Beijing."""
    return datetime.fromtimestamp(ms / 1_000, UTC).astimezone(_BEIJING).strftime("%Y-%m-%d")


def day_by(ms: int) -> str:
    """Return the first day in Beijing that begins after a moment: by then it has been."""
    return day(ms + 86_400_000 - 1)
