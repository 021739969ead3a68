"""Numbers that a person is known by: identity cards, permits, passports, schools, hospitals."""

import re
from typing import Final

from hegui.detectors import numbers
from hegui.detectors.numbers import plain
from hegui.detectors.personal import checksums
from hegui.detectors.personal.context import NAMED, label_before, labelled, weigh, weighed
from hegui.detectors.personal.lists import before_item
from hegui.detectors.personal.shape import (
    FIFTEEN_DIGITS,
    SEP,
    SEVEN_DIGITS,
    Shape,
    digits,
    labels_of,
    numbered,
)
from hegui.detectors.targets import NO_DIGIT, NO_WORD

_DAY: Final = rf"(?:18|19|20){SEP}\d{{2}}{SEP}(?:0[1-9]|1[0-2]){SEP}(?:0[1-9]|[12]\d|3[01])"
_REGION: Final = rf"\d{{2}}{SEP}\d{SEP}\d{{2}}"
_TAIL: Final = rf"{SEP}\d{{2}}{SEP}\d{SEP}[0-9Xx]"
_EIGHTEEN: Final = FIFTEEN_DIGITS.removesuffix("{14}") + rf"{{13}}{SEP}[0-9Xx]"
_RESIDENTS_OF_HMT: Final = ("81", "82", "83")


def resident_id(value: str, left: str) -> float:
    """Check a number of 18 characters; weigh one of 15, which has region and day, but no check."""
    number, left = plain(value), before_item(value, left)
    if len(number) == 18:  # noqa: PLR2004 - GB 11643-1999
        return float(numbers.resident_valid(number) and number[:2] not in _RESIDENTS_OF_HMT)
    sound = number[:2] in numbers.PROVINCES and checksums.short_date_valid(number[6:12])
    return weigh("resident_id", left) if sound and not numbers.inside_identifier(left) else 0.0


def residence_permit(value: str, _left: str) -> float:
    """Check the number of a resident from Hong Kong, Macao or Taiwan."""
    number = plain(value)
    return float(numbers.resident_valid(number) and number[:6] in ("810000", "820000", "830000"))


def foreigner_permit(value: str, _left: str) -> float:
    """Check a number of the 2023 card."""
    return float(checksums.foreigner_valid(plain(value)))


def hk_id(value: str, left: str) -> float:
    """Check a Hong Kong number; without brackets only a label tells it from other codes."""
    number = re.sub("[^0-9A-Za-z]", "", value)
    if not checksums.hk_id_valid(number):
        return 0.0
    score = weigh("hk_id", left)
    return score if "(" in value or score == NAMED else 0.0


def birth_date(value: str, left: str) -> float:
    """Take a day that a label or 出生 makes a day of birth, and that exists."""
    if value.endswith("生") or "birth_date" in label_before(left)[0]:
        return float(_exists(value))
    return 0.0


def _exists(value: str) -> bool:
    """Tell whether there is such a day, in one of the orders that people write it in."""
    parts = [int(part) for part in re.findall(r"\d+", value)]
    if len(parts) == 1:  # 20000131
        return numbers.day_valid(value)
    years = [part for part in parts if part >= 1800]  # noqa: PLR2004 - of four digits
    year = years[0] if years else 2000  # without one, a year that has a 29 February
    rest = [part for part in parts if part not in years]
    named = _MONTHS.search(value)
    if named:
        rest.insert(0, _MONTH_NAMES.index(named.group()) // 3 + 1)
    if len(rest) == 1:  # 2000年1月
        rest.append(1)
    orders = (rest, rest[::-1]) if years and parts[-1] == year and not named else (rest,)
    return len(rest) == 2 and any(numbers.valid_date(year, *order) for order in orders)  # noqa: PLR2004 - month, day


def social_security(value: str) -> bool:
    """Leave a resident's identity number, which serves as one, to its own kind."""
    return not numbers.resident_valid(value)


_MONTH_NAMES: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
_MONTHS: Final = re.compile("|".join(re.findall("...", _MONTH_NAMES)))
_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DATES: Final = (
    r"(?:18|19|20)\d{2}(?: ?年 ?\d{1,2} ?月(?: ?\d{1,2} ?[日号])?|[-/\.]\d{1,2}[-/\.]\d{1,2}|\d{4})"
    rf"|\d{{1,2}} ?月 ?\d{{1,2}} ?[日号]|\d{{1,2}}[-/]\d{{1,2}}[-/](?:18|19|20)\d{{2}}"
    rf"|{_MONTH}\.? \d{{1,2}},? (?:18|19|20)\d{{2}}|\d{{1,2}} {_MONTH},? (?:18|19|20)\d{{2}}"
)
# What makes another word of 生: an effect, a product, a change, a living.
_NO_BIRTH: Final = frozenset("效产成变活存物意命态长动育前后辰发病机涯猪鲜")
_MEDICAL: Final = r"[A-Za-z]{0,3}-?\d{4,16}(?:-\d{1,6})?"
_SCHOOL: Final = r"[A-Za-z]{0,3}\d{5,19}"
_SOCIAL: Final = r"[A-Za-z]?\d{7,18}[0-9Xx]?"


SHAPES: Final = (
    # GB 11643-1999: region, day of birth, sequence, check character (ISO 7064 MOD 11-2). Written
    # whole, 6-8-4, 6-4-4-4, 3-3-4-4-4 or in fours. GB 11643-1989: no century, no check character.
    digits(
        "resident_id",
        rf"(?:[1-8]\d{SEP}\d{SEP}\d{SEP}\d{{2}}{SEP}{_DAY}{_TAIL}"
        rf"|[1-8]\d{{5}}{SEP}\d{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]){SEP}\d{{3}})",
        resident_id,
        _EIGHTEEN,
    ),
    # Residence permits of 2018 for residents of Hong Kong, Macao and Taiwan (国办发〔2018〕81号).
    digits(
        "residence_permit",
        rf"8[123]{SEP}0{SEP}0{SEP}00{SEP}{_DAY}{_TAIL}",
        residence_permit,
        _EIGHTEEN,
    ),
    # The card of 2023 (NIA, 2023-09-15): 9, then as a resident's; the older one: the letters of
    # ISO 3166-1, region, day of birth, sequence.
    digits(
        "foreigner_permit",
        rf"9\d{SEP}\d{SEP}\d{SEP}\d{{2}}{SEP}{_DAY}{_TAIL}",
        foreigner_permit,
        _EIGHTEEN,
    ),
    Shape(
        "foreigner_permit",
        r"[A-Z]{3}\d{6}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{2}",
        check=weighed("foreigner_permit"),
        trigger=SEVEN_DIGITS,
    ),
    # Hong Kong: one or two letters, six digits, a check digit, in brackets on the card.
    Shape(
        "hk_id",
        r"[A-Z]{1,2} ?\d{6} ?(?:\([0-9A]\)|[0-9A])",
        check=hk_id,
        case=True,
        trigger=r"\d{6} ?(?:\([0-9A]\)|[0-9A])",
    ),
    # Macao: 1, 5 or 7, six digits, a check digit whose rule is not public.
    Shape(
        "macao_id",
        r"[157](?:\d{6}\(\d\)|/\d{6}/\d)",
        check=weighed("macao_id"),
        trigger=r"\d(?:\d{6}\(\d\)|/\d{6}/\d)",
    ),
    # Taiwan: a letter for the county, 1 or 2 (8 or 9 for residents without household), check digit.
    Shape(
        "tw_id",
        r"[A-Z][1289]\d{8}",
        check=weighed("tw_id", checksums.tw_id_valid),
        trigger=SEVEN_DIGITS,
    ),
    # Ordinary (E, G), public-affairs, service and diplomatic passports (NIA specimen notices);
    # Hong Kong (K, H) and Macao (M) passports have the form of the permits below.
    Shape(
        "passport",
        r"(?:[EGK]\d{8}|E[A-HJ-NP-Z]\d{7}|K[A-Z]\d{7}|(?:SE|DE|PE|MA|MB)\d{7}|[DSP]\d{7,8})",
        check=weighed("passport"),
        case=True,
        trigger=SEVEN_DIGITS,
    ),
    # Home-visit permits of Hong Kong (H) and Macao (M) residents; mainlanders' permits (C, W).
    Shape(
        "hk_mo_permit",
        r"(?:[HM]\d{8}(?:\d{2})?|[CW]\d{8}|C[A-HJ-NP-Z]\d{7})",
        check=weighed("hk_mo_permit"),
        case=True,
        trigger=SEVEN_DIGITS,
    ),
    # Mainlanders' permits to Taiwan (T, L); permits of Taiwan residents: eight digits, once ten
    # and a letter.
    Shape("tw_permit", r"[TL]\d{8}", check=weighed("tw_permit"), case=True, trigger=SEVEN_DIGITS),
    numbered("tw_permit", r"\d{8}(?:\d{2}(?:\([A-Z0-9]\))?)?", labelled("tw_permit")),
    numbered("driver_licence", r"\d{12}", labelled("driver_licence")),
    numbered("social_security", _SOCIAL, labelled("social_security", social_security)),
    numbered("medical_record", _MEDICAL, labelled("medical_record")),
    numbered("school_number", _SCHOOL, labelled("school_number")),
    # A day, with a label before it or with 出生 or 生 after it.
    Shape(
        "birth_date",
        _DATES,
        NO_WORD,
        NO_DIGIT,
        birth_date,
        introduced=labels_of("birth_date"),
    ),
    Shape(
        "birth_date",
        r"(?:18|19|20)\d{2} ?年 ?\d{1,2} ?月 ?\d{1,2} ?日出?生",
        NO_DIGIT,
        NO_WORD | _NO_BIRTH,
        birth_date,
    ),
)
