import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from hegui.detectors import triage
from hegui.detectors.cards import card_of
from hegui.runners.compiling import builtin

Hegui = Callable[..., Result]

PLUGINS = '''
import itertools, os, time

class Mine:
    """Finds the word pear."""
    name, version = "mine", "1"
    rules = {"pear": "A.1.a"}

    def inspect(self, texts):
        return [[("pear", t.index("pear"), t.index("pear") + 4, 1.0)] if "pear" in t else []
                for t in texts]

class Moody(Mine):
    calls = itertools.count()

    def inspect(self, texts):
        n = next(self.calls)
        return [[("pear", 0, 0, (n % 7) / 10)] for _ in texts]

class Newborn(Mine):
    def __init__(self):
        self.born = (os.getpid() % 997) / 1000

    def inspect(self, texts):
        return [[("pear", 0, 0, self.born)] for _ in texts]

class Stranger(Mine):
    rules = {"pear": "Z.9.z"}

class Overruns(Mine):
    def inspect(self, texts):
        return [[("pear", 0, len(t) + 1, 1.0)] for t in texts]

class Slow(Mine):
    def inspect(self, texts):
        if any(len(t) > 100_000 for t in texts):
            time.sleep(30)
        return super().inspect(texts)

class Places(Mine):
    """Lets the place of a text among others decide."""
    def inspect(self, texts):
        return [[("pear", 0, 0, 1.0)] if n % 2 else [] for n, _ in enumerate(texts)]

class Picky(Mine):
    def inspect(self, texts):
        if any("boom" in t for t in texts):
            raise RuntimeError
        return super().inspect(texts)
'''


@pytest.fixture
def plugins(tmp_path: Path, hegui: Hegui) -> Path:
    assert callable(hegui)
    path = tmp_path / "plugins.py"
    path.write_text(PLUGINS, encoding="utf-8")
    (tmp_path / "texts.txt").write_text("a pear\n梨 pear pear\n", encoding="utf-8")
    return path


def checked(hegui: Hegui, name: str, deadline: int = 60_000) -> tuple[int, dict[str, bool]]:
    asked = ("--texts", "texts.txt", "--deadline-ms", str(deadline))
    result = hegui("detectors", "check", f"plugins:{name}", "--json", *asked)
    told = json.loads(result.stdout)
    assert all(claim["en"] and claim["zh"] for claim in told["claims"])
    return result.exit_code, {claim["claim"]: claim["passed"] for claim in told["claims"]}


def test_a_sound_detector_passes_every_claim(hegui: Hegui, plugins: Path) -> None:
    assert plugins.exists()
    code, claims = checked(hegui, "Mine")
    assert code == 0
    assert all(claims.values())
    assert len(claims) == 13


@pytest.mark.parametrize(
    ("name", "failed"),
    [
        ("Moody", {"same", "order", "alone"}),
        ("Newborn", {"restart"}),
        ("Stranger", {"risks"}),
        ("Overruns", {"answers", "empty", "unicode", "huge", "many", "same", "order", "alone"}),
        ("Places", {"order", "alone"}),
        ("Nobody", {"loads"}),
    ],
)
def test_each_claim_fails_for_a_detector_that_breaks_it(
    hegui: Hegui, plugins: Path, name: str, failed: set[str]
) -> None:
    assert plugins.exists()
    code, claims = checked(hegui, name)
    assert code == 1
    assert {claim for claim, passed in claims.items() if not passed} & failed == failed


def test_a_detector_that_is_late_fails_there_and_is_asked_on(hegui: Hegui, plugins: Path) -> None:
    assert plugins.exists()
    code, claims = checked(hegui, "Slow", deadline=3_000)
    assert (code, claims["huge"], claims["answers"]) == (1, False, True)


def test_what_was_not_put_to_the_test_is_said(hegui: Hegui, plugins: Path) -> None:
    assert plugins.exists()
    result = hegui("detectors", "check", "plugins:Mine", "--deadline-ms", "60000", "--lang", "zh")
    assert result.exit_code == 0
    assert "未真正检验" in result.stdout


def test_options_that_are_no_object_are_bad_input(hegui: Hegui) -> None:
    assert hegui("detectors", "check", "x:Y", "--options", "[1]").exit_code == 3


def test_without_settings_the_list_is_what_comes_with_hegui(hegui: Hegui) -> None:
    told = json.loads(hegui("detectors", "--json").stdout)
    assert {row["name"]: row["attached"] for row in told} == {
        **{one.card.name: True for one in builtin()},
        "classifier": False,
    }
    page = hegui("detectors").stdout
    assert "classifier" in page
    assert "triage" in page


def test_the_list_shows_what_the_settings_attach(
    hegui: Hegui, settings: Path, plugins: Path
) -> None:
    assert plugins.exists()
    attach(settings, "Mine", "classifier = true")
    told = {row["name"]: row for row in json.loads(hegui("detectors", "--json").stdout)}
    assert told["classifier"]["attached"]
    assert told["mine"]["risks"] == ["A.1.a"]
    assert told["mine"]["card"] is None
    assert "hegui detectors probe" in hegui("detectors").stdout


def test_every_shipped_detector_has_a_card_that_fits_it() -> None:
    for detector in (*builtin(), *triage()):
        known = card_of(detector.card.name)
        assert known is not None, detector.card.name
        assert known.name == detector.card.name
        assert known.digest in ("", detector.card.digest)
        assert known.version in ("", detector.card.version)
        assert known.use.zh
        assert known.limits.zh
        assert known.licence
        assert known.sources
        assert known.quality
        for figure in known.quality:
            assert figure.command.startswith(("python ", "make ", "hegui "))
            assert len(figure.date) == len("2026-11-25")
    works = card_of("works")
    assert works is not None
    assert works.quality
    assert card_of("classifier") is not None
    assert card_of("mine") is None


def attach(settings: Path, name: str, more: str = "") -> None:
    with settings.open("a", encoding="utf-8") as file:
        file.write(f"\n[screen]\n{more}\n\n[[screen.detector]]\nname = 'mine'\n")
        file.write(f"plugin = 'plugins:{name}'\ndeadline_ms = 60000\n")


def records(settings: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(settings.parent / "hegui-data" / "hegui.db")) as database:
        rows = database.execute("SELECT leaf FROM entry ORDER BY idx").fetchall()
    return [json.loads(leaf) for (leaf,) in rows]


@pytest.fixture
def probe_file(settings: Path) -> Path:
    path = settings.parent / "probe.jsonl"
    rows = [("a pear", True), ("an apple", False), ("梨", True), ("pear tree", False), (" ", False)]
    lines = [json.dumps({"text": text, "expected": told}) for text, told in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_probe_goes_on_record_with_counts_and_digests_and_no_text(
    hegui: Hegui, settings: Path, plugins: Path, probe_file: Path
) -> None:
    assert plugins.exists()
    attach(settings, "Mine")
    result = hegui("detectors", "probe", "mine", str(probe_file), "--risk", "A.1.a", "--json")
    assert result.exit_code == 1
    (told,) = json.loads(result.stdout)
    assert [told[name] for name in ("tp", "fp", "tn", "fn", "unjudged", "faults")] == [
        1, 1, 1, 1, 1, 0
    ]  # fmt: skip
    (record,) = records(settings)
    assert record["kind"] == "detector.probed"
    assert {name: record[name] for name in told} == told
    assert "pear" not in json.dumps(record)
    verified = hegui("ledger", "verify")
    assert verified.exit_code == 0, verified.output


def test_a_fault_is_counted_and_costs_only_its_own_text(
    hegui: Hegui, settings: Path, plugins: Path
) -> None:
    assert plugins.exists()
    attach(settings, "Picky")
    path = settings.parent / "probe.csv"
    path.write_text("text,expected\nboom,true\na pear,true\nan apple,false\n", encoding="utf-8")
    result = hegui("detectors", "probe", "panel", str(path), "--risk", "A.1.a", "--json")
    (told,) = json.loads(result.stdout)
    assert (told["faults"], told["tp"], told["tn"]) == (1, 1, 1)
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        ("text,expected\nx,maybe\n", ("mine", "A.1.a")),
        ("text,wanted\nx,true\n", ("mine", "A.1.a")),
        ("", ("mine", "A.1.a")),
        ("{broken", ("mine", "A.1.a")),
        ("text,expected\nx,true\n", ("theirs", "A.1.a")),
        ("text,expected\nx,true\n", ("mine", "A.9.z")),
        ("text,expected\nx,true\n", ("mine", "A.2.e")),
    ],
)
def test_a_probe_that_makes_no_sense_is_bad_input_and_not_on_record(
    hegui: Hegui, settings: Path, plugins: Path, content: str, arguments: tuple[str, str]
) -> None:
    assert plugins.exists()
    attach(settings, "Mine")
    path = settings.parent / "probe.csv"
    path.write_text(content, encoding="utf-8")
    result = hegui("detectors", "probe", arguments[0], str(path), "--risk", arguments[1])
    assert result.exit_code == 3, result.output
    assert not (settings.parent / "hegui-data" / "hegui.db").exists()


@pytest.mark.parametrize("tenant", ["", "a\nb", "nobody"])
def test_a_probe_begins_no_log_of_a_tenant_that_there_is_not(
    hegui: Hegui, settings: Path, probe_file: Path, tenant: str
) -> None:
    result = hegui(
        "detectors", "probe", "panel", str(probe_file), "--risk", "A.4.f", "--tenant", tenant
    )
    assert (result.exit_code, result.stdout) == (3, "")
    keys = settings.parent / "hegui-data" / "keys"
    assert not keys.exists() or [key.name for key in keys.glob("signing*")] == []


def test_a_risk_that_is_named_twice_is_put_on_record_once(
    hegui: Hegui, settings: Path, probe_file: Path
) -> None:
    risk = ("--risk", "A.4.f")
    assert hegui("detectors", "probe", "panel", str(probe_file), *risk, *risk).exit_code == 1
    assert len(records(settings)) == 1


def test_why_a_detector_does_not_load_is_said_in_the_language_that_is_spoken(
    hegui: Hegui, tmp_path: Path
) -> None:
    (tmp_path / "empty.py").write_text("", encoding="utf-8")
    told = hegui("--lang", "zh", "detectors", "check", "empty:Mine")
    assert told.exit_code == 1
    assert "可以加载（无法加载检测插件 'empty:Mine'" in " ".join(told.stdout.split())


def test_too_many_texts_are_called_that_wherever_the_bound_cuts(
    hegui: Hegui, tmp_path: Path
) -> None:
    (tmp_path / "texts.txt").write_text("x" + "好" * 400_000, encoding="utf-8")
    result = hegui("detectors", "check", "plugins:Mine", "--texts", "texts.txt")
    assert (result.exit_code, "larger than 1 MiB" in result.stderr) == (3, True)
