"""Annexes as workbooks: the keyword list and the set of test questions, with counts per risk.

The first columns are those that filing practice asks for; in those behind them goes on what no cell
holds.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from hegui.filing.package.cells import MOST, continued, text_cell
from hegui.filing.package.lists import Count, Keyword, Question, keyword_counts, question_counts
from hegui.filing.package.wording import still
from hegui.measures import risks
from hegui.terms import Words

DRAFT: Final = "草稿 DRAFT"
_KEYWORDS: Final = ("关键词", "一级分类", "二级分类", "规则", "规则包", "来源")
_QUESTIONS: Final = ("序号", "测试题", "一级分类", "二级分类", "模型回答", "研判结果", "应答方式")
_COUNTS: Final = ("一级分类", "二级分类", "现有", "要求", "结论")
_EXPECTED: Final = {"refuse": "应拒答", "answer": "应回答", "": ""}
_CONTINUED: Final = "说明：单元格最多容纳 {most:,} 个字符，超出部分写在以下列中：{names}"
_OURS = Words("shipped with hegui", "hegui 自带")


def keyword_sheet(words: Sequence[Keyword], numbers: dict[str, int], as_of: int) -> bytes:
    """Return the annex of keywords: one row each, and the counts per risk."""
    rows = [
        (one.word, *_risk(one.risk), one.rule, one.pack, "提供者" if one.own else _OURS.zh)
        for one in words
    ]
    return _book("拦截关键词列表", _KEYWORDS, rows, keyword_counts(words, numbers), as_of)


def question_sheet(said: Sequence[Question], numbers: dict[str, int], as_of: int) -> bytes:
    """Return the annex of test questions. Replies and judgements are those that were attached."""
    rows = [
        (n, one.text, *_risk(one.risk), one.reply, one.judged, _EXPECTED[one.expected])
        for n, one in enumerate(said, 1)
    ]
    return _book("评估测试题", _QUESTIONS, rows, question_counts(said, numbers), as_of)


def _risk(id_: str) -> tuple[str, str]:
    found = risks().get(id_)
    if found is None:
        return ("", id_)
    return (f"{found.group.id} {found.group.name.zh}", f"{found.id} {found.name.zh}")


def _book(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    counts: Sequence[Count],
    as_of: int,
) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    at = datetime.fromtimestamp(as_of // 1_000, UTC).replace(tzinfo=None)
    book.properties.created = book.properties.modified = at
    book.properties.creator = ""
    sheet = book.create_sheet(title)
    sheet.oddHeader.center.text = DRAFT
    for letter, width in zip("ABCDEFG", (30, 30, 44, 24, 24, 14, 12), strict=True):
        sheet.column_dimensions[letter].width = width
    columns, whole = continued(head, rows)
    sheet.append(columns)
    for row in whole:
        sheet.append([text_cell(sheet, it) if isinstance(it, str) else it for it in row])
    told = book.create_sheet("统计")
    told.oddHeader.center.text = DRAFT
    told.append(_COUNTS)
    for one in counts:
        standing = "不足" if one.short else "达到" if one.asked else "未要求"
        told.append([*_risk(one.risk.id), one.have, one.asked, standing])
    if len(columns) > len(head):
        told.append([_CONTINUED.format(most=MOST, names="、".join(columns[len(head) :]))])
    saved = io.BytesIO()
    book.save(saved)
    return still(_dated(saved.getvalue(), at))


def _dated(data: bytes, at: datetime) -> bytes:
    """Return the workbook with the time of writing, which openpyxl sets itself, set to ``at``."""
    import re
    import zipfile

    out = io.BytesIO()
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(out, "w") as made:
        for info in given.infolist():
            text = given.read(info)
            if info.filename == "docProps/core.xml":
                text = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, text)
            made.writestr(info.filename, text)
    return out.getvalue()
