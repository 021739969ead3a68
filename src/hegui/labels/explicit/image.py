"""The notice on a picture: in the corner where it hides least, in the picture's own format."""

import io
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from hegui.labels.explicit import moving, surrounding, tiff
from hegui.labels.explicit.moving import FAULTS
from hegui.labels.explicit.plate import calmest, fitting, plate_for, put, upright
from hegui.terms import BadRequest, Misconfigured, Words

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_PIXELS: Final = 100_000_000
_ORIENTATION: Final = 0x0112
_MODES: Final = frozenset({"L", "LA", "RGB", "RGBA", "P", "1"})
_QUALITY: Final = 95
_PRIMARIES: Final = (b"\0\1", b"\0\2")  # BT.709, or nothing said
_TRANSFERS: Final = (b"\0\1", b"\0\2", b"\0\6", b"\0\x0d")  # of BT.709, alike, or sRGB


def drawn(data: bytes, form: str) -> bytes:
    """Return the picture in ``data`` with the notice in a corner, in its own format.

    JPEG keeps its quantisation tables, PNG, TIFF and lossless WebP every other pixel. Of what
    moves, every frame gets it (see ``moving``). Metadata stays: EXIF, XMP, colour profile, and
    all else of a JPEG and a PNG (see ``surrounding``). Formats and forms that cannot be drawn upon
    without loss are a ``BadRequest``, and so is what Pillow cannot open.
    """
    if form not in _SAVERS and form not in _MOVING_SAVERS:
        raise BadRequest(_FORMAT.fill(form=form), param="explicit")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of metadata that is damaged, which is left as it is
        image, count = opened(data, form)
        from PIL.Image import DecompressionBombError

        try:
            return _drawn(image, count, data, form)
        except (*FAULTS, DecompressionBombError) as error:  # later frames, or what Pillow writes
            words = _UNDRAWN.fill(why=type(error).__name__)
            raise BadRequest(words, code="picture_form") from None


def _drawn(image: "Image", count: int, data: bytes, form: str) -> bytes:
    _require_eight_bits(data, form)
    _require_known_colours(data, form)
    if count > 1 or form not in _SAVERS:
        if form not in _MOVING_SAVERS:
            raise BadRequest(_MOVING.fill(form=form), param="explicit")
        return _MOVING_SAVERS[form](image, data)
    if image.mode not in _MODES:
        raise BadRequest(_MODE.fill(mode=image.mode), param="explicit")
    about = {str(name): value for name, value in image.info.items()}
    turned = image.getexif().get(_ORIENTATION, 1)
    target = image if image.mode in ("L", "RGB", "RGBA") else in_full_colour(image)
    plate = fitting(upright(plate_for(min(image.size)), turned), target.size)
    put(target, plate, calmest(target, plate.size))
    return _SAVERS[form](target, about, data)


def _require_eight_bits(data: bytes, form: str) -> None:
    """Refuse a picture of more than eight bits a colour, of which Pillow reads eight."""
    deep = form == "png" and data[24:25] == b"\x10"
    if form == "avif":
        at = data.find(b"av1C")
        deep = at >= 0 and bool(data[at + 6 : at + 7]) and data[at + 6] >> 6 & 1 == 1
    if deep:
        raise BadRequest(_MODE.fill(mode="16 bit"), param="explicit")


def _require_known_colours(data: bytes, form: str) -> None:
    """Refuse an AVIF whose numbers mean other colours (ITU-T H.273) than those Pillow writes."""
    at = -1 if form != "avif" or b"colrprof" in data else data.find(b"colrnclx")
    primaries, transfer = data[at + 8 : at + 10], data[at + 10 : at + 12]
    if at >= 0 and not (primaries in _PRIMARIES and transfer in _TRANSFERS):
        raise BadRequest(_MODE.fill(mode="BT.2020, P3, PQ, HLG, …"), param="explicit")


def opened(data: bytes, form: str) -> "tuple[Image, int]":
    """Return a picture, loaded, and how many frames or pages it has.

    A ``BadRequest`` where that fails or takes too much room.
    """
    try:
        from PIL import Image
    except ImportError:
        raise Misconfigured(_NO_PILLOW) from None
    try:
        image = Image.open(io.BytesIO(data), formats=[form.upper()])
        if image.width * image.height > _MOST_PIXELS:
            raise BadRequest(_PIXELS.fill(most=_MOST_PIXELS // 1_000_000), code="too_large")
        image.load()
        count = getattr(image, "n_frames", 1)
    except FAULTS as error:
        raise BadRequest(_BROKEN.fill(why=type(error).__name__), code="file_broken") from None
    except Image.DecompressionBombError:
        words = _PIXELS.fill(most=_MOST_PIXELS // 1_000_000)
        raise BadRequest(words, code="too_large") from None
    return image, count


def in_full_colour(image: "Image") -> "Image":
    """Return a picture of few colours in all of them, pixel for pixel: a palette has no grey."""
    see_through = "transparency" in image.info or image.mode == "LA"
    return image.convert("RGBA" if see_through else "RGB")


def _about(about: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: about[name] for name in names if about.get(name)}


def _jpeg(image: "Image", about: dict[str, Any], data: bytes) -> bytes:
    kept = _about(about, "dpi")
    made = _saved(image, "JPEG", quality="keep", progressive=bool(about.get("progressive")), **kept)
    return surrounding.jpeg(made, data)


def _png(image: "Image", about: dict[str, Any], data: bytes) -> bytes:
    kept = {}
    if isinstance(about.get("transparency"), int | tuple) and image.mode in ("L", "RGB"):
        kept["transparency"] = about["transparency"]
    return surrounding.png(_saved(image, "PNG", **kept), data)


def _webp(image: "Image", about: dict[str, Any], data: bytes) -> bytes:
    kept = _about(about, "exif", "xmp", "icc_profile")
    lossless = b"VP8L" in data[:64] or (b"VP8L" in data and b"VP8 " not in data)
    if lossless:
        return _saved(image, "WEBP", lossless=True, exact=True, **kept)
    return _saved(image, "WEBP", quality=_QUALITY, **kept)  # a WebP does not tell its quality


def _bmp(image: "Image", about: dict[str, Any], data: bytes) -> bytes:  # noqa: ARG001 - one of several savers
    return _saved(image, "BMP", **_about(about, "dpi"))


def _saved(image: "Image", form: str, **options: Any) -> bytes:
    written = io.BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def _avif(image: "Image", about: dict[str, Any], data: bytes) -> bytes:  # noqa: ARG001 - one of several savers
    kept = _about(about, "exif", "xmp", "icc_profile")
    return _saved(image, "AVIF", quality=_QUALITY, subsampling="4:4:4", speed=7, **kept)


def _tiff(image: "Image", _: dict[str, Any], data: bytes) -> bytes:
    return tiff.with_pixels(image, data)


_SAVERS: Final[dict[str, Callable[["Image", dict[str, Any], bytes], bytes]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "bmp": _bmp,
    "tiff": _tiff,
    "avif": _avif,
}
_MOVING_SAVERS: Final = {"gif": moving.gif, "png": moving.apng, "webp": moving.webp}
_NO_PILLOW: Final = Words(
    en="Drawing a notice on a picture needs Pillow: pip install 'hegui[media]'. A picture that"
    " shows its notice already: --explicit present.",
    zh="在图片上绘制标识需要 Pillow：pip install 'hegui[media]'。"
    "图片已显示标识的，使用 --explicit present。",
)
_FORMAT: Final = Words(
    en="hegui draws no notice on {form} pictures. Convert it to PNG or JPEG, or say that it shows"
    " one: --explicit present.",
    zh="hegui 不能在 {form} 图片上绘制标识。请转换为 PNG 或 JPEG；"
    "已显示标识的，使用 --explicit present。",
)
_MOVING: Final = Words(
    en="This {form} file holds several pictures; hegui draws on single ones, and on GIF, APNG and"
    " WebP that move. If each shows the notice, say so: --explicit present.",
    zh="该 {form} 文件含多幅图像；hegui 支持单幅图片以及 GIF、APNG、WebP 动图。"
    "各幅均已显示标识的，使用 --explicit present。",
)
_MODE: Final = Words(
    en="Pictures with the colours {mode} are not drawn upon, since they would lose some. Convert it"
    " to 8-bit RGB, or say that it shows its notice: --explicit present.",
    zh="不支持在颜色模式为 {mode} 的图片上绘制标识，否则会损失色彩。请转换为 8 位 RGB；"
    "已显示标识的，使用 --explicit present。",
)
_PIXELS: Final = Words(
    en="Pictures of more than {most} million pixels are not drawn upon. Make a smaller one first.",
    zh="不支持在超过 {most} 百万像素的图片上绘制标识，请先缩小图片。",
)
_UNDRAWN: Final = Words(
    en="The picture cannot be written with a notice on it ({why}). It was not changed; save it anew"
    " or in another format, or say that it shows its notice: --explicit present.",
    zh="无法写出带标识的图片（{why}）。文件未作任何改动。请重新保存或另存为其他格式；"
    "已显示标识的，使用 --explicit present。",
)
_BROKEN: Final = Words(
    en="The picture cannot be opened to draw a notice on it ({why}). It was not changed.",
    zh="无法打开图片以绘制标识（{why}）。文件未作任何改动。",
)
