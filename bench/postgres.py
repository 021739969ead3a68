"""The ledger on a real PostgreSQL server, for ``bench/ledger.py``, on the disk in question."""

import asyncio
import atexit
import shutil
import tempfile
from pathlib import Path

from hegui.ledger.note import Signer
from hegui.ledger.shared import SharedLedger, SpoolTerms
from hegui.testing.postgres import PracticeServer, programs

_servers: list[PracticeServer] = []


class Postgres:
    """An empty database for each measurement; acknowledged is committed to the outbox."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    async def open(self, folder: Path) -> None:
        """Open an empty one on a server beside ``folder``."""
        server = _server(folder.parent.parent)
        place = server.place(server.database())
        self._ledger = SharedLedger(
            place,
            lambda *_: self._signer,
            heads=folder / "heads",
            spool=SpoolTerms(folder / "spool", 1 << 28, 3_600_000, lambda: 0),
        )
        self.hand_in = self._ledger.hand_in

    async def close(self) -> None:
        """Make durable what waits, give all of it its place, and sign; then close."""
        await asyncio.to_thread(self._ledger.close)


def _server(folder: Path) -> PracticeServer:
    if not _servers:
        found = programs()
        if found is None:
            raise SystemExit("PostgreSQL 15 or newer is not installed: apt-get install postgresql")
        place = Path(tempfile.mkdtemp(prefix="hegui-postgres-", dir=folder))
        place.chmod(0o755)
        server = PracticeServer(place / "server", found).make()
        _servers.append(server)
        atexit.register(shutil.rmtree, place)
        atexit.register(server.kill)  # the last registered is the first to run
    return _servers[0]
