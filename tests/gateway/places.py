"""Where a model can say something in a stream, and how a client puts it together again."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.gateway.spine import INSULT, PHONE, chunk, events_of

from hegui.testing.hostile import RESIDENT_ID

SECRETS = (PHONE, RESIDENT_ID)
CLEAN = "第1次，共12页；价格138元，编号1380013，单价 1.5，再会。😀 ok"


def cuts(text: str, rng: random.Random) -> Iterator[str]:
    while text:
        size = rng.randrange(1, 4)
        yield text[:size]
        text = text[size:]


def texts_of(value: Any) -> Iterator[str]:
    """Yield every string of a value, names too, and every number, as a client could read it."""
    if isinstance(value, dict):
        for key, held in value.items():
            yield key
            yield from texts_of(held)
    elif isinstance(value, list):
        for held in value:
            yield from texts_of(held)
    else:
        yield str(value)


def gathered(chunks: list[dict[str, Any]]) -> dict[tuple[Any, ...], str]:
    """Concatenate what each place of a stream says, as a client does."""
    out: dict[tuple[Any, ...], str] = {}

    def walk(place: tuple[Any, ...], value: Any) -> None:
        if isinstance(value, dict):
            for key, held in value.items():
                walk((*place, key), held)
        elif isinstance(value, list):
            for n, held in enumerate(value):
                walk((*place, held.get("index", n) if isinstance(held, dict) else n), held)
        elif isinstance(value, str):
            out[place] = out.get(place, "") + value

    for each in chunks:
        walk((), {key: value for key, value in each.items() if key not in ("aigc", "id")})
    return out


def assert_hidden(data: bytes) -> None:
    """Neither as it stands, nor decoded, nor concatenated does anything say a secret."""
    chunks = events_of(data)
    strings = [*map(str, gathered(chunks).values()), *texts_of(chunks)]
    for _, source in list(gathered(chunks).items()):
        try:
            strings += texts_of(json.loads(source))
        except ValueError:
            continue
    for secret in (*SECRETS, INSULT):
        assert not any(secret in text for text in strings), secret


Shape = Callable[[str, random.Random], list[dict[str, Any]]]


def in_field(name: str) -> Shape:
    return lambda text, rng: [chunk({name: piece}) for piece in cuts(text, rng)]


def in_nested_field(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({"x": {"deep": {"note": piece}}}) for piece in cuts(text, rng)]


def in_numbered_list(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [
        chunk({"reasoning_details": [{"index": 0, "type": "text", "text": piece}]})
        for piece in cuts(text, rng)
    ]


def in_parts(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({"content": [{"type": "text", "text": piece}]}) for piece in cuts(text, rng)]


def in_bare_parts(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({"content": [piece]}) for piece in cuts(text, rng)]


def repeated(text: str, _rng: random.Random) -> list[dict[str, Any]]:
    """Give a whole value anew with every chunk, as servers do with what stays the same."""
    delta = {"session": text[1:-1], "of": {"user": text[1:-1]}}
    return [chunk({"content": piece, **delta}, refusal=text[1:-1]) for piece in "天气好"]


def in_arguments(text: str, rng: random.Random) -> list[dict[str, Any]]:
    source = json.dumps({"note": text, "of": [text]}, ensure_ascii=rng.random() < 0.5)
    hidden = "".join(f"\\u{ord(c):04x}" if c.isdigit() and rng.random() < 0.5 else c for c in text)
    source = source if rng.random() < 0.5 else '{"note": "' + hidden + '"}'
    head = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "n"}}
    return [
        chunk({"tool_calls": [head]}),
        *(
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
            for piece in cuts(source, rng)
        ),
    ]


def in_tool_name(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [
        chunk({"tool_calls": [{"index": 0, "function": {"name": piece}}]})
        for piece in cuts(text, rng)
    ]


def in_choice(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({}, note=piece) for piece in cuts(text, rng)]


def in_top(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({}, top={"note": piece}) for piece in cuts(text, rng)]


def in_usage(text: str, _rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({"content": "好"}, top={"usage": {"total_tokens": 3, "note": text}})]


def in_a_name(text: str, _rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({text: "x"}), chunk({"m": {text: 1}}), chunk({}, top={text: 2})]


def in_a_list(text: str, rng: random.Random) -> list[dict[str, Any]]:
    return [chunk({"tags": [text, "好"]}), chunk({"split": list(cuts(text, rng))})]


def in_logprobs(text: str, rng: random.Random) -> list[dict[str, Any]]:
    def entry(piece: str) -> dict[str, Any]:
        top = [{"token": text, "logprob": -3.0, "bytes": list(text.encode())}]
        spelt = list(piece.encode())
        return {"token": piece, "logprob": -0.1, "bytes": spelt, "top_logprobs": top, "raw": text}

    return [
        chunk({"content": piece}, logprobs={"content": [entry(piece)], "said": text})
        for piece in cuts(text, rng)
    ]


SHAPES: dict[str, Shape] = {
    **{name: in_field(name) for name in ("content", "reasoning_content", "reasoning", "refusal")},
    "unknown": in_field("annotation_text"),
    "nested": in_nested_field,
    "numbered list": in_numbered_list,
    "parts": in_parts,
    "bare parts": in_bare_parts,
    "repeated": repeated,
    "arguments": in_arguments,
    "tool name": in_tool_name,
    "choice": in_choice,
    "top": in_top,
    "usage": in_usage,
    "name": in_a_name,
    "list": in_a_list,
    "logprobs": in_logprobs,
}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}
