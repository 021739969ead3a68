"""The verifier keys of the logs, as a provider publishes them, worked out from its key files."""

import sqlite3
from contextlib import closing
from urllib.parse import quote

from hegui.app import parts
from hegui.app.logkeys import heads_in
from hegui.settings import Settings
from hegui.store import exists, open_connection
from hegui.terms import BadRequest, Misconfigured, Words

_NO_LOG = Words(
    "Tenant {tenant} has no log yet. Its first key begins one: hegui keys create --tenant {tenant}",
    "租户 {tenant} 尚无账本。账本从其第一个密钥开始：hegui keys create --tenant {tenant}",
)

_UNREADABLE = Words(
    en="{path} cannot be read, so nobody knows which logs it holds: {why}. Run: hegui ledger "
    "verify; or restore a backup.",
    zh="无法读取 {path}，不知道其中有哪些账本：{why}。请运行 hegui ledger verify，或恢复备份。",
)

_NO_KEYS = Words(
    en="There is no folder {path}, which holds the keys that sign the logs. Put it back from your "
    "backup of the keys.",
    zh="没有目录 {path}，其中应有为账本签名的密钥。请从密钥备份中恢复。",
)


def vkeys(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return the verifier keys of every log by tenant, Ed25519 first, then ML-DSA-44.

    A log whose key file is missing is left out, and a database that cannot be read has none: the
    check that these keys are for says what is wrong.
    """
    if not settings.key_directory.is_dir():
        return {}
    keys = parts.log_keys_of(settings)
    found = {tenant: keys.vkeys(tenant, head) for tenant, head in _heads(settings).items()}
    return {tenant: own for tenant, own in found.items() if own}


def amiss(settings: Settings) -> list[Words]:
    """Return why ``vkeys`` lacks a key, or gives one that did not sign its log's last head."""
    try:
        heads = _heads_read(settings)
    except sqlite3.Error as error:
        return [_UNREADABLE.fill(path=settings.database, why=error)]
    if not heads or not settings.key_directory.is_dir():  # which is not made here
        return [_NO_KEYS.fill(path=settings.key_directory)] if heads else []
    keys, found = parts.log_keys_of(settings), []
    for tenant, head in heads.items():
        try:
            keys.require(tenant, head)
        except Misconfigured as error:
            found.append(error.words)
    return found


def vkeys_of(settings: Settings, tenant: str) -> tuple[str, ...]:
    """Return the verifier keys of a tenant's log, as ``vkeys`` does.

    ``BadRequest`` where it has no log; ``Misconfigured`` where its key file is missing.
    """
    place = parts.place_of(settings)
    heads = {}
    if exists(place):
        with closing(open_connection(place, read_only=True)) as connection:
            heads = heads_in(connection)
    if tenant not in heads:
        raise BadRequest(_NO_LOG.fill(tenant=tenant), param="tenant")
    keys = parts.log_keys_of(settings)
    keys.require(tenant, heads[tenant])
    return keys.vkeys(tenant, heads[tenant])


def _heads(settings: Settings) -> dict[str, str]:
    try:
        return _heads_read(settings)
    except sqlite3.Error:
        return {}


def _heads_read(settings: Settings) -> dict[str, str]:
    if settings.postgres.url:
        with closing(open_connection(parts.place_of(settings), read_only=True)) as server:
            return heads_in(server)
    if not settings.database.exists():
        return {}
    address = f"file:{quote(str(settings.database.resolve()))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        # a damaged head is no reason not to check the others
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        rows = connection.execute("SELECT tenant, checkpoint FROM log ORDER BY tenant")
        return {str(tenant): str(head) for tenant, head in rows}
