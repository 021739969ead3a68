"""Bytes changed at random before every reader of the media routes: refused, or read."""

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import cast

import msgspec
import pytest

from hegui.gateway.media import wire
from hegui.gateway.media.multipart import read_form
from hegui.labels.explicit.rhythm_streamed import streamed_rhythm
from hegui.labels.streamed import Kind, streamed
from hegui.terms import BadRequest
from hegui.testing import media
from hegui.testing.labelled import LABEL

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n'
    b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na lake\r\n'
    b'--b\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n'
    + media.picture(4, 4)
    + b"\r\n--b--\r\n"
)
REQUEST = b'{"model":"m","prompt":"a lake","input":"hello","n":2,"size":"1x1","x":{"y":["z",1e9]}}'
ANSWER = (
    b'{"created":1,"data":[{"b64_json":"AAAA","revised_prompt":"a"},{"url":"u"}],'
    b'"usage":{"a":{"b":1}},"size":"1x1","quality":"low"}'
)


def through(kind: str) -> Callable[[bytes], object]:
    def read(data: bytes) -> None:
        stages = [streamed_rhythm(kind), streamed(cast("Kind", kind), LABEL.inner())]
        for at in (0, 100):
            part = data[at : at + 100] if at == 0 else data[at:]
            for stage in stages:
                part = stage.feed(part)
        for stage in stages:
            stage.end()

    return read


def answered(data: bytes) -> None:
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        value = msgspec.json.decode(data)
        if wire.pictures_of(value) is not None:
            wire.told_of(value)


def asked(data: bytes) -> None:
    for read in (wire.read_generation, wire.read_speech):
        with suppress(BadRequest):
            read(data, depth=8).outgoing()


READERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "form": (lambda data: read_form(data, "multipart/form-data; boundary=b"), FORM),
    "edit": (lambda data: wire.read_edit(data, "multipart/form-data; boundary=b"), FORM),
    "request": (asked, REQUEST),
    "answer": (answered, ANSWER),
    **{kind: (through(kind), media.speech(kind)[:3_000]) for kind in wire.SPOKEN},
}


def changed(data: bytes, chance: Random) -> bytes:
    """Return data with some bytes changed, taken out or put in, often near its beginning."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(min(len(made), chance.choice((64, 3_000))) or 1)
        how = chance.randrange(4)
        if how == 0:
            made[at : at + 1] = bytes([chance.randrange(256)])
        elif how == 1:
            del made[at : at + chance.randint(1, 40)]
        elif how == 2:
            made[at:at] = chance.randbytes(chance.randint(1, 8))
        else:
            made[at : at + 4] = chance.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"))
    return bytes(made)


@pytest.mark.parametrize("name", list(READERS))
def test_no_bytes_get_more_out_of_a_reader_than_a_refusal(name: str) -> None:
    read, seed = READERS[name]
    chance, accepted = Random(name), 0
    for _ in range(300):
        with suppress(BadRequest):
            read(changed(seed, chance))
            accepted += 1
    read(seed)
    assert accepted < 300 or name in ("request", "answer")
