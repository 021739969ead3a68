"""Proof files against the specification, and what is refused."""

import base64
import hashlib
import re
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegui.ledger import proof, tree
from hegui.ledger.note import Checkpoint, Signer, open_note
from hegui.terms import Corrupt, HeguiError

SIGNER = Signer("ledger.test/a", b"k" * 32)
LEAVES = [str(n).encode() for n in range(11)]
HASHES = [tree.leaf_hash(leaf) for leaf in LEAVES]
CHECKPOINT = SIGNER.sign(Checkpoint(SIGNER.name, 11, tree.root_of(HASHES)).text())
PATH = tree.inclusion_proof(6, 11, tree.subtrees_of(HASHES))
TEXT = proof.write(6, PATH, CHECKPOINT, b"\x00 extra \xff")

# index, hashes and shape of the example in C2SP tlog-proof, which cuts its signatures short
EXAMPLE = """c2sp.org/tlog-proof@v1
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

— example.com/fancylog hI2DJw==
"""


def test_the_example_of_the_specification_is_read_and_written_the_same() -> None:
    read = proof.read(EXAMPLE)
    assert (read.index, len(read.hashes), read.extra) == (73_894, 5, b"")
    assert read.checkpoint.startswith("example.com/fancylog\n109482\n")
    assert proof.write(read.index, read.hashes, read.checkpoint) == EXAMPLE


def test_a_proof_shows_its_record_under_the_signed_head() -> None:
    read = proof.read(TEXT)
    assert read.extra == b"\x00 extra \xff"
    assert read.check(LEAVES[6], SIGNER.vkey) == Checkpoint(SIGNER.name, 11, tree.root_of(HASHES))


def test_a_log_of_one_record_needs_no_hashes() -> None:
    head = SIGNER.sign(Checkpoint(SIGNER.name, 1, HASHES[0]).text())
    text = proof.write(0, [], head)
    assert text == f"c2sp.org/tlog-proof@v1\nindex 0\n\n{head}"
    assert proof.read(text).check(LEAVES[0], SIGNER.vkey).size == 1


def test_another_record_index_key_or_path_is_refused() -> None:
    read = proof.read(TEXT)
    with pytest.raises(Corrupt, match="does not show this record"):
        read.check(LEAVES[5], SIGNER.vkey)
    for wrong in (
        proof.Proof(7, read.hashes, read.checkpoint),
        proof.Proof(6, read.hashes[:-1], read.checkpoint),
        proof.Proof(6, read.hashes[::-1], read.checkpoint),
        proof.Proof(17, read.hashes, read.checkpoint),
    ):
        with pytest.raises(Corrupt, match="does not show this record"):
            wrong.check(LEAVES[6], SIGNER.vkey)
    with pytest.raises(Corrupt, match="no signature by"):
        read.check(LEAVES[6], Signer("ledger.test/a", b"x" * 32).vkey)


def test_one_tenants_head_does_not_pass_for_anothers_though_one_key_signed_both() -> None:
    other = Signer("ledger.test/b", b"k" * 32)
    text, _, line = CHECKPOINT.rpartition("\n\n— ledger.test/a ")
    key_id = base64.b64decode(other.vkey.split("+", 2)[2])
    stamp = hashlib.sha256(b"ledger.test/b\n" + key_id).digest()[:4]
    relabelled = base64.b64encode(stamp + base64.b64decode(line)[4:]).decode()
    forged = f"{text}\n\n— ledger.test/b {relabelled}\n"
    assert open_note(forged, other.vkey)
    with pytest.raises(Corrupt, match="is for the log"):
        proof.Proof(6, tuple(PATH), forged).check(LEAVES[6], other.vkey)


def test_every_changed_character_outside_the_extra_line_is_refused() -> None:
    extra = re.search(r"extra .*\n", TEXT)
    assert extra
    for place, sign in enumerate(TEXT):
        if place in range(*extra.span()):
            continue
        changed = TEXT[:place] + ("x" if sign != "x" else "y") + TEXT[place + 1 :]
        with pytest.raises(Corrupt):
            proof.read(changed).check(LEAVES[6], SIGNER.vkey)


def test_a_proof_cut_off_anywhere_is_refused() -> None:
    for cut in range(len(TEXT)):
        with pytest.raises(Corrupt):
            proof.read(TEXT[:cut]).check(LEAVES[6], SIGNER.vkey)


HASH = b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: c2sp.org/tlog-proof@v1 expected"),
        ("c2sp.org/tlog-proof@v2\nindex 1\n\nx\n", "line 1"),
        ("c2sp.org/tlog-proof@v1", "line 2: the entry's index expected"),
        ("c2sp.org/tlog-proof@v1\nextra \nindex 1\n\nx\n", "line 2: extra data"),
        ("c2sp.org/tlog-proof@v1\nextra\nindex 1\n\nx\n", "line 2: the entry's index"),
        ("c2sp.org/tlog-proof@v1\nextraAAA\nindex 1\n\nx\n", "line 2: the entry's index"),
        ("c2sp.org/tlog-proof@v1\nextra YQ\nindex 1\n\nx\n", "line 2: extra data"),
        ("c2sp.org/tlog-proof@v1\nextra YQ==\nextra YQ==\nindex 1\n\nx\n", "line 3: the entry's"),
        ("c2sp.org/tlog-proof@v1\nindex 01\n\nx\n", "line 2: the entry's index"),
        ("c2sp.org/tlog-proof@v1\nindex -1\n\nx\n", "line 2: the entry's index"),
        ("c2sp.org/tlog-proof@v1\nindex ١\n\nx\n", "line 2: the entry's index"),
        ("c2sp.org/tlog-proof@v1\nindex " + "9" * 5_000 + "\n\nx\n", "line 2: the entry's index"),
        (f"c2sp.org/tlog-proof@v1\nindex 1\n{HASH}\nAAAA\n\nx\n", "line 4: a hash of 32 bytes"),
        (f"c2sp.org/tlog-proof@v1\nindex 1\n{HASH}=\n\nx\n", "line 3: a hash of 32 bytes"),
        (f"c2sp.org/tlog-proof@v1\nindex 1\r\n{HASH}\n\nx\n", "line 2: the entry's index"),
        (f"c2sp.org/tlog-proof@v1\nindex 1\n{HASH}\n", "line 4: a hash of 32 bytes"),
        (f"c2sp.org/tlog-proof@v1\nindex 1\n{HASH}", "line 4: an empty line and a checkpoint"),
        ("c2sp.org/tlog-proof@v1\nindex 1\n\nx", "line 3: an empty line and a checkpoint"),
        (
            "c2sp.org/tlog-proof@v1\nindex 1\n" + f"{HASH}\n" * 64 + "\nx\n",
            "line 66: more hashes than a log can need",
        ),
        ("x" * 524_289, "at most 524288 are read"),
    ],
)
def test_a_hostile_proof_is_refused_with_what_and_where(text: str, said: str) -> None:
    with pytest.raises(Corrupt, match=re.escape(said)):
        proof.read(text)


@pytest.mark.parametrize(
    ("index", "hashes", "checkpoint"),
    [(-1, PATH, CHECKPOINT), (6, [b"short"], CHECKPOINT), (6, PATH, CHECKPOINT[:-1])],
)
def test_no_proof_is_written_that_could_not_be_read(
    index: int, hashes: list[bytes], checkpoint: str
) -> None:
    with pytest.raises(ValueError, match="This is not a proof"):
        proof.write(index, hashes, checkpoint)


@given(st.text(), st.text())
def test_no_text_makes_the_reader_fail_otherwise_than_by_name(one: str, other: str) -> None:
    for text in (one, f"{proof.HEADER}\n{one}", f"{proof.HEADER}\nindex 1\n{one}\n\n{other}\n"):
        with pytest.raises(HeguiError):
            proof.read(text).check(b"", SIGNER.vkey)
