"""Files that are meant to harm: refused, or labelled rightly, in bounded time and memory."""

import time
import tracemalloc
from collections.abc import Iterable
from itertools import islice

import pytest

from hegui.labels.container import Format
from hegui.labels.formats import FORMATS
from hegui.testing import hostile_files
from hegui.testing.labelled import holds
from hegui.testing.samples import Sample, smallest

SECONDS = 2.0
MEMORY = 36 << 20  # a bomb that went off would take 40 MB
SMALLEST = {one.form.name: one for one in smallest()}
PLACES = 25  # of a file, in the tests; make torture-labels tries every one
KINDS = [(kind, form) for kind in hostile_files.MADE for form in FORMATS]


def tried(form: Format, files: Iterable[bytes]) -> None:
    for data in files:
        began = time.process_time()
        holds(form, data)
        assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("sample", SMALLEST.values(), ids=SMALLEST)
def test_a_file_that_is_cut_off_or_lies_about_a_length_harms_nobody(sample: Sample) -> None:
    step = max(1, len(sample.data) // PLACES)
    tried(sample.form, islice(hostile_files.cut(sample, step), 3 * PLACES))
    tried(sample.form, islice(hostile_files.lying(sample, step), 3 * PLACES))


@pytest.mark.parametrize(("kind", "form"), KINDS, ids=lambda one: getattr(one, "name", one))
def test_files_of_each_kind_of_harm_are_refused_or_right(kind: str, form: Format) -> None:
    files = hostile_files.files(kind, form.name)
    assert bool(files) != (form.name in hostile_files.REASONS[kind])
    if kind == "polyglot":
        files = files[::6]
    if kind == "bomb":
        tracemalloc.start()
    tried(form, files)
    if kind == "bomb":
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < MEMORY + max(map(len, files), default=0)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_xml_with_entities_is_refused(form: Format) -> None:
    for data in hostile_files.files("entities", form.name):
        assert not holds(form, data)
