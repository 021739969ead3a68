"""Reading only what is counted: the same as reading everything, whatever the bytes are."""

import json
import random
from collections.abc import Iterator

from tests.filing.made import FACETS, NOW, fit, made

from hegui.filing.projection.glance import Glance
from hegui.filing.projection.rows import Key, day_of
from hegui.ledger import kinds
from hegui.ledger.leaf import parse
from hegui.measures.evidence import evidence
from hegui.testing.records import record_of

GLANCE = Glance(FACETS)
ODD = (
    b"",
    b"[]",
    b"null",
    b'{"kind":"exchange.asked"}',
    b'{"kind":"exchange.asked","t":5}',
    b'{"kind":"exchange.asked","t":5,"v":0}',
    b'{"kind":"exchange.asked","t":5,"v":true}',
    b'{"kind":"exchange.asked","t":5,"v":1.0}',
    b'{"kind":"exchange.asked","t":5.0,"v":1}',
    b'{"kind":"exchange.asked","t":"5","v":1}',
    b'{"kind":"exchange.asked","t":true,"v":1}',
    b'{"kind":"exchange.asked","t":-5,"v":1}',
    b'{"kind":"exchange.asked","t":5,"v":99}',
    b'{"kind":"exchange.asked","t":5,"v":1',
    b'{"kind":"exchange.asked","t":5,"v":1} x',
    b'{"kind":"exchange.asked","t":5,"v":1,"x":"\xff"}',
    b'{"kind":"exchange.asked","t":5,"v":1,"x":"\x01"}',
    b'{"kind":"exchange.asked","t":5,"v":1,"x":01}',
    b'{"kind":"exchange.asked","t":5,"v":1,"x":' + b"[" * 9_000 + b"]" * 9_000 + b"}",
    b'{"kind":"no.such","t":5,"v":1}',
    b'{"kind":7,"t":5,"v":1}',
    b'{"kind":"exchange.asked","kind":"label.written","t":5,"v":1}',
    b'{"a":{"kind":"label.written"},"kind":"exchange.asked","t":5,"v":1}',
    b'{"a":{"kind":"exchange.asked"},"kind":"no.such","t":5,"v":1}',
    b'{"\\u006bind":"exchange.asked","t":5,"v":1}',
    b'{"a":"\\"kind\\":\\"label.written\\"","kind":"exchange.asked","t":5,"v":1}',
    '{"a":"合规","decision":"refuse","kind":"exchange.asked","t":5,"v":1}'.encode(),
    b'{"a":"\xed\xa0\x80","decision":"refuse","kind":"exchange.asked","t":5,"v":1}',
    b'{"\xc0\xaf":1,"decision":"refuse","kind":"exchange.asked","t":5,"v":1}',
    b'\xef\xbb\xbf{"decision":"refuse","kind":"exchange.asked","t":5,"v":1}',
)


def whole(leaf: bytes) -> tuple[Key, int] | None:
    """Return what a leaf counts as when all of it is read."""
    record = parse(leaf)
    kind, at_ms = record.get("kind"), record.get("t")
    if "opaque" in record or not isinstance(kind, str) or not isinstance(at_ms, int):
        return None
    return Key(kind, FACETS.of(kind, record), day_of(at_ms)), at_ms


def leaves() -> Iterator[bytes]:
    """Give a leaf of every kind, and one for every question that is asked."""
    for kind in kinds.all_kinds():
        yield made(kind.name, NOW, **record_of(kind.name))
    for query in evidence().queries.values():
        for match in query.matches:
            yield fit(match, NOW)


def test_a_record_of_any_kind_counts_as_it_would_when_all_of_it_is_read() -> None:
    seen = 0
    for leaf in leaves():
        assert GLANCE.key_of(leaf) == whole(leaf) is not None, leaf
        seen += 1
    assert seen > 100


def test_odd_bytes_count_as_they_would_when_all_of_them_are_read() -> None:
    for leaf in ODD:
        assert GLANCE.key_of(leaf) == whole(leaf), leaf[:100]


def test_values_of_any_type_are_told_apart_as_when_all_is_read() -> None:
    values = (None, True, 1, 1.0, False, 0, 0.0, "", "refuse", "x", [], [1], {}, {"a": 1})
    for value in values * 2:  # the second time, each key is known
        for other in values:
            record = {"audience": other, "decision": value}
            record |= {"kind": "exchange.asked", "t": NOW, "v": 1}
            leaf = json.dumps(record, separators=(",", ":")).encode()
            assert GLANCE.key_of(leaf) == whole(leaf), leaf


def test_a_leaf_that_was_damaged_anywhere_counts_as_when_all_is_read() -> None:
    rng = random.Random(6)
    for leaf in list(leaves()) * 8:
        changed = bytearray(leaf)
        place = rng.randrange(len(changed))
        changed[place : place + rng.randrange(3)] = rng.choice(
            (b'"', b"{", b"}", b",", b":", b"\\", b"0", b"e9", b"\xe5", b"\x00", b'"kind":"')
        )
        assert GLANCE.key_of(bytes(changed)) == whole(bytes(changed)), bytes(changed)
