"""A sample of `make fuzz`: mutated files before every format that holds a label."""

from pathlib import Path
from random import Random

import pytest
from tools.fuzz_formats import keeping, mutated
from tools.fuzz_label_targets import TARGETS
from tools.fuzz_targets import tried

COUNT = 60


@pytest.mark.parametrize("name", TARGETS)
def test_a_mutated_file_is_refused_or_labelled_rightly(name: str) -> None:
    target, rng = TARGETS[name], Random(name)
    pool = list(target.seeds)
    for _ in range(COUNT):
        data = mutated(rng.choice(pool), rng)
        if tried(target, data):
            pool.append(data)
    for data in (b"", b"\xff" * 5_000, b"\n" * 5_000, b"\x00\x01" * 5_000):
        tried(target, data)


def test_the_input_of_a_finding_is_kept_whatever_was_raised(tmp_path: Path) -> None:
    def found() -> bool:
        raise AssertionError

    for data in (b"one", b"two"):
        with pytest.raises(AssertionError):
            keeping("mkv", data, found, tmp_path / "kept")
    assert keeping("mkv", b"three", lambda: True, tmp_path / "kept")
    kept = sorted((tmp_path / "kept").iterdir())
    assert sorted(one.read_bytes() for one in kept) == [b"one", b"two"]
