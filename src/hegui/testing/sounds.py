"""Small files of sound and of film, made by plain code: silence and zeros in whole containers."""

from collections.abc import Sequence
from struct import pack
from typing import Final

from hegui.labels.explicit.flac_frames import crc8, crc16
from hegui.labels.ogg import checksum

MP3_FRAME: Final = b"\xff\xfb\x90\xc4" + bytes(413)  # 128 kbit/s, 44.1 kHz: silence
AAC_FRAME: Final = b"\xff\xf1\x50\x40\x01\xbf\xfc" + b"\x00\xc8\x00\x80\x23\x80"


def samples() -> dict[str, bytes]:
    """Return one small file of every format and form, by name."""
    title = id3_frame(b"TIT2", b"\0a title")
    return {
        "mp3": mp3(),
        "mp3 with ID3v2.2": mp3(id3_tag(b"TT2\0\0\x08\0a title", version=2)),
        "mp3 with ID3v2.3": mp3(id3_tag(title, padding=32)),
        "mp3 with ID3v2.4": mp3(id3_tag(title, version=4, flags=0x10)),
        "mp3 with all ends": mp3() + ape(b"Title", b"a title") + old_tag(),
        "aac": AAC_FRAME * 3,
        "wav": wav(),
        "wav with more": wav(riff_chunk(b"LIST", b"INFO" + riff_chunk(b"INAM", b"a title\0"))),
        "wav streamed": wav(size=0xFFFF_FFFF),
        "wav of 64 bits": wav_large(),
        "flac": flac(),
        "flac with more": flac((4, comments(b"TITLE=a title")), (1, bytes(50))),
        "ogg": vorbis(),
        "ogg chained": vorbis(b"TITLE=a title") + vorbis(serial=8),
        "opus": opus(),
        "opus with padding": opus(b"TITLE=a title", rest=bytes(100)),
        "flv": flv(flv_metadata(amf_number(b"duration", 2))),
        "flv without metadata": flv(),
        "avi": avi(),
        "avi with room": avi(riff_chunk(b"JUNK", bytes(400))),
        "avi of many parts": avi(riff_chunk(b"JUNK", bytes(400)), parts=2),
    }


def mp3(*tags: bytes, frames: int = 3) -> bytes:
    """Return an MP3 of silence with ``tags`` before it."""
    return b"".join(tags) + MP3_FRAME * frames


def id3_frame(name: bytes, held: bytes, flags: int = 0) -> bytes:
    """Return a frame of ID3v2.3, or of 2.4 where it is shorter than 128 bytes."""
    return name + pack(">IH", len(held), flags) + held


def syncsafe(number: int) -> bytes:
    """Return a number as ID3 writes it: seven bits a byte."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3_tag(body: bytes, *, version: int = 3, flags: int = 0, padding: int = 0) -> bytes:
    """Return an ID3v2 tag; ``flags`` 0x10 gives it a footer, 0x80 says that it is made safe."""
    head = bytes([version, 0, flags]) + syncsafe(len(body) + padding)
    footer = b"3DI" + head if version == 4 and flags & 0x10 else b""  # noqa: PLR2004 - since 2.4
    return b"ID3" + head + body + bytes(padding) + footer


def riff_chunk(kind: bytes, held: bytes) -> bytes:
    """Return a chunk of a RIFF file."""
    return kind + pack("<I", len(held)) + held + b"\0" * (len(held) & 1)


FORMAT: Final = riff_chunk(b"fmt ", pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))


def wav(*chunks: bytes, after: tuple[bytes, ...] = (), size: int | None = None) -> bytes:
    """Return a WAV, ``chunks`` before its sound and others after; ``size`` as lengths in it."""
    sound = riff_chunk(b"data", bytes(range(64)))
    held = b"WAVE" + FORMAT + b"".join(chunks)
    if size is not None:
        return b"RIFF" + pack("<I", size) + held + b"data" + pack("<I", size) + sound[8:]
    return riff_chunk(b"RIFF", held + sound + b"".join(after))


def wav_large(kind: bytes = b"RF64", *chunks: bytes) -> bytes:
    """Return a WAV whose lengths stand in ds64."""
    sound = b"data\xff\xff\xff\xff" + bytes(range(64))
    rest = FORMAT + b"".join(chunks) + sound
    sizes = riff_chunk(b"ds64", pack("<QQQI", 4 + 36 + len(rest), 64, 32, 0))
    return kind + b"\xff\xff\xff\xffWAVE" + sizes + rest


def avi(*chunks: bytes, after: tuple[bytes, ...] = (), parts: int = 0) -> bytes:
    """Return an AVI without streams, ``chunks`` before its film, with ``parts`` more of it."""
    head = riff_chunk(b"LIST", b"hdrl" + riff_chunk(b"avih", bytes(56)))
    film = riff_chunk(b"LIST", b"movi" + riff_chunk(b"00dc", bytes(range(64))))
    index = riff_chunk(b"idx1", pack("<4sIII", b"00dc", 16, 4, 64))
    first = riff_chunk(b"RIFF", b"AVI " + head + b"".join(chunks) + film + index + b"".join(after))
    return first + riff_chunk(b"RIFF", b"AVIX" + film) * parts


def comments(*texts: bytes, program: bytes = b"a program") -> bytes:
    """Return a list of Vorbis comments."""
    parts = (program, *texts)
    first, *rest = [pack("<I", len(one)) + one for one in parts]
    return first + pack("<I", len(rest)) + b"".join(rest)


def flac(*blocks: tuple[int, bytes]) -> bytes:
    """Return a FLAC of one frame, which is silent, with ``blocks`` after STREAMINFO."""
    info = pack(">HH6xQ", 4096, 4096, 0x0AC440F000000000).ljust(34, b"\0")
    there = [(0, info), *blocks]
    heads = [bytes([kind]) + len(held).to_bytes(3) + held for kind, held in there[:-1]]
    kind, held = there[-1]
    heads.append(bytes([kind | 0x80]) + len(held).to_bytes(3) + held)
    frame = b"\xff\xf8\xc9\x08\0"
    frame += bytes([crc8(frame)]) + bytes(3)
    return b"fLaC" + b"".join(heads) + frame + crc16(frame).to_bytes(2)


def page(serial: int, number: int, flags: int, *packets: bytes, granule: int = 0) -> bytes:
    """Return a page of Ogg that holds whole packets."""
    table = b"".join(b"\xff" * (len(one) // 255) + bytes([len(one) % 255]) for one in packets)
    held = table + b"".join(packets)
    whole = pack("<4sBBQIIIB", b"OggS", 0, flags, granule, serial, number, 0, len(table)) + held
    return whole[:22] + pack("<I", checksum(whole)) + whole[26:]


def stream(heads: Sequence[tuple[bytes, ...]], serial: int) -> bytes:
    """Return a stream of Ogg: a page for each of ``heads``, and two pages of sound."""
    parts = [page(serial, n, 0 if n else 2, *one) for n, one in enumerate(heads)]
    for left in (1, 0):
        sound = (bytes(range(40)), bytes(300))
        parts.append(page(serial, len(parts), 0 if left else 4, *sound, granule=len(parts) * 960))
    return b"".join(parts)


def vorbis(*texts: bytes, serial: int = 7) -> bytes:
    """Return a stream of Vorbis that no decoder plays: its setup holds nothing."""
    first = b"\1vorbis" + pack("<IBIIIIBB", 0, 1, 44100, 0, 128000, 0, 0xB8, 1)
    heads = [(first,), (b"\3vorbis" + comments(*texts) + b"\1", b"\5vorbis" + bytes(80))]
    return stream(heads, serial)


def opus(*texts: bytes, serial: int = 7, rest: bytes = b"") -> bytes:
    """Return a stream of Opus."""
    first = b"OpusHead" + pack("<BBHIHB", 1, 1, 312, 48000, 0, 0)
    return stream([(first,), (b"OpusTags" + comments(*texts) + rest,)], serial)


def flv(*scripts: bytes, frames: int = 3) -> bytes:
    """Return an FLV of ``scripts`` and of sound that is empty."""
    sound = [b"\x08\0\0\x05\0\0" + bytes([n]) + bytes(4) + b"\xaf\1\x21\0\0" for n in range(frames)]
    heads = [b"\x12" + len(one).to_bytes(3) + bytes(7) + one for one in scripts]
    parts = [one + pack(">I", len(one)) for one in (*heads, *sound)]
    return b"FLV\1\4\0\0\0\x09\0\0\0\0" + b"".join(parts)


def flv_metadata(*properties: bytes, is_object: bool = False) -> bytes:
    """Return an onMetaData, an ECMA array or an object."""
    mark = b"\3" if is_object else b"\x08" + pack(">I", len(properties))
    return b"\2\0\x0aonMetaData" + mark + b"".join(properties) + b"\0\0\x09"


def amf_number(name: bytes, number: float) -> bytes:
    """Return a property of AMF0 that is a number."""
    return amf_property(name, b"\0" + pack(">d", number))


def amf_text(name: bytes, text: bytes) -> bytes:
    """Return a property of AMF0 that is a string."""
    return amf_property(name, b"\2" + pack(">H", len(text)) + text)


def amf_property(name: bytes, value: bytes) -> bytes:
    """Return a property of AMF0; ``value`` begins with its marker."""
    return pack(">H", len(name)) + name + value


def old_tag() -> bytes:
    """Return an ID3v1 tag."""
    return b"TAG" + b"a title".ljust(125, b"\0")


def ape(key: bytes, value: bytes) -> bytes:
    """Return an APEv2 tag of one item and a footer."""
    item = pack("<II", len(value), 0) + key + b"\0" + value
    return item + b"APETAGEX" + pack("<IIIIQ", 2000, len(item) + 32, 1, 0, 0)
