"""What a request for a task says: its texts, which are judged, and the media that it brings along.

The interfaces differ in where they put things, so nothing is looked up by name: every text in the
JSON is judged as the user's, what looks like a file or the address of one is a medium that nobody
can judge, and what goes to the model server is written anew from the same values.
"""

import hashlib
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from hegui.callers.caller import subject_in
from hegui.gateway.digits import long, read_out
from hegui.gateway.jsonbody import read_object, write
from hegui.gateway.media.multipart import read_form
from hegui.gateway.wire import Chat, Passage
from hegui.labels.recognising import HEAD, recognised
from hegui.shelf.tasks import Interface
from hegui.terms import BadRequest, Role, Words

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_CALLED_BACK: Final = re.compile(r"call_?back|web_?hook|notify", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"(?:https?|oss|tos|s3|asset)://\S+", re.IGNORECASE)
_HEADED: Final = re.compile(r"data:[^,]{0,200},")
_HOLDS_FILES: Final = re.compile(
    r"image|img|video|audio|voice|media|frame|mask|refer|file|url|data", re.IGNORECASE
)
_MOST_VALUES: Final = 10_000
_MOST_TEXTS: Final = 1_000
_UNMARKED: Final = re.compile(r"--(?:wm|watermark)[\s=]+(?:false|0|no)", re.IGNORECASE)
_NOT_SENT: Final = frozenset({"user", "safety_identifier", "user_id"})
_KINDS: Final = (("video", "video_url"), ("audio", "audio"), ("voice", "audio"))


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """A request for a task, read. ``chat`` is how the panel sees it: one turn of the user's.

    ``uploads`` are files that came in a form, which is then what goes to the model server, too.
    """

    body: dict[str, Any]
    model: str
    chat: Chat
    form: bool = False
    uploads: tuple[bytes, ...] = ()

    def kept(self) -> bytes:
        """Return what of a form is committed to, and kept: its fields, and digests of its files."""
        files = [hashlib.sha256(data).hexdigest() for data in self.uploads]
        return write({**self.body, "files": files})

    def outgoing(self, interface: Interface, *, marked: bool) -> dict[str, Any]:
        """Return what goes to the model server: masks in place, the subject left out (Art. 11).

        ``marked``: the server's own mark is what films show as their notice, so it is told to put
        it there. A request that says otherwise is a ``BadRequest``.
        """
        value = {name: held for name, held in self.body.items() if name not in _NOT_SENT}
        if marked:
            _mark(value, interface.notice, self.chat)
        return value


def read_request(body: bytes, content_type: str, *, depth: int) -> TaskRequest:
    """Read a request, in JSON or a form. Raises ``BadRequest`` naming the field that is wrong.

    One that names where the result is to be sent is refused: what the server sent there would bear
    no label.
    """
    form = content_type.strip().lower().startswith("multipart/")
    uploads: list[bytes] = []
    value = _form(body, content_type, uploads) if form else read_object(body, depth=depth)
    model = value.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequest(_NO_MODEL, param="model")
    turn = {"role": "user", "content": ""}
    chat = Chat({"messages": [turn]}, model, stream=False, subject=_subject(value), json_mode=False)
    said = {name: held for name, held in value.items() if name not in {"model", *_NOT_SENT}}
    _walk(chat, value, said)
    chat.unjudged += ["messages[0].image_url"] * len(uploads)
    return TaskRequest(value, model, chat, form, tuple(uploads))


def _form(body: bytes, content_type: str, uploads: list[bytes]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for part in read_form(body, content_type):
        if part.is_file:
            if recognised(part.data[:HEAD], "") is None:
                raise BadRequest(_NO_FILE, param=part.name[:60])
            uploads.append(part.data)
        elif part.name in value:
            raise BadRequest(_TWICE.fill(name=part.name[:60]), param=part.name[:60])
        else:
            try:
                value[part.name] = part.data.decode()
            except UnicodeDecodeError:
                raise BadRequest(_NO_TEXT, param=part.name[:60]) from None
    return value


def _subject(value: dict[str, Any]) -> str | None:
    named = value.get("user_id")
    return subject_in(value) or subject_in({"user": named} if named is not None else {})


def _walk(chat: Chat, body: dict[str, Any], said: dict[str, Any]) -> None:
    """Note every text of ``said``, which are the fields of ``body`` that are judged."""
    for count, (holder, name, held) in enumerate(_values(said), 1):
        if count > _MOST_VALUES or len(chat.passages) + len(chat.unjudged) > _MOST_TEXTS:
            raise BadRequest(_MANY.fill(values=_MOST_VALUES, texts=_MOST_TEXTS))
        if isinstance(name, str):
            if not _NAME.fullmatch(name):
                raise BadRequest(_ODD_NAME, param=name[:60])
            if _CALLED_BACK.search(name) and held not in (None, ""):
                raise BadRequest(_NO_CALLS.fill(name=name), param=name)
        place = body if holder is said else holder
        if isinstance(held, str):
            _text(chat, place, name, held)
        elif isinstance(held, int | float) and long(held) and name != "seed":
            chat.add(Passage(place, name, read_out(held), Role.USER, 0))


def _values(holder: dict[str, Any] | list[Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Give every value below an object or a list, with that and its name there, in order."""
    for name, held in holder.items() if isinstance(holder, dict) else enumerate(holder):
        yield holder, name, held
        if isinstance(held, dict | list):
            yield from _values(held)


def _text(chat: Chat, holder: Any, name: Any, held: str) -> None:
    if not held:
        return
    is_bytes = _is_file(name, held)
    if is_bytes or held.startswith("data:") or _ADDRESS.fullmatch(held.strip()):
        kind = next((kind for word, kind in _KINDS if word in str(name).lower()), "image_url")
        chat.unjudged.append(f"messages[0].{kind}")
    if not is_bytes:
        chat.add(Passage(holder, name, held, Role.USER, 0))


def _is_file(name: Any, held: str) -> bool:
    """Whether a text is a file in Base64, where files are: only that need not be judged as text."""
    if isinstance(name, str) and not _HOLDS_FILES.search(name):
        return False
    head = _HEADED.match(held)
    whole = held[head.end() :] if head else held
    try:  # to its end: what stands behind a file is text, and is judged
        data = b64decode(whole + "=" * (-len(whole) % 4), validate=True)
    except ValueError:
        return False
    return recognised(data[:HEAD], "") is not None


def _mark(value: dict[str, Any], notice: str, chat: Chat) -> None:
    """Have the server mark what it makes, where its interface has a field for that."""
    if any(_UNMARKED.search(each.text) for each in chat.passages):
        raise BadRequest(_MARKED, code="notice_required")
    if not notice:
        return
    *way, last = notice.split(".")
    inner = value
    for name in way:
        held = inner.get(name)
        if not isinstance(held, dict | None):
            raise BadRequest(_NOT_A_TABLE.fill(name=name), param=name)
        inner[name] = dict(held or {})
        inner = inner[name]
    if inner.get(last) not in (None, True):
        raise BadRequest(_MARKED, code="notice_required", param=notice)
    inner[last] = True


_NO_MODEL: Final = Words(
    en="`model` must be the name of a model. Correct the request.",
    zh="`model` 必须是模型名称。请修改请求。",
)
_MANY: Final = Words(
    en="The request holds more than {values} values or {texts} texts and files. Send fewer.",
    zh="请求中的值超过 {values} 个，或文字和文件超过 {texts} 个。请减少。",
)
_ODD_NAME: Final = Words(
    en="The request holds a field whose name is not 1 to 64 letters, digits, dots, hyphens or "
    "underscores. Remove it.",
    zh="请求中有字段名不是 1 至 64 个字母、数字、点、连字符或下划线。请删除该字段。",
)
_NO_CALLS: Final = Words(
    en="`{name}` is not supported: what the model server sent there would bear no label. Remove it "
    "and ask for the task until it has ended.",
    zh="不支持 `{name}`：模型服务直接推送的结果不会带有标识。请删除该字段，改为轮询任务结果。",
)
_MARKED: Final = Words(
    en="The model server's mark cannot be left out: films must show that they are AI-generated "
    "(GB 45438-2025, 5.4). Remove that part of the request.",
    zh="不能去掉模型服务的水印：视频须显示人工智能生成标识（GB 45438-2025 第 5.4 条）。"
    "请删除请求中的相应部分。",
)
_NOT_A_TABLE: Final = Words(
    en="`{name}` must be an object. Correct the request.",
    zh="`{name}` 必须是对象。请修改请求。",
)
_NO_FILE: Final = Words(
    en="A file of the form is of no format that is known here. Send a picture.",
    zh="表单中的文件格式无法识别。请发送图片。",
)
_TWICE: Final = Words(
    en="`{name}` stands twice in the form. Send it once.", zh="表单中 `{name}` 重复。请只发送一次。"
)
_NO_TEXT: Final = Words(
    en="A field of the form is not a text in UTF-8. Correct the request.",
    zh="表单中有字段不是 UTF-8 文本。请修改请求。",
)
