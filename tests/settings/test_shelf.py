import pytest

from hegui.settings import inspect
from hegui.settings.shelf import host_fault, split_host

HEAD = '[service]\nname = "x"\nscope = "internal"\nreason = "x"\n'
UPSTREAM = '[[upstream]]\nname = "x"\nbase_url = "http://127.0.0.1:1/v1"\n'
BUCKET = (
    '[shelf]\nstore = "s3"\n[shelf.s3]\nendpoint = "https://s3.example.com"\nbucket = "media"\n'
)


@pytest.mark.parametrize(
    "pattern",
    ["media.example.com", "*.example.com", "minio", "10.0.0.5:9000", "[::1]:9000", "a-b.c:8443"],
)
def test_a_host_is_exact_or_one_level_of_one(pattern: str) -> None:
    assert host_fault(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "*.com",
        "*.*.example.com",
        "a.*.example.com",
        "https://media.example.com",
        "media.example.com/path",
        "Media.example.com",
        "media_host.example.com",
        "media.example.com:0",
        "media.example.com:99999",
        "media.example.com:x",
        "user@media.example.com",
        "",
    ],
)
def test_anything_else_is_no_host(pattern: str) -> None:
    fault = host_fault(pattern)
    assert fault is not None
    assert fault.zh


def test_a_host_has_the_port_that_it_names() -> None:
    assert split_host("a.example.com") == ("a.example.com", 443)
    assert split_host("[::1]:9000") == ("::1", 9000)


def faults(text: str, **environ: str) -> list[str]:
    _, problems = inspect(text, environ=environ)
    return [problem.sentence.en for problem in problems]


def test_a_server_with_tasks_names_its_hosts() -> None:
    text = HEAD + UPSTREAM + 'media_tasks = "ark"\n'
    assert any("media_hosts" in fault for fault in faults(text))
    assert faults(text + 'media_hosts = ["*.example.com"]\n') == []
    assert faults(HEAD + UPSTREAM + 'media_tasks = "openai-videos"\n') == []


def test_a_bucket_is_whole_and_its_keys_are_secrets() -> None:
    keys = 'access_key = "env:A"\nsecret_key = "env:B"\n'
    assert faults(HEAD + UPSTREAM + BUCKET + keys, A="a", B="b") == []
    assert len(faults(HEAD + UPSTREAM + BUCKET)) == 2
    assert faults(HEAD + UPSTREAM + '[shelf]\nstore = "s3"\n') != []
    wrong = BUCKET.replace("s3.example.com", "u:p@s3.example.com/x") + keys
    assert any("endpoint" in fault for fault in faults(HEAD + UPSTREAM + wrong, A="a", B="b"))
    plain = BUCKET + 'access_key = "AKIA"\nsecret_key = "s"\n'
    said = faults(HEAD + UPSTREAM + plain)
    assert said
    assert not any("AKIA" in fault for fault in said)
