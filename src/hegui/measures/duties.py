"""Every duty as data: who owes what to whom, when, and who may say that it was done.

Ids name the place: ``a14-2b`` is the second duty of Art. 14 para. 2 of the Measures. Rows of other
rules begin with their own letters (``pipl55``). A released id keeps its meaning: records name it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from hegui.measures.deadlines import Deadline, deadlines
from hegui.measures.facts import Condition
from hegui.measures.roles import Party, Role, parties, roles
from hegui.measures.rules import Reading, Rule, Source, rules, source
from hegui.measures.words import data, names, words
from hegui.terms import Words

DutyClass: TypeAlias = Literal[
    "automated", "assisted", "provider-attested", "detector-required", "none"
]
CLASSES: Final[Mapping[DutyClass, Words]] = MappingProxyType(
    {
        "automated": Words("shown by records alone", "仅凭记录即可说明"),
        "assisted": Words("shown by records and a person's word", "由记录和人员声明共同说明"),
        "provider-attested": Words("shown by a person's word", "由人员声明说明"),
        "detector-required": Words(
            "needs a detector that the provider attaches", "需要提供者自行接入检测器"
        ),
        "none": Words("no duty of the provider", "不属于提供者的义务"),
    }
)
OURS: Final = "ours"


@dataclass(frozen=True, slots=True)
class When:
    """When a duty falls due, and the text that says so; without one it is our reading."""

    words: Words
    source: Source | None

    @property
    def set_by(self) -> Words:
        """Who set it."""
        return self.source.told if self.source else Words("set by hegui", "由 hegui 设定")


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a person must say: the roles that may, the words, what to attach, for how many days."""

    roles: tuple[Role, ...]
    says: Words
    attach: tuple[Words, ...]
    days: int
    source: Source | None

    @property
    def set_by(self) -> Words:
        """Who set the term of validity."""
        return self.source.told if self.source else Words("set by hegui", "由 hegui 设定")


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty.

    ``clause`` is a place of ``rule`` (for the Measures an id of ``text().clauses`` or an article's
    number). ``risks`` are ids of ``risks()``, ``parameters`` of ``parameters()``. ``command`` is
    what to run next. ``says`` may have places for numbers of a profile: see ``said``. ``reading``
    says how well its text is known.
    """

    id: str
    rule: Rule
    clause: str
    title: Words
    says: Words
    bearer: Party
    owed_to: tuple[Party, ...]
    when: When
    limit: Deadline | None
    risks: tuple[str, ...]
    parameters: tuple[str, ...]
    owner: Role
    effort_minutes: int
    command: str
    attest: Attestation | None
    duty_class: DutyClass
    applies: Condition
    sources: tuple[Source, ...]
    reading: Reading

    @property
    def place(self) -> Words:
        """Where it stands."""
        return self.rule.at(self.clause)

    def said(self, values: Mapping[str, int]) -> Words:
        """Return ``says`` with the numbers of a profile in it: ``{keyword_total}`` and the like."""
        return self.says.fill(**values)

    @property
    def force(self) -> int:
        """The force of its rule, from 1 (law) to 5 (guidance)."""
        return self.rule.force

    @property
    def read_in_original(self) -> bool:
        """Whether its text was read in the original language."""
        return self.reading == "original"

    @property
    def binds_provider(self) -> bool:
        """Whether it is a duty of the provider at all."""
        return self.duty_class != "none"


@cache
def duties() -> Mapping[str, Duty]:
    """Return every duty by id: those of the Measures first, in their order."""
    found: dict[str, Duty] = {}
    for name in names("duties"):
        family = data(name)
        for row in family["duties"]:
            duty = _duty(row, rules()[family["rule"]])
            if duty.id in found:
                message = f"{name}: {duty.id} stands twice"
                raise ValueError(message)
            found[duty.id] = duty
    return MappingProxyType(found)


def _duty(row: Mapping[str, Any], rule: Rule) -> Duty:
    return Duty(
        id=row["id"],
        rule=rule,
        clause=row["clause"],
        title=words(row["title"]),
        says=words(row["says"]),
        bearer=parties()[row["bearer"]],
        owed_to=tuple(parties()[one] for one in row["owed_to"]),
        when=When(words(row["when"]), _source(row["when"]["source"])),
        limit=deadlines()[row["limit"]] if row.get("limit") else None,
        risks=tuple(row.get("risks", ())),
        parameters=tuple(row.get("parameters", ())),
        owner=roles()[row["owner"]],
        effort_minutes=row["effort_minutes"],
        command=row["command"],
        attest=_attestation(row["attest"]) if row.get("attest") else None,
        duty_class=row["class"],
        applies=Condition.read(row.get("applies", {})),
        sources=tuple(source(one) for one in row["sources"]),
        reading=row.get("reading", rule.reading),
    )


def _attestation(row: Mapping[str, Any]) -> Attestation:
    return Attestation(
        roles=tuple(roles()[one] for one in row["roles"]),
        says=words(row["says"]),
        attach=tuple(words(one) for one in row["attach"]),
        days=row["days"],
        source=_source(row["source"]),
    )


def _source(row: Any) -> Source | None:
    return None if row == OURS else source(row)
