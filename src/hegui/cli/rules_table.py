"""Word lists as tables: Excel, CSV and text in; rows out. What was left out is told, by row.

Spreadsheets are foreign files. A formula is never evaluated: its cell is left out and told. Size is
bounded before anything is unpacked.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from hegui.terms import BadRequest, Words

LARGEST: Final = 33_554_432  # bytes of a file
_UNPACKED: Final = 268_435_456  # bytes that a workbook may unpack to
_RATIO: Final = 200  # times that a part of a workbook may grow when unpacked
MOST_ROWS: Final = 200_000
_MOST_COLUMNS: Final = 64
_LONGEST_CELL: Final = 4_096
_MERGE: Final = re.compile(rb'mergeCell ref="([A-Z]{1,3})([0-9]{1,7}):[A-Z]{1,3}([0-9]{1,7})"')

_BEYOND: Final = Words(
    "rows from here on are left out: at most {most:,}", "从此行起略去：最多 {most:,} 行"
).fill(most=MOST_ROWS)

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "word": (
        "word",
        "words",
        "keyword",
        "keywords",
        "term",
        "词",
        "词语",
        "关键词",
        "敏感词",
        "字面词",
    ),
    "pattern": ("pattern", "模式"),
    "exception": ("exception", "exceptions", "例外", "白名单"),
    "exception_pattern": ("exception pattern", "例外模式"),
    "match": ("match", "matching case", "命中用例"),
    "clean": ("clean", "clean case", "不命中用例"),
    "rule": ("rule", "rule id", "id", "规则", "规则编号"),
    "risk": ("risk", "风险", "风险编号", "类别"),
    "severity": ("severity", "level", "严重程度", "等级", "级别"),
    "title_en": ("title en", "title (en)", "英文标题"),
    "title_zh": ("title zh", "title (zh)", "title", "标题", "中文标题"),
    "mask_en": ("mask en", "mask (en)", "英文遮盖词"),
    "mask_zh": ("mask zh", "mask (zh)", "mask", "遮盖词"),
    "languages": ("languages", "language", "语言"),
    "variants": ("variants", "变体"),
    "clause": ("clause", "整句"),
    "added": ("added", "date", "启用日期", "新增日期", "日期"),
    "retired": ("retired", "停用日期"),
    "note": ("note", "notes", "remark", "备注", "说明"),
}
"""The columns that are recognised, by the names that people give them."""


class Row(NamedTuple):
    """A row of a table: its number as a spreadsheet counts it, and its cells by column."""

    number: int
    cells: dict[str, str]


class Left(NamedTuple):
    """A row or cell that was left out, and why."""

    number: int
    why: Words


class Sheet(NamedTuple):
    """A table that was read. ``encoding`` is what its bytes were taken to be; empty for Excel."""

    rows: list[Row]
    left: list[Left]
    encoding: str
    columns: tuple[str, ...]


def read_table(path: Path) -> Sheet:
    """Read a list by its ending: ``.xlsx``, ``.csv``, ``.tsv``; anything else is a word a line.

    Raises ``BadRequest`` for a file that cannot be read as what it is, or is too large.
    """
    content = _content(path)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        left: list[Left] = []
        own = path.suffix.lower() == ".xlsx" and bool(_about(content, path))  # spaces are meant
        return _named(_workbook(content, path, left), left, "", strip=not own)
    text, encoding = decoded(content, path)
    if path.suffix.lower() in (".csv", ".tsv"):
        return _named(_csv(text, path), [], encoding)
    lines = enumerate(text.splitlines(), 1)
    rows = [Row(n, {"word": line.strip()}) for n, line in lines if line.strip()]
    return Sheet(rows[:MOST_ROWS], _too_many(rows), encoding, ("word",))


def _content(path: Path) -> bytes:
    from hegui.settings.plain_files import read_plain, reason

    try:
        content = read_plain(path, LARGEST + 1)
    except OSError as error:
        words = Words("{name} cannot be read: {why}", "无法读取 {name}：{why}")
        raise BadRequest(words.fill(name=path, why=reason(error))) from None
    if len(content) > LARGEST:
        raise BadRequest(
            Words("{name} is larger than 32 MiB", "{name} 超过 32 MiB").fill(name=path)
        )
    return content


def decoded(content: bytes, path: Path) -> tuple[str, str]:
    """Return bytes as text, and which encoding they were taken to be: UTF-8, or else GB 18030.

    GB 18030 takes nearly all bytes, so it is tried last and only where the result is clean text.
    """
    for encoding in ("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(char < " " and char not in "\t\r\n" for char in text):
            return text, encoding
    words = Words(
        "{name} is neither UTF-8 nor GB 18030 text; save it as UTF-8",
        "{name} 既不是 UTF-8 也不是 GB 18030 文本；请另存为 UTF-8",
    )
    raise BadRequest(words.fill(name=path))


def _csv(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text[:8192])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            words = Words("{name}, line {n}: {why}", "{name} 第 {n} 行：{why}")
            raise BadRequest(words.fill(name=path, n=reader.line_num, why=error)) from None
        yield reader.line_num, cells


def _delimiter(sample: str) -> str:
    """Return what the first line that has something in it is cut at, or else the lines below."""
    first = sample.lstrip("\r\n").split("\n", 1)[0]
    return next((each for part in (first, sample) for each in "\t,;" if each in part), ",")


def _workbook(content: bytes, path: Path, left: list[Left]) -> Iterator[tuple[int, list[str]]]:
    """Return the rows of the first sheet. Formulas are left out, merged cells filled downwards."""
    from openpyxl import load_workbook

    _within_bounds(content, path)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what it says of its own size may be wrong: rows would be lost
        merged = Merged(_merges(content, getattr(sheet, "_worksheet_path", "")))
        for number, cells in enumerate(sheet.iter_rows(max_col=_MOST_COLUMNS), 1):
            row = []
            for cell in cells:
                if cell.data_type == "f":
                    left.append(Left(number, Words("a formula is not read", "公式不读取")))
                    row.append("")
                else:
                    row.append(_cell(cell.value))
            yield number, merged.filled(number, row)
            if number > MOST_ROWS + 1:
                left.append(Left(number + 1, _BEYOND))
                return
    except BadRequest:
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever a broken file brings about
        words = Words(
            "{name} is not a workbook that can be read ({why})",
            "{name} 不是可读取的工作簿（{why}）",
        )
        raise BadRequest(words.fill(name=path, why=type(error).__name__)) from None


def metadata(path: Path) -> dict[str, str]:
    """Return what the sheet ``pack`` of a workbook says; empty where it has none.

    ``hegui rules export`` writes it; so a list that came from there goes back as it was.
    """
    if path.suffix.lower() != ".xlsx":
        return {}
    return _about(_content(path), path)


def _about(content: bytes, path: Path) -> dict[str, str]:
    from openpyxl import load_workbook

    _within_bounds(content, path)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True)
        if "pack" not in book.sheetnames:
            return {}
        rows = book["pack"].iter_rows(max_row=20, max_col=2, values_only=True)
        return {str(row[0]): bare(_cell(row[1])) for row in rows if len(row) > 1 and row[0]}
    except Exception:  # noqa: BLE001 - see above; the rows themselves have been read by now
        return {}


class Merged:
    """Cells merged downwards: the value stands in the first one, and is meant for all."""

    def __init__(self, ranges: Iterable[tuple[int, int, int]]) -> None:
        self._coming = sorted(ranges, reverse=True)  # (first row, last row, column from 0)
        self._open: list[tuple[int, int, str]] = []

    def filled(self, number: int, row: list[str]) -> list[str]:
        """Return a row with the values of merged cells. Rows are asked for in their order."""
        self._open = [each for each in self._open if each[0] >= number]
        for _, column, value in self._open:
            row += [""] * (column + 1 - len(row))
            row[column] = row[column] or value
        while self._coming and self._coming[-1][0] <= number:
            first, last, column = self._coming.pop()
            if first == number and column < len(row):
                self._open.append((last, column, row[column]))
        return row


def _merges(content: bytes, part: str) -> Iterator[tuple[int, int, int]]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        data = book.read(part) if part in book.namelist() else b""
    for found in islice(_MERGE.finditer(data), MOST_ROWS):
        letters, first, last = found[1].decode(), int(found[2]), int(found[3])
        column = 0
        for letter in letters:
            column = column * 26 + ord(letter) - 64
        if last > first and column <= _MOST_COLUMNS:
            yield first, last, column - 1


def _within_bounds(content: bytes, path: Path) -> None:
    """Refuse a workbook that would unpack to far more than a list of words is."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        words = Words("{name} is not an .xlsx file", "{name} 不是 .xlsx 文件").fill(name=path)
        raise BadRequest(words) from None
    small = 1_048_576
    grown = any(p.file_size > max(small, _RATIO * p.compress_size) for p in parts)
    if grown or sum(part.file_size for part in parts) > _UNPACKED:
        words = Words(
            "{name} unpacks to too much for a list of words", "{name} 解压后过大，不像词表"
        )
        raise BadRequest(words.fill(name=path))


def _cell(value: object) -> str:
    """Return a cell as text. A date becomes ``YYYY-MM-DD``, a whole number loses its ``.0``."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    date = getattr(value, "date", None)
    if callable(date):
        return str(date().isoformat())
    return str(value)


def _named(
    rows: Iterable[tuple[int, Sequence[str]]],
    left: list[Left],
    encoding: str,
    *,
    strip: bool = True,
) -> Sheet:
    """Give the cells of a table their columns' names; without a heading, the first is the word."""
    columns: list[str] | None = None
    found: list[Row] = []
    for number, cells in rows:
        plain = [cell.strip() for cell in cells] if strip else list(cells)
        if not any(plain):
            continue
        if columns is None:
            known = [_column(cell) for cell in plain]
            headed = "word" in known or "pattern" in known
            columns = known if headed else ["word", *[""] * (len(plain) - 1)]
            if headed:
                continue
        if any(len(bare(cell)) > _LONGEST_CELL for cell in plain):
            left.append(Left(number, Words("a cell is too long", "单元格过长")))
            continue
        named = {name: cell for name, cell in zip(columns, plain, strict=False) if name and cell}
        found.append(Row(number, {name: bare(cell) for name, cell in named.items()}))
    left += _too_many(found)
    return Sheet(found[:MOST_ROWS], left, encoding, tuple(filter(None, columns or ())))


def _too_many(rows: Sequence[Row]) -> list[Left]:
    if len(rows) <= MOST_ROWS:
        return []
    return [Left(rows[MOST_ROWS].number, _BEYOND)]


def _column(cell: str) -> str:
    said = cell.strip().casefold().replace("_", " ")
    return next((name for name, names in COLUMNS.items() if said in names), "")


_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "'")


def harmless(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: with a ``'`` before what looks so."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def bare(text: str) -> str:
    """Return a cell without the ``'`` that ``harmless`` put before it."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_DANGEROUS) else text
