"""hegui statement: drafted, published as versions, shown and withdrawn."""

import json
import threading
from hashlib import sha256
from pathlib import Path

import pytest
from tests.cli.conftest import Hegui
from tests.filing.statements.made import filled

from hegui.app import statements
from hegui.ledger.kinds import named
from hegui.ledger.leaf import make
from hegui.settings import read as read_settings
from hegui.store import open_database
from hegui.terms import BadRequest


def kept(settings: Path) -> Path:
    return settings.parent / "hegui-data" / "statements"


def leaves(settings: Path) -> list[dict[str, object]]:
    connection = open_database(settings.parent / "hegui-data" / "hegui.db")
    rows = connection.execute("SELECT leaf FROM entry ORDER BY idx").fetchall()
    connection.close()
    return [json.loads(row[0]) for row in rows]


def publish(hegui: Hegui, text: str) -> tuple[int, str]:
    Path("s.toml").write_text(text, encoding="utf-8")
    done = hegui("statement", "publish", "s.toml", "--by", "L-07", "--role", "legal", "--json")
    return done.exit_code, done.output


def test_versions_are_published_shown_and_withdrawn(hegui: Hegui, settings: Path) -> None:
    first, second = filled("complaints"), filled("complaints", "改过的内容。")
    code, said = publish(hegui, first)
    assert code == 0, said
    made = json.loads(said)
    assert (made["version"], made["digest"]) == (1, sha256(first.encode()).hexdigest())
    assert publish(hegui, first)[0] == 3, "the same text again is no new version"
    assert json.loads(publish(hegui, second)[1])["version"] == 2
    assert hegui("statement", "show", "complaints").output == second
    assert hegui("statement", "show", "complaints", "--version", "1").output == first
    listed = hegui("statement", "list", "--json")
    assert listed.exit_code == 1, "seven others are not published"
    assert [one["state"] for one in json.loads(listed.output)] == ["older", "in-force"]
    assert hegui("statement", "withdraw", "complaints", "--by", "L-07").exit_code == 0
    assert hegui("statement", "show", "complaints").exit_code == 1
    assert hegui("statement", "withdraw", "complaints", "--by", "L-07").exit_code == 3
    assert json.loads(publish(hegui, first)[1])["version"] == 3, "no number is given twice"
    kinds = [leaf["kind"] for leaf in leaves(settings)]
    published = "statement.published"
    assert kinds == [published, published, "statement.withdrawn", published]
    assert leaves(settings)[0]["role"] == "legal"
    note = json.loads((kept(settings) / "complaints-2.json").read_text(encoding="utf-8"))
    assert note["withdrawn"]["index"] == 2
    assert json.loads(note["withdrawn"]["leaf"]) == leaves(settings)[2]


def test_a_draft_is_written_once_and_refused_until_filled(hegui: Hegui, settings: Path) -> None:
    for kind in ("privacy", "model", "complaints"):
        assert hegui("statement", "draft", kind, "--out", f"{kind}.toml").exit_code == 0
        text = Path(f"{kind}.toml").read_text(encoding="utf-8")
        assert publish(hegui, text)[0] == 3
    assert hegui("statement", "draft", "privacy", "--out", "privacy.toml").exit_code == 3
    assert hegui("statement", "draft", "anything").exit_code == 3
    assert not kept(settings).exists(), "what was refused leaves nothing"


def test_a_changed_text_is_named_and_not_shown(hegui: Hegui, settings: Path) -> None:
    publish(hegui, filled("labels"))
    (digest,) = [path for path in kept(settings).iterdir() if len(path.name) == 64]
    assert digest.stat().st_mode & 0o777 == 0o600
    digest.write_bytes(digest.read_bytes() + b"\n")
    shown = hegui("statement", "show", "labels", "--lang", "en")
    assert shown.exit_code == 2
    assert digest.name in shown.output


def test_a_changed_note_is_named(hegui: Hegui, settings: Path) -> None:
    publish(hegui, filled("labels"))
    for bad in ("", "[]", "{}", '{"index": -1, "leaf": "{}", "ended": null}', "[" * 9000):
        (kept(settings) / "labels-1.json").write_text(bad)
        shown = hegui("statement", "list", "--lang", "en")
        assert shown.exit_code == 2
        assert "labels-1.json" in shown.output


def test_two_who_publish_at_once_get_two_versions(hegui: Hegui, settings: Path) -> None:
    assert publish(hegui, filled("labels"))[0] == 0
    read = read_settings(settings, {})
    signed = statements.Signed("L-07", "legal")
    got: list[int] = []

    def go(number: int) -> None:
        text = filled("labels", f"第 {number} 稿。").encode()
        got.append(statements.publish(read, text, signed).version)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [2, 3, 4, 5]


def test_publication_that_was_cut_off_is_not_shown(hegui: Hegui, settings: Path) -> None:
    publish(hegui, filled("labels"))
    note = kept(settings) / "labels-1.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "index": None}))
    (one,) = json.loads(hegui("statement", "list", "--json").output)
    assert one["state"] == "unfinished"
    assert hegui("statement", "show", "labels", "--version", "1").exit_code == 3
    assert json.loads(publish(hegui, filled("labels"))[1])["version"] == 2


def test_who_publishes_is_said(settings: Path) -> None:
    read = read_settings(settings, {})
    for signed in (statements.Signed(" ", "legal"), statements.Signed("x", "y" * 201)):
        try:
            statements.publish(read, filled("labels").encode(), signed)
        except BadRequest:
            continue
        raise AssertionError(signed)


@pytest.mark.parametrize("recorded", [True, False])
def test_a_withdrawal_that_was_cut_off_is_finished_by_the_next_run_with_one_record(
    hegui: Hegui, settings: Path, *, recorded: bool
) -> None:
    publish(hegui, filled("labels"))
    note = kept(settings) / "labels-1.json"
    if recorded:
        assert hegui("statement", "withdraw", "labels", "--by", "L-07").exit_code == 0
        held = json.loads(note.read_text())
        begun = held["withdrawn"]["leaf"]
    else:
        held = json.loads(note.read_text())
        fields = {"statement": "labels", "version": 1, "by": "L-07"}
        begun = make(named("statement.withdrawn"), 1_700_000_000_000, "default", fields).decode()
    note.write_text(json.dumps({**held, "withdrawn": {"index": None, "leaf": begun}}))
    (one,) = json.loads(hegui("statement", "list", "--json").output)
    assert one["state"] == "ending"
    assert hegui("statement", "withdraw", "labels", "--by", "L-08").exit_code == 0
    (one,) = json.loads(hegui("statement", "list", "--json").output)
    assert one["state"] == "withdrawn"
    gone = [leaf["by"] for leaf in leaves(settings) if leaf["kind"] == "statement.withdrawn"]
    assert gone == ["L-07" if recorded else "L-08"]
    assert json.loads(note.read_text())["withdrawn"]["index"] == 1


def test_a_withdrawal_is_noted_before_it_is_on_record(settings: Path, hegui: Hegui) -> None:
    publish(hegui, filled("labels"))
    log = settings.parent / "hegui-data" / "hegui.db"
    connection = open_database(log)
    connection.execute(
        "CREATE TRIGGER cut BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'cut off'); END"
    )
    assert hegui("statement", "withdraw", "labels", "--by", "L-07").exit_code == 2
    (one,) = json.loads(hegui("statement", "list", "--json").output)
    assert one["state"] == "ending"
    connection.execute("DROP TRIGGER cut")
    connection.close()
    text = filled("labels")
    assert publish(hegui, text)[0] == 3, "it is still in force"
    assert hegui("statement", "withdraw", "labels", "--by", "L-07").exit_code == 0
    assert json.loads(publish(hegui, text)[1])["version"] == 2
