import json
import time

import pytest

from hegui.labels.text import (
    FenceTracker,
    header,
    implicit,
    notice,
    suffix_after,
    without_suffix,
)


@pytest.mark.parametrize("language", ["zh", "zh+en"])
def test_the_notice_always_holds_both_chinese_elements(language: str) -> None:
    words = notice(language)
    assert "AI" in words
    assert "生成" in words
    assert ("AI-generated" in words) == (language == "zh+en")


@pytest.mark.parametrize("language", ["zh", "zh+en"])
@pytest.mark.parametrize("fence", ["", "```", "~~~~"])
def test_our_own_suffix_is_taken_off_history_and_nothing_else_is(language: str, fence: str) -> None:
    reply = "答复如下"
    assert without_suffix(reply + suffix_after("", language)) == reply
    assert without_suffix(reply) == reply
    quoted = f"{notice(language)} 这句话在中间"
    assert without_suffix(quoted) == quoted
    del fence


def test_a_label_never_lands_inside_a_code_fence() -> None:
    text = "看：\n```python\nprint('``')\n"
    for size in (1, 2, 3, 7, 100):
        tracker = FenceTracker()
        for n in range(0, len(text), size):
            tracker.feed(text[n : n + size])
        assert tracker.close() == "```"
    closed = FenceTracker()
    closed.feed(text + "```\n完")
    assert closed.close() == ""


def test_the_implicit_label_has_the_seven_fields_in_order() -> None:
    label = implicit("001191110102MACQD9K64010000", "01HZX")
    body = json.loads(header(label))["AIGC"]
    assert list(body) == [
        "Label",
        "ContentProducer",
        "ProduceID",
        "ReservedCode1",
        "ContentPropagator",
        "PropagateID",
        "ReservedCode2",
    ]
    assert body["Label"] == "1"
    assert body["ContentPropagator"] == body["ContentProducer"]
    header(label).encode("ascii")


@pytest.mark.parametrize("bad", ["某公司", "a b", "x\n"])
def test_a_label_field_outside_the_character_set_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="0x21-0x7E"):
        implicit(bad, "1")


def test_a_long_blank_before_or_after_our_words_costs_no_more_than_its_length() -> None:
    began = time.process_time()
    text = f"甲{notice('zh')}{' ' * 60_000}乙"
    assert without_suffix(text) == text
    assert without_suffix(f"甲{' ' * 60_000}{notice('zh')}") == "甲"
    assert time.process_time() - began < 1
