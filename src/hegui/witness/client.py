"""Asking a witness to sign a head (C2SP tlog-witness), and checking what it says."""

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from hegui.ledger.cosignature import Key, UncheckableError, read_size, seen_by, split
from hegui.ledger.cosigned import Standing, keep_lines
from hegui.ledger.tiles import read_log
from hegui.store import Connection, Place
from hegui.terms import Clock
from hegui.witness.asking import SIZE_TYPE, write
from hegui.witness.rounds import Aside, Attested
from hegui.witness.web import Reply, Troubled, Web

MOST_BYTES: Final = 131_072
"""Bytes of a witness's answer: a few signature lines of at most 7 kB."""

_TRIES: Final = 4
_AHEAD_SECONDS: Final = 3_600
"""A cosignature from further in the future than this is not taken (C2SP tlog-cosignature)."""

_OK, _CONFLICT = 200, 409
_BY_STATUS: Final = {
    400: "bad-request",
    403: "key-unknown",
    404: "log-unknown",
    413: "too-large",
    422: "inconsistent",
    429: "busy",
    503: "busy",
}


class _Head(NamedTuple):
    size: int
    note: str
    proof: list[bytes]


class _StaleError(Exception):
    """The witness holds another size than was thought."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class WitnessClient:
    """Asks one witness.

    ``url`` is the submission prefix from the settings; nothing else is ever asked.
    """

    def __init__(  # noqa: PLR0913 - a witness: name, address, keys, pace; and what it is asked with
        self,
        name: str,
        url: str,
        keys: Sequence[Key],
        every_ms: int,
        *,
        place: Place,
        web: Web,
        clock: Clock,
    ) -> None:
        self._name = name
        self._url = f"{url.rstrip('/')}/add-checkpoint"
        self._keys = tuple(keys)
        self._every_ms = every_ms
        self._place = place
        self._web = web
        self._clock = clock

    @property
    def name(self) -> str:
        """The witness's name in the settings."""
        return self._name

    @property
    def every_ms(self) -> int:
        """How long it is left alone at least."""
        return self._every_ms

    async def attest(self, tenant: str, known: Standing, aside: Aside) -> Attested:
        """Have the newest head of a log signed. Raises ``Troubled``.

        The size that the witness holds is taken from what is known, and from its 409 where that
        is wrong. A witness that holds more than was ever signed here is trouble: ``ahead``.
        """
        old = known.size
        for _ in range(_TRIES):
            head = await aside(partial(self._head, tenant, old))
            try:
                lines = await self._submit(min(old, head.size), head)
            except _StaleError as stale:
                if stale.size > head.size and stale.size == old:
                    raise Troubled("ahead") from None
                old = stale.size
            else:
                return Attested(head.size, partial(_keep, tenant, head, lines))
        raise Troubled("changing")

    def _head(self, tenant: str, old: int) -> _Head:
        """Return the newest head and the proof that it extends ``old`` entries, in one snapshot."""
        with read_log(self._place, tenant) as log:
            proof = log.consistency(old) if 0 < old < log.size else []
            return _Head(log.size, log.checkpoint, proof)

    async def _submit(self, old: int, head: _Head) -> list[str]:
        reply = await self._web.post(
            self._url,
            write(old, head.proof, head.note),
            {"content-type": "text/plain; charset=utf-8"},
            MOST_BYTES,
        )
        if reply.status == _CONFLICT:
            raise _StaleError(_size(reply))
        if reply.status != _OK:
            raise Troubled(_BY_STATUS.get(reply.status, f"http-{reply.status}"))
        return self._checked(reply.body, head.note)

    def _checked(self, body: bytes, note: str) -> list[str]:
        """Return the lines by this witness's keys; what others signed is passed over."""
        latest = self._clock() // 1_000 + _AHEAD_SECONDS
        try:
            text = split(note)[0]
            given = f"{text}\n{body.decode()}"
            lines = split(given)[1]
        except ValueError:
            raise Troubled("protocol") from None
        try:
            seen = seen_by(given, self._keys)
        except UncheckableError:
            raise Troubled("no-ml-dsa") from None
        except ValueError:
            raise Troubled("bad-signature") from None
        if not seen:
            raise Troubled("no-signature")
        if not all(0 < one.time <= latest for one in seen):
            raise Troubled("bad-time")
        known = {(key.name, key.stamp): key for key in self._keys}
        found = [(known.get((line.name, line.stamp)), line) for line in lines]
        return [key.line(line.data) for key, line in found if key is not None]


def _keep(tenant: str, head: _Head, lines: list[str], connection: Connection) -> None:
    keep_lines(connection, tenant, head.note, head.size, lines)


def _size(reply: Reply) -> int:
    try:
        digits = reply.body.decode()
        if reply.content_type != SIZE_TYPE or not digits.endswith("\n"):
            raise Troubled("protocol")
        return read_size(digits[:-1])
    except ValueError:
        raise Troubled("protocol") from None
