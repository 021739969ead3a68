"""Statements that are fit to be published."""

from hegui.filing.statements import SLOT, SORTS
from hegui.filing.statements.drafting import draft

_FILLED = {
    "basis": "filing",
    "number": "Beijing-ShiLi-20230821",
    "algorithm": f"网信算备{'1' * 21}号",
    "link": "https://example.com/a",
    "sort": "telecom",
    "until": "2099-12-31",
}


def filled(kind: str, text: str = "按实际情况填写。") -> str:
    """Return a draft in which every slot is filled."""
    lines = []
    for line in draft(SORTS[kind], {}).splitlines():
        key = line.partition(" = ")[0]
        value = text
        if kind == "licences" and key == "number":
            value = "B2-20230001"
        elif key in _FILLED and SORTS[kind].rows:
            value = _FILLED[key]
        if key.endswith("_days"):
            line = f"{key} = 15"  # noqa: PLW2901 - a line made anew
        lines.append(line if line.startswith("#") else line.replace(SLOT, value))
    return "\n".join(lines) + "\n"
