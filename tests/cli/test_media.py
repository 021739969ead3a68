import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from hegui.app import parts
from hegui.app.shelf import close, open_shelf
from hegui.gateway.evidence import evidence_number
from hegui.settings import read
from hegui.shelf.book import Medium
from hegui.shelf.shelf import New

Hegui = Callable[..., Result]
ENGLISH = {"LC_ALL": "en_US.UTF-8"}
EXCHANGE = "01KSR49200AAAAAAAAAAAAAAAA"


@pytest.fixture
def kept(settings: Path) -> list[Medium]:
    said = read(settings, {})
    ledger = parts.open_ledger(said)

    async def keep() -> list[Medium]:
        shelf = open_shelf(said, ledger, parts.now)
        new = [New("default", EXCHANGE, "p", bytes([n]), "image/png", ".png") for n in range(3)]
        made = [each.medium for each in await shelf.keep(new)]
        await close(shelf)
        return made

    try:
        return asyncio.run(keep())
    finally:
        ledger.close()


def test_a_file_is_listed_and_withdrawn_by_its_number(hegui: Hegui, kept: list[Medium]) -> None:
    listed = hegui("media", "list", **ENGLISH)
    assert all(medium.id in listed.output for medium in kept)
    assert "/media/" not in listed.output
    first = kept[0].id
    done = hegui(
        "media", "withdraw", first, "--reason", "complaint 17", "--by", "reviewer-3", **ENGLISH
    )
    assert (done.exit_code, done.output.strip()) == (0, f"{first} is withdrawn.")
    assert first not in hegui("media", "list", **ENGLISH).output
    rows = json.loads(hegui("media", "list", "--all", "--json", **ENGLISH).stdout)
    assert {row["cause"] for row in rows if row["id"] == first} == {"withdrawn"}
    assert hegui("media", "withdraw", first, "--reason", "again", **ENGLISH).output.startswith(
        "It had ended"
    )


def test_all_files_of_an_exchange_are_withdrawn_by_the_evidence_number(
    hegui: Hegui, kept: list[Medium]
) -> None:
    number = evidence_number(EXCHANGE)
    done = json.loads(
        hegui("media", "withdraw", number, "--reason", "x", "--json", **ENGLISH).stdout
    )
    assert sorted(done) == sorted(medium.id for medium in kept)
    assert hegui("media", "list", **ENGLISH).output.strip() == "Nothing is kept."


def test_what_is_not_there_or_not_said_is_refused(hegui: Hegui, kept: list[Medium]) -> None:
    assert hegui("media", "withdraw", "M-" + "0" * 32, "--reason", "x", **ENGLISH).exit_code == 3
    assert hegui("media", "withdraw", "nonsense", "--reason", "x", **ENGLISH).exit_code == 3
    assert hegui("media", "withdraw", kept[0].id, "--reason", " ", **ENGLISH).exit_code == 3
    assert hegui("media", "withdraw", kept[0].id, **ENGLISH).exit_code == 3


def test_before_anything_was_kept_there_is_nothing(hegui: Hegui, settings: Path) -> None:
    assert settings.exists()
    assert hegui("media", "list", **ENGLISH).output.strip() == "Nothing is kept."
    assert hegui("media", "withdraw", "M-1", "--reason", "x", **ENGLISH).exit_code == 2


def test_check_says_what_addresses_of_media_mean(hegui: Hegui, settings: Path) -> None:
    more = 'media_tasks = "ark"\nmedia_hosts = ["*.example.com"]\nmedia_private = true\n'
    settings.write_text(settings.read_text(encoding="utf-8") + more, encoding="utf-8")
    said = " ".join(hegui("check", **ENGLISH).output.split())
    assert "films_show_notice is not set for local" in said
    assert "media_private is set for local" in said
    assert "service.public_url is not set" in said
    before = settings.read_text(encoding="utf-8")
    for encoder, missing in (("mpeg4", False), ("nosuch", True), ("aac", True)):
        films = f'[media.films]\nencoder = "{encoder}"\n'
        settings.write_text(before + films, encoding="utf-8")
        said = " ".join(hegui("check", **ENGLISH).output.split())
        assert (f"no encoder of films named {encoder}" in said) is missing
    settings.write_text(before, encoding="utf-8")
    more = "films_show_notice = true\n"
    settings.write_text(settings.read_text(encoding="utf-8") + more, encoding="utf-8")
    assert "films_show_notice is your statement" in " ".join(
        hegui("check", **ENGLISH).output.split()
    )
