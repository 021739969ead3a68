"""Matroska and WebM: every layout, every place of a label, and what is refused."""

import random
import zlib

import pytest

from hegui.labels.container import Format, Memory
from hegui.labels.ebml import CLUSTER, CRC, CUES, SEEK_HEAD, SEGMENT, TAGS, Elements, made, void
from hegui.labels.formats import FORMATS
from hegui.labels.formats.matroska import MKV
from hegui.terms import BadRequest
from hegui.testing import matroska
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels, payload
from hegui.testing.matroska import film, simple, tag, tags

FILES = {
    name: (next(form for form in FORMATS if form.matches(data)), data)
    for name, data in matroska.samples().items()
}
OURS = tag("AIGC", OTHER.inner())
SEEN = {
    "guide": OURS,
    "guide beside another": tag("AIGC", OTHER.inner())
    + tag("TITLE", "a title", inside=simple("SUBTITLE", "of old")),
    "wrapped": tag("AIGC", OTHER.wrapped()),
    "of a track": tag("AIGC", OTHER.inner(), uid=7),
    "comment": tag("COMMENT", OTHER.wrapped()),
    "small": tag("aigc", OTHER.inner()),
    "inside": tag("TITLE", "a title", inside=simple("AIGC", OTHER.inner())),
}
GUIDE = ("guide", "guide beside another", "wrapped")
HUGE = [b"\xff\xff\xff\xff", b"\x01\xff\xff\xff", b"\x08\x7f\xff\xff", b"\x80\x80\x80\x80"]


@pytest.fixture(params=FILES)
def file(request: pytest.FixtureRequest) -> tuple[Format, bytes]:
    return FILES[request.param]


def parts(data: bytes) -> tuple[int, list[tuple[int, int, bytes]]]:
    """Return where the segment's body starts, and its elements: kind, place, whole bytes."""
    elements = Elements(Memory(data))
    segment = elements.at(elements.at(0, len(data)).end, len(data))
    assert segment.kind == SEGMENT
    there = elements.within(segment.body, segment.end)
    return segment.body, [
        (one.kind, one.start - segment.body, data[one.start : one.end]) for one in there
    ]


def test_a_file_is_known_by_its_beginning(file: tuple[Format, bytes]) -> None:
    assert [one for one in FORMATS if one.matches(file[1])] == [file[0]]


def test_the_document_type_tells_webm() -> None:
    assert all(form.name == name.split()[0] for name, (form, _) in FILES.items())


def test_a_fresh_file_has_no_label(file: tuple[Format, bytes]) -> None:
    assert labels(*file) == []


def test_what_was_written_is_read_back_once_at_the_guides_place(file: tuple[Format, bytes]) -> None:
    form, data = file
    (found,) = labels(form, new := labelled(form, data))
    assert found.raw == LABEL.inner()
    assert found.guide
    assert new[found.offset :].startswith(b"\x67\xc8")
    assert len(new) - len(data) < 700


def test_the_clusters_and_their_places_stay(file: tuple[Format, bytes]) -> None:
    form, data = file
    new = labelled(form, data)
    assert payload(form, new) == payload(form, data)
    assert len(payload(form, data)) > len(matroska.SOUND)
    if b"\x1c\x53\xbb\x6b" in data:
        (_, old), (_, now) = parts(data), parts(new)
        for kind in (CLUSTER, CUES):
            assert [one for one in old if one[0] == kind] == [one for one in now if one[0] == kind]


def test_the_tags_that_were_there_stay(file: tuple[Format, bytes]) -> None:
    form, data = file
    assert labelled(form, data).count(b"a title") == data.count(b"a title")


def test_a_second_label_takes_the_place_of_the_first(file: tuple[Format, bytes]) -> None:
    form, data = file
    once = labelled(form, data)
    assert labelled(form, once) == once
    again = labelled(form, labelled(form, data, OTHER))
    assert [one.raw for one in labels(form, again)] == [LABEL.inner()]
    assert b"older" not in again


@pytest.mark.parametrize("how", ["before", "behind", "live"])
@pytest.mark.parametrize("form", SEEN)
def test_a_label_is_found_in_every_place_and_replaced(form: str, how: str) -> None:
    held = tags(SEEN[form], total=how == "behind")
    data = film(live=True, listed=False, before=held) if how == "live" else b""
    data = data or film(room=100, **{how: held})  # type: ignore[arg-type]
    (found,) = labels(MKV, data)
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert found.guide is (form in GUIDE)
    assert holds(MKV, data)
    new = labelled(MKV, data)
    assert b"older" not in new
    assert new.count(b"a title") == data.count(b"a title")
    assert new.count(b"of old") == data.count(b"of old")


def test_all_places_at_once_become_one() -> None:
    every = tags(*SEEN.values())
    data = film(room=100, before=every + every, behind=every)
    assert len(labels(MKV, data)) == 3 * len(SEEN)
    assert holds(MKV, data)


@pytest.mark.parametrize("name", ["mkv room", "mkv tags", "mkv tags behind", "webm", "mkv sums"])
def test_the_list_of_places_leads_to_the_tags(name: str) -> None:
    form, data = FILES[name]
    _, there = parts(labelled(form, data))
    (place,) = [at for kind, at, _ in there if kind == TAGS]
    (listed,) = [held for kind, _, held in there if kind == SEEK_HEAD]
    for width in (4, 8):
        entry = made(0x53AB, TAGS.to_bytes(4, "big")) + made(0x53AC, place.to_bytes(width, "big"))
        if entry in listed:
            break
    else:
        raise AssertionError(listed)
    assert listed.count(TAGS.to_bytes(4, "big")) == 1


def test_without_room_a_second_list_stands_where_the_tags_were() -> None:
    form, data = FILES["mkv tags no room"]
    _, there = parts(labelled(form, data))
    lists = [one for one in there if one[0] == SEEK_HEAD]
    assert len(lists) in (1, 2)
    (place,) = [at for kind, at, _ in there if kind == TAGS]
    assert place.to_bytes(8, "big") in lists[-1][2]


def test_checksums_are_reckoned_anew() -> None:
    form, data = FILES["mkv sums"]
    _, there = parts(labelled(form, data))
    (listed,) = [held for kind, _, held in there if kind == SEEK_HEAD]
    at = listed.index(b"\xbf\x84")
    assert listed[at + 2 : at + 6] == zlib.crc32(listed[at + 6 :]).to_bytes(4, "little")
    new = labelled(MKV, film(room=90, behind=tags(OURS, total=True)))
    (held,) = [held for kind, _, held in parts(new)[1] if kind == TAGS]
    at = held.index(b"\xbf\x84")
    assert held[at + 2 : at + 6] == zlib.crc32(held[at + 6 :]).to_bytes(4, "little")


def test_a_live_stream_has_its_label_before_the_first_cluster() -> None:
    for name in ("webm live", "webm live tags"):
        form, data = FILES[name]
        new = labelled(form, data)
        assert new.index(LABEL.inner().encode()) < new.index(b"\x1f\x43\xb6\x75")


def test_a_size_that_does_not_hold_the_new_one_is_widened() -> None:
    body = made(0x1549A966, bytes(50))
    data = film()[: film().index(SEGMENT.to_bytes(4, "big"))] + made(SEGMENT, body)
    assert data[-len(body) - 1] & 0x80
    assert holds(MKV, data)


def test_a_checksum_of_the_segment_becomes_void() -> None:
    data = film(listed=False)
    at = data.index(SEGMENT.to_bytes(4, "big"))
    body = made(CRC, b"sums") + data[at + 6 :]
    new = labelled(MKV, data[:at] + made(SEGMENT, body))
    assert void(6) in new
    assert b"sums" not in new


def test_a_file_cut_anywhere_is_refused_or_right(file: tuple[Format, bytes]) -> None:
    form, data = file
    new = labelled(form, data)
    for whole in (data, new):
        for end in range(0, len(whole), 11):
            holds(form, whole[:end])


def test_damaged_files_are_refused_or_right(file: tuple[Format, bytes]) -> None:
    form, data = file
    chance = random.Random(45438)
    whole = labelled(form, data, OTHER)
    for _ in range(150):
        damaged = bytearray(chance.choice((data, whole)))
        for _ in range(chance.choice((1, 1, 3))):
            at = chance.randrange(len(damaged))
            damaged[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        holds(form, bytes(damaged))


@pytest.mark.parametrize("huge", HUGE)
def test_a_length_of_gigabytes_anywhere_is_refused_or_right(
    file: tuple[Format, bytes], huge: bytes
) -> None:
    form, data = file
    for at in range(0, len(data) - 4, 9):
        holds(form, data[:at] + huge + data[at + 4 :])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (film()[:-1], "ends before"),
        (film()[:30], "ends before"),
        (film() + film(), "second film"),
        (film() + b"\0\0", "ends before"),
        (film(before=made(TAGS, b"\0" * 9)), "ends before|length"),
        (film(before=made(TAGS, bytes(17 << 20))), "larger than"),
        (film(behind=made(SEEK_HEAD, b"") * 20), "too many"),
        (film(behind=made(0xEC, b"") * 200_001), "too many"),
        (film(before=b"\x12\x54\xc3\x67\xff"), "length"),
        # of no stated length: it would swallow the label that is put behind it
        (film(listed=False, before=tags(made(0xC0, b""), b"\x1f\x43\xb6\x75\xff")), "Tags"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why) as refusal:
        labelled(MKV, data)
    assert "字节处" in refusal.value.words.zh


def test_many_labels_are_replaced_in_bounded_time() -> None:
    data = film(behind=tags(*[tag("AIGC", "")] * 15_000))
    assert [one.raw for one in labels(MKV, labelled(MKV, data))] == [LABEL.inner()]


OPEN = CLUSTER.to_bytes(4, "big") + b"\xff" + made(0xE7, b"\0") + made(0xA3, b"\x81\0\0\x80sound")


def test_a_cluster_of_no_size_takes_in_nothing_of_what_is_written_behind_it() -> None:
    head, cues = made(0x1A45DFA3, made(0x4282, b"matroska")), made(CUES, b"")
    for there in (b"", tag("TITLE", "a title"), OURS):
        for around in (OPEN, OPEN + OPEN, made(CLUSTER, made(0xE7, b"\0")) + OPEN):
            data = head + made(SEGMENT, around + made(TAGS, there) + cues)
            assert holds(MKV, data)
            assert holds(MKV, labelled(MKV, data, OTHER))


@pytest.mark.parametrize("kind", [CLUSTER, SEGMENT])
@pytest.mark.parametrize("deep", [False, True])
def test_tags_that_hold_an_element_of_no_size_are_refused(kind: int, deep: bool) -> None:  # noqa: FBT001 - a parameter of the test
    inside = kind.to_bytes(4, "big") + b"\xff"
    held = made(0x7373, made(0x63C0, b"") + inside) if deep else OURS + inside
    data = made(0x1A45DFA3, made(0x4282, b"matroska")) + made(SEGMENT, made(TAGS, held) + OPEN)
    with pytest.raises(BadRequest) as told:
        labels(MKV, data)
    assert told.value.code == "file_broken"


def some(rng: random.Random, deep: int = 2) -> bytes:
    """Return an element that is right by itself, wherever it stands; of no size now and then."""
    kind = rng.choice(KINDS)
    held = rng.choice([b"AIGC", OTHER.inner().encode(), b"", rng.randbytes(5)])
    if deep and rng.random() < 0.7:
        held = b"".join(some(rng, deep - 1) for _ in range(rng.randrange(4)))
    if rng.random() < 0.1:
        return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + b"\xff" + held
    return made(kind, held)


KINDS = (CLUSTER, CUES, SEEK_HEAD, TAGS, TAGS, CRC, 0xEC, 0x7373, 0x63C0, 0x67C8, 0x45A3, 0x4487)


def test_elements_in_any_order_and_depth_are_labelled_rightly_or_refused() -> None:
    rng, head = random.Random(20), made(0x1A45DFA3, made(0x4282, b"matroska"))
    whole = [some(rng) if rng.random() < 0.5 else tags(OURS) for _ in range(3_000)]
    done = [
        holds(MKV, head + made(SEGMENT, b"".join(whole[at : at + 1 + at % 5]) + OPEN))
        for at in range(0, 3_000, 3)
    ]
    assert 100 < sum(done) < 1_000
