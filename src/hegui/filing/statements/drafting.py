"""A draft of a statement: a commented file, with what the settings know and slots for the rest.

No number, no promise and no limit is made up: what only the provider knows is a slot.
"""

from collections.abc import Mapping
from typing import Final

from hegui.filing.statements.rows import COLUMNS
from hegui.filing.statements.sorts import SLOT, Sort

_HEAD: Final = (
    "# 草稿 DRAFT：{title}（{source}）\n"
    "# 请填写每一处 " + SLOT + "。zh 必填；en 选填，要写则每项都写。\n"
    "# Fill in every " + SLOT + ". zh is required; en is optional, in all elements or in none.\n"
    "# 发布 publish: hegui statement publish FILE --by WHO --role ROLE\n\n"
)
_HINTS: Final = {
    "basis": "filing（备案）| registration（登记）",
    "sort": "icp-filing | telecom | other",
    "until": "2027-12-31 | permanent（长期）",
}


def draft(sort: Sort, known: Mapping[str, str], models: tuple[str, ...] = ()) -> str:
    """Return a draft. ``known`` gives the Chinese of elements that the settings answer."""
    parts = [_HEAD.format(title=sort.title.zh, source=sort.source.zh), f'kind = "{sort.id}"\n']
    for name, what in sort.elements.items():
        said = known.get(name)
        text = f"{said}\n{SLOT}" if said else SLOT
        parts.append(
            f"\n# {what.zh} {what.en}\n[element.{name}]\n"
            f"zh = {_quoted(text)}\n# en = {_quoted(SLOT)}\n"
        )
    if sort.limits:
        parts.append("\n# 以天为单位的整数 whole days\n[limits]\n")
        parts += [
            f'{name} = "{SLOT}"  # {what.zh} {what.en}\n' for name, what in sort.limits.items()
        ]
    if sort.rows:
        for name in models if sort.rows == "model" and models else (SLOT,):
            parts.append(f"\n# 每项一张表 one table each\n[[{sort.rows}]]\n")
            parts += [_row_line(key, name) for key in COLUMNS[sort.rows]]
    return "".join(parts)


def _row_line(key: str, name: str) -> str:
    value = name if key == "name" else SLOT
    return f"{key} = {_quoted(value)}" + (f"  # {_HINTS[key]}" if key in _HINTS else "") + "\n"


def _quoted(text: str) -> str:
    """Return a TOML basic string."""
    held = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(held.get(c, c if c >= " " and c != "\x7f" else " ") for c in text) + '"'
