"""The notice on the frames of a film, blended into the planes of luma and chroma as they are.

A frame is never turned into RGB and back: what lies outside the plate stays bit for bit what the
decoder gave, in its own depth, subsampling and range.
"""

import re
from struct import unpack
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hegui.labels.explicit.plate import DENSE, WHITE, fitting, plate_for, upright
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from PIL.Image import Image

_FORM: Final = re.compile(r"(?:yuvj?(?:420|422|440|444|411|410)p|gray)(9|10|12|14|16)?(?:le)?|nv12")
_ALIGN: Final = 4  # pixels: a multiple of every subsampling
_FULL: Final = 2  # AVCOL_RANGE_JPEG
_TURNS: Final = {0: 1, 90: 8, 180: 3, -180: 3, -90: 6}
"""EXIF's number for what a player does by the display matrix, by its angle (anticlockwise)."""


class Overlay:
    """The notice for one film: made by its first frame, put on any of the same form.

    ``frame`` is one of PyAV. Forms whose planes are not luma and chroma (RGB, palettes, alpha) are
    a ``BadRequest``.
    """

    def __init__(self, frame: Any) -> None:
        self.form: tuple[str, int, int] = (frame.format.name, frame.width, frame.height)
        known = _FORM.fullmatch(frame.format.name)
        if known is None:
            raise BadRequest(FORM.fill(form=frame.format.name), code="video_form")
        self.bits = int(known.group(1) or 8)
        self._full = frame.color_range == _FULL or frame.format.name.startswith("yuvj")
        self._white = WHITE.get(frame.color_trc, 1.0)
        self.matrix = _matrix(frame)
        plate = self._plate(frame)
        self._light = np.asarray(plate.getchannel("R"), np.float64) / 255
        self._cover = np.asarray(plate.getchannel("A"), np.float64) / 255
        if self._white < 1:  # what is behind may be much brighter than the letters
            self._cover = np.maximum(self._cover, DENSE)
        self.corner = self._calmest(_plane(frame, 0, self.bits))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the plate, in pixels."""
        return self._cover.shape[1], self._cover.shape[0]

    def draw(self, frame: Any) -> Any:
        """Return the frame with the notice; the one that was given is left alone by its decoder."""
        if self.form != (frame.format.name, frame.width, frame.height):
            raise BadRequest(CHANGES, code="video_form")
        frame.make_writable()
        luma = _plane(frame, 0, self.bits)
        _blend(luma, self.corner, self._cover, self._level(self._light * self._white))
        middle = np.float64(1 << (self.bits - 1))
        if frame.format.name == "nv12":
            both = _plane(frame, 1, 8)
            for which in (0, 1):
                self._blend_chroma(both[:, which::2], luma.shape, middle)
        else:
            for number in range(1, len(frame.planes)):
                self._blend_chroma(_plane(frame, number, self.bits), luma.shape, middle)
        return frame

    def contrast(self, frame: Any) -> float:
        """Return how much lighter the letters are than what is behind them (1: as drawn on black).

        By the mean luma of where the letters are full, and of where there are none.
        """
        x, y = self.corner
        width, height = self.size
        part = _plane(frame, 0, self.bits)[y : y + height, x : x + width].astype(np.float64)
        letters, ground = self._light > 0.95, self._light < 0.05  # noqa: PLR2004 - all or nothing
        if not letters.any() or not ground.any():
            return 0.0
        step = float(self._level(np.float64(self._white)) - self._level(np.float64(0)))
        return float(part[letters].mean() - part[ground].mean()) / step

    def _plate(self, frame: Any) -> "Image":
        width, height = frame.width, frame.height
        if frame.rotation not in _TURNS or _mirrored(self.matrix):
            raise BadRequest(TURNED, code="video_form")
        plate = upright(plate_for(min(width, height)), _TURNS[frame.rotation])
        plate = fitting(plate, (max(width - _ALIGN, 1), max(height - _ALIGN, 1)))
        across, down = (-plate.width) % _ALIGN, (-plate.height) % _ALIGN
        if plate.width + across > width or plate.height + down > height:
            raise BadRequest(SMALL, code="video_form")
        size = (plate.width + across, plate.height + down)
        whole = plate.resize(size, box=(0, 0, 1, 1))  # its ground, from the corner
        whole.paste(plate, (across // 2, down // 2))
        return whole

    def _calmest(self, luma: NDArray[Any]) -> tuple[int, int]:
        """Return the corner where the picture changes least; the first of equals: bottom right."""
        (width, height), (rows, columns) = self.size, luma.shape
        edge = min(width, height) // 4
        far = _aligned(columns - width, edge), _aligned(rows - height, edge)
        near = min(edge // _ALIGN * _ALIGN, far[0]), min(edge // _ALIGN * _ALIGN, far[1])
        corners = [far, (near[0], far[1]), (far[0], near[1]), near]

        def busy(corner: tuple[int, int]) -> int:
            x, y = corner
            return round(float(luma[y : y + height, x : x + width].std()))

        return min(corners, key=busy)

    def _level(self, light: Any) -> Any:
        """Return the luma of a lightness between 0 and 1."""
        step = 1 << (self.bits - 8)
        return light * ((1 << self.bits) - 1) if self._full else (16 + 219 * light) * step

    def _blend_chroma(
        self, plane: NDArray[Any], whole: tuple[int, ...], middle: np.float64
    ) -> None:
        across, down = round(whole[1] / plane.shape[1]), round(whole[0] / plane.shape[0])
        rows, columns = self._cover.shape
        small = self._cover.reshape(rows // down, down, columns // across, across).mean((1, 3))
        corner = self.corner[0] // across, self.corner[1] // down
        _blend(plane, corner, small, middle)


def _matrix(frame: Any) -> tuple[int, ...]:
    """Return the display matrix, nine numbers; none for a film that is shown as it is."""
    from av.sidedata.sidedata import Type

    found = frame.side_data.get(Type.DISPLAYMATRIX)
    return () if found is None else unpack("=9i", bytes(found)[:36])


def _mirrored(matrix: tuple[int, ...]) -> bool:
    return bool(matrix) and matrix[0] * matrix[4] - matrix[1] * matrix[3] < 0


def _aligned(room: int, edge: int) -> int:
    return max(0, room - edge) // _ALIGN * _ALIGN


def _plane(frame: Any, number: int, bits: int) -> NDArray[Any]:
    plane = frame.planes[number]
    kind = np.dtype("u1") if bits == 8 else np.dtype("<u2")  # noqa: PLR2004 - bits of a byte
    whole = np.frombuffer(plane, kind).reshape(plane.height, plane.line_size // kind.itemsize)
    width = plane.width * (2 if frame.format.name == "nv12" and number else 1)
    return whole[:, :width]


def _blend(plane: NDArray[Any], corner: tuple[int, int], cover: Any, new: Any) -> None:
    x, y = corner
    part = plane[y : y + cover.shape[0], x : x + cover.shape[1]]
    part[:] = np.rint(part * (1 - cover) + new * cover).astype(plane.dtype)


FORM: Final = Words(
    en="Films of the form {form} are not drawn upon. Convert it to yuv420p, or say that it shows"
    " its notice: --explicit present.",
    zh="不支持在像素格式为 {form} 的视频上绘制标识。请转换为 yuv420p；已显示标识的，"
    "使用 --explicit present。",
)
CHANGES: Final = Words(
    en="The film changes its size or form midway; hegui draws on films that do not. Nothing was"
    " changed.",
    zh="视频中途改变了尺寸或像素格式，hegui 不支持在此类视频上绘制标识。文件未作任何改动。",
)
TURNED: Final = Words(
    en="The film is shown mirrored or askew. Turn it upright first, or say that it shows its"
    " notice: --explicit present.",
    zh="视频带有镜像或倾斜显示的设置。请先转正；已显示标识的，使用 --explicit present。",
)
SMALL: Final = Words(
    en="The film is too small to hold the notice. Make it larger first.",
    zh="视频画面过小，放不下标识，请先放大。",
)
