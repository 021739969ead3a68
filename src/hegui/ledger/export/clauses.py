"""Which clause each record evidences, as a list that goes along with the records."""

import json
import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

from hegui.ledger.kinds import all_kinds
from hegui.terms import Words

_DUTY: Final = re.compile(r"a([0-9]{1,2})(?:-([0-9]))?[a-z]*(?:-[a-z]+)?")
_ITEMS: Final = {4, 7, 22}
"""Articles that count items; ``a4-1`` is item 1."""
_PARAGRAPHS: Final = {9, 11, 14, 19}
"""Articles of several paragraphs; ``a14-2b`` is in paragraph 2."""
_DIGITS: Final = "〇一二三四五六七八九"


def clause_of(duty: str) -> Words:
    """Return the clause of the Interim Measures that a duty of the catalogue stands in."""
    found = _DUTY.fullmatch(duty)
    if found is None:
        return Words(duty, duty)
    article, part = int(found[1]), int(found[2] or 0)
    en, zh = f"Art. {article}", f"第{_han(article)}条"
    if part and article in _ITEMS:
        return Words(f"{en}({part})", f"{zh}第{_han(part)}项")
    if part and article in _PARAGRAPHS:
        return Words(f"{en} para. {part}", f"{zh}第{_han(part)}款")
    return Words(en, zh)


def kinds_table() -> dict[str, Any]:
    """Return every kind of record that this version writes: its duties, and how long it is kept."""
    return {
        f"{kind.name}/{version}": {"duties": list(kind.duties), "kept": kind.retention}
        for kind in all_kinds()
        for version in range(1, kind.version + 1)
    }


def clauses_table() -> dict[str, Any]:
    """Return the clause that each duty of the catalogue stands in, in both languages."""
    return {duty: {"en": clause_of(duty).en, "zh": clause_of(duty).zh} for duty in _duties()}


def digest_of_clauses() -> str:
    """Return the SHA-256 of both tables in canonical JSON: the export's own record names it."""
    return sha256(canonical([kinds_table(), clauses_table()])).hexdigest()


def clauses_file(records: dict[str, list[int]]) -> dict[str, Any]:
    """Return what ``clauses.json`` holds.

    ``records`` counts the records that are shown, by kind and version: how many, the first index,
    the last. A kind that is in ``records`` and not in ``kinds`` is one that this version of hegui
    does not know.
    """
    return {"kinds": kinds_table(), "clauses": clauses_table(), "records": records}


def canonical(value: Any) -> bytes:
    """Return JSON with sorted keys and no spaces, in UTF-8."""
    said = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return said.encode()


def _duties() -> Iterable[str]:
    return sorted({duty for kind in all_kinds() for duty in kind.duties})


def _han(number: int) -> str:
    tens, ones = divmod(number, 10)
    left = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return left + (_DIGITS[ones] if ones or not tens else "")
