import pytest

from hegui.settings import inspect

LEAST = """\
[service]
name = "demo"
scope = "internal"
reason = "a trial"

[[upstream]]
name = "own"
base_url = "http://127.0.0.1:1/v1"
role = "own"

[database]
"""


def problems(table: str, **environ: str) -> list[str]:
    _, found = inspect(LEAST + table, environ=environ)
    return [f"{problem.key}: {problem.words.en}" for problem in found]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://hegui@127.0.0.1:5432/hegui",
        "postgresql://hegui@localhost/hegui",
        "postgresql://hegui@db.example:5432/hegui?sslmode=verify-full",
        "postgresql:///hegui?host=/run/postgresql",
    ],
)
def test_a_good_address_is_taken(url: str) -> None:
    assert problems(f'url = "{url}"\npassword = "env:P"', P="secret") == []


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://a@127.0.0.1/b", "postgresql://"),
        ("postgresql://127.0.0.1", "postgresql://"),
        ("postgresql://a:geheim@127.0.0.1/b", "holds a password"),
        ("postgresql://a@127.0.0.1/b?password=geheim", "holds a password"),
        ("postgresql://a@db.example/b", "sslmode"),
    ],
)
def test_a_bad_address_is_told_without_its_secret(url: str, says: str) -> None:
    (told,) = problems(f'url = "{url}"')
    assert told.startswith("database.url: ")
    assert says in told
    assert "geheim" not in told


def test_a_password_stands_elsewhere_and_for_something() -> None:
    assert "never written here" in problems('url = "postgresql://a@localhost/b"\npassword = "x"')[0]
    (told,) = problems('password = "env:P"', P="secret")
    assert told.startswith("database.password: means nothing")
