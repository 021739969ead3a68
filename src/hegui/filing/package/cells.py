"""Texts as cells of a workbook: never a formula, and never cut.

A cell holds 32,767 characters (Microsoft's "Excel specifications and limits"), counted as UTF-16
units, and openpyxl cuts what is longer without a word. Every workbook that hegui writes gets its
texts from here.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from hegui.filing.package.wording import clean
from hegui.terms import BadRequest, Words

MOST: Final = 32_767
"""UTF-16 units that a cell holds."""
CONTINUED: Final = "{name}（续{n}）"
"""What a column is called in which those before it go on."""
_OBEYED: Final = ("=", "+", "-", "@", "\t", "\r")
_TOO_LONG: Final = Words(
    "a text of {n} characters does not fit in a cell of a workbook, which holds {most}. Divide it.",
    "文本长 {n} 个字符，超过工作簿单元格的上限 {most}。请拆分。",
)


def text_cell(sheet: Any, text: str) -> Any:
    """Return a cell (openpyxl's ``WriteOnlyCell``) that shows ``text`` as it is.

    A text that no cell holds is ``BadRequest``. What begins like a formula is text, also once
    somebody has edited the cell and left it. The cell is for one place: writing changes it.
    """
    from openpyxl.cell import WriteOnlyCell

    plain = clean(text)
    if _units(plain) > MOST:
        raise BadRequest(_TOO_LONG.fill(n=f"{len(text):,}", most=f"{MOST:,}"))
    cell = WriteOnlyCell(sheet, value=plain or None)
    if not plain:
        return cell
    cell.data_type = "s"  # also what begins like a formula, or reads like an error of one
    cell.quotePrefix = plain.startswith(_OBEYED)
    return cell


def pieces(text: str) -> list[str]:
    """Return a text in pieces that fit in cells: one piece, unless it is very long.

    The pieces are what ``text_cell`` writes, behind one another the whole; no character is halved.
    """
    plain = clean(text)
    if _units(plain) <= MOST:
        return [plain]
    return list(_cut(plain.encode("utf-16-le")))


def continued(
    head: Sequence[str], rows: Sequence[Sequence[object]]
) -> tuple[list[str], list[list[object]]]:
    """Return a table with columns behind its own, in which texts go on that are longer than a cell.

    A column of them stands there only where a text needs it, and is named as ``CONTINUED`` says.
    """
    made = [[*row] for row in rows]
    cut: list[tuple[list[object], int, list[str]]] = []
    for row in made:
        for place, value in enumerate(row):
            if isinstance(value, str) and len(held := pieces(value)) > 1:
                row[place] = held[0]
                cut.append((row, place, held))
    wanted = sorted({(place, n) for _, place, held in cut for n in range(1, len(held))})
    behind = {each: len(head) + at for at, each in enumerate(wanted)}
    for row, place, held in cut:
        row.extend([""] * (len(head) + len(wanted) - len(row)))
        for n, piece in enumerate(held[1:], 1):
            row[behind[place, n]] = piece
    return [*head, *(CONTINUED.format(name=head[place], n=n) for place, n in wanted)], made


def _cut(data: bytes) -> Iterator[str]:
    at = 0
    while at < len(data):
        end = at + 2 * MOST
        if end < len(data) and 0xD8 <= data[end - 1] <= 0xDB:  # noqa: PLR2004 - half a character (UTF-16)
            end -= 2
        yield data[at:end].decode("utf-16-le")
        at = end


def _units(text: str) -> int:
    """Return how many UTF-16 units a text has."""
    return len(text) + sum(char > "\uffff" for char in text) if len(text) * 2 > MOST else len(text)
