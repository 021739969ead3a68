import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from tests.witness.conftest import COSIGNERS

from hegui.ledger import kinds, leaf
from hegui.ledger.cosignature import ML_DSA_44, seen_by, split
from hegui.ledger.cosigned import cosigned, standing
from hegui.ledger.cosigning import Cosigner
from hegui.ledger.log import Ledger
from hegui.ledger.note import Signer, open_note
from hegui.ledger.tiles import read_log
from hegui.store import open_database
from hegui.terms import Entry
from hegui.testing.clock import FixedClock
from hegui.testing.serve import running
from hegui.witness.client import WitnessClient
from hegui.witness.rounds import Rounds
from hegui.witness.server import witness_app
from hegui.witness.signing import Witness
from hegui.witness.state import State
from hegui.witness.troubles import trouble
from hegui.witness.web import Web

MINUTE = 60_000
KEYS = [each.key for each in COSIGNERS]
OTHER = Cosigner("other.test/w", b"o" * 32)


def signer_for(tenant: str) -> Signer:
    return Signer(f"log.test/{tenant}", b"k" * 32)


@dataclass
class Service:
    """A ledger that is written, and the rounds that its gateway makes."""

    path: Path
    clock: FixedClock
    web: Web
    signer: Callable[[str], Signer] = signer_for
    observed: list[tuple[str, str]] = field(default_factory=list)
    behind: dict[str, int] = field(default_factory=dict)

    def grow(self, by: int, tenant: str = "default") -> None:
        """Add entries, and sign."""
        kind, fields = kinds.named("service.stopped"), {"reason": "x", "answered": 1}
        made = [Entry(tenant, leaf.make(kind, 1, tenant, fields)) for _ in range(by)]
        self.path.parent.mkdir(exist_ok=True)
        ledger = Ledger(self.path, lambda tenant, _: self.signer(tenant))
        for waiting in [ledger._writer.submit(entry) for entry in made]:
            waiting.result()
        ledger.close()

    def rounds(self, *urls: str, keys: list[Cosigner] | None = None) -> Rounds:
        signers = [each.key for each in (keys or COSIGNERS)]
        clients = [
            WitnessClient(
                f"w{n}", url, signers, MINUTE, place=self.path, web=self.web, clock=self.clock
            )
            for n, url in enumerate(urls)
        ]
        return Rounds(
            self.path,
            clients,
            self.clock,
            lambda name, outcome: self.observed.append((name, outcome)),
            self.behind.__setitem__,
        )

    def read(self, tenant: str = "default") -> str | None:
        connection = open_database(self.path, read_only=True)
        try:
            return cosigned(connection, tenant)
        finally:
            connection.close()

    def head(self, tenant: str = "default") -> str:
        connection = open_database(self.path, read_only=True)
        try:
            row = connection.execute("SELECT checkpoint FROM log WHERE tenant = ?", (tenant,))
            return str(row.get)
        finally:
            connection.close()


@pytest_asyncio.fixture
async def service(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Service]:
    made = Service(tmp_path / "data" / "hegui.db", clock, Web(seconds=20))
    made.grow(5)
    yield made
    await made.web.close()


@pytest.fixture
def following(state: State) -> State:
    with state.transaction() as file:
        for tenant in ("default", "school"):
            signer = signer_for(tenant)
            file.follow(signer.name, signer.vkey, 0)
    return state


@pytest_asyncio.fixture
async def address(following: State, witness: Witness) -> AsyncIterator[str]:
    del following
    async with running(witness_app(witness)) as base:
        yield base


async def test_each_head_is_signed_once_and_kept_with_the_lines(
    service: Service, address: str
) -> None:
    rounds = service.rounds(address)
    assert [one.trouble for one in await rounds.go()] == [""]
    note = service.read()
    assert note is not None
    assert note.startswith(service.head())
    assert len(seen_by(note, KEYS)) == 2
    service.clock.forward(10 * MINUTE)
    assert await rounds.go() == []
    service.grow(300)
    assert [one.trouble for one in await rounds.go()] == [""]
    assert split(service.read() or "")[0] == split(service.head())[0]
    assert service.behind == {"w0": 300}


async def test_a_witness_is_left_alone_for_the_time_that_the_settings_say(
    service: Service, address: str
) -> None:
    rounds = service.rounds(address)
    await rounds.go()
    service.grow(1)
    assert await rounds.go() == []
    service.clock.forward(MINUTE)
    assert len(await rounds.go()) == 1


async def test_two_gateways_share_the_asking(service: Service, address: str) -> None:
    one, other = service.rounds(address), service.rounds(address)
    assert sorted(map(len, await asyncio.gather(one.go(), other.go()))) == [0, 1]


async def test_every_tenants_log_is_witnessed_for_itself(service: Service, address: str) -> None:
    service.grow(3, "school")
    await service.rounds(address).go()
    for tenant in ("default", "school"):
        note = service.read(tenant) or ""
        assert open_note(note, signer_for(tenant).vkey)
        assert len(seen_by(note, KEYS)) == 2


async def test_a_witness_that_hangs_is_waited_for_once_a_round_whatever_the_number_of_logs(
    service: Service, address: str
) -> None:
    asked = []

    async def hangs(_request: Request) -> Response:
        asked.append(1)
        await asyncio.sleep(60)
        return Response()

    tenants = [f"t{n}" for n in range(30)]
    for tenant in tenants:
        service.grow(1, tenant)
    service.web = Web(seconds=4)  # more than a busy machine makes the other one wait
    app = Starlette(routes=[Route("/add-checkpoint", hangs, methods=["POST"])])
    async with running(app) as base:
        ended = await service.rounds(base, address).go()
    await service.web.close()
    told = {(one.tenant, one.name): one.trouble for one in ended}
    assert len(told) == 2 * 31
    assert {trouble for (_, name), trouble in told.items() if name == "w0"} == {"timeout"}
    assert told["default", "w1"] == ""
    assert told["t0", "w1"] == "log-unknown"
    assert len(asked) <= 8


async def test_the_size_of_a_409_is_followed(
    service: Service, address: str, witness: Witness
) -> None:
    await service.rounds(address).go()
    connection = open_database(service.path)
    connection.execute("DELETE FROM witness")
    connection.close()
    service.grow(7)
    assert [one.trouble for one in await service.rounds(address).go()] == [""]
    assert witness.add(b"old 0\n\n" + service.head().encode()).body == "12\n"


async def test_a_restored_backup_is_told_by_the_witness(
    service: Service, address: str, tmp_path: Path
) -> None:
    copy = apsw.Connection(str(tmp_path / "copy.db"))
    source = open_database(service.path, read_only=True)
    with copy.backup("main", source, "main") as backup:
        backup.step()
    source.close()
    copy.close()
    service.grow(5)
    await service.rounds(address).go()
    (tmp_path / "copy.db").chmod(0o600)
    restored = Service(tmp_path / "copy.db", service.clock, service.web)
    assert [one.trouble for one in await restored.rounds(address).go()] == ["ahead"]


async def test_another_history_is_told_by_the_witness(
    service: Service, address: str, tmp_path: Path
) -> None:
    await service.rounds(address).go()
    fork = Service(tmp_path / "fork" / "hegui.db", service.clock, service.web)
    fork.grow(8)
    assert [one.trouble for one in await fork.rounds(address).go()] == ["inconsistent"]
    assert fork.read() is None


async def test_a_failing_witness_is_asked_later_and_later_and_holds_up_nobody(
    service: Service, address: str
) -> None:
    rounds = service.rounds("http://127.0.0.1:9", address)
    assert {one.name: one.trouble for one in await rounds.go()} == {"w0": "unreachable", "w1": ""}
    waits = []
    for _ in range(9):
        waited = 0
        while not (ended := await rounds.go()):
            service.clock.forward(MINUTE // 2)
            waited += MINUTE // 2
        assert [one.trouble for one in ended] == ["unreachable"]
        waits.append(waited / MINUTE)
    assert waits[:6] == sorted(waits[:6])
    assert waits[0] <= 1.5
    assert all(60 <= wait <= 67 for wait in waits[6:])
    connection = open_database(service.path, read_only=True)
    known = standing(connection, "default", "w0")
    connection.close()
    assert (known.failures, known.trouble, known.size) == (10, "unreachable", 0)


Answer = Callable[[Request], Awaitable[Response]]


def says(body: str, status: int = 200, kind: str = "text/plain") -> Answer:
    async def answer(_request: Request) -> Response:
        return Response(body, status, {"content-type": kind})

    return answer


def signs(cosigner: Cosigner, at: int | None = None) -> Answer:
    async def answer(request: Request) -> Response:
        note = (await request.body()).decode().partition("\n\n")[2]
        seconds = FixedClock()() // 1_000 if at is None else at
        return PlainTextResponse(cosigner.line(split(note)[0], seconds))

    return answer


async def redirects(_request: Request) -> Response:
    return RedirectResponse("/elsewhere", 307)


async def never(_request: Request) -> Response:
    await asyncio.sleep(60)
    return Response()


async def moves(request: Request) -> Response:
    old = int((await request.body()).split(b"\n")[0][4:])
    return Response(f"{(old + 1) % 5}\n", 409, {"content-type": "text/x.tlog.size"})


FORGED = COSIGNERS[0].key.line(bytes(72))
HOSTILE: dict[str, tuple[Answer, str]] = {
    "nothing": (says(""), "protocol"),
    "a web page": (says("<html>sign in</html>"), "protocol"),
    "another status": (says("", 500), "http-500"),
    "a redirect": (redirects, "http-307"),
    "no answer": (never, "timeout"),
    "a flood": (says("— x " + "A" * 200_000), "too-large"),
    "a forged line": (says(FORGED), "bad-signature"),
    "another's line": (signs(OTHER), "no-signature"),
    "the future": (signs(COSIGNERS[0], 4_000_000_000), "bad-time"),
    "no time": (signs(COSIGNERS[1], 0), "bad-time"),
    "unknown key": (says("", 403), "key-unknown"),
    "unknown log": (says("", 404), "log-unknown"),
    "no proof": (says("", 422), "inconsistent"),
    "busy": (says("", 503), "busy"),
    "a size as text": (says("3\n", 409), "protocol"),
    "a size that is none": (says("-3\n", 409, "text/x.tlog.size"), "protocol"),
    "a size too large": (says("99\n", 409, "text/x.tlog.size"), "ahead"),
    "ever another size": (moves, "changing"),
    "the same size again": (says("0\n", 409, "text/x.tlog.size"), "changing"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_whatever_a_witness_answers_is_a_word_of_trouble(service: Service, name: str) -> None:
    answer, word = HOSTILE[name]
    if word == "timeout":
        service.web = Web(seconds=0.2)
    elsewhere = []

    async def followed(_request: Request) -> Response:
        elsewhere.append(1)
        return Response()

    app = Starlette(
        routes=[
            Route("/add-checkpoint", answer, methods=["POST"]),
            Route("/elsewhere", followed, methods=["GET", "POST"]),
        ]
    )
    async with running(app) as base:
        ended = await service.rounds(base).go()
    await service.web.close()
    assert [one.trouble for one in ended] == [word]
    assert service.observed == [("w0", word)]
    assert service.read() is None
    assert not elsewhere
    said = trouble(word)
    assert said.en != word
    assert said.zh != said.en


async def test_lines_of_two_witnesses_stand_under_one_head(service: Service, state: State) -> None:
    with state.transaction() as file:
        file.follow("log.test/default", signer_for("default").vkey, 0)
    async with (
        running(witness_app(Witness(state, [COSIGNERS[0]], service.clock))) as one,
        running(
            Starlette(routes=[Route("/add-checkpoint", signs(OTHER), methods=["POST"])])
        ) as two,
    ):
        both = service.rounds(one, two, keys=[COSIGNERS[0], OTHER])
        assert [each.trouble for each in await both.go()] == ["", ""]
    note = service.read() or ""
    assert {each.name for each in seen_by(note, [COSIGNERS[0].key, OTHER.key])} == {
        "w.test/1",
        "other.test/w",
    }


async def test_a_head_with_ml_dsa_is_witnessed_like_any_other(
    tmp_path: Path, clock: FixedClock, state: State
) -> None:
    def both(tenant: str) -> Signer:
        origin = f"log.test/{tenant}"
        return Signer(origin, b"k" * 32, Cosigner(origin, b"2" * 32, ML_DSA_44))

    service = Service(tmp_path / "two" / "hegui.db", clock, Web(), both)
    service.grow(3)
    with state.transaction() as file:
        for vkey in both("default").vkeys:
            file.follow("log.test/default", vkey, 0)
    async with running(witness_app(Witness(state, COSIGNERS, clock))) as base:
        assert [one.trouble for one in await service.rounds(base).go()] == [""]
    assert len(split(service.read() or "")[1]) == 4
    await service.web.close()


async def test_the_published_head_carries_the_lines_until_the_next_one_is_signed(
    service: Service, address: str
) -> None:
    def published() -> str:
        with read_log(service.path, "default") as log:
            return log.published

    assert published() == service.head()
    await service.rounds(address).go()
    assert published() == service.read()
    service.grow(1)
    assert published() == service.head()


async def test_an_outcome_can_be_told_as_json(service: Service) -> None:
    (ended,) = await service.rounds("http://127.0.0.1:9").go()
    assert json.loads(json.dumps(ended._asdict()))["trouble"] == "unreachable"
