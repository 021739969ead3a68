"""Make the font of explicit labels: the few glyphs of Noto Sans CJK SC that notices need.

Needs fonttools (MIT) and Debian's fonts-noto-cjk (SIL OFL 1.1):
``python tools/label_font.py /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc``.
"""

# ruff: noqa: INP001, T201 - a script that prints
import json
import sys
from pathlib import Path
from typing import Final

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

TEXT: Final = (
    "人工智能AI生成合成本内容由图片视频音频文档的使用辅助（）()。.,，：: -"
    "This content is AI-generated"
)
FOLDER: Final = Path(__file__).parent.parent / "src/hegui/labels/explicit"
_FAMILY: Final = "Noto Sans CJK SC"


def glyphs(font: TTFont) -> dict[str, tuple[int, int]]:
    """Return each character's number in the font (CID), and its width in thousandths of an em."""
    names = font.getBestCmap()
    return {
        chr(code): (int(name.removeprefix("cid")), font["hmtx"][name][0])
        for code, name in sorted(names.items())
    }


def main(collection: str) -> None:
    """Write the subset into the package."""
    fonts = TTCollection(collection).fonts
    font = next(one for one in fonts if one["name"].getDebugName(1) == _FAMILY)
    options = Options()
    options.layout_features = []
    options.hinting = False
    options.desubroutinize = True
    options.name_IDs = [0, 1, 2, 5, 6, 13, 14]
    options.notdef_outline = True
    subsetter = Subsetter(options)
    subsetter.populate(text=TEXT)
    subsetter.subset(font)
    target = FOLDER / "notice.otf"
    font.save(target)
    table = json.dumps(glyphs(TTFont(target)), ensure_ascii=False, separators=(",", ":"))
    (FOLDER / "notice.json").write_text(table + "\n", encoding="utf-8")
    print(target.name, target.stat().st_size, "bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
