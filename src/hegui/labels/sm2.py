"""SM2 signatures with SM3 (GB/T 32918.2): keys as files hold them, signatures as labels hold them.

The arithmetic is the package gmalg's, in Python's integers: its time depends on the key. Who signs
where others can measure time to the microsecond needs a signing device instead. Behind the extra
``hegui[sm2]``: without it nothing is signed or verified, and the message says what to install.
"""

import re
from base64 import b64decode
from importlib import import_module
from typing import Any, Final, NamedTuple

from hegui.terms import BadRequest, Misconfigured, Words

USER: Final = b"1234567812345678"
"""The user id that TC260-PG-202511A takes, which is GM/T 0009's."""
_P: Final = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFF
_B: Final = 0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93
_N: Final = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123
_CURVE: Final = bytes.fromhex("06082a811ccf5501822d")  # 1.2.156.10197.1.301
_SPKI: Final = bytes.fromhex("3059301306072a8648ce3d0201") + _CURVE + bytes.fromhex("034200")
_PEM: Final = re.compile(
    r"-----BEGIN (EC )?PRIVATE KEY-----([A-Za-z0-9+/=\s]{1,4096})-----END (?:EC )?PRIVATE KEY-----"
)
_SECRET: Final = b"\x02\x01\x01\x04\x20"  # version 1, and 32 bytes follow (RFC 5915)
_WIDTH: Final = 32
_SEQUENCE, _INTEGER, _UNCOMPRESSED = 0x30, 0x02, 0x04
_MOST: Final = 512  # bytes of a key or a signature


class PrivateKey(NamedTuple):
    """A private key. It is never shown: only ``public`` is."""

    secret: bytes
    public: bytes

    def __repr__(self) -> str:
        """Show the public key."""
        return f"PrivateKey(public={self.public.hex()})"

    @property
    def spki(self) -> bytes:
        """The public key as SubjectPublicKeyInfo (RFC 5480), in DER."""
        return _SPKI + self.public


def private_key(text: str) -> PrivateKey:
    """Read a private key: 64 hexadecimal digits, or PEM (PKCS#8 or RFC 5915), not encrypted."""
    text = text.strip()
    plain = re.fullmatch(r"[0-9A-Fa-f]{64}", text)
    secret = bytes.fromhex(text) if plain else _from_pem(text)
    if not 1 <= int.from_bytes(secret) <= _N - 2:
        raise BadRequest(_NO_KEY, param="key")
    public: bytes = _gmalg().SM2().generate_pk(secret)
    return PrivateKey(secret, public)


def public_keys(value: str) -> list[bytes]:
    """Return the points that a public key in hexadecimal can stand for; none if it is none.

    Written as SubjectPublicKeyInfo, as 04‖x‖y, as x‖y, or as 00‖x, of which both points are given.
    """
    if len(value) > 2 * _MOST or not re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", value):
        return []
    data = bytes.fromhex(value)
    if len(data) > 65 and _CURVE in data:  # noqa: PLR2004 - a point is shorter
        data = data[-65:]
    if len(data) == 2 * _WIDTH:
        data = bytes([_UNCOMPRESSED]) + data
    if len(data) == 1 + _WIDTH and data[0] in (0, 2, 3):
        both = _points(int.from_bytes(data[1:]))
        return both if not data[0] else [one for one in both if one[-1] & 1 == data[0] & 1]
    if len(data) != 1 + 2 * _WIDTH or data[0] != _UNCOMPRESSED:
        return []
    x, y = int.from_bytes(data[1 : 1 + _WIDTH]), int.from_bytes(data[1 + _WIDTH :])
    right = x < _P and y < _P and (y * y - _right_side(x)) % _P == 0
    return [data] if right else []


def sm3(data: bytes) -> bytes:
    """Return the SM3 digest (GB/T 32905) of a short message."""
    hasher = _gmalg().SM3()
    hasher.update(data)
    digest: bytes = hasher.value()
    return digest


def signed(key: PrivateKey, message: bytes) -> bytes:
    """Return the signature over ``message`` in DER (GM/T 0009, 7.3)."""
    r, s = _gmalg().SM2(key.secret, USER, key.public).sign(message)
    body = _integer(r) + _integer(s)
    return bytes([_SEQUENCE, len(body)]) + body


def verified(point: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (DER) is the key's over ``message``; what is none is False."""
    pair = _pair(signature)
    if pair is None or point not in public_keys(point.hex()):
        return False
    r, s = pair
    if not (0 < r < _N and 0 < s < _N) or (r + s) % _N == 0:
        return False
    wide = [one.to_bytes(_WIDTH) for one in pair]
    return bool(_gmalg().SM2(uid=USER, pk=point).verify(message, *wide))


def available() -> bool:
    """Whether the extra is installed."""
    try:
        _gmalg()
    except Misconfigured:
        return False
    return True


def _gmalg() -> Any:
    try:
        return import_module("gmalg")
    except ImportError:
        raise Misconfigured(_NOT_INSTALLED) from None


def _from_pem(text: str) -> bytes:
    found = _PEM.search(text)
    try:
        data = b64decode("".join(found.group(2).split()), validate=True) if found else b""
    except ValueError:
        data = b""
    at = data.find(_SECRET)
    named = found is not None and (found.group(1) is not None or _CURVE in data[:at])
    if at < 0 or not named or len(data) < at + len(_SECRET) + _WIDTH:
        raise BadRequest(_NO_KEY, param="key")
    if found is not None and found.group(1) and _CURVE not in data:
        raise BadRequest(_NO_KEY, param="key")
    return data[at + len(_SECRET) : at + len(_SECRET) + _WIDTH]


def _right_side(x: int) -> int:
    return (x * x * x - 3 * x + _B) % _P


def _points(x: int) -> list[bytes]:
    if x >= _P:
        return []
    square = _right_side(x)
    y = pow(square, (_P + 1) // 4, _P)
    if y * y % _P != square:
        return []
    head = bytes([_UNCOMPRESSED]) + x.to_bytes(_WIDTH)
    return [head + one.to_bytes(_WIDTH) for one in sorted({y, _P - y})]


def _integer(number: bytes) -> bytes:
    body = number.lstrip(b"\0") or b"\0"
    body = b"\0" + body if body[0] & 0x80 else body
    return bytes([_INTEGER, len(body)]) + body


def _pair(data: bytes) -> tuple[int, int] | None:
    """Return the two numbers of a signature in DER."""
    if not 8 <= len(data) <= _MOST or data[0] != _SEQUENCE or data[1] != len(data) - 2:  # noqa: PLR2004 - the shortest
        return None
    numbers, at = [], 2
    for _ in range(2):
        if at + 2 > len(data) or data[at] != _INTEGER:
            return None
        start, at = at + 2, at + 2 + data[at + 1]
        body = data[start:at]
        if not 0 < len(body) <= _WIDTH + 1:
            return None
        numbers.append(int.from_bytes(body, signed=True))
    if at != len(data) or any(not 0 < one < 1 << 256 for one in numbers):
        return None
    return numbers[0], numbers[1]


_NO_KEY: Final = Words(
    en="This is no SM2 private key: 64 hexadecimal digits, or PEM that is not encrypted, are read."
    " Make one with: openssl genpkey -algorithm SM2 -out key.pem",
    zh="这不是有效的 SM2 私钥：支持 64 位十六进制数字或未加密的 PEM。"
    "可使用 openssl genpkey -algorithm SM2 -out key.pem 生成。",
)
_NOT_INSTALLED: Final = Words(
    en="SM2 signatures need a package that is not installed: pip install 'hegui[sm2]'.",
    zh="SM2 签名所需的软件包未安装，请运行：pip install 'hegui[sm2]'。",
)
