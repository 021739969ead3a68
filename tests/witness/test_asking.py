import random
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.witness.log import Log

from hegui.terms import BadRequest
from hegui.witness.asking import MOST_BYTES, read, write

LOG = Log(9)
GOOD = LOG.request(4)
HASH = b64encode(b"h" * 32)

# the request in the text of the specification
EXAMPLE = (Path(__file__).parent / "add-checkpoint.txt").read_bytes()


def test_the_specifications_example_is_read_and_written_as_it_stands() -> None:
    asked = read(EXAMPLE)
    assert (asked.old, len(asked.proof), len(asked.lines)) == (20_852_014, 4, 2)
    assert (asked.head.origin, asked.head.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert write(asked.old, asked.proof, asked.note) == EXAMPLE


def test_what_is_written_is_read() -> None:
    asked = read(GOOD)
    assert (asked.old, list(asked.proof), asked.text) == (4, LOG.proof(4), LOG.text())


@pytest.mark.parametrize(
    "data",
    [
        GOOD.replace(b"old 4", b"old 04"),
        GOOD.replace(b"old 4", b"old  4"),
        GOOD.replace(b"old 4", b"old"),
        GOOD.replace(b"old 4", b"old -4"),
        GOOD.replace(b"old 4", b"old 4 "),
        GOOD.replace(b"old 4", b"Old 4"),
        GOOD.replace(b"old 4", "old ４".encode()),
        GOOD.replace(b"old 4", b"old 99999999999999999999"),
        GOOD.replace(b"old 4", b"old 9223372036854775808"),
        GOOD.replace(b"old 4\n", b"old 4\n" + HASH[:-4] + b"\n"),
        GOOD.replace(b"old 4\n", b"old 4\n" + HASH + b" \n"),
        GOOD.replace(b"old 4\n", b"old 4\n" + (HASH + b"\n") * 64),
        GOOD.replace(b"\n", b"\r\n"),
        GOOD[:-1],
        GOOD.replace(b"\n\n", b"\n"),
        b"old 4",
        b"\n\n\n\n",
        b"\xff" * 90,
        b"\x00" * MOST_BYTES,
        LOG.head().encode(),
    ],
)
def test_what_is_no_request_is_refused_and_told_where(data: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        read(data)
    assert caught.value.status == 400
    assert caught.value.words.en != caught.value.words.zh


def test_a_request_over_the_bound_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadRequest) as caught:
        read(GOOD + b"x" * MOST_BYTES)
    assert caught.value.status == 413


def refused_or_canonical(data: bytes) -> None:
    """The reader says no, or gives what would be written as the same bytes."""
    try:
        asked = read(data)
    except BadRequest:
        return
    assert write(asked.old, asked.proof, asked.note) == data


@given(st.binary(max_size=600))
def test_no_bytes_make_the_reader_fail_otherwise(data: bytes) -> None:
    refused_or_canonical(data)


def test_ten_thousand_changed_requests_are_refused_or_read_as_they_stand() -> None:
    rng = random.Random(20)
    pieces = [b"\n", b"\n\n", b"old ", "— ".encode(), b" ", b"=", b"\x00", b"9" * 30, HASH, GOOD]
    for _ in range(10_000):
        data = bytearray(GOOD)
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(data) + 1)
            end = min(len(data), at + rng.choice((0, 1, 1, 4, 40)))
            data[at:end] = rng.choice((rng.choice(pieces), rng.randbytes(rng.randrange(3))))
        refused_or_canonical(bytes(data))
