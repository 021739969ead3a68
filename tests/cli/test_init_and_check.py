import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Hegui = Callable[..., Result]

PUBLIC = """\
[service]
name = "智能客服"
scope = "public"
contact = "400-000-0000"

[[upstream]]
name = "theirs"
base_url = "https://example.com/v1"
operator = "某某科技有限公司"
location = "上海"
role = "entrusted"
trains_on_inputs = false
"""


def test_init_without_a_terminal_takes_flags_and_asks_nothing(hegui: Hegui, tmp_path: Path) -> None:
    said = ["--preset", "vllm", "--scope", "internal", "--statement", "staff only"]
    result = hegui("init", *said, "--owns-screen")
    assert result.exit_code == 0
    written = tomllib.loads((tmp_path / "hegui.toml").read_text(encoding="utf-8"))
    assert written["service"]["reason"] == "staff only"
    assert written["labels"]["text"] == "interface"
    assert hegui("check").exit_code == 0


@pytest.mark.parametrize(
    "said", [[], ["--preset", "vllm"], ["--preset", "nobody", "--scope", "public"]]
)
def test_init_says_which_flag_is_missing(hegui: Hegui, tmp_path: Path, said: list[str]) -> None:
    result = hegui("init", *said)
    assert result.exit_code == 3
    assert "--" in result.output
    assert not (tmp_path / "hegui.toml").exists()


def test_init_never_overwrites_without_force(hegui: Hegui, tmp_path: Path) -> None:
    path = tmp_path / "hegui.toml"
    path.write_text("mine", encoding="utf-8")
    said = ["--preset", "ollama", "--scope", "internal", "--statement", "staff only"]
    assert hegui("init", *said).exit_code == 3
    assert path.read_text(encoding="utf-8") == "mine"
    assert hegui("init", *said, "--force").exit_code == 0
    assert "ollama" in path.read_text(encoding="utf-8")


def test_init_tells_what_is_left_to_declare(hegui: Hegui) -> None:
    result = hegui("init", "--preset", "qwen", "--scope", "public", "--statement", "x@example.com")
    assert result.exit_code == 0
    assert "upstream[1].trains_on_inputs" in result.output
    assert "DASHSCOPE_API_KEY" in result.output


def test_check_tells_every_problem_with_its_line_in_either_language(
    hegui: Hegui, tmp_path: Path
) -> None:
    (tmp_path / "hegui.toml").write_text('[service]\nname = "x"\nscop = "public"\n', "utf-8")
    english, chinese = hegui("check"), hegui("check", "--lang", "zh")
    assert english.exit_code == chinese.exit_code == 3
    assert "line 3 service.scop" in english.output
    assert "第 3 行 service.scop" in chinese.output
    problems = json.loads(hegui("check", "--json").output)["problems"]
    assert {"service.scop", "service.scope", "upstream"} == {p["key"] for p in problems}
    assert hegui("check", "-c", "absent.toml").exit_code == 3


def test_check_tells_at_once_what_is_wrong_in_and_around_the_file(
    hegui: Hegui, settings: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad").write_text("no certificates")
    settings.write_text(
        settings.read_text("utf-8").replace("[service]", '[service]\nnmae = "x"', 1)
        + '\n[[screen.detector]]\nname = "one"\nplugin = "nowhere:One"\n'
        + '\n[[screen.detector]]\nname = "two"\nplugin = "nowhere:Two"\n'
        + '\n[ledger.timestamp]\nurl = "https://tsa.example"\nca = "bad"\n',
        encoding="utf-8",
    )
    lines = settings.read_text("utf-8").splitlines()
    result = hegui("check", "--json")
    assert result.exit_code == 3
    placed = {p["key"]: lines[p["line"] - 1] for p in json.loads(result.output)["problems"]}
    assert placed == {
        "service.nmae": 'nmae = "x"',
        "screen.detector[1].plugin": 'plugin = "nowhere:One"',
        "screen.detector[2].plugin": 'plugin = "nowhere:Two"',
        "ledger.timestamp": "[ledger.timestamp]",
    }


def test_check_shows_what_no_detector_covers(hegui: Hegui, settings: Path) -> None:
    assert settings.exists()
    told = json.loads(hegui("check", "--json").output)
    assert told["ok"]
    gaps = {row["risk"]: row["detector_required"] for row in told["uncovered"]}
    assert {risk for risk, required in gaps.items() if required} >= {"A.1.a", "A.1.b", "A.1.c"}
    covered = {row["risk"] for row in told["enforced"]["own"]}
    assert covered.isdisjoint(gaps)
    assert len(covered) + len(gaps) == 31
    for lang, mark in (("zh", "须由提供者接入检测器"), ("en", "detector-required")):
        assert hegui("check", "--lang", lang).output.count(mark) >= 3


def test_check_shows_per_role_and_audience_what_is_enforced(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "hegui.toml").write_text(PUBLIC, encoding="utf-8")
    (rows,) = json.loads(hegui("check", "--json").output)["enforced"].values()
    personal = next(row for row in rows if row["risk"] == "A.4.f")
    assert personal["adult"]["user"] == personal["adult"]["reply"] == ["mask"]
    assert personal["detectors"]
    stricter = '\n[screen.actions.user]\n"A.4.f" = "refuse"\n'
    (tmp_path / "hegui.toml").write_text(PUBLIC + stricter, encoding="utf-8")
    (rows,) = json.loads(hegui("check", "--json").output)["enforced"].values()
    personal = next(row for row in rows if row["risk"] == "A.4.f")
    assert personal["adult"]["user"] == ["refuse"]


def test_an_action_that_names_nothing_is_a_problem(hegui: Hegui, settings: Path) -> None:
    with settings.open("a", encoding="utf-8") as file:
        file.write('\n[screen.actions.user]\n"A.9.z" = "refuse"\n')
    result = hegui("check", "--json")
    assert result.exit_code == 3
    (problem,) = json.loads(result.output)["problems"]
    assert (problem["line"], problem["key"]) == (12, "screen.actions.user.A.9.z")


def test_check_explains_whether_the_law_applies(hegui: Hegui, settings: Path) -> None:
    internal = hegui("check", "--lang", "en").output
    assert "used by our own staff only" in internal
    assert "Only the Measures' own rows" in " ".join(internal.split())
    assert "Art. 22" in internal
    settings.write_text(PUBLIC, encoding="utf-8")
    public = hegui("check").output
    assert "第二十二条" in public
    assert "提供服务" in "".join(public.split())


@pytest.mark.parametrize("keep", ["none", "findings", "sample", "all"])
def test_check_says_what_is_kept_how_long_and_why(hegui: Hegui, settings: Path, keep: str) -> None:
    with settings.open("a", encoding="utf-8") as file:
        file.write(f'\n[content]\nkeep = "{keep}"\ndays = 77\npurpose = "disputes"\n')
    english = " ".join(hegui("check", "--lang", "en").output.split())
    assert ("77 days" in english) is (keep != "none")
    assert ("disputes" in english) is (keep != "none")
    assert "184" in english


def test_check_finds_a_key_file_that_others_may_read(
    hegui: Hegui, settings: Path, tmp_path: Path
) -> None:
    assert settings.exists()
    hegui("keys", "create")
    (tmp_path / "hegui-data" / "keys" / "pepper").chmod(0o644)
    result = hegui("check", "--lang", "en")
    assert result.exit_code == 3
    assert "chmod 600" in result.output
    with settings.open("a", encoding="utf-8") as file:
        file.write('[listen]\npublic = "127.0.0.1:0"\nadmin = "127.0.0.1:0"\n')
    told = hegui("serve")
    assert told.exit_code == 3
    assert "应为 0600" in told.output + told.stderr, "in the language of the settings"


def test_check_names_a_key_file_that_was_swapped_or_is_lost(hegui: Hegui, settings: Path) -> None:
    for tenant in ("default", "school"):
        assert hegui("keys", "create", "--tenant", tenant).exit_code == 0
    assert hegui("check").exit_code == 0
    key = settings.parent / "hegui-data/keys/signing-school"
    key.write_bytes(b"z" * 32)
    told = hegui("check", "--lang", "en")
    assert told.exit_code == 3
    assert "signing-school. Put the right file back" in told.stdout
    key.unlink()
    told = hegui("check", "--lang", "en")
    assert told.exit_code == 3
    assert "signing-school is missing" in told.stdout


def test_check_makes_nothing(hegui: Hegui, settings: Path, tmp_path: Path) -> None:
    assert hegui("check").exit_code == 0
    assert list(tmp_path.iterdir()) == [settings]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_init_asks_a_person_what_was_not_given(tmp_path: Path, lang: str) -> None:
    ours, theirs = os.openpty()
    answers = "VLLM!\nvllm\ny\npublic\nmaybe\ny\nCampus helper\n400-000-0000\n"
    os.write(ours, answers.encode())
    command = [sys.executable, "-c", "from hegui.cli import main; main()", "init", "--lang", lang]
    shown = subprocess.run(command, stdin=theirs, cwd=tmp_path, capture_output=True, check=True)  # noqa: S603 - our own command
    os.close(ours)
    os.close(theirs)
    written = tomllib.loads((tmp_path / "hegui.toml").read_text(encoding="utf-8"))
    assert written["service"] | {"language": lang} == {
        "name": "Campus helper",
        "scope": "public",
        "contact": "400-000-0000",
        "language": lang,
    }
    assert written["labels"]["text"] == "interface"
    question = "聊天界面是否自有" if lang == "zh" else "Do you own the chat screen"
    assert question in shown.stdout.decode()
    again = "请输入以下之一" if lang == "zh" else "Answer with one of"
    assert shown.stdout.decode().count(again) == 3
    assert "Error" not in shown.stdout.decode() + shown.stderr.decode()


def test_init_does_not_write_through_a_link_to_nowhere(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "hegui.toml").symlink_to(tmp_path / "elsewhere")
    said = ["--preset", "ollama", "--scope", "internal", "--statement", "staff only"]
    assert hegui("init", *said).exit_code == 3
    assert not (tmp_path / "elsewhere").exists()
