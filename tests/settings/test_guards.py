import pytest

from hegui.settings import Problem, inspect

HEAD = """\
[service]
name = "x"
scope = "{scope}"
reason = "x"
contact = "x"

[[upstream]]
name = "local"
base_url = "http://127.0.0.1:8000/v1"
operator = "x"
location = "CN"
role = "own"
trains_on_inputs = false

[[screen.guard]]
"""
GOOD = {
    "name": '"watch"',
    "preset": '"qwen3guard"',
    "base_url": '"http://127.0.0.1:8001/v1"',
    "model": '"guard"',
}
TWO = '{ a = "A.1.g", b = "A.1.h" }'
OWN = {"operator": '"x"', "location": '"CN"', "role": '"own"', "trains_on_inputs": "false"}


def problems_of(table: dict[str, str], scope: str = "internal") -> list[Problem]:
    lines = "\n".join(f"{key} = {value}" for key, value in table.items())
    return inspect(HEAD.format(scope=scope) + lines, environ={"KEY": "a\tb"})[1]


def test_a_guard_needs_four_keys_and_who_runs_it_when_public() -> None:
    assert problems_of(GOOD) == []
    assert problems_of(GOOD | OWN, "public") == []
    named = {problem.key for problem in problems_of(GOOD, "public")}
    assert named == {f"screen.guard[1].{key}" for key in OWN}
    assert len(problems_of({})) == 4


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", '"Watch it"'),
        ("name", f'"{"x" * 33}"'),
        ("preset", '"another"'),
        ("base_url", '"ftp://x"'),
        ("base_url", '"https://user:word@x/v1"'),
        ("key", '"env:KEY"'),
        ("key", '"s3cret"'),
        ("window", "100"),
        ("windows", "0"),
        ("deadline_ms", "1"),
        ("concurrency", "0"),
        ("roles", '["boss"]'),
        ("threshold", "1.0"),
        ("scores", "{ violent = 2 }"),
        ("scores", "{ violent = true }"),
        ("risks", "{ violent = 1 }"),
        ("criteria", '{ hate = "" }'),
        ("policy", '"policy.txt"'),
        ("extra", '{ model = "another" }'),
        ("extra", "{ since = 2026-11-25 }"),
        ("replies_as", '"user"'),
    ],
)
def test_what_is_wrong_with_a_guard_is_told_at_its_key(key: str, value: str) -> None:
    (problem,) = problems_of(GOOD | {key: value})
    assert problem.key.startswith(f"screen.guard[1].{key}")
    assert problem.line > 15
    assert "s3cret" not in problem.words.en


@pytest.mark.parametrize(
    ("preset", "more", "named"),
    [
        ("policy", {}, {"policy", "risks"}),
        ("policy", {"policy": '"p.txt"'}, {"risks"}),
        (
            "policy-yes-no",
            {"policy": '"p.txt"', "risks": '{ a = "A.1.g", b = "A.1.h" }'},
            {"risks"},
        ),
        ("policy", {"policy": '"p.txt"', "risks": '{ "A b" = "A.1.g" }'}, {"risks.A b"}),
        ("policy", {"policy": '"p.txt"', "risks": TWO}, set()),
    ],
)
def test_a_policy_of_ones_own_needs_its_text_and_its_labels(
    preset: str, more: dict[str, str], named: set[str]
) -> None:
    found = problems_of(GOOD | {"preset": f'"{preset}"'} | more)
    assert {problem.key.removeprefix("screen.guard[1].") for problem in found} == named


def test_no_two_detectors_have_one_name() -> None:
    twice = HEAD.format(scope="internal") + "\n".join(f"{k} = {v}" for k, v in GOOD.items())
    twice += '\n[[screen.detector]]\nname = "watch"\nplugin = "a:B"\n'
    (problem,) = inspect(twice)[1]
    assert problem.key == "screen.guard[1].name"
