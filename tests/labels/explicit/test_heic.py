"""The notice on HEIC, with the operator's own pillow-heif."""

import io
import sys
from collections.abc import Callable
from struct import pack
from types import SimpleNamespace
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from hegui.labels import xmp
from hegui.labels.explicit import heic
from hegui.labels.explicit.plate import plate_for
from hegui.labels.manifests import C2PA_BOX
from hegui.terms import BadRequest, Corrupt
from hegui.testing.labelled import OTHER

SIZE = (320, 240)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PACKET = xmp.with_label(None, OTHER.inner()).replace(b"AIGC", b"Else")


def busy(mode: str = "RGB") -> Image.Image:
    noise = np.random.default_rng(7).integers(0, 256, (40, 40, 3), np.uint8)
    return Image.fromarray(noise).resize(SIZE, Image.Resampling.BICUBIC).convert(mode)


def plain(level: int) -> Image.Image:
    return Image.new("RGB", SIZE, (level,) * 3)


def encoded(picture: Image.Image, thumbnails: tuple[int, ...] = (), **options: Any) -> bytes:
    held, written = pillow_heif.from_pillow(picture), io.BytesIO()
    held[0].info["thumbnails"] = list(thumbnails)
    held.save(written, **({"quality": 60} | options))
    return written.getvalue()


def deep(bits: int, mode: str = "RGB", **options: Any) -> bytes:
    """Return a ramp in BT.2020, in narrow range, by default as PQ has it."""
    ramp = np.linspace(0, (1 << bits) - 1, SIZE[0], dtype="<u2")
    bands = len(mode)
    pixels = np.broadcast_to(ramp[None, :, None], (SIZE[1], SIZE[0], bands))
    held = pillow_heif.from_bytes(f"{mode};{bits}", SIZE, pixels.tobytes())
    held[0].info["bit_depth"] = bits
    how = {"color_primaries": 9, "transfer_characteristics": 16, "matrix_coefficients": 9}
    written = io.BytesIO()
    held.save(written, **({"quality": 60, "full_range_flag": 0} | how | options))
    return written.getvalue()


def opened(data: bytes) -> Any:
    return pillow_heif.open_heif(data, convert_hdr_to_8bit=False, hdr_to_16bit=False)[0]


def seen(data: bytes) -> np.ndarray:
    return np.asarray(opened(data)).astype(int)


def drawn(data: bytes) -> bytes:
    return heic.drawn(data)[0]


def plate_of(picture: np.ndarray) -> np.ndarray:
    """Return what stands where the plate is: in the corner at the bottom right."""
    width, height = plate_for(min(picture.shape[:2])).size
    edge = min(width, height) // 4
    return picture[-height - edge : -edge, -width - edge : -edge]


def _contrast(light: float, dark: float) -> float:
    def luminance(value: float) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    return (luminance(light) + 0.05) / (luminance(dark) + 0.05)


@pytest.mark.parametrize("level", [255, 128, 0])
def test_the_notice_stands_out_from_any_background(level: int) -> None:
    plate = plate_of(seen(drawn(encoded(plain(level))))).mean(-1)
    assert plate.max() > 245
    assert _contrast(float(plate.max()), float(np.median(plate))) >= 4.5


@pytest.mark.parametrize("quality", [50, 80])
def test_a_picture_is_as_good_as_the_same_outside_the_plate(quality: int) -> None:
    data = encoded(busy(), quality=quality)
    made, how = heic.drawn(data)
    before, after = seen(data), seen(made)
    apart = np.sort(((before - after) ** 2).mean(-1).ravel())[: -4 * 60 * 20]  # but the plate
    assert 10 * np.log10(255**2 / apart.mean()) > 44
    assert len(made) < 4 * len(data)
    assert how.startswith("hevc, x265, quality ")


def test_metadata_survives_and_thumbnails_show_the_notice() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a picture"
    about = {"exif": exif.tobytes(), "xmp": PACKET, "icc_profile": PROFILE}
    data = encoded(plain(200), (160,), **about)
    made = opened(drawn(data))
    for name in (*about, "bit_depth", "chroma"):
        assert made.info[name] == opened(data).info[name]
    assert made.info["xmp"] == PACKET
    assert made.info["thumbnails"] == [160]
    small = np.asarray(made.get_thumbnail(0)).mean(-1)
    assert small[small.shape[0] // 2 :].min() < 120  # the plate


@pytest.mark.parametrize("orientation", [2, 5, 6])
def test_a_turned_picture_has_its_notice_upright_and_is_turned_once(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(plain(220), exif=exif.tobytes())
    made = opened(drawn(data))
    assert made.size == opened(data).size
    upright = drawn(encoded(Image.new("RGB", made.size, (220,) * 3)))
    assert np.abs(np.asarray(made).astype(int) - seen(upright)).max() <= 2
    kept = Image.Exif()
    kept.load(made.info["exif"])
    assert kept[0x0112] == 1


@pytest.mark.parametrize("chroma", [420, 422, 444])
def test_the_resolution_of_colours_is_kept(chroma: int) -> None:
    assert opened(drawn(encoded(plain(90), chroma=chroma))).info["chroma"] == chroma


@pytest.mark.parametrize("bits", [10, 12])
def test_depth_and_the_numbers_of_colours_are_kept(bits: int) -> None:
    data = deep(bits)
    made = opened(drawn(data))
    assert made.info["bit_depth"] == bits
    assert made.info["nclx_profile"] == opened(data).info["nclx_profile"]
    plate = plate_of(np.asarray(made)).mean(-1) / ((1 << bits) - 1)
    assert 0.54 < plate.max() < 0.62  # as bright as paper, not as bright as PQ can be
    assert np.median(plate) < 0.2


def test_grey_and_glass_stay_what_they_are() -> None:
    grey = opened(drawn(encoded(busy("L"))))
    assert grey.mode == "L"
    clear = busy("RGBA")
    clear.putalpha(60)
    glass = np.asarray(opened(drawn(encoded(clear))))
    assert abs(int(np.median(glass[..., 3])) - 60) <= 1
    assert glass[..., 3].max() > 245  # the letters


def test_a_picture_in_tiles_stays_one() -> None:
    made = opened(drawn(encoded(plain(90).resize((400, 300)), tile_size=256)))
    assert made.info["tiling"]["num_columns"] == 2


def test_a_manifest_is_for_the_doors_to_judge() -> None:
    box = pack(">I4s", 32, b"uuid") + C2PA_BOX + bytes(8)
    assert drawn(encoded(plain(9)) + box)


GLASS = encoded(Image.new("RGBA", SIZE, (9, 9, 9, 9)))
TURNED = encoded(plain(9), (100,), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0", xmp=PACKET)


def _two() -> bytes:
    held, written = pillow_heif.from_pillow(plain(9)), io.BytesIO()
    held.add_from_pillow(plain(8))
    held.save(written)
    return written.getvalue()


def _foreign() -> bytes:
    held, written = pillow_heif.from_pillow(plain(9)), io.BytesIO()
    held[0].info["metadata"] = [{"type": "iptc", "content_type": "", "data": b"words"}]
    held.save(written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (GLASS.replace(b"aux:auxid:1", b"").replace(b"auxid:1", b"auxid:2"), "auxid:2"),
        (TURNED.replace(b"pixi", b"cmex"), "cmex"),
        (TURNED.replace(b"thmb", b"base"), "base"),
        (TURNED.replace(b"hdlr", b"grpl"), "grpl"),
        (TURNED.replace(b"Exif\0\0\0\0", b"tmap\0\0\0\0", 1), "tmap"),
        (TURNED.replace(b"rdf+xml", b"rdf+jsn", 1), "rdf\\+jsn"),
        (TURNED.replace(b"cdsc\0\3\0\1\0\1", b"cdsc\0\3\0\1\0\2", 1), "Exif|XMP"),
        (TURNED + pack(">I4s", 8, b"moov"), "moov"),
        (TURNED + pack(">I4s", 12, b"uuid") + b"else", "uuid"),
        (_two(), "several pictures"),
        (_foreign(), "iptc"),
        (deep(10, "RGBA"), "RGBA;10"),
        (encoded(plain(9).resize((12, 12))), "too small"),
    ],
)
def test_what_would_be_lost_is_refused_by_name(data: bytes, what: str) -> None:
    with pytest.raises(BadRequest, match=what):
        heic.drawn(data)


def test_deep_colours_that_nobody_named_are_refused() -> None:
    with pytest.raises(BadRequest, match="colr"):
        heic.drawn(deep(10).replace(b"colr", b"skip"))


def test_colours_by_number_and_by_profile_at_once_are_refused() -> None:
    mastered = dict.fromkeys(("display_primaries_x", "display_primaries_y"), (1, 2, 3))
    names = ("white_point_x", "white_point_y", "max_display_mastering_luminance")
    mastered |= dict.fromkeys((*names, "min_display_mastering_luminance"), 1)
    about = {"icc_profile": PROFILE, "mastering_display_colour_volume": mastered}
    data = encoded(plain(9), **about)
    assert opened(drawn(data)).info["mastering_display_colour_volume"] == mastered
    at = data.index(b"mdcv")
    twice = data[:at] + b"colrnclx\0\x09\0\x10\0\x09\0" + data[at + 15 :]
    with pytest.raises(BadRequest, match="colr"):
        heic.drawn(twice)


def test_a_picture_that_claims_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    data = encoded(plain(9))
    claimed = data.replace(pack(">II", *SIZE), pack(">II", 9_000, 9_000))
    with pytest.raises(BadRequest) as caught:
        heic.drawn(claimed)
    assert caught.value.code == "too_large"


def test_a_damaged_file_is_a_refusal() -> None:
    data = encoded(busy(), quality=20)
    for end in range(0, len(data), max(1, len(data) // 60)):
        with pytest.raises(BadRequest):
            heic.drawn(data[:end])


def test_a_picture_that_no_quality_keeps_is_refused() -> None:
    harsh = np.random.default_rng(3).choice([0, 255], (120, 160, 3)).astype(np.uint8)
    held, written = pillow_heif.from_pillow(Image.fromarray(harsh)), io.BytesIO()
    held.save(written, quality=-1, chroma=420)
    assert opened(written.getvalue()).info["chroma"] == 420
    with pytest.raises(BadRequest, match="At no quality"):
        heic.drawn(written.getvalue())


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(BadRequest) as caught:
        heic.drawn(GLASS)
    for said in (caught.value.words.en, caught.value.words.zh):
        assert "pip install pillow-heif" in said
        assert "GPL" in said
    monkeypatch.setitem(
        sys.modules, "pillow_heif", SimpleNamespace(libheif_info=lambda: {"HEIF": ""})
    )
    with pytest.raises(BadRequest, match="no encoder"):
        heic.drawn(GLASS)


def library(change: Callable[[Any], None]) -> SimpleNamespace:
    """Return a pillow-heif that writes something else than it was given."""

    def from_bytes(mode: str, size: tuple[int, int], data: bytes) -> Any:
        held = pillow_heif.from_bytes(mode, size, data)
        save = held.save

        def other(target: Any, **how: Any) -> None:
            change(held)
            save(target, **how)

        held.save = other
        return held

    names = ("libheif_info", "set_orientation", "open_heif")
    real = {name: getattr(pillow_heif, name) for name in names}
    return SimpleNamespace(from_bytes=from_bytes, **real)


def _without_xmp(held: Any) -> None:
    held[0].info.pop("xmp", None)


def _blank(held: Any) -> None:
    held._images[0] = pillow_heif.from_pillow(plain(9))[0]


@pytest.mark.parametrize("change", [_without_xmp, _blank])
def test_what_is_read_back_otherwise_is_not_given_out(
    change: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", library(change))
    with pytest.raises(Corrupt):
        heic.drawn(encoded(plain(200), xmp=PACKET))
