import io
from collections.abc import Callable
from struct import pack

import pytest
from PIL import Image, ImageChops, ImageOps

from hegui.labels.explicit import image
from hegui.labels.explicit.surrounding import chunk, chunks
from hegui.terms import BadRequest
from hegui.testing import pictures

SIZE = (640, 480)
GREY = 128


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, form, **options)
    return written.getvalue()


def opened(data: bytes) -> Image.Image:
    found = Image.open(io.BytesIO(data))
    found.load()
    return found


def plain(colour: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", SIZE, colour)


def busy() -> Image.Image:
    picture = Image.linear_gradient("L").resize((64, 48))
    picture.putdata([(n * 7919) % 256 for n in range(64 * 48)])
    return picture.resize(SIZE, Image.Resampling.NEAREST).convert("RGB")


def changed(before: Image.Image, after: Image.Image) -> tuple[int, int, int, int]:
    box = ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize(
    "background",
    [lambda: plain((255, 255, 255)), lambda: plain((0, 0, 0)), busy],
    ids=["light", "dark", "busy"],
)
def test_the_notice_stands_out_from_any_background(background: Callable[[], Image.Image]) -> None:
    before = background()
    after = opened(image.drawn(encoded(before, "PNG"), "png"))
    left, top, right, bottom = changed(before, after)
    plate = after.crop((left, top, right, bottom)).convert("L")
    light = sorted(plate.get_flattened_data())
    # letters are white, and what is behind them is dark: WCAG asks for 4.5 to 1
    ground, letters = light[len(light) // 2], light[-1]
    assert letters == 255
    assert _contrast(letters, ground) >= 4.5


def _contrast(light: int, dark: int) -> float:
    def luminance(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    return (luminance(light) + 0.05) / (luminance(dark) + 0.05)


def test_outside_the_plate_a_png_keeps_every_pixel() -> None:
    before = busy()
    after = opened(image.drawn(encoded(before, "PNG"), "png"))
    left, top, right, bottom = changed(before, after)
    assert (right - left) * (bottom - top) < SIZE[0] * SIZE[1] * 0.04


def test_a_jpeg_keeps_its_tables() -> None:
    for quality in (35, 83, 97):
        data = encoded(busy(), "JPEG", quality=quality, subsampling=2)
        after = opened(image.drawn(data, "jpeg"))
        assert after.quantization == opened(data).quantization


def test_metadata_survives() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a picture"
    data = encoded(plain((9, 9, 9)), "JPEG", exif=exif.tobytes(), comment=b"by hand")
    after = opened(image.drawn(data, "jpeg"))
    assert after.getexif()[0x010E] == "a picture"
    assert after.info["comment"] == b"by hand"


def test_what_else_a_jpeg_holds_survives_in_its_order() -> None:
    """Captions for the press (IPTC), extended XMP, a manifest, and a second comment."""
    exif = Image.Exif()
    exif[0x010E] = "a picture"
    data = encoded(plain((9, 9, 9)), "JPEG", exif=exif.tobytes(), icc_profile=b"p" * 70_000)
    held = [
        (0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\x08\x1c\x02\x19\0\x03key\0"),
        (0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + bytes(8) + b"<x/>"),
        (0xEB, b"JP\0\x01\0\0\0\x01" + bytes(20)),
        (0xFE, b"one"),
        (0xFE, b"two"),
    ]
    more = [bytes((0xFF, kind)) + pack(">H", len(one) + 2) + one for kind, one in held]
    at = data.index(b"\xff\xdb")
    table = b"\xff\xe2\0\x08MPF\0\1\2"  # of pictures behind this one: it would point astray
    after = image.drawn(data[:at] + b"".join(more) + table + data[at:], "jpeg")
    assert b"".join(more) in after
    assert after.index(b"a picture") < after.index(b"Photoshop") < after.index(b"\xff\xdb")
    assert (after.count(b"JFIF\0"), after.count(b"MPF\0")) == (1, 0)
    assert opened(after).info["icc_profile"] == b"p" * 70_000


@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_a_png_keeps_what_its_colours_mean_and_all_its_other_chunks(mode: str) -> None:
    data = encoded(plain((9, 9, 9)).convert(mode), "PNG")
    early = [(b"gAMA", b"\0\0\xb1\x8f"), (b"cHRM", bytes(range(32))), (b"cICP", b"\x0c\x0d\0\1")]
    early += [(b"pHYs", b"\0\0\x0b\x12\0\0\x0b\x12\1"), (b"tEXt", b"Title\0a picture")]
    late = [(b"tIME", b"\x07\xea\x0b\x1c\0\0\0"), (b"prVt", b"whatever")]
    sized = [(b"sBIT", b"\x08\x08\x08")]
    place, end = data.index(b"IHDR") + 21, data.index(b"IEND") - 4
    before, behind = (b"".join(chunk(*one) for one in some) for some in (early + sized, late))
    after = image.drawn(data[:place] + before + data[place:end] + behind + data[end:], "png")
    there = [one for one in chunks(after) if one[0] not in (b"IHDR", b"IDAT", b"IEND")]
    assert there == early + (sized if mode == "RGB" else []) + late
    seen = opened(after).convert("RGB").getpixel((5, 5))
    assert seen == opened(data).convert("RGB").getpixel((5, 5))


def test_a_turned_picture_has_its_notice_upright() -> None:
    def label(orientation: int) -> Image.Image:
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encoded(plain((255, 255, 255)), "PNG", exif=exif.tobytes())
        seen = ImageOps.exif_transpose(opened(image.drawn(data, "png")))
        return seen.crop(changed(Image.new("RGB", seen.size, (255, 255, 255)), seen))

    upright = label(1)
    for orientation in range(2, 9):
        assert label(orientation).tobytes() == upright.tobytes()


def test_few_colours_and_glass_are_drawn_upon() -> None:
    for mode in ("1", "L", "P", "LA", "RGBA"):
        data = encoded(Image.new(mode, SIZE), "PNG")
        after = opened(image.drawn(data, "png"))
        assert after.convert("RGBA").getextrema()[0][1] == 255


def test_on_glass_the_plate_hides_what_will_shine_through() -> None:
    after = opened(image.drawn(encoded(Image.new("RGBA", SIZE, (255,) * 3 + (0,)), "PNG"), "png"))
    over_white = Image.alpha_composite(Image.new("RGBA", SIZE, (255,) * 4), after).convert("L")
    dark = min(over_white.get_flattened_data())
    assert _contrast(255, dark) >= 4.5


def test_the_calmest_corner_is_taken() -> None:
    picture = busy()
    picture.paste((200, 220, 240), (0, 0, 320, 240))
    left, top, _, _ = changed(picture, opened(image.drawn(encoded(picture, "PNG"), "png")))
    assert left < 100
    assert top < 100


@pytest.mark.parametrize("size", [(1, 1), (4, 4), (40, 300), (2000, 30)])
def test_the_smallest_pictures_are_drawn_upon_as_far_as_there_is_room(
    size: tuple[int, int],
) -> None:
    after = opened(image.drawn(encoded(Image.new("RGB", size, (255,) * 3), "PNG"), "png"))
    assert after.size == size
    assert after.getextrema() != ((255, 255),) * 3


def test_a_lossless_webp_stays_lossless() -> None:
    before = busy()
    after = opened(image.drawn(encoded(before, "WEBP", lossless=True), "webp"))
    left, top, right, bottom = changed(before, after)
    assert (right - left) * (bottom - top) < SIZE[0] * SIZE[1] * 0.04


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (pictures.png()[:60], "png"),
        (b"\xff\xd8\xff", "jpeg"),
        (pictures.png(), "jpeg"),
        (encoded(Image.new("I;16", (4, 4)), "PNG"), "png"),
        (encoded(Image.new("CMYK", (8, 8)), "JPEG"), "jpeg"),
        (encoded(Image.new("RGB", (8, 8)), "PNG").replace(b"\x08\x02", b"\x10\x02", 1), "png"),
        (
            encoded(Image.new("L", (8, 8)), "TIFF", save_all=True, append_images=[plain((0,) * 3)]),
            "tiff",
        ),
        (pictures.tiff()[:90], "tiff"),
        (b"\0\0\0\x18ftypheic", "heic"),
    ],
)
def test_what_cannot_be_drawn_upon_without_loss_is_refused(data: bytes, form: str) -> None:
    with pytest.raises(BadRequest):
        image.drawn(data, form)


def test_a_picture_that_claims_too_many_pixels_is_refused_before_it_is_opened() -> None:
    from struct import pack

    data = pictures.png()
    claimed = pictures.png_chunk(b"IHDR", pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    with pytest.raises(BadRequest) as caught:
        image.drawn(data[:8] + claimed + data[33:], "png")
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_a_tiff_keeps_every_pixel_outside_the_plate(mode: str, compression: str) -> None:
    before = busy().convert(mode)
    data = encoded(before, "TIFF", compression=compression)
    after = opened(image.drawn(data, "tiff"))
    left, top, right, bottom = changed(before, after)
    assert 0 < (right - left) * (bottom - top) < SIZE[0] * SIZE[1] * 0.04


def test_a_tiff_keeps_its_other_fields_and_loses_the_pixels_without_the_notice() -> None:
    before = busy()
    data = encoded(before, "TIFF", description="a picture", software="a program", dpi=(300, 300))
    made = image.drawn(data, "tiff")
    tags, old = opened(made).tag_v2, opened(data).tag_v2
    assert all(tags[one] == old[one] for one in (270, 305, 282, 283))
    start, count = old[273][0], old[279][0]
    assert made[start : start + count] == bytes(count)


def test_a_turned_tiff_has_its_notice_upright() -> None:
    white = Image.new("RGB", (200, 320), (255, 255, 255))
    upright = opened(image.drawn(encoded(white, "TIFF"), "tiff"))
    turned = white.transpose(Image.Transpose.ROTATE_90)
    data = encoded(turned, "TIFF", tiffinfo={274: 6})
    assert opened(image.drawn(data, "tiff")).tobytes() == upright.tobytes()


def test_an_avif_is_drawn_upon_and_keeps_its_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a picture"
    before = plain((200, 210, 220))
    after = opened(image.drawn(encoded(before, "AVIF", exif=exif.tobytes()), "avif"))
    assert after.getexif()[0x010E] == "a picture"
    assert after.convert("L").getextrema()[1] > 245
    assert after.convert("L").getextrema()[0] < 100


def test_an_avif_of_other_colours_than_pillow_writes_is_refused() -> None:
    data = encoded(plain((200, 30, 30)), "AVIF")
    at = data.index(b"colrnclx") + 8
    for numbers in (b"\0\x0c\0\x0d", b"\0\x09\0\x10"):  # Display P3; BT.2100 PQ
        with pytest.raises(BadRequest, match="colours"):
            image.drawn(data[:at] + numbers + data[at + 4 :], "avif")


def test_what_pillow_breaks_over_is_refused_and_breaks_nothing() -> None:
    whole = encoded(Image.new("RGB", (64, 64), "red"), "AVIF")
    start = whole.index(b"mdat") + 4
    torn = whole[:start] + bytes(len(whole) - start)
    with pytest.raises(BadRequest) as told:  # Pillow says RuntimeError
        image.drawn(torn, "avif")
    assert told.value.code == "file_broken"
    still = encoded(Image.new("P", (40, 40), 3), "GIF", duration=400_000)
    at = still.index(b"\x21\xf9")
    long = still[:at] + still[at:-1] * 3 + still[-1:]  # alike, longer together than a frame may be
    with pytest.raises(BadRequest) as told:
        image.drawn(long, "gif")
    assert told.value.code == "picture_form"
