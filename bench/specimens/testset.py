"""Values in every setting in which people write them, and what only looks like them. Seeded."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bench.specimens import accounts, documents, traps

Make = Callable[[random.Random], str]
WIDE = {char: chr(ord(char) + 0xFEE0) for char in "0123456789"}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Spec:
    """How to make a value, and how it may be written.

    ``label``: words that introduce it, in Chinese and English, where it cannot be told without.
    ``groups``: sizes of the groups in which it is written. ``number``: digits may be full width,
    and Latin letters may touch it.
    """

    kind: str
    make: Make
    label: tuple[str, str] = ("", "")
    groups: tuple[tuple[int, ...], ...] = ()
    number: bool = False
    wide: bool = True


class Case(NamedTuple):
    """A text, and where in it a value of ``kind`` stands; a trap has no kind."""

    text: str
    kind: str
    start: int
    end: int
    setting: str


D, A = documents, accounts
SPECS = (
    Spec(
        "resident_id",
        D.resident_id,
        groups=((6, 8), (6, 4, 4), (3, 3, 4, 4), (4, 4, 4, 4)),
        number=True,
    ),
    Spec("resident_id", D.resident_id_old, ("身份证号", "ID number"), number=True),
    Spec("residence_permit", D.residence_permit, groups=((6, 8),), number=True),
    Spec("foreigner_permit", D.foreigner_permit, groups=((6, 8),), number=True),
    Spec("foreigner_permit", D.foreigner_permit_old, ("永居证号", "permanent residence")),
    Spec("hk_id", D.hk_id),
    Spec("macao_id", D.macao_id, ("澳门身份证", "Macao ID")),
    Spec("tw_id", D.tw_id),
    Spec("passport", D.passport, ("护照号", "passport no")),
    Spec("hk_mo_permit", D.hk_mo_permit, ("通行证号", "permit no")),
    Spec("tw_permit", D.tw_permit, ("台胞证号", "Taiwan permit")),
    Spec("driver_licence", D.driver_licence, ("驾驶证档案编号", "driver license")),
    Spec("social_security", D.social_security, ("社保卡号", "social security no")),
    Spec("medical_record", D.medical_record, ("住院号", "patient id")),
    Spec("school_number", D.school_number, ("学号", "student id")),
    Spec("birth_date", D.birth_date, ("出生日期", "date of birth")),
    Spec("mobile", A.mobile, groups=((3, 4), (4, 3), (3, 3), (5, 3)), number=True),
    Spec("landline", A.landline, number=True),
    Spec("phone", A.phone),
    Spec("service_number", A.service_number),
    Spec("email", A.email, wide=False),
    Spec("wechat", A.wechat, ("微信号", "WeChat"), wide=False),
    Spec("qq", A.qq, ("QQ", "QQ"), number=False),
    Spec("alipay", A.alipay, ("支付宝账号", "Alipay account")),
    Spec("address", A.address),
    Spec("postcode", A.postcode, ("邮编", "postcode")),
    Spec("bank_card", A.bank_card, groups=((4, 4, 4, 4),), number=True),
    Spec("bank_account", A.bank_account, ("对公账号", "bank account")),
    Spec("uscc", D.uscc),
    Spec("iban", A.iban, groups=((4, 4, 4, 4, 4, 4),), wide=False),
    Spec("crypto_address", A.crypto_address, wide=False),
    Spec("us_ssn", D.us_ssn, ("社会安全号", "SSN")),
    Spec("plate", A.plate),
    Spec("plate_nev", A.plate_nev),
    Spec("vin", A.vin, wide=False),
    Spec("imei", A.imei, ("IMEI", "IMEI"), number=True),
    Spec("mac", A.mac, wide=False),
    Spec("ipv4", A.ipv4),
    Spec("ipv6", A.ipv6, wide=False),
    Spec("coordinates", A.coordinates, ("坐标", "location")),
    Spec("url", A.url, wide=False),
    Spec("cloud_key", A.cloud_key, wide=False),
    Spec("token", A.token, wide=False),
    Spec("private_key", A.private_key, wide=False),
    Spec("connection_string", A.connection_string, wide=False),
    Spec("password", A.password, ("密码", "password"), wide=False),
)
LISTED = frozenset({"url", "service_number"})
"""Kinds that are not personal data by themselves: found, with a score on which nothing acts."""


def _grouped(value: str, sizes: tuple[int, ...], mark: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(value[at : at + size])
        at += size
    return mark.join(part for part in [*parts, value[at:]] if part)


def _split(spec: Spec, value: str, mark: str, rng: random.Random) -> str:
    if spec.kind == "bank_card" and len(value) == 15:  # noqa: PLR2004 - as on the card
        return _grouped(value, (4, 6), mark)
    return _grouped(value, rng.choice(spec.groups), mark)


def _settings(spec: Spec, value: str, rng: random.Random) -> Iterator[tuple[str, str, str, str]]:
    """Give (setting, text before, value as written, text after)."""
    zh, en = spec.label
    yield "Han on both sides", f"我填的{zh}{'是' if zh else ''}", value, "请尽快核对"
    latin = ("tel", "ok") if spec.number and not en else (f"the {en} ", " thanks")
    yield "Latin", latin[0], value, latin[1]
    yield "punctuation", f"（{zh}：" if zh else "（", value, "），"
    yield "line", f"表格\n{zh}：" if zh else "表格\n", value, "\n完"
    yield "start and end of the text", f"{zh}:" if zh else "", value, ""
    field, written = en.lower() or "field", json.dumps(value, ensure_ascii=False)[1:-1]
    yield "JSON", f'{{"name": "x", "{field}": "', written, '"}'
    if spec.wide:
        wide = "".join(WIDE.get(char, char) for char in value)
        yield "full-width digits", f"号{zh}：", wide, "，"
    if spec.groups:
        yield "spaces", f"号{zh}：", _split(spec, value, " ", rng), "，"
        yield "hyphens", f"号{zh}：", _split(spec, value, "-", rng), "，"


def cases(values: int, seed: int = 20261125) -> list[Case]:
    """Return the test set: ``values`` of each kind in every setting, and as many of each trap."""
    found = []
    for number, spec in enumerate(SPECS):
        rng = random.Random(f"{seed} {number} {spec.kind}")
        for _ in range(values):
            value = spec.make(rng)
            for setting, before, written, after in _settings(spec, value, rng):
                start = len(before)
                text = before + written + after
                found.append(Case(text, spec.kind, start, start + len(written), setting))
    rng = random.Random(f"{seed} traps")
    for name, make in traps.TRAPS.items():
        for _ in range(values):
            value = make(rng)
            texts = (f"今天{value}，见附件", f"see {value} below", value)
            found += [Case(text, "", 0, 0, name) for text in texts]
    return found
