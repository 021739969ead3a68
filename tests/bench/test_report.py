from bench.figures import quantile

from bench import report

FSYNC = {"p50": 0.5, "p99": 2.0}


def test_an_invalid_round_gives_no_figure() -> None:
    rounds = [{"valid": True, "per_second": 10.0}, {"valid": False, "per_second": 99.0}]
    assert report.median(rounds, "per_second") == 10.0


def test_what_was_not_measured_is_not_reached_and_not_missed() -> None:
    found = report.targets({"direct": {}, "pass-through": {}}, FSYNC)
    assert {target.reached for target in found} == {None}


def test_a_target_is_reached_at_its_value_and_missed_beyond_it() -> None:
    bare: report.Figures = {"requests/s": 1000.0, "streams/s": 100.0, "gap p99 ms": 20.0}
    ours: report.Figures = {"requests/s": 350.0, "streams/s": 19.0, "gap p99 ms": 22.5}
    found = {
        t.name: t.reached for t in report.targets({"pass-through": bare, "hegui": ours}, FSYNC)
    }
    assert found["requests/s, part of the pass-through's"] is True
    assert found["streams/s, part of the pass-through's"] is False
    assert found["gap p99 beyond the pass-through's, ms"] is False


def test_two_fsyncs_are_taken_off_what_was_added() -> None:
    direct: report.Figures = {"plain p50 ms": 1.0}
    ours: report.Figures = {"plain p50 ms": 3.25}
    found = report.targets({"direct": direct, "hegui": ours}, FSYNC)
    added = next(t for t in found if t.name.startswith("added p50"))
    assert added.found == 1.25


def test_a_quantile_is_a_value_that_was_measured() -> None:
    assert quantile([5.0, 1.0, 3.0, 2.0, 4.0], 0.5) == 3.0
    assert quantile([1.0], 0.99) == 1.0
