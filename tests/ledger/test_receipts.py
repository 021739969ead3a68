"""A receipt stands by itself: anybody can check it, with it alone, and any change is noticed."""

import io
import subprocess
import sys
import zipfile
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegui.ledger import leaf, proof, tree
from hegui.ledger.note import Checkpoint, Signer
from hegui.ledger.receipts import Subject, file_name, verify_receipt, write_receipt

from .conftest import FIELDS, NOW, MakeLeaf

SIGNER = Signer("ledger.test/t", b"t" * 32)
NUMBER = "HG-01KSR49200-AAAAAAAA-AAAAAAAA"


class FakeLog:
    """A log of given leaves."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.hashes = [tree.leaf_hash(one) for one in leaves]
        self.origin, self.size = SIGNER.name, len(leaves)
        head = Checkpoint(SIGNER.name, len(leaves), tree.root_of(self.hashes))
        self.checkpoint = SIGNER.sign(head.text())

    def inclusion(self, index: int) -> list[bytes]:
        return tree.inclusion_proof(index, self.size, tree.subtrees_of(self.hashes))


@pytest.fixture
def leaves(make_leaf: MakeLeaf) -> list[bytes]:
    kinds = ["service.started", "exchange.asked", "key.created", "exchange.answered"]
    return [make_leaf(NOW + n, kind=kinds[n % 4]) for n in range(11)]


@pytest.fixture
def packed(leaves: list[bytes]) -> bytes:
    return write_receipt(
        FakeLog(leaves), Subject(NUMBER, [(1, leaves[1]), (3, leaves[3])]), SIGNER.vkey, NOW
    )


def files_of(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_a_receipt_holds_and_says_which_records_it_shows(
    packed: bytes, leaves: list[bytes], tmp_path: Path
) -> None:
    path = tmp_path / file_name(NUMBER)
    path.write_bytes(packed)
    found = verify_receipt.check(verify_receipt.read_files(path), SIGNER.vkey)
    assert found.code == 0
    assert [each["index"] for each in found.records] == [1, 3]
    assert [each["bytes"] for each in found.records] == [leaves[1], leaves[3]]
    assert found.records[0]["record"]["exchange"] == FIELDS["exchange.asked"]["exchange"]
    for lang in (0, 1):
        text = "\n".join(verify_receipt.page(found, lang))
        assert "exchange.asked" in text
        assert ("回执成立。", "The receipt holds.")[not lang] in text
        assert len(found.not_proven) == 2


def test_the_program_in_the_receipt_checks_it_without_us(packed: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        file.extractall(tmp_path)

    def run() -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-I", str(tmp_path / "verify_receipt.py"), "--lang", "zh"]
        return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program

    ran = run()
    assert ran.returncode == 0, ran.stderr
    assert "回执成立" in ran.stdout
    assert "--vkey" in ran.stdout, "the key out of the file proves nothing by itself"
    (tmp_path / "1.json").write_bytes(b"{}")
    ran = run()
    assert ran.returncode == 1
    assert "旁边的记录文件与其不符" in ran.stdout


def test_every_proof_in_it_is_a_standard_one_that_carries_its_record(
    packed: bytes, leaves: list[bytes]
) -> None:
    files = files_of(packed)
    for index in (1, 3):
        read = proof.read(files[f"{index}.tlog-proof"].decode())
        assert read.extra == files[f"{index}.json"] == leaves[index]
        assert read.check(leaves[index], files["vkey"].decode().strip()).size == 11
        assert leaf.parse(read.extra)["kind"].startswith("exchange.")


def test_the_page_says_in_both_languages_what_it_is_and_how_to_check_it(packed: bytes) -> None:
    text = files_of(packed)["README.txt"].decode("utf-8-sig")
    assert text.index("回执") < text.index("RECEIPT")
    for part in (NUMBER, SIGNER.vkey, "1.json", "verify_receipt.py", "2026-05-29"):
        assert text.count(part) >= 2, part


def test_the_same_receipt_is_the_same_file(packed: bytes, leaves: list[bytes]) -> None:
    subject = Subject(NUMBER, [(1, leaves[1]), (3, leaves[3])])
    assert write_receipt(FakeLog(leaves), subject, SIGNER.vkey, NOW) == packed


@pytest.mark.parametrize("name", ["1.tlog-proof", "3.tlog-proof", "1.json"])
def test_every_changed_byte_of_a_record_or_its_proof_is_noticed(packed: bytes, name: str) -> None:
    files = files_of(packed)
    whole = files[name]
    for place in range(len(whole)):
        files[name] = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        assert verify_receipt.check(files, SIGNER.vkey).code == 1, place


def test_a_receipt_of_another_key_log_or_record_does_not_hold(packed: bytes) -> None:
    files = files_of(packed)
    for other in (Signer(SIGNER.name, b"x" * 32), Signer("ledger.test/u", b"t" * 32)):
        assert verify_receipt.check(files, other.vkey).code == 1
    assert verify_receipt.check(files, "no key").code == 1
    relabelled = {name: data.replace(b"index 1\n", b"index 3\n") for name, data in files.items()}
    assert verify_receipt.check(relabelled, SIGNER.vkey).code == 1


def test_one_tenants_signature_does_not_pass_for_anothers(packed: bytes) -> None:
    files, other = files_of(packed), Signer("ledger.test/u", b"t" * 32)
    text = files["1.tlog-proof"].decode()
    stamp = other.sign("x\n").rpartition(" ")[2]
    own = text.rpartition(" ")[2]
    signature = b64encode(unpadded(stamp)[:4] + unpadded(own)[4:]).decode()
    text = text.replace(f"— {SIGNER.name} {own}", f"— {other.name} {signature}\n")
    found = verify_receipt.check({"1.tlog-proof": text.encode()}, other.vkey)
    assert found.problems[0][1][0] == "it is of another log than the key"


def unpadded(text: str) -> bytes:
    return verify_receipt.unbase64(text.strip())


def test_what_could_not_be_told_is_said_and_is_no_pass(packed: bytes, tmp_path: Path) -> None:
    files = files_of(packed)
    del files["vkey"]
    found = verify_receipt.check(files)
    assert (found.code, found.untold) == (2, [verify_receipt.NO_KEY])
    assert verify_receipt.check({}, SIGNER.vkey).code == 2
    single = tmp_path / "1.tlog-proof"
    single.write_bytes(files["1.tlog-proof"])
    assert verify_receipt.check(verify_receipt.read_files(single), SIGNER.vkey).code == 0


def test_a_zip_file_packed_as_no_receipt_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "receipt.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("a.tlog-proof", bytes(500))
    whole = path.read_bytes()
    path.write_bytes(whole.replace(whole[60:64], b"\xff\xff\xff\xff", 1))  # within what is packed
    with pytest.raises(verify_receipt.Bad, match="packed"):
        verify_receipt.read_files(path)


def test_hostile_files_are_refused_and_cannot_speak_to_a_terminal(
    packed: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "r.zip"
    for cut in range(0, len(packed), 97):
        path.write_bytes(packed[:cut])
        try:
            found = verify_receipt.check(verify_receipt.read_files(path), SIGNER.vkey)
        except verify_receipt.Bad:
            continue
        assert found.code == 2
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("1.tlog-proof", bytes(1 << 24))
    with pytest.raises(verify_receipt.Bad, match="too large"):
        verify_receipt.read_files(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("1.tlog-proof", b"a")
        file.writestr("x/1.tlog-proof", b"b")
    with pytest.raises(verify_receipt.Bad, match="one name twice"):
        verify_receipt.read_files(path)
    evil = b"\x1b]0;owned\x07"
    made = write_receipt(FakeLog([evil]), Subject(NUMBER, [(0, evil)]), SIGNER.vkey, NOW)
    found = verify_receipt.check(files_of(made), SIGNER.vkey)
    assert "\x1b" not in "\n".join(verify_receipt.page(found, 0))


@given(st.binary(max_size=300), st.binary(max_size=60))
def test_no_bytes_make_the_check_fail_otherwise_than_by_a_finding(one: bytes, two: bytes) -> None:
    start = b"c2sp.org/tlog-proof@v1\nextra YQ==\nindex 0\n"
    for data in (one, start + one, start + b"\n" + one + b"\n\n" + two, start + b"\n\n" + two):
        found = verify_receipt.check({"0.tlog-proof": data, "vkey": two}, "")
        assert found.code in (1, 2)


def test_no_receipt_is_made_of_nothing_of_too_much_or_of_what_is_not_signed(
    leaves: list[bytes],
) -> None:
    for records in ([], [(n, b"x") for n in range(65)], [(11, leaves[0])], [(-1, leaves[0])]):
        with pytest.raises(ValueError, match=r"holds 1 to 64|above the signed head"):
            write_receipt(FakeLog(leaves), Subject(NUMBER, records), SIGNER.vkey, NOW)
