import importlib.util
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_origin

import click
import pytest
from click.testing import CliRunner

from hegui.cli import main
from hegui.cli.speech import Helpful, Speech
from hegui.ledger.kinds import all_kinds
from hegui.settings import Secret, Settings
from hegui.settings.fields import keys_of


@pytest.fixture(scope="module")
def reference(root: Path) -> ModuleType:
    place = importlib.util.spec_from_file_location("reference", root / "tools" / "reference.py")
    assert place is not None
    assert place.loader is not None
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def commands() -> Iterator[tuple[list[str], Helpful]]:
    def walk(command: click.Command, path: list[str]) -> Iterator[tuple[list[str], Helpful]]:
        assert isinstance(command, Helpful)
        yield path, command
        if isinstance(command, click.Group):
            context = click.Context(command, obj=Speech())
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                assert below is not None
                yield from walk(below, [*path, name])

    yield from walk(main, [])


def names(kind: Any) -> Iterator[str]:
    for key in keys_of(kind):
        yield key.name
        for arm in (key.type, *get_args(key.type)):
            if get_origin(arm) is None and is_dataclass(arm) and arm is not Secret:
                yield from names(arm)


def test_the_reference_says_what_the_code_says(reference: ModuleType, root: Path) -> None:
    made = reference.pages()
    place = root / "docs" / "reference"
    assert {file.name for file in place.glob("*.md")} >= set(made)
    for name, text in made.items():
        committed = (place / name).read_text(encoding="utf-8")
        assert committed == text.rstrip("\n") + "\n", f"{name}: run make docs"


@pytest.mark.parametrize(
    ("path", "command"),
    [pytest.param(*each, id=" ".join(each[0]) or "hegui") for each in commands()],
)
def test_every_command_has_help_with_an_example_in_both_languages(
    path: list[str], command: Helpful
) -> None:
    for lang, example in (("en", "Examples:"), ("zh", "示例：")):
        result = CliRunner().invoke(main, [*path, "--help", "--lang", lang])
        assert result.exit_code == 0
        shown = result.output.partition(example)[2]
        assert " ".join(["hegui", *path]) in shown
        for option in command.params:
            if option.param_type_name == "option":
                words = getattr(option, "words", None)
                assert words is not None, f"{option.name} has no words"


def test_every_setting_is_documented_in_both_languages(root: Path) -> None:
    for page in ("settings.md", "settings.zh.md"):
        text = (root / "docs" / "reference" / page).read_text(encoding="utf-8")
        for name in names(Settings):
            assert any(shown in text for shown in (f"`{name}`", f"[{name}]", f".{name}]")), name


def test_every_record_kind_is_documented_and_evidences_a_duty(root: Path) -> None:
    for page in ("records.md", "records.zh.md"):
        text = (root / "docs" / "reference" / page).read_text(encoding="utf-8")
        assert all(f"`{kind.name}` v{kind.version}" in text for kind in all_kinds())
    assert all(kind.duties for kind in all_kinds())
