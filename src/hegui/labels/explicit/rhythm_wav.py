"""The rhythm before the sound of a WAV, in its own form: nothing is encoded anew.

What counts frames moves with it: ``fact``, ``cue ``, the loops of ``smpl``, and ds64. The implicit
label is written afterwards, by the format.
"""

from struct import pack, unpack
from typing import Final

from hegui.labels.bounded import Bounded
from hegui.labels.container import INCONSISTENT, TOO_LARGE, Source, Splice, exactly, refused
from hegui.labels.explicit.rhythm import Sample, frames, pcm
from hegui.labels.formats.wav import File, file
from hegui.labels.riff import OPEN, Chunk
from hegui.labels.splicing import Change, spliced
from hegui.terms import BadRequest, Words

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_SAMPLES: Final[dict[tuple[int, int], Sample]] = {
    (_PCM, 8): "u8",
    (_PCM, 16): "s16",
    (_PCM, 24): "s24",
    (_PCM, 32): "s32",
    (_FLOAT, 32): "f32",
    (_FLOAT, 64): "f64",
}
_MOST: Final = 0xFFFF_FFFF


def with_rhythm(source: Source) -> Splice:
    """Return the WAV with the rhythm before its sound.

    Refused (``BadRequest``) is a file that does not hold together, and one whose samples are
    compressed (A-law, ADPCM, …): there the rhythm needs an encoder.
    """
    there, bounded = file(source), Bounded(source)
    rate, channels, sample = _form(bounded, _first(there, b"fmt "))
    new = pcm(rate, channels, sample)
    data = _first(there, b"data")
    changes = [Change(data.body, data.body, new)]
    changes += _padded(data, len(new), is_open=_is_open(bounded, there, data))
    changes += _lengths(bounded, there, data, changes, frames(rate))
    for chunk in there.chunks:
        changes += _counted(bounded, chunk, frames(rate))
    return spliced(source.size, changes)


def _first(there: File, kind: bytes) -> Chunk:
    return next(one for one in there.chunks if one.kind == kind)


def _form(source: Bounded, chunk: Chunk) -> tuple[int, int, Sample]:
    """Return frames a second, channels and the form of a sample."""
    held = exactly(source, chunk.body, chunk.length, "fmt")
    if len(held) < 16:  # noqa: PLR2004 - PCMWAVEFORMAT
        raise refused("fmt", chunk.start, INCONSISTENT)
    tag, channels, rate, _, align, bits = unpack("<HHIIHH", held[:16])
    if tag == _EXTENSIBLE and len(held) >= 26:  # noqa: PLR2004 - to the form's own tag
        tag = int(unpack("<H", held[24:26])[0])
    sample = _SAMPLES.get((tag, bits))
    if sample is None:
        raise BadRequest(_ENCODED.fill(tag=tag, bits=bits), code="audio_form")
    if align != channels * bits // 8:
        raise refused("fmt", chunk.start, INCONSISTENT)
    return rate, channels, sample


def _lengths(
    source: Bounded, there: File, data: Chunk, changes: list[Change], more: int
) -> list[Change]:
    """Return the changes of the lengths that the file states."""
    grown = sum(len(one.new) - (one.end - one.start) for one in changes)
    added = len(changes[0].new)
    done = []
    large = there.sizes is not None and source.read(4, 4) == b"\xff\xff\xff\xff"
    if large and there.sizes is not None:
        at = there.sizes.body
        whole, sound, count = unpack("<QQQ", exactly(source, at, 24, "ds64"))
        sizes = (whole + grown, sound + added, count + more if count else 0)
        if max(sizes) >> 64:
            raise refused("ds64", at, TOO_LARGE)
        done.append(Change(at, at + 24, pack("<QQQ", *sizes)))
    elif not there.open:
        if there.end - 8 + grown >= OPEN:
            raise refused("WAV", 4, TOO_LARGE)
        done.append(Change(4, 8, pack("<I", there.end - 8 + grown)))
    stated = _stated(source, data)
    if stated != OPEN and not _is_open(source, there, data):
        done.append(Change(data.start + 4, data.body, pack("<I", stated + added)))
    return done


def _stated(source: Bounded, chunk: Chunk) -> int:
    return int(unpack("<I", exactly(source, chunk.start + 4, 4, "WAV chunk"))[0])


def _is_open(source: Bounded, there: File, data: Chunk) -> bool:
    """Whether the sound says no length and goes on to the end of the file."""
    return there.open and _stated(source, data) in (0, OPEN)


def _padded(data: Chunk, added: int, *, is_open: bool) -> list[Change]:
    """Return the change of the pad byte where the sound grows by an odd number of bytes."""
    if is_open or not added & 1:
        return []
    if data.length & 1:
        return [Change(data.body + data.length, data.end, b"")]
    return [Change(data.end, data.end, b"\0")]


def _counted(source: Bounded, chunk: Chunk, more: int) -> list[Change]:
    """Return the changes of what counts frames in a chunk."""
    if chunk.kind == b"fact" and chunk.length >= 4:  # noqa: PLR2004 - one number
        return [_moved(source, chunk.body, more)]
    if chunk.kind == b"cue " and chunk.length >= 4:  # noqa: PLR2004 - how many there are
        first, size, fields, at = 4, 24, (4, 20), 0
    elif chunk.kind == b"smpl" and chunk.length >= 36:  # noqa: PLR2004 - its head
        first, size, fields, at = 36, 24, (8, 12), 28
    else:
        return []
    count = int(unpack("<I", exactly(source, chunk.body + at, 4, "WAV chunk"))[0])
    if first + count * size > chunk.length:
        raise refused("WAV chunk", chunk.start, INCONSISTENT)
    return [
        _moved(source, chunk.body + first + number * size + field, more)
        for number in range(count)
        for field in fields
    ]


def _moved(source: Bounded, at: int, more: int) -> Change:
    number = int(unpack("<I", exactly(source, at, 4, "WAV chunk"))[0])
    # 2^32 - 1 says that the number stands elsewhere, or that it is not known
    new = number if number == _MOST else min(number + more, _MOST)
    return Change(at, at + 4, pack("<I", new))


_ENCODED: Final = Words(
    en="The rhythm can be put before samples that are not compressed; this WAV has form {tag} with"
    " {bits} bits. Label it before it is encoded, or use a spoken label.",
    zh="节奏标识只能加在未压缩的采样之前；此 WAV 的编码格式为 {tag}，{bits} 位。"
    "请在编码之前添加标识，或使用语音标识。",
)
