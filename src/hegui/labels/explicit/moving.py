"""The notice on pictures that move, on every frame: GIF, APNG and WebP.

A frame may show part of the picture only, so each is drawn upon as a viewer shows it, whole. Times,
loops and every colour outside the plate stay (but for a WebP with loss, encoded anew). A GIF, whose
writer joins and cuts frames as it likes, is read again and compared.
"""

import io
from collections.abc import Iterator
from functools import reduce
from struct import error as unpack_error
from struct import pack, unpack
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hegui.labels.explicit.plate import calmest, fitting, plate_for, put
from hegui.labels.explicit.surrounding import FORM, SIGNATURE, chunk, chunks
from hegui.terms import BadRequest, Corrupt, Words

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_PIXELS: Final = 200_000_000  # of all frames together
_MOST_FRAMES: Final = 10_000
_COLOURS: Final = 256
_CLEAR: Final = 1 << 24  # stands for a pixel that is transparent
_RAMP: Final = (0, 85, 170, 255)
_QUALITY: Final = 95
_CONTRAST: Final = 4.5
_XMP: Final = b"\x21\xff\x0bXMP DataXMP"
_TRAILER: Final = b"\1" + bytes(range(255, -1, -1)) + b"\0"  # XMP part 3, 1.1.2: ends any reading


FAULTS: Final = (
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError),
    *(OverflowError, RuntimeError, unpack_error),
)
"""What Pillow raises for pictures that do not hold together."""


class Frame(NamedTuple):
    """A frame as a viewer shows it, with the notice, and for how many milliseconds."""

    image: "Image"
    shown: float


def gif(image: "Image", data: bytes) -> bytes:
    """Return a GIF with the notice on every frame; one of too many colours is refused.

    The plate takes colours that are free in the frame's palette, or the darkest and the lightest
    of those that are there.
    """
    frames = _merged(_frames(image, opaque=True))
    box = _plate_box(image)
    made = [_indexed(np.asarray(one.image), box) for one in frames]
    options: dict[str, Any] = {"duration": [round(one.shown) for one in frames]}
    for name in ("loop", "comment"):
        if name in image.info:
            options[name] = image.info[name]
    clear = any("transparency" in one.info for one in made)
    options |= {"save_all": True, "append_images": made[1:], "disposal": 2 if clear else 1}
    written = _saved(made[0], "GIF", optimize=False, **options)
    _compared(written, "GIF", made, options["duration"])
    return _with_packet(written, data)


def apng(image: "Image", data: bytes) -> bytes:
    """Return an APNG with the notice on every frame, and its other chunks as they were."""
    there = list(chunks(data))
    plays = next(unpack(">II", held)[1] for kind, held in there if kind == b"acTL")
    times = [held[20:24] for kind, held in there if kind == b"fcTL"]
    frames = [one.image for one in _frames(image)]
    mode = "RGB" if all(_opaque(one) for one in frames) else "RGBA"
    frames = [one.convert(mode) for one in frames]
    apart = len(frames) - len(times)  # a picture for viewers that know no APNG
    if apart not in (0, 1):
        raise BadRequest(BROKEN.fill(why="fcTL"), code="file_broken")
    head = pack(">IIBBBBB", image.width, image.height, 8, 2 if mode == "RGB" else 6, 0, 0, 0)
    first = next(n for n, (kind, _) in enumerate(there) if kind == b"IDAT")
    parts = [SIGNATURE, chunk(b"IHDR", head)]
    parts += [chunk(*one) for one in there[:first] if one[0] not in FORM]
    parts.append(chunk(b"acTL", pack(">II", len(times), plays)))
    parts += _animated(frames, times, apart)
    parts += [chunk(*one) for one in there[first:] if one[0] not in FORM]
    return b"".join([*parts, chunk(b"IEND", b"")])


def webp(image: "Image", data: bytes) -> bytes:
    """Return a WebP with the notice on every frame: lossless if it was, else with quality 95."""
    frames = list(_frames(image))
    lossless = b"VP8L" in data and b"VP8 " not in data
    kept = ("loop", "background", "exif", "xmp", "icc_profile")
    info: dict[Any, Any] = image.info
    about = {name: info[name] for name in kept if info.get(name) is not None}
    how: dict[str, Any] = {"lossless": True, "exact": True} if lossless else {"quality": _QUALITY}
    return _saved(
        frames[0].image,
        "WEBP",
        save_all=True,
        append_images=[one.image for one in frames[1:]],
        duration=[round(one.shown) for one in frames],
        **about,
        **how,
    )


# Frames


def _frames(image: Any, *, opaque: bool = False) -> Iterator[Frame]:
    count = image.n_frames
    if count > _MOST_FRAMES or count * image.width * image.height > _MOST_PIXELS:
        raise BadRequest(LARGE.fill(most=_MOST_PIXELS // 1_000_000), code="too_large")
    corner = None
    plate = _plate(image, opaque=opaque)
    for number in range(count):
        try:
            image.seek(number)
            image.load()
        except FAULTS as error:
            raise BadRequest(BROKEN.fill(why=type(error).__name__), code="file_broken") from None
        frame = image.convert("RGBA")
        corner = corner or calmest(frame, plate.size)
        put(frame, plate, corner)
        yield Frame(frame, float(image.info.get("duration", 0)))


def _plate(image: "Image", *, opaque: bool) -> "Image":
    plate = fitting(plate_for(min(image.size)), image.size)
    if opaque:
        plate.putalpha(255)
    return plate


def _plate_box(image: Any) -> tuple[int, int, int, int]:
    """Return where the plate is: left, top, right and bottom."""
    image.seek(0)
    plate = _plate(image, opaque=True)
    x, y = calmest(image.convert("RGBA"), plate.size)
    return x, y, x + plate.width, y + plate.height


def _merged(frames: Iterator[Frame]) -> list[Frame]:
    """Return frames of which none shows what the one before it does: a writer would merge them."""
    done: list[Frame] = []
    for one in frames:
        if done and done[-1].image.tobytes() == one.image.tobytes():
            done[-1] = done[-1]._replace(shown=done[-1].shown + one.shown)
        else:
            done.append(one)
    return done


# Palettes


def _indexed(pixels: NDArray[np.uint8], box: tuple[int, int, int, int]) -> "Image":
    """Return a frame in a palette of its own that holds each of its colours."""
    from PIL import Image

    wide = pixels.astype(np.int64)
    keys = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    keys[pixels[..., 3] < 128] = _CLEAR  # noqa: PLR2004 - GIF knows clear and not clear
    x, y, right, bottom = box
    around = keys.copy()
    plate = pixels[y:bottom, x:right, 0]
    around[y:bottom, x:right] = around[0 if y else -1, 0 if x else -1]  # the corner opposite
    there = np.unique(around)
    levels = _levels(there)
    nearest = np.abs(plate[..., None].astype(np.int64) - levels[:, 0]).argmin(-1)
    keys[y:bottom, x:right] = levels[nearest, 1]
    colours, places = np.unique(keys, return_inverse=True)
    image = Image.frombytes(
        "P", (pixels.shape[1], pixels.shape[0]), places.astype(np.uint8).tobytes()
    )
    solid = colours & 0xFFFFFF
    bands = np.stack([solid >> 16, solid >> 8 & 255, solid & 255], 1)
    image.putpalette(bands.astype("u1").tobytes())
    if colours[-1] == _CLEAR:
        image.info["transparency"] = len(colours) - 1
    return image


def _levels(there: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the plate's shades: lightness from 0 to 255, and the colour for it."""
    free = _COLOURS - len(there)
    if free < 0:
        raise BadRequest(COLOURS, code="picture_form")
    if free >= 2:  # noqa: PLR2004 - one for the letters, one for the plate
        ramp = _RAMP if free >= len(_RAMP) else (0, 255)
        return np.array([(one, one << 16 | one << 8 | one) for one in ramp], np.int64)
    solid = there[there != _CLEAR]
    light = np.array([_luminance(int(one)) for one in solid])
    dark, pale = int(light.argmin()), int(light.argmax())
    if (light[pale] + 0.05) / (light[dark] + 0.05) < _CONTRAST:
        raise BadRequest(COLOURS, code="picture_form")
    return np.array([(0, solid[dark]), (255, solid[pale])], np.int64)


def _luminance(colour: int) -> float:
    """Return the relative luminance of a colour (WCAG 2)."""

    def linear(value: int) -> float:
        share = value / 255
        low = share <= 0.04045  # noqa: PLR2004 - where sRGB's curve begins
        return share / 12.92 if low else float(((share + 0.055) / 1.055) ** 2.4)

    red, green, blue = linear(colour >> 16), linear(colour >> 8 & 255), linear(colour & 255)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _compared(written: bytes, form: str, frames: list["Image"], times: list[int]) -> None:
    """Read again what was written; ``Corrupt`` if a frame or its time is another."""
    from PIL import Image

    with Image.open(io.BytesIO(written), formats=[form]) as image:
        same = getattr(image, "n_frames", 1) == len(frames)
        for number, (frame, shown) in enumerate(zip(frames, times, strict=True)):
            if not same:
                break
            image.seek(number)
            now, meant = image.convert("RGBA"), frame.convert("RGBA")
            same = _visible(now) == _visible(meant) and image.info.get("duration", 0) == shown
    if not same:
        raise Corrupt(NOT_SAME)


def _visible(image: "Image") -> bytes:
    pixels = np.asarray(image).copy()
    pixels[pixels[..., 3] == 0] = 0  # what is clear has no colour
    return pixels.tobytes()


def _with_packet(data: bytes, before: bytes) -> bytes:
    """Put the XMP packet of ``before`` back, which Pillow does not write: as the first block."""
    start = before.find(_XMP)
    end = before.find(_TRAILER, start) if start >= 0 else -1
    if end < 0:
        return data
    table = 3 * 2 << (data[10] & 7) if data[10] & 0x80 else 0
    at = 13 + table
    return data[:at] + before[start : end + len(_TRAILER)] + data[at:]


# Chunks of PNG


def _animated(frames: list["Image"], times: list[bytes], apart: int) -> Iterator[bytes]:
    """Give the frames as chunks: each holds what changed since the one before."""
    from PIL import ImageChops

    number = 0
    for place, frame in enumerate(frames):
        first = place <= apart
        box = (0, 0, *frame.size)
        if not first:
            bands = ImageChops.difference(frames[place - 1], frame).split()
            changed = reduce(ImageChops.lighter, bands)  # of RGBA, a box is that of A alone
            box = changed.getbbox() or (0, 0, 1, 1)
        held = b"".join(h for k, h in chunks(_saved(frame.crop(box), "PNG")) if k == b"IDAT")
        if place >= apart:
            size = (box[2] - box[0], box[3] - box[1], box[0], box[1])
            yield chunk(b"fcTL", pack(">I4I", number, *size) + times[place - apart] + b"\0\0")
            number += 1
        if place == 0:
            yield chunk(b"IDAT", held)
        else:
            yield chunk(b"fdAT", pack(">I", number) + held)
            number += 1


def _opaque(image: "Image") -> bool:
    return image.getchannel("A").getextrema()[0] == 255  # noqa: PLR2004 - all there


def _saved(image: "Image", form: str, **options: Any) -> bytes:
    written = io.BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


LARGE: Final = Words(
    en="Moving pictures of more than {most} million pixels in all are not drawn upon. Make a film"
    " of it, or a smaller one.",
    zh="动图各帧合计超过 {most} 百万像素的不支持绘制标识。请转换为视频或缩小尺寸。",
)
BROKEN: Final = Words(
    en="A frame of the picture cannot be read to draw a notice on it ({why}). It was not changed.",
    zh="无法读取动图中的一帧以绘制标识（{why}）。文件未作任何改动。",
)
COLOURS: Final = Words(
    en="A frame of this GIF shows so many colours that none is left for the notice. Save it with"
    " fewer, or as APNG or WebP; or say that it shows its notice: --explicit present.",
    zh="此 GIF 有一帧颜色过多，没有余下的颜色可用于标识。请减少颜色，或另存为 APNG 或 WebP；"
    "已显示标识的，使用 --explicit present。",
)
NOT_SAME: Final = Words(
    en="The moving picture, read back, is not the one that was meant. Nothing was put in place;"
    " please report it.",
    zh="写入后读回的动图与预期不一致。未替换任何文件，请向我们报告。",
)
