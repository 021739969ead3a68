"""A format of files that is new must be tried like the others: nothing here is a list to forget."""

from collections.abc import Set as AbstractSet

import pytest
from tools.fuzz_label_targets import TARGETS

from hegui.labels.formats import FORMATS
from hegui.testing import hostile_files
from hegui.testing.samples import samples

NAMES = {form.name for form in FORMATS}
KINDS = {"nested", "bomb", "entities", "polyglot", "deep value"}


def test_every_format_has_a_small_file() -> None:
    assert {one.form.name for one in samples()} == NAMES


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_format_has_files_of_each_kind_of_harm_or_a_reason_why_not(kind: str) -> None:
    without: AbstractSet[str] = hostile_files.REASONS[kind].keys()
    assert without <= NAMES
    if kind != "bomb":  # whose files take a second to make: tests/labels/test_hostile_files.py
        made = {name for name in NAMES - without if hostile_files.files(kind, name)}
        assert made == NAMES - without


def test_every_kind_of_harm_is_known_here() -> None:
    assert hostile_files.MADE.keys() == hostile_files.REASONS.keys() == KINDS


def test_every_format_is_fuzzed() -> None:
    assert TARGETS.keys() >= NAMES
