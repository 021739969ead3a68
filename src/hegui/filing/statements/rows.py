"""Models and licences as rows: the shape of each number, and until when a licence holds.

Only shapes are checked: whether an authority issued a number, its own register tells. The shapes
are those that published numbers have; no rule that we know defines them.
"""

import re
from datetime import date
from typing import Any, Final

from hegui.terms import BadRequest, Words

_LONGEST: Final = 200
_MODEL: Final = re.compile(r"[A-Z][A-Za-z]+-[A-Za-z0-9.]+-[0-9]{8}(?:[0-9]{4})?")
_ALGORITHM: Final = re.compile(r"网信算备[0-9]{21}号")
_LINK: Final = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[!-~]*)?")
_LICENCES: Final = {
    "icp-filing": re.compile(r"[\u4e00-\u9fff]ICP备[0-9]{6,10}号(?:-[0-9]+)?"),
    "telecom": re.compile(r"(?:[\u4e00-\u9fff])?[AB][12]\.?[A-Z]?[12]?-[0-9]{8}"),
    "other": re.compile(r"\S.{0,199}"),
}
COLUMNS: Final = {
    "model": ("name", "basis", "number", "algorithm", "link"),
    "licence": ("name", "sort", "number", "until"),
}
"""The keys of a row, in the order in which they are shown."""

_BAD = Words(
    en="{where}: {value} has not the shape of such a value. It looks like {example}. Copy it from "
    "the notice or certificate; leave nothing to guessing.",
    zh="{where}：{value} 的格式不对，应形如 {example}。请按通知书或证书原文填写，不要猜测。",
)
_KEYS = Words(
    en="{where} takes exactly these keys, each a text: {keys}.",
    zh="{where} 应恰好包含以下各项，均为文本：{keys}。",
)
_EXPIRED = Words(
    en="{where}: this licence expired on {value}. Renew it, and write the new day.",
    zh="{where}：该许可证已于 {value} 到期。请续期后填写新的有效期。",
)


def check_row(sort: str, row: Any, where: str) -> dict[str, str]:
    """Return a row of the file; a missing key or a wrong shape is a ``BadRequest``."""
    keys = COLUMNS[sort]
    if (
        not isinstance(row, dict)
        or set(row) != set(keys)
        or not all(isinstance(value, str) and len(value) <= _LONGEST for value in row.values())
    ):
        raise BadRequest(_KEYS.fill(where=where, keys=", ".join(keys)), param=where)
    found = {key: str(row[key]) for key in keys}
    if not found["name"].strip():
        raise _bad(f"{where}.name", "", "星火助手 1.0")
    (_check_model if sort == "model" else _check_licence)(found, where)
    return found


def check_in_force(row: dict[str, str], where: str, today: date) -> None:
    """Refuse a licence whose last day is past."""
    if expired(row, today):
        raise BadRequest(_EXPIRED.fill(where=f"{where}.until", value=row["until"]), param=where)


def expired(row: dict[str, str], today: date) -> bool:
    """Tell whether a row is a licence whose last day (Beijing) is past."""
    until = row.get("until", "permanent")
    return until != "permanent" and date.fromisoformat(until) < today


def _check_model(row: dict[str, str], where: str) -> None:
    if row["basis"] not in ("filing", "registration"):
        raise _bad(f"{where}.basis", row["basis"], "filing | registration")
    if not _MODEL.fullmatch(row["number"]):
        raise _bad(f"{where}.number", row["number"], "Province-Name-YYYYMMDD")
    if not _ALGORITHM.fullmatch(row["algorithm"]):
        example = "网信算备…号 (… = 21 × 0-9)"
        raise _bad(f"{where}.algorithm", row["algorithm"], example)
    if not _LINK.fullmatch(row["link"]):
        raise _bad(f"{where}.link", row["link"], "https://…")


def _check_licence(row: dict[str, str], where: str) -> None:
    shape = _LICENCES.get(row["sort"])
    if shape is None:
        raise _bad(f"{where}.sort", row["sort"], " | ".join(_LICENCES))
    if not shape.fullmatch(row["number"]):
        raise _bad(f"{where}.number", row["number"], "京ICP备…号 / B2-… (8 × 0-9)")
    if row["until"] == "permanent":
        return
    if not _is_day(row["until"]):
        raise _bad(f"{where}.until", row["until"], "2027-12-31 | permanent")


def _is_day(said: str) -> bool:
    try:
        return date.fromisoformat(said).isoformat() == said
    except ValueError:
        return False


def _bad(where: str, value: str, example: str) -> BadRequest:
    words = _BAD.fill(where=where, value=repr(value[:60]), example=example)
    return BadRequest(words, param=where)
