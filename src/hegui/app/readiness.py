"""What ``/readyz`` says: whether requests are served, and if not, why."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from hegui.app.attesting import Attesting
from hegui.app.rules import RulesInUse
from hegui.app.shared import Figures
from hegui.ledger.log import Ledger
from hegui.ledger.shared import SharedLedger
from hegui.terms import Words

_NOT_UP: Final = Words(
    en="The service is starting, or is being stopped.",
    zh="服务正在启动，或正在停止。",
)
_UNWRITABLE: Final = Words(
    en="No record can be made durable, so every request is answered with 503. Look at the disk and"
    " at the database. {why}",
    zh="目前无法持久保存任何记录，因此所有请求都会得到 503。请检查磁盘和数据库。{why}",
)


@dataclass(slots=True)
class Readiness:
    """What is known of a gateway's parts. ``up``: it has started and is not being stopped."""

    ledger: Ledger | SharedLedger
    attesting: Attesting
    runners: Collection[str]
    figures: Figures | None
    rules: RulesInUse | None = None
    up: bool = field(default=False, init=False)

    def state(self) -> dict[str, Any]:
        """Return what is known now. Asks nothing of the disk and of the network."""
        why = self._why()
        return {
            "ready": why is None,
            **({"why": {"en": why.en, "zh": why.zh}} if why is not None else {}),
            "ledger_lag": self.ledger.lag(),
            "detectors": sorted(self.runners),
            **({"rules": self.rules.state()} if self.rules is not None else {}),
            "witnesses": self.attesting.state(),
            **({"database": self.figures.lines()} if self.figures is not None else {}),
        }

    def _why(self) -> Words | None:
        """Return why no request is served; None where they are."""
        if not self.up:
            return _NOT_UP
        trouble = self.ledger.trouble
        return None if trouble is None else _UNWRITABLE.fill(why=trouble.words)
