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

import pytest

from hegui.settings import Secret
from hegui.store.postgres.server import Server
from hegui.store.postgres.session import PostgresConnection
from hegui.terms import Misconfigured
from hegui.testing.ports import free_port
from hegui.testing.postgres import PracticeServer

MISSING = "NOT TESTED: PgBouncer is not installed here (Debian: apt-get install pgbouncer)"

SETTINGS = """\
[databases]
* = host=127.0.0.1 port={port} pool_size={size}

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
    values = {"size": 8, "robin": 0, "more": "", **of}
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


def test_a_pool_too_small_for_a_gateway_is_refused(
    postgres: PracticeServer, url: str, folder: Path
) -> None:
    with (
        pooled(postgres, url, folder, "session", size=1) as server,
        pytest.raises(Misconfigured, match="second session"),
    ):
        PostgresConnection(server)
