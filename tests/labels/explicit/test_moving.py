"""The notice on pictures that move."""

import io
from collections.abc import Sequence

import pytest
from PIL import Image, ImageChops, ImageDraw

from hegui.labels.container import Memory
from hegui.labels.explicit import image, moving
from hegui.labels.explicit.surrounding import chunks
from hegui.labels.formats.gif import GIF
from hegui.labels.splicing import joined
from hegui.terms import BadRequest
from hegui.testing import pictures
from hegui.testing.labelled import LABEL

SIZE = (240, 160)
COUNT = 5


def frames(*, clear: bool = False) -> list[Image.Image]:
    made = []
    for number in range(COUNT):
        one = Image.new("RGBA", SIZE, (0, 0, 0, 0) if clear else (230, 235, 250, 255))
        box = (30 * number, 40, 30 * number + 40, 80)
        ImageDraw.Draw(one).ellipse(box, fill=(200, 30 * number, 30, 255))
        made.append(one)
    return made


def saved(made: Sequence[Image.Image], form: str, **options: object) -> bytes:
    written = io.BytesIO()
    made[0].save(written, form, save_all=True, append_images=list(made[1:]), **options)
    return written.getvalue()


def shown(data: bytes) -> list[tuple[Image.Image, float]]:
    found = []
    with Image.open(io.BytesIO(data)) as opened:
        for number in range(getattr(opened, "n_frames", 1)):
            opened.seek(number)
            opened.load()
            found.append((opened.convert("RGBA"), opened.info.get("duration", 0)))
    return found


TIMES = [70, 80, 90, 100, 110]
SAMPLES = [
    ("gif", saved(frames(), "GIF", duration=TIMES, loop=3)),
    ("gif", saved(frames(clear=True), "GIF", duration=TIMES, disposal=2)),
    ("png", saved(frames(), "PNG", duration=TIMES, loop=3)),
    ("png", saved(frames(clear=True), "PNG", duration=TIMES, disposal=1)),
    ("webp", saved(frames(), "WEBP", duration=TIMES, loop=3, lossless=True)),
]
IDS = ["gif", "gif of glass", "apng", "apng of glass", "webp"]


def seen(one: Image.Image) -> Image.Image:
    """Return a frame over a checked ground: what is clear has no colour of its own."""
    return Image.alpha_composite(Image.new("RGBA", SIZE, (90, 160, 40, 255)), one).convert("RGB")


@pytest.mark.parametrize(("form", "data"), SAMPLES, ids=IDS)
def test_every_frame_differs_in_one_corner_alone_and_keeps_its_time(form: str, data: bytes) -> None:
    before, after = shown(data), shown(image.drawn(data, form))
    assert [time for _, time in after] == [time for _, time in before]
    boxes = set()
    for (old, _), (new, _) in zip(before, after, strict=True):
        box = ImageChops.difference(seen(old), seen(new)).getbbox()
        assert box is not None
        boxes.add(box)
        light = sorted(seen(new).crop(box).convert("L").get_flattened_data())
        assert light[-1] - light[len(light) // 2] > 120  # white letters, dark ground
    left = min(one[0] for one in boxes)
    top = min(one[1] for one in boxes)
    right, bottom = max(one[2] for one in boxes), max(one[3] for one in boxes)
    assert (right - left) * (bottom - top) < SIZE[0] * SIZE[1] * 0.06


@pytest.mark.parametrize(("form", "data"), SAMPLES, ids=IDS)
def test_what_moves_still_loops_as_often(form: str, data: bytes) -> None:
    made = io.BytesIO(image.drawn(data, form))
    with Image.open(io.BytesIO(data)) as old, Image.open(made) as new:
        assert new.info.get("loop") == old.info.get("loop")


def test_a_gif_keeps_its_comment_and_its_packet() -> None:
    data = saved(frames(), "GIF", duration=TIMES, comment=b"by hand")
    data = joined(Memory(data), GIF.write(Memory(data), LABEL.inner()))
    made = image.drawn(data, "gif")
    with Image.open(io.BytesIO(made)) as opened:
        assert opened.info["comment"] == b"by hand"
    (found,) = GIF.read(Memory(made))
    assert found.parsed is not None
    assert found.parsed.implicit == LABEL


def test_a_gif_whose_palette_is_full_lends_the_notice_its_darkest_and_lightest() -> None:
    still = Image.linear_gradient("L").resize((256, 160)).rotate(90, expand=True)
    before = still.resize(SIZE).quantize(256)
    data = saved([before], "GIF")
    ((after, _),) = shown(image.drawn(data, "gif"))
    ((old, _),) = shown(data)
    box = ImageChops.difference(old.convert("RGB"), after.convert("RGB")).getbbox()
    assert box is not None
    assert (box[2] - box[0]) * (box[3] - box[1]) < SIZE[0] * SIZE[1] * 0.06


def test_a_gif_whose_colours_are_all_alike_is_refused() -> None:
    before = Image.new("P", (256, 160))
    before.putpalette(
        bytes(value for n in range(256) for value in (100 + n // 16, 100 + n % 16, 100))
    )
    before.putdata([n % 256 for n in range(256 * 160)])
    with pytest.raises(BadRequest, match="colours"):
        image.drawn(saved([before], "GIF"), "gif")


def test_an_apng_keeps_its_exact_times_and_its_texts() -> None:
    data = saved(frames(), "PNG", duration=33)
    there = list(chunks(data))
    old = [held[20:24] for kind, held in there if kind == b"fcTL"]
    text = pictures.png_chunk(b"tEXt", b"Title\0by hand")
    made = image.drawn(data[:33] + text + data[33:], "png")
    new = list(chunks(made))
    assert [held[20:24] for kind, held in new if kind == b"fcTL"] == old
    assert (b"tEXt", b"Title\0by hand") in new


def test_frames_that_are_too_many_are_refused_before_they_are_drawn() -> None:
    data = pictures.gif(frames=moving._MOST_FRAMES + 1)
    with pytest.raises(BadRequest) as caught:
        image.drawn(data, "gif")
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(("form", "data"), SAMPLES, ids=IDS)
def test_what_is_cut_off_is_refused_or_whole(form: str, data: bytes) -> None:
    for end in range(0, len(data), max(1, len(data) // 24)):
        try:
            made = image.drawn(data[:end], form)
        except BadRequest:
            continue
        assert shown(made)
