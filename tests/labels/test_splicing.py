"""Changes to a file leave all other bytes as they are, and two of them never claim the same."""

import pytest

from hegui.labels.bounded import Bounded
from hegui.labels.container import MOST_METADATA, Memory, Slice, Splice
from hegui.labels.splicing import (
    Change,
    joined,
    landed,
    moved,
    spliced,
    stretches,
    taken_over,
)
from hegui.terms import BadRequest

DATA = b"0123456789"


def test_changes_are_made_in_order_of_place() -> None:
    changes = [Change(8, 10, b""), Change(2, 4, b"new"), Change(2, 2, b"+"), Change(0, 0, b">")]
    parts = spliced(len(DATA), changes)
    assert joined(Memory(DATA), parts) == b">01+new4567"
    assert parts == [b">", Slice(0, 2), b"+", b"new", Slice(4, 4)]


def test_a_source_of_any_kind_is_joined() -> None:
    assert joined(Bounded(Memory(DATA)), [b"a", Slice(3, 2)]) == b"a34"


def test_changes_that_overlap_are_refused() -> None:
    with pytest.raises(BadRequest, match="at byte 3"):
        spliced(len(DATA), [Change(2, 4, b"a"), Change(3, 5, b"b")])


def test_a_byte_is_found_where_it_went() -> None:
    changes = [Change(2, 2, b"++"), Change(4, 6, b"")]
    new = joined(Memory(DATA), spliced(len(DATA), changes))
    for at in (0, 1, 2, 3, 6, 9):
        assert new[moved(at, changes)] == DATA[at]


def test_stretches_that_touch_are_one_and_empty_ones_are_none() -> None:
    assert list(stretches([(0, 2), (2, 2), (2, 5), (7, 7), (8, 9)])) == [Slice(0, 5), Slice(8, 1)]
    assert list(stretches([])) == []


def test_only_so_much_is_read_of_a_file() -> None:
    source = Bounded(Memory(bytes(3 << 20)))
    for _ in range(5):
        source.read(0, 3 << 20)
    assert source.left == MOST_METADATA - 5 * (3 << 20)
    with pytest.raises(BadRequest, match="larger than"):
        source.read(0, 3 << 20)


def test_an_offset_beyond_the_end_of_all_files_reads_nothing() -> None:
    class Strict(Memory):
        def read(self, offset: int, count: int) -> bytes:
            assert 0 <= offset < 1 << 63, "a file system takes no such offset"
            return super().read(offset, count)

    assert Bounded(Strict(DATA)).read((1 << 64) - 1, 8) == b""


def test_stretches_land_where_their_bytes_are() -> None:
    source = Memory(bytes(range(100)))
    parts: Splice = [b"new", Slice(50, 30), b"x", Slice(0, 20), Slice(20, 5)]
    new = joined(source, parts)
    for there in ([Slice(55, 3)], [Slice(0, 25)], [Slice(60, 5), Slice(10, 12)], [Slice(4, 0)]):
        found = landed(parts, there)
        assert found is not None
        held = b"".join(source.read(*one) for one in there)
        assert b"".join(new[one.offset : one.offset + one.length] for one in found) == held
        assert taken_over(parts, there, found)


@pytest.mark.parametrize("gone", [Slice(90, 1), Slice(70, 11), Slice(20, 40), Slice(100, 1)])
def test_a_stretch_that_is_not_taken_over_whole_lands_nowhere(gone: Slice) -> None:
    parts: Splice = [b"new", Slice(50, 30), b"x", Slice(0, 20), Slice(20, 5)]
    assert landed(parts, [gone]) is None
    assert not taken_over(parts, [gone], [])


def test_the_same_bytes_in_another_order_are_not_taken_over() -> None:
    parts: Splice = [Slice(0, 100)]
    assert not taken_over(parts, [Slice(0, 5), Slice(5, 5)], [Slice(5, 5), Slice(0, 5)])
