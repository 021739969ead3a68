"""The summary of a log: the same from zero, verified as it grows, exact for any past."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import pytest
from tests.filing.made import GIVEN, NOW, attesting, made

from hegui.filing.board import Board, board
from hegui.filing.projection import DAY_MS, Facets, Key, Projections, Reading, Row
from hegui.ledger import pruning
from hegui.ledger.heads import heads_beside
from hegui.ledger.log import Ledger
from hegui.ledger.note import Signer
from hegui.ledger.tree import leaf_hash
from hegui.ledger.trust import Trust
from hegui.store import open_connection
from hegui.terms import Corrupt, Entry, Unavailable
from hegui.testing.records import record_of

SIGNER = Signer("ledger.test/log", b"s" * 32)
START = NOW - 400 * DAY_MS


class Place(NamedTuple):
    """A ledger and its summary on a disk."""

    db: Path
    file: Projections

    @contextmanager
    def reading(self, facets: Facets = GIVEN.facets, file: Any = None) -> Iterator[Reading]:
        with closing(open_connection(self.db)) as connection:
            connection.execute("BEGIN")
            trust = Trust(lambda _, __: SIGNER, heads_beside(self.db))
            yield Reading(connection, "default", trust, file or self.file, facets)

    def bring_up(self, facets: Facets = GIVEN.facets) -> int:
        with self.reading(facets) as reading:
            head = reading.bring_up(lambda *_: None)
            assert head is not None
            return head.size

    def board(self, size: int | None = None, as_of: int = NOW) -> Board:
        with self.reading() as reading:
            head = reading.bring_up(lambda *_: None)
            assert head is not None
            summary = reading.summary(head, size or head.size, as_of)
            return board(GIVEN, summary)

    def add(self, *leaves: bytes) -> None:
        ledger = Ledger(self.db, lambda _, __: SIGNER)
        for future in [ledger.submit(Entry("default", leaf)) for leaf in leaves]:
            future.result(30)
        ledger.close()

    def from_zero(self, folder: Path) -> tuple[Mapping[Key, Row], Mapping[int, bytes]]:
        with Projections(folder / "anew" / "projections.db") as anew:
            with self.reading(file=anew) as reading:
                reading.bring_up(lambda *_: None)
            return anew.rows("default"), anew.noted("default")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Projections(tmp_path / "projections.db") as file:
        yield Place(tmp_path / "hegui.db", file)


def days(count: int, since: int = START) -> list[bytes]:
    """Return two records a day, of a kind of either term."""
    found = []
    for number in range(count):
        at = since + number * DAY_MS
        found.append(made("exchange.asked", at, **record_of("exchange.asked")))
        found.append(made("document.adopted", at, **record_of("document.adopted", topic="ethics")))
    return found


def test_a_summary_that_grew_is_the_one_that_is_built_from_zero(
    place: Place, tmp_path: Path
) -> None:
    place.add(*days(300))
    assert place.bring_up() == 600
    place.add(*days(30, NOW - 90 * DAY_MS), attesting("a8-train", NOW))
    assert place.bring_up() == 661
    assert place.from_zero(tmp_path) == (place.file.rows("default"), place.file.noted("default"))
    assert place.file.noted("default").keys() == {660}


def test_what_was_pruned_is_taken_out_as_if_it_had_never_been_counted(
    place: Place, tmp_path: Path
) -> None:
    place.add(*days(400))
    place.bring_up()
    before = place.file.rows("default")
    terms = pruning.Terms.at(NOW, 180)
    plan = pruning.plan(place.db, "default", terms)
    assert plan is not None
    ledger = Ledger(place.db, lambda _, __: SIGNER)
    ledger.add_blocking(plan.entry(NOW, terms))
    ledger.close()
    place.bring_up()
    after = place.file.rows("default")
    gone = {key for key in before if key not in after}
    assert len(gone) == len(plan.indices)
    assert {key.kind for key in gone} == {"exchange.asked"}
    assert place.from_zero(tmp_path)[0] == after


def test_the_past_is_computed_exactly_from_a_later_log(place: Place) -> None:
    noon = NOW - NOW % DAY_MS + DAY_MS // 2
    first = [made("exchange.asked", noon + n, **record_of("exchange.asked")) for n in range(10)]
    place.add(*first)
    then = place.board(as_of=noon + 9)
    place.add(*first, made("ledger.restored", noon, **record_of("ledger.restored")))
    again = place.board(size=10, as_of=noon + 9)
    assert again.digest == then.digest
    assert again.head is not None
    assert again.head.root == then.head.root if then.head else False
    assert place.board(as_of=noon + 9).digest != then.digest
    earlier = place.board(size=10, as_of=noon + 4).item("ds10")
    assert earlier is not None
    assert earlier.parts[0].found.count == 5


def test_a_changed_leaf_is_named_and_nothing_is_counted(place: Place) -> None:
    place.add(*days(5))
    place.bring_up()
    mark = place.file.mark("default", GIVEN.facets.digest)
    place.add(*days(5, NOW - 5 * DAY_MS))
    with closing(apsw.Connection(str(place.db))) as connection:
        connection.execute("UPDATE entry SET leaf = ? WHERE idx = 13", (b"{}",))
    with pytest.raises(Corrupt, match="entry 13"):
        place.bring_up()
    assert place.file.mark("default", GIVEN.facets.digest) == mark


def test_a_leaf_that_is_gone_and_not_listed_as_pruned_is_named(place: Place) -> None:
    place.add(*days(5))
    with closing(apsw.Connection(str(place.db))) as connection:
        connection.execute("UPDATE entry SET leaf = x'' WHERE idx = 3")
    with pytest.raises(Corrupt, match="entry 3 is empty"):
        place.bring_up()


def test_a_leaf_and_its_hash_changed_together_do_not_lead_to_the_signed_root(
    place: Place,
) -> None:
    place.add(*days(5))
    other = made("document.adopted", NOW, **record_of("document.adopted", topic="roles"))
    with closing(apsw.Connection(str(place.db))) as connection:
        connection.execute(
            "UPDATE entry SET leaf = ?, hash = ? WHERE idx = 3", (other, leaf_hash(other))
        )
    with pytest.raises(Corrupt, match="signed"):
        place.bring_up()


def test_another_history_is_refused_until_it_says_on_record_that_it_was_restored(
    place: Place,
) -> None:
    place.add(*days(5))
    place.bring_up()
    for path in (place.db, *heads_beside(place.db).folder.iterdir()):
        path.unlink()
    place.add(*days(8, START + 1))
    with pytest.raises(Corrupt, match="first 10 entries"):
        place.bring_up()
    place.add(made("ledger.restored", NOW, **record_of("ledger.restored")))
    assert place.bring_up() == 17
    assert sum(row.many for row in place.file.rows("default").values()) == 17


def test_a_cited_entry_that_was_changed_after_it_was_counted_is_found(place: Place) -> None:
    place.add(*days(5))
    place.bring_up()
    with closing(apsw.Connection(str(place.db))) as connection:
        connection.execute("UPDATE entry SET leaf = ? WHERE idx = 4", (b"{}",))
    with place.reading() as reading:
        head = reading.bring_up(lambda *_: None)
        assert head is not None
        assert reading.cite([3], head)[3].kind == "document.adopted"
        with pytest.raises(Corrupt, match="entry 4"):
            reading.cite([3, 4], head)


def test_other_questions_build_the_summary_anew(place: Place) -> None:
    place.add(*days(5))
    place.bring_up()
    assert place.bring_up(Facets([])) == 10
    assert {key.facets for key in place.file.rows("default")} == {""}
    place.bring_up()
    assert "topic=ethics" in {key.facets for key in place.file.rows("default")}


def test_a_damaged_summary_says_that_it_may_be_deleted(tmp_path: Path) -> None:
    path = tmp_path / "projections.db"
    path.write_bytes(b"no database at all, whatever it was" * 100)
    path.chmod(0o600)
    with pytest.raises(Unavailable, match="delete"):
        Projections(path)


def test_odd_leaves_count_as_nothing(place: Place) -> None:
    odd = b'{"kind":"future.kind","v":1,"t":%d,"tenant":"default","salt":"x"}' % START
    place.add(odd, *days(1))
    place.bring_up()
    assert sum(row.many for row in place.file.rows("default").values()) == 2
