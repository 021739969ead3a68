import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pyrage
import pytest
from click.testing import Result
from tests.ledger.conftest import FIELDS

from hegui.app import parts
from hegui.ledger import kinds, leaf
from hegui.ledger.export.data import verify
from hegui.settings import read
from hegui.store import open_database
from hegui.terms import Entry
from hegui.vault import Vault

Hegui = Callable[..., Result]
EXCHANGE = "01KSR49200AAAAAAAAAAAAAAAA"


@pytest.fixture
def some_keys(hegui: Hegui, settings: Path) -> Path:
    """A log of three records; return the directory that the commands run in."""
    for _ in range(3):
        assert hegui("keys", "create").exit_code == 0
    return settings.parent


def check(folder: Path, vkey: str = "") -> verify.Report:
    return verify.Check(str(folder), vkey, []).run()


def sealed_exchange(settings: Path, days: int = 1) -> bytes:
    """Put an exchange on record whose prompt is kept; return the prompt."""
    known = read(settings, {})
    vault = Vault(known.database, parts.key_directory(known), parts.now)
    text = "被留存的问题".encode()
    subject = vault.subject("default", "someone")
    commit = vault.commitment(subject, EXCHANGE, "prompt", text)
    fields = {**FIELDS["exchange.asked"], "commit": commit}
    record = leaf.make(kinds.named("exchange.asked"), parts.now(), "default", fields)
    until = parts.now() + days * 86_400_000
    writes = vault.seal(subject, "default", EXCHANGE, "prompt", "findings", text, until)
    ledger = parts.open_ledger(known)
    ledger.add_blocking(Entry("default", record, subject.writes + writes))
    ledger.close()
    vault.close()
    return text


def test_an_export_holds_under_the_published_key_and_contains_its_own_record(
    hegui: Hegui, some_keys: Path
) -> None:
    vkey = hegui("ledger", "vkey").stdout.strip().partition("=")[2]
    result = hegui("ledger", "export", "--out", "out", "--purpose", "检查 17", "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["shown"], told["size"], told["proofs"]) == (4, 4, 1)
    report = check(some_keys / "out", vkey)
    assert report.problems == []
    scope = json.loads((some_keys / "out/export.json").read_bytes())["scope"]
    assert (scope["purpose"], scope["size"], scope["content"]) == ("检查 17", 3, "none")
    assert hegui("ledger", "verify").exit_code == 0


def test_it_is_checked_by_the_program_that_lies_in_it(hegui: Hegui, some_keys: Path) -> None:
    hegui("ledger", "export", "--out", "out", "--proofs")
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-I", str(some_keys / "out/verify.py"), "--lang", "zh"],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd="/",
    )
    assert ended.returncode == 0, ended.stdout
    assert "所检查的内容全部成立" in ended.stdout


def test_days_are_legal_days_and_an_empty_period_still_proves_all(
    hegui: Hegui, some_keys: Path
) -> None:
    result = hegui(
        "ledger", "export", "--out", "out", "--from", "2020-01-01", "--to", "2020-01-31", "--json"
    )
    assert json.loads(result.stdout)["shown"] == 0
    scope = json.loads((some_keys / "out/export.json").read_bytes())["scope"]
    assert (scope["since"], scope["until"]) == (1_577_808_000_000, 1_580_486_400_000)
    assert check(some_keys / "out").problems == []


def test_content_is_opened_for_a_purpose_only_and_that_is_on_record(
    hegui: Hegui, some_keys: Path
) -> None:
    text = sealed_exchange(some_keys / "hegui.toml")
    hegui("ledger", "export", "--out", "without")
    assert not (some_keys / "without/content").exists()
    result = hegui("ledger", "export", "--out", "with", "--content", "complaint 4", "--json")
    assert json.loads(result.stdout)["contents"] == 1
    opened = some_keys / f"with/content/{EXCHANGE}.prompt"
    assert opened.read_bytes() == text
    report = check(some_keys / "with")
    assert report.problems == []
    scope = json.loads((some_keys / "with/export.json").read_bytes())["scope"]
    assert scope["content_purpose"] == "complaint 4"
    item = json.loads((some_keys / "with/content.json").read_bytes())["items"][0]
    salted = bytes.fromhex(item["salt"]) + text
    asked = next(json.loads(x) for x in _leaves(some_keys / "with") if b"exchange.asked" in x)
    assert sha256(salted).hexdigest() == asked["commit"]
    assert hegui("ledger", "export", "--out", "none", "--content", " ").exit_code == 3


def test_whose_content_goes_along_is_noted_so_that_an_erasure_says_so(
    hegui: Hegui, some_keys: Path
) -> None:
    sealed_exchange(some_keys / "hegui.toml")
    hegui("ledger", "export", "--out", "without")
    assert handed_over(some_keys) == []
    hegui("ledger", "export", "--out", "with", "--content", "complaint 4")
    assert [row[:2] for row in handed_over(some_keys)] == [(EXCHANGE, "prompt")]


def handed_over(folder: Path) -> list[tuple[object, ...]]:
    """Return exchange, part and receiver of what left the house."""
    connection = open_database(folder / "hegui-data/hegui.db", read_only=True)
    try:
        sql = "SELECT exchange, part, receiver FROM handed_over ORDER BY seq"
        return list(connection.execute(sql))
    finally:
        connection.close()


def _leaves(folder: Path) -> list[bytes]:
    (bundle,) = [path for path in (folder / "tile/entries").rglob("*") if path.is_file()]
    data, at, found = bundle.read_bytes(), 0, []
    while at < len(data):
        stop = at + 2 + int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : stop])
        at = stop
    return found


def test_content_whose_term_has_ended_is_not_in_it(hegui: Hegui, some_keys: Path) -> None:
    sealed_exchange(some_keys / "hegui.toml", days=-1)
    result = hegui("ledger", "export", "--out", "out", "--content", "complaint 4", "--json")
    assert json.loads(result.stdout)["contents"] == 0
    assert check(some_keys / "out").problems == []


def test_a_sealed_export_is_one_file_that_its_recipient_opens(
    hegui: Hegui, some_keys: Path
) -> None:
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    result = hegui("ledger", "export", "--out", "case", "--to-recipient", recipient)
    assert result.exit_code == 0, result.output
    opened = pyrage.decrypt((some_keys / "case.tar.age").read_bytes(), [identity])
    with tarfile.open(fileobj=io.BytesIO(opened)) as tar:
        tar.extractall(some_keys / "opened", filter="data")
    assert check(some_keys / "opened/case").problems == []
    assert not (some_keys / "case").exists()


@pytest.mark.parametrize(
    "args",
    [
        ["--out", "taken"],
        ["--out", "no/parent"],
        ["--out", "x", "--tenant", "nobody"],
        ["--out", "x", "--from", "2026-13-01"],
        ["--out", "x", "--from", "2026-11-02", "--to", "2026-11-01"],
        ["--out", "x", "--to-recipient", "age1x"],
        ["--out", "x", "--purpose", ""],
        ["--out", "x", "--purpose", "p" * 501],
        ["--out", "x", "--record", "99"],
        [],
    ],
)
def test_what_makes_no_sense_is_refused_with_exit_code_3_and_leaves_nothing(
    hegui: Hegui, some_keys: Path, args: list[str]
) -> None:
    (some_keys / "taken").mkdir()
    for lang in ("zh", "en"):
        result = hegui("ledger", "export", *args, "--lang", lang)
        assert result.exit_code == 3, result.output
        assert "Traceback" not in result.output
    left = {path.name for path in some_keys.iterdir()}
    assert left == {"hegui.toml", "hegui-data", "taken"}
