import pytest

from hegui.measures import Condition, Facts
from hegui.measures.facts import ASKED


def test_a_fact_that_was_not_said_takes_nothing_away() -> None:
    found = Condition.read({"public": True, "own_model": True}).on(Facts(public=True))
    assert (found.answer, found.because) == ("open", ("own_model",))


def test_one_term_that_fails_decides_whatever_was_not_said() -> None:
    found = Condition.read({"public": True, "own_model": True}).on(Facts(own_model=False))
    assert (found.answer, found.because) == ("no", ("own_model",))


def test_without_terms_a_duty_always_applies() -> None:
    assert Condition.read({}).on(Facts()).answer == "yes"


def test_one_modality_in_common_is_enough() -> None:
    asked = Condition.read({"modalities": ["image", "video"]})
    assert asked.on(Facts(modalities=frozenset({"video"}))).answer == "yes"
    assert asked.on(Facts(modalities=frozenset({"text"}))).answer == "no"
    assert asked.on(Facts()).answer == "open"


@pytest.mark.parametrize(
    "row",
    [
        {"size": True},
        {"public": "yes"},
        {"public": 1},
        {"modalities": "text"},
        {"modalities": []},
        {"modalities": ["smell"]},
        {"modalities": True},
    ],
)
def test_a_condition_can_ask_for_nothing_else(row: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no such condition"):
        Condition.read(row)


def test_every_fact_is_said_in_words() -> None:
    assert set(ASKED) == set(Facts.__dataclass_fields__)
