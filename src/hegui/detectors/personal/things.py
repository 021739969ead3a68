"""Things that lead to a person: vehicles, devices, addresses of machines and of the web."""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

from hegui.detectors import numbers
from hegui.detectors.numbers import plain
from hegui.detectors.personal import checksums
from hegui.detectors.personal.context import MISNAMED, label_before, named, weigh, weighed
from hegui.detectors.personal.kinds import OTHER
from hegui.detectors.personal.lists import before_item
from hegui.detectors.personal.shape import FIFTEEN_DIGITS, SEP, Shape, digits
from hegui.detectors.targets import ANYTHING, NO_DIGIT, NO_WORD
from hegui.detectors.tree import DIGITS, WORD, wide

_PROVINCE: Final = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_PLATE: Final = rf"{_PROVINCE}[A-HJ-NP-Z][·•・ -]?[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳领]"
_VERSION: Final = re.compile(r"(?:[vV]|版本|[vV]ersion|第)号?[:： ]?\Z")
_TYPES: Final = ("35", "86")  # bodies that allot type codes for phones sold in China
_VIN: Final = "[A-HJ-NPR-Z0-9]"
_URL: Final = "[A-Za-z0-9._~:/?#@!$&()*+,;=%-]"
_URL_CHARS: Final = WORD | frozenset("._~:/?#@!$&*+=%-")
_HEX: Final = "[0-9A-Fa-f]"
_HEX_EDGE: Final = WORD | frozenset(":.-")
_HEX_AFTER: Final = WORD | frozenset(":-")
_HEX_GROUPS: Final = (
    rf"(?:[:-]{_HEX}{{1,4}}){{5}}|::(?:{_HEX}{{1,4}}:){{0,6}}{_HEX}{{1,4}}|:{_HEX}{{1,4}}::"
)
_IN_USE: Final = rf"(?:[23]{_HEX}{{3}}|[Ff][CcDd]{_HEX}{{2}}|[Ff][Ee]80)"


def plate(value: str, _left: str) -> float:
    """Accept a plate whose serial has at most two letters (GA 36-2018)."""
    serial = re.sub("[^0-9A-Z]", "", value[2:].upper())
    return float(sum(char.isalpha() for char in serial) <= 2)  # noqa: PLR2004 - GA 36-2018


def ipv4(value: str, left: str) -> float:
    """Weigh an address of a machine: not a version, a mask, the loopback or the broadcast."""
    parts = value.split(".")
    if len(parts) != 4 or _VERSION.search(left):  # noqa: PLR2004 - RFC 791
        return 0.0
    if OTHER in label_before(left)[0] or parts[0] in ("0", "127", "255"):
        return 0.0
    return weigh("ipv4", left, 0.4 if all(len(part) == 1 for part in parts) else None)


def ipv6(value: str, _left: str) -> float:
    """Accept what RFC 4291 reads as an address of more than the machine itself."""
    try:
        address = IPv6Address(value)
    except AddressValueError:
        return 0.0
    return float(not (address.is_loopback or address.is_unspecified or address.is_multicast))


def mac(value: str) -> bool:
    """Leave out the broadcast and the empty address, and runs of one pair."""
    pairs = re.split("[:-]", value.lower())
    return len(set(pairs)) > 1


def imei(value: str, left: str) -> float:
    """Check a device number's last digit (3GPP TS 23.003, Annex B)."""
    number, left = plain(value), before_item(value, left)
    if not numbers.luhn_valid(number) or numbers.inside_identifier(left):
        return 0.0
    if number.startswith(("34", "37")) and not named("imei", left):
        return 0.0  # a card of fifteen digits
    names = label_before(left)[0]
    if names and "imei" not in names:
        return MISNAMED
    return weigh("imei", left, None if number.startswith(_TYPES) else 0.4)


def vin(value: str, left: str) -> float:
    """Weigh a vehicle number by its check digit, which makers in Europe leave out."""
    if value.isdigit() or value.isalpha():
        return 0.0
    sound = checksums.vin_valid(value)
    local = value[0] in "Ll"
    score = weigh("vin", left, (None if local else 0.4) if sound else 0.0)
    return score if sound or score == 1.0 else 0.0


SHAPES: Final = (
    # GA 36-2018: no I or O, at most two letters in the serial; trailers, coaches, police, consuls.
    Shape(
        "plate",
        rf"{_PROVINCE}[A-HJ-NP-Z][·•・ -]?[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳领]",
        ANYTHING,
        check=plate,
        case=True,
        trigger=_PLATE,
    ),
    Shape("plate", r"使\d{3}[·•・ -]?\d{3}", ANYTHING, NO_WORD),
    Shape(
        "plate_nev",
        rf"{_PROVINCE}[A-HJ-NP-Z][·•・ -]?(?:[A-HJK][A-HJ-NP-Z0-9]\d{{4}}|\d{{5}}[A-HJK])",
        ANYTHING,
        case=True,
        trigger=_PLATE,
    ),
    # GB 16735, ISO 3779: no I, O or Q; the last four are digits.
    Shape(
        "vin",
        rf"{_VIN}{{13}}\d{{4}}",
        check=vin,
        width=False,
        trigger=rf"{_VIN}{{2}}\d{{4}}",
    ),
    digits("imei", rf"\d{{2}}{SEP}\d{{6}}{SEP}\d{{6}}{SEP}\d", imei, FIFTEEN_DIGITS),
    # IEEE 802: six pairs.
    Shape(
        "mac",
        rf"{_HEX}{{2}}(?::{_HEX}{{2}}){{5}}|{_HEX}{{2}}(?:-{_HEX}{{2}}){{5}}",
        _HEX_EDGE,
        _HEX_AFTER,
        weighed("mac", mac),
        width=False,
        trigger=_HEX_GROUPS,
    ),
    # RFC 791. A fifth part makes it an object identifier or a version.
    Shape(
        "ipv4",
        r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?:\.\d{1,3})?",
        wide(DIGITS | {"."}),
        NO_DIGIT,
        ipv4,
        whole=True,
        trigger=r"\d\.\d{1,3}\.\d{1,3}\.\d{1,3}",
    ),
    # RFC 4291, 2.2: eight groups, or shortened once, in the ranges that are in use.
    Shape(
        "ipv6",
        rf"(?:{_HEX}{{1,4}}:){{7}}{_HEX}{{1,4}}"
        rf"|{_IN_USE}(?::{_HEX}{{1,4}}){{0,6}}::(?:{_HEX}{{1,4}}:){{0,6}}{_HEX}{{1,4}}"
        rf"|{_IN_USE}(?::{_HEX}{{1,4}}){{1,6}}::",
        _HEX_EDGE,
        _HEX_AFTER,
        ipv6,
        width=False,
        trigger=_HEX_GROUPS,
    ),
    # RFC 3986. One that is longer than a span is found as far as a stream can hold it.
    Shape("url", rf"https?://{_URL}{{3,230}}", WORD, _URL_CHARS, weighed("url"), width=False),
    Shape("url", rf"https?://{_URL}{{231}}", WORD, ANYTHING, weighed("url"), width=False),
)
