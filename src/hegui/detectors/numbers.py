"""Checks on numbers that people and organisations are known by. Pure; ASCII in, score out."""

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Final

from hegui.terms.identifiers import uscc_valid

_SEPARATORS: Final = str.maketrans("", "", " -()\u2010\u2011\u2013\u00a0.")
PROVINCES: Final = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 "
    "71 81 82 83".split()
)
# GB 32100-2015, table 1: who registers, and what is registered there. 10 is the whole country.
_REGISTRARS: Final = dict(
    pair.split(":")
    for pair in "1:1239 2:19 3:123459 4:19 5:1239 6:129 7:129 8:19 9:123 A:19 N:1239 Y:1".split()
)
_WEIGHTS: Final = tuple(pow(2, 17 - place, 11) for place in range(17))
_CHECK_CHARS: Final = "10X98765432"
_HEX_TAIL: Final = re.compile(r"(?:[0-9a-f]+|[0-9A-F]+)\Z")
_ALNUM_TAIL: Final = re.compile(r"[0-9A-Za-z]+\Z")
_DECIMAL: Final = re.compile(r"[0-9]\.\Z")
_ESCAPE: Final = re.compile("%[0-9A-Fa-f]{2}")  # RFC 3986, 2.1
_MONTH_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_HEX_RUN: Final = 2


def plain(value: str) -> str:
    """Return ``value`` without the separators that people write into numbers."""
    return value.translate(_SEPARATORS)


def valid_date(year: int, month: int, day: int) -> bool:
    """Tell whether a day exists in the Gregorian calendar."""
    if not (1 <= month <= len(_MONTH_DAYS) and 1 <= day <= _MONTH_DAYS[month - 1]):
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return leap or (month, day) != (2, 29)


def resident_check_char(first17: str) -> str:
    """Return the check character of a citizen identity number (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return _CHECK_CHARS[total % 11]


def resident_valid(number: str) -> bool:
    """Tell whether 18 characters are a citizen identity number: province, day, check character."""
    return (
        len(number) == 18  # noqa: PLR2004 - GB 11643
        and number[:17].isdecimal()
        and number[:2] in PROVINCES
        and number[6:8] in ("18", "19", "20")
        and day_valid(number[6:14])
        and number[17].upper() == resident_check_char(number[:17])
    )


def luhn_valid(digits: str) -> bool:
    """Tell whether the last digit is right (ISO/IEC 7812-1, Annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) << (place & 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the sum of its two digits
    return total % 10 == 0


def inside_identifier(left: str) -> bool:
    """Tell whether what stands before a number makes it part of a decimal, a hash or an id."""
    last = left[-1:]
    if last == ".":
        return _DECIMAL.search(left) is not None
    if not (last.isascii() and last.isalnum()) or escaped(left):  # most often, and far quicker
        return False
    run = _ALNUM_TAIL.search(left)
    if run is None or len(run.group()) < _HEX_RUN or run.group().isalpha():
        return False
    return _HEX_TAIL.fullmatch(run.group()) is not None


def escaped(left: str) -> bool:
    """Tell whether what stands before a number is a character as web addresses spell it."""
    return _ESCAPE.fullmatch(left[-3:]) is not None


def day_valid(yyyymmdd: str) -> bool:
    """Tell whether eight digits are a day."""
    return valid_date(int(yyyymmdd[:4]), int(yyyymmdd[4:6]), int(yyyymmdd[6:]))


def credit_code_valid(code: str) -> bool:
    """Tell whether 18 characters are a credit code (GB 32100-2015) and no person's number."""
    return (
        uscc_valid(code)
        and code[0] in _REGISTRARS
        and code[1] in _REGISTRARS[code[0]]
        and (code[2:4] in PROVINCES or code[2:4] == "10")
        and not resident_valid(code)
    )


def published(number: str) -> bool:
    """Tell whether a number, however it is written, is one that everyone may call."""
    digits = plain(number).removeprefix("+").removeprefix("00")
    known = hotlines()
    return plain(number) in known or digits in known or "0" + digits.removeprefix("86") in known


@cache
def hotlines() -> frozenset[str]:
    """Return the numbers that are published for everyone to call, without separators."""
    data = resources.files("hegui.detectors").joinpath("data/hotlines.toml").read_text("utf-8")
    return frozenset(plain(entry["number"]) for entry in tomllib.loads(data)["hotline"])
