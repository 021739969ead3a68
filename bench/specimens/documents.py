"""Valid document numbers, their check digits computed here and in no other file of the project."""

import random
from collections.abc import Callable

Make = Callable[[random.Random], str]
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
REGIONS = ("110105", "310104", "440305", "510107", "650102", "350203", "150102", "460105", "130503")
USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def digits(rng: random.Random, count: int) -> str:
    """Return random digits."""
    return "".join(rng.choice("0123456789") for _ in range(count))


def day(rng: random.Random, first: int = 1930, last: int = 2019) -> str:
    """Return a day as YYYYMMDD."""
    return f"{rng.randrange(first, last)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"


def mod_11_2(body: str) -> str:
    """Return the check character of ISO 7064 MOD 11-2, by Horner's rule."""
    rest = 0
    for digit in body:
        rest = (rest + int(digit)) * 2 % 11
    return "0123456789X"[(1 - rest) % 11]


def resident_id(rng: random.Random) -> str:
    """Make one: GB 11643-1999."""
    body = rng.choice(REGIONS) + day(rng) + digits(rng, 3)
    return body + mod_11_2(body)


def resident_id_old(rng: random.Random) -> str:
    """Make one: GB 11643-1989: 15 digits, without century and check digit."""
    return rng.choice(REGIONS) + day(rng, 1930, 1999)[2:] + digits(rng, 3)


def residence_permit(rng: random.Random) -> str:
    """Make one: 国办发〔2018〕81号: 810000 Hong Kong, 820000 Macao, 830000 Taiwan."""
    body = rng.choice(["810000", "820000", "830000"]) + day(rng) + digits(rng, 3)
    return body + mod_11_2(body)


def foreigner_permit(rng: random.Random) -> str:
    """Make one: NIA 2023: 9, province, nationality (ISO 3166-1), day, sequence, check."""
    head = "9" + rng.choice(["11", "31", "44", "33"]) + rng.choice(["840", "826", "124", "392"])
    body = head + day(rng) + digits(rng, 3)
    return body + mod_11_2(body)


def foreigner_permit_old(rng: random.Random) -> str:
    """Make one: The form before 2023: three letters, region of four digits, day, two digits."""
    region = rng.choice(["1100", "3100", "4403", "3301"])
    return rng.choice(["USA", "GBR", "CAN", "JPN"]) + region + day(rng)[2:] + digits(rng, 2)


def hk_id(rng: random.Random) -> str:
    """Make one: weights 9 to 2 over blank or letter, letter, six digits; 11 less the rest."""
    first = rng.choice([" ", *LETTERS[:3]])
    body = first + rng.choice("ABCDEGHKPRVYZ") + digits(rng, 6)
    total = 9 * (36 if first == " " else ord(first) - 55) + 8 * (ord(body[1]) - 55)
    total += sum(weight * int(char) for weight, char in zip(range(7, 1, -1), body[2:], strict=True))
    return f"{body.strip()}({'0123456789A'[-total % 11]})"


def macao_id(rng: random.Random) -> str:
    """Make one: 1, 5 or 7, six digits, one in brackets."""
    return f"{rng.choice('157')}{digits(rng, 6)}({digits(rng, 1)})"


def tw_id(rng: random.Random) -> str:
    """Make one: A letter (A is 10), sex, eight digits; weights 1 9 8 7 6 5 4 3 2 1 1."""
    order = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
    letter = rng.choice(order)
    code = order.index(letter) + 10
    body = rng.choice("1289") + digits(rng, 7)
    total = code // 10 + code % 10 * 9
    for weight, digit in zip((8, 7, 6, 5, 4, 3, 2, 1), body, strict=True):
        total += weight * int(digit)
    return letter + body + str(-total % 10)


def passport(rng: random.Random) -> str:
    """Make one: E or G and eight digits, E, a letter and seven; official ones."""
    forms = [
        rng.choice("EG") + digits(rng, 8),
        f"E{rng.choice(LETTERS)}{digits(rng, 7)}",
        rng.choice(["SE", "DE", "PE"]) + digits(rng, 7),
    ]
    return rng.choice(forms)


def hk_mo_permit(rng: random.Random) -> str:
    """Make one: H or M with eight or ten digits; C or W with eight, C with a letter and seven."""
    forms = [
        rng.choice("HM") + digits(rng, rng.choice([8, 10])),
        rng.choice("CW") + digits(rng, 8),
        f"C{rng.choice(LETTERS)}{digits(rng, 7)}",
    ]
    return rng.choice(forms)


def tw_permit(rng: random.Random) -> str:
    """Make one: Eight digits; T or L and eight digits for permits to Taiwan."""
    return rng.choice(["", "T", "L"]) + digits(rng, 8)


def medical_record(rng: random.Random) -> str:
    """Make one: A hospital's own number."""
    return rng.choice(["", "ZY", "M"]) + digits(rng, rng.choice([6, 7, 8, 10]))


def school_number(rng: random.Random) -> str:
    """Make one: A year and a number."""
    return f"{rng.randrange(2008, 2026)}{digits(rng, rng.choice([4, 6, 8]))}"


def driver_licence(rng: random.Random) -> str:
    """Make one: The file number: region of four digits, eight digits."""
    return rng.choice(["4403", "1100", "3301"]) + digits(rng, 8)


def social_security(rng: random.Random) -> str:
    """Make one: A letter and eight digits, or nine or ten digits."""
    return rng.choice([rng.choice(LETTERS) + digits(rng, 8), digits(rng, 9), digits(rng, 10)])


def birth_date(rng: random.Random) -> str:
    """Make one: A day as people write it."""
    year, month, on = rng.randrange(1930, 2020), rng.randrange(1, 13), rng.randrange(1, 29)
    forms = [
        f"{year}年{month}月{on}日",
        f"{year}-{month:02}-{on:02}",
        f"{year}/{month}/{on}",
        f"{year}.{month:02}.{on:02}",
        f"{year}{month:02}{on:02}",
    ]
    return rng.choice(forms)


def uscc(rng: random.Random) -> str:
    """Make one: GB 32100-2015: weights are the powers of three modulo 31."""
    middle = "".join(rng.choice(USCC) for _ in range(9))
    body = rng.choice(["91", "92", "12", "52"]) + rng.choice(REGIONS) + middle
    total = sum(USCC.index(char) * 3**place for place, char in enumerate(body))
    return body + USCC[(31 - total % 31) % 31]


def us_ssn(rng: random.Random) -> str:
    """Make one: Area, group and serial that may be issued."""
    area = rng.choice([rng.randrange(1, 666), rng.randrange(667, 900)])
    return f"{area:03}-{rng.randrange(1, 100):02}-{rng.randrange(1, 10000):04}"
