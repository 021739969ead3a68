"""The board: the state of every duty, computed from four things and from nothing else. Pure.

Catalogue, profile, checkpoint and date. Whoever has the same four gets the same board; its digest
says so in one line.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from hegui.filing.attestations import Attested, attested
from hegui.filing.projection import Cited, Facets, Found, Head, Summary
from hegui.filing.single import End, Single, single
from hegui.filing.single import told as end_told
from hegui.filing.states import State
from hegui.measures.duties import Duty
from hegui.measures.evidence import Evidence, Match, Query
from hegui.measures.facts import ASKED, Facts
from hegui.terms import Words

FORMAT: Final = "hegui-board/v1"
_INTERNAL: Final = Match("service.started", (("scope", ("internal",)),))
_STARTED: Final = Match("service.started", ())
OPENED: Final = "incident.found"
"""The record that opens a case."""
_NO_CASES: Final[Mapping[str, int]] = {}

_NOT_ON_RECORD = Words(
    "the profile says that it does not apply ({facts}), and that is not on record yet: hegui duty "
    "declare",
    "按方案所述事实不适用（{facts}），但尚未记录在案：hegui duty declare",
)
_UNSAID = Words(
    "whether it applies was not said ({facts}): say so in [duties] of the settings; until then it "
    "does",
    "是否适用尚未说明（{facts}）：请在配置的 [duties] 中说明，在此之前按适用处理",
)


@dataclass(frozen=True, slots=True)
class Given:
    """What the law and the provider say: duties, their evidence, and the facts of the service.

    ``catalogue`` covers duties and evidence, ``profile`` the profile and the facts: digests in hex.
    """

    duties: Mapping[str, Duty]
    evidence: Evidence
    facts: Facts
    catalogue: str
    profile: str

    @property
    def facets(self) -> Facets:
        """What a projection for this board has to count apart."""
        asked = [match for query in self.evidence.queries.values() for match in query.matches]
        whole = [match for query in self.evidence.queries.values() for match in query.apart]
        return Facets([*asked, _INTERNAL], whole)


@dataclass(frozen=True, slots=True)
class Part:
    """One query, and what was found for it.

    ``against`` is the record that speaks against it; ``overdue``: it opened a case that is late.
    ``ends`` are records that speak no more, or for thirty days at most, and that nothing replaces;
    ``until`` is when the last of those that count runs out (UTC ms; 0: none does).
    """

    query: Query
    found: Found
    met: bool
    against: int = -1
    overdue: bool = False
    ends: tuple[End, ...] = ()
    until: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One duty on the board.

    ``because`` says what else decided. ``declared`` is the record of why it does not apply,
    ``undeclared`` that the profile says so and no record does;
    ``attestation`` the one that holds (then it is ``attested``), or the last one that did.
    """

    duty: Duty
    state: State
    parts: tuple[Part, ...] = ()
    attestation: Attested | None = None
    attested: bool = False
    declared: int = -1
    undeclared: bool = False
    because: tuple[Words, ...] = ()

    @property
    def met(self) -> int:
        """How many of its queries are met."""
        return sum(part.met for part in self.parts)

    @property
    def cited(self) -> dict[int, tuple[str, ...]]:
        """The records that its state rests on, by index, with the kinds they must be of."""
        found: dict[int, tuple[str, ...]] = {}
        for part in self.parts:
            for_it = tuple(one.kind for one in part.query.any_of)
            for end in part.ends:
                found[end.index] = for_it
                if end.by >= 0:
                    found[end.by] = tuple(one.kind for one in part.query.undone)
            if part.found.newest >= 0:
                found[part.found.newest] = for_it
            if part.against >= 0:
                against = (*part.query.undone, *part.query.never)
                kinds = (OPENED,) if part.overdue else tuple(one.kind for one in against)
                found[part.against] = kinds
        if self.attestation is not None:
            found[self.attestation.index] = ("duty.attested",)
        if self.declared >= 0:
            found[self.declared] = ("profile.declared", "service.started")
        return found


@dataclass(frozen=True, slots=True)
class Board:
    """The state of every duty of one tenant, and the four things that it follows from.

    ``trouble`` says what does not hold together: then every state is *could not tell*. ``records``
    are those that states rest on, once they were shown to be in the log; they follow from the rest.
    """

    tenant: str
    catalogue: str
    profile: str
    head: Head | None
    as_of: int
    items: tuple[Item, ...]
    trouble: Words | None = None
    records: Mapping[int, Cited] = field(default_factory=dict)

    @property
    def states(self) -> dict[str, int]:
        """How many duties are in which state."""
        counted = Counter(item.state for item in self.items)
        return {state.value: counted[state] for state in State if counted[state]}

    @property
    def digest(self) -> str:
        """The SHA-256 of the board in canonical JSON: same four, same digest."""
        said = json.dumps(told(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return sha256(said.encode()).hexdigest()

    def item(self, duty: str) -> Item | None:
        """Return one duty of the board."""
        return next((item for item in self.items if item.duty.id == duty), None)


def board(given: Given, summary: Summary, overdue: Mapping[str, int] = _NO_CASES) -> Board:
    """Return the board that follows from what is given and from the records that are counted.

    ``overdue`` follows from the same records and the date: by query the record that opened a case
    which is late. A query that one speaks against is not met.
    """
    judged = {
        name: judge(query, summary, overdue.get(name, -1))
        for name, query in given.evidence.queries.items()
    }
    items = tuple(_item(given, duty, summary, judged) for duty in given.duties.values())
    head = summary.head if summary.head.size else None
    return Board(summary.head.tenant, given.catalogue, given.profile, head, summary.as_of, items)


def untold(given: Given, tenant: str, as_of: int, trouble: Words) -> Board:
    """Return the board of a log that does not hold together: of nothing can be told how it is."""
    items = tuple(Item(duty, State.COULD_NOT_TELL) for duty in given.duties.values())
    return Board(tenant, given.catalogue, given.profile, None, as_of, items, trouble)


def told(found: Board) -> dict[str, Any]:
    """Return the board as data: ids and numbers, no wording. What the digest covers."""
    head = found.head
    return {
        "format": FORMAT,
        "tenant": found.tenant,
        "catalogue": found.catalogue,
        "profile": found.profile,
        "checkpoint": (
            {"origin": head.origin, "size": head.size, "root": head.root} if head else None
        ),
        "as_of": found.as_of,
        "duties": [_told(item) for item in found.items],
    }


def _told(item: Item) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": item.duty.id,
        "state": item.state.value,
        "evidence": [
            {
                "query": part.query.id,
                "met": part.met,
                "count": part.found.count,
                "newest": part.found.newest,
                "against": part.against,
                **({"ends": [end_told(end) for end in part.ends]} if part.ends else {}),
            }
            for part in item.parts
        ],
    }
    if item.attestation is not None:
        said["attested"] = {"index": item.attestation.index, "until": item.attestation.until}
    if item.declared >= 0:
        said["declared"] = item.declared
    return said


def judge(query: Query, summary: Summary, overdue: int = -1) -> Part:
    """Return what was found for a query, and whether that is enough."""
    never = summary.find(query.never, query.within_days).newest
    said = single(query, summary) if query.apart else _counted(query, summary)
    found, against = said.found, said.against if said.against >= 0 else never
    if overdue >= 0:
        return Part(query, found, met=False, against=overdue, overdue=True)
    met = found.count >= query.at_least and against < 0
    return Part(query, found, met, against, ends=said.ends, until=said.until)


def _counted(query: Query, summary: Summary) -> Single:
    found = summary.find(query.any_of, query.within_days)
    undone = summary.find(query.undone).newest
    return Single(found, against=undone if undone > found.newest >= 0 else -1)


def _item(given: Given, duty: Duty, summary: Summary, judged: Mapping[str, Part]) -> Item:
    if not duty.binds_provider:
        return Item(duty, State.NO_DUTY)
    applies = duty.applies.on(given.facts)
    because: tuple[Words, ...] = ()
    undeclared = applies.answer == "no"
    if applies.answer == "no":
        declared = _declared(given, summary, applies.because)
        if declared >= 0:
            return Item(
                duty, State.NOT_APPLICABLE, declared=declared, because=_facts(applies.because)
            )
        because = (_fill(_NOT_ON_RECORD, applies.because),)
    elif applies.answer == "open":
        because = (_fill(_UNSAID, applies.because),)
    parts = tuple(judged[query.id] for query in given.evidence.of(duty.id))
    said = attested(duty, summary.whole("duty.attested", "duty.withdrawn"))
    holding = next((one for one in said if one.holds(summary.as_of)), None)
    state = _state(duty, parts, holding)
    last = holding or next(iter(said), None)
    return Item(
        duty, state, parts, last, holding is not None, undeclared=undeclared, because=because
    )


def _state(duty: Duty, parts: tuple[Part, ...], holding: Attested | None) -> State:
    """Return the state: records come before words.

    A duty that needs records and a person's word is evidenced by both. A word alone makes it
    *attested* at most, and not where a door of this release would have written a record.
    """
    all_met = bool(parts) and all(part.met for part in parts)
    if duty.duty_class == "detector-required":
        return State.EVIDENCED if all_met else State.DETECTOR_REQUIRED
    assisted = duty.duty_class == "assisted" and duty.attest is not None
    if all_met and (holding is not None or not assisted):
        return State.EVIDENCED
    if holding is not None and all(part.met for part in parts if assisted and part.query.door):
        return State.ATTESTED
    some = holding is not None or any(part.met for part in parts)
    return State.PARTLY if some else State.NOT_EVIDENCED


def _declared(given: Given, summary: Summary, facts: Iterable[str]) -> int:
    """Return the record that says why facts are as they are; -1 where none does.

    It is the newest declaration, if it is of this profile; for a service that is not offered to the
    public, the record of its last start (Art. 2 para. 3).
    """
    said = summary.whole("profile.declared")
    if said and said[-1].record["profile"] == given.profile:
        return said[-1].index
    if "public" in facts:
        newest, internal = summary.find([_STARTED]), summary.find([_INTERNAL])
        if internal.newest == newest.newest:
            return internal.newest
    return -1


def _facts(names: Iterable[str]) -> tuple[Words, ...]:
    return tuple(ASKED[name] for name in names)


def _fill(words: Words, names: Iterable[str]) -> Words:
    facts = _facts(names)
    return Words(
        words.en.format(facts="; ".join(one.en for one in facts)),
        words.zh.format(facts="；".join(one.zh for one in facts)),
    )
