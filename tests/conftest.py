"""What tests of several rooms share: a real PostgreSQL server; time is measured in benchmarks."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.tokens import module, token

from hegui.testing.postgres import PracticeServer, programs

__all__ = ["module", "token"]  # fixtures of several rooms

settings.register_profile("house", deadline=None)
settings.load_profile("house")
# twelve thousand tests make much that lives: looking through it again and again takes a twentieth
gc.set_threshold(50_000, 20, 50)

# where Python was told to write no bytecode (as containers often are), each of the processes that
# tests start would compile five hundred modules again: it is kept, but not beside the sources
if sys.dont_write_bytecode:
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(Path(__file__).parent.parent / ".pytest_cache" / "bytecode")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix

MISSING = (
    "NOT TESTED: PostgreSQL 15 or newer is not installed here (Debian: apt-get install postgresql;"
    " or name the folder of its programs in HEGUI_POSTGRES_BIN)"
)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PracticeServer]:
    """A server for the whole session. Whoever kills it starts it again."""
    found = programs()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with tempfile.TemporaryDirectory(prefix="hegui-postgres-") as folder:
        Path(folder).chmod(0o755)
        server = PracticeServer(Path(folder) / "server", found).make()
        yield server
        server.kill()


@pytest.fixture(scope="session")
def one_database(postgres: PracticeServer) -> str:
    return postgres.database()


@pytest.fixture
def url(postgres: PracticeServer, one_database: str) -> str:
    """An empty database, whose owner is no superuser."""
    return postgres.emptied(one_database)
