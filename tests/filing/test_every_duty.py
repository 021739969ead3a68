"""Every duty of the catalogue, from *not evidenced* to *evidenced* and back."""

from dataclasses import replace

import pytest
from tests.filing.made import GIVEN, NOW, attesting, fit, given, summed

from hegui.filing.board import Item, board, untold
from hegui.filing.projection import DAY_MS
from hegui.filing.states import OPEN, State
from hegui.measures.duties import duties
from hegui.measures.evidence import Query, evidence
from hegui.measures.facts import Facts
from hegui.terms import Words

BINDING = [duty.id for duty in duties().values() if duty.binds_provider]
NEITHER = Facts(public=True, cii=False, central_organ=False)
"""For the duty of those who are neither critical infrastructure nor a central organ."""


def records(duty: str, at_ms: int) -> list[bytes]:
    """Return what evidences a duty in full: records that fit its queries, and a person's word."""
    found = []
    for query in evidence().of(duty):
        no_end = {query.until: 0} if query.until else {}
        found += [fit(query.any_of[0], at_ms, **no_end)] * query.at_least
    if duties()[duty].attest is not None:
        found.append(attesting(duty, at_ms))
    return found


def item(duty: str, leaves: list[bytes], as_of: int = NOW) -> Item:
    chosen = given(NEITHER) if duty == "ir4-other" else GIVEN
    chosen = replace(chosen, duties={duty: duties()[duty]})
    found = board(chosen, summed(leaves, as_of)).item(duty)
    assert found is not None
    return found


@pytest.mark.parametrize("duty", BINDING)
def test_a_duty_goes_from_not_evidenced_to_evidenced_and_back(duty: str) -> None:
    without = item(duty, [])
    assert without.state in {State.NOT_EVIDENCED, State.DETECTOR_REQUIRED}
    assert without.cited == {}

    there = item(duty, records(duty, NOW))
    assert there.state is State.EVIDENCED
    assert there.cited

    for query in evidence().of(duty):
        if query.within_days is not None:
            late = NOW + (query.within_days + 1) * DAY_MS
            assert item(duty, records(duty, NOW), late).state is not State.EVIDENCED
        for contrary in (*query.undone, *query.never):
            after = item(duty, [*records(duty, NOW), fit(contrary, NOW)])
            assert after.state in OPEN | {State.ATTESTED}, contrary
    takes_back = [query for query in evidence().of(duty) if _can_be_taken_back(query)]
    assert takes_back == list(evidence().of(duty))


def _can_be_taken_back(query: Query) -> bool:
    return query.within_days is not None or bool(query.undone or query.never)


def test_every_duty_that_binds_a_provider_has_a_query() -> None:
    assert [duty for duty in BINDING if not evidence().of(duty)] == []
    assert set(evidence().duties) == set(BINDING)


def test_on_an_empty_ledger_no_duty_is_green() -> None:
    found = board(GIVEN, summed([]))
    green = {State.EVIDENCED, State.ATTESTED, State.PARTLY, State.NOT_APPLICABLE}
    assert [one.duty.id for one in found.items if one.state in green] == []
    assert found.head is None


def test_every_green_duty_cites_a_record() -> None:
    every = [one for duty in BINDING for one in records(duty, NOW)]
    for one in board(GIVEN, summed(every)).items:
        if one.state in {State.EVIDENCED, State.ATTESTED, State.PARTLY}:
            assert one.cited, one.duty.id


def test_a_log_that_does_not_hold_together_leaves_nothing_that_can_be_told() -> None:
    found = untold(GIVEN, "default", NOW, Words("entry 7", "第 7 条"))
    assert {one.state for one in found.items} == {State.COULD_NOT_TELL}
    assert found.trouble == Words("entry 7", "第 7 条")
