"""How a place in a rule is written and read: ``24.p2``, ``4(1)``, ``55-56`` are articles.

Standards count clauses: their places (``8.1 a``) stand as they are.
"""

import re
from typing import Final

from hegui.terms import Words

_NUMBERS: Final = "〇一二三四五六七八九十"
_PLACE: Final = re.compile(r"([0-9]+)(?:-([0-9]+))?(?:\.p([0-9]+))?(?:\(([0-9]+)\))?")


def numeral(number: int) -> str:
    """Return a number from 1 to 99 as Chinese law texts write it."""
    tens, ones = divmod(number, 10)
    high = "" if not tens else ("十" if tens == 1 else f"{_NUMBERS[tens]}十")
    return high + (_NUMBERS[ones] if ones else "")


def article(place: str) -> Words:
    """Return ``Art. 24 para. 2`` and 第二十四条第二款; ``ValueError`` if it is no such place."""
    found = _PLACE.fullmatch(place)
    if found is None:
        message = f"not a place in a rule of articles: {place!r}"
        raise ValueError(message)
    first, last, paragraph, item = (int(one) if one else 0 for one in found.groups())
    en, zh = f"Art. {first}", f"第{numeral(first)}条"
    if last:
        en, zh = f"{en}–{last}", f"{zh}至第{numeral(last)}条"
    if paragraph:
        en, zh = f"{en} para. {paragraph}", f"{zh}第{numeral(paragraph)}款"
    if item:
        en, zh = f"{en}({item})", f"{zh}第{numeral(item)}项"
    return Words(en, zh)
