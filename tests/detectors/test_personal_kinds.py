"""Every kind in every setting of the recall bench, fewer values; labels; what is only listed."""

import random
from pathlib import Path

import pytest
from bench.recall import ours, scores
from bench.specimens.testset import SPECS, cases

from hegui.detectors import PersonalData
from hegui.detectors.matcher import PlainMatcher
from hegui.detectors.personal import RULES, SHAPES, checksums, context
from hegui.detectors.personal.kinds import OTHER, kinds, labels
from hegui.screen.masks import Masks
from hegui.terms import TextColumn


def scored(detector: PersonalData, text: str) -> list[tuple[str, str, float]]:
    column = TextColumn.of([text])
    data = column.row_bytes(0)
    return [
        (rule.removeprefix("pii."), data[start:end].decode(), score)
        for _, rule, start, end, score in detector.inspect(column)
    ]


def test_every_kind_is_found_in_every_setting_and_nothing_else_is(
    detector: PersonalData,
) -> None:
    asked = cases(4, seed=7)
    found = scores(asked, ours(detector, [case.text for case in asked]))
    assert set(found) == set(kinds())
    short = {kind: s for kind, s in found.items() if min(s.recall, s.precision or 0) < 0.99}
    assert short == {}


def test_a_value_is_found_whatever_value_stands_before_it(detector: PersonalData) -> None:
    rng = random.Random(11)
    asked, texts = [], []
    marks = (",", "\t", " ", "，", " | ", ";", "\n", "\r\n", "、", "；", "/", "。")
    for spec in SPECS:
        for mark in marks if spec.kind not in ("url", "service_number") else ():
            first = rng.choice(SPECS)
            left = f"{first.label[0]}：{first.make(rng)}".removeprefix("：")
            right = f"{spec.label[0]}：{spec.make(rng)}".removeprefix("：")
            asked.append(spec.kind)
            texts.append(left + mark + right)
    ends = [len(text.encode()) for text in texts]
    found = {
        row
        for row, rule, _, end, score in detector.inspect(TextColumn.of(texts))
        if score >= 0.5 and end == ends[row] and rule == f"pii.{asked[row]}"
    }
    assert [(asked[row], text) for row, text in enumerate(texts) if row not in found] == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("13800138000\n13900139000\n13700137000", 3),
        ("13800138000\r\n13900139000", 2),
        ("工号a1\n13800138000", 1),
        ("1.\n13800138000", 1),
        ("13800138000 010-82951330", 2),
        ("电话（2024）\n0755-82951330", 1),
        ("CALL 010-82951330", 1),
        ("2024 0755-82951330", 1),
        ("10.0.0.86 13800138000", 2),
        ("房号A86 13800138000", 1),
        ("1.+86 13800138000", 1),
        ("共86\n13800138000", 1),
        ("+852 2838 8769 3楼", 1),
        ("+852 2838 8769 95.138.107.37", 2),
    ],
)
def test_what_stands_on_the_line_or_in_the_column_beside_hides_no_number(
    text: str, values: int, detector: PersonalData
) -> None:
    assert len([score for *_, score in scored(detector, text) if score >= 0.5]) == values


LISTED = """1.13800138000
12.13800138000
1. 13800138000
１．１３８００１３８０００
2、13800138000
3)13800138000
（5）13800138000
⑥13800138000
1.1.13800138000
No.1.13800138000
名单
1.13800138000
2.13900139000
1.13800138000 2.13900139000
电话：1.13800138000；2.13900139000
手机1.13800138000，2.13900139000
| 1.13800138000 |
- 1.13800138000
名单（1.13800138000）
1.+8613800138000
价1.138-0013-8000
1.010-82951330
2.01082951330
1.6222021001116245702
IMEI：1.356938035643809
身份证号：1.130503670401001
https://x.example/u?tel=%2B8613800138000
https://x.example/u?q=%E6%89%8B13800138000"""


def test_the_number_that_a_list_gives_a_value_hides_it_not(detector: PersonalData) -> None:
    for line in LISTED.splitlines():
        several = 2 if line.count(".13") > 1 else int(line != "名单")
        found = [value for _, value, score in scored(detector, line) if score >= 0.5]
        assert len(found) == several, line
    assert len([score for *_, score in scored(detector, LISTED) if score >= 0.5]) == 30


@pytest.mark.parametrize(
    "text",
    [
        "0.13800138000",
        "圆周率3.14159265358",
        "3.14159265358",
        "x=3.13800138000",
        "[1.13800138000,2.15]",
        '{"x": 1.13800138000}',
        "价格：3.13800138000",
        "版本1.13800138000",
        "1.356938035643809",
        "1.6222021001116245",
        "192.168.1.13800138000",
        "1.0.13800138000",
        "-1.13800138000",
        "约 1.13800138000 米",
    ],
)
def test_a_decimal_is_no_number_of_a_list(text: str, detector: PersonalData) -> None:
    assert [found for found in scored(detector, text) if found[2] >= 0.5] == []


def test_the_test_set_speaks_of_every_kind_and_is_the_same_each_time() -> None:
    assert {spec.kind for spec in SPECS} == set(kinds())
    assert cases(1) == cases(1)
    assert cases(1) != cases(1, seed=1)


def test_every_kind_has_shapes_labels_of_its_own_language_and_a_score() -> None:
    assert {shape.kind for shape in SHAPES} == set(kinds())
    for kind in kinds().values():
        assert 0 <= kind.alone <= 1
        assert kind.alone or kind.labels, kind.name
        assert kind.mask.en != kind.mask.zh
    longest = context.LEFT - context.WIDEST
    assert all(label == label.lower() and len(label) < longest for label in labels())
    assert {rule.removeprefix("pii.") for rule in RULES} == set(kinds())
    assert not any(OTHER in names and len(names) > 1 for names in labels().values())


def test_back_ends_agree_on_the_test_set(detector: PersonalData) -> None:
    texts = [case.text for case in random.Random(3).sample(cases(1), 90)]
    texts += ["ＱＱ：１２３４５６，ｐＡｓsword：abc12345", "QQ：\n12345678", "微信号：ａbc_123456"]
    column = TextColumn.of(texts)
    assert list(detector.inspect(column)) == list(PlainMatcher(detector.targets).find(column))


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("13800138000", 1.0),
        ("订单号13800138000", 0.2),
        ("订单号：2023，手机13800138000", 1.0),
        ("护照E12345678", 1.0),
        ("护照在此，号码如下。E12345678", 0.4),
        ("持护照入境，E12345678", 1.0),
        ("E12345678", 0.4),
        ("型号E12345678", 0.2),
        ("130503670401001", 0.2),
        ("身份证号130503670401001", 1.0),
        ("https://example.com/a", 0.2),
        ("400-820-8820", 0.2),
        ("39.90420,116.40740", 0.4),
        ("123-45-6789", 0.4),
        ("SSN: 123-45-6789", 1.0),
        ("My social security number is 123-45-6789", 1.0),
        ("social security number (2023, Texas) 123-45-6789", 0.4),
        ("permanent resident card is: USA110190010123", 1.0),
        ("medical record number are: 12345678", 1.0),
        ("生日：2月29日", 1.0),
        ("dob 13/02/1990", 1.0),
        ("dob 02/13/1990", 1.0),
        ("born on 3 May 1990", 1.0),
        ("生于1990年12月", 1.0),
    ],
)
def test_words_to_the_left_raise_and_lower(text: str, score: float, detector: PersonalData) -> None:
    assert [found[2] for found in scored(detector, text)] == [score]


@pytest.mark.parametrize(
    "text",
    [
        "微信（WeChat）是一款软件",
        "密码错误",
        "password is required",
        "the password field",
        "QQ群123456789",
        "学号",
        "生日快乐",
        "自2023年8月15日起施行",
        "git@github.com:org/repo.git",
        "logo@2x.png",
        "x[::2]",
        "std::vector",
        "12:30:45",
        "地铁1号线",
        "3D5AAEB6053F3E94C9B9A09F33669435",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
        "+1 000-000-0000",
        "api_key = os.environ",
        "http://user@example.com",
        "出生日期：1990-02-31",
        "生日：2月30日",
        "dob 32/13/1990",
        "born on Feb 29, 1990",
        "1990年13月1日出生",
        "生于3月99日",
        "号：1305-0319-6408-1990-38，",
        "DE27 1540 0083 0612 0371 6312 80",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str, detector: PersonalData) -> None:
    assert [found for found in scored(detector, text) if found[2] >= 0.5] == []


@pytest.mark.parametrize(
    "text",
    [
        "官网https://example.com，邮箱zhang@example.com",
        "网址：https://a.cn；邮箱：zhang@example.com",
        "见https://a.cn,zhang@example.com",
        "https://a.cn/?mail=zhang@example.com",
    ],
)
def test_a_web_address_before_an_e_mail_address_does_not_hide_it(
    text: str, detector: PersonalData
) -> None:
    found = [(kind, value) for kind, value, score in scored(detector, text) if score >= 0.5]
    assert found == [("email", "zhang@example.com")]


def test_published_vectors_of_check_digits_hold() -> None:
    assert checksums.keccak_256(b"").hex().startswith("c5d2460186f7233c927e7db2dcc703c0")
    assert checksums.eip55_valid("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359")  # EIP-55
    assert checksums.bech32_valid("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")  # BIP 173
    assert checksums.base58_valid("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")  # the first block
    assert checksums.iban_valid("GB82WEST12345698765432")  # ISO 13616
    assert checksums.vin_valid("1M8GDM9AXKP042788")  # 49 CFR 565
    assert checksums.hk_id_valid("A1234563")
    assert checksums.tw_id_valid("A123456789")
    assert checksums.tw_id_valid("W123456789")  # Kinmen: 32, out of the alphabet's order
    assert not checksums.tw_id_valid("Z123456789")
    assert checksums.iban_valid("HN88CABF00000000000250005469")


def test_a_mask_keeps_the_kind_and_the_number_of_a_value() -> None:
    masks = Masks("zh")
    mobile = RULES["pii.mobile"]
    assert masks.token(mobile, "13800138000") == "[手机号-1]"
    assert masks.token(mobile, "138 0013 8000") == "[手机号-1]"
    assert masks.token(mobile, "13900139000") == "[手机号-2]"


@pytest.mark.parametrize("name", ["personal-data.md", "personal-data.zh.md"])
def test_the_page_lists_every_kind_with_its_mask_and_score(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / name).read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    lang = "zh" if ".zh." in name else "en"
    told = {row[0].strip("|` "): (row[1], row[3]) for row in rows}
    alone = {k.name: f"{k.alone:g}" if k.alone else "–" for k in kinds().values()}
    masks = {k.name: k.mask.zh if lang == "zh" else k.mask.en for k in kinds().values()}
    assert told == {name: (masks[name], alone[name]) for name in kinds()}


@pytest.mark.parametrize(
    ("text", "kinds_found"),
    [
        ("620105195001010039", ["resident_id"]),  # a right Luhn digit, too
        ("511123195001010328", ["resident_id"]),  # a right check character of a credit code, too
        ("622588199001011007", ["bank_card 0.4"]),  # a day inside, the check character wrong
        ("911156199002280012", ["foreigner_permit"]),
        ("911156199002310015", []),  # no such day
        ("身份证号130503670401001", ["resident_id"]),
        ("身份证号160503670401001", []),  # no such province
        ("51110105MA01ABCD17", ["uscc"]),
        ("54110105MA01ABCD1X", []),  # nothing of that sort is registered there
        ("SSN: 123-01-6789", ["us_ssn"]),
        ("SSN: 123-00-6789", []),
        ("京A·AB123", ["plate"]),
        ("京A·AB1C2", []),  # three letters
        ("坐标：80.12345,120.12345", ["coordinates"]),
        ("坐标：100.12345,120.12345", []),  # no latitude
        ("fd02:0:0:0:0:0:0:1", ["ipv6"]),
        ("ff02:0:0:0:0:0:0:1", []),  # many machines
        ("aa:aa:aa:aa:aa:ab", ["mac"]),
        ("aa:aa:aa:aa:aa:aa", []),
        ("+683 888 4012", ["phone"]),
        ("+683 4002", []),  # too short to be told from a sum
        ("qq：123456", ["qq"]),
        ("xqq：123456", []),
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", ["crypto_address"]),
    ],
)
def test_a_value_is_judged_by_all_that_its_specification_says(
    text: str, kinds_found: list[str], detector: PersonalData
) -> None:
    found = [
        kind if score >= 0.5 else f"{kind} {score:g}" for kind, _, score in scored(detector, text)
    ]
    assert found == kinds_found
