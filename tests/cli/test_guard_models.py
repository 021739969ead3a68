import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from hegui.testing.guards import GuardServer
from hegui.testing.serve import running_in_thread

Hegui = Callable[..., Result]

TABLE = """
[[screen.guard]]
name = "watch"
preset = "{preset}"
base_url = "{url}/v1"
model = "guard"
{more}
"""


def attach(settings: Path, url: str, preset: str = "qwen3guard", more: str = "") -> None:
    table = TABLE.format(url=url, preset=preset, more=more)
    settings.write_text(settings.read_text(encoding="utf-8") + table, encoding="utf-8")


def test_check_says_which_texts_leave_and_to_whom(hegui: Hegui, settings: Path) -> None:
    more = 'operator = "某某公司"\nlocation = "上海"\nrole = "entrusted"\ntrains_on_inputs = true'
    with running_in_thread(GuardServer("injection")) as url:
        attach(settings, url, "injection", more)
        page = hegui("check", "--lang", "en")
        data = json.loads(hegui("check", "--json").output)
    assert page.exit_code == 0, page.output
    assert "Which texts go to guard models" in page.output
    row = next(line for line in page.output.splitlines() if line.strip().startswith("watch"))
    for cell in ("guard", "tool history document", "某某公司", "上海", "entrusted", "2000 ms"):
        assert cell in row
    assert "personal data included" in page.output.replace("\n    ", " ")
    assert "trains on what it is sent" in page.output
    assert "watch needs whole clauses" not in page.output  # it never looks at replies
    assert data["guards"][0]["roles"] == ["tool", "history", "document"]
    ruled = {row["risk"]: row["detectors"] for row in data["enforced"]["own"]}
    assert "watch" in ruled["A.1.h"]


def test_check_says_so_in_chinese_too(hegui: Hegui, settings: Path) -> None:
    with running_in_thread(GuardServer()) as url:
        attach(settings, url, more="required = false")
        page = hegui("check", "--lang", "zh")
    assert "哪些文本发给护栏模型" in page.output
    assert "按故障处理" in page.output


def test_check_tells_what_hinders_a_guard(hegui: Hegui, settings: Path) -> None:
    attach(settings, "http://127.0.0.1:1")
    result = hegui("check", "--lang", "en")
    assert result.exit_code == 3
    assert "cannot be asked at http://127.0.0.1:1/v1: refused" in result.output


@pytest.mark.parametrize(
    ("preset", "more", "words"),
    [
        ("qwen3guard", "scores = { gardening = 0.2 }", "which qwen3guard never says"),
        ("qwen3guard", 'risks = { violent = "A.9.z" }', "none of the 31 risks"),
        ("policy", 'risks = { fraud = "A.1.g" }\npolicy = "absent.txt"', "cannot be used"),
    ],
)
def test_what_a_model_never_says_is_told_before_anything_runs(
    hegui: Hegui, settings: Path, preset: str, more: str, words: str
) -> None:
    attach(settings, "http://127.0.0.1:1", preset, more)
    result = hegui("check", "--lang", "en")
    assert result.exit_code == 3
    assert words in result.output


def test_a_guard_cannot_take_the_name_of_what_comes_with_hegui(
    hegui: Hegui, settings: Path
) -> None:
    attach(settings, "http://127.0.0.1:1", more="required = false")
    settings.write_text(settings.read_text("utf-8").replace('"watch"', '"builtin"'), "utf-8")
    result = hegui("check", "--lang", "en")
    assert result.exit_code == 3
    assert "Two detectors are called builtin" in result.output


def test_a_policy_of_ones_own_is_read_beside_the_settings(hegui: Hegui, settings: Path) -> None:
    (settings.parent / "policy.txt").write_text("No lotteries.", encoding="utf-8")
    more = 'risks = { fraud = "A.1.g", gambling = "A.1.h" }\npolicy = "policy.txt"'
    with running_in_thread(GuardServer("policy")) as url:
        attach(settings, url, "policy", more)
        first = json.loads(hegui("check", "--json").output)
        (settings.parent / "policy.txt").write_text("No wagers.", encoding="utf-8")
        second = json.loads(hegui("check", "--json").output)
    assert first["ok"], first
    assert first["panel"] != second["panel"]
