import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from hegui.ledger import kinds, leaf, tree
from hegui.ledger.apart import verify_apart
from hegui.ledger.log import Ledger
from hegui.ledger.note import Checkpoint, Signer, open_note
from hegui.ledger.verify import verify
from hegui.settings.keyfiles import KeyDirectory
from hegui.store import open_database
from hegui.terms import Entry
from hegui.vault import Vault

FIXTURES = Path(__file__).parent / "fixtures"
FACTS: dict[str, Any] = json.loads((FIXTURES / "v1.json").read_text(encoding="utf-8"))


@pytest.fixture
def v1(tmp_path: Path) -> Path:
    copy = tmp_path / "v1.db"
    shutil.copy(FIXTURES / "v1.db", copy)
    copy.chmod(0o600)
    return copy


def test_a_ledger_of_format_v1_verifies_for_ever(v1: Path) -> None:
    report = verify(v1, FACTS["vkeys"])
    assert report.ok, report.problems
    assert [(one.tenant, one.size, one.signed) for one in report.logs] == [
        ("a", 19, True),
        ("b", 1, True),
    ]


def test_every_leaf_of_format_v1_is_still_read(v1: Path) -> None:
    connection = open_database(v1)
    records = [leaf.parse(one) for (one,) in connection.execute("SELECT leaf FROM entry")]
    connection.close()
    assert not any("opaque" in record for record in records)
    assert {record["kind"] for record in records} <= {kind.name for kind in kinds.all_kinds()}
    assert len({record["kind"] for record in records}) == 9


def test_a_ledger_of_format_v1_is_continued_and_its_old_head_stays_a_part_of_it(v1: Path) -> None:
    ledger = Ledger(v1, lambda tenant, _: Signer(f"v1.test/{tenant}", tenant.encode() * 32))
    revoked = leaf.make(kinds.named("key.revoked"), 1_780_000_000_009, "a", {"key": "x"})
    assert ledger.add_blocking(Entry("a", revoked)).index == 19
    report = verify_apart(v1, FACTS["vkeys"])
    assert report.ok
    connection = open_database(v1, read_only=True)
    rows = connection.execute("SELECT hash FROM entry WHERE tenant = 'a' ORDER BY idx").fetchall()
    connection.close()
    old = Checkpoint.parse(open_note(FACTS["checkpoints"]["a"], FACTS["vkeys"]["a"]))
    proof = tree.consistency_proof(19, 20, tree.subtrees_of([one for (one,) in rows]))
    root = bytes.fromhex(report.logs[0].root)
    assert tree.consistent(19, 20, old.root, root, proof)
    found = ledger.find_exchange("b", FACTS["exchange"])
    assert [index for index, _ in found] == [0]
    ledger.close()


def test_content_sealed_in_format_v1_still_opens_and_fits_its_commitment(
    v1: Path, tmp_path: Path
) -> None:
    keys = KeyDirectory(tmp_path / "keys")
    for name, key in FACTS["keys"].items():
        keys.create(name, bytes.fromhex(key))
    vault = Vault(v1, keys, lambda: 1_780_000_000_000)
    content = vault.open("b", FACTS["exchange"], "prompt")
    subject = vault.subject("b", FACTS["subject"])
    commitment = vault.commitment(subject, FACTS["exchange"], "prompt", content)
    vault.close()
    assert content.decode() == FACTS["content"]
    assert subject.pseudonym == FACTS["pseudonym"]
    connection = open_database(v1)
    ((record,),) = connection.execute("SELECT leaf FROM entry WHERE tenant = 'b'").fetchall()
    connection.close()
    assert leaf.parse(record)["commit"] == commitment
