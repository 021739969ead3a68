"""``hegui ledger receipt`` and ``check-receipt``."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from hegui.app import parts
from hegui.app.published import vkeys_of
from hegui.ledger import kinds, leaf
from hegui.settings import read
from hegui.terms import Entry

Hegui = Callable[..., Result]

EXCHANGE = "01KSR49200AAAAAAAAAAAAAAAA"
APPEAL = "01KSR4ZZ00BBBBBBBBBBBBBBBB"
AT = 1_780_000_000_000
DIGEST = "0123456789abcdef" * 4


@pytest.fixture
def vkey(settings: Path) -> str:
    """Write a log with an exchange and an appeal in it; return its key."""
    at = read(settings, {})
    ledger = parts.open_ledger(at)
    answered = {
        "exchange": EXCHANGE,
        "model": "m",
        "decision": "allow",
        "rules": {},
        "faults": [],
        "released": {},
        "commit": DIGEST,
        "content": "none",
        "label": {"mode": "suffix", "produce_id": "x"},
        "end": "complete",
        "status": 200,
        "notes": {},
    }
    appeal = {
        "appeal": APPEAL,
        "exchange": EXCHANGE,
        "commit": DIGEST,
        "content": "kept",
        "contact": False,
        "due": AT,
    }
    stopped = {"reason": "x", "answered": 1}
    for n, (kind, fields) in enumerate(
        [
            ("service.stopped", stopped),
            ("exchange.answered", answered),
            ("service.stopped", stopped),
            ("appeal.received", appeal),
        ]
    ):
        made = leaf.make(kinds.named(kind), ulid_ms(fields) or AT + n, "default", fields)
        ledger.add_blocking(Entry("default", made))
    ledger.close()
    return vkeys_of(at, "default")[0]


def ulid_ms(fields: object) -> int | None:
    from hegui.ledger.finding import ulid_ms as moment

    assert isinstance(fields, dict)
    return moment(str(fields.get("appeal", fields.get("exchange", ""))))


def test_a_receipt_of_an_exchange_is_written_on_record_and_holds(hegui: Hegui, vkey: str) -> None:
    done = hegui("ledger", "receipt", f"HG-{EXCHANGE[:10]}-{EXCHANGE[10:18]}-{EXCHANGE[18:]}")
    assert done.exit_code == 0, done.output
    path = Path(f"receipt-HG-{EXCHANGE[:10]}-{EXCHANGE[10:18]}-{EXCHANGE[18:]}.zip")
    assert str(path) in done.output
    checked = hegui("ledger", "check-receipt", str(path), "--vkey", vkey, "--lang", "zh")
    assert checked.exit_code == 0, checked.output
    assert "回执成立" in checked.output
    assert "exchange.answered" in checked.output
    again = hegui("ledger", "receipt", EXCHANGE, "--lang", "zh")
    assert again.exit_code == 3
    assert "不会覆盖" in again.output
    assert hegui("ledger", "verify").exit_code == 0


def test_a_receipt_of_an_appeal_shows_what_it_is_about_too(hegui: Hegui, vkey: str) -> None:
    done = hegui("ledger", "receipt", f"AP-{APPEAL}", "-o", "r.zip", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told == {"file": "r.zip", "tenant": "default", "records": [1, 3]}
    checked = hegui("ledger", "check-receipt", "r.zip", "--vkey", vkey)
    assert checked.exit_code == 0
    assert "appeal.received" in checked.output


def test_a_receipt_that_was_changed_does_not_hold(hegui: Hegui, vkey: str) -> None:
    import zipfile

    hegui("ledger", "receipt", EXCHANGE, "-o", "r.zip")
    with zipfile.ZipFile("r.zip") as file:
        file.extractall("r")
    record = Path("r/1.json")
    record.write_bytes(record.read_bytes().replace(b'"allow"', b'"refuse"'))
    checked = hegui("ledger", "check-receipt", "r", "--vkey", vkey)
    assert checked.exit_code == 1
    assert "does NOT hold" in checked.output
    assert hegui("ledger", "check-receipt", "r.zip", "--vkey", "x+1+2").exit_code == 1
    assert hegui("ledger", "check-receipt", "nothing.zip").exit_code == 2
    Path("bad.zip").write_bytes(Path("r.zip").read_bytes()[:-40])
    assert hegui("ledger", "check-receipt", "bad.zip").exit_code == 2


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("nothing", "neither an evidence number"),
        ("AP-01ARZ3NDEKTSV4RRFFQ69G5FAV", "No log has records"),
        ("HG-01ARZ3NDEK-TSV4RRFF-Q69G5FAV", "No log has records"),
    ],
)
def test_a_number_that_names_nothing_is_exit_code_3(
    hegui: Hegui, vkey: str, number: str, said: str
) -> None:
    assert vkey
    done = hegui("ledger", "receipt", number, "--lang", "en")
    assert done.exit_code == 3
    assert said in done.output
    assert not list(Path().glob("*.zip"))
