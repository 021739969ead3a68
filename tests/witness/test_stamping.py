from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.ledger.tsa import Authority, make_authority
from tests.witness.test_rounds import Service

from hegui.ledger.cosigned import stamped
from hegui.ledger.timestamps import time_of
from hegui.store import open_database
from hegui.testing.clock import FixedClock
from hegui.testing.serve import running
from hegui.witness.rounds import Rounds
from hegui.witness.stamping import StampClient
from hegui.witness.web import Web

DAY = 86_400_000
Answer = Callable[[Request], Awaitable[Response]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tsa"))


@pytest_asyncio.fixture
async def service(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Service]:
    made = Service(tmp_path / "data" / "hegui.db", clock, Web(seconds=20))
    made.grow(5)
    yield made
    await made.web.close()


def app(answer: Answer) -> Starlette:
    return Starlette(routes=[Route("/tsa", answer, methods=["POST"])])


def stamping(service: Service, base: str, authority: Authority) -> Rounds:
    client = StampClient(
        f"{base}/tsa", authority.ca, DAY, place=service.path, web=service.web, clock=service.clock
    )
    observed = service.observed
    return Rounds(
        service.path,
        [client],
        service.clock,
        lambda name, outcome: observed.append((name, outcome)),
        service.behind.__setitem__,
    )


async def test_a_head_is_stamped_once_a_day_and_the_stamp_kept_with_it(
    service: Service, authority: Authority
) -> None:
    asked = []

    async def answer(request: Request) -> Response:
        asked.append(request.headers["content-type"])
        made = authority.answer(await request.body())
        return Response(made, headers={"content-type": "application/timestamp-reply"})

    async with running(app(answer)) as base:
        rounds = stamping(service, base, authority)
        assert [one.trouble for one in await rounds.go()] == [""]
        service.grow(5)
        service.clock.forward(DAY // 2)
        assert await rounds.go() == []
        service.clock.forward(DAY // 2)
        assert [one.trouble for one in await rounds.go()] == [""]
        service.clock.forward(DAY)
        assert await rounds.go() == []  # nothing new to be stamped
        assert [one.trouble for one in await rounds.go(at_once=True)] == [""]
    assert asked == ["application/timestamp-query"] * 3
    connection = open_database(service.path, read_only=True)
    kept = stamped(connection, "default")
    connection.close()
    assert kept is not None
    assert (kept.size, kept.checkpoint) == (10, service.head())
    assert time_of(kept.answer, kept.checkpoint, authority.ca)


async def test_an_answer_that_does_not_verify_is_not_kept(
    service: Service, authority: Authority, tmp_path: Path
) -> None:
    stranger = make_authority(tmp_path / "stranger")
    first: list[bytes] = []

    async def by_a_stranger(request: Request) -> Response:
        return Response(stranger.answer(await request.body()))

    async def replayed(request: Request) -> Response:
        first.append(authority.answer(await request.body()))
        return Response(first[0])

    async def garbage(_request: Request) -> Response:
        return Response(b"0" * 5_000)

    async def flood(_request: Request) -> Response:
        return Response(b"0" * 100_000)

    async def refusal(_request: Request) -> Response:
        return Response(status_code=403)

    expected = {
        by_a_stranger: "bad-stamp",
        garbage: "bad-stamp",
        flood: "too-large",
        refusal: "http-403",
    }
    for answer, word in expected.items():
        async with running(app(answer)) as base:
            ended = await stamping(service, base, authority).go(at_once=True)
        assert [one.trouble for one in ended] == [word]
    connection = open_database(service.path, read_only=True)
    assert stamped(connection, "default") is None
    connection.close()
    async with running(app(replayed)) as base:
        rounds = stamping(service, base, authority)
        await rounds.go(at_once=True)
        ended = await rounds.go(at_once=True)
    assert [one.trouble for one in ended] == ["bad-stamp"]  # the nonce of another request
