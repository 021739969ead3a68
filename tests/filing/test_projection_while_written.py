"""A summary that is brought up while the log grows and others bring it up, too."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.filing.made import GIVEN, NOW
from tests.filing.test_projection import SIGNER, Place, days

from hegui.filing.projection import Facets, Projections, Reading
from hegui.ledger.heads import heads_beside
from hegui.ledger.trust import Trust
from hegui.store import Connection, open_connection
from hegui.store.postgres.session import Rows
from hegui.terms import Unavailable


class Interrupted:
    """A session during which something else happens right after a statement that holds a text."""

    def __init__(self, inner: Connection, after: str, then: Callable[[], object]) -> None:
        self._inner, self._after, self._then = inner, after, then

    def execute(self, statements: str, bindings: Sequence[Any] = (), /) -> Any:
        rows = self._inner.execute(statements, bindings)
        if self._after not in statements:
            return rows
        fetched = Rows(rows.fetchall())
        self._after = "\0"
        self._then()
        return fetched

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Held(Projections):
    """The file of the summary, which another process has before us."""

    before: Callable[[], object]

    @contextmanager
    def changing(self) -> Iterator[None]:
        self.before()
        with super().changing():
            yield


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Projections(tmp_path / "projections.db") as file:
        yield Place(tmp_path / "hegui.db", file)


def brought_up(place: Place, file: Projections, session: Callable[[Any], Any]) -> int:
    with closing(open_connection(place.db)) as connection:
        connection.execute("BEGIN")
        trust = Trust(lambda _, __: SIGNER, heads_beside(place.db))
        reading = Reading(session(connection), "default", trust, file, GIVEN.facets)
        head = reading.bring_up(lambda *_: None)
        assert head is not None
        return head.size


def test_a_head_that_is_signed_while_the_log_is_read_is_no_corruption(place: Place) -> None:
    place.add(*days(5))

    def grown(inner: Any) -> Any:
        return Interrupted(inner, "FROM log", lambda: place.add(*days(5, NOW)))

    assert brought_up(place, place.file, grown) == 10
    assert place.bring_up() == 20


def test_another_process_that_read_further_meanwhile_is_no_corruption(place: Place) -> None:
    place.add(*days(5))
    place.bring_up()

    def another() -> None:
        place.add(*days(5, NOW))
        assert place.bring_up() == 20

    with Held(place.file.path) as waiting:
        waiting.before = another
        assert brought_up(place, waiting, lambda inner: inner) == 20


def test_counts_that_another_release_put_in_place_of_ours_are_not_taken_for_ours(
    place: Place,
) -> None:
    place.add(*days(5))
    with place.reading() as reading:
        head = reading.bring_up(lambda *_: None)
        assert head is not None
        place.bring_up(Facets([]))
        with pytest.raises(Unavailable, match="Another release"):
            reading.summary(head, head.size, NOW)
    assert place.board().item("ds10") is not None
