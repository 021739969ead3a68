import itertools

import pytest

from hegui.screen.panel import Panel, judge
from hegui.screen.policy import Layer, Policy, Rule
from hegui.terms import Action, Detector, Entry, ExactDetector, Role, Unavailable, Words
from hegui.testing.clock import FixedClock
from hegui.testing.fakes import Breaks, Finds, Lazy, MemoryLedger, Miscounts, Scores

POLICY = Policy((Layer("test", {Role.USER: {"*": Rule(Action.MASK)}}),))


@pytest.mark.parametrize(
    "fake", [Breaks(), Miscounts(), Lazy(), Scores(float("nan"))], ids=lambda f: type(f).__name__
)
def test_each_broken_fake_is_a_fault_and_never_an_acquittal(fake: Detector) -> None:
    (verdict,) = judge(Panel([[fake]]), POLICY, ["甲"], [Role.USER])
    assert verdict.action is Action.REFUSE
    assert verdict.faults


def test_finds_reports_every_place_in_bytes_and_notes_what_it_saw() -> None:
    fake = Finds("乙丙")
    (verdict,) = judge(Panel([[fake]]), POLICY, ["甲乙丙 乙丙"], [Role.USER])
    assert [(f.start, f.end) for f in verdict.findings] == [(1, 3), (4, 6)]
    assert fake.seen == ["甲乙丙 乙丙"]
    assert isinstance(fake, ExactDetector)


def test_finds_holds_back_exactly_the_beginning_of_its_word() -> None:
    fake = Finds("aab")
    for tail in map("".join, itertools.product("ab", repeat=4)):
        best = max(n for n in range(4) if "aab".startswith(tail[len(tail) - n :]))
        assert fake.pending(tail) == best


async def test_the_ledger_in_memory_counts_per_tenant_and_can_be_made_to_fail() -> None:
    ledger = MemoryLedger()
    leaf = b'{"exchange":"x"}'
    receipts = [await ledger.add(Entry(tenant, leaf)) for tenant in ("a", "b", "a")]
    assert [receipt.index for receipt in receipts] == [0, 0, 1]
    assert ledger.find_exchange("a", "x") == [(0, leaf), (1, leaf)]
    ledger.fault = Unavailable(Words(en="full", zh="满了"))
    with pytest.raises(Unavailable):
        await ledger.add(Entry("a", leaf))
    assert len(ledger.entries) == 3


def test_the_clock_moves_only_when_it_is_moved() -> None:
    clock = FixedClock(10)
    clock.forward(5)
    clock.back(1)
    assert (clock(), clock()) == (14, 14)
