"""The number of a list that stands directly before a value: ``1.13800138000`` is no decimal.

It lives apart from ``context``, whose words say what a value is: this says where it begins.
"""

import re
from typing import Final

from hegui.detectors.numbers import plain
from hegui.detectors.personal.context import label_before
from hegui.detectors.personal.kinds import OTHER

_ITEM: Final = re.compile(r"(?:^|[^0-9A-Za-z.]|No\.?)((?:[1-9]\d{0,2}\.){1,2})\Z", re.IGNORECASE)
# Where a line, a cell, a sentence or its part begins; or after another number of the list.
_BEGINS: Final = re.compile(
    r"(?:^|[\n\r\t。;!?、|>*#(【•·]) {0,3}\Z|- {1,3}\Z|No\.? ?\Z"
    r"|(?<!\d)1[3-9]\d{9} ?[,;/ ] ?\Z",
    re.IGNORECASE,
)
_PI: Final = "3.14159265"
_OF_FLOATS: Final = range(14, 18)  # digits after the point that a program prints a number with


def before_item(value: str, left: str) -> str:
    """Return what stands before a value and before the number that a list gives it, if one does.

    ``1.`` and ``1.2.`` are such numbers where a line or a part of a sentence begins, where a label
    introduces them, or where the value is written as no decimal is: in groups, or with a plus.
    A value of as many digits as programs print after a point needs one of the last two.
    """
    found = _ITEM.search(left) if left[-1:] == "." else None
    if found is None:
        return left
    item, rest = found[1], left[: found.start(1)]
    digits = plain(value)
    if digits != value or value.startswith("+") or item.count(".") > 1:
        return rest
    names = label_before(rest)[0]
    if OTHER in names:
        return left
    begins = _BEGINS.search(rest) and len(value) not in _OF_FLOATS
    return rest if names or (begins and not (item + value).startswith(_PI)) else left
