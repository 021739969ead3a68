import base64

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
        f"a\n1\n{base64.b64encode(bytes(32)).decode()}",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Corrupt):
        Checkpoint.parse(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\u2003b"])
def test_a_name_that_would_break_the_format_cannot_sign(name: str) -> None:
    with pytest.raises(Misconfigured):
        Signer(name, b"k" * 32)
