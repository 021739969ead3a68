import copy
import random
from typing import Any

from hegui.gateway.gathering import gathered


def chunk(text: Any, index: int = 0, **more: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": {"content": text}, "finish_reason": None}
    return {"id": "c", "object": "chat.completion.chunk", "choices": [choice], **more}


def said(chunks: list[dict[str, Any]]) -> dict[int, str]:
    out: dict[int, str] = {}
    for each in chunks:
        for choice in each["choices"]:
            piece = choice["delta"].get("content") or ""
            out[choice["index"]] = out.get(choice["index"], "") + piece
    return out


def test_neighbours_that_only_add_content_become_one() -> None:
    assert gathered([chunk("甲"), chunk("乙"), chunk("丙")]) == [chunk("甲乙丙")]


def test_what_carries_anything_else_stays_apart_and_in_order() -> None:
    finish = chunk("", 0)
    finish["choices"][0] |= {"delta": {}, "finish_reason": "stop"}
    probs = chunk("b")
    probs["choices"][0]["logprobs"] = {"content": [{"token": "b"}]}
    reasoning = chunk("c")
    reasoning["choices"][0]["delta"] = {"reasoning_content": "r"}
    other = chunk("d", 1)
    named = chunk("e", provider="x")
    group = [chunk("a"), probs, reasoning, other, named, chunk("f"), finish]
    assert gathered(copy.deepcopy(group)) == group


def test_no_character_is_lost_or_moved_to_another_choice() -> None:
    rng = random.Random(3)
    for _ in range(300):
        group = [chunk(rng.choice(["", "a", "字", None]), rng.randrange(2)) for _ in range(12)]
        before = said(copy.deepcopy(group))
        after = said(gathered(group))
        assert after == before
