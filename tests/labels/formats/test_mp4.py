"""MP4, MOV and M4A: every layout, every place where a label was seen, and what is refused."""

import random
import tracemalloc
from struct import pack, unpack

import pytest

from hegui.labels import xmp
from hegui.labels.boxes import full, made
from hegui.labels.container import Format, Memory, Slice
from hegui.labels.formats import FORMATS
from hegui.labels.formats.mp4 import MOV, MP4
from hegui.terms import BadRequest
from hegui.testing import films
from hegui.testing.films import film, item, itunes, keyed, sounds, udta
from hegui.testing.labelled import LABEL, OTHER, holds, labelled, labels, payload

FILES = {
    name: (next(form for form in FORMATS if form.matches(data)), data)
    for name, data in films.samples().items()
}
RAW, WRAPPED = OTHER.inner().encode(), OTHER.wrapped().encode()
UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
PACKET = xmp.with_label(None, OTHER.inner())
NAMED = made(
    b"----",
    full(b"mean", 0, b"com.apple.iTunes"),
    full(b"name", 0, b"AIGC"),
    made(b"data", pack(">II", 1, 0), RAW),
)
WIDE = made(b"data", pack(">II", 2, 0), WRAPPED.decode().encode("utf-16-be"))
SEEN: dict[str, bytes] = {
    "mp4-keys": udta(keyed([(b"AIGC", RAW)])),
    "mp4-keys ": udta(keyed([(b"one", b"1"), (b"AIGC", WRAPPED), (b"two", b"2")], plain=True)),
    "mp4-udta-keys": udta(keyed([(b"comment", WRAPPED)])),
    "mp4-moov-keys": keyed([(b"com.apple.quicktime.AIGC", RAW)]),
    "mp4-moov-keys ": keyed([(b"one", b"1"), (b"AIGC", RAW)], plain=True),
    "mp4-itunes": udta(itunes([item(b"\xa9cmt", b"AIGC" + RAW)])),
    "mp4-itunes ": udta(itunes([NAMED, item(b"\xa9nam", b"name")])),
    "mp4-itunes  ": udta(itunes([made(b"\xa9cmt", WIDE)])),
    "mp4-udta": udta(made(b"AIGC", RAW)),
    "mp4-udta ": udta(made(b"\xa9cmt", pack(">HH", len(WRAPPED), 0x55C4), WRAPPED)),
    "mp4-xmp": udta(made(b"XMP_", PACKET)),
    "mp4-xmp ": made(b"uuid", UUID, PACKET),
}
STARTS = {
    "mp4-keys": b"\0\0\0",
    "mp4-udta-keys": b"\0\0\0\1",
    "mp4-moov-keys": b"\0\0\0",
    "mp4-itunes": (b"----", b"\xa9cmt"),
    "mp4-udta": (b"AIGC", b"\xa9cmt"),
    "mp4-xmp": (b"XMP_", b"uuid"),
}


@pytest.fixture(params=FILES)
def file(request: pytest.FixtureRequest) -> tuple[Format, bytes]:
    return FILES[request.param]


def test_a_file_is_known_by_its_beginning(file: tuple[Format, bytes]) -> None:
    assert [one for one in FORMATS if one.matches(file[1][:4096])] == [file[0]]


def test_a_fresh_file_has_no_label(file: tuple[Format, bytes]) -> None:
    assert labels(*file) == []


def test_what_was_written_is_read_back_once_at_the_guides_place(file: tuple[Format, bytes]) -> None:
    form, data = file
    (found,) = labels(form, labelled(form, data))
    assert found.raw == LABEL.inner()
    assert found.guide
    assert found.form == "mp4-keys"


def test_every_offset_leads_to_the_same_samples(file: tuple[Format, bytes]) -> None:
    form, data = file
    assert sounds(data) == films.SOUND
    new = labelled(form, data)
    assert sounds(new) == films.SOUND
    assert payload(form, new) == payload(form, data) == films.SOUND
    assert len(new) - len(data) < 350


def test_a_second_label_takes_the_place_of_the_first(file: tuple[Format, bytes]) -> None:
    form, data = file
    once = labelled(form, data)
    assert labelled(form, labelled(form, data, OTHER)) == once
    assert labelled(form, once) == once


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("form", SEEN)
def test_a_label_is_found_in_every_place_and_replaced(form: str, *, fast: bool) -> None:
    data = film(fast=fast, inside=[SEEN[form]])
    (found,) = labels(MP4, data)
    assert found.form == form.strip()
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert found.guide is form.startswith("mp4-keys")
    assert data[found.offset + 4 :].startswith(STARTS[form.strip()])
    assert holds(MP4, data)
    new = labelled(MP4, data)
    assert b"older" not in new
    assert sounds(new) == films.SOUND


@pytest.mark.parametrize("form", SEEN)
def test_a_label_in_a_track_is_found_and_replaced(form: str) -> None:
    data = film(fast=True, track=[SEEN[form]], around=[SEEN[form]])
    found = labels(MP4, data)
    assert [one.guide for one in found] == [False] * len(found)
    assert found
    assert holds(MP4, data)
    assert sounds(labelled(MP4, data)) == films.SOUND


def test_all_places_at_once_become_one() -> None:
    data = film(fast=True, inside=list(SEEN.values()), around=[made(b"uuid", UUID, PACKET)])
    assert len(labels(MP4, data)) == len(SEEN) + 1
    assert holds(MP4, data)
    assert sounds(labelled(MP4, data)) == films.SOUND


def test_two_labels_in_one_list_become_one() -> None:
    pairs = [(b"AIGC", RAW), (b"one", b"1"), (b"AIGC", RAW), (b"two", b"2")]
    new = labelled(MP4, film(inside=[udta(keyed(pairs))]))
    kept = [(b"AIGC", LABEL.inner().encode()), *pairs[1::2]]
    assert udta(keyed(kept)) in new


def test_keys_that_stay_keep_their_values() -> None:
    pairs = [(b"one", b"1"), (b"com.apple.quicktime.AIGC", RAW), (b"two", b"2")]
    new = labelled(MP4, film(inside=[keyed(pairs, plain=True)]))
    assert keyed(pairs[::2], plain=True) in new
    new = labelled(MP4, film(inside=[udta(keyed(pairs[::2]))]))
    assert udta(keyed([*pairs[::2], (b"AIGC", LABEL.inner().encode())])) in new


def test_what_itunes_wrote_stays() -> None:
    old = itunes([item(b"\xa9nam", b"name"), item(b"covr", bytes(100_000))])
    new = labelled(MP4, film(inside=[udta(old, made(b"\xa9xyz", b"+1+2/"))]))
    assert udta(old, made(b"\xa9xyz", b"+1+2/"), keyed([(b"AIGC", LABEL.inner().encode())])) in new


def test_quicktimes_end_of_user_data_stays_at_the_end() -> None:
    new = labelled(MOV, film(brand=b"qt  ", inside=[udta(made(b"one ", b"1"), bytes(4))]))
    assert new[new.index(b"udta") - 4 :].endswith(bytes(4))
    assert holds(MOV, new)


def test_a_comment_that_only_speaks_of_labels_stays() -> None:
    old = udta(itunes([item(b"\xa9cmt", b'AIGC {"a": 1} is no label')]))
    assert labels(MP4, data := film(inside=[old])) == []
    assert b"is no label" in labelled(MP4, data)


def test_an_empty_list_of_keys_does_not_stay() -> None:
    new = labelled(MP4, film(inside=[SEEN["mp4-moov-keys"]]))
    assert new == labelled(MP4, film())


def test_other_offsets_follow() -> None:
    place = full(b"iloc", 0, pack(">HHHHHII", 0x4400, 1, 7, 0, 1, 5_000, 9))
    meta = full(b"meta", 0, full(b"hdlr", 0, bytes(20)), place)
    aux = full(b"saio", 0, pack(">IQ", 1, 6_000)[:8].replace(bytes(4), pack(">I", 6_000)))
    data = film(fast=True, inside=[meta], track=[made(b"mdia", made(b"minf", made(b"stbl", aux)))])
    new = labelled(MP4, data)
    more = len(new) - len(data)
    at = new.index(b"iloc")
    assert unpack(">II", new[at + 18 : at + 26]) == (5_000 + more, 9)
    at = new.index(b"saio")
    assert unpack(">II", new[at + 8 : at + 16]) == (1, 6_000 + more)


def test_an_index_and_a_table_of_fragments_follow() -> None:
    for name in ("mp4 fragments", "mp4 fragments of old"):
        _, data = FILES[name]
        new = labelled(MP4, data)
        first = new.index(b"moof") - 4
        at, wide = new.index(b"sidx"), new[new.index(b"sidx") + 4]
        end = at - 4 + unpack(">I", new[at - 4 : at])[0]
        width = 8 if wide else 4
        skip = int.from_bytes(new[at + 16 + width : at + 16 + 2 * width], "big")
        assert end + skip == first
        at = new.index(b"tfra") + 20
        assert int.from_bytes(new[at + width : at + 2 * width], "big") == first


def test_a_file_cut_anywhere_is_refused_or_right(file: tuple[Format, bytes]) -> None:
    form, data = file
    new = labelled(form, data)
    for whole in (data, new):
        for end in range(0, len(whole), 7):
            holds(form, whole[:end])


def test_damaged_files_are_refused_or_right(file: tuple[Format, bytes]) -> None:
    form, data = file
    chance = random.Random(45438)
    whole = labelled(form, data, OTHER)
    for _ in range(150):
        damaged = bytearray(chance.choice((data, whole)))
        for _ in range(chance.choice((1, 1, 3))):
            at = chance.randrange(len(damaged))
            damaged[at] = chance.choice((0, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        holds(form, bytes(damaged))


@pytest.mark.parametrize(
    "huge", [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\1"]
)
def test_a_length_of_gigabytes_anywhere_is_refused_or_right(
    file: tuple[Format, bytes], huge: bytes
) -> None:
    form, data = file
    for at in range(0, len(data) - 4, 4):
        holds(form, data[:at] + huge + data[at + 4 :])


def test_damage_in_every_place_of_a_label_is_refused_or_right() -> None:
    whole = film(fast=True, inside=list(SEEN.values()))
    start, chance = whole.index(b"udta"), random.Random(6)
    for _ in range(400):
        damaged = bytearray(whole)
        damaged[chance.randrange(start, len(whole))] = chance.choice((0, 1, 8, 0x7F, 0xFF))
        holds(MP4, bytes(damaged))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (film()[:-1], "ends before"),
        (films.brands(b"isom"), "the file has none"),
        (film() + films.movie(()), "more than one"),
        (film() + b"\0\0\0\7????", "length"),
        (film() + b"tail", "ends before"),
        (film() + made(b"moov")[:4], "ends before"),
        (film(fast=True, inside=[made(b"cmov", b"zlib")]), "compressed"),
        (film(inside=[full(b"meta", 0, full(b"keys", 0, b"\xff\xff\xff\xff"))]), "too many"),
        (film(inside=[made(b"meta", b"no")]), "length"),
        (film(inside=[full(b"meta", 0, full(b"keys", 0, pack(">II", 1, 99)))]), "length"),
        (
            film(
                inside=[
                    udta(
                        keyed([(b"a", b"1")]).replace(
                            b"ilst\0\0\0\x19\0\0\0\1", b"ilst\0\0\0\x19\0\0\0\2"
                        )
                    )
                ]
            ),
            "length",
        ),
        (film(inside=[made(b"udta", made(b"XMP_", b"AIGC <no"))]), "well-formed"),
        (film(inside=[made(b"udta", made(b"XMP_", bytes(17 << 20)))]), "larger than"),
        (films.brands(b"isom") + made(b"free") * 200_001, "too many"),
        (film(fast=True).replace(b"stco\0\0\0\0\0\0\0\3", b"stco\0\0\0\0\0\0\1\3"), "length"),
    ],
)
def test_what_does_not_hold_together_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why) as refusal:
        labelled(MP4, data)
    assert "字节处" in refusal.value.words.zh


def test_an_offset_that_no_longer_fits_is_refused() -> None:
    data = film(fast=True)
    at = data.index(b"stco") + 12
    with pytest.raises(BadRequest, match="larger than"):
        labelled(MP4, data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :])


def test_a_list_of_places_keeps_what_stands_behind_it() -> None:
    places = made(b"iloc", bytes(8), b"tail of it")
    data = film(fast=True, inside=[full(b"meta", 0, places)])
    assert places in labelled(MP4, data)
    assert holds(MP4, data)


class Sparse:
    """A film of gigabytes: its ends, and zeros between; counts what is read."""

    def __init__(self, head: bytes, zeros: int, tail: bytes) -> None:
        self._head, self._tail, self._from = head, tail, len(head) + zeros
        self.size, self.count = self._from + len(tail), 0

    def read(self, offset: int, count: int) -> bytes:
        self.count += count
        end = min(offset + count, self.size)
        if end <= len(self._head):
            return self._head[offset:end]
        return b"".join(self._byte(at) for at in range(offset, end))

    def _byte(self, at: int) -> bytes:
        if at < len(self._head):
            return self._head[at : at + 1]
        return self._tail[at - self._from : at - self._from + 1] if at >= self._from else b"\0"


@pytest.mark.parametrize("fast", [True, False])
def test_a_film_of_gigabytes_takes_no_memory(*, fast: bool) -> None:
    size = 5 << 30
    large = pack(">I4sQ", 1, b"mdat", size + 16)
    moov = films.movie([2 << 30, 3 << 30, 4 << 30], co64=True)
    head = films.brands(b"isom") + (moov if fast else b"") + large
    source = Sparse(head, size, b"" if fast else moov)
    tracemalloc.start()
    parts = MP4.write(source, LABEL.inner())
    assert MP4.read(source) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
    assert source.count < 20_000
    assert sum(len(part) for part in parts if isinstance(part, bytes)) < 1_000
    assert sum(part.length for part in parts if isinstance(part, Slice)) > size
    assert list(MP4.payload(source)) == [Slice(len(head), size)]


def test_many_fragments_are_walked_by_their_heads() -> None:
    _, data = FILES["mp4 fragments of old"]
    start, end = data.index(b"moof") - 4, data.index(b"mfra") - 4
    many = data[:start] + data[start:end] * 3_000
    assert len(MP4.write(Memory(many), LABEL.inner())) > 18_000


def test_many_labels_in_one_list_are_replaced_in_bounded_time() -> None:
    old = keyed([(b"AIGC", b""), (b"one", b"1")] * 3_000)
    data = film(fast=True, inside=[udta(old), keyed([(b"AIGC", b"")] * 3_000)])
    assert len(labels(MP4, data)) == 6_000
    assert holds(MP4, data)
    assert labelled(MP4, data).count(b"mdtaone") == 3_000
