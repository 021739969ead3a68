"""A sample of `make fuzz`: hostile bytes before every reader of the log's formats."""

from random import Random

import pytest
from tools.fuzz_formats import mutated
from tools.fuzz_targets import TARGETS, tried

COUNT = 1_500


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_accepts_its_seeds_and_refuses_by_name_whatever_else_comes(name: str) -> None:
    target, rng = TARGETS[name], Random(name)
    for seed in target.seeds:
        if name not in ("proof", "receipt") or seed == target.seeds[0]:
            assert tried(target, seed)
    pool = list(target.seeds)
    for _ in range(COUNT):
        data = mutated(rng.choice(pool), rng)
        if tried(target, data):
            pool.append(data)
    for data in (b"", b"\xff" * 5_000, b"\n" * 5_000, b"\x00\x01" * 5_000):
        tried(target, data)
