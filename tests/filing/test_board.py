"""What the board says of a duty, and why."""

from dataclasses import replace

import pytest
from tests.filing.made import GIVEN, NOW, PUBLIC, attesting, fit, given, made, summed

from hegui.filing import baseline
from hegui.filing.board import Part, board, judge
from hegui.filing.next_actions import next_actions
from hegui.filing.projection import DAY_MS
from hegui.filing.states import SAYS, WORDS, State
from hegui.filing.telling import day, holds_until, missing, why
from hegui.measures.duties import duties
from hegui.measures.evidence import evidence
from hegui.measures.facts import Facts
from hegui.terms import BadRequest
from hegui.testing.records import record_of

TRAINING = "pipl31"  # shown by a person's word


def test_an_attestation_stands_apart_and_ends_by_itself() -> None:
    leaves = [attesting(TRAINING, NOW)]
    days = duties()[TRAINING].attest.days  # type: ignore[union-attr] # it has one
    there = board(GIVEN, summed(leaves)).item(TRAINING)
    assert there is not None
    assert there.state is State.ATTESTED
    assert "until" in why(there).en
    last = board(GIVEN, summed(leaves, NOW + days * DAY_MS - 1)).item(TRAINING)
    after = board(GIVEN, summed(leaves, NOW + days * DAY_MS)).item(TRAINING)
    assert last is not None
    assert last.state is State.ATTESTED
    assert after is not None
    assert after.state is State.NOT_EVIDENCED
    assert any("ended on" in one.en for one in missing(after))


def test_the_day_that_is_told_is_the_last_one_on_which_it_holds() -> None:
    midnight = NOW - NOW % DAY_MS + 16 * 3_600_000  # in Asia/Shanghai
    leaves = [attesting(TRAINING, NOW, until=midnight + DAY_MS)]
    there = board(GIVEN, summed(leaves, midnight + DAY_MS - 1)).item(TRAINING)
    assert there is not None
    assert there.state is State.ATTESTED
    assert f"until {day(midnight)};" in why(there).en
    after = board(GIVEN, summed(leaves, midnight + DAY_MS)).item(TRAINING)
    assert after is not None
    assert any(f"ended on {day(midnight)}" in one.en for one in missing(after))


def test_a_longer_term_than_the_catalogue_gives_ends_with_the_catalogues() -> None:
    asked = duties()[TRAINING].attest
    assert asked is not None
    leaves = [attesting(TRAINING, NOW, until=NOW + 10 * asked.days * DAY_MS)]
    after = board(GIVEN, summed(leaves, NOW + asked.days * DAY_MS)).item(TRAINING)
    assert after is not None
    assert after.state is State.NOT_EVIDENCED


def test_an_attestation_by_a_role_that_may_not_counts_for_nothing() -> None:
    found = board(GIVEN, summed([attesting(TRAINING, NOW, role="operations-lead")]))
    item = found.item(TRAINING)
    assert item is not None
    assert item.state is State.NOT_EVIDENCED
    assert item.attestation is None


def test_a_withdrawn_attestation_counts_no_more() -> None:
    gone = record_of("duty.withdrawn", duty=TRAINING, attestation="AT-1")
    item = board(
        GIVEN, summed([attesting(TRAINING, NOW), made("duty.withdrawn", NOW, **gone)])
    ).item(TRAINING)
    assert item is not None
    assert item.state is State.NOT_EVIDENCED
    assert any("withdrawn by entry 1" in one.en for one in missing(item))


def test_a_word_does_not_stand_for_a_record_that_a_door_would_have_written() -> None:
    """``pipl57``: reports of incidents are a door's; the plans are not yet."""
    item = board(GIVEN, summed([attesting("pipl57", NOW)])).item("pipl57")
    assert item is not None
    assert item.state is State.PARTLY
    sent = next(query for query in evidence().of("pipl57") if query.id == "network-reported")
    both = board(GIVEN, summed([attesting("pipl57", NOW), fit(sent.any_of[0], NOW)])).item("pipl57")
    assert both is not None
    assert both.state is State.ATTESTED


def test_what_does_not_apply_is_shown_so_only_when_that_is_on_record() -> None:
    facts = replace(PUBLIC, persona=False)
    chosen = given(facts)
    before = board(chosen, summed([])).item("an22")
    assert before is not None
    assert before.state is State.NOT_EVIDENCED
    assert "hegui duty declare" in why(before).en
    declared = record_of("profile.declared", profile=chosen.profile)
    after = board(chosen, summed([made("profile.declared", NOW, **declared)])).item("an22")
    assert after is not None
    assert after.state is State.NOT_APPLICABLE
    assert after.declared == 0
    other = record_of("profile.declared", profile="0" * 64)
    stale = board(chosen, summed([made("profile.declared", NOW, **other)])).item("an22")
    assert stale is not None
    assert stale.state is State.NOT_EVIDENCED


def test_an_internal_service_is_out_of_scope_by_the_record_of_its_start() -> None:
    chosen = given(Facts(public=False))
    internal = made("service.started", NOW, **record_of("service.started", scope="internal"))
    public = made("service.started", NOW, **record_of("service.started", scope="public"))
    out = board(chosen, summed([public, internal])).item("a12")
    assert out is not None
    assert out.state is State.NOT_APPLICABLE
    back = board(chosen, summed([internal, public])).item("a12")
    assert back is not None
    assert back.state is State.NOT_EVIDENCED


def test_political_heads_stay_open_until_the_providers_own_detector_was_probed() -> None:
    heads = ("a4-1-a", "a4-1-b", "a4-1-c")
    missed = made("detector.probed", NOW, **record_of("detector.probed", risk="A.1.a", tp=0))
    found = board(GIVEN, summed([missed]))
    assert {found.item(one).state for one in heads} == {State.DETECTOR_REQUIRED}  # type: ignore[union-attr] # the board has all
    hit = record_of("detector.probed", risk="A.1.a", tp=9, faults=0)
    leaves = [made("detector.probed", NOW, **hit)]
    assert board(GIVEN, summed(leaves)).item("a4-1-a").state is State.EVIDENCED  # type: ignore[union-attr] # the board has all
    later = board(GIVEN, summed(leaves, NOW + 31 * DAY_MS)).item("a4-1-a")
    assert later is not None
    assert later.state is State.DETECTOR_REQUIRED


@pytest.mark.parametrize("shipped", ["panel", "builtin", "classifier", "works"])
def test_what_hegui_ships_does_not_stand_for_the_providers_own_detector(shipped: str) -> None:
    hit = {"risk": "A.1.h", "tp": 9, "faults": 0}
    ours = made("detector.probed", NOW, **record_of("detector.probed", detector=shipped, **hit))
    own = made("detector.probed", NOW, **record_of("detector.probed", detector="mine", **hit))
    states = [board(GIVEN, summed([one])).item("a4-1-h") for one in (ours, own)]
    assert [one.state for one in states if one] == [State.DETECTOR_REQUIRED, State.EVIDENCED]


def licence(until: int = 0, name: str = "icp", number: str = "1") -> bytes:
    held = record_of("licence.held", licence=name, reference=number, until=until)
    return made("licence.held", NOW, **held)


def licence_ended(name: str = "icp", number: str = "1") -> bytes:
    gone = record_of("licence.ended", licence=name, reference=number)
    return made("licence.ended", NOW, **gone)


def held(leaves: list[bytes], as_of: int = NOW) -> tuple[Part, str]:
    """Return what is found of the licence, and what the status says of it."""
    item = board(GIVEN, summed(leaves, as_of)).item("tl-icp")
    assert item is not None
    assert all(index in item.cited for part in item.parts for index in [e.index for e in part.ends])
    return next(part for part in item.parts if part.query.id == "licences-held"), why(item).en


def admitted(source: str) -> bytes:
    return made("source.admitted", NOW, **record_of("source.admitted", source=source))


def refused(source: str, cause: str) -> bytes:
    return made("source.refused", NOW, **record_of("source.refused", source=source, cause=cause))


SOURCES = ("sources-admitted", "personal-basis")


def sources(query: str, *leaves: bytes) -> tuple[bool, int, int]:
    """Return whether a query about sources is met, by how many, and what speaks against it."""
    part = judge(evidence().queries[query], summed(leaves))
    return part.met, part.found.count, part.against


@pytest.mark.parametrize("query", SOURCES)
@pytest.mark.parametrize("cause", ["unlawful", "no-basis", "no-licence", "quality"])
def test_to_refuse_a_source_takes_nothing_from_those_that_were_admitted(
    query: str, cause: str
) -> None:
    """Art. 7 asks for it. Refusing alone shows no source that is lawful, either."""
    assert sources(query, admitted("a"), refused("b", cause)) == (True, 1, -1)
    assert sources(query, refused("b", cause), admitted("a")) == (True, 1, -1)
    assert sources(query, refused("b", cause)) == (False, 0, -1)


@pytest.mark.parametrize("query", SOURCES)
@pytest.mark.parametrize("cause", ["unlawful", "no-basis", "quality"])
def test_a_source_that_was_taken_out_again_evidences_nothing_until_it_is_admitted_anew(
    query: str, cause: str
) -> None:
    out = refused("a", cause)
    assert sources(query, admitted("a"), out) == (False, 0, 1)
    assert sources(query, admitted("a"), admitted("b"), out) == (True, 1, -1)
    assert sources(query, admitted("a"), out, admitted("a")) == (True, 1, -1)


MIDNIGHT = NOW - NOW % DAY_MS + 16 * 3_600_000 + DAY_MS  # in Asia/Shanghai


def test_a_licence_that_has_run_out_evidences_nothing_from_that_day() -> None:
    last, _ = held([licence(MIDNIGHT)], MIDNIGHT - 1)
    after, said = held([licence(MIDNIGHT)], MIDNIGHT)
    assert (last.met, last.found.newest, holds_until(last)) == (True, 0, MIDNIGHT)
    assert (after.met, after.found.count, holds_until(after)) == (False, 0, None)
    assert f"what entry 0 shows ended on {day(MIDNIGHT - DAY_MS)}" in said


def test_a_licence_that_runs_out_within_thirty_days_is_told_so_and_is_an_action() -> None:
    soon = MIDNIGHT + 9 * DAY_MS
    there, said = held([licence(soon)])
    assert there.met
    told = f"what entry 0 shows holds until {day(soon - 1)} only"
    assert told in said
    published = fit(evidence().queries["published-licences"].any_of[0], NOW)
    whole = board(GIVEN, summed([licence(soon), published, attesting("tl-icp", NOW)]))
    item = whole.item("tl-icp")
    assert item is not None
    assert item.state is State.EVIDENCED
    assert [one.why.en for one in next_actions(replace(whole, items=(item,)))] == [told]
    assert "holds until" not in held([licence(NOW + 31 * DAY_MS)])[1]
    assert "holds until" not in held([licence(soon), licence(number="2")])[1]  # renewed


def test_the_newest_record_of_a_licence_says_until_when() -> None:
    shorter, _ = held([licence(), licence(NOW + DAY_MS)], NOW + DAY_MS)
    longer, said = held([licence(NOW + DAY_MS), licence()], NOW + DAY_MS)
    assert (shorter.met, longer.met) == (False, True)
    assert "entry 0" not in said


def test_the_end_of_one_licence_says_nothing_of_another() -> None:
    both, said = held([licence(), licence(name="edi"), licence_ended()])
    assert (both.met, both.found.count, both.against) == (True, 1, -1)
    assert "what entry 0 shows was ended by entry 2" in said
    alone, said = held([licence(), licence_ended()])
    assert (alone.met, alone.against) == (False, 1)
    assert "was ended by entry 1" in said
    renewed, said = held([licence(), licence(number="2"), licence_ended()])
    assert renewed.met
    assert "was ended" not in said


def probed(detector: str = "mine", bank: str = "1", **counts: int) -> bytes:
    counted = {"tp": 9, "fn": 0, "faults": 0, **counts}
    said = record_of("detector.probed", detector=detector, probe=bank * 64, risk="A.1.a", **counted)
    return made("detector.probed", NOW, **said)


@pytest.mark.parametrize("failed", [{"tp": 0, "fn": 9}, {"faults": 1}])
@pytest.mark.parametrize("bank", ["1", "2"])
def test_a_probe_that_failed_takes_back_what_the_same_detector_showed_and_nothing_else(
    failed: dict[str, int], bank: str
) -> None:
    def state(*leaves: bytes) -> tuple[State, int]:
        item = board(GIVEN, summed(leaves)).item("a4-1-a")
        assert item is not None
        return item.state, item.parts[0].against

    fails = probed(bank=bank, **failed)
    assert state(probed(), fails) == (State.DETECTOR_REQUIRED, 1)
    assert state(probed(), fails, probed()) == (State.EVIDENCED, -1)
    assert state(probed(), probed("other", **failed)) == (State.EVIDENCED, -1)
    assert state(probed("other"), probed(), fails) == (State.EVIDENCED, -1)
    assert state(fails, probed("other"), probed("other", **failed)) == (State.DETECTOR_REQUIRED, 2)


def test_a_probe_for_false_alarms_takes_nothing_back_and_one_of_all_at_once_shows_no_detector() -> (
    None
):
    calm = probed(tp=0, fn=0)
    states = [
        board(GIVEN, summed(leaves)).item("a4-1-a")
        for leaves in ([probed(), calm], [calm], [probed("panel")])
    ]
    assert [one.state for one in states if one] == [
        State.EVIDENCED,
        State.DETECTOR_REQUIRED,
        State.DETECTOR_REQUIRED,
    ]


def test_same_four_same_board_and_another_of_them_another_digest() -> None:
    leaves = [attesting(TRAINING, NOW)]
    first = board(GIVEN, summed(leaves))
    assert board(GIVEN, summed(leaves)).digest == first.digest
    others = (
        board(replace(GIVEN, catalogue="0" * 64), summed(leaves)),
        board(replace(GIVEN, profile="0" * 64), summed(leaves)),
        board(GIVEN, summed([*leaves, *leaves])),
        board(GIVEN, summed(leaves, NOW + 1)),
    )
    assert len({first.digest, *(one.digest for one in others)}) == 5


def test_next_actions_are_at_most_five_the_most_forceful_first() -> None:
    actions = next_actions(board(GIVEN, summed([])))
    assert len(actions) == 5
    order = [(one.item.duty.force, one.minutes) for one in actions]
    assert order == sorted(order)
    assert all(one.command.startswith("hegui ") for one in actions)


def test_an_attestation_that_ends_soon_is_an_action() -> None:
    leaves = [attesting(TRAINING, NOW, until=NOW + 10 * DAY_MS)]
    found = board(GIVEN, summed(leaves))
    item = found.item(TRAINING)
    assert item is not None
    only = replace(found, items=(item,))
    assert [one.why.en for one in next_actions(only)] == [
        "the attestation of entry 0 ends on 2026-10-01"
    ]


def test_a_pipeline_fails_on_regression_only() -> None:
    more = board(GIVEN, summed([attesting(TRAINING, NOW)]))
    less = board(GIVEN, summed([]))
    before = baseline.read("x", baseline.write(more).encode())
    assert baseline.compare(before, more).less == []
    assert [one.duty for one in baseline.compare(before, less).less] == [TRAINING]
    back = baseline.compare(baseline.read("x", baseline.write(less).encode()), more)
    assert (back.less, [one.duty for one in back.more]) == ([], [TRAINING])


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b'{"format":"x"}', b"[" * 200_000, b"\xff", b" " * 2_000_000]
)
def test_what_is_no_baseline_is_refused(text: bytes) -> None:
    with pytest.raises(BadRequest, match="no baseline"):
        baseline.read("x", text)


def test_no_word_says_that_anybody_complies() -> None:
    said = [words for table in (WORDS, SAYS) for words in table.values()]
    banned = ("complian", "complies", "compliant", "合规")
    assert not [one for one in said if any(word in one.en + one.zh for word in banned)]
