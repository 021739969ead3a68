"""OpenAI's chat shapes: the only file that knows what a request looks like.

A request is read into values, and every string in it is a passage with the role it is judged
under, except words of the protocol itself. What goes upstream is always written anew from those
values, so the model sees exactly what was judged.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hegui.callers.caller import subject_in
from hegui.gateway import digits
from hegui.gateway.jsonbody import read_object, shallower, too_deep
from hegui.terms import BadRequest, Role, Words

_ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "tool": Role.TOOL,
    "function": Role.TOOL,
    "assistant": Role.REPLY,
}
# words of the protocol: never judged, because they cannot say anything
_FIELDS = frozenset(
    "model messages role content name tool_calls tool_call_id id type function arguments tools "
    "tool_choice parameters properties required description strict items enum anyOf allOf oneOf "
    "additionalProperties response_format json_schema schema stream stream_options include_usage "
    "temperature top_p n stop max_tokens max_completion_tokens presence_penalty frequency_penalty "
    "logit_bias logprobs top_logprobs seed user safety_identifier metadata store modalities "
    "parallel_tool_calls prediction reasoning_effort service_tier verbosity text refusal audio "
    "reasoning_content function_call functions image_url input_audio file url detail data format "
    "prompt_cache_key web_search_options".split()
)
_ENUMS = {
    "role": frozenset(_ROLES),
    "type": frozenset(
        "text image_url input_audio file refusal function object string number integer boolean "
        "array null json_object json_schema content custom".split()
    ),
    "tool_choice": frozenset({"none", "auto", "required"}),
    "service_tier": frozenset({"auto", "default", "flex", "priority"}),
    "reasoning_effort": frozenset({"none", "minimal", "low", "medium", "high", "xhigh"}),
    "verbosity": frozenset({"low", "medium", "high"}),
}
_NOT_SENT = frozenset({"user", "safety_identifier"})
_READ_APART = _NOT_SENT | {"messages", "model"}
_MEDIA = frozenset({"image_url", "input_audio", "file"})
_MEDIA_BYTES = frozenset({"url", "data", "file_data"})
_KEPT_WHEN_WITHHELD = frozenset({"role", "tool_call_id"})
_MOST_PASSAGES = 20_000
_NUMBERS = frozenset({int, float, bool})

_WRONG = Words(
    en="`{field}` must be {what}. Correct the request.", zh="`{field}` 必须是{what}。请修改请求。"
)

_TOO_MANY = Words(
    en="The request holds more than {most} separate texts. Send fewer, longer ones.",
    zh="请求中的独立文本超过 {most} 段。请合并后再发送。",
)


def _wrong(name: str, en: str, zh: str) -> BadRequest:
    words = Words(_WRONG.en.format(field=name, what=en), _WRONG.zh.format(field=name, what=zh))
    return BadRequest(words, param=name)


@dataclass(slots=True)
class Passage:
    """A string of the request: where it stands, who said it, and in which message.

    ``turn`` is -1 outside messages. ``is_key`` marks the name of a property, ``no_mask`` a number
    whose place can hold no mask.
    """

    holder: Any
    key: Any
    text: str
    origin: Role
    turn: int
    is_key: bool = False
    no_mask: bool = False

    def put(self, text: str) -> None:
        """Write ``text`` in the passage's place; a name is renamed when the request goes out."""
        if not self.is_key:
            self.holder[self.key] = text
        self.text = text

    def rename(self) -> None:
        """Give a property its new name. Not before all else is in place, which is found by name."""
        if self.text != self.key and self.key in self.holder:
            self.holder[self.text] = self.holder.pop(self.key)
            self.key = self.text


@dataclass(slots=True)
class Chat:
    """A chat request, read. Messages from ``newest`` on are the newest turn."""

    body: dict[str, Any]
    model: str
    stream: bool
    subject: str | None
    json_mode: bool
    passages: list[Passage] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    newest: int = 0
    depth: int = 64
    sources: list[tuple[Any, Any, list[Any]]] = field(default_factory=list)
    bare: list[Any] = field(default_factory=list)  # parts that held our label and nothing else

    @property
    def wants_usage(self) -> bool:
        """Whether a stream shall end with its token counts."""
        options = self.body.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools that the model may call, as it was told them."""
        names = set()
        for tool in [*_list(self.body.get("tools")), *_list(self.body.get("functions"))]:
            for each in (tool, *tool.values()) if isinstance(tool, dict) else ():
                if isinstance(each, dict) and isinstance(each.get("name"), str):
                    names.add(each["name"])
        return frozenset(names)

    def add(self, passage: Passage) -> None:
        """Note a passage. So many that judging them would keep others waiting are refused."""
        if len(self.passages) >= _MOST_PASSAGES:
            raise BadRequest(_TOO_MANY.fill(most=_MOST_PASSAGES), param="messages")
        self.passages.append(passage)

    def outgoing(self) -> dict[str, Any]:
        """Return what goes to the model: masks in place, the subject left out (Art. 11)."""
        for passage in self.passages:
            if passage.is_key:
                passage.rename()
        for holder, key, decoded in reversed(self.sources):  # JSON inside JSON: the inner one first
            if key in holder and json.loads(holder[key]) != decoded[0]:
                holder[key] = json.dumps(decoded[0], ensure_ascii=False)
        self.sources.clear()
        for message in self.body["messages"] if self.bare else ():
            if isinstance(parts := message.get("content"), list):  # some servers want no empty one
                said = [part for part in parts if not any(part is bare for bare in self.bare)]
                message["content"] = said or parts
        return {key: value for key, value in self.body.items() if key not in _NOT_SENT}

    def withhold(self, turn: int, notice: str) -> None:
        """Put a notice in place of what a message says; calls keep their ids, and nothing else."""
        message = self.body["messages"][turn]
        calls = message.get("tool_calls")
        for name in [name for name in message if name not in _KEPT_WHEN_WITHHELD]:
            del message[name]
        message["content"] = notice
        if isinstance(calls, list) and calls:
            function = {"name": "withheld", "arguments": "{}"}
            message["tool_calls"] = [
                {"id": call.get("id"), "type": "function", "function": dict(function)}
                for call in calls
                if isinstance(call, dict)
            ]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def read_chat(body: bytes, *, depth: int, choices: int) -> Chat:
    """Read a chat request. Raises ``BadRequest`` naming the field that is wrong."""
    value = read_object(body, depth=depth)
    model, messages = value.get("model"), value.get("messages")
    if not isinstance(model, str) or not model:
        raise _wrong("model", "the name of a model", "模型名称")
    if not isinstance(messages, list) or not messages:
        raise _wrong("messages", "a list of at least one message", "至少有一条消息的列表")
    if not isinstance(value.get("stream", False), bool | None):
        raise _wrong("stream", "true or false", " true 或 false")
    n = value.get("n")
    if n is not None and (type(n) is not int or not 1 <= n <= choices):
        raise _wrong("n", f"a number from 1 to {choices}", f" 1 到 {choices} 的整数")
    chat = Chat(value, model, bool(value.get("stream")), subject_in(value), _json_mode(value))
    chat.depth = depth
    last = max((i for i, m in enumerate(messages[:-1]) if _is_reply(m)), default=-1)
    chat.newest = last + 1
    for turn, message in enumerate(messages):
        _read_message(chat, turn, message)
    said = {name: held for name, held in value.items() if name not in _READ_APART}
    _walk_names(chat, value, said, Role.SYSTEM, -1)
    return chat


def _is_reply(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") == "assistant"


def _json_mode(value: dict[str, Any]) -> bool:
    asked = value.get("response_format")
    if asked is None:
        return False
    if not isinstance(asked, dict):
        raise _wrong("response_format", "an object", "对象")
    return asked.get("type") in ("json_object", "json_schema")


def _read_message(chat: Chat, turn: int, message: Any) -> None:
    name = f"messages[{turn}]"
    if not isinstance(message, dict):
        raise _wrong(name, "an object", "对象")
    said = message.get("role")
    role = _ROLES.get(said) if isinstance(said, str) else None
    if role is None:
        known = ("system, user, assistant or tool", " system、user、assistant 或 tool")
        raise _wrong(f"{name}.role", *known)
    content = message.get("content")
    if not isinstance(content, str | list | None):
        parts = ("a string or a list of parts", "字符串，或由若干部分组成的列表")
        raise _wrong(f"{name}.content", *parts)
    _walk_names(chat, message, message, role, turn)


def _walk_names(
    chat: Chat, holder: dict[str, Any], said: dict[str, Any], role: Role, turn: int
) -> None:
    """Collect the names in ``said``, which is all or some of ``holder``, and what is below them."""
    for name, value in said.items():
        if name not in _FIELDS:
            chat.add(Passage(holder, name, name, role, turn, is_key=True))
        _walk(chat, holder, name, value, role, turn)


def _walk(chat: Chat, holder: Any, key: Any, held: Any, role: Role, turn: int) -> None:
    """Collect every string below ``holder[key]``, and note what cannot be judged."""
    if isinstance(held, str):
        _walk_text(chat, holder, key, held, role, turn)
    elif isinstance(held, dict):
        medium = _medium(key, held, turn)
        if medium:
            chat.unjudged.append(f"messages[{turn}].{medium}")
            for inner, said in _beside_bytes(held):
                _walk_names(chat, inner, said, role, turn)
        else:
            _walk_names(chat, held, held, role, turn)
    elif isinstance(held, list):
        for place, value in () if _says_nothing(held) else enumerate(held):
            _walk(chat, held, place, value, role, turn)
    elif isinstance(held, int | float) and digits.long(held):
        _walk_number(chat, holder, key, held, role, turn)


def _walk_number(chat: Chat, holder: Any, key: Any, held: float, role: Role, turn: int) -> None:
    """Collect a long number: it reads as its digits, as in a text."""
    top = holder is chat.body
    if not digits.free(key, top=top):
        fixed = turn < 0 and digits.no_mask(key, top=top)
        chat.add(Passage(holder, key, digits.read_out(held), role, turn, no_mask=fixed))


def _says_nothing(held: list[Any]) -> bool:
    """Whether a list holds only numbers that need not be judged: a body may hold millions."""
    return _NUMBERS.issuperset(map(type, held)) and not digits.long(max(map(abs, held), default=0))


def _medium(key: Any, held: dict[str, Any], turn: int) -> str:
    """Return which medium an object holds; none is an empty string."""
    kind = held.get("type")
    if isinstance(kind, str) and kind in _MEDIA:
        return kind
    return "audio" if key == "audio" and turn >= 0 else ""


def _beside_bytes(part: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Give what a part says besides the bytes of its medium, which are noted as unjudged."""
    nested = {name: value for name, value in part.items() if isinstance(value, dict)}
    yield part, _without_bytes({n: v for n, v in part.items() if n not in nested})
    for name, inner in nested.items():
        yield part, {name: None}
        yield inner, _without_bytes(inner)


def _without_bytes(held: dict[str, Any]) -> dict[str, Any]:
    def is_bytes(name: str, value: Any) -> bool:
        stands = name in _MEDIA_BYTES and isinstance(value, str)
        return stands and (name != "url" or value.startswith("data:"))

    return {name: value for name, value in held.items() if not is_bytes(name, value)}


def _walk_text(chat: Chat, holder: Any, key: Any, held: str, role: Role, turn: int) -> None:
    if not held or held in _ENUMS.get(key, ()):
        return
    if key == "arguments" or (role is Role.TOOL and key in ("content", "text")):
        decoded = _decoded(held, chat.depth)
        if decoded is not None:
            value, written_anew = decoded
            if written_anew is not None:
                holder[key] = written_anew
            chat.sources.append((holder, key, [value]))
            _walk(chat, chat.sources[-1][2], 0, value, role, turn)
            return
    chat.add(Passage(holder, key, held, role, turn))


def _decoded(source: str, depth: int) -> tuple[Any, str | None] | None:
    """Return the value of JSON source, or None when it is not JSON.

    Of a name that stands twice only the last value is judged. Then the source is written anew,
    so that the model does not read the other one.
    """
    twice = False

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        held = dict(pairs)
        twice = twice or len(held) < len(pairs)
        return held

    try:
        value = json.loads(source, object_pairs_hook=once)
    except RecursionError:
        raise too_deep(depth) from None
    except ValueError:
        return None
    if not isinstance(value, dict | list | str):
        return None
    if not shallower(value, depth):
        raise too_deep(depth)
    return value, json.dumps(value, ensure_ascii=False) if twice else None
