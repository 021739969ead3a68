"""Duties, statements, drafts of reports and the package of a filing, on a PostgreSQL server."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.cli.conftest import Hegui
from tests.filing.statements.made import filled

from hegui.app import parts
from hegui.testing.postgres import PracticeServer

ROLE = ("--by", "staff-17", "--role", "annotation-lead")


def told(run: Hegui, *args: str, code: int = 1) -> Any:
    done = run(*args, "--json")
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def state(run: Hegui, duty: str, *more: str) -> str:
    board = told(run, "duty", "list", *more)
    return str(next(one["state"] for one in board["duties"] if one["id"] == duty))


def database() -> str:
    return (
        Path("hegui.toml").read_text(encoding="utf-8").rpartition('"\npass')[0].rpartition("/")[2]
    )


def test_statements_on_a_server_are_published_and_withdrawn_on_record(
    on_server: Hegui, postgres: PracticeServer
) -> None:
    for text in (filled("complaints"), filled("complaints", "改过的内容。")):
        Path("s.toml").write_text(text, encoding="utf-8")
        signed = ("--by", "L-07", "--role", "legal")
        made = told(on_server, "statement", "publish", "s.toml", *signed, code=0)
        assert made["digest"] == sha256(text.encode()).hexdigest()
    assert on_server("statement", "show", "complaints").output == text
    assert on_server("statement", "withdraw", "complaints", "--by", "L-07").exit_code == 0
    assert on_server("statement", "show", "complaints").exit_code == 1
    rows = postgres.sql("SELECT leaf FROM hegui.entry ORDER BY idx", database())
    leaves = [json.loads(bytes(leaf)) for (leaf,) in rows]
    published = ["statement.published"] * 2
    assert [leaf["kind"] for leaf in leaves] == [*published, "statement.withdrawn"]
    assert [leaf["version"] for leaf in leaves] == [1, 2, 2]


def test_an_attestation_on_a_server_counts_until_it_is_withdrawn_and_a_changed_entry_counts_nothing(
    on_server: Hegui, postgres: PracticeServer
) -> None:
    done = on_server("duty", "attest", "a8-train", *ROLE, "--says", "All five.")
    assert done.exit_code == 0, done.output
    assert state(on_server, "a8-train") == "attested"
    number = done.output.partition("attestation ")[2].partition(" ")[0]
    gone = ("--withdraw", number, *ROLE, "--reason", "old")
    assert on_server("duty", "attest", "a8-train", *gone).exit_code == 0
    assert state(on_server, "a8-train", "--verify") == "not-evidenced"
    postgres.sql("UPDATE hegui.entry SET leaf = set_byte(leaf, 9, 0) WHERE idx = 1", database())
    Path("hegui-data/projections.db").unlink()
    assert on_server("duty", "list").exit_code == 2
    assert "entry 1" in on_server("duty", "list").output


def test_a_report_that_is_drafted_is_on_record_on_a_server(
    on_server: Hegui, postgres: PracticeServer
) -> None:
    found = datetime.fromtimestamp(parts.now() / 1_000, UTC).isoformat()
    sort = ("--sort", "content", "--case", "IN-7", "--target-minutes", "30")
    done = on_server("incident", "draft", *sort, "--found", found, "--out", "report.md")
    assert done.exit_code == 0, done.output
    ((leaf,),) = postgres.sql("SELECT leaf FROM hegui.entry", database())
    record = json.loads(bytes(leaf))
    assert record["kind"] == "incident.drafted"
    assert sha256(Path("report.md").read_bytes()).hexdigest() in record.values()


def test_a_package_built_from_a_server_is_proven_by_itself(on_server: Hegui) -> None:
    assert on_server("duty", "attest", "a8-train", *ROLE, "--says", "All five.").exit_code == 0
    Path("s.toml").write_text(filled("complaints"), encoding="utf-8")
    signed = ("--by", "L-07", "--role", "legal")
    assert on_server("statement", "publish", "s.toml", *signed).exit_code == 0
    built = on_server("filing", "build", "--route", "algorithm", "--out", "pack", "--json")
    assert built.exit_code == 1, built.output
    said = json.loads(Path("pack/package.json").read_text(encoding="utf-8"))
    assert said["records"]
    assert len(list(Path("pack/proof").rglob("*.tlog-proof"))) == len(said["records"])
    assert Path("pack/files", sha256(b"All five.").hexdigest()).read_bytes() == b"All five."
    vkey = on_server("ledger", "vkey").stdout.strip().partition("=")[2]
    checked = on_server("filing", "verify", "pack", "--vkey", vkey)
    assert checked.exit_code == 0, checked.output
