import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result

from hegui.app import parts
from hegui.app.works import WorksDirectory, attached_works
from hegui.ledger.leaf import parse
from hegui.settings import read
from hegui.store import open_database
from hegui.terms import Misconfigured

Hegui = Callable[..., Result]

HAN = [chr(code) for code in range(0x4E00, 0x5A00)]


def prose(seed: int, size: int) -> str:
    chance = random.Random(seed)
    return "".join(chance.choice(HAN) for _ in range(size))


def lines(text: str) -> str:
    """Break a text into short lines, as books and poems have them."""
    return "\n".join(text[at : at + 12] for at in range(0, len(text), 12)) + "\n"


def records(database: Path) -> list[dict[str, Any]]:
    with open_database(database, read_only=True) as connection:
        found = [
            parse(leaf) for (leaf,) in connection.execute("SELECT leaf FROM entry ORDER BY idx")
        ]
    connection.close()
    return found


@pytest.fixture
def data(tmp_path: Path, settings: Path) -> Path:
    (tmp_path / "novel.txt").write_text(lines(prose(1, 4_000)), encoding="utf-8")
    (tmp_path / "poems.txt").write_text(lines(prose(2, 2_000)), encoding="utf-8")
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[service]", '[service]\nlanguage = "en"'), encoding="utf-8")
    return settings.parent / "hegui-data"


def scanned(hegui: Hegui, *texts: str) -> list[tuple[int, str]]:
    Path("replies.jsonl").write_text(
        "\n".join(json.dumps({"text": text}) for text in texts), encoding="utf-8"
    )
    result = hegui("scan", "--json", "--works", "hegui-data/works", "replies.jsonl")
    assert result.exit_code in (0, 1), result.output
    return [(row["row"], row["rule"]) for row in map(json.loads, result.stdout.splitlines())]


def test_a_work_that_was_added_is_found_until_it_is_removed(hegui: Hegui, data: Path) -> None:
    result = hegui("works", "add", "novel.txt", "--title", "The Novel", "--owner", "A. Author")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("w1: The Novel; 4,000 letters and digits")
    assert hegui("works", "add", "poems.txt", "--owner", "B. Author").stdout.startswith("w2: poems")
    taken, other, verse = prose(1, 4_000)[700:760], prose(9, 500), prose(2, 2_000)[40:100]
    assert scanned(hegui, taken, other, f"开头{verse}") == [
        (1, "works.reproduction.w1"),
        (3, "works.reproduction.w2"),
    ]
    assert [row["name"] for row in json.loads(hegui("works", "list", "--json").stdout)] == [
        "w1",
        "w2",
    ]
    assert hegui("works", "remove", "w1").exit_code == 0
    assert scanned(hegui, taken, other, verse) == [(3, "works.reproduction.w2")]
    assert hegui("works", "add", "novel.txt", "--owner", "A").stdout.startswith("w3: novel.txt")
    assert hegui("works", "remove", "w1").exit_code == 3
    names = sorted(file.name for file in (data / "works").iterdir())
    assert names == [".lock", "index", "register.json", "w2-0.fp", "w3-0.fp"]


def test_the_ledger_holds_digests_and_never_text_or_names(hegui: Hegui, data: Path) -> None:
    hegui("works", "add", "novel.txt", "--title", "The Novel", "--owner", "A. Author")
    hegui("works", "remove", "w1")
    added, removed = records(data / "hegui.db")
    content = hashlib.sha256(Path("novel.txt").read_bytes()).hexdigest()
    assert (added["kind"], added["work"], added["content"]) == ("work.added", "w1", content)
    assert (removed["kind"], removed["work"], removed["content"]) == ("work.removed", "w1", content)
    said = {"basis": "", "owner": "A. Author", "title": "The Novel"}
    body = json.dumps(said, sort_keys=True, separators=(",", ":"))
    assert added["about"] == hashlib.sha256(body.encode()).hexdigest()
    assert "Author" not in json.dumps([added, removed])
    index = hashlib.sha256((data / "works" / "index").read_bytes()).hexdigest()
    assert removed["index"] == index


def test_no_file_of_the_directory_holds_the_text(hegui: Hegui, data: Path) -> None:
    hegui("works", "add", "novel.txt", "--owner", "A")
    text = prose(1, 4_000)
    for file in (data / "works").iterdir():
        stored = file.read_bytes()
        for at in range(0, 3_900, 50):
            assert text[at : at + 4].encode() not in stored
        assert file.stat().st_mode & 0o077 == 0


def test_common_text_is_never_a_finding_even_inside_a_work(hegui: Hegui, data: Path) -> None:
    quoted, own = prose(5, 900), prose(6, 900)
    Path("statute.txt").write_text(lines(quoted), encoding="utf-8")
    Path("book.txt").write_text(own[:450] + quoted + own[450:], encoding="utf-8")
    hegui("works", "add", "book.txt", "--owner", "A")
    assert scanned(hegui, quoted[100:300], own[:200]) == [
        (1, "works.reproduction.w1"),
        (2, "works.reproduction.w1"),
    ]
    assert hegui("works", "add", "--common", "statute.txt").exit_code == 0
    assert scanned(hegui, quoted[100:300], own[:200]) == [(2, "works.reproduction.w1")]
    hegui("works", "remove", "w2")
    assert len(scanned(hegui, quoted[100:300], own[:200])) == 2
    assert data.is_dir()


def test_works_are_read_from_records_too(hegui: Hegui, data: Path) -> None:
    rows = [prose(20 + n, 300) for n in range(5)]
    Path("a.jsonl").write_text(
        "\n".join(json.dumps({"body": row}) for row in rows[:3]), encoding="utf-8"
    )
    pq.write_table(pa.table({"body": rows[3:]}), "b.parquet")
    asked = ["--field", "body", "--title", "Daily Press", "--owner", "Press Ltd"]
    assert hegui("works", "add", "a.jsonl", "b.parquet", *asked).exit_code == 0
    found = scanned(hegui, *(row[100:200] for row in rows))
    assert found == [(n, "works.reproduction.w1") for n in range(1, 6)]
    assert data.is_dir()


def test_a_work_longer_than_a_read_is_found_over_the_cut(hegui: Hegui, data: Path) -> None:
    text = prose(8, 800_000)
    Path("long.txt").write_text(lines(text), encoding="utf-8")
    hegui("works", "add", "long.txt", "--owner", "A")
    # a mebibyte of lines of 12 characters and a line feed ends about here
    cuts = [1_048_576 * n // 37 * 12 for n in (1, 2)]
    taken = [text[cut + by : cut + by + 50] for cut in cuts for by in range(-70, 40, 5)]
    assert {row for row, _ in scanned(hegui, *taken)} == set(range(1, len(taken) + 1))
    assert data.is_dir()


def test_what_is_added_twice_is_there_once(hegui: Hegui, data: Path) -> None:
    hegui("works", "add", "novel.txt", "--owner", "A")
    result = hegui("works", "add", "novel.txt", "--owner", "A")
    assert (result.exit_code, "already, as w1" in result.stderr) == (0, True)
    assert len(records(data / "hegui.db")) == 1


def test_a_file_that_is_not_text_leaves_nothing_behind(hegui: Hegui, data: Path) -> None:
    Path("bad.txt").write_bytes(prose(1, 500).encode() + b"\n\xff\n")
    result = hegui("works", "add", "novel.txt", "bad.txt", "--owner", "A")
    assert (result.exit_code, "row 2" in result.output) == (3, True)
    assert [file.name for file in (data / "works").iterdir()] == [".lock"]
    assert hegui("works", "list").stdout.startswith("No works yet")


@pytest.mark.parametrize(
    "args", [("novel.txt",), ("-", "--owner", "A"), ("absent.txt", "--owner", "A")]
)
def test_a_work_needs_a_file_and_an_owner(hegui: Hegui, data: Path, args: tuple[str, ...]) -> None:
    assert hegui("works", "add", *args).exit_code == 3
    assert not (data / "works").exists()


def test_registered_works_are_attached_to_the_gateways_panel(hegui: Hegui, data: Path) -> None:
    settings = read(data.parent / "hegui.toml", {})
    bare = parts.panel_once(settings)
    assert "works" not in [card.name for card in bare.cards]
    hegui("works", "add", "novel.txt", "--owner", "A")
    panel = parts.panel_once(settings)
    assert "works" in [card.name for card in panel.cards]
    assert panel.digest != bare.digest
    assert "works needs whole clauses" in hegui("check").stdout


def break_index(place: WorksDirectory) -> None:
    stored = bytearray(place.index.read_bytes())
    stored[-100] ^= 1
    place.index.write_bytes(stored)


def drop_index(place: WorksDirectory) -> None:
    place.index.unlink()


def break_register(place: WorksDirectory) -> None:
    place.register.write_text("{", encoding="utf-8")


def make_newer(place: WorksDirectory) -> None:
    data = json.loads(place.register.read_bytes())
    place.register.write_text(json.dumps({**data, "v": 2}), encoding="utf-8")


@pytest.mark.parametrize("harm", [break_index, drop_index, break_register, make_newer])
def test_broken_works_stop_start_up_and_are_never_left_out(
    hegui: Hegui, data: Path, harm: Callable[[WorksDirectory], None]
) -> None:
    hegui("works", "add", "novel.txt", "--owner", "A")
    place = WorksDirectory(data / "works")
    harm(place)
    with pytest.raises(Misconfigured):
        attached_works(place.folder)
    assert hegui("check").exit_code == 3
    assert hegui("scan", "--works", str(place.folder), "novel.txt").exit_code == 3
    if harm in (break_index, drop_index):
        assert hegui("works", "build").exit_code == 0
        assert len(attached_works(place.folder)) == 1


def test_a_scan_that_is_to_look_for_works_needs_some(hegui: Hegui, data: Path) -> None:
    result = hegui("scan", "--works", str(data / "works"), "novel.txt")
    assert (result.exit_code, "no protected works" in result.output) == (3, True)


def test_the_same_works_make_the_same_index(hegui: Hegui, data: Path) -> None:
    hegui("works", "add", "novel.txt", "poems.txt", "--owner", "A")
    first = (data / "works" / "index").read_bytes()
    (data / "works" / "index").unlink()
    hegui("works", "build")
    assert (data / "works" / "index").read_bytes() == first
