"""A real PostgreSQL server for tests and benchmarks: in a temporary folder, on a free port.

Its programs come from a package: Debian's ``postgresql``, or any folder that HEGUI_POSTGRES_BIN
names. ``initdb`` refuses to run as root, so root lends it an unprivileged user. Nothing is switched
off that makes it durable.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg

from hegui.settings import Secret
from hegui.store.postgres.lane import Lane
from hegui.store.postgres.server import Server
from hegui.testing.ports import free_port

_OLDEST: Final = 15
_UP_SECONDS: Final = 90.0  # only what hangs takes so long
_ANSWER_SECONDS: Final = 60.0
_QUIET: Final = (
    "shared_buffers=32MB",
    "max_connections=80",
    "autovacuum_naptime=60s",
    "log_min_messages=warning",
    "recovery_init_sync_method=syncfs",
)


def programs() -> Path | None:
    """Return the folder of ``initdb`` and ``postgres``, 15 or newer; None where there is none."""
    said = os.environ.get("HEGUI_POSTGRES_BIN")
    if said:
        return Path(said)
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_number, reverse=True)
    on_path = shutil.which("initdb")
    for folder in [*debian, *([Path(on_path).resolve().parent] if on_path else [])]:
        if (folder / "postgres").exists() and _version(folder) >= _OLDEST:
            return folder
    return None


def _number(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


def _version(folder: Path) -> int:
    said = subprocess.run(  # noqa: S603 - a program of the package that was found
        [folder / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"(\d+)", said)
    return int(found[1]) if found else 0


def _lent() -> dict[str, Any]:
    """Return how a program is run as somebody who is not root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return {}


@dataclass
class PracticeServer:
    """A server that can be started, killed and started again. ``folder`` is its own."""

    folder: Path
    bin: Path
    port: int = 0
    password: str = field(default_factory=lambda: secrets.token_hex(8), repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _admin: Lane = field(default_factory=Lane, repr=False)
    _made: int = 0

    def make(self) -> "PracticeServer":
        """Make the folder, and start."""
        lent = _lent()
        self.folder.mkdir(parents=True, exist_ok=True)
        secret = self.folder / "password"
        secret.write_text(self.password)
        if lent:
            for path in (self.folder, secret):
                os.chown(path, lent["user"], lent["group"])
        options = ["--username=chief", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C"]
        options += ["--auth=scram-sha-256", "--no-instructions"]
        subprocess.run(  # noqa: S603 - see programs()
            [self.bin / "initdb", f"--pgdata={self.folder / 'data'}", *options],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **lent,
        )
        self.port = self.port or free_port()
        self.start()
        return self

    def start(self, under: Sequence[str] = ()) -> None:
        """Start the server, under another program if one is given, and wait until it answers."""
        settings = [*_QUIET, f"port={self.port}", "listen_addresses=127.0.0.1"]
        settings += ["unix_socket_directories="]
        words = [word for each in settings for word in ("-c", each)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - see programs()
                [*under, self.bin / "postgres", "-D", self.folder / "data", *words],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **_lent(),
            )
        until = time.monotonic() + _UP_SECONDS
        while True:
            try:
                self.sql("SELECT 1")
            except (OSError, asyncpg.PostgresError) as error:
                if time.monotonic() > until or self._process.poll() is not None:
                    told = (self.folder / "log").read_text(errors="replace")[-2_000:]
                    raise RuntimeError(f"the server does not start: {told}") from error
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop at once, as an operator does."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL to every process of the server, as when the machine loses power."""
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Make the server hang: connections stay, nothing answers."""
        self._group(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._group(signal.SIGCONT)

    def sql(self, text: str, database: str = "postgres", user: str = "chief") -> list[Any]:
        """Carry out a statement as ``user``, and return its rows."""
        self._admin.enter()
        try:
            return self._admin.run(self._sql(text, database, user), _UP_SECONDS)
        finally:
            self._admin.leave()

    def database(self) -> str:
        """Make a database whose owner is no superuser, and return its address for settings."""
        self._made += 1
        name = f"practice_{os.getpid()}_{self._made}"
        self.sql(f"CREATE ROLE {name} LOGIN PASSWORD '{self.password}'")
        self.sql(f"CREATE DATABASE {name} OWNER {name}")
        return f"postgresql://{name}@127.0.0.1:{self.port}/{name}"

    def emptied(self, url: str) -> str:
        """End every session with the database at ``url``, take our tables away, and return it."""
        name = url.rpartition("/")[2]
        self.sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - a name made here
        )
        self.sql("DROP SCHEMA IF EXISTS hegui CASCADE", name)
        return url

    def place(self, url: str, patience: float = 5.0) -> Server:
        """Return what a process opens the database at ``url`` by."""
        return Server(url, Secret("practice", self.password), patience)

    async def _sql(self, text: str, database: str, user: str) -> list[Any]:
        session = await asyncpg.connect(
            host="127.0.0.1",
            port=self.port,
            user=user,
            password=self.password,
            database=database,
            timeout=_ANSWER_SECONDS,
        )
        try:
            return [tuple(row) for row in await session.fetch(text)]
        finally:
            await session.close(timeout=_ANSWER_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        if number == signal.SIGKILL:
            self._group(number)
        else:
            process.send_signal(number)
        process.wait(_UP_SECONDS)
        self._process = None

    def _group(self, number: signal.Signals) -> None:
        # each backend leads a session of its own: they are found by their parents
        process = self._process
        if process is None:
            return
        first = _children(process.pid)
        second = [one for parent in first for one in _children(parent)]
        for each in (process.pid, *first, *second):
            with suppress(ProcessLookupError):
                os.kill(each, number)
        if number == signal.SIGKILL:
            process.wait(_UP_SECONDS)
            until = time.monotonic() + _UP_SECONDS
            while any(Path(f"/proc/{each}").exists() for each in first):
                if time.monotonic() > until:
                    raise RuntimeError("a process of the server does not end")
                time.sleep(0.01)


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[1]) == parent:
            found.append(int(path.parent.name))
    return found
