import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import asyncpg
import pytest

from hegui.settings import Secret
from hegui.store.postgres.faults import named
from hegui.store.postgres.server import Server
from hegui.store.postgres.session import PostgresConnection
from hegui.terms import HeguiError, Misconfigured, Unavailable
from hegui.testing.ports import free_port
from hegui.testing.postgres import PracticeServer

MISSING = "NOT TESTED: PgBouncer is not installed here (Debian: apt-get install pgbouncer)"

SETTINGS = """\
[databases]
* = host=127.0.0.1 port={port} pool_size={size} {way}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
auth_type = plain
auth_file = {folder}/users
pool_mode = {mode}
server_round_robin = {robin}
unix_socket_dir =
logfile = {folder}/log
pidfile =
query_wait_timeout = 2
{more}
"""


@contextmanager
def pooled(
    postgres: PracticeServer, url: str, folder: Path, mode: str, **of: object
) -> Iterator[Server]:
    """Put a real PgBouncer in front of the server, and give the address through it."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    own = free_port()
    name = url.rpartition("/")[2]
    folder.chmod(0o755)
    (folder / "users").write_text(f'"{name}" "{postgres.password}"\n')
    values = {"size": 8, "robin": 0, "more": "", "way": "", **of}
    text = SETTINGS.format(port=postgres.port, own=own, folder=folder, mode=mode, **values)
    (folder / "pgbouncer.ini").write_text(text)
    lent = {}
    if getpass.getuser() == "root":
        lent = {"user": "nobody", "group": "nogroup", "extra_groups": ()}
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "nobody", "nogroup")
    process = subprocess.Popen(  # noqa: S603 - a package's program
        [program, "-q", folder / "pgbouncer.ini"],
        stderr=subprocess.DEVNULL,
        cwd=folder,
        **lent,
    )
    try:
        _listening(own)
        yield Server(f"postgresql://{name}@127.0.0.1:{own}/{name}", Secret("x", postgres.password))
    finally:
        process.kill()
        process.wait(60)


def _listening(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("pgbouncer does not listen")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hegui-pgbouncer-") as made:
        yield Path(made)


@pytest.mark.parametrize("mode", ["transaction", "statement"])
@pytest.mark.parametrize("of", [{}, {"size": 1}, {"robin": 1, "size": 3}])
def test_a_pooler_that_shares_sessions_is_refused(
    postgres: PracticeServer, url: str, folder: Path, mode: str, of: dict[str, object]
) -> None:
    with (
        pooled(postgres, url, folder, mode, **of) as server,
        pytest.raises(Misconfigured, match="shares sessions") as told,
    ):
        PostgresConnection(server)
    assert "连接池" in told.value.words.zh


def test_a_pooler_that_gives_whole_sessions_is_taken(
    postgres: PracticeServer, url: str, folder: Path
) -> None:
    with (
        pooled(postgres, url, folder, "session") as server,
        closing(PostgresConnection(server)) as connection,
    ):
        assert connection.execute("SELECT pg_try_advisory_lock(?)", (7,)).get is True


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ({"size": 1}, "query_wait_timeout"),
        ({"more": "max_client_conn = 1"}, "max_client_conn"),
    ],
)
def test_a_pool_without_a_second_session_is_to_be_waited_for_and_says_how_many_it_needs(
    postgres: PracticeServer, url: str, folder: Path, of: dict[str, object], said: str
) -> None:
    with (
        pooled(postgres, url, folder, "session", **of) as server,
        pytest.raises(Unavailable, match="second session") as told,
    ):
        PostgresConnection(server)
    assert said in told.value.words.zh
    assert "eight" in told.value.words.en


@pytest.mark.parametrize(
    ("way", "password", "who", "word"),
    [
        ("port=1", "", Unavailable, "query_wait_timeout"),
        ("dbname=nowhere", "", Misconfigured, "does not exist"),
        ("", "not-the-password", Misconfigured, "authentication failed"),
    ],
)
def test_what_a_pooler_says_is_told_by_who_must_act(  # noqa: PLR0917 - fixtures
    postgres: PracticeServer,
    url: str,
    folder: Path,
    way: str,
    password: str,
    who: type[HeguiError],
    word: str,
) -> None:
    with pooled(postgres, url, folder, "session", way=way) as server:
        said = Secret("x", password) if password else server.password
        with pytest.raises(who, match=word) as told:
            PostgresConnection(Server(server.url, said))
    assert "not-the-password" not in told.value.words.zh


@pytest.mark.parametrize(
    ("said", "who"),
    [
        ("no such database: chat", Misconfigured),
        ("no such user: chat", Misconfigured),
        ("SASL authentication failed", Misconfigured),
        ('server login has been failing, cached error: role "chat" does not exist', Misconfigured),
        ("server login has been failing, try again later (server_login_retry)", Unavailable),
        ("no more connections allowed (max_client_conn)", Unavailable),
        ('too many connections for database "chat"', Unavailable),
        ("the database system is starting up", Unavailable),
    ],
)
@pytest.mark.parametrize(
    "kind", [asyncpg.ProtocolViolationError, asyncpg.ConnectionDoesNotExistError]
)
def test_the_words_of_a_pooler_are_sorted_and_shown(
    kind: type[Exception], said: str, who: type[Exception]
) -> None:
    found = named(kind(said))
    assert type(found) is who
    assert said in str(found)


def test_other_words_at_the_same_code_are_not_shown() -> None:
    found = named(asyncpg.ProtocolViolationError('invalid message: "a secret of somebody"'))
    assert isinstance(found, Unavailable)
    assert "secret" not in str(found)
