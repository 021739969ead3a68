"""Deleting records at the end of their terms, on a ledger where places are given by others."""

from pathlib import Path

from tests.cli.conftest import INTERNAL

from hegui.app import parts, retention
from hegui.ledger import kinds, leaf
from hegui.ledger.shared import SharedLedger
from hegui.settings import inspect
from hegui.terms import Entry, Receipt
from hegui.testing.records import fields_of

NOW = 1_780_000_000_000
FOUR_YEARS = 4 * 366 * 86_400_000


class Unplaced(SharedLedger):
    """A shared ledger whose records get no place: nobody holds the sequencer's lock."""

    def __init__(self) -> None:
        self.added = 0

    async def add(self, entry: Entry) -> Receipt:
        self.added += 1
        assert self.added < 5, "the same records are deleted again and again"
        return Receipt(entry.tenant, None, b"", b"\x00" * 16)

    def wait(self, receipt: Receipt) -> Receipt:
        return receipt


async def test_a_deletion_without_a_place_is_not_put_on_record_again_and_again(
    tmp_path: Path,
) -> None:
    settings, problems = inspect(f'data_dir = "{tmp_path}"\n{INTERNAL}', environ={})
    assert settings is not None, problems
    kind = kinds.named("exchange.asked")
    ledger = parts.open_ledger(settings)
    made = [leaf.make(kind, NOW, "default", fields_of(kind)) for _ in range(300)]
    for future in [ledger.submit(Entry("default", one)) for one in made]:
        future.result(60)
    ledger.close()
    unplaced = Unplaced()
    assert await retention.prune(unplaced, settings, lambda: NOW + FOUR_YEARS) == {"default": 256}
    assert unplaced.added == 1
