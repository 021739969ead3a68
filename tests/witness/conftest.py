from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from tests.witness.log import Log

from hegui.ledger.cosignature import ML_DSA_44
from hegui.ledger.cosigning import Cosigner
from hegui.testing.clock import FixedClock
from hegui.testing.serve import running
from hegui.witness.server import witness_app
from hegui.witness.signing import Witness
from hegui.witness.state import State

COSIGNERS = (Cosigner("w.test/1", b"w" * 32), Cosigner("w.test/1", b"q" * 32, ML_DSA_44))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    made = State(tmp_path / "witness.db", make=True)
    yield made
    made.close()


@pytest.fixture
def log(state: State) -> Log:
    """A log that the witness follows."""
    made = Log(5)
    with state.transaction() as file:
        file.follow(made.origin, made.signer.vkey, 0)
    return made


@pytest.fixture
def witness(state: State, clock: FixedClock) -> Witness:
    return Witness(state, COSIGNERS, clock)


@dataclass(frozen=True)
class Said:
    status: int
    body: str
    content_type: str


@dataclass(frozen=True)
class Post:
    """Posts to a witness that is served."""

    http: aiohttp.ClientSession
    base: str

    async def __call__(self, body: bytes) -> Said:
        async with self.http.post(f"{self.base}/add-checkpoint", data=body) as response:
            return Said(response.status, await response.text(), response.headers["content-type"])


@pytest_asyncio.fixture
async def post(witness: Witness) -> AsyncIterator[Post]:
    async with running(witness_app(witness)) as base, aiohttp.ClientSession() as http:
        yield Post(http, base)
