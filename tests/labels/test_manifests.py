"""Where C2PA manifests stand: found by their signs alone, in files built from the specification."""

import zlib
from struct import pack

import pytest

from hegui.labels.container import Memory, Slice
from hegui.labels.formats import FORMATS
from hegui.labels.manifests import manifests
from hegui.labels.recognising import recognised
from hegui.testing.samples import Sample, samples

FIRST = {one.form.name: one.data for one in reversed(list(samples()))}
STORE = bytes.fromhex("6332706100110010800000aa00389b71")
JUMBF = pack(">I4sI4s", 60, b"jumb", 30, b"jumd") + STORE + b"\x03c2pa\0" + bytes(16)
OTHER = JUMBF.replace(b"c2pa", b"othr")


def png(kind: bytes) -> bytes:
    data, held = FIRST["png"], kind + JUMBF
    made = pack(">I", len(JUMBF)) + held + pack(">I", zlib.crc32(held))
    return data[:33] + made + data[33:]


def jpeg(held: bytes) -> bytes:
    parts = [b"JP\0\1\0\0\0\1" + held[:50], b"JP\0\1\0\0\0\2" + held[:8] + held[50:]]
    made = b"".join(b"\xff\xeb" + pack(">H", len(one) + 2) + one for one in parts)
    return FIRST["jpeg"][:2] + made + FIRST["jpeg"][2:]


def boxed(name: str, kind: str = "d8fec3d61b0e483c92975828877ec481") -> bytes:
    made = pack(">I4s", 24 + len(JUMBF), b"uuid") + bytes.fromhex(kind) + JUMBF
    return FIRST[name] + made


def riffed(name: str) -> bytes:
    data = FIRST[name]
    made = b"C2PA" + pack("<I", len(JUMBF)) + JUMBF + bytes(len(JUMBF) & 1)
    return data[:4] + pack("<I", len(data) - 8 + len(made)) + data[8:] + made


def gif() -> bytes:
    made = b"\x21\xff\x0bC2PA_GIF\x01\0\0" + bytes([len(JUMBF)]) + JUMBF + b"\0"
    return FIRST["gif"][:-1] + made + b";"


def mp3() -> bytes:
    held = b"\0application/c2pa\0c2pa\0\0" + JUMBF
    frame = b"GEOB" + pack(">I", len(held)) + b"\0\0" + held
    size = bytes((len(frame) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + frame + FIRST["aac"]


def tiff() -> bytes:
    held = b"II*\0" + pack("<I", 8) + pack("<H", 1)
    return held + pack("<HHII", 0xCD41, 7, len(JUMBF), 26) + bytes(4) + JUMBF


WITH = {
    "jpeg": jpeg(JUMBF),
    "png": png(b"caBX"),
    "gif": gif(),
    "webp": riffed("webp"),
    "wav": riffed("wav"),
    "avi": riffed("avi"),
    "tiff": tiff(),
    "mp4": boxed("mp4"),
    "heic": boxed("heic"),
    "aac": mp3(),
    "pdf": FIRST["pdf"] + b"\n/AFRelationship /C2PA_Manifest\n",
    "ooxml": FIRST["ooxml"] + b"META-INF/content_credential.c2pa",
}


def found(name: str, data: bytes) -> list[Slice]:
    form = next(one for one in FORMATS if one.name == name)
    return manifests(form, Memory(data))


@pytest.mark.parametrize("name", WITH)
def test_a_manifest_is_found_where_the_specification_puts_it(name: str) -> None:
    there = found(name, WITH[name])
    assert there
    for one in there:
        held = WITH[name][one.offset : one.offset + one.length]
        assert any(sign in held for sign in (STORE, b"c2pa", b"C2PA", b"JP"))


def test_a_manifest_in_two_segments_of_a_jpeg_is_found_whole() -> None:
    data = jpeg(JUMBF)
    (first, second) = found("jpeg", data)
    assert second.offset == first.offset + first.length
    assert data[:2] + data[second.offset + second.length :] == FIRST["jpeg"]


@pytest.mark.parametrize("one", list(samples()), ids=lambda one: one.name)
def test_no_file_without_a_manifest_is_said_to_have_one(one: Sample) -> None:
    assert manifests(one.form, Memory(one.data)) == []


def test_what_only_looks_like_a_manifest_is_none() -> None:
    assert found("jpeg", jpeg(OTHER.replace(STORE, bytes(16)))) == []
    assert found("png", png(b"caBy")) == []
    assert found("mp4", boxed("mp4", "be7acfcb97a942e89c71999491e3afac")) == []


@pytest.mark.parametrize("name", ["png", "gif", "webp", "wav", "avi"])
def test_a_manifest_is_no_content(name: str) -> None:
    form = recognised(FIRST[name], "")
    assert form is not None

    def content(data: bytes) -> bytes:
        source = Memory(data)
        return b"".join(source.read(*one) for one in form.payload(source))

    assert content(WITH[name]) == content(FIRST[name])
