"""Turn what ``tomllib`` read into the frozen tables, noting every problem on the way."""

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, get_args, get_origin

from hegui.settings.address import Address
from hegui.settings.fields import Key, keys_of
from hegui.settings.locate import Trail, nearest_line
from hegui.settings.places import placed
from hegui.settings.problems import Problem
from hegui.settings.secret import Secret, resolve
from hegui.terms import Words

BROKEN: Final = object()
"""Stands for a value that could not be read; its problem has been noted."""

LONGEST_TEXT: Final = 4_096


@dataclass(slots=True)
class Reading:
    """One pass over a settings file: what surrounds it, and the problems found so far."""

    environ: Mapping[str, str]
    folder: Path
    lines: dict[Trail, int]
    problems: list[Problem] = field(default_factory=list)

    def note(self, trail: Trail, words: Words) -> None:
        """Add a problem at ``trail``, unless one has been noted there: one fault, one line."""
        key = ""
        for part in trail:
            key += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if key else ''}{part}"
        if all(problem.key != key for problem in self.problems):
            self.problems.append(Problem(nearest_line(self.lines, trail), key, words))


def table(reading: Reading, kind: Any, raw: Any, trail: Trail) -> Any:
    """Read ``raw`` as the settings dataclass ``kind``.

    What cannot be read is noted and stands as its default, so that the rest is still looked at;
    a reading with problems must not be used.
    """
    if not isinstance(raw, dict):
        _expected(reading, trail, Words("a table", "一张表"))
        raw = {}
    known = {key.name: key for key in keys_of(kind)}
    for name in raw:
        if name not in known:
            reading.note((*trail, name), _unknown(name, known))
    values: dict[str, Any] = {}
    for key in known.values():
        place = (*trail, key.name)
        value = BROKEN
        if key.name in raw:
            value = convert(reading, key, raw[key.name], place)
        elif is_dataclass(key.type) and key.required:
            value = table(reading, key.type, {}, place)
        elif key.required:
            reading.note(place, _missing(key))
        if value is not BROKEN:
            values[key.attribute] = value
        elif key.default is MISSING:
            values[key.attribute] = () if get_origin(key.type) is tuple else ""
    return kind(**values)


def _unknown(name: str, known: Mapping[str, Key]) -> Words:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return Words(
            "there is no such key; did you mean {near}?", "没有这个键；是不是想写 {near}？"
        ).fill(near=near[0])
    return Words("there is no such key; there are {known}", "没有这个键；可用的有 {known}").fill(
        known=", ".join(known)
    )


def _missing(key: Key) -> Words:
    return Words(f"is missing: {key.doc.words.en}", f"没有填写：{key.doc.words.zh}")


def convert(reading: Reading, key: Key, raw: Any, trail: Trail) -> Any:  # noqa: PLR0911 - one line per type that a key can have
    """Read one value as the type of its key; BROKEN when it is not of it."""
    kind = key.type
    origin = get_origin(kind)
    if origin is UnionType:
        kind = next(arm for arm in get_args(kind) if arm is not NoneType)
    if is_dataclass(kind) and kind is not Secret:
        return table(reading, kind, raw, trail)
    if origin is tuple:
        return _listed(reading, key, raw, trail)
    if origin is Literal:
        return _chosen(reading, get_args(kind), raw, trail)
    if origin is Mapping or (origin is not None and issubclass(origin, Mapping)):
        return _mapped(reading, raw, trail)
    if kind is bool:
        return (
            raw
            if isinstance(raw, bool)
            else _expected(reading, trail, Words("true or false", "true 或 false"))
        )
    if kind in (int, float):
        return _number(reading, key, raw, trail, whole=kind is int)
    text = _text(reading, raw, trail)
    if text is BROKEN or kind is str:
        return text
    if kind is Secret:
        secret = resolve(text, reading.environ, reading.folder) if text else Secret()
        return _noted(reading, trail, secret) if isinstance(secret, Words) else secret
    if kind is Path:
        path = placed(reading.folder, text)
        return _noted(reading, trail, path) if isinstance(path, Words) else path
    address = Address.parse(text)
    return address or _expected(reading, trail, Words('"host:port"', '"主机:端口"'))


def _noted(reading: Reading, trail: Trail, words: Words) -> object:
    reading.note(trail, words)
    return BROKEN


def _expected(reading: Reading, trail: Trail, what: Words) -> object:
    return _noted(reading, trail, Words(f"must be {what.en}", f"应为{what.zh}"))


def _text(reading: Reading, raw: Any, trail: Trail) -> Any:
    if not isinstance(raw, str):
        return _expected(reading, trail, Words("text in quotes", "带引号的文本"))
    if len(raw) > LONGEST_TEXT or not raw.isprintable():
        return _expected(
            reading,
            trail,
            Words("one line of at most 4,096 characters", "不超过 4096 个字符的一行文本"),
        )
    return raw.strip()


def _number(reading: Reading, key: Key, raw: Any, trail: Trail, *, whole: bool) -> Any:
    good = isinstance(raw, int) if whole else isinstance(raw, int | float)
    if isinstance(raw, bool) or not good or (isinstance(raw, float) and not math.isfinite(raw)):
        what = Words("a whole number", "整数") if whole else Words("a number", "数字")
        return _expected(reading, trail, what)
    low, high = key.doc.low, key.doc.high
    if (low is not None and raw < low) or (high is not None and raw > high):
        bounds = Words("between {low:,} and {high:,}", "介于 {low:,} 和 {high:,} 之间")
        return _expected(reading, trail, bounds.fill(low=low, high=high))
    return raw if whole else float(raw)


def _chosen(reading: Reading, choices: tuple[Any, ...], raw: Any, trail: Trail) -> Any:
    if isinstance(raw, str) and raw in choices:
        return raw
    listed = [choice for choice in choices if choice]
    return _expected(
        reading,
        trail,
        Words("one of " + ", ".join(listed), "以下之一：" + "、".join(listed)),
    )


def _listed(reading: Reading, key: Key, raw: Any, trail: Trail) -> Any:
    item = get_args(key.type)[0]
    if not isinstance(raw, list):
        what = (
            Words(f"written as [[{key.name}]]", f"写作 [[{key.name}]] 的表")
            if is_dataclass(item)
            else Words("a list in brackets", "方括号中的列表")
        )
        return _expected(reading, trail, what)
    read = [
        table(reading, item, each, (*trail, place))
        if is_dataclass(item)
        else _text(reading, each, (*trail, place))
        for place, each in enumerate(raw)
    ]
    return BROKEN if BROKEN in read else tuple(read)


def _mapped(reading: Reading, raw: Any, trail: Trail) -> Any:
    return raw if isinstance(raw, dict) else _expected(reading, trail, Words("a table", "一张表"))
