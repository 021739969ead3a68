"""A sample of `make fuzz`: mutated files before every format that holds a label."""

from random import Random

import pytest
from tools.fuzz_formats import mutated
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
