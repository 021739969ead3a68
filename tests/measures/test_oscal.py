import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from hegui.app.oscal import documents, records_per_duty, stamp_of
from hegui.measures import Facts, catalogue, profiles, text
from hegui.measures.oscal import (
    Board,
    Records,
    Stamp,
    faults_of,
    plan_document,
    profile_document,
    results_document,
)
from hegui.measures.oscal.component import met_by
from hegui.measures.oscal.mapping import frameworks, pairs
from hegui.terms import Words
from hegui.testing.boards import Cited, Made, Stood

STAMP = Stamp("2026-11-28T00:00:00Z", "0.1.0")


def board(**states: str) -> Board:
    record = Cited(12, "ab" * 32, "exchange.asked")
    said = {name.replace("_", "-"): state for name, state in states.items()}
    standings = [Stood(name, state, Words("why", "因为"), [record]) for name, state in said.items()]
    return Made(catalogue().digest, "p", "example.com/log 13 AAAA", STAMP.when, standings)


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return documents(None, STAMP)


def found(documents: dict[str, Any]) -> list[str]:
    return [fault.sentence.en for fault in faults_of(documents, catalogue())]


def every(value: Any, key: str) -> list[Any]:
    out = []
    if isinstance(value, dict):
        for name, inner in value.items():
            out += [inner] if name == key else []
            out += every(inner, key)
    elif isinstance(value, list):
        for inner in value:
            out += every(inner, key)
    return out


def controls(document: Any) -> dict[str, Any]:
    return {one["id"]: one for rows in every(document, "controls") for one in rows}


def test_what_hegui_writes_has_no_fault(made: dict[str, Any]) -> None:
    assert found(made) == []


def test_every_article_and_duty_is_a_control(made: dict[str, Any]) -> None:
    ids = set(controls(made["catalogue.json"]))
    articles = {f"ma-{article.number}" for article in text().articles}
    assert ids == articles | set(catalogue().duties)


def test_the_official_text_stands_in_the_document_word_for_word(made: dict[str, Any]) -> None:
    article = controls(made["catalogue.json"])["ma-14"]
    chinese, english = article["parts"]
    assert chinese["class"] == "zh"
    assert [one["prose"] for one in chinese["parts"]] == [
        clause.text.zh for clause in text().under("14")
    ]
    assert english["parts"][0]["prose"].startswith("Where a provider discovers illegal content")


def test_the_same_moment_gives_the_same_bytes(made: dict[str, Any]) -> None:
    assert json.dumps(documents(None, STAMP)) == json.dumps(made)
    later = documents(None, Stamp("2026-11-29T00:00:00Z", "0.1.0"))
    assert later["catalogue.json"]["catalog"]["uuid"] != made["catalogue.json"]["catalog"]["uuid"]
    assert stamp_of(1_795_824_000_999).when == "2026-11-28T00:00:00Z"


def test_political_heads_are_required_of_the_provider_and_nothing_else_is(
    made: dict[str, Any],
) -> None:
    rows = every(made["component.json"], "implemented-requirements")[0]
    met = {row["control-id"]: row["props"][0]["value"] for row in rows}
    required = [duty for duty, how in met.items() if how == "attached-detector"]
    assert required == ["a4-1-a", "a4-1-b", "a4-1-c", "a4-1-h"]
    assert set(met) == {duty.id for duty in catalogue().duties.values() if duty.binds_provider}


def test_a_component_claims_only_what_records_show() -> None:
    duty = catalogue().duties["a12"]
    assert records_per_duty()["a12"].whole
    assert met_by(duty, records_per_duty()["a12"]) == "records"
    assert met_by(duty, Records(("epoch.opened",))) == "records-in-part"
    assert met_by(duty, Records()) == "nothing-yet"
    assert met_by(catalogue().duties["a8-train"], Records()) == "attestation"
    probed = Records(("detector.probed",), whole=True)
    assert met_by(catalogue().duties["a4-1-a"], probed) == "attached-detector"


def test_a_tailored_profile_leaves_out_what_does_not_apply_and_says_why() -> None:
    own = profiles()["tc260-003"]
    facts = Facts(public=True, own_model=False)
    tailored = profile_document(catalogue(), _with(own, facts, "we call a model"), STAMP)["profile"]
    out = tailored["imports"][0]["exclude-controls"][0]["with-ids"]
    assert "a7-2" in out
    assert "a12" not in out
    assert "- a7-2: we call a model" in tailored["metadata"]["remarks"]


def _with(profile: Any, facts: Facts, reason: str) -> Any:
    from dataclasses import replace

    return replace(profile, facts=facts, reasons={"own_model": reason})


def test_only_what_is_evidenced_or_attested_is_satisfied() -> None:
    told = results_document(
        catalogue(),
        board(
            a12="evidenced",
            a23="attested",
            a13="partly",
            a15_3="not evidenced",
            a4_1_a="detector_required",
            a14_1a="could-not-tell",
            a8_qa="not applicable",
            a5="evidenced",
        ),
        STAMP,
    )["assessment-results"]["results"][0]
    states = {
        finding["target"]["target-id"]: finding["target"]["status"]["state"]
        for finding in told["findings"]
    }
    assert states == {
        "a12_obj": "satisfied",
        "a23_obj": "satisfied",
        "a13_obj": "not-satisfied",
        "a15-3_obj": "not-satisfied",
        "a4-1-a_obj": "not-satisfied",
        "a14-1a_obj": "not-satisfied",
    }
    selected = told["reviewed-controls"]["control-selections"][0]
    assert selected["exclude-controls"] == [{"control-id": "a8-qa"}]
    evidence = told["observations"][0]["relevant-evidence"][0]
    assert evidence["props"][0]["value"] == "12"


def test_the_plan_holds_what_is_open_with_command_owner_and_time(made: dict[str, Any]) -> None:
    one = board(a12="evidenced", a15_3="not-evidenced", a8_qa="not-applicable")
    plan = plan_document(catalogue(), one, STAMP)
    items = plan["plan-of-action-and-milestones"]["poam-items"]
    assert [item["props"][0]["value"] for item in items] == ["a15-3"]
    names = {prop["name"] for prop in items[0]["props"]}
    assert names == {"duty", "state", "owner", "effort-minutes", "command"}
    results = results_document(catalogue(), one, STAMP)
    assert found({**made, "plan.json": plan, "results.json": results}) == []
    with pytest.raises(ValueError, match="no duty is open"):
        plan_document(catalogue(), board(a12="evidenced"), STAMP)


def test_the_mapping_names_duties_that_exist_by_reference_only(made: dict[str, Any]) -> None:
    assert {pair.duty for pair in pairs()} <= set(catalogue().duties)
    assert {pair.target for pair in pairs()} == set(frameworks())
    assert len(pairs()) == len({(pair.duty, pair.target) for pair in pairs()})
    assert all(len(place) <= 12 for pair in pairs() for place in pair.references)
    assert made["mapping.json"]["mapping-collection"]["provenance"]["status"] == "draft"


def change(name: str, do: Callable[[Any], object]) -> Callable[[dict[str, Any]], object]:
    return lambda made: do(made[name])


def first(document: Any) -> Any:
    return controls(document)["ma-1"]


def requirement(document: Any) -> Any:
    return every(document, "implemented-requirements")[0]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (change("catalogue.json", lambda it: first(it).update(id="ma-2")), "more than once"),
        (
            change("catalogue.json", lambda it: first(it)["links"][0].update(href="#x")),
            "leads nowhere",
        ),
        (change("catalogue.json", lambda it: first(it)["parts"].pop()), "one in English"),
        (
            change("catalogue.json", lambda it: first(it)["parts"][1]["parts"].clear()),
            "different numbers of items",
        ),
        (
            change("catalogue.json", lambda it: first(it)["parts"][0]["parts"][0].pop("prose")),
            "not the official text",
        ),
        (
            change("catalogue.json", lambda it: it["catalog"]["params"].pop()),
            "there is no parameter",
        ),
        (change("component.json", lambda it: requirement(it).pop()), "neither implemented"),
        (change("component.json", lambda it: requirement(it)[0].pop("props")), "neither"),
        (
            change("component.json", lambda it: requirement(it)[0].update({"control-id": "x"})),
            "the catalogue has no x",
        ),
        (
            change("mapping.json", lambda it: every(it, "sources")[0][0].update({"id-ref": "y"})),
            "the catalogue has no y",
        ),
    ],
)
def test_what_the_schema_does_not_see_is_named(
    made: dict[str, Any], broken: Callable[[dict[str, Any]], object], said: str
) -> None:
    changed = copy.deepcopy(made)
    broken(changed)
    assert any(said in fault for fault in found(changed)), found(changed)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"catalog": []},
        {"catalog": {"groups": [{"controls": [{"parts": "x"}, 3, None]}]}},
        {"component-definition": {"components": [{"implemented-requirements": [{}]}]}},
        {"profile": {"imports": [{"exclude-controls": [{"with-ids": None}]}]}},
        {"catalog": {"controls": [{"id": ["a"], "uuid": {}, "props": 3, "links": [{"href": 1}]}]}},
    ],
)
def test_odd_documents_are_judged_without_a_crash(made: dict[str, Any], odd: Any) -> None:
    component = copy.deepcopy(made["component.json"])
    (control,) = component["component-definition"]["components"][0]["control-implementations"]
    control["implemented-requirements"][0]["props"][0]["value"] = [{}]
    assert faults_of({"component.json": component}, catalogue())
    faults = faults_of({"odd.json": odd}, catalogue())
    assert all(fault.words.zh for fault in faults)
    assert all(fault.words.en for fault in faults_of({**made, "odd.json": odd}, catalogue()))
