"""Signed assertions: an application's word, per request, for who its user is (RFC 7519, 8725)."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jwt

from hegui.callers.keys import Audience
from hegui.settings import Assertion
from hegui.settings.plain_files import read_plain, reason
from hegui.terms import BadRequest, Clock, Misconfigured, Unavailable, Words

AUDIENCE_CLAIM: Final = "hegui_audience"
"""The private claim that says ``adult`` or ``minor``."""

LEEWAY_MS: Final = 30_000
_LONGEST: Final = 8_192
_LONGEST_SUBJECT: Final = 512
_MOST_KEYS: Final = 1_048_576
_SYMMETRIC: Final = "oct"
_FAMILY: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}

_BAD = Words(
    en="The signed assertion is not accepted: {why}.",
    zh="签名断言未被接受：{why}。",
)
_WHY: Final = {
    "form": Words("it is not a JWT as configured", "不是配置所要求的 JWT"),
    "signature": Words("its signature is not valid", "签名无效"),
    "key": Words("no known key signed it", "不是用已知密钥签名的"),
    "algorithm": Words("its algorithm is not allowed", "算法不在允许范围内"),
    "issuer": Words("it comes from another issuer", "签发方不符"),
    "audience": Words("it is meant for another recipient", "接收方不符"),
    "time": Words("it has expired or is not yet valid", "已过期或尚未生效"),
    "subject": Words("its sub is not a text of 1 to 512 characters", "sub 应为 1 至 512 个字符"),
    "age": Words("hegui_audience must be adult or minor", "hegui_audience 应为 adult 或 minor"),
}
_NO_KEYS = Words(
    en="The keys that check signed assertions have not been fetched yet. Try again shortly.",
    zh="用于核验签名断言的公钥尚未取得。请稍后再试。",
)
_BAD_KEYS = Words(
    en="callers.assertion.jwks gives no JSON Web Key Set with a usable public key (RFC 7517).",
    zh="callers.assertion.jwks 没有给出可用的公钥集（RFC 7517）。",
)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid assertion says. The subject is personal data and never printed."""

    subject: str | None = field(repr=False)
    audience: Audience | None


class Assertions:
    """Checks assertions against one configured key or key set, by allowed algorithms only."""

    def __init__(self, settings: Assertion, clock: Clock) -> None:
        self.header = settings.header
        self._settings = settings
        self._clock = clock
        self._public: list[tuple[dict[str, Any], jwt.PyJWK]] = []
        self.lacking = False  # a key was named that is not in the set: there may be a new one
        if settings.jwks.startswith("file:"):
            path = Path(settings.jwks.removeprefix("file:"))
            try:
                content = read_plain(path, _MOST_KEYS)
            except OSError as error:
                raise Misconfigured(
                    Words("cannot read {path}: {why}", "无法读取 {path}：{why}").fill(
                        path=path, why=reason(error)
                    )
                ) from None
            self.set_keys(content)

    @property
    def address(self) -> str:
        """The https address that the app fetches the key set from; empty when there is none."""
        return self._settings.jwks if self._settings.jwks.startswith("https:") else ""

    def set_keys(self, content: bytes) -> None:
        """Take a JSON Web Key Set in place of the one known so far.

        ``Misconfigured`` when it holds no usable public key; the keys known so far stay then.
        """
        try:
            keys = [
                (entry, jwt.PyJWK(entry))
                for entry in json.loads(content)["keys"]
                if entry.get("kty") != _SYMMETRIC and entry.get("use", "sig") == "sig"
            ]
        except (ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError):
            keys = []
        if not keys:
            raise Misconfigured(_BAD_KEYS)
        self._public, self.lacking = keys, False

    def read(self, token: str) -> Claims:
        """Return what the assertion says; a bad one is a ``BadRequest`` with status 401.

        ``exp`` is required; half a minute of leeway is given to clocks. The message names what is
        wrong and never the token.
        """
        try:
            algorithm, key = self._key_for(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                # The times are checked below, against the door's own clock.
                options={
                    "require": ["exp", "iss", "aud"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidSignatureError:
            raise _refused("signature") from None
        except jwt.InvalidIssuerError:
            raise _refused("issuer") from None
        except jwt.InvalidAudienceError:
            raise _refused("audience") from None
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise _refused("form") from None
        self._check_times(claims)
        return Claims(_subject(claims), _audience(claims))

    def _key_for(self, token: str) -> tuple[str, Any]:
        if len(token) > _LONGEST:
            raise _refused("form")
        head = jwt.get_unverified_header(token)
        algorithm = head.get("alg")
        if algorithm not in self._settings.algorithms:
            raise _refused("algorithm")
        if self._settings.key:
            return str(algorithm), self._settings.key.reveal()
        if not self._public:
            raise Unavailable(_NO_KEYS)
        name = head.get("kid")
        for entry, key in self._public:
            named = entry.get("kid") == name or (name is None and len(self._public) == 1)
            family = _FAMILY.get(str(algorithm)[:2]) == entry.get("kty")
            if named and family and entry.get("alg", algorithm) == algorithm:
                return str(algorithm), key.key
        self.lacking |= name is not None and all(e.get("kid") != name for e, _ in self._public)
        raise _refused("key")

    def _check_times(self, claims: dict[str, Any]) -> None:
        now = self._clock()
        expires, begins = claims["exp"], claims.get("nbf", 0)
        for value in (expires, begins):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise _refused("time")
        if not all(map(_is_time, (expires, begins))):
            raise _refused("time")
        if expires * 1_000 + LEEWAY_MS <= now or begins * 1_000 - LEEWAY_MS > now:
            raise _refused("time")


def _is_time(value: float) -> bool:
    """Whether a number is one that a clock may show; JSON has longer ones, and infinite ones."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _refused(why: str) -> BadRequest:
    words = Words(_BAD.en.format(why=_WHY[why].en), _BAD.zh.format(why=_WHY[why].zh))
    return BadRequest(words, status=401, code="invalid_assertion")


def _subject(claims: dict[str, Any]) -> str | None:
    subject = claims.get("sub")
    if subject is None:
        return None
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise _refused("subject")
    try:
        subject.encode()  # JSON can spell half a character, and no pseudonym is made of that
    except UnicodeEncodeError:
        raise _refused("subject") from None
    return subject


def _audience(claims: dict[str, Any]) -> Audience | None:
    audience = claims.get(AUDIENCE_CLAIM)
    if audience == "adult":
        return "adult"
    if audience == "minor":
        return "minor"
    if audience is None:
        return None
    raise _refused("age")
