"""Whom the settings name to confirm the evidence from outside, put together; and their counts."""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hegui.app import parts
from hegui.app.published import vkeys
from hegui.ledger.attested import Outside
from hegui.ledger.cosignature import ML_DSA_44, read_key
from hegui.ledger.cosigned import Stamped, Standing, stamped, standing, tenants
from hegui.ledger.cosigning import require_ml_dsa
from hegui.ledger.tiles import LogReader
from hegui.ledger.timestamps import read_authorities
from hegui.settings import Settings
from hegui.settings.plain_files import read_plain, reason
from hegui.store import exists, open_connection
from hegui.terms import Clock, HeguiError, Misconfigured, Words
from hegui.witness.client import WitnessClient
from hegui.witness.rounds import Attester, Outcome, Rounds
from hegui.witness.stamping import AUTHORITY, StampClient
from hegui.witness.web import Web

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 5.0
_SECOND_MS: Final = 1_000
_HOUR_MS: Final = 3_600_000
MOST_PEM: Final = 1_048_576
"""How many bytes of an authority's certificates are read."""

_NO_CA = Words(
    en="The certificates of the time-stamping authority cannot be read from {path}: {why}. Put its "
    "root certificate there, in PEM, or correct ca in [ledger.timestamp].",
    zh="无法从 {path} 读取时间戳机构的证书：{why}。请把根证书（PEM）放在该处，"
    "或修正 [ledger.timestamp] 中的 ca。",
)


class Counts:
    """The metrics of those who are asked. ``timestamp`` is the name of the time authority."""

    def __init__(self, registry: "CollectorRegistry") -> None:
        from prometheus_client import Counter, Gauge  # whoever only asks who is named counts none

        self._requests = Counter(
            "hegui_witness_requests",
            "Requests to witnesses and the time authority by how they ended",
            ["witness", "outcome"],
            registry=registry,
        )
        self._trouble = Gauge(
            "hegui_witness_trouble",
            "1 while the last request to it failed",
            ["witness"],
            registry=registry,
        )
        self._behind = Gauge(
            "hegui_witness_behind",
            "Entries under the signed head that it has not confirmed, in the log where it is most",
            ["witness"],
            registry=registry,
        )

    def ended(self, name: str, outcome: str) -> None:
        """Count a request."""
        shown = name or "timestamp"
        self._requests.labels(shown, outcome).inc()
        self._trouble.labels(shown).set(0 if outcome == "signed" else 1)
        if outcome != "signed":
            _log.warning("witness %s: %s", shown, outcome)

    def behind(self, name: str, entries: int) -> None:
        """Note how far behind it is."""
        self._behind.labels(name or "timestamp").set(entries)


class Attesting:
    """Keeps asking, from its start to its close. Without witnesses it does nothing."""

    def __init__(self, settings: Settings, clock: Clock, registry: "CollectorRegistry") -> None:
        self._settings = settings
        self._web = Web()
        self._counts = Counts(registry)
        self.attesters = attesters(settings, clock, self._web)
        self._rounds = Rounds(
            parts.place_of(settings), self.attesters, clock, self._counts.ended, self._counts.behind
        )
        self._last: dict[tuple[str, str], str] = {}
        self.look_seconds = _LOOK_SECONDS

    async def go(self, *, at_once: bool = False) -> list[Outcome]:
        """Go round once."""
        ended = await self._rounds.go(at_once=at_once)
        self._last |= {(one.tenant, one.name): one.trouble for one in ended}
        return ended

    async def follow(self) -> None:
        """Go round for ever. Nothing that goes wrong ends it, and nothing waits for it."""
        while self.attesters:
            try:
                await self.go()
            except HeguiError as error:
                _log.warning("witnesses were not asked: %s", type(error).__name__)
            except Exception:  # noqa: BLE001 - who confirms from outside must never stop the service
                _log.exception("witnesses were not asked")
            await asyncio.sleep(self.look_seconds)

    def state(self) -> list[dict[str, Any]]:
        """Return how the last request to each ended, for ``/readyz``; no trouble is empty."""
        return [
            {"tenant": tenant, "witness": name or "timestamp", "trouble": trouble}
            for (tenant, name), trouble in sorted(self._last.items())
        ]

    async def close(self) -> None:
        """Close all connections and files."""
        await self._web.close()
        self._rounds.close()


def attesters(settings: Settings, clock: Clock, web: Web) -> list[Attester]:
    """Return whom the settings name. ``Misconfigured`` where one of them can never work."""
    place = parts.place_of(settings)
    found: list[Attester] = []
    for each in settings.witnesses:
        keys = [read_key(vkey) for vkey in each.vkeys]
        if any(key.kind == ML_DSA_44 for key in keys):
            require_ml_dsa()
        pace = each.every_seconds * _SECOND_MS
        found.append(
            WitnessClient(each.name, each.url, keys, pace, place=place, web=web, clock=clock)
        )
    stamp = settings.ledger.timestamp
    if stamp is not None:
        pace = stamp.every_hours * _HOUR_MS
        authorities = authorities_of(settings)
        found.append(StampClient(stamp.url, authorities, pace, place=place, web=web, clock=clock))
    return found


def authorities_of(settings: Settings) -> bytes:
    """Return the certificates of the time authority, in PEM; empty where there is none."""
    stamp = settings.ledger.timestamp
    if stamp is None:
        return b""
    try:
        pem = read_plain(stamp.ca, MOST_PEM)
        read_authorities(pem)
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise Misconfigured(_NO_CA.fill(path=stamp.ca, why=why)) from None
    return pem


def outside_of(settings: Settings) -> Outside:
    """Return whom a check of the settings' own database trusts, and the keys of its logs."""
    witnesses = tuple(vkey for each in settings.witnesses for vkey in each.vkeys)
    return Outside(witnesses, vkeys(settings), authorities_of(settings))


def standings(settings: Settings) -> list[tuple[str, Standing]]:
    """Return what is known of each witness and authority that the settings name, per log."""
    names = [each.name for each in settings.witnesses]
    names += [AUTHORITY] if settings.ledger.timestamp is not None else []
    if not names or not exists(parts.place_of(settings)):
        return []
    connection = open_connection(parts.place_of(settings), read_only=True)
    try:
        logs = tenants(connection)
        return [(log, standing(connection, log, name)) for log in logs for name in names]
    finally:
        connection.close()


class Confirmed(NamedTuple):
    """What goes along with one log's newest signed head: for exports and receipts.

    ``head`` carries witnesses' lines where they have signed this very head; ``stamp`` is the latest
    time stamp, of this head or an earlier one.
    """

    head: str
    witnesses: tuple[str, ...]
    stamp: Stamped | None


def confirmed(settings: Settings, tenant: str) -> Confirmed:
    """Return what is known of one log's newest signed head (``ask_now`` makes it known)."""
    witnesses = tuple(vkey for each in settings.witnesses for vkey in each.vkeys)
    connection = open_connection(parts.place_of(settings), read_only=True)
    try:
        head = LogReader(connection, tenant).published
        return Confirmed(head, witnesses, stamped(connection, tenant))
    finally:
        connection.close()


def ask_now(settings: Settings, clock: Clock) -> Sequence[Outcome]:
    """Ask every witness and the time authority about every log, now; return how each ended."""

    async def once() -> list[Outcome]:
        from prometheus_client import CollectorRegistry

        asking = Attesting(settings, clock, CollectorRegistry())
        try:
            return await asking.go(at_once=True)
        finally:
            await asking.close()

    return asyncio.run(once())
