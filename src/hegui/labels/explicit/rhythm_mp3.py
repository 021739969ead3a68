"""The rhythm before the sound of an MP3, as frames of its own: nothing is encoded anew.

The frames are files of this package (made by ``tools/make_rhythms.py``); they have the rate and
the channels of the sound, and need nothing of the frames around them. A Xing header stays first:
its counts and its table for seeking are reckoned anew. The implicit label is written afterwards.
"""

from importlib.resources import files
from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels import id3
from hegui.labels.container import CUT_SHORT, INCONSISTENT, Source, Splice, exactly, refused
from hegui.labels.splicing import Change, spliced
from hegui.terms import BadRequest, Words

_RATES: Final = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000)}
_KBITS: Final = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SIDE: Final = {(3, 1): 17, (3, 2): 32, (2, 1): 9, (2, 2): 17}
_MPEG1: Final = 3
_COUNT, _BYTES, _TABLE = 1, 2, 4  # what a Xing header has
_LAME: Final = 190  # bytes of a frame that its checksum is of


class _Frame(NamedTuple):
    start: int
    data: bytes
    version: int
    rate: int
    channels: int

    @property
    def side(self) -> int:
        """Where its side information begins."""
        return 4 if self.data[1] & 1 else 6  # a checksum may stand before it


def with_rhythm(source: Source) -> Splice:
    """Return the MP3 with the rhythm before its sound.

    Refused (``BadRequest``) is what does not hold together, and what needs an encoder: layers I and
    II, MPEG 2.5, free format, a VBRI header, and sound that begins within another frame's bits.
    """
    tags = id3.tags(source)
    first = _frame(source, tags[-1].end if tags else 0)
    snippet = _snippet(first)
    xing = 4 + _SIDE[first.version, first.channels]
    if first.data[36:40] == b"VBRI":
        raise BadRequest(_ENCODER, code="audio_form")
    if first.data[xing : xing + 4] not in (b"Xing", b"Info"):
        _standing_alone(first)
        return spliced(source.size, [Change(first.start, first.start, snippet)])
    end = first.start + len(first.data)
    second = _frame(source, end)
    if second[2:] != (second.version, first.rate, first.channels):
        raise refused("MP3 frame", end, INCONSISTENT)
    _standing_alone(second)
    header = _xing(first, xing, snippet)
    return spliced(source.size, [Change(first.start, end, header + snippet)])


def _frame(source: Source, at: int) -> _Frame:
    head = exactly(source, at, 4, "MP3 frame")
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or version == 1:  # noqa: PLR2004 - the sync word
        raise refused("MP3 frame", at, INCONSISTENT)
    kbits, which = head[2] >> 4, head[2] >> 2 & 3
    if layer != 1 or version not in _RATES or kbits in (0, 15) or which == 3:  # noqa: PLR2004 - reserved
        raise BadRequest(_ENCODER, code="audio_form")
    rate = _RATES[version][which]
    samples = 144 if version == _MPEG1 else 72
    length = samples * _KBITS[version][kbits] * 1000 // rate + (head[2] >> 1 & 1)
    channels = 1 if head[3] >> 6 == 3 else 2  # noqa: PLR2004 - single channel
    data = exactly(source, at, length, "MP3 frame")
    if length < 6 + _SIDE[version, channels]:
        raise refused("MP3 frame", at, CUT_SHORT)
    return _Frame(at, data, version, rate, channels)


def _snippet(frame: _Frame) -> bytes:
    name = f"{frame.rate}-{frame.channels}.mp3"
    return (files(__package__) / "rhythms" / name).read_bytes()


def _standing_alone(frame: _Frame) -> None:
    """Refuse a frame whose sound begins in the bits of frames before it."""
    begins = frame.data[frame.side]
    if frame.version == _MPEG1:  # nine bits; eight in MPEG-2
        begins = begins << 1 | frame.data[frame.side + 1] >> 7
    if begins:
        raise BadRequest(_ENCODER, code="audio_form")


def _xing(first: _Frame, at: int, snippet: bytes) -> bytes:
    """Return the frame of a Xing header with the counts of sound that the snippet begins."""
    data = bytearray(first.data)
    (flags,) = unpack(">I", data[at + 4 : at + 8])
    fields = {}
    place = at + 8
    for flag, width in ((_COUNT, 4), (_BYTES, 4), (_TABLE, 100)):
        if flags & flag:
            fields[flag] = place
            place += width
    if place > len(data):
        raise refused("Xing", first.start, INCONSISTENT)
    more = _counted(snippet, first)
    old = {one: int(unpack(">I", data[where : where + 4])[0]) for one, where in fields.items()}
    if _TABLE in fields and old.get(_COUNT) and old.get(_BYTES):
        where = fields[_TABLE]
        table = bytes(data[where : where + 100])
        sizes = (old[_COUNT], old[_BYTES], more, len(snippet), len(data))
        data[where : where + 100] = _table(table, *sizes)
    for flag, added in ((_COUNT, more), (_BYTES, len(snippet))):
        if flag in fields:
            value = min(old[flag] + added, 0xFFFF_FFFF)
            data[fields[flag] : fields[flag] + 4] = pack(">I", value)
    if len(data) >= _LAME + 2 and _crc16(first.data[:_LAME]) == int.from_bytes(
        first.data[_LAME : _LAME + 2]
    ):
        data[_LAME : _LAME + 2] = _crc16(bytes(data[:_LAME])).to_bytes(2)
    return bytes(data)


def _table(table: bytes, count: int, size: int, more: int, added: int, head: int) -> bytes:
    """Return the table for seeking: of each hundredth of the time, the place as 256ths."""
    steps = [*table, 256]
    new = []
    for number in range(100):
        frame = number * (count + more) / 100
        if frame < more:
            place = head + added * frame / more
        else:
            old = (frame - more) / count * 100
            whole = min(int(old), 99)
            step = steps[whole] + (steps[whole + 1] - steps[whole]) * (old - whole)
            place = added + step / 256 * size
        new.append(min(255, max(0, int(place * 256 / (size + added)))))
    return bytes(new)


def _counted(snippet: bytes, first: _Frame) -> int:
    at = count = 0
    while at < len(snippet):
        padding = snippet[at + 2] >> 1 & 1
        samples = 144 if first.version == _MPEG1 else 72
        kbits = _KBITS[first.version][snippet[at + 2] >> 4]
        at += samples * kbits * 1000 // first.rate + padding
        count += 1
    return count


def _crc16(data: bytes) -> int:
    """Return LAME's checksum of its header: CRC-16/ARC."""
    value = 0
    for one in data:
        value ^= one
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


_ENCODER: Final = Words(
    en="The rhythm cannot be put before this MP3 without encoding it anew; nothing was changed."
    " Label the sound before it is encoded, or use a spoken label.",
    zh="不重新编码就无法在此 MP3 之前添加节奏标识；文件未作任何改动。请在编码之前添加标识，"
    "或使用语音标识。",
)
