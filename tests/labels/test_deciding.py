import pytest

from hegui.labels.container import Found
from hegui.labels.deciding import decided
from hegui.labels.value import Implicit, parsed
from hegui.terms import BadRequest
from hegui.testing.labelled import CODE, LABEL

THEIRS = "001191310104MACE0YX63918020"
NEW = Implicit("1", CODE, "new", "", CODE, "new", "")


def found(raw: str, form: str = "png-xmp") -> Found:
    return Found(form, 0, raw, guide=True, parsed=parsed(raw))


def theirs(**changes: str) -> Found:
    fields = {"Label": "1", "ContentProducer": THEIRS, "ProduceID": "t-1", "ReservedCode1": "r1"}
    fields |= {"ContentPropagator": THEIRS, "PropagateID": "t-1", "ReservedCode2": "r2"} | changes
    return found(Implicit(**fields).inner())


def test_a_file_without_a_label_gets_ours() -> None:
    assert decided([], NEW) == (NEW, "added")


def test_an_older_label_of_ours_is_replaced() -> None:
    assert decided([found(LABEL.inner())], NEW) == (NEW, "replaced")


def test_another_service_of_ours_is_ours() -> None:
    other = LABEL.inner().replace(CODE, CODE[:23] + "WXYZ")
    assert decided([found(other)], NEW) == (NEW, "replaced")


def test_of_another_producers_label_only_the_propagators_fields_change() -> None:
    label, cause = decided([theirs()], NEW)
    assert cause == "kept"
    assert label == Implicit("1", THEIRS, "t-1", "r1", CODE, "new", "")


def test_what_another_producer_says_of_its_content_stays_what_it_is() -> None:
    assert decided([theirs(Label="2")], NEW).implicit.Label == "2"


def test_a_name_in_chinese_stays_word_for_word() -> None:
    assert decided([theirs(ContentProducer="某公司")], NEW).implicit.ContentProducer == "某公司"


def test_one_label_in_two_places_is_one_producers() -> None:
    assert decided([theirs(), theirs()], NEW).cause == "kept"


def test_hegui_does_not_choose_between_producers() -> None:
    for others in ([theirs(), found(LABEL.inner())], [theirs(), theirs(ProduceID="t-2")]):
        with pytest.raises(BadRequest) as caught:
            decided(others, NEW)
        assert caught.value.code == "several_producers"


@pytest.mark.parametrize(
    "raw",
    [
        '{"ServiceProvider":"x","ServiceUser":"y","Time":"z","ContentId":"1"}',
        f'{{"Label":"1","ContentProducer":"{THEIRS}"}}',
        f'{{"ContentProducer":"{THEIRS}","ProduceID":"1"}}',
    ],
)
def test_what_another_left_out_is_not_made_up(raw: str) -> None:
    with pytest.raises(BadRequest) as caught:
        decided([found(raw)], NEW)
    assert caught.value.code == "producer_incomplete"


@pytest.mark.parametrize("raw", ["AIGC, whatever that is", '{"Label":"1","ProduceID":"x"}'])
def test_a_label_that_names_nobody_is_replaced(raw: str) -> None:
    assert decided([found(raw)], NEW) == (NEW, "replaced")
