"""What an operator sees of a shared ledger: figures for Prometheus, and lines of ``/readyz``."""

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from hegui.ledger.shared import SharedLedger
from hegui.terms import Clock, Words

_SPOOLING = Words(
    en="the database is away: {records} records ({bytes} of {limit} bytes), the oldest {seconds} s"
    " old, exist only on this machine's disk until it is back",
    zh="数据库不可用：{records} 条记录（{bytes} 字节，上限 {limit}），最早的已存 {seconds} 秒，"
    "在其恢复之前只存在于本机磁盘",
)


class Figures(Collector):
    """Reads the state of the ledger whenever somebody asks for the metrics."""

    def __init__(self, ledger: SharedLedger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield a gauge for each figure."""
        state = self._ledger.state()
        spool, sequencer = state.spool, state.sequencer
        figures: list[tuple[str, str, float]] = [
            ("outbox_rows", "Acknowledged records without a place in a log", sequencer.waiting),
            ("sequencer_held", "1 while this process gives places", int(sequencer.holds)),
            ("logs_refused", "Logs that do not hold together", len(sequencer.refused)),
        ]
        if spool is not None:
            age = self._age_ms(spool.oldest_ms) / 1_000
            figures += [
                ("spool_records", "Records that are on this machine's disk only", spool.records),
                ("spool_bytes", "Bytes of the spool", spool.bytes),
                ("spool_limit_bytes", "Bytes at which the spool is full: then 503", spool.limit),
                ("spool_age_seconds", "Age of the oldest record in the spool", age),
                ("spool_bare", "Records whose rows the server refused", state.bare),
            ]
        for name, says, value in figures:
            yield GaugeMetricFamily(f"hegui_{name}", says, value=value)

    def lines(self) -> dict[str, Any]:
        """Return what ``/readyz`` says of the database."""
        state = self._ledger.state()
        spool = state.spool
        said: dict[str, Any] = {
            "outbox_rows": state.sequencer.waiting,
            "sequencer": "here" if state.sequencer.holds else "elsewhere",
            "refused": {
                tenant: error.words.en for tenant, error in state.sequencer.refused.items()
            },
        }
        if spool is not None and spool.records:
            words = _SPOOLING.fill(
                records=spool.records,
                bytes=spool.bytes,
                limit=spool.limit,
                seconds=self._age_ms(spool.oldest_ms) // 1_000,
            )
            said["risk"] = {"en": words.en, "zh": words.zh}
        return said

    def _age_ms(self, since: int | None) -> int:
        return max(0, self._clock() - since) if since is not None else 0
