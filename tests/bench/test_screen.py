"""The report of the matching engine's speed says what was reached, and never what was not run."""

from typing import Any

from bench import screen

RESULT: dict[str, Any] = {
    "rare": {"mb_per_s": {"whole": 210.0, "channels": 140.0}},
    "dense": {"mb_per_s": {"find": 90.0}},
    "memory": {"peak_mib": 200.0},
    "small": {"prompt": 7.0, "chunk": 8.5, "three characters": 2.0},
    "compiling": {"seconds": {"50000": 2.0, "100000": 9.0}},
    "peers": {"presidio": [{"operations": "patterns", "mb_per_s": 2.0}]},
}


def test_each_figure_is_set_beside_what_is_to_be_reached() -> None:
    reached = {target.name: target.reached for target in screen.targets(RESULT)}
    assert reached["Parquet to findings, MB/s"] is True
    assert reached["with the corpus panel's channels, MB/s"] is False
    assert reached["dense lexicon, column to findings, MB/s"] is False
    assert reached["stream chunk, in a window, µs"] is False
    assert reached["100,000 phrases compiled, s"] is False
    assert reached["times presidio's speed"] is True


def test_a_program_that_was_not_run_is_not_beaten() -> None:
    (found,) = (t for t in screen.targets(RESULT) if t.name == "times data-juicer's speed")
    assert found.found is None
    assert found.reached is None
