"""Made-up tables and harmless words: no text of the data sets stands here."""

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegui.detectors import triage
from hegui.detectors.classifier import KIND, RULES, Classifier, grams, passages
from hegui.detectors.classifier.reading import STRETCH
from hegui.detectors.classifier.tables import Shelves, shelves_of
from hegui.measures import risks
from hegui.screen.panel import Panel, judge
from hegui.screen.policy import Policy, default_policy, minors_layer, tailored
from hegui.screen.reports import checked
from hegui.terms import Action, Fault, Misconfigured, Role, TextColumn

BITS = 16
LOADED = "苹果"  # what the made-up tables fire on


def weights(word: str, orders: tuple[int, ...]) -> bytes:
    table = np.zeros(1 << BITS, np.int8)
    for _, places in grams.places_of(grams.codes_of(word), orders, BITS):
        table[places] = 127
    return table.tobytes()


def made(**at: float) -> Shelves:
    """Return tables that fire on one Chinese and one English word."""
    blobs = {
        "offence_zh": weights(LOADED, (1, 2)),
        "sexism_zh": weights("香蕉", (1, 2)),
        "offence_race_zh": weights("红", (1,)),
        "offence_region_zh": weights("绿", (1,)),
        "offence_en": weights("banana", (4, 5)),
        "sexism_en": weights("cherry", (4, 5)),
    }

    def entry(label: str) -> dict[str, object]:
        sha = hashlib.sha256(blobs[label]).hexdigest()
        return {"label": label, "sha256": sha, "slope": 0.05, "offset": -3, "at": at.get(label, 0)}

    shelves = [
        {
            "script": "han",
            "orders": [1, 2],
            "bits": BITS,
            "tables": [entry("offence_zh"), entry("sexism_zh")],
            "grounds": [entry("offence_race_zh"), entry("offence_region_zh")],
            "of": "offence_zh",
        },
        {
            "script": "latin",
            "orders": [4, 5],
            "bits": BITS,
            "tables": [entry("offence_en"), entry("sexism_en")],
            "grounds": [],
            "of": "",
        },
    ]
    return shelves_of(json.dumps({"version": "test", "shelves": shelves}), blobs)


EAGER = Classifier(shelves=made(offence_zh=-2.5, sexism_zh=-2.5))


@pytest.fixture(scope="module")
def detector() -> Classifier:
    return Classifier(shelves=made())


def found(detector: Classifier, *texts: str) -> list[tuple[int, str, str, float]]:
    column = TextColumn.of(texts)
    return [
        (row, rule, column.row_bytes(row)[start:end].decode(), score)
        for row, rule, start, end, score in detector.inspect(column)
    ]


def test_a_short_row_is_one_passage_and_one_finding(detector: Classifier) -> None:
    text = "我喜欢苹果。昨天也买了苹果，苹果"
    ((row, rule, span, score),) = found(detector, "没有什么", text)
    assert (row, rule, span) == (1, "clf.offence_zh", text)
    assert 0.5 <= score <= 1


def test_a_ground_names_what_an_offence_is_about(detector: Classifier) -> None:
    assert [hit[1] for hit in found(detector, "红红红红苹果")] == ["clf.offence_race_zh"]
    assert [hit[1] for hit in found(detector, "红红红红")] == []


def test_english_is_asked_of_its_own_tables(detector: Classifier) -> None:
    assert [hit[1] for hit in found(detector, "banana", "cherry", "苹果 pie")] == [
        "clf.offence_en",
        "clf.sexism_en",
        "clf.offence_zh",
    ]


def test_width_and_case_make_no_difference(detector: Classifier) -> None:
    scores = {hit[3] for hit in found(detector, "banana", "BANANA", "ｂａｎａｎａ")}
    assert len(scores) == 1


def test_in_a_long_row_only_the_passage_that_scores_is_found(detector: Classifier) -> None:
    plain = "今天天气很好，我们去散步。" * 40
    spans = [hit[2] for hit in found(detector, plain + "苹果苹果苹果。" * 20 + plain)]
    assert spans
    assert all("苹果" in span and len(span) <= passages.LONGEST for span in spans)


def test_what_came_long_before_does_not_change_how_a_clause_is_judged(
    detector: Classifier,
) -> None:
    tail = "今天天气很好，我们去散步。" * 20 + "苹果苹果。" * 10
    alone = [hit[2:] for hit in found(detector, tail)][-1]
    for before in ("完。", "a" * 999, "很长的开头。" * 77):
        assert [hit[2:] for hit in found(detector, before + tail)][-1] == alone


def test_rows_are_judged_each_by_itself(detector: Classifier) -> None:
    texts = ["苹果", "", "苹", "果", "banana", "没有", "香蕉香蕉"]
    together = found(detector, *texts)
    apart = [(n, *hit[1:]) for n, text in enumerate(texts) for hit in found(detector, text)]
    assert together == apart


def test_a_row_that_is_not_utf8_is_left_out_and_disturbs_no_other(detector: Classifier) -> None:
    rows = ["苹果".encode(), b"\xff\xfe" + "苹果".encode(), "苹果".encode()]
    column = TextColumn(b"".join(rows), [0, 6, 14, 20])
    assert detector.inspect(column).row == [0, 2]
    big = b"\xff" * (STRETCH + 5)
    assert len(detector.inspect(TextColumn(big, [0, len(big)]))) == 0


def test_a_row_longer_than_a_stretch_is_read_in_pieces(detector: Classifier) -> None:
    text = "好" * (STRETCH // 2) + "苹果" * 100 + "a😀" * (STRETCH // 4) + "苹果" * 100
    column = TextColumn.of(["x", text])
    report = checked(detector.inspect(column), "classifier", detector.card.rules, column)
    assert not isinstance(report, Fault)
    spans = [text[finding.start : finding.end] for _, finding in report]
    assert len(spans) >= 2
    assert all("苹" in span or "果" in span for span in spans)


def test_a_slice_of_a_column_is_judged_like_its_copy(detector: Classifier) -> None:
    whole = TextColumn.of(["苹果", "没有", "苹果苹果"])
    view = TextColumn(memoryview(whole.data), np.asarray(whole.offsets[1:]))  # type: ignore[arg-type]
    assert list(detector.inspect(view)) == list(detector.inspect(TextColumn.of(whole.texts()[1:])))


@given(
    st.lists(st.text(st.sampled_from("苹果香红。，！ab n😀\n\x00\u0301"), max_size=700), max_size=6)
)
def test_every_finding_lies_in_its_row_and_passages_in_order(texts: list[str]) -> None:
    column = TextColumn.of(texts)
    report = EAGER.inspect(column)
    assert not isinstance(checked(report, "c", EAGER.card.rules, column), Fault)
    assert list(report) == sorted(report)
    assert list(report) == list(EAGER.inspect(column))


@given(st.lists(st.text(st.sampled_from("好。a"), max_size=900), max_size=5))
def test_passages_cover_every_row_and_are_never_too_long(texts: list[str]) -> None:
    rows = np.cumsum([0, *map(len, texts)])
    joined = "".join(texts)
    ends = np.array([n + 1 for n, char in enumerate(joined) if char == "。"], np.int64)
    edges = passages.cut(rows, ends)
    assert set(rows) <= set(edges)
    assert (np.diff(edges) >= 0).all()
    assert (np.diff(edges) <= passages.LONGEST).all()


def test_a_damaged_table_is_not_used() -> None:
    text = json.dumps(
        {
            "version": "test",
            "shelves": [
                {
                    "script": "han",
                    "orders": [1],
                    "bits": 2,
                    "tables": [
                        {"label": "x", "sha256": "0" * 64, "slope": 1, "offset": 0, "at": 0}
                    ],
                    "grounds": [],
                    "of": "",
                }
            ],
        }
    )
    with pytest.raises(Misconfigured, match="install hegui anew"):
        shelves_of(text, {"x": b"\0\0\0\0"})


def test_what_is_shipped_is_small_and_its_rules_are_of_the_standard() -> None:
    (shipped,) = triage()
    assert shipped.card.reach == "clause"
    assert shipped.card.runs == "inline"
    assert shipped.card.risks <= set(risks())
    assert {rule.kind for rule in RULES.values()} == {KIND}
    for shelf in Classifier()._shelves.shelves:
        for table in (*shelf.tables, *shelf.grounds):
            assert table.weights.nbytes == 1 << shelf.bits <= 1 << 20
            assert f"clf.{table.label}" in RULES


def test_what_is_shipped_lets_ordinary_sentences_pass() -> None:
    texts = ["今天天气很好，我们去公园散步吧。", "The committee will meet on Tuesday at ten.", ""]
    assert list(triage()[0].inspect(TextColumn.of(texts))) == []


ADULT = default_policy(own_upstream=False, public=True)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("policy", [ADULT, ADULT.join(minors_layer())], ids=["adult", "minor"])
def test_no_policy_of_ours_refuses_by_the_classifier_alone(
    detector: Classifier, policy: Policy, role: Role
) -> None:
    (verdict,) = judge(Panel([[detector]]), policy, ["苹果"], [role])
    assert verdict.action is Action.ALLOW
    assert verdict.rules() == {"clf.offence_zh": 1}


@pytest.mark.parametrize("name", [KIND, "clf.offence_zh"])
def test_a_provider_may_hold_what_it_finds_for_adults_and_minors(
    detector: Classifier, name: str
) -> None:
    adult = tailored({Role.REPLY: {name: Action.HOLD}}, ADULT)
    for policy in (adult, adult.join(minors_layer())):
        reply, asked = judge(Panel([[detector]]), policy, ["苹果", "苹果"], [Role.REPLY, Role.USER])
        assert (reply.action, asked.action) == (Action.HOLD, Action.ALLOW)


def test_other_detectors_findings_of_the_same_risks_are_still_refused() -> None:
    rule = RULES["clf.sexism_en"]
    other = rule.__class__("other", rule.risk, "other", rule.title, rule.clause, rule.mask)
    assert ADULT.action_for(Role.REPLY, other, 1.0) is Action.REFUSE
