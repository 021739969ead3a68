"""YAML as it stands in a file, read: every value a text, a list or a table, with its line.

A pack comes from people and from programs, so the reader takes YAML's harmless part only. Nothing
is guessed from how a value looks: ``no`` stays the word no, ``2026-11-25`` the ten characters.
Anchors, aliases and tags are refused (an alias is how a small file becomes a huge one), and so are
two keys of one name; depth, length and number of values are bounded.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from hegui.detectors.packs.nodes import LARGEST, Node, NotAPack
from hegui.detectors.packs.values import Flaw
from hegui.terms import Words

_DEEPEST: Final = 6
_MOST: Final = 1_000_000  # values in a pack
_LONGEST: Final = 4_096  # characters of one value

# libyaml where PyYAML has it: the same events, many times as fast
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class _Open:
    """A list or table that is being read, and the key whose value comes next."""

    node: Node
    key: str | None = None


@dataclass(slots=True)
class _Reader:
    flaws: list[Flaw]
    root: Node | None = None
    stack: list[_Open] = field(default_factory=list)
    count: int = 0

    def take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise NotAPack(
                line, Words("no anchors and aliases: write it out", "不支持锚点和别名，请直接写出")
            )
        if getattr(event, "tag", None):
            raise NotAPack(line, Words("no tags (!…) here", "不支持标签（!…）"))
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._enter(Node(line, items=[]))
        elif isinstance(event, yaml.MappingStartEvent):
            self._enter(Node(line, pairs={}))
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self.stack.pop()
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise NotAPack(
                line, Words("one pack a file: no second document", "一个文件只能有一个规则包")
            )

    def _scalar(self, event: Any, line: int) -> None:
        text = event.value
        if len(text) > _LONGEST:
            words = Words("longer than {most:,} characters", "超过 {most:,} 个字符")
            raise NotAPack(line, words.fill(most=_LONGEST))
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise NotAPack(line, Words("half a surrogate pair is no text", "含有不成对的代理码位"))
        top = self.stack[-1] if self.stack else None
        if top is not None and top.node.pairs is not None and top.key is None:
            if text in top.node.pairs:
                words = Words("the key {key} stands here twice", "键 {key} 重复出现")
                self.flaws.append(Flaw(line, words.fill(key=text[:40])))
            top.key = text
            return
        plain = event.style is None or event.style == ""
        self._put(Node(line, text="" if plain and text in ("~", "null") else text))

    def _enter(self, node: Node) -> None:
        if len(self.stack) >= _DEEPEST:
            raise NotAPack(node.line, Words("nested too deeply for a pack", "嵌套过深，不是规则包"))
        top = self.stack[-1] if self.stack else None
        if top is not None and top.node.pairs is not None and top.key is None:
            raise NotAPack(node.line, Words("a key must be a word", "键应为单个词"))
        self._put(node)
        self.stack.append(_Open(node))

    def _put(self, node: Node) -> None:
        self.count += 1
        if self.count > _MOST:
            words = Words("more than {most:,} values", "超过 {most:,} 个值").fill(most=_MOST)
            raise NotAPack(node.line, words)
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if top.node.items is not None:
            top.node.items.append(node)
        elif top.node.pairs is not None and top.key is not None:
            top.node.pairs[top.key] = node
            top.key = None


def nodes_of(text: str, flaws: list[Flaw]) -> Node:
    """Read YAML. Twice the same key is noted in ``flaws``; the later one counts.

    Raises ``NotAPack`` for what cannot be read at all. Takes time linear in the text.
    """
    if len(text) > LARGEST or len(text.encode("utf-8", "replace")) > LARGEST:
        raise NotAPack(1, Words("larger than 16 MiB; split the pack", "超过 16 MiB，请拆分规则包"))
    reader = _Reader(flaws)
    try:
        for event in _events(text):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = error.problem or "syntax"
        line = min(mark.line, text.rstrip().count("\n")) + 1 if mark is not None else 1
        raise NotAPack(line, Words(f"not YAML: {why}", f"不符合 YAML 语法：{why}")) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, max(0, error.position)) + 1
        words = Words("a character that YAML does not allow", "含有 YAML 不允许的字符")
        raise NotAPack(line, words) from None
    if reader.root is None:
        raise NotAPack(1, Words("the file is empty", "文件为空"))
    return reader.root


def _events(text: str) -> Iterator[Any]:
    return iter(yaml.parse(text.removeprefix("\ufeff"), Loader=_LOADER))
