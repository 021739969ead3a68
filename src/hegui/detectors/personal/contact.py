"""How a person is reached: phone, mail, chat, postal address."""

import re
from typing import Final

from hegui.detectors import numbers
from hegui.detectors.numbers import inside_identifier, plain
from hegui.detectors.personal.context import (
    label_before,
    label_source,
    labelled,
    named,
    weigh,
    weighed,
)
from hegui.detectors.personal.lists import before_item
from hegui.detectors.personal.shape import NINE_DIGITS, SEP, Shape, digits, labels_of, numbered
from hegui.detectors.targets import ANYTHING, NO_DIGIT, NO_WORD
from hegui.detectors.tree import WORD, wide

_COUNTRY: Final = rf"(?:(?:\+|00)?86{SEP}|0)?"
_AREA: Final = r"(?:10|2\d|[3-9]\d{2})"
_MARK: Final = SEP.removesuffix("?")
# What stands before a group of digits when it is no first one: of a card, an IBAN or a token.
_GROUP: Final = re.compile(rf"(?<![0-9])(?:\d{{4}}|[A-Z]{{2}}\d{{2}}|[A-Z]{{4}}){_MARK}\Z")
_GROUPS: Final = re.compile(rf"0\d{{3}}{_MARK}\d{{4}}{_MARK}\d{{4}}")
_TOKEN: Final = re.compile(r"xox[a-z]-\Z")
_MAIL: Final = WORD | frozenset("._%+-")
_DIALLED: Final = re.compile(r"(?:^|[^0-9+])((?:\+|00)?86) ?[-‐‑–  ]? ?\Z")
# The name and the password before a host (RFC 3986, 3.2.1), as far as they stand before a value.
_USERINFO: Final = re.compile(r"://[\w.~%!$&'*+=-]*(?::[\w.~%!$&'*+=#^-]*)?\Z", re.ASCII)
_CAPITALS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SHORTEST: Final = 9  # digits, the country code among them
_FILES: Final = frozenset(
    "png jpg jpeg gif webp svg bmp ico css js ts jsx tsx py java go rs rb php html htm xml json "
    "yml yaml toml md txt csv pdf zip gz tar mp3 mp4 local localhost internal lan".split()
)
_FOUR_FOUR_THREE: Final = re.compile(r"1\d{3}\D{1,3}\d{4}\D{1,3}\d{3}\Z")
_YEARS: Final = re.compile(r"20\d\d[- ]20\d\d")
_LINES: Final = (
    "电话 电话号码 联系电话 家庭电话 办公电话 固定电话 座机 座机号 固话 传真".split()
    + "tel telephone phone fax".split()
)
_HAN: Final = "[一-鿿]"
_PROVINCES: Final = (
    "(?:北京|天津|上海|重庆)市|(?:河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|"
    "广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾)省|(?:内蒙古|广西壮族|西藏|宁夏回族|新疆维吾尔)自治区"
)


def _dialled(left: str) -> bool:
    """Tell whether a number is found with the country code that stands before it."""
    found = _DIALLED.search(left) if "86" in left else None
    if found is None:
        return False
    before = before_item("+", left[: found.start(1)])
    return not (inside_identifier(before) or before[-1:] in _CAPITALS)


def mobile(value: str, left: str) -> float:
    """Weigh a mobile number unless it is the tail of one found with its country code."""
    left = before_item(value, left)
    tail = _dialled(left) or (value.startswith("86") and left.endswith("+"))
    code = value.startswith("86") and left[-1:] in _CAPITALS and not numbers.escaped(left)
    if tail or code or inside_identifier(left):
        return 0.0
    # With a 0 before it, as long-distance calls once had, or like the end of a card in groups.
    unsure = value.startswith("01") or _FOUR_FOUR_THREE.search(value)
    return 0.0 if unsure and not named("mobile", left) else weigh("mobile", left)


def landline(value: str, left: str) -> float:
    """Weigh a landline that is no published hotline, nor the tail of a longer number."""
    left = before_item(value, left)
    tail = _dialled(left) or (value.startswith("86") and left.endswith("+"))
    if tail or numbers.published(value) or inside_identifier(left) or _TOKEN.search(left):
        return 0.0
    if _GROUPS.match(value) and _GROUP.search(left):
        return 0.0
    if value.isdigit() and left[-1:] in _CAPITALS:
        return 0.0  # the digits of a code
    return weigh("landline", left)


def local_line(value: str, left: str) -> float:
    """Take a subscriber's number without its area where a word for a line introduces it."""
    day = numbers.day_valid(value) if len(value) == 8 and value.isdigit() else None  # noqa: PLR2004 - YYYYMMDD
    if day or _YEARS.fullmatch(value) or numbers.published(value):
        return 0.0
    return float(label_before(left)[1] in _LINES)


def service_number(value: str, left: str) -> float:
    """List the line of a company: not personal, and known under its own name."""
    left = before_item(value, left)
    if numbers.published(value) or inside_identifier(left):
        return 0.0
    return weigh("service_number", left)


def phone(value: str, left: str) -> float:
    """Take a number with + and a country code that exists there. China's are their own kinds."""
    number = "+" + plain(value)[2:] if value.startswith("00") else plain(value)
    if number.startswith("+86") or len(number) <= _SHORTEST:
        return 0.0
    import phonenumbers  # the numbering plans of the world are read when a number asks for them

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return 0.0
    return weigh("phone", left) if phonenumbers.is_valid_number(parsed) else 0.0


def email(value: str, left: str) -> float:
    """Take an address whose host is one: not a file, not the password of a connection string."""
    local, _, host = value.replace("%40", "@").rpartition("@")
    if local == "git" or local[0] in ".-" or host.rpartition(".")[2].lower() in _FILES:
        return 0.0
    return 0.0 if _USERINFO.search(left) else 1.0


def wechat(value: str, left: str) -> float:
    """Take an account name with a label; a plain word only after one that cannot be prose."""
    names, label, gap = label_before(left)
    if "wechat" not in names:
        return 0.0
    sure = label.endswith(("号", "id")) or re.search("[:=是为]", gap)
    return float(bool(sure) or not value.isalpha())


def address(value: str, left: str) -> float:
    """Weigh a house number: one with a room is surely a home."""
    if re.search(r"[室栋幢座楼]|单元|\d-\d{1,3}-\d", value):
        return 1.0
    return weigh("address", left)


# A road or a settlement, the number of the house, and what is inside it.
_ROAD: Final = "(?:[路街巷弄道里村坊屯庄苑园区]|胡同|公寓)[东西南北中]?(?:段)?"
_INSIDE: Final = (
    r"(?:院|楼)?(?: ?\d{1,4} ?(?:号楼|栋|幢|座|单元|楼|层|室|号|院|弄|门)){0,4}(?:\d{2,4})?"
)
_HOUSE: Final = (
    rf"(?:{_ROAD} ?\d{{1,5}}(?:[-之]\d{{1,4}})? ?(?:号|弄){_INSIDE}"
    rf"|{_ROAD} ?\d{{1,4}} ?(?:号楼|栋|幢|座){_INSIDE}"
    r"|村\d{1,3}(?:组|社|队)\d{1,4}号"
    r"|(?:小区|花园|公寓|苑|坊)\d{1,3}-\d{1,3}-\d{2,4})"
)
_NO_LINE: Final = frozenset("线令文公机台次批期")

SHAPES: Final = (
    # The numbering plan of the ministry (电信网编号计划): 13 to 19. Written whole, 3-4-4, 4-3-4,
    # 4-4-3, 3-3-5 or 5-3-3; +86.
    digits(
        "mobile",
        rf"{_COUNTRY}1[3-9]\d(?:{SEP}\d{{4}}{SEP}\d{{4}}|\d{_MARK}\d{{3}}{_MARK}\d{{4}}"
        rf"|\d{_MARK}\d{{4}}{_MARK}\d{{3}}"
        rf"|{_MARK}\d{{3}}{_MARK}\d{{5}}|\d{{2}}{_MARK}\d{{3}}{_MARK}\d{{3}}|\.\d{{4}}\.\d{{4}})",
        mobile,
        NINE_DIGITS,
    ),
    # The same plan: area code of 3 or 4 digits, subscriber 7 or 8, not beginning with 0 or 1.
    digits(
        "landline",
        rf"(?:(?:\+|00)86{SEP}(?:\(0?{_AREA}\) ?|0?{_AREA}{SEP})|86[- ]0?{_AREA}[- ]"
        rf"|\(0{_AREA}\) ?|0{_AREA}{SEP})"
        rf"[2-9](?:\d{{6}}|\d{{7}}|\d{{2}}{SEP}\d{{4}}|\d{{3}}{SEP}\d{{4}})(?:-\d{{1,5}})?",
        landline,
        NINE_DIGITS,
    ),
    Shape(
        "landline",
        r"[2-9]\d{2,3}[- ]?\d{4}(?:-\d{1,5})?",
        NO_DIGIT,
        NO_WORD | {"-"},
        local_line,
        introduced=label_source(_LINES),
    ),
    # Lines that are free of charge, or at the price of a local call, for the caller.
    digits("service_number", r"[48]00[- ]?\d{3}[- ]?\d{4}", service_number, NINE_DIGITS),
    # ITU-T E.164, judged by the numbering plans that ``phonenumbers`` carries; 00 as one dials to
    # Hong Kong, Macao and Taiwan.
    Shape(
        "phone",
        r"(?:\+[1-9]\d{0,2}|00(?:852|853|886))(?:[- \.]?\(\d{1,4}\))?(?:[- \.]?\d){5,12}",
        wide("+") | NO_DIGIT,
        NO_DIGIT,
        phone,
        trigger=NINE_DIGITS,
    ),
    # RFC 5322 dot-atom within RFC 5321 lengths, host names of up to five labels.
    Shape(
        "email",
        r"[A-Za-z0-9._%+-]{1,64}(?:@|%40)(?:[A-Za-z0-9-]{1,32}\.){1,4}[A-Za-z]{2,18}",
        _MAIL,
        WORD | frozenset("-_@"),
        email,
        width=False,
        trigger=r"(?:@|%40)(?:[A-Za-z0-9-]{1,32}\.){1,4}[A-Za-z]{2,18}",
    ),
    Shape(
        "wechat",
        r"[A-Za-z][A-Za-z0-9_-]{5,19}",
        WORD | frozenset("-_"),
        WORD | frozenset("-_"),
        wechat,
        width=False,
        introduced=labels_of("wechat"),
    ),
    numbered("qq", r"[1-9]\d{4,10}", labelled("qq")),
    digits("alipay", r"2088\d{12}", weighed("alipay"), r"2088\d{12}"),
    numbered("postcode", r"\d{6}", labelled("postcode", score=0.6)),
    # From the road on; from the province on where one is named.
    Shape("address", _HOUSE, ANYTHING, NO_DIGIT | _NO_LINE, address),
    Shape(
        "address",
        rf"(?:{_PROVINCES}){_HAN}{{1,24}}{_HOUSE}",
        ANYTHING,
        NO_DIGIT | _NO_LINE,
        address,
        trigger=_HOUSE,
    ),
)
