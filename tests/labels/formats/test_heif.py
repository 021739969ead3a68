"""HEIC, HEIF and AVIF: every version of the boxes, every place of a label, what is refused."""

import random
from struct import pack, unpack

import pytest

from hegui.labels import xmp
from hegui.labels.boxes import Boxes, full, made
from hegui.labels.container import Format, Memory
from hegui.labels.formats import FORMATS
from hegui.labels.formats.heif import AVIF, HEIC
from hegui.labels.heif_items import Picture
from hegui.terms import BadRequest
from hegui.testing import films, stills
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels, payload
from hegui.testing.pictures import exif_block
from hegui.testing.stills import SHOWN, Held, still

FILES = {
    name: (next(form for form in FORMATS if form.matches(data)), data)
    for name, data in stills.samples().items()
}
PACKET = xmp.with_label(None, OTHER.inner())
PLAIN = xmp.with_label(None, OTHER.inner()).replace(b"AIGC", b"Else")
COMMENT = exif_block("<", 0x9286, b"ASCII\0\0\0" + OTHER.wrapped().encode())
EXIF = Held(b"Exif", bytes(4) + COMMENT)
FIRST, LAST = Held(b"mime", b"first"), Held(b"Exif", b"\0\0\0\0last")
SEEN = {
    "heif-xmp": Held(b"mime", PACKET),
    "heif-xmp in pieces": Held(b"mime", PACKET, pieces=3),
    "heif-xmp inside": Held(b"mime", PACKET, inside=True),
    "heif-xmp of nothing": Held(b"mime", PACKET, of=()),
    "heif-xmp of another": Held(b"mime", PACKET, of=(2,)),
    "heif-exif": EXIF,
    "heif-exif off": Held(b"Exif", pack(">I", 6) + b"Exif\0\0" + COMMENT),
    "heif-exif inside": Held(b"Exif", EXIF.data, inside=True, pieces=2),
}
HOW = [{"version": 2, "wide": True}, {"base": True}, {"behind": True}, {}]
HUGE = [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\1"]


@pytest.fixture(params=FILES)
def file(request: pytest.FixtureRequest) -> tuple[Format, bytes]:
    return FILES[request.param]


def item(data: bytes, number: int) -> bytes:
    """Return the bytes of an item, as its place leads to them."""
    boxes = Boxes(Memory(data))
    picture = Picture(boxes, boxes.top())
    spans = picture.spans(picture.places[number])
    return b"".join(data[one.start : one.end] for one in spans)


def test_a_file_is_known_by_its_beginning(file: tuple[Format, bytes]) -> None:
    assert [one for one in FORMATS if one.matches(file[1])] == [file[0]]


def test_the_brands_tell_avif_from_heic() -> None:
    assert {name.split()[0] for name, (form, _) in FILES.items() if form is AVIF} == {"avif"}


def test_a_fresh_file_has_no_label(file: tuple[Format, bytes]) -> None:
    assert labels(*file) == []


def test_what_was_written_is_read_back_once_at_the_guides_place(file: tuple[Format, bytes]) -> None:
    form, data = file
    (found,) = labels(form, new := labelled(form, data))
    assert found.raw == LABEL.inner()
    assert found.guide
    assert new[found.offset :].startswith(b"<?xpacket begin")
    assert new.count(b"trainedAlgorithmicMedia") == 1


def test_the_picture_and_every_item_are_where_their_places_say(file: tuple[Format, bytes]) -> None:
    form, data = file
    new = labelled(form, data)
    assert item(data, 1) == item(new, 1) == SHOWN
    if b"Exif" in data:
        assert item(new, 2) == item(data, 2)
    assert payload(form, new) == payload(form, data)
    assert SHOWN in payload(form, data)


def test_a_second_label_takes_the_place_of_the_first(file: tuple[Format, bytes]) -> None:
    form, data = file
    once = labelled(form, data)
    assert labelled(form, labelled(form, data, OTHER)) == once
    assert labelled(form, once) == once


@pytest.mark.parametrize(
    "how", [{"version": 2, "wide": True}, {"base": True}, {"behind": True}, {}]
)
@pytest.mark.parametrize("form", SEEN)
def test_a_label_is_found_in_every_place_and_replaced(form: str, how: dict[str, bool]) -> None:
    data = still([SEEN[form], LAST], **how)  # type: ignore[arg-type]
    (found,) = labels(HEIC, data)
    assert found.form == form.split(maxsplit=1)[0]
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert found.guide is (form != "heif-xmp of another")
    assert SEEN[form].data.startswith(data[found.offset :][:10])
    assert holds(HEIC, data)
    new = labelled(HEIC, data)
    assert b"older" not in new
    assert item(new, 1) == SHOWN
    assert item(new, 3) == LAST.data


def test_all_places_at_once_become_one() -> None:
    data = still([*SEEN.values(), LAST])
    assert len(labels(HEIC, data)) == len(SEEN)
    assert holds(HEIC, data)
    assert item(labelled(HEIC, data), len(SEEN) + 2) == LAST.data


def test_a_packet_that_is_there_is_updated() -> None:
    title = (
        b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="a"/>'
    )
    packet = PACKET.replace(b"</rdf:RDF>", title + b"</rdf:RDF>")
    for inside in (True, False):
        new = labelled(HEIC, still([Held(b"mime", packet, inside=inside), LAST]))
        assert title in item(new, 2)
        assert xmp.labels_in(item(new, 2)) == [LABEL.inner()]
        assert new.count(b"application/rdf+xml") == 1


def test_a_packet_of_another_picture_keeps_all_but_the_label() -> None:
    new = labelled(HEIC, still([SEEN["heif-xmp of another"], LAST]))
    assert item(new, 2).rstrip() == PACKET.replace(
        PACKET[PACKET.index(b"<TC260:AIGC>") : PACKET.index(b"<Iptc4")], b""
    )
    assert new.count(b"application/rdf+xml") == 2


def test_the_offsets_of_a_sequence_follow() -> None:
    data = still()
    mdat = data.index(b"mdat") - 4
    moov = films.movie([mdat + 20 + len(films.movie([0]))])
    data = data[:mdat] + moov + data[mdat:]
    new = labelled(HEIC, data.replace(b"ftypheic", b"ftypmsf1"))
    at = new.index(b"stco") + 12
    assert int.from_bytes(new[at : at + 4], "big") == new.index(b"mdat") - 4 + 20


def test_a_file_cut_anywhere_is_refused_or_right(file: tuple[Format, bytes]) -> None:
    form, data = file
    new = labelled(form, data)
    for whole in (data, new):
        for end in range(0, len(whole), 5):
            holds(form, whole[:end])


@pytest.mark.parametrize("name", ["every", *FILES])
def test_damaged_files_are_refused_or_right(name: str) -> None:
    form, data = FILES.get(name, (HEIC, still([*SEEN.values(), LAST])))
    chance, end = random.Random(45438), data.index(b"mdat") if b"behind" not in data else len(data)
    whole = labelled(form, data, OTHER)
    for _ in range(200):
        damaged = bytearray(chance.choice((data, whole)))
        for _ in range(chance.choice((1, 1, 3))):
            at = chance.randrange(end)
            damaged[at] = chance.choice((0, 1, 2, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        holds(form, bytes(damaged))


@pytest.mark.parametrize(
    "huge", [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\1"]
)
def test_a_length_of_gigabytes_anywhere_is_refused_or_right(huge: bytes) -> None:
    for data in (FILES["heic exif"][1], FILES["heic base"][1], still([SEEN["heif-xmp inside"]])):
        for at in range(0, min(len(data) - 4, 600), 2):
            holds(HEIC, data[:at] + huge + data[at + 4 :])


def _without(kind: bytes) -> bytes:
    return still().replace(kind, b"free")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (still()[:-1], "ends before"),
        (_without(b"iinf"), "has none"),
        (_without(b"iloc"), "has none"),
        (_without(b"pitm"), "has none"),
        (still().replace(b"pitm\0\0\0\0\0\1", b"pitm\0\0\0\0\0\7"), "has none"),
        (still() + full(b"meta", 0), "more than one"),
        (still([Held(b"mime", b"<no")]), "well-formed"),
        (still([Held(b"mime", PACKET, encoding=b"deflate\0")]), "compressed"),
        (still([Held(b"mime", PACKET)] * 300), "too many"),
        (still([Held(b"mime", PACKET, inside=True)]).replace(b"idat", b"free"), "length"),
        (still().replace(b"iloc\1", b"iloc\3"), "length"),
        (still().replace(b"iloc\1\0\0\0\x44", b"iloc\1\0\0\0\x45"), "length"),
        (still([EXIF]).replace(b"iloc\1\0\0\0\x44\0\0\2", b"iloc\1\0\0\0\x44\0\xff\xff"), "length"),
        (still()[: still().index(b"mdat") - 4].replace(b"mif1", b"heic"), "ends before"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why) as refusal:
        labelled(HEIC, data)
    assert "字节处" in refusal.value.words.zh


def test_a_packet_whose_bytes_are_also_the_pictures_is_refused() -> None:
    data = still([Held(b"mime", PACKET)])
    at = data.index(pack(">I", data.index(SHOWN)), data.index(b"iloc")) + 4
    shared = data[:at] + pack(">I", len(SHOWN) + 9) + data[at + 4 :]
    with pytest.raises(BadRequest, match="another item"):
        labelled(HEIC, shared)


def test_an_item_that_reaches_over_boxes_is_refused() -> None:
    data = still([EXIF])
    at = data.index(pack(">I", data.index(SHOWN)), data.index(b"iloc"))
    whole = data[:at] + bytes(8) + data[at + 8 :]
    with pytest.raises(BadRequest, match="another item"):
        labelled(HEIC, whole)
    over = data[:at] + pack(">II", data.index(SHOWN) - 9, 20) + data[at + 8 :]
    with pytest.raises(BadRequest, match="length"):
        labelled(HEIC, over)


def test_a_place_that_grows_beyond_its_field_is_refused() -> None:
    class Full:
        data = still(unclosed=True)
        size = (1 << 32) + 10

        def read(self, offset: int, count: int) -> bytes:
            count = min(count, self.size - offset)
            return self.data[offset : offset + count].ljust(count, b"\0")

    with pytest.raises(BadRequest, match="larger than"):
        HEIC.write(Full(), LABEL.inner())


def test_boxes_that_are_not_known_stay() -> None:
    extra = made(b"uuid", bytes(16), b"a camera's own")
    assert extra in labelled(HEIC, still() + extra)
    assert holds(HEIC, still() + extra)


@pytest.mark.parametrize("count", [1, 7, 8, 40])
def test_zeros_that_fill_up_stay_at_the_end(count: int) -> None:
    data = still([EXIF]) + bytes(count)
    assert holds(HEIC, data)
    assert labelled(HEIC, data) == labelled(HEIC, still([EXIF])) + bytes(count)


def _filled_up(data: bytes, kind: bytes, count: int) -> bytes:
    """Return a picture whose ``meta``, and a box in it, end with ``count`` zeros."""
    for name in (kind, b"meta"):
        at = data.index(name) - 4
        end = at + unpack(">I", data[at : at + 4])[0]
        if name == kind:
            data = data[:end] + bytes(count) + data[end:]
            end += count
        size = pack(">I", unpack(">I", data[at : at + 4])[0] + count)
        data = data[:at] + size + data[at + 4 :]
    return data


@pytest.mark.parametrize("kind", [b"iinf", b"iref"])
def test_a_new_entry_stands_before_the_zeros_that_fill_up_its_box(kind: bytes) -> None:
    data = _filled_up(still([EXIF], behind=True), kind, 40)
    assert holds(HEIC, data)
