"""What is compared: one answer taken straight from the server, one taken through hegui.

A check returns two cells for the table and raises ``Differs`` when they do not go together.
"""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import openai
from openai import OpenAI

MODEL = "tiny"
QUESTION = [{"role": "user", "content": "春天有什么花？"}]
NUMBER = "13800138000"
GRAMMAR = 'root ::= "早，我的" [电] [话] ' + " ".join(f"[{digit}]" for digit in NUMBER) + ' "。"'
SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string", "enum": ["春天", "秋天"]}},
    "required": ["word"],
}
LABEL = re.compile(r"(AI|人工智能).*(生成|合成)|(生成|合成).*(AI|人工智能)", re.DOTALL)
LABEL_LONGEST = 120


class Differs(Exception):
    """The two answers do not go together; the text says how."""


class Cells(NamedTuple):
    """What a check shows of the two answers."""

    direct: str
    through: str


class Sides(NamedTuple):
    """The official SDK twice: at the server itself, and at hegui in front of it."""

    direct: OpenAI
    through: OpenAI


class Check(NamedTuple):
    """One comparison: its name and claim for the table, and how it is made."""

    name: str
    claim: str
    make: Callable[[Sides], Cells]


class Heard(NamedTuple):
    """An answer, however it came."""

    texts: tuple[str, ...]
    ends: tuple[str | None, ...]
    usage: tuple[int, int] | None
    chunks: int


def ask(client: OpenAI, *, stream: bool = False, **more: Any) -> Heard:
    """Ask once. Greedy unless told otherwise, so that the same question has one answer."""
    asked: dict[str, Any] = {
        "model": MODEL,
        "messages": QUESTION,
        "max_tokens": 40,
        "temperature": 0,
        "seed": 7,
        **more,
    }
    if stream:
        return _streamed(client, asked)
    answer = client.chat.completions.create(**asked)
    usage = answer.usage
    return Heard(
        tuple(choice.message.content or "" for choice in answer.choices),
        tuple(choice.finish_reason for choice in answer.choices),
        (usage.prompt_tokens, usage.completion_tokens) if usage else None,
        1,
    )


def _streamed(client: OpenAI, asked: dict[str, Any]) -> Heard:
    count = asked.get("n") or 1
    texts = [""] * count
    ends: list[str | None] = [None] * count
    usage = None
    chunks = 0
    for chunk in client.chat.completions.create(stream=True, **asked):
        chunks += 1
        if chunk.usage:
            usage = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
            ends[choice.index] = choice.finish_reason or ends[choice.index]
    return Heard(tuple(texts), tuple(ends), usage, chunks)


def label_of(direct: str, through: str) -> str:
    """Return what hegui added after ``direct``; ``Differs`` when it is not a label."""
    if not through.startswith(direct):
        raise Differs(f"the text was changed: {direct[:30]!r} became {through[:30]!r}")
    label = through[len(direct) :]
    if not LABEL.search(label) or len(label) > LABEL_LONGEST:
        raise Differs(f"what follows the text is no label: {label[:LABEL_LONGEST]!r}")
    return label


def _same(sides: Sides, **asked: Any) -> Cells:
    direct, through = ask(sides.direct, **asked), ask(sides.through, **asked)
    if len(direct.texts) != len(through.texts):
        raise Differs(f"{len(direct.texts)} choices became {len(through.texts)}")
    for before, after in zip(direct.texts, through.texts, strict=True):
        label_of(before, after)
    if direct.ends != through.ends:
        raise Differs(f"finish reasons {direct.ends} became {through.ends}")
    if direct.usage != through.usage:
        raise Differs(f"usage {direct.usage} became {through.usage}")
    return Cells(_size(direct), _size(through))


def _size(heard: Heard) -> str:
    used = f", {heard.usage[0]}+{heard.usage[1]} tokens" if heard.usage else ""
    return f"{sum(map(len, heard.texts))} chars in {heard.chunks}{used}"


def _check_models(sides: Sides) -> Cells:
    found = [sorted(model.id for model in client.models.list()) for client in sides]
    if MODEL not in found[0] or MODEL not in found[1]:
        raise Differs(f"{found[0]} became {found[1]}")
    return Cells(", ".join(found[0]), ", ".join(found[1]))


def _check_plain(sides: Sides) -> Cells:
    return _same(sides)


def _check_streamed(sides: Sides) -> Cells:
    cells = _same(sides, stream=True)
    if ask(sides.through, stream=True).chunks < 5:  # noqa: PLR2004 - 40 tokens in fewer is no stream
        raise Differs("the stream came in one piece")
    return cells


def _check_usage(sides: Sides) -> Cells:
    cells = _same(sides, stream=True, stream_options={"include_usage": True})
    if "tokens" not in cells.through:
        raise Differs("no usage came")
    return cells


def _check_long_stream(sides: Sides) -> Cells:
    return _same(sides, stream=True, max_tokens=900, temperature=1)


def _check_choices(sides: Sides) -> Cells:
    return _same(sides, n=2, temperature=1, max_tokens=20)


def _check_choices_streamed(sides: Sides) -> Cells:
    return _same(sides, n=2, temperature=1, max_tokens=20, stream=True)


def _check_seeds(sides: Sides) -> Cells:
    first = _same(sides, temperature=1, seed=11)
    second = _same(sides, temperature=1, seed=12)
    texts = {ask(sides.through, temperature=1, seed=seed).texts for seed in (11, 12)}
    if len(texts) != 2:  # noqa: PLR2004 - two seeds
        raise Differs("two seeds gave one text")
    return Cells(f"{first.direct}; {second.direct}", f"{first.through}; {second.through}")


def _check_structured(sides: Sides) -> Cells:
    form = {"type": "json_schema", "json_schema": {"name": "season", "schema": SCHEMA}}
    texts = [ask(client, response_format=form, max_tokens=80).texts[0] for client in sides]
    if json.loads(texts[0]) != json.loads(texts[1]):
        raise Differs(f"{texts[0]} became {texts[1]}")
    return Cells(*texts)


def _masked(sides: Sides, *, stream: bool) -> Cells:
    more = {"grammar": GRAMMAR}
    direct, through = (ask(client, stream=stream, extra_body=more).texts[0] for client in sides)
    if NUMBER not in direct:
        raise Differs(f"the server did not say the number: {direct[:40]!r}")
    if re.search(r"1\D{0,2}3\D{0,2}8\D{0,2}0\D{0,2}0", through):
        raise Differs("the number came through")
    if not through.startswith("早，我的电话"):
        raise Differs(f"more than the number was masked: {through[:40]!r}")
    return Cells(direct, through.split("\n")[0][:40])


def _check_masked(sides: Sides) -> Cells:
    return _masked(sides, stream=False)


def _check_masked_streamed(sides: Sides) -> Cells:
    return _masked(sides, stream=True)


def _check_history(sides: Sides) -> Cells:
    said = ask(sides.through).texts[0]
    clean = ask(sides.direct).texts[0]
    turn = {"role": "user", "content": "还有呢？"}
    costs = []
    for client, text in ((sides.direct, clean), (sides.through, said)):
        talk = [*QUESTION, {"role": "assistant", "content": text}, turn]
        costs.append(ask(client, messages=talk).usage)
    if costs[0] != costs[1]:
        raise Differs(f"usage {costs[0]} became {costs[1]}")
    return Cells(f"{costs[0]} tokens", f"{costs[1]} tokens")


def _refused(call: Callable[[], object]) -> openai.APIStatusError:
    try:
        call()
    except openai.APIStatusError as error:
        return error
    raise Differs("it was answered as if nothing were wrong")


def _error(error: openai.APIStatusError, low: int, high: int) -> str:
    told = f"{error.status_code} {error.code or error.type or ''}".strip()
    if not low <= error.status_code <= high:
        raise Differs(f"the status is {told}")
    body = error.response.json()
    if not isinstance(body.get("error"), dict) or not body["error"].get("message"):
        raise Differs(f"no error object: {told}")
    return told


def _check_malformed(sides: Sides) -> Cells:
    bad: Any = "not a list"
    errors = [_refused(lambda c=client: ask(c, messages=bad)) for client in sides]  # type: ignore[misc]
    return Cells(_error(errors[0], 400, 499), _error(errors[1], 400, 400))


def _check_too_long(sides: Sides) -> Cells:
    long: Any = [{"role": "user", "content": "春天有花。" * 1400}]
    errors = [_refused(lambda c=client: ask(c, messages=long)) for client in sides]  # type: ignore[misc]
    return Cells(_error(errors[0], 400, 499), _error(errors[1], 400, 502))


def _check_too_long_streamed(sides: Sides) -> Cells:
    long: Any = [{"role": "user", "content": "春天有花。" * 1400}]

    def call(client: OpenAI) -> openai.APIStatusError:
        return _refused(lambda: ask(client, messages=long, stream=True))

    return Cells(_error(call(sides.direct), 400, 499), _error(call(sides.through), 400, 502))


def _check_unknown_model(sides: Sides) -> Cells:
    error = _refused(lambda: ask(sides.through, model="no-such-model"))
    return Cells("-", _error(error, 404, 404))


def _check_wrong_key(sides: Sides) -> Cells:
    secret = "hg-aaaaaaaaaa-" + "a" * 32
    header = {"Authorization": f"Bearer {secret}"}
    error = _refused(lambda: ask(sides.through, extra_headers=header))
    if secret in error.response.text:
        raise Differs("the key was repeated")
    return Cells("-", _error(error, 401, 401))


CHECKS = (
    Check("models", "Both list the model", _check_models),
    Check(
        "plain",
        "A plain answer: same text apart from the label, same end, same usage",
        _check_plain,
    ),
    Check(
        "streamed",
        "A streamed answer, put together: same text apart from the label, and no usage unasked",
        _check_streamed,
    ),
    Check("usage", "Usage at the end of a stream, when it is asked for", _check_usage),
    Check("long stream", "A long stream, sampled with a seed", _check_long_stream),
    Check("choices", "Two choices in one plain answer, each labelled", _check_choices),
    Check(
        "choices streamed",
        "Two choices interleaved in one stream, each labelled",
        _check_choices_streamed,
    ),
    Check(
        "seeds",
        "Parameters reach the server: another seed, another text, the same on both sides",
        _check_seeds,
    ),
    Check(
        "structured",
        "Structured output stays the same JSON: no label is put into it",
        _check_structured,
    ),
    Check(
        "masked",
        "A telephone number that the server is made to say does not come through",
        _check_masked,
    ),
    Check(
        "masked streamed",
        "Nor does it when the server streams it a digit a chunk",
        _check_masked_streamed,
    ),
    Check(
        "history",
        "Hegui's own label is taken out of the history: the server sees the same prompt",
        _check_history,
    ),
    Check(
        "malformed",
        "A request with wrong types is refused with an error object by both",
        _check_malformed,
    ),
    Check(
        "too long",
        "A prompt beyond the model's context is the server's error, and stays an error object",
        _check_too_long,
    ),
    Check(
        "too long streamed",
        "The same when a stream was asked for: the error comes instead of the stream",
        _check_too_long_streamed,
    ),
    Check(
        "unknown model", "Hegui answers 404 for a model that no upstream has", _check_unknown_model
    ),
    Check(
        "wrong key",
        "Hegui answers 401 to a key it never gave, and does not repeat it",
        _check_wrong_key,
    ),
)
