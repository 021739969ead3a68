"""Masks number values, not spellings: one value one number, two values never the same one."""

import random

import pytest
from bench.specimens.testset import SPECS

from hegui.detectors.personal import RULES
from hegui.screen.masks import Masks
from hegui.screen.sameness import normal_form

ONE_VALUE = {
    "mobile": (
        "13800138000",
        "+86 13800138000",
        "+8613800138000",
        "0086-138-0013-8000",
        "86 138 0013 8000",
        "138 0013 8000",
        "138.0013.8000",
        "１３８００１３８０００",
        "＋８６ １３８－００１３－８０００",
    ),
    "landline": (
        "010-82951330",
        "(010) 8295 1330",
        "（０１０）８２９５１３３０",
        "+86 10 8295-1330",
        "0086-010-82951330",
        "86-10-82951330",
        "01082951330",
    ),
    "phone": ("+852 2838 8769", "+852-2838-8769", "+85228388769"),
    "resident_id": (
        "11010519491231002x",
        "110105 19491231 002X",
        "１１０１０５１９４９１２３１００２Ｘ",
    ),
    "bank_card": ("6222 0210 0111 6245 702", "6222021001116245702"),
    "hk_id": ("A123456(3)", "A1234563", "a123456（3）"),
    "plate": ("京A12345", "京A·12345", "京a 12345"),
    "email": ("zhang.san@example.com", "Zhang.San@Example.com", "zhang.san%40example.com"),
    "ipv6": ("2001:db8::1", "2001:0DB8:0:0:0:0:0:1"),
    "mac": ("00:1a:2b:3c:4d:5e", "00-1A-2B-3C-4D-5E"),
    "birth_date": ("1990年3月7日", "1990-03-07", "19900307", "1990年3月7日出生"),
    "coordinates": ("31.2304,121.4737", "31.2304， 121.4737", '31.2304,"lng":121.4737'),
}
SEVERAL_VALUES = {
    "mobile": ("13800138000", "13800138001", "+86 13900138000"),
    "landline": (
        "0755-8295133-01",
        "0755-82951330-1",
        "0755-82951330",
        "075-58295133",
        "010-82951330",
        "0755-8295133",
    ),
    "ipv4": ("1.11.1.1", "11.1.1.1", "1.1.11.1"),
    "ipv6": ("2001:db8::1", "2001:db8::10", "2001:db80::1"),
    "email": ("a.b@example.com", "ab@example.com", "a_b@example.com", "ab@example.co.m"),
    "password": ("abc!1234", "abc1234", "Abc1234", "abc-1234"),
    "cloud_key": ("sk-a1b2c3d4" * 4, "sk-A1b2c3d4" * 4),
    "medical_record": ("1234-5", "12345", "123-45"),
    "birth_date": ("1990-1-11", "1990-11-1", "19901011"),
    "coordinates": ("31.2304,121.4737", "-31.2304,121.4737", "31.2304,81.4737", "81.4737,31.2304"),
    "wechat": ("a_bcdef", "abcdef"),
}


@pytest.mark.parametrize("kind", ONE_VALUE)
def test_one_value_has_one_number_however_it_is_spelt(kind: str) -> None:
    masks = Masks("en")
    assert len({masks.token(RULES[f"pii.{kind}"], value) for value in ONE_VALUE[kind]}) == 1


@pytest.mark.parametrize("kind", SEVERAL_VALUES)
def test_two_values_never_share_a_number(kind: str) -> None:
    masks = Masks("en")
    values = SEVERAL_VALUES[kind]
    assert len({masks.token(RULES[f"pii.{kind}"], value) for value in values}) == len(values)


def test_no_two_specimens_of_a_kind_share_a_number() -> None:
    rng = random.Random(5)
    for spec in SPECS:
        values = {spec.make(rng) for _ in range(30)}
        assert len({normal_form(spec.kind, value) for value in values}) == len(values), spec.kind


def test_a_kind_without_a_form_is_compared_as_it_is_written() -> None:
    assert normal_form("person_name", "Ada Lovelace") == normal_form("person_name", "ADA　LOVELACE")
    assert normal_form("staff_no", "1-23") != normal_form("staff_no", "12-3")
    assert normal_form("staff_no", "***") != normal_form("staff_no", "---")
