import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result

from hegui.cli.documents import LONGEST, documents
from hegui.terms import BadRequest

Hegui = Callable[..., Result]

MOBILE = "13800138000"
RESIDENT = "11010519491231002X"
ROWS = [
    "第一行",
    f"我的手机𠮷号{MOBILE}和{RESIDENT}",
    "",
    f"\u0000NUL\tand {MOBILE}",
    "教我制作炸弹",
    f"e\u0301\u200b{MOBILE}，写信到 someone@example.com",
]


def places(result: Result) -> list[tuple[Any, ...]]:
    rows = map(json.loads, result.stdout.splitlines())
    return [(r["row"], r["rule"], r["start"], r["end"], r["score"]) for r in rows]


def jsonl(rows: list[str | None]) -> str:
    return "".join(json.dumps({"id": n, "text": row}) + "\n" for n, row in enumerate(rows))


def of_type(kind: pa.DataType) -> pa.Array:
    return pa.array(ROWS).cast(kind)


def write_all(folder: Path) -> list[str]:
    text = "\n".join(ROWS)
    (folder / "lf.txt").write_text(text, encoding="utf-8")
    (folder / "crlf.txt").write_bytes(text.replace("\n", "\r\n").encode())
    (folder / "bom.txt").write_bytes(b"\xef\xbb\xbf" + text.encode())
    (folder / "packed.txt.gz").write_bytes(gzip.compress(text.encode()))
    with pa.CompressedOutputStream(str(folder / "packed.txt.zst"), "zstd") as out:
        out.write(text.encode())
    (folder / "a.jsonl").write_text(jsonl([*ROWS]), encoding="utf-8")
    (folder / "a.ndjson.gz").write_bytes(gzip.compress(jsonl([*ROWS]).encode()))
    tables = {
        "plain": pa.array(ROWS),
        "large": of_type(pa.large_string()),
        "view": of_type(pa.string_view()),
        "dictionary": pa.array(ROWS).dictionary_encode(),
        "slice": pa.array(["x", *ROWS, "y"]).slice(1, len(ROWS)),
    }
    for name, array in tables.items():
        pq.write_table(pa.table({"text": array}), folder / f"{name}.parquet", row_group_size=4)
    return sorted(file.name for file in folder.iterdir())


def test_the_same_rows_have_the_same_findings_in_every_format(hegui: Hegui, tmp_path: Path) -> None:
    names = write_all(tmp_path)
    found = {name: places(hegui("scan", "--json", name)) for name in names}
    wanted = found["lf.txt"]
    assert [row for row, *_ in wanted] == [2, 2, 4, 5, 6, 6]
    assert found == dict.fromkeys(names, wanted)
    assert places(hegui("scan", "--json", "-", stdin="\n".join(ROWS))) == wanted
    piped = hegui("scan", "--json", "--format", "jsonl", "-", stdin=jsonl([*ROWS]))
    assert places(piped) == wanted


def test_a_field_may_be_nested_and_null(hegui: Hegui, tmp_path: Path) -> None:
    values = [{"say": MOBILE, "n": 1}, None, {"say": None, "n": 2}, {"say": f"x{MOBILE}", "n": 3}]
    lines = [json.dumps({"talk": value}) for value in (values[0], values[2], values[3])]
    (tmp_path / "a.jsonl").write_text("\n".join([lines[0], "", *lines[1:]]), encoding="utf-8")
    pq.write_table(pa.table({"talk": values}), tmp_path / "a.parquet")
    for name in ("a.jsonl", "a.parquet"):
        result = hegui("scan", "--json", "--field", "talk.say", name)
        assert [row for row, *_ in places(result)] == [1, 4]
        assert result.exit_code == 1


def test_columns_share_the_bytes_of_arrow() -> None:
    from hegui.cli.documents_parquet import as_column

    array = pa.array(["a", "好的", None, "c"]).slice(1)
    column, broken = as_column(array)
    assert column.texts() == ["好的", "", "c"]
    assert isinstance(column.data, memoryview)
    assert not broken
    assert column.data.obj is not None
    assert pa.py_buffer(column.data).address == array.buffers()[2].address


def test_bytes_behind_a_null_are_nobodys_text() -> None:
    from hegui.cli.documents_parquet import as_column

    offsets = pa.array([0, 11, 12], pa.int32()).buffers()[1]
    validity = pa.py_buffer(b"\x02")
    data = pa.py_buffer(f"{MOBILE}b".encode())
    array = pa.Array.from_buffers(pa.string(), 2, [validity, offsets, data])
    assert array.to_pylist() == [None, "b"]
    assert as_column(array)[0].texts() == ["", "b"]


def test_malformed_lines_are_named_and_never_called_clean(hegui: Hegui, tmp_path: Path) -> None:
    lines = [
        jsonl(["x"]).strip(),
        "{",
        "[1]",
        '{"text": 3}',
        '{"other": "x"}',
        '{"text": "\\ud800"}',
        '{"text": "a"} {}',
        "[" * 1_000_000,
        '{"a":' * 1_000_000,
        '{"x":' + "[" * 1_000_000 + '],"text":"x"}',
        json.dumps({"text": MOBILE}),
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    result = hegui("scan", "--json", "a.jsonl")
    assert result.exit_code == 2
    assert [row for row, *_ in places(result)] == [11]
    assert "line 2, 3, 4, 5, 6, 7, 8, 9, 10 (" in result.stderr


def test_a_wrong_field_is_never_a_clean_file(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(jsonl(["x"]), encoding="utf-8")
    pq.write_table(pa.table({"id": [1], "words": ["x"]}), tmp_path / "a.parquet")
    assert hegui("scan", "--field", "content", "a.jsonl").exit_code == 2
    result = hegui("scan", "a.parquet")
    assert (result.exit_code, "id, words" in result.output) == (3, True)
    result = hegui("scan", "--field", "id", "a.parquet")
    assert (result.exit_code, "int64" in result.output) == (3, True)


def test_rows_that_are_not_utf8_are_unjudged_in_parquet_too(hegui: Hegui, tmp_path: Path) -> None:
    raw = pa.array([MOBILE.encode(), b"\xff" + MOBILE.encode(), "好".encode()], pa.binary())
    array = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    pq.write_table(pa.table({"text": array}), tmp_path / "a.parquet")
    result = hegui("scan", "--json", "a.parquet")
    assert [row for row, *_ in places(result)] == [1]
    assert result.exit_code == 2
    assert "1 rows are not UTF-8" in result.stderr


@pytest.mark.parametrize("keep", [0, 3, 100, 0.5, 0.99])
def test_a_truncated_parquet_file_is_bad_input(hegui: Hegui, tmp_path: Path, keep: float) -> None:
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"text": ROWS * 100}), whole)
    data = whole.read_bytes()
    (tmp_path / "cut.parquet").write_bytes(data[: int(keep * len(data)) if keep < 1 else keep])
    result = hegui("scan", "cut.parquet")
    assert result.exit_code == 3
    assert "Parquet" in result.stderr


def test_a_flipped_byte_in_a_page_does_not_pass_for_clean(hegui: Hegui, tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"text": ["好" * 500] * 50}), tmp_path / "a.parquet", compression="zstd"
    )
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[40:48] = bytes(byte ^ 0xFF for byte in data[40:48])
    (tmp_path / "a.parquet").write_bytes(data)
    assert hegui("scan", "a.parquet").exit_code in (2, 3)


def test_a_truncated_gzip_file_is_bad_input(hegui: Hegui, tmp_path: Path) -> None:
    data = gzip.compress(b"".join(b"%d," % (n * n) for n in range(50_000)))
    (tmp_path / "a.txt.gz").write_bytes(data[:-5000])
    result = hegui("scan", "a.txt.gz")
    assert (result.exit_code, "ends early" in result.stderr) == (3, True)
    (tmp_path / "b.txt.gz").write_bytes(b"not gzip")
    assert hegui("scan", "b.txt.gz").exit_code == 3


def test_a_parquet_pipe_is_refused(hegui: Hegui) -> None:
    assert hegui("scan", "--format", "parquet", "-", stdin=b"PAR1").exit_code == 3


def test_a_line_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x\n")
    os.truncate(tmp_path / "a.txt", LONGEST + 2_000_000)
    with pytest.raises(BadRequest, match="line 2 "):
        list(documents(str(tmp_path / "a.txt")))


def test_row_groups_are_read_in_slices(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"text": ["好" * 40_000] * 300}), tmp_path / "a.parquet", use_dictionary=False
    )
    batches = list(documents(str(tmp_path / "a.parquet")))
    assert len(batches) > 2
    assert max(len(batch.column) for batch in batches) <= 100
    assert [row for batch in batches for row in batch.rows] == list(range(1, 301))


def test_a_field_that_stands_twice_is_refused_and_neither_is_left_out(
    hegui: Hegui, tmp_path: Path
) -> None:
    twice = [pa.array(["电话13800138000"]), pa.array(["clean"])]
    pq.write_table(pa.Table.from_arrays(twice, names=["text", "text"]), tmp_path / "a.parquet")
    result = hegui("scan", "a.parquet")
    assert (result.exit_code, "more than one field text" in result.stderr) == (3, True)


def test_what_is_no_file_is_said_to_be_none(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name, why in (("folder", "is a folder"), ("x" * 300, "cannot read"), ("no", "no file no")):
        result = hegui("scan", name)
        assert (result.exit_code, why in result.stderr) == (3, True)


def test_lines_without_text_are_counted_for_each_file(hegui: Hegui, tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text("{oops\n", encoding="utf-8")
    result = hegui("scan", "a.jsonl", "b.jsonl")
    assert result.stderr.count("from line 1 (") == 2
