"""TIFF: both byte orders, large ones, several pages, and directories that lie."""

from struct import pack, unpack

import pytest

from hegui.labels import xmp
from hegui.labels.formats.tiff import TIFF
from hegui.terms import BadRequest
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels, payload
from hegui.testing.pictures import exif_block, tiff

PACKET = xmp.with_label(None, OTHER.inner())
WRAPPED = OTHER.wrapped().encode()
KINDS = [(order, big) for order in "<>" for big in (False, True)]


def first_directory(data: bytes) -> dict[int, tuple[int, int, int]]:
    """Return IFD0 of a classic or large TIFF as tag: (type, count, value)."""
    order = "<" if data[:2] == b"II" else ">"
    big = unpack(order + "H", data[2:4])[0] == 43
    (at,) = unpack(order + ("Q" if big else "I"), data[8:16] if big else data[4:8])
    head, width, code = (8, 20, "HHQQ") if big else (2, 12, "HHII")
    (count,) = unpack(order + ("Q" if big else "H"), data[at : at + head])
    table = data[at + head : at + head + count * width]
    fields = [unpack(order + code, table[n : n + width]) for n in range(0, len(table), width)]
    assert [one[0] for one in fields] == sorted(one[0] for one in fields)
    return {one[0]: one[1:] for one in fields}


@pytest.mark.parametrize(("order", "big"), KINDS)
def test_the_field_is_of_type_7_at_an_even_place(order: str, *, big: bool) -> None:
    new = labelled(TIFF, tiff(order, big=big) + b"x")
    kind, count, offset = first_directory(new)[700]
    assert kind == 7
    assert offset % 2 == 0
    assert xmp.labels_in(new[offset : offset + count]) == [LABEL.inner()]


@pytest.mark.parametrize(("order", "big"), KINDS)
def test_nothing_moves(order: str, *, big: bool) -> None:
    data = tiff(order, big=big, pages=3)
    start = 16 if big else 8
    assert labelled(TIFF, data)[start:].startswith(data[start:])


@pytest.mark.parametrize(("order", "big"), KINDS)
def test_a_packet_that_is_there_is_updated(order: str, *, big: bool) -> None:
    rest = b'<rdf:Description rdf:about="" xmlns:n="n:" n:a="kept"/></rdf:RDF>'
    old = PACKET.replace(b"</rdf:RDF>", rest)
    data = tiff(order, big=big, fields={700: old})
    assert holds(TIFF, data)
    new = labelled(TIFF, data)
    assert rest in new
    assert len(new) == len(data)  # it fits in the room of the old one
    assert first_directory(new)[700][0] == 7


def test_a_packet_that_does_not_fit_goes_to_the_end_and_the_old_label_is_not_left_lying() -> None:
    small = PACKET.replace(b"http://cv.iptc.org/newscodes/digitalsourcetype/", b"")
    data = tiff(fields={700: small})
    new = labelled(TIFF, data, OTHER)
    assert len(new) > len(data)
    assert len(labels(TIFF, new)) == 1
    assert new.count(OTHER.ProduceID.encode()) == 2  # once as ProduceID, once as PropagateID


def test_a_field_of_another_type_is_no_place_of_the_guide_and_becomes_one() -> None:
    data = tiff(fields={700: PACKET})
    entry = data.index(pack("<HHI", 700, 7, len(PACKET)))
    data = data[: entry + 2] + pack("<H", 1) + data[entry + 4 :]
    assert [one.guide for one in labels(TIFF, data)] == [False]
    assert holds(TIFF, data)


@pytest.mark.parametrize("order", "<>")
def test_labels_outside_xmp_are_found_and_their_room_is_blank(order: str) -> None:
    data = tiff(order, fields={270: WRAPPED + b"\0"})
    assert [(one.form, one.guide) for one in labels(TIFF, data)] == [("tiff-description", False)]
    assert holds(TIFF, data)
    comment = exif_block(order, 0x9286, b"ASCII\0\0\0" + WRAPPED)
    assert [one.form for one in labels(TIFF, comment)] == ["tiff-exif"]
    assert holds(TIFF, comment)


def test_labels_of_all_pages_become_one() -> None:
    data = bytearray(tiff(fields={700: PACKET}, pages=1))
    other = len(data)
    held = PACKET.replace(b"older", b"other")
    data += held + b"\0" * (len(held) & 1)
    link = int.from_bytes(data[4:8], "little") + 2 + 12 * len(first_directory(bytes(data)))
    data[link : link + 4] = pack("<I", len(data))
    data += pack("<HHHIII", 1, 700, 1, len(held), other, 0)
    assert [one.guide for one in labels(TIFF, bytes(data))] == [True, False]
    assert holds(TIFF, bytes(data))


def test_pages_may_share_a_packet() -> None:
    data = bytearray(tiff(fields={700: PACKET}))
    kind, count, offset = first_directory(bytes(data))[700]
    link = int.from_bytes(data[4:8], "little") + 2 + 12 * len(first_directory(bytes(data)))
    data[link : link + 4] = pack("<I", len(data))
    data += pack("<HHHIII", 1, 700, kind, count, offset, 0)
    assert len(labels(TIFF, bytes(data))) == 1
    assert holds(TIFF, bytes(data))


def test_pictures_under_a_page_are_content_too() -> None:
    data = bytearray(tiff(fields={330: bytes(4)}))
    entry = data.index(pack("<HHI", 330, 7, 4))
    data[entry : entry + 12] = pack("<HHII", 330, 4, 1, len(data))
    data += pack("<HHHIIHHIII", 2, 273, 4, 1, len(data) + 30, 279, 4, 1, 5, 0) + b"small"
    assert payload(TIFF, bytes(data)) == bytes(range(16)) + b"small"
    assert holds(TIFF, bytes(data))


def test_pictures_may_share_their_tiles() -> None:
    data = bytearray(tiff())
    entry = data.index(pack("<HHI", 273, 4, 1))
    more = len(data)
    data += pack("<4I", 8, 8, 12, 8)
    data[entry : entry + 12] = pack("<HHII", 273, 4, 4, more)
    lengths = data.index(pack("<HHI", 279, 4, 1))
    data += pack("<4I", 16, 16, 12, 4)
    data[lengths : lengths + 12] = pack("<HHII", 279, 4, 4, more + 16)
    assert payload(TIFF, bytes(data)) == bytes(data[8:24])
    assert holds(TIFF, bytes(data))


def loop() -> bytes:
    data = bytearray(tiff())
    data[-4:] = data[4:8]
    return bytes(data)


HOSTILE = {
    "no TIFF": (b"II*\1" + tiff()[4:], "TIFF header"),
    "another width": (b"II+\0\4\0\0\0" + bytes(8), "TIFF header"),
    "no page": (b"II*\0\0\0\0\0", "no page"),
    "a loop": (loop(), "length"),
    "a directory behind the end": (b"II*\0\xff\xff\xff\x7f", "ends before"),
    "a directory behind all ends": (b"II+\0\x08\0\0\0" + b"\xff" * 8, "ends before"),
    "fields without end": (b"II+\0\x08\0\0\0" + pack("<QQ", 16, 1 << 60), "too many"),
    "a packet of gigabytes": (tiff(fields={700: PACKET}).replace(
        pack("<HHI", 700, 7, len(PACKET)), pack("<HHI", 700, 7, 1 << 31)), "larger"),
    "a packet behind the end": (tiff(fields={700: PACKET}).replace(
        pack("<HHI", 700, 7, len(PACKET)), pack("<HHI", 700, 7, 9_000)), "ends before"),
    "a picture behind the end": (tiff().replace(
        pack("<HHII", 279, 4, 1, 16), pack("<HHII", 279, 4, 1, 16_000)), "ends before"),
    "a picture over the header": (tiff().replace(
        pack("<HHII", 273, 4, 1, 8), pack("<HHII", 273, 4, 1, 4)), "share bytes"),
    "strips without end": (tiff().replace(
        pack("<HHII", 273, 4, 1, 8), pack("<HHII", 273, 4, 1 << 30, 8)), "too many"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_what_does_not_hold_together_is_refused(what: str) -> None:
    data, why = HOSTILE[what]
    with pytest.raises(BadRequest, match=why):
        labelled(TIFF, data)


def test_directories_that_share_all_their_fields_are_not_read_without_end() -> None:
    table = pack("<H", 60_000) + bytes(12 * 60_000)
    data = b"II*\0" + pack("<I", 8) + table
    pages = b"".join(pack("<I", 8 + 12 * n) for n in range(100))
    assert not holds(TIFF, data + pages)
    chain = bytearray(b"II*\0" + pack("<I", 8))
    for n in range(20_000):
        chain += pack("<HI", 0, 8 + 6 * (n + 1))
    with pytest.raises(BadRequest, match="too many"):
        labels(TIFF, bytes(chain) + bytes(6))
