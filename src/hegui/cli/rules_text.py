"""Texts from files, a column at a time: lines of text, JSONL by a field, Parquet by a column."""

import json
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from hegui.terms import BadRequest, Misconfigured, TextColumn, Words

_BATCH = 1_048_576  # characters of a column
_LONGEST_LINE = 16_777_216  # bytes

_NO_PYARROW = Words(
    "Parquet is read with pyarrow, which is not installed: pip install 'hegui[corpus]'",
    "读取 Parquet 需要 pyarrow，当前未安装：pip install 'hegui[corpus]'",
)


def columns(path: Path, field: str) -> Iterator[TextColumn]:
    """Return a file's texts as columns of about a megabyte, in their order.

    ``.jsonl`` and ``.parquet`` by their endings: the texts are under ``field``; rows without it
    are passed over. Anything else is text, a row a line. Reads as it goes, so memory is bounded.
    """
    batch: list[str] = []
    size = 0
    for text in texts(path, field):
        batch.append(text)
        size += len(text)
        if size >= _BATCH:
            yield TextColumn.of(batch)
            batch, size = [], 0
    if batch:
        yield TextColumn.of(batch)


def texts(path: Path, field: str) -> Iterator[str]:
    """Return a file's texts one by one."""
    if not path.is_file():
        raise BadRequest(Words("there is no file {name}", "没有文件 {name}").fill(name=path))
    if path.suffix == ".parquet":
        yield from _parquet(path, field)
    elif path.suffix in (".jsonl", ".ndjson"):
        yield from _jsonl(path, field)
    else:
        yield from (line.decode("utf-8", "replace") for line in _lines(path))


def _lines(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while line := file.readline(_LONGEST_LINE):
            yield line.rstrip(b"\r\n")


def _jsonl(path: Path, field: str) -> Iterator[str]:
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            words = Words("{name}, line {n}: not JSON", "{name} 第 {n} 行：不是 JSON")
            raise BadRequest(words.fill(name=path, n=number)) from None
        text = row.get(field) if isinstance(row, dict) else None
        if isinstance(text, str):
            yield text


def _parquet(path: Path, field: str) -> Iterator[str]:
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError:
        raise Misconfigured(_NO_PYARROW) from None
    try:
        file = parquet.ParquetFile(path)
        if field not in file.schema_arrow.names:
            words = Words("{name} has no column {field}", "{name} 中没有列 {field}")
            raise BadRequest(words.fill(name=path, field=field))
        for batch in file.iter_batches(batch_size=2048, columns=[field]):
            yield from (text for text in batch.column(0).to_pylist() if isinstance(text, str))
    except (OSError, parquet.lib.ArrowException) as error:
        why = type(error).__name__
        words = Words(
            "{name} cannot be read as Parquet: {why}", "{name} 无法按 Parquet 读取：{why}"
        )
        raise BadRequest(words.fill(name=path, why=why)) from None
