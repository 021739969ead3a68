import base64
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegui.ledger.note import Checkpoint, Signer, open_note, read_vkey
from hegui.terms import Corrupt, HeguiError, Misconfigured

SIGNER = Signer("ledger.test/a", b"k" * 32)
TEXT = Checkpoint("ledger.test/a", 7, b"r" * 32).text()
NOTE = SIGNER.sign(TEXT)

# a checkpoint that Tessera, another implementation of C2SP's formats, signed
TESSERA_VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
TESSERA_NOTE = (
    "example.com/log/testdata\n15\nrKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=\n\n"
    "— example.com/log/testdata M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/uEWP6z"
    "dkdIQzd/fmwlM/dlPWF74ewI=\n"
)


def test_a_note_that_another_implementation_signed_opens() -> None:
    checkpoint = Checkpoint.parse(open_note(TESSERA_NOTE, TESSERA_VKEY))
    assert (checkpoint.origin, checkpoint.size) == ("example.com/log/testdata", 15)


def test_what_is_signed_opens_to_the_same_text() -> None:
    assert open_note(NOTE, SIGNER.vkey) == TEXT
    assert Checkpoint.parse(TEXT).text() == TEXT


def test_signatures_by_others_are_passed_over() -> None:
    witness = "— witness.test " + base64.b64encode(b"\x09" * 80).decode() + "\n"
    assert open_note(NOTE + witness, SIGNER.vkey) == TEXT


def test_another_key_of_the_same_name_does_not_open_it() -> None:
    with pytest.raises(Corrupt, match="no signature by"):
        open_note(NOTE, Signer("ledger.test/a", b"x" * 32).vkey)


def test_every_changed_character_of_a_note_is_refused() -> None:
    for place, sign in enumerate(NOTE):
        changed = NOTE[:place] + ("x" if sign != "x" else "y") + NOTE[place + 1 :]
        with pytest.raises(Corrupt):
            open_note(changed, SIGNER.vkey)


@given(st.text())
def test_no_text_makes_the_reader_fail_otherwise_than_by_name(text: str) -> None:
    for note in (text, text + "\n\n— " + text + "\n"):
        with pytest.raises(HeguiError):
            open_note(note, SIGNER.vkey)
    with pytest.raises(HeguiError):
        read_vkey(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        f"a\n01\n{base64.b64encode(bytes(32)).decode()}\n",
        f"a\n-1\n{base64.b64encode(bytes(32)).decode()}\n",
        f"a\n１\n{base64.b64encode(bytes(32)).decode()}\n",
        f"\n1\n{base64.b64encode(bytes(32)).decode()}\n",
        f"a\n1\n{base64.b64encode(bytes(31)).decode()}\n",
        f"a\n9223372036854775808\n{base64.b64encode(bytes(32)).decode()}\n",
        f"a\n{'9' * 5_000}\n{base64.b64encode(bytes(32)).decode()}\n",
        f"a\n1\n{base64.b64encode(bytes(32)).decode()}\n\nextension\n",
        f"a\n1\n{base64.b64encode(bytes(32)).decode()}",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Corrupt):
        Checkpoint.parse(text)


# key, text and signature of the examples in Go's golang.org/x/mod/sumdb/note
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_KEY = "gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM="
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
SAYING = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_SIGNED = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)
ENOCH_SIGNED = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WW"
    "d1RvMc+QQ=\n"
)


def test_the_same_key_signs_the_same_bytes_as_gos_reference() -> None:
    signer = Signer("PeterNeumann", b64decode(PETERS_KEY))
    assert signer.vkey == PETER
    assert signer.sign(SAYING) == f"{SAYING}\n{PETER_SIGNED}"


def test_notes_that_gos_reference_signed_open_whoever_else_signed() -> None:
    both = f"{SAYING}\n{PETER_SIGNED}{ENOCH_SIGNED}"
    assert open_note(both, PETER) == open_note(both, ENOCH) == SAYING
    assert open_note(f"{SAYING}\n{PETER_SIGNED}{PETER_SIGNED}", PETER) == SAYING


@pytest.mark.parametrize(
    "note",
    [
        SAYING,
        SAYING + "\n",
        f"{SAYING}\n{PETER_SIGNED[:-1]}",
        f"\x01{SAYING}\n{PETER_SIGNED}",
        f"\udcff{SAYING}\n{PETER_SIGNED}",
        f"{SAYING}\r\n\n{PETER_SIGNED}",
        f"{SAYING}\n{PETER_SIGNED}".replace("— Peter", "— Bad Peter"),
        f"{SAYING}\n{PETER_SIGNED}".replace("— Peter", "— Bad+Peter"),
        f"{SAYING}\n{PETER_SIGNED}".replace("— PeterNeumann", "— "),
        f"{SAYING}\n{PETER_SIGNED}Unexpected line.\n",
        f"{SAYING}\n{PETER_SIGNED}\n",
        f"{SAYING}\n— PeterNeumann x08gow==\n",
        f"{SAYING}\n{PETER_SIGNED * 65}",
        f"{'x' * 262_144}\n\n{PETER_SIGNED}",
    ],
)
def test_what_gos_reference_calls_malformed_is_refused(note: str) -> None:
    with pytest.raises(Corrupt, match="This is not a signed note"):
        open_note(note, PETER)


def test_every_piece_of_a_key_and_every_changed_character_is_refused() -> None:
    pieces = {PETER[i:j] for i in range(len(PETER)) for j in range(i, len(PETER) + 1)} - {PETER}
    changed = {PETER[:i] + chr(ord(c) + 1) + PETER[i + 1 :] for i, c in enumerate(PETER)}
    for vkey in pieces | changed:
        with pytest.raises(Misconfigured):
            read_vkey(vkey)


def test_the_example_of_the_checkpoint_specification_is_read() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    head = Checkpoint.parse(text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert Checkpoint.parse(text + "extension\n") == head


@pytest.mark.parametrize("name", ["a\x01b", "", "a b", "a+b", "a\n", "a\u2003b"])
def test_a_name_that_would_break_the_format_cannot_sign(name: str) -> None:
    with pytest.raises(Misconfigured):
        Signer(name, b"k" * 32)
