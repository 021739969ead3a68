import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from hegui import cli
from hegui.cli.columns import aligned, table, width, wrapped
from hegui.cli.speech import spoken
from hegui.terms import BadRequest
from hegui.testing.labelled import CODE

Hegui = Callable[..., Result]
PRODUCER = f"--producer {CODE}"


@pytest.mark.parametrize(
    ("args", "environ", "lang"),
    [
        (["--lang", "zh", "check"], {"LANG": "en_US.UTF-8"}, "zh"),
        (["check", "--lang=en"], {"LANG": "zh_CN.UTF-8"}, "en"),
        (["check"], {"LANG": "zh_CN.UTF-8"}, "zh"),
        (["check"], {"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB"}, "en"),
        (["check"], {"LANG": "de_DE.UTF-8"}, "en"),
        (["check"], {"LANG": "C.UTF-8"}, None),
        (["check"], {}, None),
    ],
)
def test_the_language_is_the_one_asked_for_else_the_locales(
    args: list[str], environ: dict[str, str], lang: str | None
) -> None:
    assert spoken(args, environ) == (["check"], lang)


def test_behind_two_dashes_nothing_is_taken_for_the_language() -> None:
    assert spoken(["scan", "--", "--lang"], {}) == (["scan", "--", "--lang"], None)
    with pytest.raises(BadRequest):
        spoken(["--lang", "fr"], {})


@pytest.mark.parametrize(
    "args",
    [["chek"], ["--nope"], ["check", "--nope"], ["keys", "revok"], ["scan"], ["--lang", "fr"]],
)
def test_a_mistake_on_the_command_line_is_one_message_and_exit_code_3(
    hegui: Hegui, args: list[str]
) -> None:
    for environ, han in (({"LANG": "zh_CN.UTF-8"}, True), ({"LANG": "en_US.UTF-8"}, False)):
        result = hegui(*args, **environ)
        assert result.exit_code == 3
        assert "Traceback" not in result.output
        if "fr" not in args:
            assert any("\u4e00" <= char <= "\u9fff" for char in result.output) is han


def test_a_value_that_is_said_twice_is_refused_and_a_flag_is_not(hegui: Hegui) -> None:
    twice = hegui("duty", "next", "-c", "a.toml", "--tenant", "x", "--config", "b.toml")
    assert (twice.exit_code, twice.stderr) == (
        3,
        "--config is said 2 times, and takes one value: leave the other out\n",
    )
    assert (
        "选项 --by 出现了 3 次"
        in hegui("vault", "erase", "u", *(["--by", "x"] * 3), "--lang", "zh").stderr
    )
    assert "absent.yaml" in hegui("rules", "lint", "--json", "--json", "absent.yaml").stderr
    both = hegui("detectors", "probe", "x", "y.csv", "--risk", "A.2.e", "--risk", "A.2.d")
    assert "said 2 times" not in both.stderr


@pytest.mark.parametrize(
    ("args", "en", "zh"),
    [
        (["scan", ""], "FILE…|- is empty", "FILE…|- 为空"),
        (["init", "-o", ""], "--output is empty", "--output 为空"),
        (["keys", "revoke", " "], "ID is empty", "ID 为空"),
        (["vault", "erase", "u", "--by", "\udcff"], "--by holds bytes", "--by 含有"),
        (["media", "withdraw", "\udcff", "--reason", "x"], "NUMBER holds", "NUMBER 含有"),
    ],
)
def test_an_empty_name_and_what_is_no_text_are_refused_before_anything_is_done(
    hegui: Hegui, args: list[str], en: str, zh: str
) -> None:
    for lang, said in (("en", en), ("zh", zh)):
        result = hegui(*args, "--lang", lang)
        assert (result.exit_code, said in result.stderr) == (3, True), result.output


def test_what_is_no_number_is_in_no_range(hegui: Hegui) -> None:
    for args in (("scan", "a", "--mask", "--at", "nan"), ("rules", "mine", "--lower", "NaN")):
        more = ("--positive", "a", "--negative", "b") if args[0] == "rules" else ()
        result = hegui(*args, *more, "--lang", "en")
        assert (result.exit_code, "is no number" in result.stderr) == (3, True)


def test_a_wrong_language_is_said_in_that_of_the_locale(hegui: Hegui) -> None:
    assert "应为" in hegui("--lang", "fr", "check", LANG="zh_CN.UTF-8").stderr
    assert "must be" in hegui("--lang", "fr", "check", LANG="en_US.UTF-8").stderr


def test_a_family_without_a_command_shows_its_help_and_no_mistake(hegui: Hegui) -> None:
    for lang, begins in (("zh", "用法：hegui keys"), ("en", "Usage: hegui keys")):
        result = hegui("keys", "--lang", lang)
        assert (result.exit_code, result.stderr.startswith(begins)) == (3, True)


def test_a_long_value_is_not_repeated_whole(hegui: Hegui) -> None:
    for lang in ("en", "zh"):
        said = hegui("scan", "a", "--format", "x" * 5_000, "--lang", lang).stderr
        assert len(said) < 500
        assert "parquet" in said


def test_why_a_file_cannot_be_read_is_said_in_chinese_too(hegui: Hegui, settings: object) -> None:
    assert settings
    for args in (
        ("check", "-c", "absent.toml"),
        ("label", "read", "absent.png"),
        ("ledger", "check-receipt", "absent.zip"),
        ("rules", "import", "absent.csv", "--risk", "A.1.f"),
        ("measures", "lint", "absent"),
    ):
        said = hegui(*args, "--lang", "zh").stderr
        assert "不存在" in said, said
        assert "No such file" not in said
    assert hegui("label", "read", "absent.png").stderr.count("absent.png") == 1


def test_an_unknown_command_names_the_nearest(hegui: Hegui) -> None:
    assert "check" in hegui("chek").output
    assert "revoke" in hegui("keys", "revok").output


def test_errors_speak_the_settings_language_when_nobody_names_one(
    hegui: Hegui, settings: object
) -> None:
    assert "没有" in hegui("keys", "list").output
    assert settings
    assert "No keys" in hegui("keys", "list", LANG="en_US.UTF-8").output


HELP = """
import sys
from hegui.cli import main
try:
    main(["--help"])
except SystemExit:
    print(*sorted(name for name in sys.modules if name.startswith("hegui.")))
"""


def computed() -> float:
    """Return the seconds of processor that the processes which this one started have had."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_imports_no_room_and_comes_before_a_person_notices() -> None:
    begun = computed()
    shown = subprocess.run([sys.executable, "-c", HELP], check=True, capture_output=True)  # noqa: S603 - our own script
    took = computed() - begun
    rooms = {name.split(".")[1] for name in shown.stdout.decode().splitlines()[-1].split()}
    assert rooms == {"cli", "terms"}
    # 60 ms on an idle machine; the promise is 150, and a loaded one gets a wide margin.
    assert took < 2.0


def test_columns_count_han_characters_twice() -> None:
    assert width("网关ab") == 6
    rows = table([["风险", "x"], ["a", "y"]])
    assert [width(row.rpartition(" ")[0]) for row in rows] == [7, 7]
    assert all(width(line) <= 20 for line in wrapped("一二三四五六七八九十，一二三四五六", 20))
    assert not any(line.startswith("，") for line in wrapped("一二三四五六七八九十，一二三", 20))
    assert aligned([("name", "words")]) == ["  name  words"]


def test_what_strangers_wrote_is_shown_and_not_obeyed(hegui: Hegui, tmp_path: Path) -> None:
    evil = tmp_path / "a\x1b]0;owned\x07\u202e.txt"
    evil.write_text("13800138000\n", encoding="utf-8")
    for args in (("scan", str(evil)), ("label", "read", str(evil)), ("rules", "lint", str(evil))):
        said = hegui(*args).output
        assert "\\x1b]0;owned\\x07\\u202e.txt" in said
        assert not {"\x1b", "\x07", "\u202e"} & set(said)


@pytest.mark.parametrize(
    "args", ["scan", "label read", "label verify", "label check", "rules lint", "rules stats"]
)
def test_json_says_the_same_to_a_machine_and_nothing_to_a_terminal(
    hegui: Hegui, tmp_path: Path, args: str
) -> None:
    evil = tmp_path / "a\x9b2J\x7f\u202e.yaml"
    evil.write_text("13800138000\n", encoding="utf-8")
    said = hegui(*args.split(), "--json", str(evil)).stdout
    assert not {"\x9b", "\x7f", "\u202e"} & set(said)
    if said:
        read, _ = json.JSONDecoder().raw_decode(said)
        assert str(evil) in json.dumps(read, ensure_ascii=False).replace("\\u007f", "\x7f")


def test_every_command_prints_json_in_the_one_way() -> None:
    rooms = Path(cli.__file__).parent.glob("*.py")
    writers = {file.stem for file in rooms if "json.dumps" in file.read_text(encoding="utf-8")}
    assert writers == {"speech", "measures_export"}, "the second writes files, and prints none"


@pytest.mark.parametrize(
    "args",
    [
        "check -c PIPE",
        "label agreement --subject a --until 2099-01-31 --terms PIPE",
        f"label write a.txt -o b.txt --sign PIPE {PRODUCER}",
        f"label write PIPE -o b.txt {PRODUCER}",
        "statement publish PIPE --by a --role b",
        "duty attest a8-qa --form PIPE",
        "duty gate --baseline PIPE",
        "duty practise content-incident --passed --report PIPE --by a --role security-officer",
        "detectors probe pat PIPE --risk A.4.f",
        "detectors check a:b --texts PIPE",
        "rules lint PIPE",
        "rules import PIPE --risk A.1.h",
        "rules mine --positive PIPE --negative PIPE",
        "scan PIPE",
        "works add PIPE --title a --owner b --basis c",
        "ledger check-receipt PIPE",
        "ledger verify --db a.txt --ca PIPE",
        "filing build --out o --route filing --questions PIPE",
    ],
)
def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(
    hegui: Hegui, settings: Path, tmp_path: Path, args: str
) -> None:
    assert settings.exists()
    os.mkfifo(tmp_path / "PIPE")
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    result = hegui(*args.split(), LANG="zh_CN.UTF-8")
    assert result.exit_code == (1 if "lint" in args else 2 if "receipt" in args else 3)
    assert "PIPE" in result.output
    assert "不是" in result.output


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["keys", "--help"]])
def test_a_reader_that_leaves_early_is_no_finding_and_no_traceback(args: list[str]) -> None:
    gone, ours = os.pipe()
    os.close(gone)
    ended = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-P", "-m", "hegui", *args],
        stdout=ours,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(ours)
    assert (ended.returncode, ended.stderr) == (2, b"")


INTERRUPTED = """
import runpy, sys
class Stop:
    def find_spec(self, name, *rest):
        if name == "hegui.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Stop())
runpy.run_module("hegui", run_name="__main__")
"""


def test_an_interrupt_while_python_still_reads_the_command_is_no_traceback() -> None:
    command = [sys.executable, "-P", "-c", INTERRUPTED]
    ended = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own script
    assert (ended.returncode, ended.stderr) == (130, b"")
