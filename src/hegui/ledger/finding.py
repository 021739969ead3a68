"""Finding the records of one exchange in a log of millions, without an index beside the log."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import apsw

from hegui.ledger import leaf
from hegui.ledger.tiles import LogReader
from hegui.ledger.tree import leaf_hash
from hegui.store import Connection, Place, open_connection
from hegui.terms import Corrupt, Unavailable, Words

BEFORE_MS = 5 * 60_000
AFTER_MS = 15 * 60_000
"""A reply may stream for ten minutes; its record comes after that."""

_ULID_TIME = 10
_ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_AGREEMENT = re.compile(r"LA-([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")

_UNREADABLE = Words(en="The ledger cannot be read: {why}.", zh="无法读取账本：{why}。")

_CHANGED = Words(
    en="Record {index} of tenant {tenant}'s log is not the one whose hash was signed. Run: hegui"
    " ledger verify",
    zh="租户 {tenant} 的账本第 {index} 条记录与已签名的哈希不符。请运行：hegui ledger verify",
)


def ulid_ms(exchange: str) -> int | None:
    """Return the time (UTC ms) in an exchange's ULID, or nothing where it is not one."""
    if len(exchange) != 26 or any(sign not in _ULID for sign in exchange):  # noqa: PLR2004 - a ULID's length
        return None
    value = 0
    for sign in exchange[:_ULID_TIME]:
        value = value * 32 + _ULID.index(sign)
    return value


def agreement_ms(agreement: str) -> int | None:
    """Return the time (UTC ms) in the number of an agreement: ``LA-`` and a UUID of version 7."""
    found = _AGREEMENT.fullmatch(agreement)
    return int(found[1] + found[2], 16) if found else None


class Reader:
    """Reads one tenant's log in one snapshot."""

    def __init__(self, connection: Connection, tenant: str) -> None:
        self._connection = connection
        self._tenant = tenant

    def find(self, exchange: str) -> list[tuple[int, bytes]]:
        """Return index and leaf of the exchange's records, in order."""
        return self._find("exchange", exchange)

    def find_appeal(self, appeal: str) -> list[tuple[int, bytes]]:
        """Return index and leaf of the record that an appeal came in."""
        return self._find("appeal", appeal)

    def find_agreement(self, agreement: str) -> tuple[int, bytes] | None:
        """Return index and leaf of the record that an agreement was put on record with."""
        at_ms = agreement_ms(agreement)
        found = [] if at_ms is None else self._near(at_ms, "agreement", agreement)
        kind = "label.agreement"  # other records name an agreement, too
        return next((one for one in found if leaf.parse(one[1]).get("kind") == kind), None)

    def index_of(self, record: bytes) -> int | None:
        """Return where a leaf stands that came to its place within minutes of its time."""
        at_ms = leaf.parse(record)["t"]
        for start, end in self._stretches():
            low = self._first_at(start, end, at_ms - BEFORE_MS)
            high = self._first_at(low, end, at_ms + AFTER_MS)
            row = self._connection.execute(
                "SELECT idx FROM entry WHERE tenant = ? AND idx >= ? AND idx < ? AND leaf = ?",
                (self._tenant, low, high, record),
            ).fetchone()
            if row is not None:
                return int(row[0])
        return None

    def _find(self, field: str, ulid: str) -> list[tuple[int, bytes]]:
        at_ms = ulid_ms(ulid)
        return [] if at_ms is None else self._near(at_ms, field, ulid)

    def _near(self, at_ms: int, field: str, value: str) -> list[tuple[int, bytes]]:
        found = []
        for start, end in self._stretches():
            low = self._first_at(start, end, at_ms - BEFORE_MS)
            high = self._first_at(low, end, at_ms + AFTER_MS)
            found += self._matching(field, value, low, high)
        return found

    def _stretches(self) -> list[tuple[int, int]]:
        """Return the stretches between clock steps: in each, times rise (but for the slack)."""
        size = self._integers("SELECT size FROM log WHERE tenant = ?")
        steps = self._integers("SELECT idx FROM clock_step WHERE tenant = ? ORDER BY idx")
        return list(pairwise([0, *steps, *size]))

    def _integers(self, sql: str) -> list[int]:
        rows = self._connection.execute(sql, (self._tenant,))
        return [value for (value,) in rows if isinstance(value, int)]

    def _first_at(self, low: int, high: int, at_ms: int) -> int:
        end = high
        while low < high:
            middle = (low + high) // 2
            at, time = self._time_from(middle, end)
            if time < at_ms:
                low = at + 1
            else:
                high = middle
        return low

    def _time_from(self, index: int, end: int) -> tuple[int, float]:
        """Return the next entry that was not pruned, and its time; past the last, infinity."""
        row = self._connection.execute(
            "SELECT idx, leaf FROM entry WHERE tenant = ? AND idx >= ? AND idx < ?"
            " AND length(leaf) > 0 ORDER BY idx LIMIT 1",
            (self._tenant, index, end),
        ).fetchone()
        if row is None:
            return end, float("inf")
        time = leaf.parse(row[1]).get("t")
        return row[0], time if isinstance(time, int) else 0

    def _matching(self, field: str, value: str, low: int, high: int) -> list[tuple[int, bytes]]:
        rows = self._connection.execute(
            "SELECT idx, leaf FROM entry WHERE tenant = ? AND idx >= ? AND idx < ?"
            " AND instr(leaf, ?) ORDER BY idx",
            (self._tenant, low, high, f'"{field}":"{value}"'.encode()),
        )
        found = []
        for index, record in rows:
            parsed = leaf.parse(record)
            if parsed.get(field) == value:
                found.append((index, record))
            if parsed.get("kind") == "exchange.answered":
                break  # the last record that an exchange has
        return found


@contextmanager
def _reading(place: Place) -> Iterator[Connection]:
    """Open a database to read one state of it; its own errors are ``Unavailable``."""
    connection = open_connection(place, read_only=True)
    try:
        connection.execute("BEGIN")
        yield connection
    except apsw.Error as error:
        raise Unavailable(_UNREADABLE.fill(why=error)) from error
    finally:
        connection.close()


def tenant_of(place: Place, exchange: str) -> str | None:
    """Return the tenant in whose log an exchange stands; None where no log has it."""
    with _reading(place) as connection:
        tenants = [str(tenant) for (tenant,) in connection.execute("SELECT tenant FROM log")]
        return next((each for each in tenants if Reader(connection, each).find(exchange)), None)


def size_of(place: Place, tenant: str) -> int | None:
    """Return how many entries ``tenant``'s log has; None where there is none."""
    with _reading(place) as connection:
        row = connection.execute("SELECT size FROM log WHERE tenant = ?", (tenant,)).fetchone()
        return int(row[0]) if row else None


def index_of(place: Place, tenant: str, record: bytes) -> int | None:
    """Return where in ``tenant``'s log a leaf stands; None where it is not (or came much later)."""
    with _reading(place) as connection:
        return Reader(connection, tenant).index_of(record)


def find_exchange(place: Place, tenant: str, exchange: str) -> list[tuple[int, bytes]]:
    """Return the records of ``exchange`` in ``tenant``'s log, within minutes of its ULID's time."""
    with _reading(place) as connection:
        return Reader(connection, tenant).find(exchange)


def find_appeal(place: Place, appeal: str) -> tuple[str, list[tuple[int, bytes]]]:
    """Return the tenant whose log has an appeal, and its record; "" and nothing where none has."""
    with _reading(place) as connection:
        for (tenant,) in connection.execute("SELECT tenant FROM log").fetchall():
            found = Reader(connection, str(tenant)).find_appeal(appeal)
            if found:
                return str(tenant), found
    return "", []


def find_agreement(place: Place, tenant: str, agreement: str) -> bytes | None:
    """Return the record of an agreement in ``tenant``'s log; None where there is none.

    A record under the signed head was proven to stand there; ``Corrupt`` where that fails.
    """
    with _reading(place) as connection:
        found = Reader(connection, tenant).find_agreement(agreement)
        if found is None:
            return None
        index, record = found
        log = LogReader(connection, tenant)
        if index < log.size:
            log.inclusion(index)
            if log.hashes(index, index + 1) != [leaf_hash(record)]:
                raise Corrupt(_CHANGED.fill(index=index, tenant=tenant))
    return record
