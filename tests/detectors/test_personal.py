"""Personal data: every kind found wherever it is glued, and its traps left alone.

Values are made here from each kind's specification, with check digits computed in their own way,
so that the tests do not lean on the code they test.
"""

import random
from collections.abc import Callable

import pytest

from hegui.detectors import PersonalData, numbers
from hegui.terms import TextColumn

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WIDE = str.maketrans(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ",
)
HOSTS = ["example.com", "mail.example.com.cn", "qq.example", "a-b.example.org"]
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

Make = Callable[[random.Random], str]


def found(detector: PersonalData, text: str) -> list[tuple[str, str]]:
    column = TextColumn.of([text])
    data = column.row_bytes(0)
    return [
        (rule.removeprefix("pii."), data[start:end].decode())
        for _, rule, start, end, _ in detector.inspect(column)
    ]


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def resident(rng: random.Random) -> str:
    """GB 11643: fold from the left by Horner's rule in base 2 modulo 11 until 1 remains."""
    region = rng.choice(["110105", "310104", "440305", "510107", "650102", "350203"])
    day = f"{rng.randrange(1930, 2020)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
    body = region + day + digits(rng, 3)
    rest = 0
    for digit in body:
        rest = (rest + int(digit)) * 2 % 11
    return body + "0123456789X"[(1 - rest) % 11]


def mobile(rng: random.Random) -> str:
    return f"1{rng.randrange(3, 10)}{digits(rng, 9)}"


def landline(rng: random.Random) -> str:
    area = rng.choice(["010", "021", "028", "0755", "0571", "0311"])
    return f"{area}-{rng.randrange(2, 9)}{digits(rng, 7 if len(area) == 3 else rng.choice([6, 7]))}"


def card(rng: random.Random) -> str:
    """ISO/IEC 7812-1: the last digit makes the Luhn sum a multiple of ten."""
    head, size = rng.choice(
        [
            ("622202", 19),
            ("622848", 19),
            ("625", 16),
            ("4", 16),
            ("53", 16),
            ("37", 15),
            ("9558", 19),
        ]
    )
    body = head + digits(rng, size - 1 - len(head))
    doubled = {"0": 0, "1": 2, "2": 4, "3": 6, "4": 8, "5": 1, "6": 3, "7": 5, "8": 7, "9": 9}
    total = sum(doubled[d] if n % 2 == 0 else int(d) for n, d in enumerate(reversed(body)))
    return body + str(-total % 10)


def uscc(rng: random.Random) -> str:
    """GB 32100: weights are the powers of three modulo 31."""
    body = (
        rng.choice(["91", "92", "12", "52"])
        + "110108"
        + "".join(rng.choice(USCC) for _ in range(9))
    )
    total = sum(USCC.index(char) * 3**place for place, char in enumerate(body))
    return body + USCC[(31 - total % 31) % 31]


def passport(rng: random.Random) -> str:
    return (
        rng.choice(["E", "G"]) + digits(rng, 8)
        if rng.random() < 0.5
        else f"E{rng.choice(LETTERS)}{digits(rng, 7)}"
    )


def permit(rng: random.Random) -> str:
    return rng.choice(["H", "M", "C", "W"]) + digits(rng, 8)


def plate(rng: random.Random) -> str:
    serial = list(digits(rng, 5))
    for place in rng.sample(range(5), rng.randrange(3)):
        serial[place] = rng.choice(LETTERS)
    return rng.choice(PROVINCES) + rng.choice(LETTERS) + rng.choice(["", "·"]) + "".join(serial)


def plate_nev(rng: random.Random) -> str:
    tail = rng.choice(["D", "F"]) + rng.choice("0123456789" + LETTERS) + digits(rng, 4)
    return rng.choice(PROVINCES) + rng.choice(LETTERS) + rng.choice([tail, digits(rng, 5) + "D"])


def email(rng: random.Random) -> str:
    name = rng.choice(["zhang.san", "li_4", "a", "wang+x", "Dev-Ops99", digits(rng, 9)])
    return f"{name}@{rng.choice(HOSTS)}"


def ipv4(rng: random.Random) -> str:
    return ".".join(
        str(rng.randrange(*limits)) for limits in ((1, 127), (0, 256), (0, 256), (1, 255))
    )


NUMBERS: dict[str, Make] = {
    "resident_id": resident,
    "mobile": mobile,
    "landline": landline,
    "bank_card": card,
}
CODES: dict[str, Make] = {
    "uscc": uscc,
    "passport": passport,
    "hk_mo_permit": permit,
    "plate": plate,
    "plate_nev": plate_nev,
    "email": email,
    "ipv4": ipv4,
}
AROUND = [
    ("", ""),
    ("我的号码是", "请尽快联系我"),
    ("（", "）"),
    ("：", "，谢谢"),
    (" ", " "),
    ("「", "」"),
    ("号:", ";\n"),
    ("了", "。"),
    ("\n", "\n"),
    ("，", "、"),
    ("🙂", "🙂"),
    ("\u200b", "\u200b"),
]


@pytest.mark.parametrize("kind", [*NUMBERS, *CODES])
def test_a_valid_value_is_found_whole_wherever_it_is_glued(
    kind: str, detector: PersonalData
) -> None:
    rng = random.Random(kind)
    make = (NUMBERS | CODES)[kind]
    for _ in range(60):
        value = make(rng)
        for left, right in AROUND:
            assert (kind, value) in found(detector, left + value + right), (left, value, right)


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_number_touching_latin_letters_is_found(kind: str, detector: PersonalData) -> None:
    rng = random.Random(kind)
    for _ in range(60):
        value = NUMBERS[kind](rng)
        for left, right in (("tel", ""), ("abc", "xyz"), ("No", "call"), ("WX", " ok"), ("", "A")):
            assert (kind, value) in found(detector, left + value + right), (left, value, right)


@pytest.mark.parametrize("kind", [*NUMBERS, "uscc", "passport", "hk_mo_permit", "plate", "ipv4"])
def test_full_width_forms_hide_nothing(kind: str, detector: PersonalData) -> None:
    rng = random.Random(kind)
    for _ in range(40):
        value = (NUMBERS | CODES)[kind](rng).translate(WIDE)
        assert (kind, value) in found(detector, f"号{value}在")


def grouped(value: str, sizes: tuple[int, ...], mark: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(value[at : at + size])
        at += size
    return mark.join(part for part in [*parts, value[at:]] if part)


@pytest.mark.parametrize("mark", [" ", "-", "－", "　"])
@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("mobile", (3, 4)),
        ("resident_id", (6, 8)),
        ("resident_id", (6, 4, 4)),
        ("bank_card", (4, 4, 4, 4)),
    ],
)
def test_separators_between_groups_hide_nothing(
    kind: str, sizes: tuple[int, ...], mark: str, detector: PersonalData
) -> None:
    rng = random.Random(kind)
    for _ in range(25):
        value = NUMBERS[kind](rng)
        if kind == "bank_card" and value.startswith("37"):
            sizes = (4, 6)
        value = grouped(value, sizes, mark)
        sizes = (4, 4, 4, 4) if kind == "bank_card" else sizes
        assert (kind, value) in found(detector, f"号{value}，")


@pytest.mark.parametrize("prefix", ["+86", "+86 ", "+86-", "86 ", "86-", "0086", "0086 ", "86"])
def test_a_country_code_belongs_to_the_number(prefix: str, detector: PersonalData) -> None:
    value = prefix + "13800138000"
    assert found(detector, f"请拨打{value}。") == [("mobile", value)]


def test_a_longer_number_before_a_mobile_is_not_its_country_code(detector: PersonalData) -> None:
    assert found(detector, "2386 13800138000") == [("mobile", "13800138000")]
    assert found(detector, "238613800138000") == []


def spoilt(value: str, place: int, rng: random.Random) -> str:
    """Change one digit, so that a check digit must notice."""
    other = (int(value[place]) + rng.randrange(1, 10)) % 10
    return f"{value[:place]}{other}{value[place + 1 :]}"


def test_a_wrong_check_digit_is_no_finding(detector: PersonalData) -> None:
    rng = random.Random(4)
    for _ in range(300):
        number = resident(rng)
        wrong = spoilt(number, rng.randrange(14, 17), rng)
        assert ("resident_id", wrong) not in found(detector, f"号{wrong}。")
        number = card(rng)
        wrong = spoilt(number, rng.randrange(4, len(number)), rng)
        assert ("bank_card", wrong) not in found(detector, f"号{wrong}。")
        code = uscc(rng)
        wrong = code[:17] + USCC[(USCC.index(code[17]) + rng.randrange(1, 31)) % 31]
        assert ("uscc", wrong) not in found(detector, f"号{wrong}。")


def resident_with(day: str, region: str = "110105") -> str:
    body = region + day + "002"
    return body + numbers.resident_check_char(body)


@pytest.mark.parametrize(
    ("day", "region"),
    [
        ("19490230", "110105"),
        ("19001301", "110105"),
        ("20230229", "110105"),
        ("19000229", "110105"),
        ("19490431", "110105"),
        ("17991231", "110105"),
        ("19491200", "110105"),
        ("19491231", "990105"),
        ("19491231", "190105"),
    ],
)
def test_an_identity_number_needs_a_real_day_and_province(
    day: str, region: str, detector: PersonalData
) -> None:
    assert "resident_id" not in dict(found(detector, f"号{resident_with(day, region)}。"))
    assert found(detector, f"号{resident_with('20000229')}。")[0][0] == "resident_id"


def test_longer_runs_of_digits_are_never_searched_for_shorter_numbers(
    detector: PersonalData,
) -> None:
    rng = random.Random(12)
    for make in NUMBERS.values():
        for _ in range(60):
            value = make(rng).replace("-", "")
            kind_of_longer = dict(found(detector, value + digits(rng, 4)))
            assert value not in kind_of_longer.values()
            assert value not in dict(found(detector, digits(rng, 4) + value)).values()


def test_one_value_is_one_finding(detector: PersonalData) -> None:
    rng = random.Random(21)
    for kind, make in (NUMBERS | CODES).items():
        for _ in range(40):
            value = make(rng)
            assert found(detector, f"号{value}。") == [(kind, value)]


def test_a_document_without_a_check_digit_scores_by_the_word_before_it(
    detector: PersonalData,
) -> None:
    scores = [
        detector.inspect(TextColumn.of([text])).score for text in ("护照E12345678", "型号E12345678")
    ]
    assert scores == [[1.0], [0.2]]


def test_every_rule_is_explained_in_both_languages(detector: PersonalData) -> None:
    for rule in detector.card.rules.values():
        assert rule.id == f"pii.{rule.kind}"
        assert rule.title.en
        assert rule.title.zh != rule.title.en
        assert rule.mask.zh
        assert rule.clause in ("4(3)", "4(4)")
    assert {target.rule for target in detector.targets} == set(detector.card.rules)


def test_what_may_be_looked_at_is_bounded(detector: PersonalData) -> None:
    assert detector.card.span <= 256
    assert detector.card.left <= 32
    assert detector.card.reach == "exact"
