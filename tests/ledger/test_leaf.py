import json
from typing import Any, Protocol

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegui.ledger import kinds, leaf
from hegui.ledger.kinds.shapes import HEAD, REST
from hegui.terms import BadRequest

ASKED = kinds.named("exchange.asked")


class MakeLeaf(Protocol):
    def __call__(self, at_ms: int = ..., **changes: object) -> bytes: ...


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("kind", kinds.all_kinds(), ids=lambda kind: kind.name)
def test_a_record_of_every_kind_is_canonical_json_and_reads_back(
    kind: kinds.Kind, fields: dict[str, dict[str, Any]]
) -> None:
    made = leaf.make(kind, 5, "租户", fields[kind.name])
    assert made == canonical(json.loads(made))
    read = leaf.parse(made)
    assert {name: read[name] for name in fields[kind.name]} == fields[kind.name]
    assert (read["v"], read["kind"], read["t"], read["tenant"]) == (
        kind.version,
        kind.name,
        5,
        "租户",
    )
    assert set(fields[kind.name]) == set(kind.fields)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=150))
def test_any_text_is_written_as_the_standard_library_writes_it(text: str) -> None:
    fields = {"reason": text, "answered": 1}
    made = leaf.make(kinds.named("service.stopped"), 1, "t", fields)
    assert made == canonical(json.loads(made))
    assert leaf.parse(made)["reason"] == text


def test_two_leaves_of_the_same_record_differ_by_16_random_bytes(make_leaf: MakeLeaf) -> None:
    salts = {leaf.parse(make_leaf())["salt"] for _ in range(100)}
    assert len(salts) == 100
    assert {len(salt) for salt in salts} == {22}


def test_a_leaf_over_2_kb_is_refused_and_the_field_named(make_leaf: MakeLeaf) -> None:
    rules = {f"rule.{n:02d}." + "x" * 60: n for n in range(40)}
    with pytest.raises(BadRequest, match="rules takes most") as caught:
        make_leaf(rules=rules)
    assert caught.value.param == "rules"
    assert len(make_leaf(rules=kinds.fold(rules))) <= leaf.MOST_BYTES


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("decision", "maybe"),
        ("commit", "AB" * 32),
        ("panel", "ab" * 31),
        ("policy", "ab" * 32 + "\n"),
        ("rules", {"x": -1}),
        ("rules", {"x": 0.5}),
        ("rules", {f"r{n}": 1 for n in range(42)}),
        ("known", True),
        ("known", 2**63),
        ("stream", 1),
        ("model", "x" * 201),
        ("model", None),
        ("model", "\ud800"),
        ("content", "all"),
        ("surprise", 1),
    ],
)
def test_a_field_that_does_not_fit_its_kind_is_named(
    make_leaf: MakeLeaf, field: str, value: object
) -> None:
    with pytest.raises(BadRequest, match=field) as caught:
        make_leaf(**{field: value})
    assert caught.value.param in {field, ""}


def test_a_missing_field_is_named(fields: dict[str, dict[str, Any]]) -> None:
    del fields["exchange.asked"]["panel"]
    with pytest.raises(BadRequest, match="panel"):
        leaf.make(ASKED, 1, "t", fields["exchange.asked"])


@pytest.mark.parametrize("field", sorted(HEAD))
def test_nobody_sets_the_head_of_a_leaf(fields: dict[str, dict[str, Any]], field: str) -> None:
    with pytest.raises(BadRequest, match=f"sets {field} itself"):
        leaf.make(ASKED, 1, "t", {**fields["exchange.asked"], field: "x"})


def test_an_error_never_repeats_the_value(make_leaf: MakeLeaf) -> None:
    with pytest.raises(BadRequest) as caught:
        make_leaf(decision="13800138000`$.x`")
    assert "13800138000" not in caught.value.words.en + caught.value.words.zh
    assert caught.value.param == "decision"


@pytest.mark.parametrize("change", [{"kind": "future.kind"}, {"v": 2}, {"v": 0}, {"v": "1"}])
def test_an_unknown_kind_or_a_newer_version_is_opaque(
    make_leaf: MakeLeaf, change: dict[str, object]
) -> None:
    later = {**leaf.parse(make_leaf(7)), **change}
    read = leaf.parse(canonical(later))
    assert read["opaque"] is True
    assert set(read) == HEAD | {"opaque"}
    assert read["t"] == 7


@given(st.binary(max_size=200) | st.recursive(st.none() | st.integers(), st.lists).map(canonical))
def test_no_bytes_make_a_reader_fail(data: bytes) -> None:
    assert leaf.parse(data)["opaque"] is True


def test_text_that_is_no_utf_8_is_opaque() -> None:
    assert leaf.parse(b'{"kind":"exchange.asked","t":7,"v":1,"x":"\xff"}') == {"opaque": True}


def test_deeply_nested_bytes_are_opaque() -> None:
    assert leaf.parse(b'{"kind":' + b"[" * 100_000) == {"opaque": True}


def test_folded_counts_keep_the_largest_and_lose_none() -> None:
    counts = {f"r{n:03d}": n for n in range(100)}
    folded = kinds.fold(counts)
    assert len(folded) == 41
    assert sum(folded.values()) == sum(counts.values())
    assert folded["r099"] == 99
    assert REST in folded
    assert kinds.fold({"a": 1}) == {"a": 1}
    assert kinds.fold({"x" * 5_000: 2}) == {REST: 2}


def test_every_kind_names_duties_and_holds_no_floats() -> None:
    assert len({kind.name for kind in kinds.all_kinds()}) == len(kinds.all_kinds())
    for kind in kinds.all_kinds():
        assert kind.duties
        assert "number" not in json.dumps(msgspec.json.schema(kind.shape)).split('"')
    assert kinds.kind("future.kind") is None
