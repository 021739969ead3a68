import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import click
import pytest

from hegui.cli import main
from hegui.cli.speech import Speech
from hegui.gateway.metrics import Metrics
from hegui.runners.compiling import cache_folder
from hegui.settings import inspect

ROOT = Path(__file__).parent.parent.parent
# Its history is told once, in the language of the commits.
ALONE = {"CHANGELOG.md"}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
ROUTE = re.compile(r'(?:Route\("|^ +")(/[a-z0-9/_]+)"(?:,|: Methods)', re.MULTILINE)
CODE = re.compile(r'code="([a-z_]+)"')
RUN = re.compile(r"<!-- runs(?:: exit (\d))? -->\n```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRINTS = re.compile(r"\s*<!-- prints -->\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(hegui [^`\n]*)`")
# What the code keeps for inside, and no caller can meet.
INSIDE = {"content_not_kept"}


def pages() -> list[Path]:
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted(found)


def shown(page: Path) -> str:
    return str(page.relative_to(ROOT))


every_page = pytest.mark.parametrize("page", pages(), ids=shown)


def english() -> list[Path]:
    return [p for p in pages() if not p.name.endswith(".zh.md") and p.name not in ALONE]


def twin(page: Path) -> Path:
    return page.with_name(page.name.removesuffix(".md") + ".zh.md")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", english(), ids=shown)
def test_every_page_has_its_equal_in_the_other_language(page: Path) -> None:
    other = twin(page)
    assert other.is_file()
    here, there = text_of(page), text_of(other)
    for sign in (r"^#+ ", r"^```", r"^- ", r"^\|", r"^!\["):
        count = [len(re.findall(sign, text, re.MULTILINE)) for text in (here, there)]
        assert count[0] == count[1], (sign, count)
    assert f"]({other.name})" in here.partition("\n## ")[0]
    assert f"]({page.name})" in there.partition("\n## ")[0]


def test_no_page_in_chinese_stands_alone() -> None:
    for page in pages():
        if page.name.endswith(".zh.md"):
            assert page.with_name(page.name.removesuffix(".zh.md") + ".md").is_file(), page.name


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as the usual renderers make them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", FENCE.sub("", text_of(page)), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.strip().lower())
        found.add(plain.replace(" ", "-"))
    return found


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", text_of(page))):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = unquote(target).partition("#")
        place = (page.parent / name).resolve() if name else page
        assert place.exists(), target
        assert place.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(place), target


def spoken(page: Path) -> Iterator[str]:
    """Give every command line that begins with hegui: in blocks, and in running text."""
    text = text_of(page)
    for kind, block in FENCE.findall(text):
        if kind == "sh":
            for line in block.replace("\\\n", " ").splitlines():
                for part in re.split(r"[|;]|&&|\$\(|\)", line.partition("  #")[0]):
                    if part.strip().startswith("hegui "):
                        yield part.strip()
    yield from INLINE.findall(FENCE.sub("", text))


def known(line: str) -> bool:
    """Tell whether the command and the options of a line exist."""
    words = shlex.split(line.replace("…", "x"), comments=True)[1:]
    command: click.Command = main
    context = click.Context(main, obj=Speech())
    options = {"--lang", "--help", "--version"}
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        found = command.get_command(context, words.pop(0))
        if found is None:
            return False
        command = found
    options |= {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    return all(
        word.partition("=")[0] in options for word in words if re.match(r"--?[A-Za-z]", word)
    )


@every_page
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    for line in spoken(page):
        assert known(line), line


def test_a_command_that_is_not_there_would_be_noticed() -> None:
    assert known("hegui keys create --tenant school")
    assert not known("hegui frobnicate")
    assert not known("hegui keys frobnicate")
    assert not known("hegui check --frobnicate")


@every_page
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    makefile = text_of(ROOT / "Makefile")
    for target in re.findall(r"(?:^|`)make ([a-z][a-z-]*)", text_of(page), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@every_page
def test_every_example_of_settings_is_right(page: Path) -> None:
    for kind, block in FENCE.findall(text_of(page)):
        if kind != "toml":
            continue
        tables, head = tomllib.loads(block), ""
        if "service" not in tables:
            head += '[service]\nname = "x"\nscope = "internal"\nreason = "x"\n'
        if "upstream" not in tables:
            head += '[[upstream]]\nname = "x"\nbase_url = "http://127.0.0.1:1/v1"\n'
        secrets = dict.fromkeys(re.findall(r"env:(\w+)", block), "0123456789abcdef" * 4)
        _, problems = inspect(head + block, environ=secrets)
        assert [problem.sentence.en for problem in problems] == []


@pytest.mark.parametrize("name", ["operations.md", "operations.zh.md"])
def test_every_metric_is_documented(name: str) -> None:
    text = text_of(ROOT / "docs" / name)
    for metric in Metrics().registry.collect():
        exposed = metric.name + ("_total" if metric.type == "counter" else "")
        assert f"`{exposed}`" in text, exposed


@pytest.mark.parametrize("name", ["api.md", "api.zh.md"])
def test_every_endpoint_is_documented(name: str) -> None:
    text = text_of(ROOT / "docs" / name)
    sources = [ROOT / "src/hegui/app/gateway.py", ROOT / "src/hegui/gateway/admin.py"]
    paths = {path for source in sources for path in ROUTE.findall(text_of(source))}
    assert {"/v1/chat/completions", "/metrics"} <= paths
    for path in paths:
        assert re.search(rf"`(?:GET|POST) {re.escape(path)}`", text), path


@pytest.mark.parametrize("name", ["api.md", "api.zh.md"])
def test_every_error_code_is_documented(name: str) -> None:
    text = text_of(ROOT / "docs" / name)
    rooms = [ROOT / "src/hegui/gateway", ROOT / "src/hegui/callers", ROOT / "src/hegui/terms"]
    codes = {c for room in rooms for f in room.glob("*.py") for c in CODE.findall(text_of(f))}
    assert "invalid_api_key" in codes
    for code in codes - INSIDE:
        assert f"`{code}`" in text, code


def test_every_design_page_says_what_was_rejected() -> None:
    for page in (ROOT / "docs" / "design").glob("[0-9]*.md"):
        wanted = "## 未采用" if page.name.endswith(".zh.md") else "## Rejected"
        assert wanted in text_of(page), page.name


class Block(NamedTuple):
    page: Path
    number: int
    exit: int
    commands: str
    prints: str | None


def runnable() -> Iterator[Block]:
    for page in pages():
        text = text_of(page)
        for number, found in enumerate(RUN.finditer(text), 1):
            printed = PRINTS.match(text, found.end())
            code, commands = int(found[1] or 0), found[2]
            yield Block(page, number, code, commands, printed[1] if printed else None)


BLOCKS = list(runnable())


def test_both_readmes_hold_blocks_that_are_run() -> None:
    assert {"README.md", "README.zh.md"} <= {shown(block.page) for block in BLOCKS}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{shown(block.page)}-{block.number}")
def test_what_a_page_says_to_run_runs_and_prints_what_it_says(block: Block, tmp_path: Path) -> None:
    zh = block.page.name.endswith(".zh.md")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(  # noqa: S603 - our own pages
        ["/bin/sh", "-ec", block.commands],
        cwd=tmp_path,
        env={
            "PATH": path,
            "HOME": str(tmp_path),
            "XDG_CACHE_HOME": str(cache_folder().parent),  # rules compiled before are not again
            "LC_ALL": "zh_CN.UTF-8" if zh else "en_US.UTF-8",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    said = ended.stdout.decode()
    assert ended.returncode == block.exit, said
    if block.prints is not None:
        assert said == block.prints
