"""Personal data and secrets, by pattern and check digit.

Boundaries are ASCII and full-width only, never Unicode's: in Chinese a number stands between
characters without a space. Numbers that carry strong evidence of their own may touch Latin
letters; codes made of letters and digits may not. Sources beside each kind.
"""

from dataclasses import dataclass
from typing import Final

from hegui.detectors import numbers
from hegui.detectors.exact import TargetDetector
from hegui.detectors.matcher import Matcher
from hegui.detectors.pattern import parse
from hegui.detectors.targets import ANYTHING, NO_DIGIT, NO_WORD, Check, Target
from hegui.detectors.tree import DIGITS, WORD, Chars, wide
from hegui.terms import RuleInfo, Words

VERSION: Final = "1"
_LEFT: Final = 12  # characters before a value that a check may read
_PROVINCE: Final = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_USCC: Final = "[0-9A-HJ-NPQRTUWXY]"
_KEY: Final = "[A-Za-z0-9_-]"
_S: Final = "[- ]?"
_KEY_CHARS: Final = WORD | frozenset("-_")
_MAIL: Final = WORD | frozenset("._%+-")


@dataclass(frozen=True, slots=True)
class Shape:
    """One way a kind is written. ``trigger``: see ``Target``."""

    kind: str
    source: str
    before: Chars = NO_WORD
    after: Chars = NO_WORD
    check: Check | None = None
    left: int = 0
    whole: bool = False
    case: bool = False
    width: bool = True
    trigger: str = ""


def _digits(kind: str, source: str, check: Check) -> Shape:
    return Shape(kind, source, NO_DIGIT, NO_DIGIT, check, _LEFT)


SHAPES: Final = (
    # GB 11643-1999: region, day of birth, sequence, check character. Written whole, 6-8-4, 6-4-4-4.
    Shape(
        "resident_id",
        rf"[1-9]\d{{5}}{_S}(?:18|19|20)\d{{2}}{_S}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
        rf"{_S}\d{{3}}[0-9Xx]",
        NO_DIGIT,
        NO_DIGIT,
        numbers.resident_id,
    ),
    # The numbering plan of the ministry (电信网编号计划): 13 to 19. Written whole, 3-4-4; +86.
    _digits("mobile", rf"(?:(?:\+|00)?86{_S})?1[3-9]\d{_S}\d{{4}}{_S}\d{{4}}", numbers.mobile),
    # The same plan: area code of 3 or 4 digits, subscriber 7 or 8, not beginning with 0 or 1.
    _digits(
        "landline",
        rf"(?:\(0(?:10|2\d|[3-9]\d{{2}})\) ?|0(?:10|2\d|[3-9]\d{{2}}){_S})"
        rf"[2-9](?:\d{{6}}|\d{{7}}|\d{{2}}[- ]\d{{4}}|\d{{3}}[- ]\d{{4}})(?:-\d{{1,5}})?",
        numbers.landline,
    ),
    # ISO/IEC 7812: issuer prefixes in use in China, 15 to 19 digits. Written whole or in fours.
    _digits(
        "bank_card",
        rf"(?:62\d{{2}}|81\d{{2}}|9558|60\d{{2}}|65\d{{2}}){_S}\d{{4}}{_S}\d{{4}}{_S}\d{{4}}"
        rf"(?:{_S}\d{{1,3}})?",
        numbers.bank_card,
    ),
    _digits(
        "bank_card",
        rf"(?:4\d{{3}}|5[1-5]\d{{2}}|2[2-7]\d{{2}}|35\d{{2}}){_S}\d{{4}}{_S}\d{{4}}{_S}\d{{4}}",
        numbers.bank_card,
    ),
    _digits("bank_card", rf"3[47]\d{{2}}{_S}\d{{6}}{_S}\d{{5}}", numbers.bank_card),
    _digits("bank_card", r"62\d{4}[- ]\d{10,13}", numbers.bank_card),
    # GB 32100-2015.
    Shape("uscc", rf"{_USCC}{{2}}\d{{6}}{_USCC}{{10}}", check=numbers.uscc, case=True),
    # Ordinary (E, G), public-affairs, service and diplomatic passports (NIA specimen notices).
    Shape(
        "passport",
        r"(?:[EG]\d{8}|E[A-HJ-NP-Z]\d{7}|(?:SE|DE|PE)\d{7}|[DSP]\d{7,8})",
        check=numbers.document,
        left=_LEFT,
    ),
    # Home-visit permits of Hong Kong (H) and Macao (M) residents; mainlanders' permits (C, W).
    Shape(
        "hk_mo_permit",
        r"(?:[HM]\d{8}(?:\d{2})?|[CW]\d{8}|C[A-HJ-NP-Z]\d{7})",
        check=numbers.document,
        left=_LEFT,
    ),
    # GA 36-2018: no I or O, at most two letters in the serial; trailers, coaches, police.
    Shape(
        "plate",
        rf"{_PROVINCE}[A-HJ-NP-Z][·• -]?[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳]",
        ANYTHING,
        check=numbers.plate,
        case=True,
    ),
    Shape(
        "plate_nev",
        rf"{_PROVINCE}[A-HJ-NP-Z][·• -]?(?:[A-HJK][A-HJ-NP-Z0-9]\d{{4}}|\d{{5}}[A-HJK])",
        ANYTHING,
        case=True,
    ),
    # RFC 5322 dot-atom within RFC 5321 lengths, host names of up to five labels.
    Shape(
        "email",
        r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,32}\.){1,4}[A-Za-z]{2,18}",
        _MAIL,
        WORD | frozenset("-_@"),
        width=False,
        trigger=r"@(?:[A-Za-z0-9-]{1,32}\.){1,4}[A-Za-z]{2,18}",
    ),
    # RFC 791. A fifth part makes it an object identifier or a version.
    Shape(
        "ipv4",
        r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?:\.\d{1,3})?",
        wide(DIGITS | {"."}),
        NO_DIGIT,
        numbers.ipv4,
        _LEFT,
        whole=True,
    ),
    # Access keys by their makers' fixed prefixes. One that is longer than a span is still found.
    *(
        Shape("cloud_key", source, WORD, WORD, width=False)
        for source in (
            r"(?:AKIA|ASIA)[0-9A-Z]{16}",
            r"LTAI[0-9A-Za-z]{12,26}",
            r"AKID[0-9A-Za-z]{13,40}",
            r"AIza[0-9A-Za-z_-]{35}",
            r"gh[pousr]_[A-Za-z0-9]{36}",
        )
    ),
    Shape("cloud_key", rf"sk-{_KEY}{{20,179}}", WORD, _KEY_CHARS, numbers.api_key, width=False),
    Shape("cloud_key", rf"sk-{_KEY}{{180}}", WORD, ANYTHING, numbers.api_key, width=False),
    # RFC 7468.
    Shape(
        "private_key", r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----", ANYTHING, ANYTHING, width=False
    ),
)


def _rule(kind: str, title: Words, mask: Words, *, secret: bool = False) -> RuleInfo:
    risk, clause = ("A.3.c", "4(3)") if secret else ("A.4.f", "4(4)")
    return RuleInfo(f"pii.{kind}", risk, kind, title, clause, mask, personal=not secret)


RULES: Final = {
    rule.id: rule
    for rule in (
        _rule(
            "resident_id",
            Words("resident identity number", "居民身份证号码"),
            Words("ID number", "身份证号"),
        ),
        _rule("mobile", Words("mobile number", "手机号码"), Words("mobile", "手机号")),
        _rule("landline", Words("landline number", "固定电话号码"), Words("landline", "固话")),
        _rule("bank_card", Words("bank card number", "银行卡号"), Words("bank card", "银行卡号")),
        _rule(
            "uscc",
            Words("unified social credit code", "统一社会信用代码"),
            Words("credit code", "信用代码"),
        ),
        _rule("passport", Words("passport number", "护照号码"), Words("passport", "护照号")),
        _rule(
            "hk_mo_permit",
            Words("Hong Kong or Macao travel permit number", "港澳通行证号码"),
            Words("travel permit", "通行证号"),
        ),
        _rule("plate", Words("vehicle plate", "车牌号码"), Words("plate", "车牌号")),
        _rule(
            "plate_nev",
            Words("new-energy vehicle plate", "新能源车牌号码"),
            Words("plate", "车牌号"),
        ),
        _rule("email", Words("e-mail address", "电子邮箱地址"), Words("e-mail", "邮箱")),
        _rule("ipv4", Words("IP address", "IP 地址"), Words("IP address", "IP地址")),
        _rule(
            "cloud_key",
            Words("cloud or API key", "云服务或接口密钥"),
            Words("key", "密钥"),
            secret=True,
        ),
        _rule(
            "private_key", Words("private key", "私钥"), Words("private key", "私钥"), secret=True
        ),
    )
}


def targets() -> tuple[Target, ...]:
    """Return what the detector looks for, full-width forms folded in."""
    return tuple(_target(shape) for shape in SHAPES)


def _target(shape: Shape) -> Target:
    return Target(
        rule=f"pii.{shape.kind}",
        pattern=parse(shape.source).folded(case=shape.case, width=shape.width),
        before=shape.before,
        after=shape.after,
        check=shape.check,
        left=shape.left,
        whole=shape.whole,
        trigger=parse(shape.trigger) if shape.trigger else None,
    )


class PersonalData(TargetDetector):
    """Finds personal data (Art. 4(4), 11) and secrets (Art. 4(3)). Rules are ``pii.<kind>``.

    Names of people are not guessed. Identity numbers, cards and credit codes are found only with
    the right check digit; documents without one score 0.6 unless a word before names them.
    """

    def __init__(self, *, back_end: Matcher | None = None) -> None:
        super().__init__("personal", VERSION, RULES, targets(), back_end=back_end)
