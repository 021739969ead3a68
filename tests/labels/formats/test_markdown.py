"""Markdown: the front matter's map, what others write there, and what is no front matter."""

import json
import re
from typing import Any

import pytest
import yaml

from hegui.labels.formats.markdown import MARKDOWN
from hegui.labels.value import FIELDS
from hegui.terms import BadRequest
from hegui.testing.labelled import CODE, LABEL, OTHER, holds, labelled, labels, payload

BODY = "# 标题\n\ntext\n---\nmore\n"
ROWS = [f"    {name}: {value!r}\n" for name, value in json.loads(OTHER.inner()).items()]
BLOCK = "AIGC:\n" + "".join(ROWS)
FLOW = f"AIGC: {OTHER.inner()}\n"
SEEN = {
    "block": BLOCK,
    "quoted keys": BLOCK.replace("Label:", '"Label":'),
    "plain values": BLOCK.replace("'older'", "older").replace(f"'{CODE}'", CODE),
    "flow": FLOW,
    "flow over lines": FLOW.replace(",", ",\n  "),
    "other case": BLOCK.replace("AIGC", "aigc"),
    "text": f"AIGC: '{OTHER.inner()}'\n",
    "block text": f"AIGC: |\n  {OTHER.inner()}\n",
    "wrapped": f"label-AIGC: '{{\"AIGC\":{OTHER.inner()}}}'\n",
}
BEFORE, AFTER = "title: a: b\n".replace("a: b", "'a: b' # why"), "tags:\n- one\n\n# end\n"


def front(data: bytes) -> Any:
    text = data.decode("utf-8-sig")
    return yaml.safe_load(re.split(r"^(?:---|\.\.\.)\s*$", text, flags=re.MULTILINE)[1])


@pytest.mark.parametrize("name", SEEN)
def test_a_label_is_found_and_replaced_where_it_stood(name: str) -> None:
    data = f"---\n{BEFORE}{SEEN[name]}{AFTER}---\n{BODY}".encode()
    (found,) = labels(MARKDOWN, data)
    assert found.parsed is not None
    assert found.parsed.implicit == OTHER
    assert found.guide == (name not in ("other case", "text", "block text", "wrapped"))
    assert data[found.offset :].lower().startswith((b"aigc", b"label-aigc"))
    assert holds(MARKDOWN, data)
    new = labelled(MARKDOWN, data).decode()
    assert new.startswith(f"---\n{BEFORE}AIGC:\n")
    assert new.endswith(f"{AFTER}---\n{BODY}")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(
    "head", ["", "---\n---\n", f"---\n{BEFORE}{AFTER}---\n", "---\n# a\n...\n"]
)
def test_a_file_is_labelled_in_its_own_line_ends(head: str, mark: bytes, end: str) -> None:
    data = mark + (head + BODY).replace("\n", end).encode()
    assert holds(MARKDOWN, data)
    new = labelled(MARKDOWN, data)
    assert front(new)["AIGC"] == json.loads(LABEL.inner())
    assert list(front(new)["AIGC"]) == list(FIELDS)
    assert payload(MARKDOWN, new) == BODY.replace("\n", end).encode()
    assert new.startswith(mark)
    assert new.count(b"\n") == new.count(end.encode())
    if "title" in head:
        assert {**front(data), "AIGC": front(new)["AIGC"]} == front(new)


def test_a_line_that_only_separates_is_no_front_matter() -> None:
    for text in ("---\nJust prose.\n---\n", "---\nwithout an end\n", "----\n", "--- a\n"):
        data = text.encode()
        assert holds(MARKDOWN, data)
        assert payload(MARKDOWN, labelled(MARKDOWN, data)) == data


def test_several_labels_become_one() -> None:
    assert holds(MARKDOWN, f"---\n{BLOCK}{BEFORE}{FLOW}---\n".encode())


def test_values_that_are_no_strings_are_told() -> None:
    (found,) = labels(MARKDOWN, b"---\nAIGC:\n  Label: 1\n  ProduceID: true\n  X: {a: [1]}\n---\n")
    assert found.parsed is not None
    assert {"not-a-string", "missing-field"} <= {one.code for one in found.parsed.faults}


def test_half_a_character_is_no_label() -> None:
    data = b'---\nAIGC:\n  Label: "\\ud800"\n  "\\udfff": {"\\ud800": 1}\n---\n'
    assert [one.parsed for one in labels(MARKDOWN, data)] == [None]
    assert holds(MARKDOWN, data)


def test_a_reserved_field_that_holds_json_survives() -> None:
    label = LABEL.__class__("1", CODE, "a", '{"a":"b\\\\: #"}', CODE, "a", "'")
    (found,) = labels(MARKDOWN, labelled(MARKDOWN, b"x", label))
    assert found.raw == label.inner()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("---\na: [\n---\n", "YAML"),
        ('---\na: "\\Uffffffff"\n---\n', "YAML"),
        ("---\na: *b\n---\n", "YAML"),
        ("---\n" + "[" * 900 + "]" * 900 + "\n---\n", "deeply"),
        ("---\n" + "a: b\n" * 20_000 + "---\n", "larger than allowed"),
        ("---\n{a: b}\n---\n", "braces"),
        ("---\nAIGC: &x\n  Label: '1'\nb: *x\n---\n", "YAML"),
        ("---\n\udcff\n---\n", "UTF-8"),
        ("\udcff\udcfe-\0", "UTF-8"),
    ],
)
def test_a_front_matter_that_cannot_be_edited_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        labelled(MARKDOWN, text.encode("utf-8", "surrogateescape"))


def test_a_file_cut_or_changed_anywhere_is_refused_or_right() -> None:
    data = f"---\n{BEFORE}{FLOW}{AFTER}---\n{BODY}".encode()
    for at in range(0, len(data), 3):
        holds(MARKDOWN, data[:at])
        for new in (b"\xff", b"\n", b"{", b"'"):
            holds(MARKDOWN, data[:at] + new + data[at + 1 :])
