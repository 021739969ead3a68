from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hegui.app import parts
from hegui.app.upkeep import Upkeep, holders_of, open_vault
from hegui.ledger import kinds, leaf
from hegui.ledger.log import Ledger
from hegui.settings import Settings, inspect
from hegui.store import open_database
from hegui.terms import Entry
from hegui.testing.clock import FixedClock
from hegui.vault import Subject, Vault
from hegui.vault.rotating import Told, untold

INTERNAL = """\
[service]
name = "assistant"
scope = "internal"
reason = "tests"
[[upstream]]
name = "local"
base_url = "http://127.0.0.1:8000/v1"
role = "own"
"""
YEAR = 365 * 86_400_000


def settings_in(folder: Path, more: str = "", **environ: str) -> Settings:
    text = f'data_dir = "{folder / "data"}"\n{INTERNAL}{more}'
    settings, problems = inspect(text, environ=environ)
    assert settings is not None, [problem.sentence.en for problem in problems]
    return settings


@dataclass
class House:
    """A ledger, a vault and their upkeep over one data folder, with a clock that a test moves."""

    settings: Settings
    clock: FixedClock = field(default_factory=FixedClock)

    def __post_init__(self) -> None:
        self.settings.data_dir.mkdir(exist_ok=True)
        self.ledger: Ledger = parts.open_ledger(self.settings)
        self.holders = holders_of(self.settings)
        self.vault: Vault = open_vault(self.settings, self.clock, self.holders)

    def pause(self, seconds: float) -> None:
        self.clock.forward(round(seconds * 1_000))

    def upkeep(self) -> Upkeep:
        return Upkeep(self.settings, self.ledger, self.clock, self.holders, self.pause)

    def rotate(self, told: Told = untold) -> Any:
        with self.upkeep() as upkeep:
            return upkeep.rotate(told)

    def tend(self) -> Any:
        with self.upkeep() as upkeep:
            return upkeep.tend()

    def keep(  # one text for one person
        self,
        raw: str | None,
        exchange: str,
        text: str,
        klass: str = "findings",
        also: Subject | None = None,
        term: int = YEAR,
    ) -> Subject:
        subject = self.vault.subject("default", raw)
        until = self.clock() + term
        content = self.vault.seal(
            subject, "default", exchange, "prompt", klass, text.encode(), until, also=also
        )
        fields = {"reason": "a record", "answered": 0}
        made = leaf.make(kinds.named("service.stopped"), self.clock(), "default", fields)
        self.ledger.add_blocking(Entry("default", made, (*subject.writes, *content)))
        return subject

    def erase(self, raw: str, ground: str = "requested") -> Any:
        with self.upkeep() as upkeep:
            erasures = upkeep.erasures()
            row = self.vault.subject_row("default", raw)
            return erasures.ask(erasures.person("default", row=row), ground, "staff 7")

    def query(self, sql: str, *cells: Any) -> list[tuple[Any, ...]]:
        connection = open_database(self.settings.database)
        try:
            return connection.execute(sql, cells).fetchall()
        finally:
            connection.close()

    def records(self, *names: str) -> list[dict[str, Any]]:
        found = [leaf.parse(row[0]) for row in self.query("SELECT leaf FROM entry ORDER BY idx")]
        return [record for record in found if not names or record["kind"] in names]

    def close(self) -> None:
        self.vault.close()
        self.ledger.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(settings_in(tmp_path))
    yield made
    made.close()


@pytest.fixture
def again(house: House) -> Iterator[Callable[[], House]]:
    """Start the house anew, as after a crash: another ledger, another vault, the same folder."""
    made: list[House] = []

    def start() -> House:
        made.append(House(house.settings, house.clock))
        return made[-1]

    yield start
    for each in made:
        each.close()
