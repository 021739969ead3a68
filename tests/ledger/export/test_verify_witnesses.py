"""Witnesses' signatures under a head, as the stand-alone verifier reads them (tlog-cosignature)."""

import sys
from base64 import b64encode
from pathlib import Path

import pytest
from tests.ledger.export.cosigning import (
    AT,
    NAME,
    Cosigner,
    add,
    cosigner_of,
    log_cosigner,
    text_of,
)
from tests.ledger.export.folders import SIGNER, check, named, restore_manifest

from hegui.ledger.export.data import verify
from hegui.ledger.note import Signer


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
    own = log_cosigner(b"l" * 32)
    (folder / "vkey").write_text(f"{SIGNER.vkey}\n{own.vkey}\n", encoding="utf-8")
    add(folder, own.line(text_of(folder), 0))
    report = check(folder, vkey=f"{SIGNER.vkey}\n{own.vkey}")
    assert named(report) == ""
    assert (f"{SIGNER.name} signed this head (ML-DSA-44)") in [en for en, _ in report.holds]
    data = bytearray((folder / "checkpoint").read_bytes())
    data[-100] ^= 1 if data[-100] != ord("z") else 3
    (folder / "checkpoint").write_bytes(data)
    restore_manifest(folder)
    assert check(folder, vkey="").code == 1


def test_where_no_signature_of_the_log_can_be_checked_nothing_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = log_cosigner(b"l" * 32)
    add(folder, own.line(text_of(folder), 0))
    (folder / "vkey").write_text(f"{SIGNER.vkey}\n{own.vkey}\n", encoding="utf-8")
    restore_manifest(folder)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    monkeypatch.delattr("cryptography.hazmat.primitives.asymmetric.mldsa")
    assert check(folder, vkey=f"{SIGNER.vkey}\n{own.vkey}").code == 0
    assert any(
        "No signature of the log was checked" in en for en, _ in check(folder, vkey=own.vkey).untold
    )


def test_a_second_signature_by_the_same_key_must_fit_too(folder: Path) -> None:
    line = (folder / "checkpoint").read_text(encoding="utf-8").splitlines(keepends=True)[-1]
    signed = bytearray(verify.unbase64(line.split(" ")[2][:-1]))
    signed[-1] ^= 1
    kept = (folder / "checkpoint").read_bytes()
    add(folder, f"— {SIGNER.name} {b64encode(signed).decode()}\n")
    assert "carries no valid Ed25519 signature" in named(check(folder))
    for name in ("a\vname", "a\u3000name", "a+name"):  # C2SP signed-note: none of these
        (folder / "checkpoint").write_bytes(kept)
        add(folder, f"— {name} {b64encode(signed).decode()}\n")
        assert "checkpoint: is no signed checkpoint" in named(check(folder)), name


def test_a_key_of_a_log_makes_no_witness_and_that_of_a_witness_no_log(folder: Path) -> None:
    report = check(folder, witnesses=[SIGNER.vkey])
    assert "--witness: is no key of a witness" in named(report)
    assert verify.NO_WITNESS in report.gaps
    witness = cosigner_of(verify.COSIGN_ED25519)
    add(folder, witness.line(text_of(folder)))
    assert "--vkey: is no key of a log" in named(check(folder, vkey=witness.vkey))


def test_the_head_of_another_log_that_the_same_key_signed_is_refused(folder: Path) -> None:
    other = Signer("ledger.test/u", b"t" * 32)
    note = other.sign(text_of(folder))  # under the one key, and its own name
    (folder / "checkpoint").write_text(note, encoding="utf-8")
    (folder / "vkey").write_text(other.vkey + "\n", encoding="utf-8")
    restore_manifest(folder)
    assert "checkpoint: is the head of another log" in named(check(folder, vkey=other.vkey))


def test_ml_dsa_says_nothing_of_lines_that_it_does_not_cover(folder: Path) -> None:
    witness = cosigner_of(verify.COSIGN_ML_DSA)
    text = text_of(folder) + "a line that nobody signed\n"
    (folder / "checkpoint").write_text(SIGNER.sign(text), encoding="utf-8")
    add(folder, witness.line(text))
    report = check(folder, witnesses=[witness.vkey])
    assert f"the signature of witness {NAME} does not fit" in named(report)
