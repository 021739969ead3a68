"""Emptying the spool into the server, once it is back."""

import logging
import threading
from contextlib import closing
from dataclasses import replace
from typing import Final

from hegui.store.postgres.delivering import deliver
from hegui.store.postgres.faults import is_away, named
from hegui.store.postgres.parcels import Parcel
from hegui.store.postgres.server import CONNECT_SECONDS, Server, Session, end
from hegui.store.postgres.spool import Spool

_log = logging.getLogger(__name__)

_EVERY: Final = 0.5  # seconds between two tries
_SECONDS: Final = 15.0


class Drainer:
    """A thread that hands over what the spool holds, oldest first, as often as it holds anything.

    What comes meanwhile lines up behind it in the spool; when that is empty, records go to the
    server directly again.
    """

    def __init__(self, server: Server, spool: Spool, later: frozenset[str]) -> None:
        self._later = later
        self.bare = 0
        self._server = server
        self._spool = spool
        self._said = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="hegui-spool", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Try once more, then end. What could not be handed over stays in its file."""
        self._ended.set()
        self._thread.join()

    def _go_on(self) -> None:
        over = False
        while not over:
            over = self._ended.wait(_EVERY)
            if self._spool.holds:
                self._try()

    def _try(self) -> None:
        try:
            self._empty()
        except Exception as error:  # noqa: BLE001 - the thread must live; what failed is said, and tried again
            said = str(named(error))
            if said != self._said:
                _log.warning("the spool waits: %s", said)
            self._said = said
        else:
            self._said = ""
            if not self._spool.holds:
                _log.warning("the database is back, and the spool is empty")

    def _empty(self) -> None:
        lane = self._server.lane
        session = lane.run(self._server.connect(), _SECONDS)
        try:
            with closing(self._spool.batches()) as batches:
                for parcels in batches:
                    self._deliver(session, parcels)
        finally:
            lane.run(end(session), CONNECT_SECONDS)

    def _deliver(self, session: Session, parcels: list[Parcel]) -> None:
        """Deliver a group. A record whose rows the server refuses goes without them.

        It was acknowledged: it must get its place. Its rows were never looked at by the server,
        and cannot be by now (the subject was erased meanwhile, say).
        """
        try:
            work = deliver(session, parcels, later=self._later, ask_first=True)
            self._server.lane.run(work, _SECONDS)
        except Exception as error:
            if is_away(error) or (len(parcels) == 1 and not parcels[0].entry.writes):
                raise
            if len(parcels) > 1:
                middle = len(parcels) // 2
                self._deliver(session, parcels[:middle])
                self._deliver(session, parcels[middle:])
                return
            _log.error("a record goes without its rows: %s", type(error).__name__)
            self.bare += 1
            only = parcels[0]
            self._deliver(session, [replace(only, entry=replace(only.entry, writes=()))])
