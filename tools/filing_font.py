"""Make the Chinese font of the filing package: GB 2312, Latin, and what our own data needs.

    python tools/filing_font.py NotoSansCJK-Regular.ttc

Needs fonttools. The source is Noto Sans CJK SC Regular (SIL Open Font License 1.1); the subset gets
a name of its own, so that nobody takes it for the whole font.
"""

# ruff: noqa: INP001 - a script, not a package
import sys
from pathlib import Path

from fontTools import subset  # type: ignore[import-not-found] # installed by whoever makes the font
from fontTools.ttLib import TTCollection, TTFont  # type: ignore[import-not-found]

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "src" / "hegui" / "filing" / "fonts" / "HeguiHan-Regular.otf"
FAMILY = "Hegui Han"


def wanted() -> set[int]:
    """Return the characters that the subset is for."""
    found = {
        *range(0x20, 0x7F),
        *range(0xA0, 0x180),
        *range(0x2010, 0x2040),
        *range(0x2460, 0x2474),
    }
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes((high, low)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    for path in (ROOT / "src" / "hegui" / "measures" / "data").rglob("*.json"):
        found.update(map(ord, path.read_text(encoding="utf-8")))
    for path in (ROOT / "src" / "hegui" / "filing").rglob("*.json"):
        found.update(map(ord, path.read_text(encoding="utf-8")))
    return found


def main(source: str) -> None:
    """Write the subset."""
    fonts = [TTFont(source)] if not source.endswith("c") else TTCollection(source).fonts
    font = next(one for one in fonts if "CJK SC" in (one["name"].getDebugName(1) or ""))
    options = subset.Options()
    options.layout_features = ["kern", "locl"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.hinting = False
    options.desubroutinize = False
    options.notdef_outline = True
    made = subset.Subsetter(options)
    made.populate(unicodes=wanted())
    made.subset(font)
    for record in font["name"].names:
        named = {1: FAMILY, 3: "hegui-han-1", 4: f"{FAMILY} Regular", 6: "HeguiHan-Regular"}
        if record.nameID in named:
            record.string = named[record.nameID]
    cff = font["CFF "].cff
    cff.fontNames = ["HeguiHan-Regular"]
    cff.topDictIndex[0].FullName = f"{FAMILY} Regular"
    cff.topDictIndex[0].FamilyName = FAMILY
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(PLACE)
    print(PLACE, PLACE.stat().st_size)  # noqa: T201 - what the script is for


if __name__ == "__main__":
    main(sys.argv[1])
