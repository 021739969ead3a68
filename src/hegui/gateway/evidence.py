"""What an exchange leaves behind: two records, and content only as far as the settings keep it.

Both records are durable before what they allow: no byte of a reply is released before *asked* is,
and its end is not sent before *answered* is (Art. 14 para. 2). Content is kept for a written
purpose and a term, sealed (Art. 11); the ledger holds commitments in every mode.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hegui.callers.caller import Caller
from hegui.gateway.prompts import Judge, Prompt
from hegui.gateway.stopwatch import Stopwatch
from hegui.ledger import kinds, leaf
from hegui.ledger.kinds import fold
from hegui.ledger.port import Evidencing
from hegui.screen.policy import Policy
from hegui.screen.window import Tally
from hegui.settings import Content, Upstream
from hegui.store import random_bytes
from hegui.terms import Action, Clock, Entry, Receipt, Write
from hegui.vault.subjects import Subject
from hegui.vault.vault import Vault

_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [left + right for left in _BASE32 for right in _BASE32]  # of ten bits each
_TIME, _CHANCE = range(40, -1, -10), range(70, -1, -10)
_ULID_CHARS = 26
_DAY_MS = 86_400_000
_ASKED, _ANSWERED = kinds.named("exchange.asked"), kinds.named("exchange.answered")
_canonical = msgspec.json.Encoder(order="sorted").encode


def new_exchange_id(now_ms: int) -> str:
    """Return a ULID: 48 bits of time and 80 of chance, so that ids sort as their records do."""
    chance = int.from_bytes(random_bytes(10))
    return "".join(
        [_PAIRS[now_ms >> shift & 1023] for shift in _TIME]
        + [_PAIRS[chance >> shift & 1023] for shift in _CHANCE]
    )


def evidence_number(exchange: str) -> str:
    """Return the number that a person is told, which is the exchange's id in groups."""
    return f"HG-{exchange[:10]}-{exchange[10:18]}-{exchange[18:]}"


def exchange_of(number: str) -> str | None:
    """Return the exchange that an evidence number names, however it was typed; None if none."""
    plain = "".join(char for char in number.upper() if char.isalnum())
    plain = plain.removeprefix("HG").translate(str.maketrans("ILO", "110"))
    sound = len(plain) == _ULID_CHARS and all(char in _BASE32 for char in plain) and plain[0] < "8"
    return plain if sound else None


def appeal_number(appeal: str) -> str:
    """Return the number that an appellant is told, which is the appeal's id."""
    return f"AP-{appeal}"


def appeal_of(number: str) -> str | None:
    """Return the appeal that a number names, however it was typed; None if none."""
    plain = number.strip().upper()
    return exchange_of(plain.removeprefix("AP")) if plain.startswith("AP") else None


@dataclass(slots=True)
class Exchange:
    """One request and its reply: who, under what, and what is known so far."""

    id: str
    judge: Judge = field(repr=False)
    caller: Caller
    subject: Subject = field(repr=False)
    body: bytes = field(repr=False)
    model: str
    upstream: Upstream
    policy: Policy
    stream: bool
    prompt: Prompt = field(default_factory=Prompt)
    watch: Stopwatch = field(default_factory=Stopwatch)
    kept: bool = False

    @property
    def number(self) -> str:
        """The evidence number."""
        return evidence_number(self.id)


@dataclass(slots=True)
class Outcome:
    """What became of a reply, for its record."""

    end: str = "complete"
    status: int = 200
    model: str = ""
    tally: Tally = field(default_factory=Tally)
    released: Mapping[str, str] = field(default_factory=dict)
    label: Mapping[str, str] | None = None
    notes: dict[str, int] = field(default_factory=dict)


class Evidence:
    """Writes the records of exchanges."""

    def __init__(self, ledger: Evidencing, vault: Vault, content: Content, clock: Clock) -> None:
        self._ledger, self._vault, self._content = ledger, vault, content
        self._clock = clock

    def asked(self, exchange: Exchange, unjudged: int) -> "asyncio.Future[Receipt]":
        """Hand in the record of the request; its receipt, once awaited, says that it is durable.

        ``Unavailable`` when it cannot be: at once, or from the wait.
        """
        prompt, caller = exchange.prompt, exchange.caller
        seen = bool(prompt.tally.findings or prompt.tally.faults) or prompt.action > Action.ALLOW
        klass = self._class(exchange, seen)
        exchange.kept = klass is not None
        fields = {
            "exchange": exchange.id,
            "subject": exchange.subject.pseudonym or "unidentified",
            "audience": caller.audience,
            "key": caller.key_id,
            "model": _short(exchange.model),
            "upstream": _short(exchange.upstream.name, 80),
            "policy": exchange.policy.digest,
            "panel": exchange.judge.panel.digest,
            "decision": prompt.action.name.lower(),
            "rules": _folded(_counted(prompt.tally)),
            "faults": _faults(prompt.tally),
            "unjudged": unjudged,
            "roles": prompt.roles,
            "known": prompt.known,
            "commit": self._commit(exchange, "prompt", exchange.body),
            "content": "kept" if klass else "none",
            "stream": exchange.stream,
        }
        writes = exchange.subject.writes
        if klass:
            writes += self._seal(exchange, "prompt", klass, exchange.body)
        record = leaf.make(_ASKED, self._clock(), caller.tenant, fields)
        return self._ledger.hand_in(Entry(caller.tenant, record, writes))

    async def answered(self, exchange: Exchange, outcome: Outcome) -> Receipt:
        """Make the record of the reply durable, exactly as it was handed on."""
        tally = outcome.tally
        content = _canonical(outcome.released)
        seen = bool(tally.findings or tally.faults) or tally.action > Action.ALLOW
        klass = self._class(exchange, seen or exchange.kept)
        writes: tuple[Write, ...] = ()
        if klass:
            writes += self._seal(exchange, "reply", klass, content)
            if not exchange.kept:  # what was asked matters now that the reply was found wanting
                writes += self._seal(exchange, "prompt", klass, exchange.body)
        fields = {
            "exchange": exchange.id,
            "model": _short(outcome.model or exchange.model),
            "decision": tally.action.name.lower(),
            "rules": _folded(_counted(tally)),
            "faults": _faults(tally),
            "released": _sizes(outcome.released),
            "commit": self._commit(exchange, "reply", content),
            "content": "kept" if klass else "none",
            "end": outcome.end,
            "status": outcome.status,
            "notes": _folded(outcome.notes, 160),
        }
        if outcome.label is not None:
            fields["label"] = outcome.label
        record = leaf.make(_ANSWERED, self._clock(), exchange.caller.tenant, fields)
        return await self._ledger.add(Entry(exchange.caller.tenant, record, writes))

    async def item(self, exchange: Exchange, kind: str, fields: Mapping[str, Any]) -> Receipt:
        """Make the record of one picture or speech of an exchange durable."""
        tenant = exchange.caller.tenant
        held = {"exchange": exchange.id, **fields}
        record = leaf.make(kinds.named(kind), self._clock(), tenant, held)
        return await self._ledger.add(Entry(tenant, record))

    def _class(self, exchange: Exchange, seen: bool) -> str | None:  # noqa: FBT001 - a fact, not a mode
        keep = self._content.keep
        if keep == "all":
            return "all"
        if keep == "none":
            return None
        if seen:
            return "findings"
        drawn = keep == "sample" and _drawn(exchange.id) < self._content.sample_percent
        return "sample" if drawn else None

    def _commit(self, exchange: Exchange, part: str, content: bytes) -> str:
        return self._vault.commitment(exchange.subject, exchange.id, part, content)

    def _seal(self, exchange: Exchange, part: str, klass: str, content: bytes) -> tuple[Write, ...]:
        expires = self._clock() + self._content.days * _DAY_MS
        tenant = exchange.caller.tenant
        return self._vault.seal(
            exchange.subject, tenant, exchange.id, part, klass, content, expires
        )


def _drawn(exchange: str) -> int:
    """Return a number from 0 to 99 out of the id's chance bits: the draw can be recomputed."""
    return sum(_BASE32.index(char) << (5 * n) for n, char in enumerate(exchange[-6:])) % 100


def _counted(tally: Tally) -> dict[str, int]:
    counts: dict[str, int] = {}
    for finding in tally.findings:
        counts[finding.rule] = counts.get(finding.rule, 0) + 1
    return counts


def _faults(tally: Tally) -> list[str]:
    """Name the faults, shortly: which detector, and what kind of fault."""
    named = sorted({f"{_short(f.detector, 30)}: {_short(f.reason, 30)}" for f in tally.faults})
    return named[:4]


def _sizes(released: Mapping[str, str]) -> dict[str, int]:
    return _folded({name: len(text) for name, text in released.items()})


def _folded(counts: Mapping[str, int], room: int = 400) -> dict[str, int]:
    """Fold counts into ``room`` bytes of a leaf."""
    short: dict[str, int] = {}
    if not counts:
        return short
    for name, count in counts.items():
        key = _short(name, 80)
        short[key] = short.get(key, 0) + count
    return fold(short, most=24, size=room)


def _short(name: str, most: int = 160) -> str:
    """Return a name, cut to ``most`` bytes as a leaf spells it; the models and the world name it.

    So no model server can make a record too long to be written.
    """
    name = name.encode("utf-8", "replace").decode()
    if len(name) * 6 <= most:
        return name
    room = most
    for place, char in enumerate(name):
        room -= len(_canonical(char)) - 2
        if room < 0:
            return name[:place] + "…"
    return name
