"""The sinks that are always there: the vault itself, the memory of gateways, what left the house.

Others (a search index, a cache) are added where things are put together, in ``hegui.app``.
"""

from dataclasses import dataclass
from typing import Final

from hegui.terms import Erasure, SinkState, Words
from hegui.vault.rows import Rows, number
from hegui.vault.subjects import FRESH_MS

FORGOTTEN_MS: Final = 2 * FRESH_MS
"""By then no gateway that runs remembers an erased person: each looks every five seconds."""

_VAULT: Final = Words(
    "keys and sealed content in the database: deleted, and cut out of the write-ahead log",
    "数据库中的密钥和密文：删除，并从预写日志中清除",
)
_MEMORY: Final = Words(
    "keys of persons and digests of judged turns in running gateways: each gateway forgets "
    "them within seconds of an erasure; done after two minutes",
    "运行中网关内存里的个人密钥和已审核轮次的摘要：各网关在删除后数秒内清除，两分钟后视为完成",
)
_EXPORTS: Final = Words(
    "content in exports: it cannot be called back; the requester is told who received it",
    "已导出的内容：无法收回；会告知申请人交给了谁",
)
_LEFT = "SELECT count(*) FROM subject_key WHERE key_id = ?"
_HANDED = "SELECT count(*) FROM handed_over WHERE key_id = ?"
_RECEIVERS = (
    "SELECT DISTINCT h.receiver FROM handed_over AS h JOIN erased_key AS e ON e.key_id = h.key_id"
    " WHERE e.erasure = ? ORDER BY h.receiver"
)


@dataclass(frozen=True, slots=True)
class VaultSink:
    """The vault: keys and sealed content are deleted in one transaction."""

    rows: Rows
    name: str = "vault"
    words: Words = _VAULT

    def erase(self, erasure: Erasure, now_ms: int) -> SinkState:
        """Tell whether any key is left, and cut off the write-ahead log."""
        del now_ms
        left = sum(number(self.rows.query(_LEFT, (key,))[0][0]) for key in erasure.keys)
        return "waiting" if left or not self.rows.scrub() else "done"


@dataclass(frozen=True, slots=True)
class MemorySink:
    """The memory of running gateways, where keys of persons and digests of judged turns lie."""

    name: str = "gateway-memory"
    words: Words = _MEMORY

    def erase(self, erasure: Erasure, now_ms: int) -> SinkState:
        """Wait for the time in which every gateway has looked."""
        return "done" if now_ms - erasure.since >= FORGOTTEN_MS else "waiting"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Exports that hold content. What was given to somebody cannot be called back."""

    rows: Rows
    name: str = "exports"
    words: Words = _EXPORTS

    def erase(self, erasure: Erasure, now_ms: int) -> SinkState:
        """Tell whether content of the person was handed over."""
        del now_ms
        handed = sum(number(self.rows.query(_HANDED, (key,))[0][0]) for key in erasure.keys)
        return "handed-over" if handed else "done"


def receivers(rows: Rows, erasure: str) -> list[str]:
    """Return who received content of the person, for the answer to the request."""
    return [str(receiver) for (receiver,) in rows.query(_RECEIVERS, (erasure,))]
