"""What the practice model says: ordinary bilingual replies, cut into pieces as a model would."""

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hegui.terms import Words
from hegui.testing.asked import Asked
from hegui.testing.shapes import sample

_PIECE = re.compile(r"[0-9Xx](?=[0-9Xx]|\b)|[0-9]|[A-Za-z']+\s?|[\u3400-\u9fff]{1,3}|.", re.DOTALL)
_ECHO = re.compile(
    r"^\s*(?:复述|跟我读|repeat|echo)\s*[:\uff1a]\s*(.*)$", re.IGNORECASE | re.DOTALL
)

ORDINARY = (
    Words(
        en="Spring is a good time for a walk by the lake. Go early, when the paths are quiet, and "
        "take an umbrella: the weather changes quickly. A pot of green tea afterwards is the rest "
        "of a good morning.",
        zh="春天很适合去湖边走一走。早上人少，路也安静，记得带一把伞，天气变得快。走累了就找个茶馆坐下，"
        "泡一壶绿茶，半天就这样慢慢过去了。",
    ),
    Words(
        en="Start with the smallest part that can be finished today. Write down what done means, "
        "do that, and show it to someone. The next step is usually plain by then.",
        zh="先从今天就能做完的那一小块开始。写清楚做到什么程度算完成，做完后拿给别人看一看。"
        "第一步站稳了，下一步往往自然就明白了。",
    ),
    Words(
        en="Boil the noodles a minute less than the packet says, rinse them in cold water, and mix "
        "them with sesame paste, a little vinegar and chopped cucumber. Ten minutes, one bowl.",
        zh="面条比包装上写的时间少煮一分钟，捞出来过一遍凉水，拌上芝麻酱、少许醋和黄瓜丝。"
        "十分钟，一碗面就好了。",
    ),
)
_ABOUT = (
    ("walk", "spring", "春", "走走"),
    ("start", "begin", "开始"),
    ("eat", "noodle", "吃", "面"),
)
THOUGHT = Words(en="The question is short; a plain answer will do.", zh="问题很短，直接回答就好。")
RECITED = Words(en="You said: {text}", zh="您说的是：{text}")


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call: its arguments are JSON, cut into pieces anywhere."""

    id: str
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What one choice says, in the pieces in which it goes over the wire."""

    content: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ()
    refusal: tuple[str, ...] = ()
    call: Call | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    finish: str = "stop"
    endless: bool = False

    def message(self) -> dict[str, Any]:
        """Return the assistant message of a plain reply."""
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self.content)}
        if self.reasoning:
            message["reasoning_content"] = "".join(self.reasoning)
        if self.refusal:
            message |= {"refusal": "".join(self.refusal), "content": None}
        if self.call:
            function = {"name": self.call.name, "arguments": "".join(self.call.arguments)}
            message["tool_calls"] = [{"id": self.call.id, "type": "function", "function": function}]
            message["content"] = None
        return message | dict(self.extra)

    def deltas(self) -> Iterator[dict[str, Any]]:
        """Yield the deltas of a streamed reply, the finish apart. Endless if it is endless."""
        yield {"role": "assistant", "content": None if self.call else "", **self.extra}
        yield from ({"reasoning_content": piece} for piece in self.reasoning)
        yield from ({"refusal": piece} for piece in self.refusal)
        if self.call:
            head = {"name": self.call.name, "arguments": ""}
            first = {"index": 0, "id": self.call.id, "type": "function", "function": head}
            yield {"tool_calls": [first]}
            for piece in self.call.arguments:
                yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
        yield from ({"content": piece} for piece in self.content)
        while self.endless:
            yield from ({"content": piece} for piece in self.content)


def pieces(text: str) -> tuple[str, ...]:
    """Cut a text as a model would: Han by twos and threes, words whole, digits one by one."""
    return tuple(_PIECE.findall(text))


def ordinary(asked: Asked, choice: int) -> str:
    """Return what is said to this question: the same each time, another text for each choice.

    ``repeat: …`` (复述：…) is answered with what follows, which shows what reached the model.
    """
    if echo := _ECHO.match(asked.last_user):
        return RECITED.say(asked.lang).format(text=echo[1])
    said = asked.last_user.casefold()
    start = next((n for n, cues in enumerate(_ABOUT) if any(cue in said for cue in cues)), -1)
    if start < 0:
        start = zlib.crc32(said.encode("utf-8", "replace"))
    return ORDINARY[(start + choice) % len(ORDINARY)].say(asked.lang)


def shaped(asked: Asked, text: str, choice: int) -> Reply:
    """Return ``text`` in the shape that was asked for: prose, JSON, a schema or a tool call."""
    reasoning = pieces(THOUGHT.say(asked.lang)) if asked.thinks else ()
    if asked.tool is not None:
        function = asked.tool.get("function", {})
        arguments = json.dumps(sample(function.get("parameters"), text), ensure_ascii=False)
        call = Call(f"call_practice{choice}", str(function.get("name", "")), pieces(arguments))
        return Reply(reasoning=reasoning, call=call, finish="tool_calls")
    kind = asked.format.get("type")
    if kind == "json_schema":
        schema = asked.format.get("json_schema", {}).get("schema")
        text = json.dumps(sample(schema, text), ensure_ascii=False)
    elif kind == "json_object":
        text = json.dumps({"answer": text}, ensure_ascii=False)
    return Reply(content=pieces(text), reasoning=reasoning)
