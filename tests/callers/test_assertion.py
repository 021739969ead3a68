import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

from hegui.callers import Assertions, Claims
from hegui.settings import Assertion, Secret
from hegui.terms import BadRequest, Misconfigured, Unavailable
from hegui.testing.clock import FixedClock

SHARED = "s" * 32
NOW = 1_764_000_000


def claims(**other: Any) -> dict[str, Any]:
    said = {"iss": "app", "aud": "hegui", "exp": NOW + 60, "sub": "u-1", **other}
    return {name: value for name, value in said.items() if value is not ...}


def token(said: dict[str, Any], key: Any = SHARED, algorithm: str = "HS256", **head: Any) -> str:
    return jwt.encode(said, key, algorithm=algorithm, headers=head or None)


def shared() -> Assertions:
    settings = Assertion(
        issuer="app", audience="hegui", algorithms=("HS256",), key=Secret("env:K", SHARED)
    )
    return Assertions(settings, FixedClock(NOW * 1_000))


def public(*algorithms: str, jwks: str = "https://example.com/jwks") -> Assertions:
    settings = Assertion(issuer="app", audience="hegui", algorithms=algorithms, jwks=jwks)
    return Assertions(settings, FixedClock(NOW * 1_000))


def refusal(assertions: Assertions, sent: str) -> str:
    with pytest.raises(BadRequest) as caught:
        assertions.read(sent)
    assert (caught.value.status, caught.value.code) == (401, "invalid_assertion")
    assert len(sent) < 10 or sent not in caught.value.words.en
    return caught.value.words.en


def test_a_good_assertion_says_who_and_of_which_age() -> None:
    assert shared().read(token(claims())) == Claims("u-1", None)
    minor = shared().read(token(claims(hegui_audience="minor")))
    assert minor == Claims("u-1", "minor")
    assert shared().read(token(claims(sub=...))) == Claims(None, None)
    assert "u-1" not in repr(minor)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"exp": ...}, "JWT"),
        ({"exp": NOW - 31}, "expired"),
        ({"exp": float("inf")}, "expired"),
        ({"sub": "u-\ud800"}, "sub"),
        ({"exp": 10**400}, "expired"),
        ({"nbf": 10**400}, "expired"),
        ({"exp": "soon"}, "expired"),
        ({"exp": True}, "expired"),
        ({"nbf": NOW + 31}, "expired"),
        ({"iss": "other"}, "issuer"),
        ({"iss": ...}, "JWT"),
        ({"aud": "other"}, "recipient"),
        ({"aud": ...}, "JWT"),
        ({"sub": ""}, "sub"),
        ({"sub": "x" * 513}, "sub"),
        ({"hegui_audience": "child"}, "hegui_audience"),
        ({"hegui_audience": ["minor"]}, "hegui_audience"),
    ],
)
def test_a_bad_assertion_is_refused_and_told_why(other: dict[str, Any], why: str) -> None:
    assert why in refusal(shared(), token(claims(**other)))


def test_half_a_minute_is_given_to_clocks() -> None:
    assert shared().read(token(claims(exp=NOW - 29, nbf=NOW + 29))).subject == "u-1"


def test_a_token_signed_by_another_or_by_nobody_is_refused() -> None:
    assert "signature" in refusal(shared(), token(claims(), "x" * 32))
    assert "algorithm" in refusal(shared(), token(claims(), "", "none"))
    assert "algorithm" in refusal(shared(), token(claims(), "s" * 64, "HS512"))


@pytest.mark.parametrize("sent", ["", "x", "a.b.c", "é.é.é", "." * 50, "x" * 100_000, "\ud800"])
def test_what_is_no_token_is_refused(sent: str) -> None:
    refusal(shared(), sent)


def test_a_key_set_is_used_by_name_and_family() -> None:
    one, two = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    entries = [
        {**ECAlgorithm.to_jwk(one.public_key(), as_dict=True), "kid": "one"},
        {**OKPAlgorithm.to_jwk(two.public_key(), as_dict=True), "kid": "two", "alg": "EdDSA"},
        {"kty": "oct", "k": urlsafe_b64encode(SHARED.encode()).decode(), "kid": "three"},
    ]
    assertions = public("ES256", "EdDSA")
    with pytest.raises(Unavailable):
        assertions.read(token(claims(), one, "ES256", kid="one"))
    assertions.set_keys(json.dumps({"keys": entries}).encode())
    assert assertions.read(token(claims(), one, "ES256", kid="one")).subject == "u-1"
    assert assertions.read(token(claims(), two, "EdDSA", kid="two")).subject == "u-1"
    for kid in ("two", "absent"):
        assert "no known key" in refusal(assertions, token(claims(), one, "ES256", kid=kid))
    assert "no known key" in refusal(assertions, token(claims(), one, "ES256"))


def test_a_public_key_is_never_taken_for_a_shared_secret() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    jwk = {**ECAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": "one"}
    assertions = public("ES256")
    assertions.set_keys(json.dumps({"keys": [jwk]}).encode())
    published = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    forged = token(claims(), published, "HS256", kid="one")
    assert "algorithm" in refusal(assertions, forged)


def test_a_bad_key_set_leaves_the_good_one_in_place() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    jwk = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    assertions = public("ES256")
    assertions.set_keys(json.dumps({"keys": [jwk]}).encode())
    for bad in (b"", b"[]", b"{}", b'{"keys": [{"kty": "oct", "k": "eA"}]}', b'{"keys": [3]}'):
        with pytest.raises(Misconfigured, match="RFC 7517"):
            assertions.set_keys(bad)
    assert assertions.read(token(claims(), private, "ES256")).subject == "u-1"


def test_a_key_that_the_set_does_not_hold_is_asked_for_until_it_does() -> None:
    old, new = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    both = [
        {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid}
        for key, kid in ((old, "one"), (new, "two"))
    ]
    assertions = public("ES256")
    assertions.set_keys(json.dumps({"keys": both[:1]}).encode())
    assert "signature" in refusal(assertions, token(claims(), new, "ES256", kid="one"))
    assert not assertions.lacking, "a forged signature asks for nothing"
    assert "known key" in refusal(assertions, token(claims(), new, "ES256", kid="two"))
    assert assertions.lacking
    assertions.set_keys(json.dumps({"keys": both}).encode())
    assert not assertions.lacking
    assert assertions.read(token(claims(), new, "ES256", kid="two")).subject == "u-1"


def test_a_key_set_in_a_file_is_read_at_start(tmp_path: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "jwks.json"
    jwk = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    path.write_text(json.dumps({"keys": [jwk]}))
    assert (
        public("ES256", jwks=f"file:{path}").read(token(claims(), private, "ES256")).subject
        == "u-1"
    )
    with pytest.raises(Misconfigured, match="nowhere"):
        public("ES256", jwks="file:/nowhere")
    assert public("ES256").address == "https://example.com/jwks"
