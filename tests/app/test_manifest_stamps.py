"""Time stamps in C2PA manifests: from the settings' authority alone, bounded, or none at all."""

import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from tests.ledger.tsa import Authority, make_authority

from hegui.app import labelling, manifest_reading
from hegui.app.manifest_keys import ManifestKey
from hegui.app.manifest_stamps import relay
from hegui.app.manifests import Signs
from hegui.settings import inspect
from hegui.settings.c2pa import C2pa
from hegui.settings.secret import Secret
from hegui.terms import Unavailable
from hegui.testing import pictures
from hegui.testing.certificates import chain
from hegui.testing.labelled import LABEL
from hegui.testing.serve import running_in_thread

NOW = 1_795_000_000_000  # in November 2026
CHAIN = chain()
Answers = Callable[[bytes], Response]
Serve = Callable[[Answers], str]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as held:

        def start(answers: Answers) -> str:
            async def answer(request: Request) -> Response:
                return answers(await request.body())

            app = Starlette(routes=[Route("/tsa", answer, methods=["GET", "POST"])])
            return f"{held.enter_context(running_in_thread(app))}/tsa"

        yield start


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(pictures.jpeg())
    return path


def signs(folder: Path, url: str, *, required: bool = True) -> Signs:
    path = folder / "chain.pem"
    path.write_bytes(CHAIN.pem)
    secret = Secret("env:KEY", CHAIN.key_pem.decode())
    chosen = C2pa(certificates=path, key=secret, time_stamps=url, time_stamp_required=required)
    return Signs(ManifestKey(chosen, NOW), NOW, required=True)


def look(path: Path) -> manifest_reading.Shown:
    with labelling.opened(path) as source:
        there = manifest_reading.shown(labelling.format_of(source, path.name), source)
    assert there is not None
    return there


def put(path: Path, given: Signs) -> labelling.Written:
    return labelling.label(path, path, LABEL, "present", signs=given)


def test_a_manifest_is_stamped_and_the_label_and_content_are_as_without(
    authority: Authority, serve: Serve, photo: Path, tmp_path: Path
) -> None:
    asked = list[bytes]()

    def answers(body: bytes) -> Response:
        asked.append(body)
        return Response(authority.answer(body), media_type="application/timestamp-reply")

    before = labelling.seen(photo, content=True)
    written = put(photo, signs(tmp_path, serve(answers)))
    after = labelling.seen(photo, content=True)
    assert written.time_stamp == "stamped"
    assert look(photo).state == "valid"
    assert look(photo).at.startswith("20")
    assert after.payload == before.payload
    assert [one.raw for one in after.found] == [LABEL.inner()]
    (request,) = asked
    assert len(request) < 100  # a digest and a nonce: nothing of the file goes out


def refused(_: bytes) -> Response:
    return Response(status_code=503)


def junk(_: bytes) -> Response:
    return Response(b"junk", media_type="application/timestamp-reply")


def huge(_: bytes) -> Response:
    return Response(b"x" * 70_000)


def elsewhere(_: bytes) -> Response:
    return RedirectResponse("http://127.0.0.1:9/tsa", status_code=307)


@pytest.mark.parametrize(
    ("answers", "why"),
    [(refused, "http-503"), (junk, "bad-stamp"), (huge, "too-large"), (elsewhere, "http-307")],
)
def test_without_a_good_answer_nothing_is_written(
    answers: Answers, why: str, serve: Serve, photo: Path, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable, match=why) as told:
        put(photo, signs(tmp_path, serve(answers)))
    assert "time_stamp_required = false" in told.value.words.en
    assert photo.read_bytes() == pictures.jpeg()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["chain.pem", "photo.jpg"]


def test_an_old_answer_is_no_answer(
    authority: Authority, serve: Serve, photo: Path, tmp_path: Path
) -> None:
    kept = list[bytes]()

    def answers(body: bytes) -> Response:
        kept.append(authority.answer(body))
        return Response(kept[0])

    given = signs(tmp_path, serve(answers))
    put(photo, given)
    with pytest.raises(Unavailable, match="bad-stamp"):
        put(photo, given)


def test_where_the_settings_allow_it_a_manifest_goes_without_and_that_is_said(
    photo: Path, tmp_path: Path
) -> None:
    written = put(photo, signs(tmp_path, "http://127.0.0.1:9/tsa", required=False))
    assert (written.signed, written.time_stamp) == (True, "missing")
    assert look(photo).state == "valid"
    assert look(photo).at == ""


def test_a_silent_authority_costs_no_more_than_its_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with relay(url, 0.2) as between, pytest.raises(urllib.error.HTTPError, match="502"):
            urllib.request.urlopen(between.url, b"query", 60)  # noqa: S310 - our own address
        assert between.trouble == "timeout"


def test_the_relay_serves_only_who_knows_its_path_and_a_small_question() -> None:
    with relay("http://127.0.0.1:9/", 0.2) as between:
        for url, body in (
            (between.url.rpartition("/")[0] + "/tsa", b"query"),
            (between.url, b"x" * 2_000),
            (between.url, b""),
        ):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(url, body, 60)  # noqa: S310 - our own address
        assert not between.asked


def test_a_proxy_of_the_environment_is_not_asked(
    authority: Authority,
    serve: Serve,
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    given = signs(tmp_path, serve(lambda body: Response(authority.answer(body))))
    assert put(photo, given).time_stamp == "stamped"


@pytest.mark.parametrize("url", ["ftp://tsa.example/", "http://a:b@tsa.example/", "tsa.example"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    text = f'[labels.c2pa]\ncertificates = "c.pem"\nkey = "env:K"\ntime_stamps = "{url}"\n'
    _, problems = inspect(text, environ={"K": "x"})
    assert any("http://…" in one.sentence.en for one in problems)
