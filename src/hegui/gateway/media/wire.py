"""OpenAI's shapes of pictures and speech: the only file that knows what they look like.

A request is read into texts that are judged (what people say, and every other string beside it) and
fields that are not strings; what goes upstream is written anew from them. Of an answer only what is
known is handed on.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from hegui.callers.caller import subject_in
from hegui.gateway.digits import long, read_out
from hegui.gateway.jsonbody import read_object, write
from hegui.gateway.media.multipart import Part, read_form
from hegui.gateway.wire import Chat, Passage
from hegui.labels.recognising import HEAD, recognised
from hegui.terms import BadRequest, Role, Words

Spoken = Literal["mp3", "wav", "flac", "opus", "aac"]
SPOKEN: Final[dict[str, str]] = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "opus": "audio/ogg",
    "aac": "audio/aac",
}
SPEECH_DELTA: Final = "speech.audio.delta"
SPEECH_DONE: Final = "speech.audio.done"
MOST_PICTURES: Final = 10
MOST_PARTIAL: Final = 3
_MOST_FILES: Final = 17  # 16 pictures and a mask
_MOST_STRINGS: Final = 1_000
_SAID: Final = ("prompt", "input", "instructions", "negative_prompt")  # what people say
_NOT_SENT: Final = frozenset({"user", "safety_identifier"})
_FIELDS: Final = frozenset(
    "model prompt input instructions negative_prompt n size quality style background moderation "
    "output_format output_compression response_format voice speed stream stream_format user "
    "safety_identifier input_fidelity seed id partial_images".split()
)
_WHOLE: Final = frozenset({"n", "output_compression", "seed", "partial_images"})
_TOLD: Final = {  # what an answer says besides its pictures, and the words that it may say
    "background": frozenset({"transparent", "opaque", "auto"}),
    "output_format": frozenset({"png", "jpeg", "webp"}),
    "quality": frozenset({"low", "medium", "high", "standard", "hd", "auto"}),
}


@dataclass(slots=True)
class Upload:
    """A picture that a caller sent to be edited; its type is what its first bytes say."""

    name: str
    mime: str
    data: bytes = field(repr=False)


@dataclass(slots=True)
class MediaRequest:
    """A request for pictures or speech, read. ``chat`` is what of it is judged."""

    fields: dict[str, Any]
    chat: Chat
    said: list[str]
    names: list[str]
    count: int = 1
    form: str = ""
    addressed: bool = False
    streamed: bool = False
    """Whether the answer is to be events: of pictures that become clearer, or of speech."""
    partial: int = 0
    uploads: list[Upload] = field(default_factory=list)

    def outgoing(self) -> dict[str, Any]:
        """Return what goes to the model: masks in place, the subject left out (Art. 11)."""
        for passage in self.chat.passages:
            if passage.is_key:
                passage.rename()
        said = dict(zip(self.names, self.said, strict=True))
        sent = {key: said.get(key, value) for key, value in self.fields.items()}
        return {key: value for key, value in sent.items() if key not in _NOT_SENT}

    def kept(self) -> bytes:
        """Return what of a request with pictures is committed to, and kept: their digests."""
        files = [
            {"name": one.name, "mime": one.mime, "sha256": hashlib.sha256(one.data).hexdigest()}
            for one in self.uploads
        ]
        return write({**self.fields, "files": files})


def read_generation(body: bytes, *, depth: int) -> MediaRequest:
    """Read a request for pictures. Raises ``BadRequest`` naming the field that is wrong."""
    return _pictures(read_object(body, depth=depth), [])


def read_edit(body: bytes, content_type: str) -> MediaRequest:
    """Read a request to edit pictures: a form, whose pictures nobody has judged."""
    value: dict[str, Any] = {}
    uploads: list[Upload] = []
    for part in read_form(body, content_type):
        if part.is_file:
            uploads.append(_upload(part, len(uploads)))
        elif part.name in value:
            raise _wrong(part.name, "given once", "只出现一次的字段")
        else:
            value[part.name] = _form_value(part)
    if not any(upload.name != "mask" for upload in uploads):
        raise _wrong("image", "a picture", "图片文件")
    return _pictures(value, uploads)


def read_speech(body: bytes, *, depth: int) -> MediaRequest:
    """Read a request for speech. Raises ``BadRequest`` naming the field that is wrong."""
    value = read_object(body, depth=depth)
    form = value.setdefault("response_format", "mp3")
    if form == "pcm":
        raise BadRequest(_PCM, param="response_format")
    if not isinstance(form, str) or form not in SPOKEN:
        raise _wrong("response_format", "one of " + ", ".join(SPOKEN), " " + "、".join(SPOKEN))
    asked = value.get("stream_format", "audio")
    if asked not in ("audio", "sse"):
        raise _wrong("stream_format", "audio or sse", " audio 或 sse")
    request = _request(value, "input")
    request.form, request.streamed = form, asked == "sse"
    return request


def _pictures(value: dict[str, Any], uploads: list[Upload]) -> MediaRequest:
    n = value.get("n")
    if n is not None and (type(n) is not int or not 1 <= n <= MOST_PICTURES):
        raise _wrong("n", f"a number from 1 to {MOST_PICTURES}", f" 1 到 {MOST_PICTURES} 的整数")
    stream, partial = value.get("stream"), value.get("partial_images")
    if not isinstance(stream, bool | None):
        raise _wrong("stream", "true or false", " true 或 false")
    if partial is not None and (type(partial) is not int or not 0 <= partial <= MOST_PARTIAL):
        what = f"a number from 0 to {MOST_PARTIAL}", f" 0 到 {MOST_PARTIAL} 的整数"
        raise _wrong("partial_images", *what)
    answered = value.get("response_format")
    if stream and answered == "url":
        raise _wrong("response_format", "b64_json with stream", "使用 stream 时的 b64_json")
    if answered not in (None, "b64_json", "url"):
        raise _wrong("response_format", "b64_json or url", " b64_json 或 url")
    form = value.get("output_format")
    if form is not None and form not in ("png", "jpeg", "webp"):
        raise _wrong("output_format", "png, jpeg or webp", " png、jpeg 或 webp")
    request = _request(value, "prompt")
    request.count, request.uploads = n or 1, uploads
    request.addressed = answered == "url"
    request.streamed, request.partial = bool(stream), partial or 0
    request.chat.unjudged = ["messages[0].image"] * len(uploads)
    return request


def _request(value: dict[str, Any], needed: str) -> MediaRequest:
    model = value.get("model")
    if not isinstance(model, str) or not model:
        raise _wrong("model", "the name of a model", "模型名称")
    if not isinstance(value.get(needed), str) or not value[needed]:
        raise _wrong(needed, "a text", "文本")
    names = [name for name in _SAID if isinstance(value.get(name), str)]
    said: list[str] = [value[name] for name in names]
    body = {"model": model, "messages": [{"role": "user", "content": said}]}
    chat = Chat(body, model, stream=False, subject=subject_in(value), json_mode=False)
    for place, text in enumerate(said):
        chat.add(Passage(said, place, text, Role.USER, 0))
    for name, held in value.items():
        if name not in _FIELDS:
            chat.add(Passage(value, name, name, Role.SYSTEM, -1, is_key=True))
        if name not in (*names, *_NOT_SENT, "model"):
            _walk(chat, value, name, held)
    return MediaRequest(value, chat, said, names)


def _walk(chat: Chat, holder: Any, key: Any, held: Any) -> None:
    """Note every string below ``holder[key]``, and names that the protocol does not know."""
    if len(chat.passages) > _MOST_STRINGS:
        raise _wrong("model", "beside fewer fields", "搭配更少字段的请求")
    if isinstance(held, str):
        if held:
            chat.add(Passage(holder, key, held, Role.SYSTEM, -1))
    elif isinstance(held, dict):
        for name, value in held.items():
            if name not in _FIELDS:
                chat.add(Passage(held, name, name, Role.SYSTEM, -1, is_key=True))
            _walk(chat, held, name, value)
    elif isinstance(held, list):
        for place, value in enumerate(held):
            _walk(chat, held, place, value)
    elif isinstance(held, int | float) and long(held) and key != "seed":
        chat.add(Passage(holder, key, read_out(held), Role.SYSTEM, -1))


def _upload(part: Part, number: int) -> Upload:
    if part.name not in ("image", "image[]", "mask") or number >= _MOST_FILES:
        raise _wrong(part.name[:40], "no file here", "非文件字段")
    form = recognised(part.data[:HEAD], "")
    if form is None or not form.mime[0].startswith("image/"):
        raise _wrong(part.name, "a picture", "图片文件")
    return Upload(part.name, form.mime[0], part.data)


def _form_value(part: Part) -> Any:
    try:
        text = part.data.decode()
    except UnicodeDecodeError:
        raise _wrong(part.name[:40], "a text in UTF-8", " UTF-8 文本") from None
    if part.name in _WHOLE and text.isdecimal() and len(text) < 10:  # noqa: PLR2004 - fits a number
        return int(text)
    if part.name == "stream":
        return {"true": True, "false": False}.get(text.lower(), text)
    return text


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of an answer, in Base64; ``said`` is what the model says of it, to be judged.

    ``address`` is where it lies instead.
    """

    data: bytes = field(repr=False)
    said: str
    address: str = field(default="", repr=False)


def pictures_of(value: Any) -> list[Picture] | None:
    """Return the pictures of an answer; None where it is not what the OpenAI API says.

    How many there are is bounded by the bytes of an answer, and for who asked to compare.
    """
    entries = value.get("data") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        return None
    found = []
    for entry in entries:
        if not isinstance(entry, dict):
            return None
        data, said = entry.get("b64_json") or "", entry.get("revised_prompt") or ""
        address = entry.get("url") or ""
        if not all(isinstance(one, str) for one in (data, said, address)):
            return None
        if not (data or address):
            return None
        if data.startswith("data:"):
            data = data.partition(",")[2]
        found.append(Picture(data.encode("ascii", "replace"), said, address))
    return found


@dataclass(frozen=True, slots=True)
class Becoming:
    """A picture in an event of a stream. ``partial`` is its number, None where it is whole."""

    data: bytes = field(repr=False)
    kind: str
    partial: int | None
    told: dict[str, Any]


def becoming_of(event: dict[str, Any], about: str) -> Becoming | Literal["odd", "other"]:
    """Return the picture of an event of ``about`` (``image_generation`` or ``image_edit``).

    ``other`` for an event without one, ``odd`` for what is not as the OpenAI API says.
    """
    kind = event.get("type")
    if kind not in (f"{about}.partial_image", f"{about}.completed"):
        return "other"
    data, number = event.get("b64_json"), event.get("partial_image_index", 0)
    if not isinstance(data, str) or not data:
        return "odd"
    if type(number) is not int or not 0 <= number < MOST_PARTIAL:
        return "odd"
    told = told_of(event)
    if type(event.get("created_at")) is int:
        told["created_at"] = event["created_at"]
    partial = number if kind == f"{about}.partial_image" else None
    return Becoming(data.encode("ascii", "replace"), kind, partial, told)


def told_of(value: dict[str, Any]) -> dict[str, Any]:
    """Return what of an answer is handed on besides its pictures."""
    told: dict[str, Any] = {}
    if type(value.get("created")) is int:
        told["created"] = value["created"]
    for name, words in _TOLD.items():
        if isinstance(value.get(name), str) and value[name] in words:
            told[name] = value[name]
    size = value.get("size")
    if isinstance(size, str) and size.replace("x", "").isdecimal() and len(size) < 12:  # noqa: PLR2004 - as 1024x1024
        told["size"] = size
    if isinstance(value.get("usage"), dict):
        told["usage"] = _numbers(value["usage"])
    return told


def _numbers(held: dict[str, Any]) -> dict[str, Any]:
    """Return the whole numbers of an object, and of those directly below it."""
    numbers = {name: value for name, value in held.items() if type(value) is int}
    below = {
        name: {key: value for key, value in inner.items() if type(value) is int}
        for name, inner in held.items()
        if isinstance(inner, dict)
    }
    return {**numbers, **below}


def _wrong(name: str, en: str, zh: str) -> BadRequest:
    words = Words(_WRONG.en.format(field=name, what=en), _WRONG.zh.format(field=name, what=zh))
    return BadRequest(words, param=name)


_WRONG: Final = Words(
    en="`{field}` must be {what}. Correct the request.", zh="`{field}` 必须是{what}。请修改请求。"
)
_PCM: Final = Words(
    en="pcm has no place for the label that generated speech must carry (labelling measures, Art."
    " 5). Ask for wav: the same samples behind a short header.",
    zh="pcm 没有可写入标识的位置，而生成的语音必须带有标识（标识办法第五条）。"
    "请使用 wav：采样数据相同，只在前面多一个很短的文件头。",
)
