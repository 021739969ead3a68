"""SM2 signature objects: two published labels verify, ours verify elsewhere, nothing else does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest

from hegui.labels import sm2
from hegui.labels.security import Signature, checked, message, signed
from hegui.labels.value import Implicit, parsed
from hegui.terms import BadRequest, Misconfigured
from hegui.testing.labelled import LABEL

PRODUCER = "001191310104MACE0YX63918020"
KEY = (
    "3059301306072A8648CE3D020106082A811CCF5501822D034200045728F08C58D9C72150A705693EF7337859F8FF21"
    "6E802630041AFAE5C036F0A67CB1FDF8C57F5F8B623284AE09E4E545464B7140B26BBDA51BAE965F854C57AA"
)
PUBLISHED = {
    "142569260085903360": (
        "3046022100AE6B84B3342128AE301A597596FCD9EECF3EA0FC2DB6C250BAF234E167298E9002210097223ABB64"
        "7B786A90D0A1B93CB9382EA879563B2C7F025FA006BE16AE926C14"
    ),
    "147392816552226816": (
        "3045022100E816A5872275AE5414E7E0FD3D9B2C30F7B7FD68609D6486A38DF7CFAA1417B902201A510FBBE508"
        "19BAFF1FCC7B8527FF23CD40447D41A6776E6BCF1F773AE0DBBC"
    ),
}


def missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(autouse=True, scope="module")
def _extra() -> None:
    if not sm2.available():
        missing("gmalg is not installed: it is in the extra sm2")


@pytest.fixture(scope="module")
def key(_extra: None) -> sm2.PrivateKey:
    return sm2.private_key("7" * 64)


def published(number: str, **changes: str) -> dict[str, str]:
    entry = {
        "Type": "DS",
        "AlgID": "1.2.156.10197.1.501",
        "TBSData": {"Type": "LabelMataData"},
        "Signature": PUBLISHED[number],
    }
    by = {"Type": "PubKey", "AlgID": "1.2.156.10197.1.501", "KeyValue": changes.pop("key", KEY)}
    held = {"SecurityData": {"Type": "TC260PG", "Version": 1, "PubSD": [entry, by]}}
    code = msgspec.json.encode(held).decode()
    fields = {"Label": "1", "ContentProducer": PRODUCER, "ProduceID": number, "ReservedCode1": code}
    return {**fields, **changes}


@pytest.mark.parametrize("number", PUBLISHED)
def test_a_published_label_verifies_over_the_digest(number: str) -> None:
    found = checked(published(number), [KEY])
    assert found == Signature("valid", digest=True, key=KEY[-130:].lower(), known=True)
    assert checked(published(number)) == found._replace(known=False)


@pytest.mark.parametrize("form", [KEY[-130:], KEY[-128:], "00" + KEY[-128:-64], KEY.lower()])
def test_a_key_is_read_in_every_form_that_is_seen(form: str) -> None:
    assert checked(published("142569260085903360", key=form)).state == "valid"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "changes", [{"Label": "2"}, {"ContentProducer": PRODUCER[:-1] + "1"}, {"ProduceID": "1"}]
)
def test_a_changed_label_is_invalid(changes: dict[str, str]) -> None:
    assert checked(published("142569260085903360", **changes)) == Signature("invalid")


def test_a_label_that_we_sign_verifies_over_the_guides_bytes(key: sm2.PrivateKey) -> None:
    label = signed(LABEL, key)
    assert msgspec.structs.replace(label, ReservedCode1="") == LABEL
    read = parsed(label.inner())
    assert read is not None
    assert read.faults == ()
    found = checked(read.fields, [key.public.hex()])
    assert found == Signature("valid", digest=False, key=key.public.hex(), known=True)
    other = sm2.private_key("8" * 64)
    assert checked(read.fields, [other.public.hex()]) == found._replace(known=False)


def test_the_message_is_what_the_guide_says() -> None:
    fields = {"Label": "1", "ContentProducer": "X", "ProduceID": "Y", "PropagateID": "Z"}
    assert message(fields) == b'"Label":"1","ContentProducer":"X","ProduceID":"Y"'


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("", None),
        ("opaque", None),
        ("[" * 60_000, None),
        ('{"SecurityData":{"Type":"other"}}', None),
        ('{"SecurityData":{"Type":"TC260PG","PubSD":"x"}}', "unsupported"),
        (
            '{"SecurityData":{"Type":"TC260PG","PubSD":[{"Type":"DS","AlgID":"1.2"}]}}',
            "unsupported",
        ),
    ],
)
def test_what_is_no_signature_of_ours_is_not_judged(code: str, state: str | None) -> None:
    found = checked({"ReservedCode1": code})
    assert (found.state if found else None) == state


def test_without_the_extra_nothing_is_judged_and_a_person_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "gmalg", None)
    assert checked(published("142569260085903360")) == Signature("unchecked")
    with pytest.raises(Misconfigured, match=r"hegui\[sm2\]"):
        sm2.private_key("7" * 64)


def test_many_signatures_take_bounded_time(key: sm2.PrivateKey) -> None:
    label = signed(LABEL, key)
    held = msgspec.json.decode(label.ReservedCode1)
    held["SecurityData"]["PubSD"] *= 40
    fields = {**msgspec.to_builtins(label), "ReservedCode1": msgspec.json.encode(held).decode()}
    assert checked({**fields, "ProduceID": "other"}) == Signature("invalid")


@pytest.mark.parametrize(
    "signature",
    [b"", b"\x30\x00", b"\x30\x06\x02\x01\x00\x02\x01\x01", b"\x30\x06\x02\x01\x01\x02\x05\x01"],
)
def test_what_is_no_signature_does_not_verify(signature: bytes, key: sm2.PrivateKey) -> None:
    assert not sm2.verified(key.public, b"m", signature)
    whole = sm2.signed(key, b"m")
    assert sm2.verified(key.public, b"m", whole)
    assert not sm2.verified(key.public, b"m", whole + b"\0")
    assert not any(sm2.verified(key.public, b"m", whole[:end]) for end in range(len(whole)))
    assert not sm2.verified(b"\x04" + bytes(64), b"m", whole)


def test_the_digest_is_the_standards_example() -> None:
    assert sm2.sm3(b"abc").hex().startswith("66c7f0f462eeedd9")


@pytest.mark.parametrize("text", ["", "0" * 64, "f" * 64, "7" * 63, "-----BEGIN PRIVATE KEY-----"])
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadRequest, match="no SM2 private key") as refusal:
        sm2.private_key(text)
    assert not text or text not in str(refusal.value)
    assert "SM2 私钥" in refusal.value.words.zh


def test_a_key_does_not_show_its_secret(key: sm2.PrivateKey) -> None:
    assert "7777" not in repr(key)


def openssl(*arguments: str) -> bytes:
    if shutil.which("openssl") is None:
        missing("openssl is not installed: apt-get install openssl")
    done = subprocess.run(  # noqa: S603 - a fixed program, on files of the test
        ["openssl", *arguments],  # noqa: S607 - the one that is installed
        capture_output=True,
        check=True,
        timeout=60,
    )
    return done.stdout


@pytest.mark.parametrize("form", ["genpkey -algorithm SM2", "ecparam -name SM2 -genkey -noout"])
def test_openssl_makes_keys_that_we_read_and_verifies_what_we_sign(
    form: str, tmp_path: Path
) -> None:
    file, told, held = tmp_path / "key.pem", tmp_path / "m", tmp_path / "s"
    file.write_bytes(openssl(*form.split()))
    key, label = sm2.private_key(file.read_text()), Implicit(*"1234567")
    assert openssl("pkey", "-in", str(file), "-pubout", "-outform", "DER") == key.spki
    told.write_bytes(message(msgspec.to_builtins(label)))
    held.write_bytes(sm2.signed(key, told.read_bytes()))
    how = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"]
    where = ["-inkey", str(file), "-in", str(told)]
    assert b"Success" in openssl("pkeyutl", "-verify", *where, "-sigfile", str(held), *how)
    made = openssl("pkeyutl", "-sign", *where, *how)
    assert sm2.verified(key.public, told.read_bytes(), made)
