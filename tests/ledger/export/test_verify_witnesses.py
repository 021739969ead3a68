"""Witnesses' signatures under a head, as the stand-alone verifier reads them (tlog-cosignature)."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa
from tests.ledger.export.cosigning import AT, NAME, Cosigner, add, cosigner_of, text_of
from tests.ledger.export.folders import SIGNER, check, named, restore_manifest

from hegui.ledger.export.data import verify


@pytest.fixture(params=[verify.COSIGN_ED25519, verify.COSIGN_ML_DSA], ids=["Ed25519", "ML-DSA-44"])
def cosigner(request: pytest.FixtureRequest) -> Cosigner:
    return cosigner_of(request.param)


def test_a_witnesss_signature_is_told_with_its_time(folder: Path, cosigner: Cosigner) -> None:
    add(folder, cosigner.line(text_of(folder)))
    report = check(folder, witnesses=[cosigner.vkey])
    assert named(report) == ""
    assert (f"witness {NAME} signed this head at {AT} (Unix time)") in [
        en for en, _ in report.holds
    ]
    assert verify.NO_WITNESS not in report.gaps


def test_a_witness_that_only_the_folder_names_is_told_apart(
    folder: Path, cosigner: Cosigner
) -> None:
    (folder / "witnesses").write_text(cosigner.vkey + "\n", encoding="utf-8")
    add(folder, cosigner.line(text_of(folder)))
    report = check(folder)
    assert any(en.endswith("(its key is only the folder's word)") for en, _ in report.holds)
    assert verify.NO_WITNESS in report.gaps
    held = [en for en, _ in check(folder, witnesses=[cosigner.vkey]).holds]
    assert not any("folder's word" in en for en in held)


def test_a_signature_over_another_head_or_time_is_named(folder: Path, cosigner: Cosigner) -> None:
    kept = (folder / "checkpoint").read_bytes()
    other = text_of(folder).replace("\n601\n", "\n600\n")
    late = cosigner.line(text_of(folder))
    signed = verify.unbase64(late.split(" ")[2][:-1])
    moved = signed[:4] + (AT + 1).to_bytes(8, "big") + signed[12:]
    for line in (cosigner.line(other), f"— {NAME} {b64encode(moved).decode()}\n"):
        (folder / "checkpoint").write_bytes(kept)
        add(folder, line)
        report = check(folder, witnesses=[cosigner.vkey])
        assert f"checkpoint: the signature of witness {NAME} does not fit" in named(report)
        assert verify.NO_WITNESS in report.gaps


def test_a_witness_that_has_not_signed_is_said(folder: Path, cosigner: Cosigner) -> None:
    report = check(folder, witnesses=[cosigner.vkey])
    assert report.code == 0
    assert any(en == f"Witness {NAME} has not signed this head." for en, _ in report.gaps)
    assert verify.NO_WITNESS in report.gaps


def test_a_signature_of_a_witness_that_nobody_named_counts_for_nothing(
    folder: Path, cosigner: Cosigner
) -> None:
    add(folder, cosigner.line(text_of(folder)))
    report = check(folder)
    assert report.code == 0
    assert verify.NO_WITNESS in report.gaps


def test_a_broken_key_of_a_witness_is_named(folder: Path, cosigner: Cosigner) -> None:
    broken = cosigner.vkey.replace("+", "+0", 1)
    assert "--witness: is no verifier key" in named(check(folder, witnesses=[broken]))
    (folder / "witnesses").write_text(broken + "\n", encoding="utf-8")
    restore_manifest(folder)
    assert "witnesses: is no verifier key" in named(check(folder))


def test_the_logs_second_signature_is_checked_like_its_first(folder: Path) -> None:
    key = mldsa.MLDSA44PrivateKey.from_seed_bytes(b"l" * 32)
    public = key.public_key().public_bytes_raw()
    kind = bytes([verify.COSIGN_ML_DSA])
    stamp = sha256(f"{SIGNER.name}\n".encode() + kind + public).digest()[:4]
    vkey = f"{SIGNER.name}+{stamp.hex()}+{b64encode(kind + public).decode()}"
    origin, size, root = text_of(folder).split("\n")[:3]
    message = b"subtree/v1\n\x00" + bytes([len(origin)]) + origin.encode() + bytes(8)
    message += bytes([len(origin)]) + origin.encode() + bytes(8)
    message += int(size).to_bytes(8, "big") + verify.unbase64(root)
    signed = stamp + bytes(8) + key.sign(message)
    (folder / "vkey").write_text(f"{SIGNER.vkey}\n{vkey}\n", encoding="utf-8")
    add(folder, f"— {SIGNER.name} {b64encode(signed).decode()}\n")
    report = check(folder, vkey=f"{SIGNER.vkey}\n{vkey}")
    assert named(report) == ""
    assert (f"{SIGNER.name} signed this head (ML-DSA-44)") in [en for en, _ in report.holds]
    data = bytearray((folder / "checkpoint").read_bytes())
    data[-100] ^= 1 if data[-100] != ord("z") else 3
    (folder / "checkpoint").write_bytes(data)
    restore_manifest(folder)
    assert check(folder, vkey="").code == 1
