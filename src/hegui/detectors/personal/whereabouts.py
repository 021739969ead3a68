"""Where somebody is: latitude and longitude as people, maps and programs write them.

Whereabouts (行踪轨迹) are sensitive personal information (PIPL, Art. 28). What is meant is a place,
not a region: decimals count from four digits after the point on (about eleven metres), and degrees
with a direction from two digits or minutes on.
"""

import re
from typing import Final

from hegui.detectors.personal.context import MISNAMED, NAMED, weigh
from hegui.detectors.personal.shape import Shape
from hegui.detectors.targets import ANYTHING, NO_DIGIT, NO_WORD
from hegui.detectors.tree import DIGITS, WORD, wide

_DECIMAL: Final = r"\d{1,3}\.\d{4,16}"
_SIGNED: Final = rf"[-+]?{_DECIMAL}"
_EDGE: Final = wide(DIGITS | {"."})
_MINUTES: Final = r"\d{1,2}(?:\.\d{1,4})? ?['′’分] ?(?:\d{1,2}(?:\.\d{1,4})? ?[\"″”秒] ?)?"
_DEGREES: Final = rf"\d{{1,3}}(?:\.\d{{1,8}})? ?[°º度] ?(?:{_MINUTES})?"
_PLACE: Final = rf"(?:{_DEGREES}|{_DECIMAL})"
_FINE: Final = re.compile(r"['′’分]|\.\d{2}")
_APART: Final = r"(?: {1,2}| ?[/;；、\|] ?|\t)"

_LATITUDE: Final = "latitude|lat|纬度"
_LONGITUDE: Final = "longitude|long|lng|lon|经度"
_NAMED_SO: Final = rf"(?:{_LATITUDE}|{_LONGITUDE})"
# What stands between the first number and the name of the second, and between a name and its
# number: JSON, YAML, XML, addresses of the web, tables, prose.
_BETWEEN: Final = (
    r"[°度]?(?:</lat(?:itude)?>|</lon(?:gitude)?>|</lng>)?"
    r"[ ,，;；、。&\|/\"'“”<\n\r\t\\]{0,24}(?:[A-Za-z]{1,9}[_.])?"
)
_GAP: Final = r"[ :：=\|>\"'“”是为\(（\[\t\\]{0,6}"
_LATITUDE_BEFORE: Final = re.compile(rf"(?:{_LATITUDE}){_GAP}\Z", re.IGNORECASE)
_LONGITUDE_BEFORE: Final = re.compile(rf"(?:{_LONGITUDE}){_GAP}\Z", re.IGNORECASE)
_SECOND: Final = re.compile(rf"(?P<lat>{_LATITUDE})|{_LONGITUDE}", re.IGNORECASE)


def _degrees(value: str) -> list[float]:
    return [float(part) for part in re.findall(r"\d+\.\d+", value)]


def _on_earth(value: str) -> bool:
    first, second = _degrees(value)
    return max(first, second) <= 180 and min(first, second) <= 90  # noqa: PLR2004 - degrees


def coordinates(value: str, left: str) -> float:
    """Weigh two decimals in either order."""
    return weigh("coordinates", left) if _on_earth(value) else 0.0


def labelled_coordinates(value: str, left: str) -> float:
    """Take two decimals without a comma where a word to the left says what they are."""
    return coordinates(value, left) if weigh("coordinates", left) == NAMED else 0.0


def directed_coordinates(value: str, _left: str) -> float:
    """Take degrees with their directions. Those of a region are listed."""
    return NAMED if _FINE.search(value) else MISNAMED


def named_coordinates(value: str, left: str) -> float:
    """Take two decimals of which the word before each says which one it is, each the other."""
    found = [*_SECOND.finditer(value)][-1]
    first = _LONGITUDE_BEFORE if found["lat"] else _LATITUDE_BEFORE
    degrees = _degrees(value)
    latitude, longitude = degrees[::-1] if found["lat"] else degrees
    sound = latitude <= 90 and longitude <= 180  # noqa: PLR2004 - degrees
    return NAMED if sound and first.search(left) else 0.0


SHAPES: Final = (
    # ISO 6709: decimal degrees, or degrees, minutes and seconds with a direction.
    Shape(
        "coordinates",
        rf"{_SIGNED}(?:[,，] ?|%2[Cc]){_SIGNED}",
        _EDGE,
        _EDGE,
        coordinates,
        trigger=rf"\d{{4}}(?:[,，] ?|%2[Cc]){_SIGNED}",
    ),
    Shape(
        "coordinates",
        rf"{_SIGNED}{_APART}{_SIGNED}",
        _EDGE,
        _EDGE,
        labelled_coordinates,
        trigger=rf"\d{{4}}{_APART}{_SIGNED}",
    ),
    # RFC 7946 calls a position a pair; most programs name its two numbers.
    Shape(
        "coordinates",
        rf"{_SIGNED}{_BETWEEN}{_NAMED_SO}{_GAP}{_SIGNED}",
        _EDGE,
        _EDGE,
        named_coordinates,
        case=True,
        width=False,
        trigger=rf"{_NAMED_SO}{_GAP}{_SIGNED}",
    ),
    Shape(
        "coordinates",
        rf"{_PLACE} ?[NS] ?[,，;；、/]? ?{_PLACE} ?[EW]",
        _EDGE,
        NO_WORD,
        directed_coordinates,
        width=False,
        trigger=rf"[NS] ?[,，;；、/]? ?{_PLACE} ?[EW]",
    ),
    Shape(
        "coordinates",
        rf"[NS] ?{_PLACE}[,，;；、/]? ?[EW] ?{_PLACE}",
        WORD,
        _EDGE,
        directed_coordinates,
        width=False,
        trigger=rf"[EW] ?{_PLACE}",
    ),
    Shape(
        "coordinates",
        rf"(?:[北南]纬 ?{_PLACE}[,，;、]? ?[东西]经 ?{_PLACE}"
        rf"|[东西]经 ?{_PLACE}[,，;、]? ?[北南]纬 ?{_PLACE})",
        ANYTHING,
        NO_DIGIT,
        directed_coordinates,
        width=False,
        trigger=r"(?:[北南]纬|[东西]经) ?\d[\d\. °º度'′’分″”\"秒]{1,44}",
    ),
)
