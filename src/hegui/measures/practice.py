"""Who may put on record that a plan was practised: whoever may attest a duty that asks for it."""

from hegui.measures.duties import duties
from hegui.measures.evidence import Query, evidence
from hegui.measures.roles import Role


def may_practise(topic: str) -> tuple[Role, ...]:
    """Return the roles, by the catalogue; the owner of such a duty is one of them."""
    found: dict[str, Role] = {}
    for name, queries in evidence().duties.items():
        if any(_asks(query, topic) for query in queries):
            duty = duties()[name]
            found[duty.owner.id] = duty.owner
            found |= {one.id: one for one in duty.attest.roles} if duty.attest else {}
    return tuple(found.values())


def _asks(query: Query, topic: str) -> bool:
    return any(
        match.kind == "plan.practised" and dict(match.where)["topic"] == (topic,)
        for match in query.any_of
    )
