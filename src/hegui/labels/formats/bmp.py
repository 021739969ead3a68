"""BMP: no guide names a place for a label, and the format has none; the label goes beside it."""

from collections.abc import Iterator
from typing import Final

from hegui.labels.container import Format, Found, Slice, Source, Splice
from hegui.terms import BadRequest, Words


class _Bmp:
    name = "bmp"
    suffixes = (".bmp", ".dib")
    mime = ("image/bmp", "image/x-ms-bmp")
    place = Words(
        en="none: no guide names one for BMP; the label goes into a file beside it",
        zh="无：现有指南均未规定 BMP 的标识位置，标识写入旁附文件",
    )

    def matches(self, head: bytes) -> bool:
        return head[:2] == b"BM" and head[6:10] == b"\0\0\0\0"

    def read(self, source: Source) -> list[Found]:  # noqa: ARG002 - there is no place to look at
        return []

    def write(self, source: Source, inner: str) -> Splice:  # noqa: ARG002 - it goes beside the file
        raise BadRequest(_NO_PLACE, code="no_place")

    def payload(self, source: Source) -> Iterator[Slice]:
        yield Slice(0, source.size)


_NO_PLACE: Final = Words(
    en="No guide names a place for a label in a BMP file, and the format has none. Convert it to"
    " PNG, or keep the label in a file beside it (NAME.aigc.json).",
    zh="现有指南未规定 BMP 文件中的标识位置，该格式也没有可用的元数据区。"
    "请转换为 PNG，或将标识保存在旁附文件（NAME.aigc.json）中。",
)
BMP: Final[Format] = _Bmp()
FORMATS: Final = (BMP,)
