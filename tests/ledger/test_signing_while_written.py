"""Heads that another process signs while this one reads: they are no lost entries."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from tests.ledger.test_signing import HOUR, NOW, MakeLeaf, add, looked, query, signed_size

from hegui.ledger.heads import Head, Heads, heads_beside
from hegui.ledger.log import Ledger
from hegui.ledger.note import Signer
from hegui.ledger.signing import Signing
from hegui.ledger.trust import Trust
from hegui.store import Connection, open_database
from hegui.terms import Corrupt, Entry


class Overtaken(Heads):
    """A second place into which another process signs right before it is read."""

    then: Callable[[], object] | None = None

    def read(self, tenant: str) -> Head | None:
        then, self.then = self.then, None
        if then is not None:
            then()
        return super().read(tenant)


@pytest.fixture
def grow(db: Path, signer: Callable[[str], Signer], make_leaf: MakeLeaf) -> Callable[[], None]:
    def another_process() -> None:
        ledger = Ledger(db, signer, sign_seconds=HOUR)
        add(ledger, make_leaf, 3)
        ledger.close()

    return another_process


def overtaken(db: Path, signer: Callable[[str], Signer], grow: Callable[[], None]) -> Signing:
    heads = Overtaken(heads_beside(db).folder)
    heads.then = grow
    return Signing(db, Trust(signer, heads))


def test_a_head_that_is_signed_while_a_process_starts_is_no_older_copy(
    db: Path, signer: Callable[[str], Signer], grow: Callable[[], None]
) -> None:
    grow()
    found = overtaken(db, signer, grow).look()
    assert [one.refused for one in found] == []
    assert signed_size(db) == 6


def test_a_head_that_is_signed_while_another_signs_refuses_nothing(
    db: Path, signer: Callable[[str], Signer], make_leaf: MakeLeaf, grow: Callable[[], None]
) -> None:
    left = looked(Ledger(db, signer, sign_seconds=HOUR))
    left.add_blocking(Entry("t", make_leaf(NOW)))
    heads = Overtaken(heads_beside(db).folder)
    heads.then = grow
    trust = Trust(signer, heads)
    signing = Signing(db, trust)
    connection = open_database(db)
    signing.run(connection)
    assert trust.refused == {}
    signing.finish(connection)
    connection.close()
    assert signed_size(db) == 4
    left.close()


class Late:
    """A connection before whose first transaction something happens."""

    def __init__(self, connection: Any, then: Callable[[], None]) -> None:
        self._connection, self._then = connection, [then]

    def execute(self, sql: str, *more: Any) -> Any:
        if self._then and sql.startswith("BEGIN"):
            self._then.pop()()
        return self._connection.execute(sql, *more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def test_a_signer_that_dies_before_it_commits_makes_nobody_else_refuse_or_sign_less(
    db: Path, signer: Callable[[str], Signer], make_leaf: MakeLeaf, grow: Callable[[], None]
) -> None:
    grow()
    left = looked(Ledger(db, signer, sign_seconds=HOUR))
    left.add_blocking(Entry("t", make_leaf(NOW)))
    ((before,),) = query(db, "SELECT checkpoint FROM log")

    def dies() -> None:  # its head is in the second place, and was never committed
        grow()
        query(db, f"UPDATE log SET checkpoint = '{before}'")  # noqa: S608 - a head of ours

    trust = Trust(signer, heads_beside(db))
    signing = Signing(db, trust)
    connection = open_database(db)
    signing.run(cast("Connection", Late(connection, dies)))
    assert trust.refused == {}
    assert signed_size(db) == 3
    second = heads_beside(db).read("t")
    assert second is not None
    assert second.checkpoint.size == 7, "nothing smaller took its place"
    signing.run(connection)
    assert (trust.refused, signed_size(db)) == ({}, 7)
    signing.let_go()
    connection.close()
    left.close()


def test_a_start_on_a_damaged_file_says_so(
    db: Path, signer: Callable[[str], Signer], grow: Callable[[], None]
) -> None:
    grow()
    connection = open_database(db)
    size = connection.execute("PRAGMA page_size").get
    page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'log'").get
    connection.close()
    whole = bytearray(db.read_bytes())
    whole[(page - 1) * size : page * size] = b"\xff" * size
    db.write_bytes(whole)
    with pytest.raises(Corrupt, match="is damaged"):
        Ledger(db, signer)
