import tomllib
from typing import get_args

import pytest

from hegui.settings import Scope, inspect
from hegui.settings.presets import PRESETS, draft
from hegui.terms import Lang

LANGUAGES = get_args(Lang)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scope", get_args(Scope))
def test_a_draft_lacks_only_what_the_provider_must_declare(
    preset: str, language: Lang, scope: Scope
) -> None:
    text = draft(preset, scope, owns_screen=False, language=language, statement="say")
    settings, problems = inspect(text, environ={PRESETS[preset].variable: "k"})
    if scope == "internal":
        assert settings is not None
    names = {problem.key.removeprefix("upstream[1].") for problem in problems}
    assert names <= {"operator", "location", "role", "trains_on_inputs"}
    assert scope == "internal" or "trains_on_inputs" in names


def test_a_draft_never_declares_training_for_the_operator() -> None:
    for preset in PRESETS:
        upstream = tomllib.loads(draft(preset, "public", owns_screen=False, language="zh"))[
            "upstream"
        ][0]
        assert "trains_on_inputs" not in upstream


def test_owning_the_chat_screen_sets_the_label_mode() -> None:
    assert (
        tomllib.loads(draft("vllm", "public", owns_screen=True, language="zh"))["labels"]["text"]
        == "interface"
    )
    assert (
        tomllib.loads(draft("vllm", "public", owns_screen=False, language="zh"))["labels"]["text"]
        == "suffix"
    )


def test_names_with_quotes_stay_toml() -> None:
    name = 'a "quoted" \\ name'
    text = draft("vllm", "internal", owns_screen=False, language="en", name=name)
    assert tomllib.loads(text)["service"]["name"] == name


@pytest.mark.parametrize("language", LANGUAGES)
def test_comments_are_in_one_language(language: Lang) -> None:
    text = draft("vllm", "public", owns_screen=False, language=language)
    comments = [line for line in text.splitlines() if line.startswith("# ") and " = " not in line]
    han = [any("\u4e00" <= char <= "\u9fff" for char in line) for line in comments]
    assert len(comments) > 20
    if language == "en":
        assert not any(han)
    else:
        assert sum(han) > 0.9 * len(han)


def test_an_unknown_preset_is_an_error() -> None:
    with pytest.raises(KeyError):
        draft("nothing", "public", owns_screen=False, language="zh")
