"""When two spellings are one value: a normal form for each kind of personal data.

It lives beside ``masks``, which number by it. A kind that people write in several ways has a form
of its own; all others are compared as they are written, but for case, width and blanks. Where it
is not plain that two spellings mean the same, they are two values: one number for two people is
worse than two numbers for one.
"""

import re
import unicodedata
from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address
from typing import Final

_DASHES: Final = re.compile("[\u2010-\u2015\u2212]")
_MOBILE: Final = re.compile(r"(?:(?:00)?86|0)?(1\d{10})")
_LANDLINE: Final = re.compile(
    r"(?:(?:\+|00)?86[- ]*)?\(?0?(10|2\d|[3-9]\d{2})\)?[- ]*"
    r"([2-9]\d{2,3})[- ]*(\d{4})(?:-(\d{1,5}))?"
)
_NAME: Final = re.compile("[A-Za-z]{2,}")
_DEGREES: Final = re.compile(r"[-+]?\d+(?:\.\d+)?|[NSEW北南东西]")
_PAIR: Final = 2


def normal_form(kind: str, value: str) -> str:
    """Return what all spellings of one value of a kind have in common."""
    return _FORMS.get(kind, _written)(value)


def _half(value: str) -> str:
    return _DASHES.sub("-", unicodedata.normalize("NFKC", value))


def _exactly(value: str) -> str:
    """Return a secret or a web address as it is: case and every mark count."""
    return value


def _written(value: str) -> str:
    """Return a value without case, width, blanks and what cannot be seen."""
    half = unicodedata.normalize("NFKC", value).casefold()
    return "".join(char for char in half if unicodedata.category(char)[0] not in "CZ") or value


def _code(value: str) -> str:
    """Return a number or a code without what people write between its groups."""
    return "".join(char for char in _half(value).upper() if char.isalnum()) or value


def _mobile(value: str) -> str:
    """Return a mobile number without its country code (China's: E.164, +86)."""
    digits = "".join(filter(str.isdecimal, _half(value)))
    found = _MOBILE.fullmatch(digits)
    return found[1] if found else _written(value)


def _landline(value: str) -> str:
    """Return area, subscriber and extension: where one ends and the next begins counts."""
    found = _LANDLINE.fullmatch(_half(value).strip())
    return " ".join(part or "" for part in found.groups()) if found else _written(value)


def _phone(value: str) -> str:
    """Return the digits of an international number, without 00."""
    return "+" + "".join(filter(str.isdecimal, _half(value))).removeprefix("00")


def _email(value: str) -> str:
    return _written(value.replace("%40", "@"))


def _ipv4(value: str) -> str:
    parts = _half(value).split(".")
    return ".".join(str(int(part)) if part.isdecimal() else part for part in parts)


def _ipv6(value: str) -> str:
    try:
        return str(IPv6Address(value))
    except AddressValueError:
        return _written(value)


def _coordinates(value: str) -> str:
    """Return latitude and longitude, in this order where the second of them is named."""
    half = _half(value)
    parts: list[str] = _DEGREES.findall(_NAME.sub(" ", half))
    if len(parts) == _PAIR and re.search("lat|纬", half.casefold()):
        parts.reverse()
    return " ".join(parts) or value


def _day(value: str) -> str:
    """Return the numbers of a day in the order they are written in; a named month is a name."""
    half = _half(value)
    if _NAME.search(half):
        return _written(value)
    if len(half) == 8 and half.isdecimal():  # noqa: PLR2004 - 20000131
        half = f"{half[:4]}-{half[4:6]}-{half[6:]}"
    return "-".join(str(int(part)) for part in re.findall(r"\d+", half)) or value


_CODES: Final = (
    "resident_id residence_permit foreigner_permit hk_id macao_id tw_id passport hk_mo_permit "
    "tw_permit driver_licence social_security school_number service_number qq alipay postcode "
    "bank_card bank_account uscc iban us_ssn plate plate_nev vin imei mac"
)
_SECRETS: Final = "crypto_address url cloud_key token private_key connection_string password"
_FORMS: Final[dict[str, Callable[[str], str]]] = {
    **dict.fromkeys(_CODES.split(), _code),
    **dict.fromkeys(_SECRETS.split(), _exactly),
    "mobile": _mobile,
    "landline": _landline,
    "phone": _phone,
    "email": _email,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "coordinates": _coordinates,
    "birth_date": _day,
}
