import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hegui.settings.locate import Trail, lines_of, nearest_line

TEXT = '''\
# a comment with = and [brackets]
top = "a # b"
dotted.inner = 1   # first

[one."two three"]
key = """
[not.a.table]
x = 1 \\""" still
"""
after = \'\'\'
a = 2\'\'\'\'
list = [ # remark
  "a", # ]
  { deep = 1, more = [
     2] },
]

[[many]]
a = 1
[[many]]
a = 2
[many.sub]
b = 3
'''


def test_lines_are_found_behind_comments_strings_and_nested_lists() -> None:
    tomllib.loads(TEXT)
    lines = lines_of(TEXT)
    assert lines["top",] == 2
    assert lines["dotted", "inner"] == 3
    assert lines["one", "two three", "key"] == 6
    assert lines["one", "two three", "after"] == 10
    assert lines["one", "two three", "list", 1, "deep"] == 14
    assert lines["one", "two three", "list", 1, "more", 0] == 15
    assert lines["many", 0, "a"] == 19
    assert lines["many", 1, "a"] == 21
    assert lines["many", 1, "sub", "b"] == 23
    assert ("not",) not in lines


def test_windows_line_ends_count_once() -> None:
    assert lines_of("a = 1\r\nb = 2\r\n")["b",] == 2


def test_what_is_missing_stands_at_its_table() -> None:
    lines = lines_of(TEXT)
    assert nearest_line(lines, ("many", 1, "absent")) == 20
    assert nearest_line(lines, ("absent",)) == 1


def trails(value: Any, trail: Trail = ()) -> list[Trail]:
    found = [trail] if trail else []
    if isinstance(value, dict):
        for name, inner in value.items():
            found += trails(inner, (*trail, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            found += trails(inner, (*trail, place))
    return found


def written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {written(v)}" for name, v in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + ",\n".join(written(each) for each in value) + "\n]"
    return f'"""{value}"""' if isinstance(value, str) else str(value)


names = st.text("abcxyz-_", min_size=1, max_size=4)
values = st.recursive(
    st.integers(0, 99) | st.text("ab #=[]{},'\n", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(names, values, max_size=4))
def test_every_value_that_toml_reads_has_a_line(table: dict[str, Any]) -> None:
    text = "".join(f"{name} = {written(value)}\n" for name, value in table.items())
    read = tomllib.loads(text)
    lines = lines_of(text)
    assert set(trails(read)) == set(lines)
    for name in read:
        line = text.split("\n")[lines[name,] - 1]
        assert line.startswith(f"{name} =")


@given(st.text("ab=[]{}\",'\\#.\n ", max_size=40))
def test_any_text_at_all_comes_to_an_end(text: str) -> None:
    lines_of(text)
