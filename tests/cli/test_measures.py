import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Hegui = Callable[..., Result]
AT = "2026-11-28T00:00:00+08:00"
WRITTEN = {
    "catalogue.json",
    "component.json",
    "mapping.json",
    "profile-gbt-45654-2025.json",
    "profile-tc260-003.json",
}


def test_the_catalogue_is_written_without_settings_and_says_so(
    hegui: Hegui, tmp_path: Path
) -> None:
    done = hegui("measures", "export", "--oscal", "--out", "out", "--at", AT)
    assert done.exit_code == 0
    assert "hegui.toml does not exist: no tailored profile is written." in done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == WRITTEN
    catalogue = json.loads((tmp_path / "out" / "catalogue.json").read_text("utf-8"))
    assert catalogue["catalog"]["metadata"]["last-modified"] == "2026-11-27T16:00:00Z"


def test_with_settings_there_is_a_tailored_profile(
    hegui: Hegui, settings: Path, tmp_path: Path
) -> None:
    assert hegui("measures", "export", "--oscal", "--out", "out").exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *WRITTEN,
        "profile-tailored.json",
    }
    own = json.loads((tmp_path / "out" / "profile-tailored.json").read_text("utf-8"))
    assert "used by our own staff only" in own["profile"]["metadata"]["remarks"]
    assert settings.exists()


def test_the_same_moment_gives_the_same_bytes(hegui: Hegui, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert hegui("measures", "export", "--oscal", "--out", name, "--at", AT).exit_code == 0
    for name in WRITTEN:
        one, two = tmp_path / "one" / name, tmp_path / "two" / name
        assert one.read_bytes() == two.read_bytes()


def test_what_was_exported_is_clean_and_what_was_changed_is_named(
    hegui: Hegui, tmp_path: Path
) -> None:
    hegui("measures", "export", "--oscal", "--out", "out", "--at", AT)
    clean = hegui("measures", "lint", "out")
    assert (clean.exit_code, clean.stdout) == (0, "5 documents, 0 faults.\n")
    path = tmp_path / "out" / "catalogue.json"
    path.write_text(path.read_text("utf-8").replace("及时采取", "立即采取", 1), "utf-8")
    found = hegui("measures", "lint", "out", "--json")
    assert found.exit_code == 1
    told = json.loads(found.stdout)
    assert [(one["document"], one["where"]) for one in told["faults"]] == [
        ("catalogue.json", "14.p1")
    ]
    assert "14.p1：中文与官方文本不一致" in hegui("measures", "lint", "out", "--lang", "zh").stdout


def test_what_would_be_exported_is_clean(hegui: Hegui) -> None:
    assert hegui("measures", "lint").stdout == "5 documents, 0 faults.\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", "{", "no JSON object"),
        ("a.json", "[]", "no JSON object"),
        ("a.json", '{"a":' * 100_000, "no JSON object"),
        ("a.txt", "", "must hold from 1 to 100 JSON files"),
    ],
)
def test_what_cannot_be_read_is_named(
    hegui: Hegui, tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_text(content, "utf-8")
    refused = hegui("measures", "lint", "in")
    assert refused.exit_code == 3
    assert said in refused.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--out", "out"), "say --oscal"),
        (("--oscal", "--out", "out", "--at", "yesterday"), "an instant with its offset"),
        (("--oscal", "--out", "out", "--at", "2026-11-28T00:00:00"), "an instant with its offset"),
        (("--oscal", "--out", "taken"), "taken"),
    ],
)
def test_a_wrong_call_writes_nothing(
    hegui: Hegui, tmp_path: Path, args: tuple[str, ...], said: str
) -> None:
    (tmp_path / "taken").write_text("", "utf-8")
    refused = hegui("measures", "export", *args)
    assert refused.exit_code == 3
    assert said in refused.stderr
    assert not (tmp_path / "out").exists()


def test_the_numbers_are_listed_with_what_has_to_be_checked(hegui: Hegui) -> None:
    listed = hegui("measures", "parameters").stdout
    assert "keyword_total *" in listed
    assert "10,000 entries" in listed
    assert "The final text was not read." in listed
    told = json.loads(hegui("measures", "parameters", "--json").stdout)
    assert told["profile"] == "gbt-45654-2025"
    assert len(told["parameters"]) == 31


def test_an_unknown_parameter_is_refused_with_its_line_wherever_it_matters(
    hegui: Hegui, settings: Path
) -> None:
    with settings.open("a", encoding="utf-8") as file:
        file.write("\n[duties.parameters]\nkeyword_totl = 20000\n")
    line = len(settings.read_text("utf-8").splitlines())
    said = f"line {line} duties.parameters.keyword_totl: there is no such parameter"
    checked = hegui("check", "--lang", "en")
    assert checked.exit_code == 3
    assert said in checked.stdout
    for command in (("parameters",), ("export", "--oscal", "--out", "out")):
        refused = hegui("measures", *command, "--lang", "en")
        assert refused.exit_code == 3
        assert said in refused.stderr
