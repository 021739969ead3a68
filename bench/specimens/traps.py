"""What looks like personal data and is none: wrong check digits, orders, dates, hashes, prices."""

import random
import uuid
from collections.abc import Callable

from bench.specimens import accounts, documents
from bench.specimens.documents import day, digits

Make = Callable[[random.Random], str]


def _spoilt(make: Make, place: int) -> Make:
    """Change one digit, which the check digit must notice."""

    def wrong(rng: random.Random) -> str:
        value = make(rng)
        at = place % len(value)
        other = (int(value[at]) + rng.randrange(1, 10)) % 10
        return f"{value[:at]}{other}{value[at + 1 :]}"

    return wrong


def _no_such_day(rng: random.Random) -> str:
    body = rng.choice(documents.REGIONS) + str(rng.randrange(1930, 2019)) + "0231" + digits(rng, 3)
    return body + documents.mod_11_2(body)


def _no_such_region(rng: random.Random) -> str:
    body = rng.choice(["190105", "570102", "990101"]) + day(rng) + digits(rng, 3)
    return body + documents.mod_11_2(body)


def _isbn(rng: random.Random) -> str:
    body = rng.choice(["9787", "9780"]) + digits(rng, 8)
    total = sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(body))
    value = body + str(-total % 10)
    return "ISBN " + rng.choice(
        [value, f"{value[:3]}-{value[3]}-{value[4:7]}-{value[7:12]}-{value[12]}"]
    )


def _hex(size: int) -> Make:
    return lambda rng: accounts.some(rng, accounts.HEX, size)


def _wrong_uscc(rng: random.Random) -> str:
    code, chars = documents.uscc(rng), documents.USCC
    return code[:17] + chars[(chars.index(code[17]) + rng.randrange(1, 31)) % 31]


def _wrong_vin(rng: random.Random) -> str:
    value = accounts.vin(rng)
    return value[:8] + ("1" if value[8] != "1" else "2") + value[9:]


TRAPS: dict[str, Make] = {
    "resident ID, wrong check": _spoilt(documents.resident_id, 15),
    "resident ID, no such day": _no_such_day,
    "resident ID, no such region": _no_such_region,
    "bank card, wrong check": _spoilt(accounts.bank_card, 8),
    "credit code, wrong check": _wrong_uscc,
    "Taiwan ID, wrong check": _spoilt(documents.tw_id, 9),
    "IBAN, wrong check": _spoilt(accounts.iban, 3),
    "IMEI, wrong check": _spoilt(accounts.imei, 14),
    "VIN, wrong check": _wrong_vin,
    "order number": lambda rng: (
        f"订单号{day(rng, 2020, 2026)}{digits(rng, rng.choice([6, 10, 12]))}"
    ),
    "order number of eleven": lambda rng: f"订单编号：{accounts.mobile(rng)}",
    "serial number": lambda rng: f"流水号 {rng.choice('123456789')}{digits(rng, 11)}",
    "order in English": lambda rng: f"order no: {rng.choice('123456789')}{digits(rng, 10)}",
    "model": lambda rng: f"型号{rng.choice('EGHMC')}{digits(rng, 8)}",
    "tracking number": lambda rng: f"快递单号：{rng.choice(['SF', 'YT', 'JD'])}{digits(rng, 13)}",
    "ISBN": _isbn,
    "ISSN": lambda rng: f"ISSN {digits(rng, 4)}-{digits(rng, 4)}",
    "day": lambda rng: (
        f"{rng.randrange(1990, 2027)}年{rng.randrange(1, 13)}月{rng.randrange(1, 29)}日生效"
    ),
    "day and time": lambda rng: (
        f"2026-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02} 13:0{rng.randrange(10)}:00"
    ),
    "timestamp": lambda rng: f"时间戳17{digits(rng, 11)}",
    "article of a statute": lambda rng: (
        f"《民法典》第{rng.randrange(1, 1260)}条第{rng.randrange(1, 9)}款"
    ),
    "number of a document": lambda rng: (
        f"国发〔20{rng.randrange(10, 26)}〕{rng.randrange(1, 99)}号"
    ),
    "standard": lambda rng: f"GB/T {digits(rng, 5)}-20{rng.randrange(10, 26)}",
    "price": lambda rng: (
        f"金额{rng.randrange(1, 999)},{digits(rng, 3)},{digits(rng, 3)}.{digits(rng, 2)}元"
    ),
    "decimal": lambda rng: f"0.{digits(rng, 16)}",
    "UUID": lambda rng: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
    "MD5": _hex(32),
    "SHA-1": _hex(40),
    "SHA-256": _hex(64),
    "version": lambda rng: (
        f"v{rng.randrange(1, 20)}.{rng.randrange(20)}.{rng.randrange(20)}.{rng.randrange(20)}"
    ),
    "version in Chinese": lambda rng: (
        f"版本{rng.randrange(1, 20)}.{rng.randrange(20)}.{rng.randrange(9)}.{rng.randrange(9)}"
    ),
    "object identifier": lambda rng: f"1.3.6.1.4.1.{rng.randrange(1, 50000)}",
    "longer run of digits": lambda rng: (
        "3" + digits(rng, 3) + accounts.mobile(rng) + digits(rng, 9)
    ),
    "underground line": lambda rng: f"地铁{rng.randrange(1, 20)}号线",
    "QQ group": lambda rng: f"QQ群{rng.randrange(10**8, 10**9)}",
    "picture": lambda rng: f"logo@{rng.randrange(2, 4)}x.png",
    "handle": lambda rng: f"@user{digits(rng, 4)}",
    "password in prose": lambda _: "password is required and 密码错误",
    "scale": lambda rng: (
        f"{rng.randrange(1, 99)}:{rng.randrange(1, 60):02}:{rng.randrange(1, 60):02}"
    ),
}
