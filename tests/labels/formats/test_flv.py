"""FLV: onMetaData as an array, as an object, or not there, and the places that it names."""

from struct import pack, unpack

import pytest

from hegui.labels.formats.flv import FLV
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels
from hegui.testing.sounds import amf_number, amf_property, amf_text, flv, flv_metadata

TEXT = OTHER.inner().encode()
TITLE = amf_text(b"title", b"a title")
SOUND = flv()[13:]


def places(*numbers: int) -> bytes:
    items = b"".join(b"\0" + pack(">d", one) for one in numbers)
    array = amf_property(b"filepositions", b"\x0a" + pack(">I", len(numbers)) + items)
    return amf_property(b"keyframes", b"\3" + array + amf_number(b"other", 900) + b"\0\0\x09")


def double(data: bytes, name: bytes) -> float:
    at = data.index(name) + len(name)
    return float(unpack(">d", data[at + 1 : at + 9])[0])


FORMS = {
    "array": flv_metadata(TITLE, amf_text(b"AIGC", TEXT)),
    "object": flv_metadata(amf_text(b"AIGC", TEXT), TITLE, is_object=True),
    "long": flv_metadata(amf_property(b"AIGC", b"\x0c" + pack(">I", len(TEXT)) + TEXT), TITLE),
    "wrapped": flv_metadata(TITLE, amf_text(b"AIGC", OTHER.wrapped().encode())),
    "other name": flv_metadata(TITLE, amf_text(b"aigc_label", TEXT)),
    "twice": flv_metadata(amf_text(b"AIGC", TEXT), TITLE, amf_text(b"AIGC", TEXT)),
    "no end": flv_metadata(TITLE, amf_text(b"AIGC", TEXT))[:-3],
    "from live": b"\2\0\x0d@setDataFrame" + flv_metadata(TITLE, amf_text(b"AIGC", TEXT)),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_label_of_every_form_is_read_and_replaced(form: str) -> None:
    data = flv(FORMS[form])
    found = labels(FLV, data)[0]
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert found.guide is (form != "other name")
    assert holds(FLV, data)
    assert labelled(FLV, data).count(b"a title") == 1


def test_an_array_counts_its_properties_and_sizes_are_right() -> None:
    new = labelled(FLV, flv(flv_metadata(TITLE, amf_text(b"AIGC", TEXT))))
    size = int.from_bytes(new[14:17])
    assert new[24:42] == b"\2\0\x0aonMetaData\x08\0\0\0\2"
    assert new[24 + size : 28 + size] == pack(">I", size + 11)
    assert new[28 + size :] == SOUND


def test_a_file_without_metadata_gets_some_before_its_first_tag() -> None:
    new = labelled(FLV, flv())
    body = flv_metadata(amf_text(b"AIGC", LABEL.inner().encode()))
    assert new == flv(body)


def test_a_second_onmetadata_gives_up_its_label() -> None:
    data = flv(FORMS["array"], FORMS["object"])
    assert len(labels(FLV, data)) == 2
    assert holds(FLV, data)
    assert labelled(FLV, data).count(b"a title") == 2


def test_places_for_seeking_move_with_the_content() -> None:
    draft = flv(
        flv_metadata(
            amf_number(b"filesize", 0),
            amf_number(b"lastkeyframelocation", 0),
            places(0, 0, 0),
            amf_number(b"duration", 400),
        )
    )
    first = draft.index(SOUND)
    data = flv(
        flv_metadata(
            amf_number(b"filesize", len(draft)),
            amf_number(b"lastkeyframelocation", first + 20),
            places(13, first, first + 20),
            amf_number(b"duration", 400),
        )
    )
    new = labelled(FLV, data)
    now = new.index(SOUND)
    assert double(new, b"filesize") == len(new)
    assert double(new, b"lastkeyframelocation") == now + 20
    at = new.index(b"filepositions") + 18
    there = [unpack(">d", new[at + 1 + 9 * n : at + 9 + 9 * n])[0] for n in range(3)]
    assert there == [13, now, now + 20]
    assert double(new, b"other") == 900
    assert double(new, b"duration") == 400
    assert labelled(FLV, new) == new


def test_a_tag_that_is_cut_off_at_the_end_stays() -> None:
    data = flv(FORMS["array"])[:-6]
    assert labelled(FLV, data).endswith(SOUND[:-6])
    assert holds(FLV, data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (flv()[:8], "FLV"),
        (flv()[:8] + b"\xff" + flv()[9:], "ends before"),
        (flv()[:13] + b"\x07" + flv()[14:], "FLV tag"),
        (flv(flv_metadata(amf_property(b"x", b"\x0e"))), "onMetaData"),
        (flv(flv_metadata(amf_property(b"x", b"\x0a\xff\xff\xff\xff"))), "onMetaData"),
        (flv(flv_metadata(amf_property(b"x", b"\2\xff\xff")[:-1])), "onMetaData"),
        (flv(flv_metadata(b"\0\1x\3" * 20)), "too many"),
        (
            flv(flv_metadata(amf_property(b"x", b"\x0a\0\x0f\xff\xff" + b"\5" * 0x0FFFFF))),
            "too many",
        ),
        (flv(flv_metadata(amf_text(b"x", bytes(65535))) + bytes(0xFFFFFF - 65570)), "larger"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        labelled(FLV, data)
