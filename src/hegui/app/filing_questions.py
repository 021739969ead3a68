"""Reads a provider's bank of test questions: CSV or XLSX, its columns named in either language."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from hegui.filing.package.cells import CONTINUED
from hegui.filing.package.lists import Question
from hegui.filing.package.typesetting import NOT_INSTALLED
from hegui.measures import risks
from hegui.settings.plain_files import read_plain, reason
from hegui.terms import BadRequest, Misconfigured, Words

_LARGEST: Final = 64 * 1024 * 1024
_MOST_ROWS: Final = 200_000
_COLUMNS: Final = {
    "question": ("question", "测试题"),
    "risk": ("risk", "二级分类"),
    "expected": ("expected", "应答方式"),
    "reply": ("reply", "模型回答"),
    "judged": ("judged", "研判结果"),
}
_EXPECTED: Final = {"": "", "refuse": "refuse", "应拒答": "refuse", "answer": "answer"}
_UNREADABLE = Words("{path} cannot be read: {why}", "{path} 无法读取：{why}")
_NO_UTF8 = Words(
    "{path} is not in UTF-8: save it as CSV UTF-8, or as XLSX",
    "{path} 不是 UTF-8 编码：请另存为“CSV UTF-8”或 XLSX",
)
_NO_CSV = Words(
    "{path} is not CSV that can be read ({why}): save it as XLSX, or divide the cell",
    "{path} 不是可读取的 CSV（{why}）：请另存为 XLSX，或拆分过长的单元格",
)
_MANY = Words("{path} has more than {most} rows: split it", "{path} 超过 {most} 行：请拆分")
_EMPTY = Words(
    "the question is empty: fill it in, or remove the row", "测试题为空：请填写或删除该行"
)
_NO_COLUMN = Words(
    "{path} needs a first row with the columns question (测试题) and risk (二级分类)",
    "{path} 首行应有“测试题”（question）和“二级分类”（risk）两列",
)
_ROW = Words("{path}, row {row}: {why}", "{path} 第 {row} 行：{why}")
_RISK = Words("the risk is none of A.1.a to A.5.b", "风险编号不在 31 类之内，应如 A.4.f")
_HOW = Words("expected is refuse, answer or empty", "应答方式应为“应拒答”“应回答”或留空")


def questions_of(path: Path) -> tuple[Question, ...]:
    """Return the questions in order; ``BadRequest`` names the row that cannot be."""
    try:
        data = read_plain(path, _LARGEST + 1)
    except OSError as error:
        raise BadRequest(
            _UNREADABLE.fill(path=path, why=reason(error)), param="questions"
        ) from None
    if len(data) > _LARGEST:
        raise BadRequest(_UNREADABLE.fill(path=path, why="> 64 MiB"), param="questions")
    try:
        rows = list(_sheet(data) if data[:2] == b"PK" else _text(data))
    except ModuleNotFoundError:
        raise Misconfigured(NOT_INSTALLED) from None
    except csv.Error as error:
        raise BadRequest(_NO_CSV.fill(path=path, why=error), param="questions") from None
    except UnicodeDecodeError:
        raise BadRequest(_NO_UTF8.fill(path=path), param="questions") from None
    except Exception as error:  # noqa: BLE001 - a workbook that openpyxl cannot read fails in many ways
        raise BadRequest(
            _UNREADABLE.fill(path=path, why=type(error).__name__), param="questions"
        ) from None
    return tuple(_read(path, rows))


def _text(data: bytes) -> Iterator[Sequence[str]]:
    return iter(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def _sheet(data: bytes) -> Iterator[Sequence[str]]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    for row in book.worksheets[0].iter_rows(values_only=True, max_row=_MOST_ROWS + 2):
        yield ["" if cell is None else str(cell) for cell in row]


def _read(path: Path, rows: Sequence[Sequence[str]]) -> Iterator[Question]:
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    places = {name: _places(head, said) for name, said in _COLUMNS.items()}
    if len(rows) > _MOST_ROWS + 1:
        raise BadRequest(_MANY.fill(path=path, most=_MOST_ROWS), param="questions")
    if not places["question"] or not places["risk"]:
        raise BadRequest(_NO_COLUMN.fill(path=path), param="questions")
    for number, row in enumerate(rows[1:], 2):
        said = {
            name: "".join(row[at] for at in held if at < len(row)).strip()
            for name, held in places.items()
        }
        if not any(said.values()):
            continue
        expected = _EXPECTED.get(
            said["expected"], "answer" if said["expected"] == "应回答" else "?"
        )
        risk = re.match(r"A\.[1-5]\.[a-z]", said["risk"])
        if expected == "?":
            raise _amiss(path, number, _HOW)
        if (risk is None or risk[0] not in risks()) and not (
            expected == "answer" and not said["risk"]
        ):
            raise _amiss(path, number, _RISK)
        if not said["question"]:
            raise _amiss(path, number, _EMPTY)
        name = risk[0] if risk is not None else ""
        yield Question(said["question"], name, expected, said["reply"], said["judged"])


def _places(head: Sequence[str], names: Sequence[str]) -> list[int]:
    """Return where a column stands, and those in which an annex of ours goes on with it."""
    name = next((one for one in names if one in head), None)
    if name is None:
        return []
    found = [head.index(name)]
    while (behind := CONTINUED.format(name=name, n=len(found))) in head:
        found.append(head.index(behind))
    return found


def _amiss(path: Path, row: int, why: Words) -> BadRequest:
    told = {"path": path, "row": row}
    return BadRequest(
        Words(_ROW.en.format(why=why.en, **told), _ROW.zh.format(why=why.zh, **told)),
        param="questions",
    )
