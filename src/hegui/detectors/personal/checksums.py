"""Check digits of documents, accounts and wallets, beyond those in ``numbers``. Pure."""

import hashlib
from typing import Final

from hegui.detectors.numbers import PROVINCES, day_valid, resident_check_char, valid_date

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_STEPS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_VIN_VALUE: Final = dict(
    zip(
        "0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
        [*range(10), *range(1, 9), 1, 2, 3, 4, 5, 7, 9, *range(2, 10)],
        strict=True,
    )
)
_VIN_WEIGHT: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_TW_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # 10 to 35, in this order
_MASK64: Final = (1 << 64) - 1
# ISO 13616 registry (SWIFT): country and length of its IBAN.
_IBAN_LENGTHS: Final = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FO FI GL NL FK SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "HR LV LI CH",
        22: "BH BG CR GE DE IE ME RS GB VA",
        23: "GI IL IQ TL AE OM SO",
        24: "AD CZ MD PK RO SA SK ES SE TN VG DZ",
        25: "PT LY ST",
        26: "IS TR",
        27: "FR GR IT MR MC SM BI DJ",
        28: "AL AZ BY CY DO SV GT HN HU LB NI PL",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}


def foreigner_valid(number: str) -> bool:
    """Tell whether 18 characters are a number of the 2023 card of foreigners who stay for good.

    9, province, nationality (ISO 3166-1), day of birth, sequence, check (ISO 7064 MOD 11-2).
    """
    return (
        number[:17].isdecimal()
        and number[0] == "9"
        and number[1:3] in PROVINCES
        and number[6:8] in ("18", "19", "20")
        and day_valid(number[6:14])
        and number[17].upper() == resident_check_char(number[:17])
    )


def short_date_valid(yymmdd: str) -> bool:
    """Tell whether six digits are a day of the twentieth century, as in numbers of 15 digits."""
    return valid_date(1900 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))


def hk_id_valid(number: str) -> bool:
    """Tell whether the check digit of a Hong Kong identity card number is right: no brackets.

    One or two letters, six digits, check digit: weights 9 to 1, A is 10, a missing letter 36.
    """
    number = number.upper().rjust(9)
    values = [36 if char == " " else int(char, 36) for char in number[:8]]
    check = 10 if number[8] == "A" else int(number[8])
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return (total + check) % 11 == 0


def tw_id_valid(number: str) -> bool:
    """Tell whether the check digit of a Taiwan identity number is right: a letter, nine digits."""
    letter = _TW_LETTERS.index(number[0].upper()) + 10
    total = letter // 10 + letter % 10 * 9
    total += sum(int(d) * weight for d, weight in zip(number[1:9], range(8, 0, -1), strict=True))
    return (total + int(number[9])) % 10 == 0


def vin_valid(number: str) -> bool:
    """Tell whether the ninth of 17 characters checks the others (GB 16735; 49 CFR 565)."""
    number = number.upper()
    total = sum(_VIN_VALUE[c] * w for c, w in zip(number, _VIN_WEIGHT, strict=True))
    return number[8] == "0123456789X"[total % 11]


def iban_valid(number: str) -> bool:
    """Tell whether an account number has its country's length and leaves 1 (ISO 13616)."""
    if _IBAN_LENGTHS.get(number[:2]) != len(number):
        return False
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1


def base58_valid(address: str) -> bool:
    """Tell whether an address ends in the first four bytes of its double SHA-256 (base58check)."""
    value = 0
    for char in address:
        place = _BASE58.find(char)
        if place < 0:
            return False
        value = value * 58 + place
    zeros = len(address) - len(address.lstrip("1"))
    size = (value.bit_length() + 7) // 8
    raw = bytes(zeros) + value.to_bytes(size, "big")
    if len(raw) != 25:  # noqa: PLR2004 - version, 20 bytes, check
        return False
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def bech32_valid(address: str) -> bool:
    """Tell whether the last six characters check an address (BIP 173; BIP 350)."""
    address = address.lower()
    prefix, _, rest = address.rpartition("1")
    if any(char not in _BECH32 for char in rest):
        return False
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    total = 1
    for value in values + [_BECH32.index(char) for char in rest]:
        top = total >> 25
        total = (total & 0x1FFFFFF) << 5 ^ value
        for bit, step in enumerate(_BECH32_STEPS):
            total ^= step if top >> bit & 1 else 0
    return total in (1, 0x2BC830A3)


def eip55_valid(address: str) -> bool:
    """Tell whether the case of the letters of an Ethereum address checks it (EIP-55)."""
    digits = address[2:]
    fold = keccak_256(digits.lower().encode()).hex()
    return all(
        char.isdigit() or char.isupper() == (int(nibble, 16) >= 8)  # noqa: PLR2004 - the top bit
        for char, nibble in zip(digits, fold, strict=False)
    )


def keccak_256(data: bytes) -> bytes:
    """Return Keccak-256, as it was before FIPS 202 changed the padding, of a short text."""
    rate = 136
    padded = bytearray(data) + b"\x01" + bytes(rate - 1 - len(data) % rate)
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), rate):
        for lane in range(rate // 8):
            at = start + 8 * lane
            lanes[lane] ^= int.from_bytes(padded[at : at + 8], "little")
        _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _turned(value: int, by: int) -> int:
    by %= 64
    return (value << by | value >> (64 - by)) & _MASK64


def _permute(lanes: list[int]) -> None:
    """Run the 24 rounds of Keccak-f[1600] over 25 lanes (x + 5 y)."""
    register = 1
    for _ in range(24):
        columns = [
            lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
            for x in range(5)
        ]
        for place in range(25):
            x = place % 5
            lanes[place] ^= columns[x - 1] ^ _turned(columns[(x + 1) % 5], 1)
        x, y, current = 1, 0, lanes[1]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            place = x + 5 * y
            current, lanes[place] = lanes[place], _turned(current, (step + 1) * (step + 2) // 2)
        for row in range(0, 25, 5):
            held = lanes[row : row + 5]
            for x in range(5):
                lanes[row + x] = held[x] ^ (~held[(x + 1) % 5] & held[(x + 2) % 5])
        for power in range(7):
            if register & 1:
                lanes[0] ^= 1 << ((1 << power) - 1)
            register = register << 1 ^ (0x171 if register >> 7 else 0)
