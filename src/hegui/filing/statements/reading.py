"""Reading the file of a statement, and refusing whatever is not there or not right.

Fields are checked, never prose: whether the words are true and enough, a person answers for.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from hegui.filing.statements.rows import check_in_force, check_row
from hegui.filing.statements.sorts import SLOT, SORTS, Sort
from hegui.terms import BadRequest, Lang, Words

MOST_BYTES: Final = 262_144
_MOST_ROWS: Final = 100
_MOST_DAYS: Final = 365
_DEEPEST: Final = 8

_NOT_TOML = Words(
    en="This is no statement's file: {why}. Begin with hegui statement draft.",
    zh="这不是声明文件：{why}。请先运行 hegui statement draft 生成草稿。",
)
_NO_UTF8 = Words("it is not UTF-8", "不是 UTF-8 编码")
_TOO_DEEP = Words("its tables are nested too deep", "嵌套过深")
_NO_KIND = Words("it is empty, or does not say of which kind it is", "文件为空，或没有写明 kind")
_UNKNOWN = Words(
    en="There is no statement {name}. There are: {known}.",
    zh="没有声明 {name}。可用的有：{known}。",
)
_STRANGE = Words(
    en="{where} is not known in a statement {sort}: remove it, or correct its name.",
    zh="声明 {sort} 中没有 {where} 这一项：请删除或改正名称。",
)
_MISSING = Words(
    en="{where} ({what}) is missing or empty: fill it in.",
    zh="缺少 {where}（{what}）或内容为空：请填写。",
)
_UNFILLED = Words(
    en="{where} still holds the slot {slot}: replace it by what is true of your service.",
    zh="{where} 中仍有 {slot}：请按实际情况填写。",
)
_EQUAL = Words(
    en="{where} has no English, and others have: give it there too, or nowhere.",
    zh="{where} 没有英文而其他项有：请补上英文，或全部不写英文。",
)
_DAYS = Words(
    en="limits.{name} ({what}) must be a whole number of days, 1 to {most}.",
    zh="limits.{name}（{what}）应为 1 至 {most} 的整数（天）。",
)
_ORDER = Words(
    en="limits.feedback_days is shorter than accept_days or handle_days: nobody can be told of "
    "what is not handled yet.",
    zh="limits.feedback_days 短于 accept_days 或 handle_days：尚未处理的事项无法反馈结果。",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a file says. ``elements`` gives each element's text by language."""

    sort: Sort
    elements: dict[str, dict[str, str]]
    limits: dict[str, int]
    rows: list[dict[str, str]]

    def text(self, element: str, lang: Lang) -> str:
        """Return an element in a language; Chinese where there is no English."""
        held = self.elements[element]
        return held.get(lang) or held["zh"]


def sort_of(name: str) -> Sort:
    """Return the sort of that name; an unknown one is a ``BadRequest``."""
    found = SORTS.get(name)
    if found is None:
        known = ", ".join(SORTS)
        raise BadRequest(_UNKNOWN.fill(name=repr(name[:40]), known=known), param="kind")
    return found


def read(content: bytes) -> Statement:
    """Return what a file says; ``BadRequest`` with the first thing that is missing or wrong.

    A licence that has expired is no fault here (old versions stay readable): ``in_force`` refuses.
    """
    held = _parsed(content)
    if "kind" not in held:
        raise BadRequest(_NOT_TOML.fill(why=_NO_KIND), param="file")
    sort = sort_of(str(held.get("kind", "")))
    known = {"kind", "element", "limits", *([sort.rows] if sort.rows else [])}
    for name in held:
        if name not in known:
            raise BadRequest(_STRANGE.fill(where=name[:60], sort=sort.id), param="file")
    _check_slots(held, "")
    return Statement(
        sort=sort,
        elements=_elements(sort, held.get("element", {})),
        limits=_limits(sort, held.get("limits", {})),
        rows=_rows(sort, held),
    )


def in_force(statement: Statement, today: date) -> None:
    """Refuse to publish a licence that has expired by ``today`` (the day in Beijing)."""
    for number, row in enumerate(statement.rows, 1):
        check_in_force(row, f"{statement.sort.rows}[{number}]", today)


def _parsed(content: bytes) -> dict[str, Any]:
    if len(content) > MOST_BYTES:
        raise BadRequest(_NOT_TOML.fill(why=f"> {MOST_BYTES} bytes"), param="file")
    why: Words | str
    try:
        return tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError:
        why = _NO_UTF8
    except tomllib.TOMLDecodeError as error:
        why = str(error)[:200]
    except RecursionError:
        why = _TOO_DEEP
    raise BadRequest(_NOT_TOML.fill(why=why), param="file")


def _check_slots(held: Any, where: str, depth: int = 0) -> None:
    """Refuse a slot, wherever it stands; what lies deeper than any element is refused after."""
    if depth > _DEEPEST:
        return
    if isinstance(held, str) and SLOT in held:
        raise BadRequest(_UNFILLED.fill(where=where, slot=SLOT), param=where)
    pairs: list[tuple[str, Any]] = []
    if isinstance(held, dict):
        pairs = [(f"{where}.{key}".lstrip("."), value) for key, value in held.items()]
    elif isinstance(held, list):
        pairs = [(f"{where}[{number}]", value) for number, value in enumerate(held, 1)]
    for name, value in pairs:
        _check_slots(value, name, depth + 1)


def _elements(sort: Sort, held: Any) -> dict[str, dict[str, str]]:
    held = held if isinstance(held, dict) else {}
    for name, texts in held.items():
        strange = not isinstance(texts, dict) or not set(texts) <= {"zh", "en"}
        if name not in sort.elements or strange:
            words = _STRANGE.fill(where=f"element.{name[:60]}", sort=sort.id)
            raise BadRequest(words, param=name[:60])
    english = any(texts.get("en") for texts in held.values())
    found = {}
    for name, what in sort.elements.items():
        texts = held.get(name, {})
        if not isinstance(texts.get("zh"), str) or not texts["zh"].strip():
            raise _missing(f"element.{name}.zh", what)
    for name in sort.elements:
        texts = held[name]
        said = texts.get("en")
        if english and (not isinstance(said, str) or not said.strip()):
            raise BadRequest(_EQUAL.fill(where=f"element.{name}.en"), param=name)
        found[name] = {lang: text for lang, text in texts.items() if text}
    return found


def _limits(sort: Sort, held: Any) -> dict[str, int]:
    held = held if isinstance(held, dict) else {}
    for name in held:
        if name not in sort.limits:
            raise BadRequest(_STRANGE.fill(where=f"limits.{name[:60]}", sort=sort.id), param="file")
    for name, what in sort.limits.items():
        days = held.get(name)
        if type(days) is not int or not 1 <= days <= _MOST_DAYS:
            words = Words(
                _DAYS.en.format(name=name, what=what.en, most=_MOST_DAYS),
                _DAYS.zh.format(name=name, what=what.zh, most=_MOST_DAYS),
            )
            raise BadRequest(words, param=name)
    if sort.limits and held["feedback_days"] < max(held["accept_days"], held["handle_days"]):
        raise BadRequest(_ORDER, param="feedback_days")
    return {name: held[name] for name in sort.limits}


def _rows(sort: Sort, held: dict[str, Any]) -> list[dict[str, str]]:
    if not sort.rows:
        return []
    rows = held.get(sort.rows)
    if not isinstance(rows, list) or not 0 < len(rows) <= _MOST_ROWS:
        raise _missing(f"[[{sort.rows}]]", sort.title)
    return [check_row(sort.rows, row, f"{sort.rows}[{n}]") for n, row in enumerate(rows, 1)]


def _missing(where: str, what: Words) -> BadRequest:
    words = Words(
        _MISSING.en.format(where=where, what=what.en), _MISSING.zh.format(where=where, what=what.zh)
    )
    return BadRequest(words, param=where)
