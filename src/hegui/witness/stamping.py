"""Asking a time-stamping authority about a head (RFC 3161), and checking what it says."""

from functools import partial
from typing import Final

from hegui.ledger.cosigned import Stamped, Standing, keep_stamp
from hegui.ledger.tiles import read_log
from hegui.ledger.timestamps import MOST_BYTES, question, time_of
from hegui.store import Connection, Place
from hegui.terms import Clock
from hegui.witness.rounds import Aside, Attested
from hegui.witness.web import Troubled, Web

AUTHORITY: Final = ""
"""The name under which the authority's standing is kept: no witness can have it."""

_QUERY: Final = "application/timestamp-query"
_REPLY: Final = "application/timestamp-reply"
_OK: Final = 200


class StampClient:
    """Asks one authority. ``authorities`` are the certificates (PEM) that its answers lead to."""

    def __init__(
        self, url: str, authorities: bytes, every_ms: int, *, place: Place, web: Web, clock: Clock
    ) -> None:
        self._url = url
        self._authorities = authorities
        self._every_ms = every_ms
        self._place = place
        self._web = web
        self._clock = clock

    @property
    def name(self) -> str:
        """The name under which its standing is kept."""
        return AUTHORITY

    @property
    def every_ms(self) -> int:
        """How long it is left alone at least."""
        return self._every_ms

    async def attest(self, tenant: str, known: Standing, aside: Aside) -> Attested:
        """Have the newest head of a log stamped: all its bytes, signatures included."""
        del known
        size, note = await aside(partial(self._head, tenant))
        asked = question(note)
        reply = await self._web.post(
            self._url, asked.data, {"content-type": _QUERY, "accept": _REPLY}, MOST_BYTES
        )
        if reply.status != _OK:
            raise Troubled(f"http-{reply.status}")
        try:
            await aside(partial(time_of, reply.body, note, self._authorities, asked.nonce))
        except ValueError:
            raise Troubled("bad-stamp") from None
        stamp = Stamped(size, self._clock(), note, reply.body)

        def keep(connection: Connection) -> None:
            keep_stamp(connection, tenant, stamp)

        return Attested(size, keep)

    def _head(self, tenant: str) -> tuple[int, str]:
        with read_log(self._place, tenant) as log:
            return log.size, log.checkpoint
