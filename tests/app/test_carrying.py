import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from hegui.app import carrying
from hegui.app.disk import Disk, FileSource
from hegui.labels.container import Memory, Slice, Splice
from hegui.labels.splicing import joined
from hegui.terms import Corrupt

DATA = os.urandom(5_000_001)
PARTS: Splice = [b"new", Slice(7, 4_700_000), b"", b"more" * 50_000, Slice(4_900_000, 100_001)]


@pytest.fixture
def source(tmp_path: Path) -> Iterator[FileSource]:
    (tmp_path / "a").write_bytes(DATA)
    with (tmp_path / "a").open("rb") as file:
        yield FileSource(file.fileno())


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[int]:
    with (tmp_path / "b").open("x+b", buffering=0) as file:
        yield file.fileno()


class RottenDisk(Disk):
    """A disk that flips one bit, at a place of the new file."""

    def __init__(self, at: int) -> None:
        self._at = at

    def write(self, handle: int, data: memoryview, at: int) -> None:
        if at <= self._at < at + len(data):
            rotten = bytearray(data)
            rotten[self._at - at] ^= 1
            data = memoryview(rotten)
        super().write(handle, data, at)


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_a_new_file_is_what_its_parts_say(source: FileSource, handle: int, kind: str) -> None:
    given = Memory(DATA) if kind == "memory" else source
    new = carrying.carried(Disk(), given, handle, PARTS)
    assert new.read(0, new.size) == joined(Memory(DATA), PARTS)


@pytest.mark.parametrize("at", [0, 3, 131_074, 1_600_000, 4_700_002, 4_800_000, 5_000_003])
def test_a_flipped_bit_is_found_wherever_it_is(source: FileSource, handle: int, at: int) -> None:
    with pytest.raises(Corrupt) as caught:
        carrying.carried(RottenDisk(at), source, handle, PARTS)
    first, last = (int(one) for one in caught.value.words.en.split() if one.isdigit())
    assert first <= at < last


@pytest.mark.parametrize("length", [100_000, 3_000_000])
def test_a_stretch_that_the_source_does_not_have_is_an_error(
    source: FileSource, handle: int, length: int
) -> None:
    with pytest.raises(OSError, match="ended"):
        carrying.carried(Disk(), source, handle, [Slice(4_990_000, length)])


@pytest.mark.parametrize(
    "content",
    [
        [],
        [Slice(0, 5_000_001)],
        [Slice(3, 1), Slice(524_280, 10), Slice(524_290, 2_000_000), Slice(5_000_000, 1)],
        [Slice(900, 100), Slice(0, 100), Slice(50, 100)],
    ],
)
def test_digests_of_one_reading_are_those_of_two(source: FileSource, content: list[Slice]) -> None:
    held = b"".join(DATA[one.offset : one.offset + one.length] for one in content)
    wanted = (sha256(held).hexdigest(), sha256(DATA).hexdigest())
    assert carrying.digests(source, content) == wanted
    assert carrying.digest(source, content) == wanted[0]


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_many_small_parts_stand_as_they_are_named_also_across_blocks(
    source: FileSource, handle: int, kind: str
) -> None:
    chance = Random(1)
    parts: Splice = []
    for _ in range(2_000):
        length = chance.choice((0, 1, 7, 300, 5_000))
        at = chance.randrange(len(DATA) - length)
        parts.append(chance.choice((Slice(at, length), DATA[at : at + length])))
    given = Memory(DATA) if kind == "memory" else source
    new = carrying.carried(Disk(), given, handle, parts)
    assert new.read(0, new.size) == joined(Memory(DATA), parts)


def test_memory_that_is_used_again_lends_nothing_to_the_next_file(
    source: FileSource, handle: int
) -> None:
    carrying.carried(Disk(), source, handle, [Slice(0, 600_000)])
    os.ftruncate(handle, 0)
    new = carrying.carried(Disk(), source, handle, [b"a", Slice(4_000_000, 5), b"b"])
    assert new.read(0, 100) == b"a" + DATA[4_000_000:4_000_005] + b"b"


def test_a_stretch_that_memory_does_not_have_is_an_error(handle: int) -> None:
    with pytest.raises(OSError, match="ended"):
        carrying.carried(Disk(), Memory(b"1234"), handle, [b"a", Slice(2, 3)])
