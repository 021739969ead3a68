from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from hegui.settings import Problem, Secret, Settings, inspect, read
from hegui.settings.fields import keys_of
from hegui.terms import Misconfigured

INTERNAL = """\
[service]
name = "assistant"
scope = "internal"
reason = "used by our own staff only"

[[upstream]]
name = "local"
base_url = "http://127.0.0.1:8000/v1"
"""

PUBLIC = """\
[service]
name = "智能客服"
scope = "public"
contact = "400-000-0000"

[[upstream]]
name = "local"
base_url = "http://127.0.0.1:8000/v1"
operator = "某某科技有限公司"
location = "上海"
role = "own"
trains_on_inputs = false
"""


def problems_of(text: str, **environ: str) -> list[Problem]:
    settings, problems = inspect(text, environ=environ)
    assert (settings is None) == bool(problems)
    return problems


def settings_of(text: str, **environ: str) -> Settings:
    settings, problems = inspect(text, environ=environ)
    assert problems == []
    assert settings is not None
    return settings


def place(problem: Problem) -> tuple[int, str]:
    return problem.line, problem.key


def test_the_shortest_internal_and_public_files_are_right() -> None:
    assert settings_of(INTERNAL).screen.unjudged == "allow"
    public = settings_of(PUBLIC)
    assert public.screen.unjudged == "refuse"
    assert public.upstreams[0].models == ("*",)
    assert public.public_url == "http://127.0.0.1:8100"


def test_what_is_said_about_the_unjudged_stands_in_either_scope() -> None:
    said = '\n[screen]\nunjudged = "refuse"\n'
    assert settings_of(INTERNAL + said).screen.unjudged == "refuse"


def test_every_problem_is_told_at_once_and_with_its_line() -> None:
    text = """\
[service]
name = "x"
scope = "pubilc"

[content]
days = 0
keep = "everything"
log_days = 30

[limits]
choices = true
depth = "deep"

[[upstream]]
name = "a"
base_url = "ftp://x"
timeout_idle = nan
models = ["*",
  7]
"""
    assert [place(problem) for problem in problems_of(text)] == [
        (3, "service.scope"),
        (6, "content.days"),
        (7, "content.keep"),
        (8, "content.log_days"),
        (11, "limits.choices"),
        (12, "limits.depth"),
        (16, "upstream[1].base_url"),
        (17, "upstream[1].timeout_idle"),
        (19, "upstream[1].models[2]"),
    ]


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_number_that_no_float_holds_is_told_with_its_line(sign: str) -> None:
    for table, key in (("content", "days"), ("ledger", "sign_seconds")):
        text = f"{INTERNAL}\n[{table}]\n{key} = {sign}1{'0' * 400}\n"
        assert [problem.key for problem in problems_of(text)] == [f"{table}.{key}"]


def test_a_home_that_nobody_has_is_told_with_its_line() -> None:
    jwks = (
        '[callers.assertion]\nissuer = "app"\naudience = "hegui"\nalgorithms = ["RS256"]\n'
        'jwks = "file:~nobody-here/x"\n'
    )
    for text, key in (
        ('data_dir = "~nobody-here/x"\n' + INTERNAL, "data_dir"),
        (INTERNAL + '\n[listen]\nadmin_key = "file:~nobody-here/x"\n', "listen.admin_key"),
        (INTERNAL + jwks, "callers.assertion.jwks"),
    ):
        (problem,) = problems_of(text)
        assert (problem.key, "~nobody-here" in problem.words.zh) == (key, True)


def test_an_unknown_key_names_the_nearest() -> None:
    (problem,) = problems_of(INTERNAL + "\n[content]\nkept = 'all'\n")
    assert place(problem) == (11, "content.kept")
    assert "keep" in problem.words.en
    assert "keep" in problem.words.zh


def test_an_unknown_table_and_an_unlike_key_name_what_there_is() -> None:
    unknown = problems_of(INTERNAL + "\n[zzzz]\nqqqq = 1\n")
    assert place(unknown[0]) == (10, "zzzz")
    assert "content" in unknown[0].words.en


def test_a_key_of_the_wrong_kind_is_told_once() -> None:
    (problem,) = problems_of(PUBLIC.replace('"某某科技有限公司"', "5"))
    assert problem.key == "upstream[1].operator"


def test_a_file_with_nothing_in_it_names_what_is_missing() -> None:
    keys = {problem.key for problem in problems_of("")}
    assert keys == {"service.name", "service.scope", "upstream"}


def test_a_public_service_must_declare_its_upstreams_and_a_contact() -> None:
    text = INTERNAL.replace('"internal"', '"public"')
    assert [problem.key for problem in problems_of(text)] == [
        "service.contact",
        "upstream[1].operator",
        "upstream[1].location",
        "upstream[1].role",
        "upstream[1].trains_on_inputs",
    ]


def test_an_internal_service_must_say_why() -> None:
    text = INTERNAL.replace("used by our own staff only", "")
    assert [place(problem) for problem in problems_of(text)] == [(4, "service.reason")]


def test_a_public_service_cannot_let_the_unscreened_through() -> None:
    loose = '\n[screen]\nunknown_fields = "pass"\non_fault = "allow"\n'
    assert len(problems_of(PUBLIC + loose)) == 2
    assert settings_of(INTERNAL + loose).screen.on_fault == "allow"


@pytest.mark.parametrize(
    ("text", "line"),
    [("[service\n", 1), ("a = 1\na = 2\n", 2), ("a = 1\nx = [1,\n", 2), ("\n\n= 4", 3)],
)
def test_broken_toml_is_one_problem_with_its_line(text: str, line: int) -> None:
    (problem,) = problems_of(text)
    assert problem.line == line


def test_hostile_toml_is_a_problem_and_not_a_crash() -> None:
    assert problems_of("x = " + "[" * 100_000)
    assert problems_of("x = " + "9" * 10_000)
    assert problems_of('service = 3\nupstream = "x"\nscreen = [1]\n')
    assert problems_of("[screen.actions]\nuser = 5\nnobody = {}\n")


def test_secrets_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("from-file\n")
    secret.chmod(0o600)
    path = tmp_path / "hegui.toml"
    path.write_text(
        '[listen]\nadmin_key = "file:key"\n' + INTERNAL + 'key = "env:MODEL_KEY"\n',
        encoding="utf-8",
    )
    settings = read(path, {"MODEL_KEY": "from-env"})
    assert settings.listen.admin_key.reveal() == "from-file"
    assert settings.upstreams[0].key.reveal() == "from-env"
    assert settings.data_dir == tmp_path / "hegui-data"


def test_no_printout_of_the_settings_shows_a_secret() -> None:
    settings = settings_of(INTERNAL + 'key = "env:K"\n', K="hush-hush")
    shown = f"{settings!r} {settings.upstreams[0].key} {settings.upstreams[0].key!r}"
    assert "hush-hush" not in shown
    assert "env:K" in shown
    assert not Secret()


def test_a_literal_secret_is_a_problem_and_is_not_repeated() -> None:
    (problem,) = problems_of(INTERNAL + 'key = "sk-live-12345"\n')
    assert place(problem) == (9, "upstream[1].key")
    assert "sk-live" not in problem.sentence.en + problem.sentence.zh


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_secret_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    secret = tmp_path / "key"
    secret.write_text("x")
    secret.chmod(mode)
    (problem,) = problems_of(INTERNAL + f'key = "file:{secret}"\n')
    assert f"chmod 600 {secret}" in problem.words.en
    assert f"chmod 600 {secret}" in problem.words.zh


def test_a_missing_variable_and_a_missing_file_are_named() -> None:
    (variable,) = problems_of(INTERNAL + 'key = "env:NOT_THERE"\n')
    assert "NOT_THERE" in variable.words.zh
    (file,) = problems_of(INTERNAL + 'key = "file:/nowhere/at/all"\n')
    assert "/nowhere/at/all" in file.words.en


def test_the_admin_listener_stays_on_this_machine_without_a_key() -> None:
    open_admin = '[listen]\nadmin = "0.0.0.0:8101"\n'
    (problem,) = problems_of(open_admin + INTERNAL)
    assert place(problem) == (2, "listen.admin")
    keyed = open_admin + 'admin_key = "env:K"\n' + INTERNAL
    assert settings_of(keyed, K="k").listen.admin.port == 8101


def test_anonymous_callers_are_for_loopback_only() -> None:
    anonymous = "\n[callers]\nanonymous = true\n"
    assert settings_of(INTERNAL + anonymous).callers.anonymous
    reachable = INTERNAL + anonymous + '[listen]\npublic = "0.0.0.0:80"\n'
    assert [problem.key for problem in problems_of(reachable)] == ["callers.anonymous"]


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("[::1]:80", True),
        ("localhost:0", True),
        ("127.0.0.1", False),
        ("::1:80", False),
        ("h:99999", False),
        ("127.0.0.1:00008100", False),  # and not port 81
        ("a b:1", False),
        (":80", False),
    ],
)
def test_listen_addresses(address: str, good: bool) -> None:  # noqa: FBT001 - a table's column
    text = f'[listen]\npublic = "{address}"\n' + INTERNAL
    assert (problems_of(text) == []) is good


def test_one_table_never_accepts_both_families_of_algorithms() -> None:
    table = '[callers.assertion]\nissuer = "app"\naudience = "hegui"\n'
    shared = table + 'algorithms = ["HS256"]\nkey = "env:K"\n'
    assert settings_of(INTERNAL + shared, K="k" * 32).callers.assertion is not None
    assert problems_of(INTERNAL + shared, K="short")
    mixed = table + 'algorithms = ["HS256", "RS256"]\njwks = "file:keys.json"\n'
    assert [p.key for p in problems_of(INTERNAL + mixed)] == ["callers.assertion.algorithms"]
    none = table + 'algorithms = ["none"]\nkey = "env:K"\n'
    assert problems_of(INTERNAL + none, K="k" * 32)
    plain = table + 'algorithms = ["RS256"]\njwks = "http://example.com/keys"\n'
    assert [p.key for p in problems_of(INTERNAL + plain)] == ["callers.assertion.jwks"]


def test_a_provider_code_follows_from_the_credit_code_or_stays_empty() -> None:
    def code(table: str) -> str:
        return settings_of(INTERNAL + "\n[provider]\n" + table).provider.code

    assert code('uscc = "91110102MACQD9K640"\n') == "001191110102MACQD9K64010000"
    assert code('uscc = "91110102MACQD9K640"\nextension = "A001"\n').endswith("1A001")
    assert code("") == ""
    wrong = INTERNAL + '\n[provider]\nuscc = "91110102MACQD9K641"\n'
    assert [problem.key for problem in problems_of(wrong)] == ["provider.uscc"]
    other = (
        INTERNAL + '\n[provider]\nuscc = "91110102MACQD9K640"\n'
        'code = "001191310104MACE0YX63918020"\n'
    )
    assert [problem.key for problem in problems_of(other)] == ["provider.code"]


def test_the_origin_is_fit_for_a_signed_note() -> None:
    assert settings_of(INTERNAL).ledger.origin == "hegui.local/assistant"
    origin = settings_of(PUBLIC).ledger.origin
    assert origin.isascii()
    assert origin == settings_of(PUBLIC).ledger.origin
    bad = INTERNAL + '\n[ledger]\norigin = "a b+c"\n'
    assert [problem.key for problem in problems_of(bad)] == ["ledger.origin"]


def test_the_digest_is_the_files_own(tmp_path: Path) -> None:
    from hashlib import sha256

    path = tmp_path / "hegui.toml"
    path.write_text(PUBLIC, encoding="utf-8")
    assert read(path, {}).digest == sha256(path.read_bytes()).hexdigest()


def test_reading_raises_one_error_that_lists_all(tmp_path: Path) -> None:
    path = tmp_path / "hegui.toml"
    path.write_text("[service]\n", encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        read(path, {})
    for language in ("en", "zh"):
        told = caught.value.words.say(language)
        assert "service.name" in told
        assert "upstream" in told
    with pytest.raises(Misconfigured, match="hegui init"):
        read(tmp_path / "absent.toml", {})
    path.write_bytes(b"[service]\nname = '\xff'\n")
    with pytest.raises(Misconfigured, match="line 2"):
        read(path, {})


def test_a_detector_of_ones_own_and_its_actions_are_read() -> None:
    text = (
        INTERNAL
        + """
[screen.actions.reply]
"A.4.f" = "mask"
[[screen.detector]]
name = "mine"
plugin = "my.package:Guard"
options = { threshold = 0.5 }
"""
    )
    screen = settings_of(text).screen
    assert screen.actions == {"reply": {"A.4.f": "mask"}}
    assert screen.detectors[0].options == {"threshold": 0.5}
    wrong = text.replace('"mask"', '"delete"').replace("my.package:Guard", "os.system('x')")
    assert [place(problem) for problem in problems_of(wrong)] == [
        (11, "screen.actions.reply.A.4.f"),
        (14, "screen.detector[1].plugin"),
    ]


def test_every_key_has_words_in_both_languages() -> None:
    def walk(table: Any) -> None:
        undocumented = {f.name for f in fields(table)} - {k.attribute for k in keys_of(table)}
        assert undocumented <= {"path", "digest", "lines"}
        for key in keys_of(table):
            assert key.doc.words.en
            assert any("\u4e00" <= char <= "\u9fff" for char in key.doc.words.zh)
            if is_dataclass(key.type) and key.type is not Secret:
                walk(key.type)

    walk(Settings)
