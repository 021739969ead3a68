import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegui.gateway.gathering import gathered
from hegui.gateway.jsonbody import read_upstream
from hegui.gateway.pieces import More
from hegui.gateway.repeats import Repeats

TEXT = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ['"', "\\", '","x":"', "}]}", "\u2402", "0", "assistant", "字", "😀", ""]
)


def chunk(text: Any, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return {"id": "0", "model": "assistant", "choices": [choice], **more}


def read(reader: Repeats, event: bytes) -> tuple[dict[str, Any], bool]:
    """Read an event as an upstream's call does; tell whether it was read by its frame."""
    more = reader.read(event)
    if more is not None:
        return more.whole(), True
    value = read_upstream(event)
    reader.learn(event, value)
    return value, False


SPELLINGS = [
    lambda value: json.dumps(value).encode(),
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(),
    msgspec.json.encode,
]


@given(st.lists(st.tuples(TEXT, st.integers(0, 2), st.booleans()), max_size=12))
def test_a_repeated_event_is_read_as_the_whole_event_would_be(
    said: list[tuple[str, int, bool]],
) -> None:
    reader = Repeats()
    for text, spelling, other in said:
        value = chunk(text, **({"usage": None} if other else {}))
        event = SPELLINGS[spelling](value)
        assert read(reader, event)[0] == json.loads(event)


@pytest.mark.parametrize("spell", SPELLINGS)
def test_a_stream_that_repeats_itself_is_read_by_its_frame(spell: Any) -> None:
    reader = Repeats()
    known = [read(reader, spell(chunk(text)))[1] for text in ("春天", "来了", "，", 'a"b\\c')]
    assert known == [False, True, True, True]


HEAD = b'{"id":"0","model":"assistant","choices":[{"index":0,"delta":{"content":"a"'
TAIL = b'},"finish_reason":null}]'
OTHERS = [
    HEAD + b',"content":"b"' + TAIL + b"}",
    HEAD + TAIL + b',"choices":[]}',
    HEAD + b" " + TAIL + b"}",
    HEAD.replace(b'"0"', b'"1"') + TAIL + b"}",
]


@pytest.mark.parametrize("event", OTHERS)
def test_an_event_that_says_anything_else_is_read_as_a_whole(event: bytes) -> None:
    reader = Repeats()
    read(reader, msgspec.json.encode(chunk("春")))
    assert reader.read(event) is None
    assert read(reader, event)[0] == json.loads(event)


def test_half_a_character_is_left_to_the_long_way() -> None:
    reader = Repeats()
    read(reader, json.dumps(chunk("春")).encode())
    half = json.dumps(chunk("x")).encode().replace(b'"x"', b'"\\ud83d"')
    assert reader.read(half) is None
    assert read(reader, half)[0]["choices"][0]["delta"]["content"] == "\ud83d"


def test_what_arrives_together_is_joined_whichever_way_it_was_read() -> None:
    reader, group = Repeats(), []
    for text in ("甲", "乙", "丙"):
        event = msgspec.json.encode(chunk(text))
        more = reader.read(event)
        if more is None:
            value = read_upstream(event)
            reader.learn(event, value)
            group.append(value)
        else:
            group.append(more)
    assert isinstance(group[-1], More)
    assert gathered(group) == [chunk("甲乙丙")]
    assert gathered(group[1:]) == [More(group[0], "乙丙")]
