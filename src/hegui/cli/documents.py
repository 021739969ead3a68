"""Read texts out of files, as columns: plain text by line, JSON Lines, Parquet.

One reader for every command that looks at a corpus. Nothing is held but the batch that was last
given out: at most about a megabyte of text, or the one longest row (``LONGEST`` bytes) where that
is longer.
"""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import accumulate
from pathlib import Path
from stat import S_ISREG
from typing import IO, Any, Final, Literal, TypeAlias

from hegui.cli.arrow import arrow
from hegui.cli.batches import Batch
from hegui.terms import BadRequest, TextColumn, Words

Format: TypeAlias = Literal["text", "jsonl", "parquet"]

LONGEST: Final = 134_217_728
"""Bytes of a line; a longer one is refused, so that no file can take all memory."""
BATCH: Final = 1_048_576
"""Bytes that are read at a time. A batch ends with a row, so it may be one row longer."""

_ENDINGS: Final[dict[str, Format]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_PACKED: Final = (".gz", ".zst")
_BOM: Final = b"\xef\xbb\xbf"

_NO_FILE = Words("there is no file {name}", "没有文件 {name}")
_NOT_A_FILE = Words(
    "{name} is a folder or a device, not a file; name files, or - for a pipe",
    "{name} 是目录或设备，不是文件；请给出文件名，管道用 -",
)
_UNREADABLE = Words("cannot read {name}: {why}", "无法读取 {name}：{why}")
_CUT_SHORT = Words(
    "{name} ends early or is damaged: what was read until there is reported, the rest is not",
    "{name} 不完整或已损坏：此前读到的内容已报告，其余未能读取",
)
_NO_TEXT = Words(
    "row {row} of {name} holds no text under {field}; say which field does, or leave the row out",
    "{name} 第 {row} 行的 {field} 中没有文本；请指明字段，或去掉该行",
)
_TOO_LONG = Words(
    "line {row} of {name} is longer than {most} MiB; split it",
    "{name} 第 {row} 行超过 {most} MiB，请先拆分",
)


def columns(name: str, field: str = "text") -> Iterator[TextColumn]:
    """Read all texts of a file, as ``documents`` does, for who counts what is in them.

    A row that holds no text where one should be is a ``BadRequest``: figures would leave it out.
    """
    for batch in documents(name, field):
        if batch.malformed:
            raise BadRequest(_NO_TEXT.fill(name=name, row=batch.malformed[0], field=field))
        yield batch.column


def documents(
    name: str, field: str = "text", form: Format | None = None, *, whole: bool = False
) -> Iterator[Batch]:
    """Read a file's texts, or those of standard input (``-``), batch by batch.

    ``field`` is where a record holds its text, nested by dots (JSON Lines, Parquet), or a name with
    dots in it. The format
    follows from the ending, also before ``.gz`` or ``.zst``; anything else is text. A file that is
    not there, cannot be read, or has no such field is a ``BadRequest``; Parquet without pyarrow is
    ``Misconfigured``. With ``whole`` a Parquet batch's source holds all columns.
    """
    require_file(name)
    form = form or format_of(name)
    try:
        if form == "parquet":
            from hegui.cli.documents_parquet import parquet

            yield from parquet(name, field, whole=whole)
            return
        with opened(name) as file:
            yield from _by_line(name, file, _rows_of(form, field))
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise BadRequest(_CUT_SHORT.fill(name=name), param="files") from None
    except OSError as error:
        from hegui.settings.plain_files import reason

        why = reason(error)
        raise BadRequest(_UNREADABLE.fill(name=name, why=why), param="files") from None


def format_of(name: str) -> Format:
    """Return the format that a file's ending names."""
    path = Path(name.lower())
    ending = path.with_suffix("").suffix if path.suffix in _PACKED else path.suffix
    return _ENDINGS.get(ending, "text")


def require_file(name: str) -> None:
    """Raise ``BadRequest`` when there is no such file."""
    if name == "-":
        return
    try:
        mode = Path(name).stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise BadRequest(_NO_FILE.fill(name=name), param="files") from None
    except OSError as error:
        from hegui.settings.plain_files import reason

        why = reason(error)
        raise BadRequest(_UNREADABLE.fill(name=name, why=why), param="files") from None
    if not S_ISREG(mode):
        raise BadRequest(_NOT_A_FILE.fill(name=name), param="files")


def opened(name: str) -> AbstractContextManager[Any]:
    """Open a file for reading, unpacked; ``-`` is standard input."""
    if name == "-":
        return nullcontext(sys.stdin.buffer)
    if name.lower().endswith(".gz"):
        return gzip.open(name, "rb")
    if name.lower().endswith(".zst"):
        packed: AbstractContextManager[Any] = arrow().input_stream(name, compression="zstd")
        return packed
    return Path(name).open("rb")


_Rows: TypeAlias = Callable[[list[bytes], int], Batch]


def _rows_of(form: Format, field: str) -> _Rows:
    if form == "text":
        return _texts
    from hegui.cli.documents_jsonl import Records

    return Records(field)


def _by_line(name: str, file: IO[bytes], rows: _Rows) -> Iterator[Batch]:
    row = 1
    for block in _blocks(name, file):
        lines = block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        if b"\r" in block:
            lines = [line.removesuffix(b"\r") for line in lines]
        if row == 1 and lines:
            lines[0] = lines[0].removeprefix(_BOM)
        batch = rows(lines, row)
        yield batch._replace(source=block)
        row += len(lines)


def _blocks(name: str, file: IO[bytes]) -> Iterator[bytes]:
    """Cut a file behind line ends. What a pipe has is given out as it comes."""
    read = getattr(file, "read1", file.read) if name == "-" else file.read
    parts: list[bytes] = []
    size, row = 0, 1
    while block := read(BATCH):
        cut = block.rfind(b"\n") + 1
        if cut:
            whole = b"".join([*parts, block[:cut]])
            row += whole.count(b"\n")
            parts, size = [], 0
            yield whole
        parts.append(block[cut:])
        size += len(block) - cut
        if size > LONGEST:
            words = _TOO_LONG.fill(row=row, name=name, most=LONGEST >> 20)
            raise BadRequest(words, param="files")
    if size:
        yield b"".join(parts)


def _texts(lines: list[bytes], first: int) -> Batch:
    data = b"".join(lines)
    broken: frozenset[int] = frozenset()
    if not _is_utf8(data):
        broken = frozenset(place for place, line in enumerate(lines) if not _is_utf8(line))
    column = TextColumn(data, [0, *accumulate(map(len, lines))])
    return Batch(column, range(first, first + len(lines)), broken)


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
