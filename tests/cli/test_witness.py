import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.ledger.tsa import Authority, make_authority

from hegui.app import parts
from hegui.app import witness as app
from hegui.app.attesting import confirmed
from hegui.ledger.cosignature import ML_DSA_44, read_key, seen_by
from hegui.ledger.cosigning import Cosigner
from hegui.ledger.note import Checkpoint, Signer
from hegui.settings import read
from hegui.testing.serve import running_in_thread
from hegui.witness.asking import write
from hegui.witness.server import witness_app
from hegui.witness.signing import Witness

Hegui = Callable[..., Result]
LOG = Signer("log.test/a", b"l" * 32)


def answering(authority: Authority) -> Starlette:
    async def answer(request: Request) -> Response:
        return Response(authority.answer(await request.body()))

    return Starlette(routes=[Route("/", answer, methods=["POST"])])


def shown(root: bytes, size: int = 3) -> bytes:
    return write(0, [], LOG.sign(Checkpoint("log.test/a", size, root).text()))


def witnessed(folder: Path, *bodies: bytes) -> list[int]:
    state, cosigners = app.opened(folder)
    witness = Witness(state, cosigners, parts.now)
    statuses = [witness.add(body).status for body in bodies]
    state.close()
    return statuses


def test_a_witness_is_made_once_and_prints_its_keys(hegui: Hegui, tmp_path: Path) -> None:
    made = hegui("witness", "init", "--name", "w.test/1", "--ml-dsa")
    assert made.exit_code == 0
    keys = [read_key(vkey) for vkey in made.stdout.split()]
    assert [key.kind for key in keys] == [4, ML_DSA_44]
    assert hegui("witness", "vkey").stdout == made.stdout
    folder = tmp_path / "hegui-witness" / "keys"
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    again = hegui("witness", "init", "--name", "w.test/2")
    assert again.exit_code == 3
    assert "never change" in again.output


def test_a_witness_whose_key_is_not_the_one_it_gave_out_does_not_start(
    hegui: Hegui, tmp_path: Path
) -> None:
    hegui("witness", "init", "--name", "w.test/1")
    seed = tmp_path / "hegui-witness" / "keys" / "witness-ed25519"
    seed.write_bytes(b"x" * 32)
    for command in ("vkey", "logs", "serve"):
        ended = hegui("witness", command)
        assert ended.exit_code == 3
        assert "backup" in ended.output
    seed.chmod(0o644)
    assert "chmod 600" in hegui("witness", "vkey").output


def test_logs_are_followed_listed_and_let_go(hegui: Hegui, tmp_path: Path) -> None:
    hegui("witness", "init", "--name", "w.test/1")
    assert "No log" in hegui("witness", "logs").output
    assert hegui("witness", "follow", f"default={LOG.vkey}").exit_code == 0
    assert "already" in hegui("witness", "follow", LOG.vkey).output
    assert "not seen yet" in hegui("witness", "logs").output
    assert witnessed(tmp_path / "hegui-witness", shown(b"r" * 32)) == [200]
    (row,) = json.loads(hegui("witness", "logs", "--json").stdout)
    assert (row["origin"], row["size"], row["split"]) == ("log.test/a", 3, 0)
    assert hegui("witness", "follow", "--stop", LOG.vkey).exit_code == 0
    assert "not followed any more" in hegui("witness", "logs").output
    assert hegui("witness", "follow", "--stop", LOG.vkey).exit_code == 3


def test_two_histories_are_told_with_both_heads(hegui: Hegui, tmp_path: Path) -> None:
    hegui("witness", "init", "--name", "w.test/1")
    hegui("witness", "follow", LOG.vkey)
    assert hegui("witness", "evidence").exit_code == 0
    assert witnessed(tmp_path / "hegui-witness", shown(b"r" * 32), shown(b"s" * 32)) == [200, 409]
    listed = hegui("witness", "logs")
    assert (listed.exit_code, "TWO HISTORIES" in listed.output) == (1, True)
    told = hegui("witness", "evidence")
    assert told.exit_code == 1
    assert told.output.count("log.test/a\n3\n") == 2
    (pair,) = json.loads(hegui("witness", "evidence", "--json").stdout)
    assert pair["kind"] == "split"
    chinese = hegui("witness", "evidence", "--lang", "zh").output
    assert "两个同样大小" in chinese


@pytest.mark.parametrize(
    "args",
    [
        ["init", "--name", "a b"],
        ["init", "--name", "a+b"],
        ["init"],
        ["logs"],
        ["follow", "x"],
        ["serve", "--listen", "x"],
        ["serve", "--dir", "elsewhere"],
    ],
)
def test_what_makes_no_sense_is_refused_with_exit_code_3(hegui: Hegui, args: list[str]) -> None:
    for lang in ("en", "zh"):
        ended = hegui("witness", *args, "--lang", lang)
        assert ended.exit_code == 3
        assert "Traceback" not in ended.output


def test_what_a_witness_and_an_authority_confirm_is_asked_for_checked_and_told(
    hegui: Hegui, settings: Path, tmp_path: Path
) -> None:
    """The whole way: a log, a witness, an authority; ask now, then verify."""
    hegui("keys", "create")
    hegui("witness", "init", "--name", "w.test/1")
    folder = tmp_path / "hegui-witness"
    vkey = hegui("witness", "vkey").stdout.strip()
    hegui("witness", "follow", hegui("ledger", "vkey").stdout.strip())
    state, cosigners = app.opened(folder)
    authority = make_authority(tmp_path / "tsa")
    assert hegui("ledger", "attest", "--lang", "en").exit_code == 3
    with (
        running_in_thread(witness_app(Witness(state, cosigners, parts.now))) as url,
        running_in_thread(answering(authority)) as tsa,
    ):
        with settings.open("a", encoding="utf-8") as file:
            file.write(f'[ledger.timestamp]\nurl = "{tsa}"\nca = "tsa/ca.pem"\n')
            file.write(f'[[witness]]\nname = "court"\nurl = "{url}"\nvkey = "{vkey}"\n')
        asked = hegui("ledger", "attest", "--lang", "en")
        assert (asked.exit_code, asked.output.count("has confirmed")) == (0, 2)
    state.close()
    known = confirmed(read(settings, {}), "default")
    assert known.witnesses == (vkey,)
    assert len(seen_by(known.head, [read_key(vkey)])) == 1
    assert known.stamp is not None
    assert (known.stamp.size, known.stamp.checkpoint) == (1, known.head.rpartition("— ")[0])
    told = hegui("ledger", "verify", "--lang", "en")
    assert told.exit_code == 0, told.output
    assert "w.test/1 signed the first 1 entries" in told.output
    assert "says the authority" in told.output
    assert "No independent witness" not in told.output
    checked = hegui("check", "--lang", "en")
    assert "court" in checked.output
    assert "in order" in checked.output
    assert "court IS ON THIS MACHINE" in checked.output
    failed = hegui("ledger", "attest", "--lang", "en")
    assert (failed.exit_code, failed.output.count("cannot be reached")) == (1, 2)
    assert "FAILED 1 times" in hegui("check", "--lang", "en").output
    copy = tmp_path / "hegui-data" / "hegui.db"
    inspected = ["ledger", "verify", "--db", str(copy), "--witness", vkey]
    inspected += ["--ca", str(tmp_path / "tsa" / "ca.pem"), "--json"]
    report = json.loads(hegui(*inspected).stdout)
    assert len(report["proven"]) == 2
    other = Cosigner("other.test", b"o" * 32).key.vkey
    report = json.loads(hegui("ledger", "verify", "--witness", other, "--json").stdout)
    assert "none of the given witnesses" in report["not_proven"][0]["en"]
    assert hegui("ledger", "verify", "--witness", "x").exit_code == 3


def test_a_second_signature_that_cannot_be_made_stops_the_start(
    hegui: Hegui, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with settings.open("a", encoding="utf-8") as file:
        file.write("[ledger]\nml_dsa = true\n")
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    for command in (("keys", "create"), ("check",)):
        ended = hegui(*command)
        assert ended.exit_code == 3
        assert "pip install" in ended.output
    assert hegui("witness", "init", "--name", "w", "--ml-dsa").exit_code == 3
    assert not (settings.parent / "hegui-witness").exists()


def test_a_log_that_signs_twice_prints_both_keys(hegui: Hegui, settings: Path) -> None:
    with settings.open("a", encoding="utf-8") as file:
        file.write("[ledger]\nml_dsa = true\n")
    hegui("keys", "create")
    printed = [line.removeprefix("default=") for line in hegui("ledger", "vkey").stdout.split()]
    assert len(printed) == 2
    assert read_key(printed[1]).kind == ML_DSA_44
    told = hegui("ledger", "verify")
    assert told.exit_code == 0, told.output
    with closing(sqlite3.connect(settings.parent / "hegui-data" / "hegui.db")) as connection:
        (note,) = connection.execute("SELECT checkpoint FROM log").fetchone()
    assert note.count("— ") == 2
    (settings.parent / "hegui-data" / "keys" / "signing-ml-dsa-44").unlink()
    lost = hegui("keys", "create")
    assert lost.exit_code == 3
    assert "signing-ml-dsa-44" in lost.output
