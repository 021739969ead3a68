"""MP4, MOV and M4A: the label under the key ``AIGC`` of ``moov.udta.meta``.

TC260-PG-20257A, 6.1.1, for video; TC260-PG-202510A for audio. Nothing but ``moov`` grows; where
media data stands behind it, the offsets to it follow.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from hegui.labels.box_metadata import Metadata
from hegui.labels.box_moves import Moves, followed, items
from hegui.labels.boxes import Boxes, only
from hegui.labels.container import Format, Found, Slice, Source, Splice
from hegui.labels.splicing import spliced, stretches
from hegui.terms import Words

_STILL: Final = frozenset({b"mif1", b"mif2", b"msf1", b"heic", b"heix", b"heim", b"heis"})
_STILL_TOO: Final = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"avif", b"avis", b"miaf"})
_NOT_OURS: Final = _STILL | _STILL_TOO | {b"crx ", b"jp2 ", b"jpx ", b"jxl "}
_QUICKTIME: Final = b"qt  "
_AUDIO: Final = frozenset({b"M4A ", b"M4B ", b"M4P "})
_OLD: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})


class _Film:
    def __init__(self, name: str, suffixes: Sequence[str], mime: Sequence[str], guide: str) -> None:
        self.name, self.suffixes, self.mime = name, suffixes, mime
        self.place = Words(_PLACE.en.format(guide=guide), _PLACE.zh.format(guide=guide))

    def matches(self, head: bytes) -> bool:
        return _kind(head) == self.name

    def read(self, source: Source) -> list[Found]:
        boxes = Boxes(source)
        tops = boxes.top()
        return Metadata(boxes, tops, only(tops, b"moov")).found()

    def write(self, source: Source, inner: str) -> Splice:
        boxes = Boxes(source)
        tops = boxes.top()
        moov = only(tops, b"moov")
        changes = Metadata(boxes, tops, moov).edit(moov, inner).changes()
        moves = Moves(changes)
        behind = list(followed(boxes, tops, changes))
        if moves:
            for meta in (box for box in tops if box.kind == b"meta"):
                behind += items(boxes, meta, moves)
        return spliced(source.size, [*changes, *behind])

    def payload(self, source: Source) -> Iterator[Slice]:
        tops = Boxes(source).top()
        return stretches((one.body, one.end) for one in tops if one.kind == b"mdat")


def _kind(head: bytes) -> str:
    """Return the name of the format of a file that begins with ``head``; none if it is no film."""
    kind, brand = head[4:8], head[8:12]
    if kind != b"ftyp":
        return "mov" if kind in _OLD else ""
    if brand in _AUDIO:
        return "m4a"
    if brand == _QUICKTIME:
        return "mov"
    return "" if brand in _NOT_OURS or len(brand) < 4 else "mp4"  # noqa: PLR2004 - a brand


_PLACE: Final = Words(
    en="the key AIGC in moov.udta.meta, handler mdta ({guide})",
    zh="moov.udta.meta（handler 为 mdta）中的键 AIGC（{guide}）",
)
_VIDEO, _SOUND = "TC260-PG-20257A", "TC260-PG-202510A"
MP4: Final[Format] = _Film("mp4", (".mp4", ".m4v"), ("video/mp4", "audio/mp4"), _VIDEO)
MOV: Final[Format] = _Film("mov", (".mov", ".qt"), ("video/quicktime",), _VIDEO)
M4A: Final[Format] = _Film("m4a", (".m4a", ".m4b"), ("audio/mp4", "audio/x-m4a"), _SOUND)
FORMATS: Final = (MP4, MOV, M4A)
