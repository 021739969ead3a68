"""Valid numbers of accounts, devices and vehicles, ways to reach a person, and credentials."""

import base64
import hashlib
import json
import random

from bench.specimens.documents import LETTERS, digits

ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
HEX = "0123456789abcdef"
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
HOSTS = ("example.com", "mail.example.com.cn", "qq.example", "a-b.example.org")


def some(rng: random.Random, chars: str, count: int) -> str:
    """Return ``count`` random characters."""
    return "".join(rng.choice(chars) for _ in range(count))


def luhn(body: str) -> str:
    """Return the digit that makes the sum a multiple of ten (ISO/IEC 7812-1)."""
    doubled = {"0": 0, "1": 2, "2": 4, "3": 6, "4": 8, "5": 1, "6": 3, "7": 5, "8": 7, "9": 9}
    total = sum(doubled[d] if n % 2 == 0 else int(d) for n, d in enumerate(reversed(body)))
    return str(-total % 10)


def bank_card(rng: random.Random) -> str:
    """Make one: Issuer prefix, account, Luhn digit."""
    heads = [("622202", 19), ("622848", 19), ("625", 16), ("621", 17), ("4", 16), ("53", 16)]
    head, size = rng.choice([*heads, ("37", 15), ("9558", 19), ("6225", 18)])
    body = head + digits(rng, size - 1 - len(head))
    return body + luhn(body)


def bank_account(rng: random.Random) -> str:
    """Make one: A company's account: no check digit."""
    return rng.choice("13478") + digits(rng, rng.choice([9, 11, 13]))


def iban(rng: random.Random) -> str:
    """Make one: ISO 13616: 98 less the rest modulo 97."""
    country, size, letters = rng.choice(
        [("DE", 18, 0), ("FR", 23, 0), ("GB", 18, 4), ("NL", 14, 4)]
    )
    account = some(rng, LETTERS, letters) + digits(rng, size - letters)
    moved = "".join(str(int(char, 36)) for char in account + country + "00")
    rest = 0
    for digit in moved:
        rest = (rest * 10 + int(digit)) % 97
    return f"{country}{98 - rest:02}{account}"


def crypto_address(rng: random.Random) -> str:
    """Make one: Base58check of a hash of 20 bytes."""
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    raw = bytes([rng.choice([0, 5])]) + rng.randbytes(20)
    raw += hashlib.sha256(hashlib.sha256(raw).digest()).digest()[:4]
    value, out = int.from_bytes(raw, "big"), ""
    while value:
        value, rest = divmod(value, 58)
        out = alphabet[rest] + out
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + out


def mobile(rng: random.Random) -> str:
    """Make one: 13 to 19, eleven digits."""
    return f"1{rng.randrange(3, 10)}{digits(rng, 9)}"


def landline(rng: random.Random) -> str:
    """Make one: Area code and subscriber."""
    area = rng.choice(["010", "021", "028", "0755", "0571", "0311"])
    size = 7 if area in ("010", "021", "028") else rng.choice([6, 7])
    return f"{area}-{rng.randrange(2, 9)}{digits(rng, size)}"


def phone(rng: random.Random) -> str:
    """Make one: E.164 in countries whose plans are simple."""
    exchange = rng.choice("23456789") + rng.choice("02345") + digits(rng, 1)
    forms = [
        f"+1 {rng.choice(['212', '415', '650'])}-{exchange}-{digits(rng, 4)}",
        f"+44 20 7{digits(rng, 3)} {digits(rng, 4)}",
        f"+852 2{rng.choice('358')}{digits(rng, 2)} {digits(rng, 4)}",
        f"+49 30 {rng.randrange(2, 9)}{digits(rng, 6)}",
    ]
    return rng.choice(forms)


def email(rng: random.Random) -> str:
    """Make one: A dot-atom and a host."""
    name = rng.choice(["zhang.san", "li_4", "wang+x", "Dev-Ops99", "u" + digits(rng, 6)])
    return f"{name}@{rng.choice(HOSTS)}"


def wechat(rng: random.Random) -> str:
    """Make one: A letter, then letters, digits, _ and -; 6 to 20."""
    return (
        rng.choice("abkwxz") + some(rng, HEX, rng.randrange(4, 9)) + rng.choice(["_1", "-9", "88"])
    )


def qq(rng: random.Random) -> str:
    """Make one: Five to eleven digits."""
    return rng.choice("123456789") + digits(rng, rng.randrange(4, 10))


def alipay(rng: random.Random) -> str:
    """Make one: A user number: 2088 and twelve digits."""
    return "2088" + digits(rng, 12)


def postcode(rng: random.Random) -> str:
    """Make one: Six digits."""
    return rng.choice("1234567") + digits(rng, 5)


def address(rng: random.Random) -> str:
    """Make one: Province, city, district, road, number, and what is inside."""
    place = rng.choice(
        ["浙江省杭州市西湖区", "广东省深圳市南山区", "北京市朝阳区", "上海市浦东新区"]
    )
    road = rng.choice(["文三路", "建国路", "学院南路", "幸福大街", "和平里东街", "玉兰巷"])
    inside = rng.choice(
        ["", f"{rng.randrange(1, 30)}栋{rng.randrange(100, 3000)}室", "2号楼3单元501室"]
    )
    return f"{place}{road}{rng.randrange(1, 999)}号{inside}"


def plate(rng: random.Random) -> str:
    """Make one: GA 36: province, letter, five characters with at most two letters."""
    serial = list(digits(rng, 5))
    for place in rng.sample(range(5), rng.randrange(3)):
        serial[place] = rng.choice(LETTERS)
    return rng.choice(PROVINCES) + rng.choice(LETTERS) + rng.choice(["", "·"]) + "".join(serial)


def plate_nev(rng: random.Random) -> str:
    """Make one: GA 36: small cars D or F first, large ones last."""
    small = rng.choice("DF") + rng.choice("0123456789" + LETTERS) + digits(rng, 4)
    return rng.choice(PROVINCES) + rng.choice(LETTERS) + rng.choice([small, digits(rng, 5) + "D"])


def vin(rng: random.Random) -> str:
    """Make one: ISO 3779 with the check digit of GB 16735, made in China."""
    value = {
        c: int(v) for c, v in zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True)
    }
    allowed = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
    body = ["L", *some(rng, allowed[:23], 2), *some(rng, allowed, 5), "0"]
    body += [*some(rng, allowed, 2), *some(rng, allowed, 2), *digits(rng, 4)]
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(
        (int(c) if c.isdigit() else value[c]) * w for c, w in zip(body, weights, strict=True)
    )
    body[8] = "0123456789X"[total % 11]
    return "".join(body)


def imei(rng: random.Random) -> str:
    """Make one: 3GPP TS 23.003: type code of eight digits, serial of six, Luhn digit."""
    body = rng.choice(["86", "35"]) + digits(rng, 12)
    return body + luhn(body)


def mac(rng: random.Random) -> str:
    """Make one: Six pairs."""
    mark = rng.choice(":-")
    return mark.join(some(rng, HEX, 2) for _ in range(6)).upper()


def ipv4(rng: random.Random) -> str:
    """Make one: A machine's address."""
    limits = ((11, 127), (10, 256), (0, 256), (1, 255))
    return ".".join(str(rng.randrange(*each)) for each in limits)


def ipv6(rng: random.Random) -> str:
    """Make one: Whole, or shortened once."""
    groups = [f"{rng.randrange(1, 65536):x}" for _ in range(7)]
    return rng.choice([":".join(["2001", *groups]), "fe80::" + ":".join(groups[:4]), "2001:db8::1"])


def coordinates(rng: random.Random) -> str:
    """Make one: Latitude and longitude in decimal degrees."""
    return f"{rng.uniform(18, 53):.5f},{rng.uniform(73, 135):.5f}"


def url(rng: random.Random) -> str:
    """Make one: RFC 3986."""
    return f"https://{rng.choice(HOSTS)}/p/{digits(rng, 5)}?q={some(rng, HEX, 4)}"


def service_number(rng: random.Random) -> str:
    """Make one: 400 and seven digits."""
    return f"400-{digits(rng, 3)}-{digits(rng, 4)}"


def cloud_key(rng: random.Random) -> str:
    """Make one: Prefixes as their makers publish them."""
    upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    forms = [
        "AKIA" + some(rng, upper, 16),
        "LTAI5t" + some(rng, ALNUM, 18),
        "AKID" + some(rng, ALNUM, 32),
        "AIza" + some(rng, ALNUM, 35),
        "sk-" + some(rng, ALNUM, 46) + "7a",
        "hf_" + some(rng, ALNUM, 34),
    ]
    return rng.choice(forms)


def token(rng: random.Random) -> str:
    """Make one: JWT (RFC 7519), GitHub, GitLab, Slack."""
    part = (
        base64.urlsafe_b64encode(json.dumps({"sub": digits(rng, 10)}).encode()).decode().rstrip("=")
    )
    forms = [
        f"eyJhbGciOiJIUzI1NiJ9.{part}.{some(rng, ALNUM, 43)}",
        rng.choice(["ghp_", "gho_"]) + some(rng, ALNUM, 36),
        "glpat-" + some(rng, ALNUM, 20),
        f"xoxb-{digits(rng, 12)}-{some(rng, ALNUM, 24)}",
    ]
    return rng.choice(forms)


def private_key(rng: random.Random) -> str:
    """Make one: a PKCS 8 or SEC 1 key of 32 bytes in the text of RFC 7468."""
    name = rng.choice(["", "EC "]) + "PRIVATE KEY"
    body = base64.b64encode(bytes.fromhex("302e020100300506032b657004220420") + rng.randbytes(32))
    return f"-----BEGIN {name}-----\n{body.decode()}\n-----END {name}-----"


def connection_string(rng: random.Random) -> str:
    """Make one: Userinfo with a password (RFC 3986)."""
    scheme = rng.choice(["mysql", "postgresql", "mongodb+srv", "redis", "amqp"])
    return f"{scheme}://app:{some(rng, ALNUM, 12)}@db{digits(rng, 2)}.example.com:5432/main"


def password(rng: random.Random) -> str:
    """Make one: Letters, digits and a mark."""
    return some(rng, ALNUM, 7) + rng.choice("!@#") + digits(rng, 2)
