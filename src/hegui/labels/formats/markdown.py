"""Markdown: the map ``AIGC`` of the YAML front matter (TC260-PG-20258A, 6.5).

The front matter is read for where its keys stand, and edited as text: other keys, comments and
quotes stay as they were. Any text may be Markdown: its name decides.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
import yaml

from hegui.labels.container import (
    INCONSISTENT,
    TOO_LARGE,
    Format,
    Found,
    Memory,
    Slice,
    Source,
    Splice,
    refused,
)
from hegui.labels.formats.texts import is_text
from hegui.labels.splicing import Change, spliced
from hegui.labels.value import parsed
from hegui.terms import Words

_BOM: Final = b"\xef\xbb\xbf"
_OPENS: Final = re.compile(rb"---[ \t]*\r?\n")
_CLOSES: Final = re.compile(rb"^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_MOST: Final = 65_536  # bytes of a front matter
_NAME: Final = "AIGC"
_STRING, _INT, _BOOL, _NULL = (f"tag:yaml.org,2002:{one}" for one in ("str", "int", "bool", "null"))
_DEEPEST: Final = 50


class _Front(NamedTuple):
    """The front matter's text, where in the file it stands, and where the content begins."""

    start: int
    text: str
    end: int
    body: int
    root: yaml.MappingNode | None
    line: str


class _Markdown:
    name = "markdown"
    suffixes = (".md", ".markdown")
    mime = ("text/markdown",)
    place = Words(
        en="the map AIGC of the YAML front matter (TC260-PG-20258A, 6.5)",
        zh="YAML 文首元数据（front matter）中的 AIGC 映射（TC260-PG-20258A 第6.5条）",
    )

    def matches(self, head: bytes) -> bool:
        return is_text(head)

    def read(self, source: Source) -> list[Found]:
        front = _front(source)
        if front is None:
            return []
        found = []
        for key, value in _labels(front):
            raw, guide = _raw(value), key.value == _NAME and isinstance(value, yaml.MappingNode)
            at = front.start + len(front.text[: key.start_mark.index].encode())
            found.append(Found("markdown-front-matter", at, raw, guide, parsed(raw)))
        return found

    def write(self, source: Source, inner: str) -> Splice:
        front = _front(source)
        if front is None:
            at = _begins(source)
            line = "\r\n" if b"\r\n" in source.read(0, 4096) else "\n"
            new = f"---{line}{_map(inner, line, '')}---{line}".encode()
            return spliced(source.size, [Change(at, at, new)])
        text = _edited(front, inner)
        _check(front, text)
        return spliced(source.size, [Change(front.start, front.end, text.encode())])

    def payload(self, source: Source) -> Iterator[Slice]:
        front = _front(source)
        start = front.body if front else _begins(source)
        if start < source.size:
            yield Slice(start, source.size - start)


def _begins(source: Source) -> int:
    head = source.read(0, 3)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise refused("Markdown", 0, NOT_UTF8)
    return len(_BOM) if head == _BOM else 0


def _front(source: Source) -> _Front | None:
    """Return the front matter; None if there is none (a line that only separates is none)."""
    begins = _begins(source)
    data = source.read(begins, _MOST)
    opens = _OPENS.match(data)
    if opens is None:
        return None
    closes = _CLOSES.search(data, opens.end())
    if closes is None:
        if begins + len(data) < source.size:
            raise refused("front matter", begins, TOO_LARGE)
        return None
    start = begins + opens.end()
    try:
        text = data[opens.end() : closes.start()].decode()
    except UnicodeDecodeError:
        raise refused("front matter", start, NOT_UTF8) from None
    root = _composed(text, start)
    if root is not None and not isinstance(root, yaml.MappingNode):
        return None
    line = "\r\n" if opens.group().endswith(b"\r\n") else "\n"
    return _Front(start, text, begins + closes.start(), begins + closes.end(), root, line)


def _composed(text: str, at: int) -> yaml.Node | None:
    """Return the tree of a text: nothing is constructed, and an alias is not followed."""
    depth = 0
    try:
        for event in yaml.parse(text, yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise refused("front matter", at, TOO_DEEP)
        root: yaml.Node | None = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError):
        raise refused("front matter", at, NOT_YAML) from None
    return root


def _pairs(node: yaml.Node | None) -> list[tuple[Any, Any]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _labels(front: _Front) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    found = []
    for key, value in _pairs(front.root):
        name = key.value.upper() if isinstance(key, yaml.ScalarNode) else ""
        if name == _NAME or (_NAME in name and parsed(_raw(value)) is not None):
            found.append((key, value))
    return found


def _raw(node: yaml.Node) -> str:
    """Return a label as JSON; of a map that holds what no label does, what it says as text."""
    if isinstance(node, yaml.MappingNode):
        fields = {
            key.value: _value(value)
            for key, value in node.value
            if isinstance(key, yaml.ScalarNode)
        }
        return _json(fields)
    return node.value if isinstance(node, yaml.ScalarNode) else ""


def _json(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return ""  # half a character, by its number: no label


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return msgspec.Raw(_raw(node).encode() or b"null")
    if not isinstance(node, yaml.ScalarNode):
        return None
    if node.tag == _INT and node.value.isdecimal() and node.value[:1] != "0":
        return int(node.value) if len(node.value) < 19 else node.value  # noqa: PLR2004 - digits of 64 bits
    if node.tag in (_BOOL, _NULL):
        return None if node.tag == _NULL else node.value.lower() in ("true", "yes", "on")
    return node.value


def _map(inner: str, line: str, indent: str) -> str:
    fields = msgspec.json.decode(inner, type=dict[str, str])
    rows = [
        f"{indent}    {_quoted(name)}: {_quoted(value)}{line}" for name, value in fields.items()
    ]
    return f"{indent}{_NAME}:{line}{''.join(rows)}"


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _edited(front: _Front, inner: str) -> str:
    """Return the front matter with one label, where the first one stood, or at its end."""
    text, root = front.text, front.root
    if root is not None and root.flow_style:
        raise refused("front matter", front.start, IN_ONE_LINE)
    indent = " " * root.start_mark.column if root is not None else ""
    new, parts, past = _map(inner, front.line, indent), [], 0
    for key, value in _labels(front):
        start = text.rfind("\n", 0, key.start_mark.index) + 1
        end = text.find("\n", _last(value))
        parts += [text[past:start], new]
        new, past = "", len(text) if end < 0 else end + 1
    parts.append(text[past:])
    return "".join(parts) + new


def _last(node: yaml.Node, depth: int = 0) -> int:
    """Return the index behind what a node says, without the empty lines that follow it."""
    below = node.value if isinstance(node, yaml.SequenceNode) else []
    if isinstance(node, yaml.MappingNode):
        below = [value for _, value in node.value]
    flow = isinstance(node, yaml.CollectionNode) and node.flow_style
    if below and not flow and depth <= _DEEPEST:
        return _last(below[-1], depth + 1)
    end: int = node.end_mark.index
    block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    return end - 1 if block or (below and end) else end


def _check(front: _Front, text: str) -> None:
    """Refuse an edit that changed another key: one that referred to the label's, or in one line."""
    new = _front_of(text, front)
    ours = [key for key, _ in _labels(front)]
    kept = [key.value for key, _ in _pairs(front.root) if key not in ours]
    if [key.value for key, _ in _pairs(new.root) if key.value != _NAME] != kept:
        raise refused("front matter", front.start, INCONSISTENT)
    if len(_labels(new)) != 1:
        raise refused("front matter", front.start, INCONSISTENT)


def _front_of(text: str, front: _Front) -> _Front:
    new = _front(Memory(f"---\n{text}---\n".encode()))
    if new is None:
        raise refused("front matter", front.start, INCONSISTENT)
    return new


NOT_YAML: Final = Words(en="it is not valid YAML", zh="不是有效的 YAML")
NOT_UTF8: Final = Words(en="it is not in UTF-8", zh="编码不是 UTF-8")
TOO_DEEP: Final = Words(en="it is nested too deeply", zh="嵌套层数过多")
IN_ONE_LINE: Final = Words(
    en="it is written as one map in braces, to which no label is added; write a key a line",
    zh="整体以花括号书写，无法添加标识；请改为每行一个键",
)
MARKDOWN: Final[Format] = _Markdown()
FORMATS: Final = (MARKDOWN,)
