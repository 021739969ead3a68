"""The circuit breaker: leaves a failing server alone, tries it once, and forgives."""

from hegui.runners.breaker import FAILURES, Breaker


class Watch:
    now = 100.0


def breaker(watch: Watch, chance: float = 0.5) -> Breaker:
    return Breaker(lambda: watch.now, lambda: chance)


def opened(watch: Watch, chance: float = 0.5) -> Breaker:
    made = breaker(watch, chance)
    told = [made.failed() for _ in range(FAILURES)]
    assert told == [False] * (FAILURES - 1) + [True]
    return made


def test_failures_in_a_row_open_it_and_one_answer_in_between_does_not() -> None:
    made = breaker(Watch())
    for _ in range(3):
        for _ in range(FAILURES - 1):
            assert not made.failed()
        assert not made.succeeded()
    assert made.state == "closed"
    assert opened(Watch()).state == "open"


def test_open_it_admits_nothing_and_half_open_one_probe_at_a_time() -> None:
    watch = Watch()
    made = opened(watch)
    assert not made.admits()
    watch.now += 1.01
    assert made.state == "half-open"
    assert [made.admits() for _ in range(3)] == [True, False, False]
    assert made.succeeded()
    assert made.state == "closed"
    assert all(made.admits() for _ in range(3))


def test_a_failed_probe_doubles_the_pause_up_to_a_minute() -> None:
    watch = Watch()
    made = opened(watch)
    pauses = []
    pause = 1.0
    for _ in range(8):
        watch.now += pause + 0.001
        assert made.admits()
        assert made.failed()
        began = watch.now
        while made.state == "open":
            watch.now += 0.25
        pauses.append(round(watch.now - began))
        pause = 0.0
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_gateways_do_not_probe_at_the_same_moment() -> None:
    early, late = Watch(), Watch()
    first, last = opened(early, 0.0), opened(late, 1.0)
    early.now += 0.9
    late.now += 0.9
    assert (first.state, last.state) == ("half-open", "open")


def test_a_probe_that_told_nothing_lets_the_next_one_probe() -> None:
    watch = Watch()
    made = opened(watch)
    watch.now += 2
    assert made.admits()
    made.undecided()
    assert made.admits()


def test_failures_of_questions_sent_before_it_opened_do_not_prolong_it() -> None:
    watch = Watch()
    made = opened(watch)
    assert not made.failed()
    watch.now += 1.01
    assert made.state == "half-open"
