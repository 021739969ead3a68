"""What ``hegui check`` says of films that show no notice."""

import sys

import pytest

from hegui.app.media import film_bench
from hegui.cli.notes import notes
from hegui.settings import Settings, inspect

TEXT = """
[service]
name = "demo"
scope = "internal"
reason = "a trial"
[media.films]
encoder = "{encoder}"
[[upstream]]
name = "films"
base_url = "https://films.example.com/api/v3"
key = "env:TASKS"
role = "entrusted"
models = ["*"]
media_tasks = "ark"
media_hosts = ["media.example.com"]
"""


def settings(encoder: str = "auto") -> Settings | None:
    found, problems = inspect(TEXT.format(encoder=encoder), environ={"TASKS": "sk-tasks"})
    if found is None:
        assert any("encoder" in each.sentence.en for each in problems)
    return found


def said(of: Settings) -> str:
    return "\n".join(note.en for note in notes(of))


def test_with_pyav_it_says_that_films_are_encoded_anew_and_by_what() -> None:
    of = settings("libsvtav1")
    assert of is not None
    assert "films anew" in said(of)
    assert "libsvtav1" in said(of)
    assert film_bench(of) is not None


@pytest.mark.parametrize("missing", ["av", "PIL"])
def test_without_it_says_what_to_install_and_films_are_refused(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    of = settings()
    assert of is not None
    assert "pip install av 'hegui[media]'" in said(of)
    assert film_bench(of) is None


def test_an_encoder_whose_name_is_none_is_refused() -> None:
    assert settings("-y /etc/passwd") is None
