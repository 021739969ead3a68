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

from hegui.cli.scan_ruling import Ruling
from hegui.runners.compiling import builtin
from hegui.terms import Finding

Hegui = Callable[..., Result]

MOBILE = "13800138000"
OTHER = "13900139000"
ROWS = [
    "第一行",
    f"电话{MOBILE}，再说一遍：{MOBILE}，另一个{OTHER}",
    "教我制作炸弹",
    f"教我制作炸弹，电话{OTHER}",
    "",
    "你这个傻逼",
]
MASKED = [
    "第一行",
    "电话[手机号-1]，再说一遍：[手机号-1]，另一个[手机号-2]",
    "教我制作炸弹",
    "教我制作炸弹，电话[手机号-1]",
    "",
]


def records() -> list[dict[str, Any]]:
    return [{"z": n, "meta": {"text": row, "n": [1, None]}, "a": "é"} for n, row in enumerate(ROWS)]


def table() -> pa.Table:
    fields = [pa.field("z", pa.int16(), metadata={"k": "v"}), pa.field("meta", _meta())]
    schema = pa.schema([*fields, pa.field("a", pa.string())], metadata={"made": "here"})
    return pa.Table.from_pylist(records(), schema=schema)


def _meta() -> pa.DataType:
    return pa.struct([pa.field("text", pa.large_string()), pa.field("n", pa.list_(pa.int64()))])


def test_a_masked_text_keeps_its_lines_and_their_ends(hegui: Hegui, tmp_path: Path) -> None:
    for end in ("\n", "\r\n"):
        for mark in (b"", b"\xef\xbb\xbf"):
            source = mark + end.join(ROWS[:5]).encode()
            (tmp_path / "a.txt").write_bytes(source)
            result = hegui("scan", "--mask", "--force", "--lang", "zh", "a.txt")
            assert result.exit_code == 1
            # a text file is one document: numbers go on through its lines
            wanted = [*MASKED[:3], MASKED[3].replace("1]", "2]"), MASKED[4]]
            assert (tmp_path / "a.masked.txt").read_bytes() == mark + end.join(wanted).encode()
            assert (tmp_path / "a.txt").read_bytes() == source


def test_only_what_stays_in_the_copy_is_listed(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(ROWS), encoding="utf-8")
    result = hegui("scan", "--mask", "a.txt")
    assert [line.split("  ")[:2] for line in result.stdout.splitlines()] == [
        ["a.txt:3:1", "lex.weapons"],
        ["a.txt:4:1", "lex.weapons"],
    ]
    assert "masks: 5; rows that masks cannot mend: 2; dropped: 0" in result.stderr


def test_a_masked_record_keeps_its_other_fields_as_they_were(hegui: Hegui, tmp_path: Path) -> None:
    odd = '{"n": 1.50e3, "big": 123456789012345678901234567890, "u": "\\u00e9\\/",'
    line = f'{odd} "meta": {{"x": [ 1 ], "text": "{MOBILE}"}}, "last": null}}\r\n'
    clean = ' { "meta" : {"text":"x"} } \n\n'
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress((clean + line).encode()))
    assert hegui("scan", "--mask", "--field", "meta.text", "a.jsonl.gz").exit_code == 1
    masked = gzip.decompress((tmp_path / "a.masked.jsonl.gz").read_bytes()).decode()
    assert masked == clean + (
        '{"n":1.50e3,"big":123456789012345678901234567890,"u":"\\u00e9\\/",'
        '"meta":{"x":[ 1 ],"text":"[mobile-1]"},"last":null}\r\n'
    )


@pytest.mark.parametrize("drop", [False, True])
def test_a_masked_parquet_file_keeps_schema_order_and_compression(
    hegui: Hegui, tmp_path: Path, *, drop: bool
) -> None:
    source = table()
    packed = {"z": "NONE", "meta.text": "ZSTD", "meta.n.list.element": "GZIP", "a": "SNAPPY"}
    pq.write_table(source, tmp_path / "a.parquet", compression=packed, row_group_size=4)
    asked = ["scan", "--mask", "--field", "meta.text", "--lang", "zh", "a.parquet"]
    result = hegui(*asked, *(["--drop"] if drop else []))
    assert result.exit_code == 1
    with pq.ParquetFile(tmp_path / "a.masked.parquet") as file:
        wanted_schema = pq.read_schema(tmp_path / "a.parquet")
        assert file.schema_arrow.equals(wanted_schema, check_metadata=True)
        assert file.schema_arrow.metadata == {b"made": b"here"}
        group = file.metadata.row_group(0)
        columns = [group.column(place) for place in range(group.num_columns)]
        assert {c.path_in_schema: c.compression for c in columns} == {
            **packed,
            "z": "UNCOMPRESSED",
        }
        rows = file.read().to_pylist()
    texts = [*MASKED, "[已屏蔽-1]"]
    wanted = [
        {**record, "meta": {**record["meta"], "text": text}}
        for record, text in zip(records(), texts, strict=True)
        if not (drop and "炸弹" in text)
    ]
    assert rows == wanted


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.parquet", "d.parquet"])
def test_a_masked_copy_scanned_again_holds_nothing_that_could_be_masked(
    hegui: Hegui, tmp_path: Path, name: str
) -> None:
    (tmp_path / "a.txt").write_text("\n".join(ROWS), encoding="utf-8")
    lines = [json.dumps({"text": row}) for row in ROWS]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    pq.write_table(pa.table({"text": [*ROWS, None]}), tmp_path / "a.parquet")
    encoded = pa.array([*ROWS, None]).dictionary_encode()
    pq.write_table(pa.table({"text": encoded}), tmp_path / "d.parquet")
    copy = f"{name[0]}.masked.{name[2:]}"
    assert hegui("scan", "--mask", name).exit_code == 1
    again = hegui("scan", "--mask", copy)
    assert "masks: 0; rows that masks cannot mend: 2" in again.stderr
    assert hegui("scan", "--mask", "--drop", "--force", copy).exit_code == 1
    assert hegui("scan", copy.replace("masked", "masked.masked")).exit_code == 0


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.parquet"])
def test_a_row_that_masks_cannot_mend_is_dropped_also_where_something_was_masked(
    hegui: Hegui, tmp_path: Path, name: str
) -> None:
    (tmp_path / "a.txt").write_text("\n".join(ROWS), encoding="utf-8")
    lines = [json.dumps({"text": row}) for row in ROWS]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    pq.write_table(pa.table({"text": ROWS}), tmp_path / "a.parquet")
    result = hegui("scan", "--mask", "--drop", name)
    assert "masks: 5; rows that masks cannot mend: 2; dropped: 2" in result.stderr
    again = hegui("scan", "--json", f"a.masked.{name[2:]}")
    assert (again.exit_code, again.stdout) == (0, "")


def test_string_views_are_masked(hegui: Hegui, tmp_path: Path) -> None:
    views = pa.table({"text": pa.array([*ROWS, None], pa.string_view())})
    pq.write_table(views, tmp_path / "a.parquet")
    assert hegui("scan", "--mask", "--lang", "zh", "a.parquet").exit_code == 1
    copied = pq.read_table(tmp_path / "a.masked.parquet")
    assert copied.schema == views.schema
    assert copied["text"].to_pylist() == [*MASKED, "[已屏蔽-1]", None]


def test_a_pipe_is_masked_to_standard_output(hegui: Hegui) -> None:
    result = hegui("scan", "--mask", "-", stdin=f"x\n教我制作炸弹\n电话{MOBILE}")
    assert result.stdout == "x\n教我制作炸弹\n电话[mobile-1]"
    assert "-:2:1  lex.weapons" in result.stderr
    result = hegui("scan", "--mask", "--drop", "-", stdin=f"x\n教我制作炸弹\n电话{MOBILE}")
    assert result.stdout == "x\n电话[mobile-1]"


def test_a_score_below_the_threshold_is_left() -> None:
    rules = {rule: info for each in builtin() for rule, info in each.card.rules.items()}
    weak = Finding("pii.mobile", "A.4.f", 0, 1, 0.5, "x")
    strong = weak._replace(score=0.7)
    assert Ruling(rules, 0.5).hidden([weak, strong]) == [weak, strong]
    assert Ruling(rules, 0.6).hidden([weak, strong]) == [strong]
    refused = weak._replace(rule="lex.weapons")
    assert Ruling(rules, 0.5).unfit([refused])
    assert not Ruling(rules, 0.6).unfit([refused])
    assert not Ruling(rules, 0.5).unfit([strong])


def test_what_could_not_be_judged_is_left_or_dropped_and_counted(
    hegui: Hegui, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff" + MOBILE.encode() + b"\nclean\n")
    assert hegui("scan", "--mask", "a.txt").exit_code == 2
    assert (tmp_path / "a.masked.txt").read_bytes() == (tmp_path / "a.txt").read_bytes()
    assert "dropped: 1" in hegui("scan", "--mask", "--drop", "--force", "a.txt").stderr
    assert (tmp_path / "a.masked.txt").read_bytes() == b"clean\n"
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n{oops\n', encoding="utf-8")
    assert hegui("scan", "--mask", "--drop", "a.jsonl").exit_code == 2
    assert (tmp_path / "a.masked.jsonl").read_text(encoding="utf-8") == '{"text": "x"}\n'


def test_a_copy_never_takes_the_inputs_place(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(MOBILE, encoding="utf-8")
    (tmp_path / "b.txt").symlink_to(tmp_path / "a.txt")
    for out in ("a.txt", "./a.txt", "b.txt"):
        result = hegui("scan", "--mask", "--out", out, "a.txt")
        assert (result.exit_code, "files that are read" in result.output) == (3, True)
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == MOBILE


def test_a_copy_never_takes_another_inputs_place(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(MOBILE, encoding="utf-8")
    (tmp_path / "a.masked.txt").write_text(f"mine: {OTHER}", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for args in (("a.txt", "a.masked.txt"), ("./a.masked.txt", "a.txt")):
        result = hegui("scan", "--mask", *args)
        assert (result.exit_code, "files that are read" in result.output) == (3, True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_copy_never_takes_the_place_of_a_device(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(MOBILE, encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    for source in ("a.txt", "-"):
        result = hegui("scan", "--mask", "--out", "pipe", source, stdin=MOBILE)
        assert (result.exit_code, "not a file" in result.output) == (3, True)
    assert (tmp_path / "pipe").is_fifo()


def test_a_scan_that_fails_leaves_no_copy(hegui: Hegui, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ROWS * 1000}), tmp_path / "w.parquet", compression="NONE")
    data = (tmp_path / "w.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(data[:200])
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(MOBILE.encode())[:-4])
    before = sorted(tmp_path.iterdir())
    for name in ("a.parquet", "a.txt.gz"):
        assert hegui("scan", "--mask", name).exit_code == 3
    assert hegui("scan", "--mask", "--out", "absent/x.txt", "a.parquet").exit_code == 3
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "args",
    [
        ("--out", "x.txt", "a.txt"),
        ("--drop", "a.txt"),
        ("--at", "0.7", "a.txt"),
        ("--mask", "--out", "x.txt", "a.txt", "a.txt"),
        ("--mask", "--json", "-"),
        ("--as-of", "yesterday", "a.txt"),
    ],
)
def test_options_that_contradict_one_another_are_refused(
    hegui: Hegui, tmp_path: Path, args: tuple[str, ...]
) -> None:
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    assert hegui("scan", *args).exit_code == 3


def test_an_older_copy_is_replaced_only_where_that_is_said(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(MOBILE, encoding="utf-8")
    older = tmp_path / "a.masked.txt"
    older.write_text("mine", encoding="utf-8")
    for lang, out in (("en", ()), ("zh", ("--out", "a.masked.txt"))):
        refused = hegui("scan", "--mask", *out, "--lang", lang, "a.txt")
        assert refused.exit_code == 3
        assert "--force" in refused.output
        assert older.read_text(encoding="utf-8") == "mine"
    assert hegui("scan", "--mask", "--force", "a.txt").exit_code == 1
    assert MOBILE not in older.read_text(encoding="utf-8")
    assert hegui("scan", "--force", "a.txt").exit_code == 3


def test_of_a_key_that_stands_twice_both_values_are_judged_and_the_last_is_kept(
    hegui: Hegui, tmp_path: Path
) -> None:
    lines = [
        f'{{"text": "a{MOBILE}", "n": 1, "text": "clean"}}',
        f'{{"te\\u0078t": "b{MOBILE}", "text": "c{OTHER}"}}',
        f'{{"text": "d{MOBILE}", "text": null}}',
        '{"text": "教我制作炸弹", "text": "x"}',
        '{"text": "text", "n": {"text": "text"}}',
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = hegui("scan", "--json", "a.jsonl")
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert [(one["row"], one["start"]) for one in rows] == [(1, 1), (2, 1), (2, 1), (3, 1), (4, 0)]
    result = hegui("scan", "--mask", "a.jsonl")
    assert "masks: 4; rows that masks cannot mend: 1" in result.stderr
    copy = (tmp_path / "a.masked.jsonl").read_text(encoding="utf-8").split("\n")
    assert copy[0] == '{"text":"clean","n":1}'
    assert copy[1].startswith('{"text":"c[')
    assert copy[2:] == ['{"text":null}', '{"text":"x"}', lines[4]]
    assert OTHER not in copy[1]


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_a_field_may_have_dots_in_its_name(hegui: Hegui, tmp_path: Path, name: str) -> None:
    rows = [{"page.body": f"a{MOBILE}", "page": {"x": 1}, "n": 1}]
    (tmp_path / "a.jsonl").write_text(json.dumps(rows[0]), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    assert hegui("scan", "--field", "page.body", "--mask", name).exit_code == 1
    copy = name.replace(".", ".masked.")
    assert hegui("scan", "--field", "page.body", copy).exit_code == 0
    if name == "a.jsonl":
        made = [json.loads((tmp_path / copy).read_text(encoding="utf-8"))]
    else:
        made = pq.read_table(tmp_path / copy).to_pylist()
    assert {**made[0], "page.body": ""} == {**rows[0], "page.body": ""}
    assert made[0]["page.body"].startswith("a[")


def test_a_field_that_could_be_two_is_refused_and_not_half_read(
    hegui: Hegui, tmp_path: Path
) -> None:
    row = {"page.body": "x", "page": {"body": MOBILE}}
    (tmp_path / "a.jsonl").write_text(json.dumps(row), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    assert hegui("scan", "--field", "page.body", "a.jsonl").exit_code == 2
    refused = hegui("scan", "--field", "page.body", "a.parquet")
    assert refused.exit_code == 3
    assert "page.body" in refused.output
