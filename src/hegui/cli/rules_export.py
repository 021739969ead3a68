"""``hegui rules export``: packs as a workbook that ``hegui rules import`` reads back as it was."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hegui.cli.fresh import write_over
from hegui.cli.rules_given import PACKS, sound
from hegui.cli.rules_table import harmless
from hegui.cli.speech import CLEAN, command, option, say
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.detectors.packs import Pack, Rule

_TEXTS: Final = ("word", "pattern", "exception", "exception_pattern", "match", "clean")
_TERMS: Final = (
    *("rule", "risk", "severity", "title_en", "title_zh", "mask_en", "mask_zh"),
    *("languages", "variants", "clause", "added", "retired"),
)


@command(
    "export",
    Words(
        "Write a rule pack as an Excel workbook, a row for each word, pattern, exception and case. "
        "Importing it gives the same pack. Cells that a spreadsheet would take for a formula are "
        "made text. Without PACK: the packs that come with hegui, a workbook only to read.",
        "把规则包写成 Excel 工作簿，每个词、模式、例外和用例一行；再导入可得到相同的规则包。"
        "会被表格软件当作公式的单元格一律改为文本。不写 PACK 时导出 hegui 自带的规则包，仅供查看。",
    ),
    Words(
        "hegui rules export own.yaml --xlsx own.xlsx",
        "hegui rules export own.yaml --xlsx own.xlsx",
    ),
)
@PACKS
@option(
    "--xlsx",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("the workbook to write", "写入的工作簿"),
)
@option(
    "--replace",
    is_flag=True,
    words=Words("write over a workbook that is there", "覆盖已有的工作簿"),
)
def export(packs: tuple[Path, ...], xlsx: Path, *, replace: bool) -> int:
    """Write packs as a workbook."""
    held = list(sound(packs).values())
    if xlsx.exists() and any(xlsx.samefile(pack) for pack in packs):
        words = Words(
            "--xlsx {name} is a pack that is exported; name another file",
            "--xlsx {name} 正是要导出的规则包，请换一个名字",
        )
        raise BadRequest(words.fill(name=xlsx), param="xlsx")
    if xlsx.is_file() and not replace:
        words = Words(
            "{name} is there already; --replace writes over it", "{name} 已存在；加 --replace 覆盖"
        )
        raise BadRequest(words.fill(name=xlsx), param="xlsx")
    save(held, xlsx)
    count = sum(1 for pack in held for rule in pack.rules for _ in _rows(rule))
    say(
        Words("{n} rows written to {name}", "已将 {n} 行写入 {name}").fill(n=count, name=xlsx),
        err=True,
    )
    return CLEAN


def save(packs: "list[Pack]", path: Path) -> None:
    """Write packs as a workbook; what a cell cannot hold is ``BadRequest``, before anything is."""
    from openpyxl import Workbook

    from hegui.filing.package.cells import text_cell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("words")
    sheet.append([*_TEXTS, *_TERMS])
    for pack in packs:
        for rule in pack.rules:
            terms = [_plain(text) for text in _terms(rule)]
            for name, text in _rows(rule):
                row = [_plain(text) if name == each else "" for each in _TEXTS] + terms
                sheet.append([text_cell(sheet, each) for each in row])
    if len(packs) == 1:
        about = book.create_sheet("pack")
        for name, text in _about(packs[0]):
            about.append([name, text_cell(about, _plain(text))])
    content = BytesIO()
    book.save(content)
    write_over(path, content.getvalue(), "xlsx")


def _plain(text: str) -> str:
    from hegui.filing.package.wording import clean

    if any(char < " " for char in text) or clean(text) != text:
        words = Words(
            "a text holds a control character, which a workbook cannot hold",
            "有文本含控制字符，工作簿无法保存",
        )
        raise BadRequest(words)
    return harmless(text)


def _about(pack: "Pack") -> Iterator[tuple[str, str]]:
    yield "pack", pack.id
    yield "version", pack.version
    yield "title_en", pack.title.en
    yield "title_zh", pack.title.zh
    yield "licence", pack.licence
    yield "source", pack.source


def _terms(rule: "Rule") -> Iterator[str]:
    yield from (rule.id, rule.risk, rule.severity)
    yield from (rule.title.en, rule.title.zh, rule.mask.en, rule.mask.zh)
    yield ",".join(rule.languages)
    yield ",".join(rule.variants) or "-"
    yield "true" if rule.clause else ""
    yield rule.added
    yield rule.retired


def _rows(rule: "Rule") -> Iterator[tuple[str, str]]:
    yield from (("word", said.text) for said in rule.literals)
    yield from (("pattern", said.text) for said in rule.patterns)
    for said in rule.exceptions:
        yield "exception_pattern" if said.pattern else "exception", said.text
    yield from (("match", said.text) for said in rule.match)
    yield from (("clean", said.text) for said in rule.clean)
