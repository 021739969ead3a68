"""The table ``[filing]``: how the documents of a filing are typeset."""

from dataclasses import dataclass, field
from pathlib import Path

from hegui.settings.fields import says


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """How the filing package is made."""

    font: Path | None = field(
        default=None,
        metadata=says(
            "another font for the PDF files: TrueType, OpenType or a collection. The one that "
            "comes along has the characters of GB 2312; a character that is not in the font is "
            "written as its number, and told",
            "PDF 使用的其他字体文件（TrueType、OpenType 或字体集）。自带字体含 GB 2312 字符；"
            "字体中没有的字符以编码写出，并予以提示",
        ),
    )
