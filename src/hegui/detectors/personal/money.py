"""Numbers of cards, accounts, wallets and companies."""

import re
from typing import Final

from hegui.detectors import numbers
from hegui.detectors.numbers import inside_identifier, plain
from hegui.detectors.personal import checksums
from hegui.detectors.personal.context import NAMED, exact, label_before, labelled, weigh
from hegui.detectors.personal.lists import before_item
from hegui.detectors.personal.shape import FIFTEEN_DIGITS, NINE_DIGITS, SEP, Shape, digits, numbered
from hegui.detectors.tree import WORD

_USCC: Final = "[0-9A-HJ-NPQRTUWXY]"
_FOURS: Final = rf"\d{{2}}[- ]\d{{4}}[- ]{_USCC}{{4}}[- ]{_USCC}{{4}}[- ]{_USCC}{{2}}"
_PARTS: Final = rf"\d{{6}}[- ]{_USCC}{{9}}[- ]?{_USCC}"
_IBAN_HEAD: Final = re.compile(r"[A-Z]{2}\d{2}[ -](?:[0-9A-Z]{4}[ -]){0,3}\Z")
_UNSURE: Final = 0.4
_DAY_INSIDE: Final = re.compile(  # with a day where an identity number has one
    r"\d{6}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{2}(?:\d{2})?"
)
_FOUR: Final = rf"{SEP}\d{{4}}"


def bank_card(value: str, left: str) -> float:
    """Check a card number's last digit. A citizen identity number is not a card."""
    number, left = plain(value), before_item(value, left)
    sound = (
        numbers.luhn_valid(number)
        and not numbers.resident_valid(number)
        and len(set(number[6:])) > 1
    )
    inside = inside_identifier(left) or _IBAN_HEAD.search(left)
    if not sound or inside:
        return 0.0
    return weigh("bank_card", left, _UNSURE if _DAY_INSIDE.fullmatch(number) else None)


def bank_account(number: str) -> bool:
    """Leave card numbers to their own kind."""
    return not (len(plain(number)) >= 15 and numbers.luhn_valid(plain(number)))  # noqa: PLR2004 - as long as a card's


def uscc(value: str, _left: str) -> float:
    """Check a unified social credit code (GB 32100-2015)."""
    code = re.sub("[^0-9A-Z]", "", value.upper())
    return float(numbers.credit_code_valid(code) and not checksums.foreigner_valid(code))


def us_ssn(value: str, left: str) -> float:
    """Take a number whose parts may be issued; nine bare digits only where words say what it is."""
    number = plain(value)
    if re.match("000|666|9", number) or number[3:5] == "00" or number[5:] == "0000":
        return 0.0
    score = weigh("us_ssn", left)
    if number != value:
        return score
    names = label_before(left)[0]  # a number of social security elsewhere has its own kind
    ours = not names or ("us_ssn" in names and "social_security" not in names)
    return score if score == NAMED and ours else 0.0


def iban(value: str) -> bool:
    """Check an account number, written in fours or whole."""
    return checksums.iban_valid(re.sub("[ -]", "", value).upper())


def eth(value: str, left: str) -> float:
    """Weigh an address; one whose letters are of both cases must check."""
    letters = [char for char in value[2:] if char.isalpha()]
    if all(map(str.isupper, letters)) or all(map(str.islower, letters)):
        return weigh("crypto_address", left)
    return float(checksums.eip55_valid(value))


SHAPES: Final = (
    # ISO/IEC 7812: issuer prefixes in use in China, 15 to 19 digits. Written whole, in fours, 6-n;
    # 15 digits as 4-6-5.
    digits(
        "bank_card",
        rf"(?:(?:62\d{{2}}|81\d{{2}}|9558|60\d{{2}}){_FOUR}{_FOUR}{_FOUR}(?:{SEP}\d{{1,3}})?"
        rf"|(?:4\d{{3}}|65\d{{2}}|5[1-5]\d{{2}}|2[2-7]\d{{2}}|35\d{{2}}){_FOUR}{_FOUR}{_FOUR}"
        rf"|3[47]\d{{2}}{SEP}\d{{6}}{SEP}\d{{5}}|62\d{{4}}[- ]\d{{10,13}})",
        bank_card,
        FIFTEEN_DIGITS,
    ),
    numbered("bank_account", r"\d{8,24}", labelled("bank_account", bank_account)),
    # GB 32100-2015.
    Shape(
        "uscc",
        rf"{_USCC}{{2}}\d{{6}}{_USCC}{{10}}",
        check=uscc,
        case=True,
        trigger=rf"\d{{3}}{_USCC}{{10}}",
    ),
    # The same in groups: fours, or by its parts (2-6-9-1, 8-9-1, 8-10).
    Shape(
        "uscc",
        rf"{_USCC}{{2}}(?:{_FOURS}|[- ]?{_PARTS})",
        check=uscc,
        case=True,
        width=False,
        trigger=rf"{_FOURS}|{_PARTS}",
    ),
    # ISO 13616.
    Shape(
        "iban",
        r"[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?",
        check=exact("iban", iban),
        width=False,
    ),
    # Base58check (P2PKH, P2SH), BIP 173 and 350, EIP-55.
    Shape(
        "crypto_address",
        r"[13][1-9A-HJ-NP-Za-km-z]{25,34}",
        WORD,
        WORD,
        exact("crypto_address", checksums.base58_valid),
        width=False,
    ),
    Shape(
        "crypto_address",
        r"bc1[02-9ac-hj-np-z]{11,71}|BC1[02-9AC-HJ-NP-Z]{11,71}",
        WORD,
        WORD,
        exact("crypto_address", checksums.bech32_valid),
        width=False,
    ),
    Shape("crypto_address", r"0x[0-9A-Fa-f]{40}", WORD, WORD, eth, width=False),
    # 20 CFR 422.103: no area 000, 666 or 9xx, no group 00, no serial 0000.
    digits(
        "us_ssn",
        r"\d{3}[-‐‑– ]\d{2}[-‐‑– ]\d{4}|\d{9}",
        us_ssn,
        NINE_DIGITS,
    ),
)
