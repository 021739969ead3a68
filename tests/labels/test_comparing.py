from hegui.labels.comparing import compared
from hegui.labels.container import Found
from hegui.labels.value import parsed
from hegui.testing.labelled import LABEL, OTHER


def found(raw: str, form: str = "png-xmp") -> Found:
    return Found(form, 0, raw, guide=True, parsed=parsed(raw))


OURS = found(LABEL.inner())


def test_a_label_that_came_through_is_the_same() -> None:
    assert compared([OURS], [OURS]).outcome == "same"


def test_a_label_that_a_pipeline_dropped_is_lost() -> None:
    said = compared([OURS], [])
    assert said.outcome == "lost"
    assert "png-xmp" in said.words.en
    assert "png-xmp" in said.words.zh


def test_a_label_in_another_form_moved() -> None:
    assert compared([OURS], [found(LABEL.wrapped(), "png-text")]).outcome == "moved"


def test_what_changed_is_named() -> None:
    said = compared([OURS], [found(OTHER.inner())])
    assert (said.outcome, said.fields) == ("changed", ("ProduceID", "PropagateID"))
    assert said.produced
    assert "ProduceID" in said.words.zh


def test_a_propagators_own_fields_are_not_the_producers() -> None:
    spread = LABEL.inner().replace('"PropagateID":"a-1"', '"PropagateID":"b"')
    said = compared([OURS], [found(spread)])
    assert said.fields == ("PropagateID",)
    assert not said.produced


def test_a_second_label_is_a_change() -> None:
    assert compared([OURS], [OURS, found(OTHER.inner())]).outcome == "changed"


def test_nothing_before_is_nothing_lost() -> None:
    assert compared([], []).outcome == "none"
    assert compared([], [OURS]).outcome == "gained"
