"""The tables of the evasion channels are those that were made, and hold what they should."""

import hashlib
import json
from importlib import resources

import pytest

from hegui.detectors.channels import sources
from hegui.detectors.normal import forms, normalised, unseen

DATA = resources.files("hegui.detectors").joinpath("data")


def test_each_table_has_the_digest_that_was_recorded_when_it_was_made() -> None:
    record = json.loads(sources())
    assert set(record["sha256"]) == {"letters.txt", "syllables.txt", "traditional.txt"}
    for name, digest in record["sha256"].items():
        assert hashlib.sha256(DATA.joinpath(name).read_bytes()).hexdigest() == digest
    assert all(source["version"] for source in record["sources"].values())


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("Ａ１", "A1"),
        ("𝐤𝓲𝔩𝕝", "kill"),
        ("⑴㈠㊙", "1一秘"),
        ("⼈⼝", "人口"),
        ("發髮", "发发"),
        ("кiІ", "кiI"),
    ],
)
def test_a_character_becomes_what_a_reader_takes_it_for(text: str, image: str) -> None:
    derived = normalised(text, 1)
    assert derived is not None
    assert derived.text == image


def test_an_image_is_never_changed_or_left_out_itself() -> None:
    images = set(forms("same", "wide", "alike", "quiet").values())
    assert images.isdisjoint(forms("same", "wide", "alike", "quiet"))
    assert images.isdisjoint(unseen())
    assert normalised("".join(sorted(images)), 1) is None
