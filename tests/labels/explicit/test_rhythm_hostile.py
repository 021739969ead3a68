"""Sound that is meant to harm, before which a rhythm is wanted: refused, or whole, and at once."""

import random
import time
from collections.abc import Callable, Iterator

import pytest

from hegui.labels.container import Memory, Source, Splice
from hegui.labels.explicit import rhythm_flac, rhythm_m4a
from hegui.labels.splicing import joined
from hegui.terms import BadRequest

from . import test_rhythm_flac, test_rhythm_m4a

SECONDS = 1.5
PLACES = 10
WRITERS: dict[str, Callable[[Source], Splice]] = {
    "flac": rhythm_flac.with_rhythm,
    "m4a": rhythm_m4a.with_rhythm,
}
FILES = {
    "flac": ("flac", test_rhythm_flac.sound(8000, "mono")),
    "m4a": ("m4a", test_rhythm_m4a.sound(chapters=(0, 0.5))),
    "m4a in fragments": (
        "m4a",
        test_rhythm_m4a.sound(about=test_rhythm_m4a.LAYOUTS["an index for each"]),
    ),
}


def harmed(data: bytes) -> Iterator[bytes]:
    """Give a file cut off, with lengths that lie, and with bytes that are wrong, by one seed."""
    dice = random.Random(5)
    step = max(1, len(data) // PLACES)
    yield from (data[:end] for end in range(0, len(data), step))
    heads = [dice.randrange(min(len(data), 2000)) for _ in range(PLACES)]
    heads += [max(0, len(data) - dice.randrange(3000)) for _ in range(PLACES)]
    for at in heads:
        for lie in (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\1"):
            yield data[:at] + lie + data[at + 4 :]
        yield data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


@pytest.mark.parametrize("name", FILES)
def test_harm_is_refused_or_carried_along_and_at_once(name: str) -> None:
    form, data = FILES[name]
    for one in harmed(data):
        began = time.process_time()
        try:
            made = joined(Memory(one), WRITERS[form](Memory(one)))
        except BadRequest:
            continue
        finally:
            assert time.process_time() - began < SECONDS
        assert len(made) > len(one)
