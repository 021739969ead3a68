"""What holds for every format of sound and film: one label, the same content, no harm."""

import random
from itertools import pairwise

import pytest

from hegui.labels.container import Format, Memory
from hegui.labels.formats import FORMATS
from hegui.terms import BadRequest
from hegui.testing import sounds
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels, payload

FILES = {
    name: (next(form for form in FORMATS if form.matches(data[:4096])), data)
    for name, data in sounds.samples().items()
}


@pytest.fixture(params=FILES)
def file(request: pytest.FixtureRequest) -> tuple[Format, bytes]:
    return FILES[request.param]


def test_a_file_is_known_by_its_beginning(file: tuple[Format, bytes]) -> None:
    assert [one for one in FORMATS if one.matches(file[1])] == [file[0]]
    assert [one for one in FORMATS if one.matches(labelled(*file)[:4096])] == [file[0]]


def test_a_format_is_named_as_its_sample() -> None:
    assert all(name.split()[0].split("-")[0] == form.name for name, (form, _) in FILES.items())


def test_a_fresh_file_has_no_label(file: tuple[Format, bytes]) -> None:
    assert labels(*file) == []


def test_what_was_written_is_read_back_once_at_the_guides_place(file: tuple[Format, bytes]) -> None:
    form, data = file
    (found,) = labels(form, new := labelled(form, data))
    assert found.raw == LABEL.inner()
    assert found.guide
    assert found.parsed is not None
    assert found.parsed.implicit == LABEL
    assert new.count(b"ProduceID") == 1


def test_the_content_stays_as_it_was(file: tuple[Format, bytes]) -> None:
    form, data = file
    assert len(payload(form, data)) > 0
    assert payload(form, labelled(form, data)) == payload(form, data)


def test_a_second_label_takes_the_place_of_the_first(file: tuple[Format, bytes]) -> None:
    form, data = file
    once = labelled(form, data)
    again = labelled(form, labelled(form, data, OTHER))
    assert [one.raw for one in labels(form, again)] == [LABEL.inner()]
    assert b"older" not in again
    assert labelled(form, once) == once


def test_a_file_cut_anywhere_is_refused_or_right(file: tuple[Format, bytes]) -> None:
    form, data = file
    new = labelled(form, data)
    for whole in (data, new):
        for end in range(0, len(whole), 1 if len(whole) < 200 else 7):
            holds(form, whole[:end])


def test_a_refusal_says_where(file: tuple[Format, bytes]) -> None:
    form, data = file
    with pytest.raises(BadRequest, match=r"at byte \d+") as refusal:
        labels(form, data[:3])
    assert "字节处" in refusal.value.words.zh


def test_damaged_files_are_refused_or_right(file: tuple[Format, bytes]) -> None:
    form, data = file
    chance = random.Random(45438)
    whole = labelled(form, data, OTHER)
    for _ in range(120):
        damaged = bytearray(chance.choice((data, whole)))
        for _ in range(chance.choice((1, 1, 3))):
            at = chance.randrange(min(len(damaged), 400))
            damaged[at] = chance.choice((0, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        holds(form, bytes(damaged))


@pytest.mark.parametrize("huge", [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f"])
def test_a_length_of_gigabytes_anywhere_is_refused_or_right(
    file: tuple[Format, bytes], huge: bytes
) -> None:
    form, data = file
    for at in range(min(len(data) - 4, 600)):
        holds(form, data[:at] + huge + data[at + 4 :])


def test_the_stretches_of_the_content_do_not_touch(file: tuple[Format, bytes]) -> None:
    form, data = file
    there = list(form.payload(Memory(data)))
    assert all(one.offset + one.length < two.offset for one, two in pairwise(there))
