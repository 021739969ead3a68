import os
from pathlib import Path
from random import Random

import pytest

from hegui.app.disk import FileSource, unlinked


@pytest.mark.parametrize("size", [0, 5, 4_095, 4_096, 4_097, 50_000])
def test_a_file_reads_as_its_bytes_do_wherever_and_however_much(size: int, tmp_path: Path) -> None:
    data, chance = os.urandom(size), Random(size)
    (tmp_path / "a").write_bytes(data)
    with (tmp_path / "a").open("rb") as file:
        source = FileSource(file.fileno())
        at = 0
        for _ in range(500):
            near = at + chance.randrange(-20, 3_000)  # mostly onwards, as walks go
            at = max(near, 0) if near < size + 20 else chance.randrange(size + 20)
            count = chance.choice((0, 1, 8, 80, 4_095, 4_096, 9_000))
            assert source.read(at, count) == data[at : at + count]
        assert (source.size, source.stat.st_size) == (size, size)


def test_a_file_that_is_not_there_is_taken_away_without_a_word(tmp_path: Path) -> None:
    (path := tmp_path / "a").write_bytes(b"1")
    unlinked(str(path))
    assert not path.exists()
    unlinked(str(path))
