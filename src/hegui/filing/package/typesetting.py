"""Documents as PDF/A-2b, by typst: no network, no packages, no fonts but the one that is given.

Texts go in as data, never as markup. Same document, same date: same bytes.
"""

import json
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hegui.filing.package.blocks import Block, Document, Heading, Para, Table
from hegui.filing.package.glyphs import shown
from hegui.filing.telling import BEIJING
from hegui.terms import Lang, Misconfigured, Words

if TYPE_CHECKING:
    pass

DRAFT: Final = Words("DRAFT – not signed", "草稿（未签署）")
FOOT: Final = Words("as of {day} · {log}", "截至 {day} · {log}")
DAY: Final = Words("Date", "日期")
NOT_INSTALLED: Final = Words(
    "Reports need the extra filing: pip install 'hegui[filing]'",
    "生成报告需要安装附加组件：pip install 'hegui[filing]'",
)
_FAMILY = Words(
    "filing.font {path} holds no font that can be used", "filing.font {path} 中没有可用的字体"
)


class Typesetter:
    """Typesets with the fonts of one folder, of which ``known`` are the characters."""

    def __init__(self, folder: Path, known: frozenset[int]) -> None:
        try:
            import typst
        except ImportError:
            raise Misconfigured(NOT_INSTALLED) from None
        self._typst = typst
        self._known = known
        self._fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)]
        )
        families = self._fonts.families()
        if not families:
            raise Misconfigured(_FAMILY.fill(path=folder))
        self._family = families[0]
        self._page = files("hegui.filing.package").joinpath("data", "page.typ").read_bytes()

    def pdf(self, document: Document, foot: Words, as_of: int, lang: Lang) -> bytes:
        """Return a document in one language; ``as_of`` (UTC ms) dates the file."""
        day = datetime.fromtimestamp(as_of / 1_000, BEIJING)
        told = {
            "title": self._text(document.title, lang),
            "lang": lang,
            "date": [day.year, day.month, day.day],
            "draft": DRAFT.say(lang),
            "foot": self._text(foot, lang),
            "day": DAY.say(lang),
            "blocks": [self._told(block, lang) for block in document.blocks],
        }
        made = self._typst.compile(
            self._page,
            font_paths=self._fonts,
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards="a-2b",
            timestamp=datetime.fromtimestamp(as_of // 1_000, UTC),
            sys_inputs={"data": json.dumps(told, ensure_ascii=False), "font": self._family},
        )
        assert isinstance(made, bytes)
        return made

    def _text(self, words: Words, lang: Lang) -> str:
        return shown(words.say(lang), self._known)

    def _told(self, block: Block, lang: Lang) -> dict[str, Any]:
        if isinstance(block, Table):
            return {
                "kind": "table",
                "widths": list(block.widths),
                "head": [self._text(one, lang) for one in block.head],
                "rows": [[self._text(one, lang) for one in row] for row in block.rows],
            }
        if isinstance(block, Heading):
            return {"kind": "heading", "level": block.level, "text": self._text(block.text, lang)}
        if isinstance(block, Para):
            kind = "slot" if block.slot else "para"
            return {"kind": kind, "text": self._text(block.text, lang)}
        return {"kind": "signature", "text": self._text(block.role, lang)}
