import sys
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegui.ledger.cosignature import (
    COSIGNERS,
    ED25519,
    ML_DSA_44,
    NOTE,
    SIGNERS,
    Key,
    UncheckableError,
    head_of,
    message,
    read_key,
    seen_by,
    split,
)
from hegui.ledger.cosigning import Cosigner
from hegui.ledger.note import Checkpoint, Signer, open_note
from hegui.terms import Misconfigured

FIXTURES = Path(__file__).parent / "fixtures"
LOG = Signer("ledger.test/a", b"k" * 32)
TEXT = Checkpoint("ledger.test/a", 7, b"r" * 32).text()
NOTE_OF_LOG = LOG.sign(TEXT)
WITNESS = Cosigner("witness.test/w1", b"w" * 32)
QUANTUM = Cosigner("witness.test/w1", b"q" * 32, ML_DSA_44)
BOTH = [WITNESS.key, QUANTUM.key]
AT = 1_780_000_000

# a head of a public log, as public witnesses signed it
ARCHE = (FIXTURES / "cosigned-ed25519.txt").read_text(encoding="utf-8")
REMORA_VKEY = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
ARCHE_VKEY = (
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
)
# a head that another implementation (torchwood's test log) signed with ML-DSA-44
TORCHWOOD = (FIXTURES / "cosigned-ml-dsa.txt").read_text(encoding="utf-8")
TORCHWOOD_VKEY = (FIXTURES / "cosigned-ml-dsa.vkey").read_text(encoding="utf-8").strip()


def test_a_cosignature_by_a_public_witness_is_seen_with_its_time() -> None:
    seen = seen_by(ARCHE, [read_key(REMORA_VKEY)])
    assert [(one.name, one.kind, one.time) for one in seen] == [
        ("remora.n621.de", ED25519, 1_779_573_024)
    ]
    assert head_of(split(ARCHE)[0]).size == 1_432_088_532


def test_the_logs_own_signature_is_seen_by_the_same_reader() -> None:
    (seen,) = seen_by(ARCHE, [read_key(ARCHE_VKEY, SIGNERS)])
    assert (seen.kind, seen.time) == (NOTE, 0)


def test_an_ml_dsa_signature_by_another_implementation_is_seen() -> None:
    key = read_key(TORCHWOOD_VKEY)
    assert key.vkey == TORCHWOOD_VKEY
    assert [one.kind for one in seen_by(TORCHWOOD, [key])] == [ML_DSA_44]


@pytest.mark.parametrize(
    ("note", "vkey"), [(ARCHE, REMORA_VKEY), (TORCHWOOD, TORCHWOOD_VKEY)], ids=["ed25519", "ml-dsa"]
)
def test_a_known_key_that_signed_something_else_spoils_the_note(note: str, vkey: str) -> None:
    origin, size, rest = note.split("\n", 2)
    with pytest.raises(ValueError, match="does not fit"):
        seen_by(f"{origin}\n{int(size) + 1}\n{rest}", [read_key(vkey)])


def test_what_ed25519_signs_is_written_as_the_specification_writes_it() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    expected = f"cosignature/v1\ntime 1679315147\n{text}".encode()
    assert message(ED25519, "witness.example.com/w1", 1_679_315_147, text) == expected


def test_what_ml_dsa_signs_is_written_as_the_specification_writes_it() -> None:
    expected = b"".join(
        (
            b"subtree/v1\n\x00",
            b"\x0fwitness.test/w1",
            AT.to_bytes(8, "big"),
            b"\x0dledger.test/a",
            bytes(8),
            (7).to_bytes(8, "big"),
            b"r" * 32,
        )
    )
    assert message(ML_DSA_44, "witness.test/w1", AT, TEXT) == expected


@pytest.mark.parametrize("cosigner", [WITNESS, QUANTUM], ids=["ed25519", "ml-dsa"])
def test_a_line_is_the_keys_id_the_time_and_the_signature(cosigner: Cosigner) -> None:
    line = cosigner.line(TEXT, AT)
    head, _, coded = line.rstrip("\n").rpartition(" ")
    data = b64decode(coded, validate=True)
    assert head == "— witness.test/w1"
    assert data[:4].hex() == cosigner.key.vkey.split("+")[1]
    assert int.from_bytes(data[4:12], "big") == AT
    assert len(data) == 12 + (64 if cosigner is WITNESS else 2_420)


def test_both_cosignatures_of_a_witness_are_seen_and_a_strangers_is_passed_over() -> None:
    stranger = Cosigner("stranger.test", b"s" * 32)
    note = NOTE_OF_LOG + "".join(each.line(TEXT, AT) for each in (stranger, WITNESS, QUANTUM))
    assert [one.kind for one in seen_by(note, BOTH)] == [ED25519, ML_DSA_44]
    assert open_note(note, LOG.vkey) == TEXT


def test_a_cosignature_moved_to_another_head_or_time_is_refused() -> None:
    other = LOG.sign(Checkpoint("ledger.test/a", 8, b"r" * 32).text())
    for cosigner in (WITNESS, QUANTUM):
        with pytest.raises(ValueError, match="does not fit"):
            seen_by(other + cosigner.line(TEXT, AT), BOTH)
        _, lines = split(NOTE_OF_LOG + cosigner.line(TEXT, AT))
        later = (AT + 1).to_bytes(8, "big") + lines[1].data[8:]
        with pytest.raises(ValueError, match="does not fit"):
            seen_by(NOTE_OF_LOG + cosigner.key.line(later), BOTH)


def test_a_name_that_ml_dsa_signed_cannot_be_taken_by_another_witness() -> None:
    _, lines = split(NOTE_OF_LOG + QUANTUM.line(TEXT, AT))
    renamed = Key("other.test/w", ML_DSA_44, QUANTUM.key.public)
    with pytest.raises(ValueError, match="does not fit"):
        seen_by(NOTE_OF_LOG + renamed.line(lines[1].data), [renamed])


def test_every_changed_byte_of_a_cosignature_is_refused() -> None:
    _, lines = split(NOTE_OF_LOG + WITNESS.line(TEXT, AT))
    for place in range(len(lines[1].data)):
        data = bytearray(lines[1].data)
        data[place] ^= 1
        with pytest.raises(ValueError, match="witness"):
            seen_by(NOTE_OF_LOG + WITNESS.key.line(bytes(data)), BOTH)


def test_ml_dsa_says_nothing_of_extension_lines_and_so_covers_none() -> None:
    text = TEXT + "more\n"
    with pytest.raises(ValueError, match="extension"):
        QUANTUM.line(text, AT)
    assert seen_by(LOG.sign(text) + WITNESS.line(text, AT), BOTH)


def test_the_second_signature_of_a_log_is_its_own_and_leaves_the_first_alone() -> None:
    also = Cosigner("ledger.test/a", b"2" * 32, ML_DSA_44)
    twice = Signer("ledger.test/a", b"k" * 32, also)
    note = twice.sign(TEXT)
    assert note.startswith(NOTE_OF_LOG)
    assert twice.vkeys == (LOG.vkey, also.key.vkey)
    keys = [read_key(vkey, SIGNERS) for vkey in twice.vkeys]
    assert [(one.kind, one.time) for one in seen_by(note, keys)] == [(NOTE, 0), (ML_DSA_44, 0)]


def test_where_cryptography_has_no_ml_dsa_it_is_said_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    note = NOTE_OF_LOG + QUANTUM.line(TEXT, AT)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    with pytest.raises(Misconfigured, match="pip install"):
        Cosigner("w.test/1", b"q" * 32, ML_DSA_44)
    with pytest.raises(UncheckableError):
        seen_by(note, BOTH)
    assert seen_by(note, [WITNESS.key]) == []


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\tb", "名" * 86])
def test_a_name_that_the_formats_cannot_carry_is_refused(name: str) -> None:
    with pytest.raises(Misconfigured):
        Cosigner(name, b"w" * 32)


def test_a_key_of_the_wrong_type_or_with_a_changed_part_is_refused() -> None:
    name, stamp, coded = WITNESS.key.vkey.split("+")
    changed = b64encode(b64decode(coded)[:-1] + b"x").decode()
    assert read_key(WITNESS.key.vkey) == WITNESS.key
    for vkey in (
        LOG.vkey,
        f"{name}+{stamp}+{changed}",
        f"{name}x+{stamp}+{coded}",
        f"{name}+{stamp}+{coded[:-4]}",
        f"{name}+{stamp}",
        "",
    ):
        with pytest.raises(ValueError, match="it "):
            read_key(vkey, COSIGNERS)


@given(st.text())
def test_no_text_makes_a_reader_fail_otherwise_than_by_saying_why(text: str) -> None:
    for note in (text, f"{text}\n\n— {text}\n", f"{NOTE_OF_LOG}— {text}\n"):
        for reader in (split, head_of, read_key):
            try:
                reader(note)
            except ValueError:
                continue
