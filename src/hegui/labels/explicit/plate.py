"""The notice as it is drawn: light letters on a dark plate, at least 5 % of the shorter side high.

One for pictures that stand, pictures that move and films (GB 45438-2025, 5.2 and 5.4). What *text
height* means is left open there (em, capitals or box), so it is the smallest glyph that is that
high. The plate is dark enough that the contrast does not depend on what is behind.
"""

import io
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

NOTICE: Final = "AI生成"
"""Holds both elements that the standard asks for, AI and generated (5.2)."""
_SHARE: Final = 20  # the shorter side holds the height of the text that often, at most
_SMALLEST: Final = 12  # pixels of a glyph below which Chinese cannot be read
_PLATE: Final = (0, 0, 0, 166)  # 65 %: even over white, white letters stand out 7 to 1
_LETTERS: Final = (255, 255, 255, 255)
WHITE: Final = {16: 0.58, 18: 0.75}
"""Of full scale, by transfer: 203 cd/m2 under PQ and HLG (ITU-R BT.2408), where 1 would dazzle."""
DENSE: Final = 0.85
"""How much the plate covers there, at least: what is behind may be brighter than the letters."""


def text_height(shorter: int) -> int:
    """Return how high the smallest glyph of the notice is, in pixels, on such a picture."""
    font = font_for(shorter)
    return min(int(box[3] - box[1]) for box in map(font.getbbox, NOTICE))


@cache
def font_for(shorter: int) -> "FreeTypeFont":
    """Return the font in the smallest size in which every glyph is high enough."""
    from PIL import ImageFont

    held = (files("hegui.labels.explicit") / "notice.otf").read_bytes()
    wanted = max(-(-shorter // _SHARE), _SMALLEST)
    size = wanted
    while True:
        font = ImageFont.truetype(io.BytesIO(held), size)
        if min(box[3] - box[1] for box in map(font.getbbox, NOTICE)) >= wanted:
            return font
        size += 1


def plate_for(shorter: int) -> "Image":
    """Return the notice for a picture whose shorter side is that long."""
    from PIL import Image, ImageDraw

    font = font_for(shorter)
    left, top, right, bottom = (int(one) for one in font.getbbox(NOTICE))
    room = max(2, round((bottom - top) / 3))
    plate = Image.new("RGBA", (right - left + 2 * room, bottom - top + 2 * room), _PLATE)
    ImageDraw.Draw(plate).text((room - left, room - top), NOTICE, font=font, fill=_LETTERS)
    return plate


def fitting(plate: "Image", size: tuple[int, int]) -> "Image":
    """Return the plate; as large as it can be, where the picture is smaller than it."""
    if plate.width <= size[0] and plate.height <= size[1]:
        return plate
    share = min(size[0] / plate.width, size[1] / plate.height)
    return plate.resize((max(1, int(plate.width * share)), max(1, int(plate.height * share))))


def upright(plate: "Image", orientation: int) -> "Image":
    """Turn the notice so that it is upright once a viewer turned the picture (EXIF 0x0112)."""
    from PIL.Image import Transpose

    back = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_90,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_270,
    }.get(orientation)
    return plate if back is None else plate.transpose(back)


def calmest(image: "Image", size: tuple[int, int]) -> tuple[int, int]:
    """Return the corner where the plate hides least: where the picture changes least."""
    from PIL import ImageStat

    edge = min(size) // 4
    far = max(0, image.width - size[0] - edge), max(0, image.height - size[1] - edge)
    near = min(edge, far[0]), min(edge, far[1])
    corners = [far, (near[0], far[1]), (far[0], near[1]), near]

    def busy(corner: tuple[int, int]) -> float:
        x, y = corner
        part = image.crop((x, y, x + size[0], y + size[1])).convert("L")
        return round(ImageStat.Stat(part).stddev[0])

    return min(corners, key=busy)  # the first of equals: at the bottom right


def put(image: "Image", plate: "Image", corner: tuple[int, int]) -> None:
    """Draw the plate on a picture in grey or full colour."""
    if image.mode == "RGBA":
        image.alpha_composite(plate, corner)
    else:
        image.paste(plate.convert(image.mode), corner, plate.getchannel("A"))
