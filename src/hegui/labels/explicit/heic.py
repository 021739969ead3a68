"""The notice on a HEIC picture, drawn and encoded anew by the operator's own pillow-heif.

Its ready-made package holds encoders and decoders under the GPL and LGPL, so hegui never asks for
it (docs/design/26). It reads what strangers made, in C: doors run this in a process that can be
killed (``app.drawing_child`` for files, ``runners.label_work`` for what is held in memory).

What was written is read again: size, depth, colours and metadata must be those of before, and the
notice must stand out, else it is ``Corrupt``. The rest of the picture must be as good as the same.
"""

import io
import warnings
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hegui.labels.explicit import heic_parts
from hegui.labels.explicit.heic_parts import Parts
from hegui.labels.explicit.moving import FAULTS
from hegui.labels.explicit.plate import DENSE, WHITE, calmest, fitting, plate_for, put
from hegui.terms import BadRequest, Corrupt, Words

MOST_PIXELS: Final = 50_000_000
"""Pixels of a picture that is drawn upon at most: encoding takes about 60 bytes for each."""
_MODES: Final = frozenset({"L", "RGB", "RGBA", "I;10", "I;12", "RGB;10", "RGB;12"})
_QUALITIES: Final = (50, 60, 70, 80, 90, 100)
_ALIKE: Final = 46.0
"""Decibels of likeness, outside the plate, at which the lowest of the qualities is taken."""
_LEAST_ALIKE: Final = 40.0
_LEAST_CONTRAST: Final = 0.4
_SAMPLE: Final = 512  # pixels of the longer side of what the qualities are tried on
_BLOCK: Final = 64  # pixels of HEVC's largest block
_ROWS: Final = 256  # that are compared at a time
_KEPT: Final = (
    *("exif", "xmp", "icc_profile", "icc_profile_type", "pixel_aspect_ratio", "bit_depth"),
    *("content_light_level", "mastering_display_colour_volume", "chroma"),
    *("ambient_viewing_environment", "nominal_diffuse_white_luminance"),
)
_HOW_STORED: Final = ("nclx_profile", "thumbnails", "tiling")

Pixels = NDArray[Any]
Told = Callable[[float], None]
"""Is told which share of the work is done, between 0 and 1."""


def _untold(share: float) -> None:
    """Tell nobody."""


class _Picture(NamedTuple):
    """A picture with its notice: its form, what belongs to it, and where the plate is.

    ``letters`` and ``ground`` say where on the plate the letters are full, and where there are
    none; ``step`` is how far apart black and the white of the letters are.
    """

    mode: str
    pixels: Pixels
    about: dict[str, Any]
    parts: Parts
    corner: tuple[int, int]
    letters: NDArray[np.bool_]
    ground: NDArray[np.bool_]
    step: float

    @property
    def full(self) -> int:
        """The highest value that a colour can have."""
        return (1 << int(self.about["bit_depth"])) - 1

    @property
    def box(self) -> tuple[slice, slice]:
        """The rows and columns of the plate."""
        (x, y), (rows, columns) = self.corner, self.letters.shape
        return slice(y, y + rows), slice(x, x + columns)


def drawn(data: bytes, told: Told = _untold) -> tuple[bytes, str]:
    """Return the HEIC in ``data`` with the notice in a corner, and how it was encoded.

    The pixels stand upright afterwards; thumbnails are made anew. What cannot be drawn upon without
    loss is a ``BadRequest``, and so is all of it where pillow-heif is not installed.
    """
    library = _library()
    parts = heic_parts.parts_of(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of metadata that is damaged, which is left as it is
        try:
            picture = _with_notice(library, data, parts)
            told(0.1)
            return _proven(library, picture, told)
        except MemoryError:
            raise BadRequest(_MEMORY, code="too_large") from None
        except (*FAULTS, RuntimeError) as error:  # RuntimeError: what libheif calls all the rest
            words = _BROKEN.fill(why=type(error).__name__)
            raise BadRequest(words, code="file_broken") from None


def _library() -> Any:
    try:
        import pillow_heif
    except ImportError:
        raise BadRequest(_NO_LIBRARY, code="no_heic", param="explicit") from None
    if not pillow_heif.libheif_info()["HEIF"]:
        raise BadRequest(_NO_ENCODER, code="no_heic", param="explicit")
    return pillow_heif


def _opened(library: Any, data: bytes) -> Any:
    """Return the one picture of a file, not yet decoded, in its own depth."""
    held = library.open_heif(data, convert_hdr_to_8bit=False, hdr_to_16bit=False)
    if len(held) != 1:
        raise ValueError
    image = held[0]
    if image.size[0] * image.size[1] > MOST_PIXELS:
        words = _PIXELS.fill(most=MOST_PIXELS // 1_000_000)
        raise BadRequest(words, code="too_large")
    return image


def _with_notice(library: Any, data: bytes, parts: Parts) -> _Picture:
    image = _opened(library, data)
    if image.mode not in _MODES or image.info["metadata"] or image.info["aux"]:
        raise BadRequest(_MODE.fill(mode=image.mode), param="explicit")
    about = {name: image.info.get(name) for name in (*_KEPT, *_HOW_STORED)}
    library.set_orientation(about)  # the decoder turned the picture: nobody is to do so again
    return _noticed(image.mode, np.array(image), about, parts)


def _noticed(mode: str, pixels: Pixels, about: dict[str, Any], parts: Parts) -> _Picture:
    """Draw the notice on pixels of any depth."""
    from PIL import Image

    bits = int(about["bit_depth"])
    view = Image.fromarray((pixels >> (bits - 8)).astype(np.uint8) if bits > 8 else pixels)  # noqa: PLR2004 - bits of a byte
    plate = fitting(plate_for(min(view.size)), view.size)
    corner = x, y = calmest(view, plate.size)
    light = np.asarray(plate.getchannel("R"), np.float64) / 255
    cover = np.asarray(plate.getchannel("A"), np.float64) / 255
    white = WHITE.get(parts.nclx.transfer, 1.0) if parts.nclx else 1.0
    if white < 1:
        cover = np.maximum(cover, DENSE)
    step = white * ((1 << bits) - 1)
    if mode == "RGBA":
        put(view, plate, corner)
        pixels = np.asarray(view)
    else:
        part = pixels[y : y + plate.height, x : x + plate.width]
        over, shown = (cover, light) if part.ndim == 2 else (cover[..., None], light[..., None])  # noqa: PLR2004 - grey
        part[:] = np.rint(part * (1 - over) + shown * step * over).astype(pixels.dtype)
    letters, ground = light > 0.95, light < 0.05  # noqa: PLR2004 - all or nothing
    if not letters.any() or not ground.any():
        raise BadRequest(_SMALL, param="explicit")
    return _Picture(mode, pixels, about, parts, corner, letters, ground, step)


# Encoding


def _proven(library: Any, picture: _Picture, told: Told) -> tuple[bytes, str]:
    """Return the file, read back, at the lowest quality that keeps the picture, and how."""
    place = _tried(library, picture)
    told(0.2)
    while True:
        made = _encoded(library, picture, picture.pixels, picture.about, _QUALITIES[place])
        told(0.8)
        alike = _read_back(library, picture, made)
        if alike >= _ALIKE - 1 or place == len(_QUALITIES) - 1:
            break
        place += 1
    if alike < _LEAST_ALIKE:
        raise BadRequest(_UNLIKE.fill(least=f"{_LEAST_ALIKE:g}"), param="explicit")
    encoder = str(library.libheif_info()["HEIF"]).split()[0]
    return made, f"hevc, {encoder}, quality {_QUALITIES[place]}"


def _tried(library: Any, picture: _Picture) -> int:
    """Return which of the qualities keeps some of the picture well enough."""
    rows, columns = (_some(size) for size in picture.pixels.shape[:2])
    sample = np.ascontiguousarray(picture.pixels[np.ix_(rows, columns)])
    about = {name: picture.about[name] for name in ("bit_depth", "chroma", "nclx_profile")}
    for place, quality in enumerate(_QUALITIES):
        made = _encoded(library, picture, sample, about, quality)
        seen = np.asarray(_opened(library, made))
        if _likeness(sample, seen, picture.full) >= _ALIKE:
            return place
    return len(_QUALITIES) - 1


def _some(size: int) -> NDArray[np.intp]:
    """Return rows or columns of a picture: all of a small one, two stretches of a large one."""
    if size <= _SAMPLE:
        return np.arange(size)
    half = _SAMPLE // 2
    starts = [(size - half) * share // 4 // _BLOCK * _BLOCK for share in (1, 3)]
    starts[1] = max(starts[1], starts[0] + half)
    return np.concatenate([np.arange(one, min(one + half, size)) for one in starts])


def _encoded(
    library: Any, picture: _Picture, pixels: Pixels, about: dict[str, Any], quality: int
) -> bytes:
    size = pixels.shape[1], pixels.shape[0]
    held = library.from_bytes(picture.mode, size, pixels.tobytes())
    held[0].info = {name: value for name, value in about.items() if value is not None}
    how: dict[str, Any] = {"quality": quality, "save_nclx_profile": True}
    if about["chroma"] is not None:
        how["chroma"] = about["chroma"]
    if picture.parts.nclx is not None:
        primaries, transfer, matrix, full = picture.parts.nclx
        how |= {"color_primaries": primaries, "transfer_characteristics": transfer}
        how |= {"matrix_coefficients": matrix, "full_range_flag": int(full)}
    if str(library.libheif_info()["HEIF"]).startswith("x265"):
        how["enc_params"] = {"preset": "fast"}  # half the time of libheif's own, and as good
    written = io.BytesIO()
    held.save(written, **how)
    return written.getvalue()


# Proof


def _read_back(library: Any, picture: _Picture, made: bytes) -> float:
    """Return how alike the picture is outside the plate; what must be the same is compared."""
    image = _opened(library, made)
    same = image.mode == picture.mode and image.size == picture.pixels.shape[1::-1]
    for name in _KEPT:
        same = same and image.info.get(name) == picture.about[name]
    if not same or not picture.parts.colours <= heic_parts.parts_of(made).colours:
        raise Corrupt(_NOT_SAME)
    seen = np.asarray(image)
    part = seen[picture.box].astype(np.float64)
    if part.ndim > 2:  # noqa: PLR2004 - colours
        part = part[..., :3].mean(-1)
    stands = part[picture.letters].mean() - part[picture.ground].mean()
    if not stands / picture.step >= _LEAST_CONTRAST:
        raise Corrupt(_NOT_THERE)
    return _likeness(picture.pixels, seen, picture.full, picture.box)


def _likeness(one: Pixels, two: Pixels, full: int, box: tuple[slice, slice] | None = None) -> float:
    """Return the peak signal-to-noise ratio in decibels of two pictures, outside ``box``."""
    apart, count = _squares(one, two), one.size
    if box is not None:
        inside = one[box]
        apart, count = apart - _squares(inside, two[box]), count - inside.size
    if not apart or not count:
        return float("inf")
    return float(10 * np.log10(float(full) ** 2 * count / apart))


def _squares(one: Pixels, two: Pixels) -> float:
    """Return the sum of the squares of how far two pictures are apart."""
    total = 0
    for at in range(0, len(one), _ROWS):
        apart = one[at : at + _ROWS].astype(np.int64) - two[at : at + _ROWS]
        total += int((apart * apart).sum())
    return total


_NO_LIBRARY: Final = Words(
    en="Drawing a notice on HEIC needs pillow-heif, which hegui does not install: its ready-made"
    " packages hold x265 (GPL), libheif and libde265 (LGPL). Install it yourself (pip install"
    " pillow-heif 'hegui[media]'; or --no-binary pillow-heif against your own libheif), convert the"
    " picture to JPEG, PNG or AVIF, or say that it shows its notice: --explicit present.",
    zh="在 HEIC 图片上绘制标识需要 pillow-heif。hegui 不会代为安装：其预编译包内含 x265（GPL 许可）"
    "以及 libheif 和 libde265（LGPL 许可）。请自行安装（pip install pillow-heif 'hegui[media]'，"
    "或用 --no-binary pillow-heif 针对自有 libheif 编译），或将图片转换为 JPEG、PNG 或 AVIF；"
    "已显示标识的，使用 --explicit present。",
)
_NO_ENCODER: Final = Words(
    en="The libheif that pillow-heif found has no encoder for HEVC. Install one for it (x265 is"
    " under the GPL, Kvazaar is not), or convert the picture to JPEG, PNG or AVIF.",
    zh="pillow-heif 所用的 libheif 没有 HEVC 编码器。请为其安装编码器（x265 为 GPL 许可，"
    "Kvazaar 不是），或将图片转换为 JPEG、PNG 或 AVIF。",
)
_PIXELS: Final = Words(
    en="HEIC pictures of more than {most} million pixels are not drawn upon. Make a smaller one"
    " first.",
    zh="不支持在超过 {most} 百万像素的 HEIC 图片上绘制标识，请先缩小图片。",
)
_MEMORY: Final = Words(
    en="Drawing on this picture needs more memory than it may use. Make it smaller first.",
    zh="在该图片上绘制标识所需的内存超过上限，请先缩小图片。",
)
_MODE: Final = Words(
    en="HEIC pictures with the colours {mode} are not drawn upon, since they would lose some."
    " Convert it to 8-bit RGB, or say that it shows its notice: --explicit present.",
    zh="不支持在颜色模式为 {mode} 的 HEIC 图片上绘制标识，否则会损失色彩。请转换为 8 位 RGB；"
    "已显示标识的，使用 --explicit present。",
)
_SMALL: Final = Words(
    en="The picture is too small to hold the notice. Make it larger first.",
    zh="图片过小，放不下标识，请先放大。",
)
_BROKEN: Final = Words(
    en="The HEIC cannot be opened to draw a notice on it ({why}). It was not changed.",
    zh="无法打开 HEIC 图片以绘制标识（{why}）。文件未作任何改动。",
)
_UNLIKE: Final = Words(
    en="At no quality does this HEIC, encoded anew, look as it did (alike to {least} dB). It was"
    " not changed. Convert it to PNG first, or say that it shows its notice: --explicit present.",
    zh="该 HEIC 重新编码后，任何质量下都与原图有明显差别（相似度低于 {least} dB）。"
    "文件未作任何改动。请先转换为 PNG；已显示标识的，使用 --explicit present。",
)
_NOT_SAME: Final = Words(
    en="The HEIC with its notice, read back, is not the picture of before: its size, colours or"
    " metadata changed. Nothing was put in place; please report it, or convert the picture first.",
    zh="写入标识后读回的 HEIC 与原图不一致（尺寸、色彩或元数据有变）。未替换任何文件，"
    "请向我们报告，或先转换格式。",
)
_NOT_THERE: Final = Words(
    en="The notice, read back from the HEIC that was written, does not stand out. Nothing was put"
    " in place; please report it.",
    zh="从写出的 HEIC 读回的标识不够清晰。未替换任何文件，请向我们报告。",
)
