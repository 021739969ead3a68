"""What the tests of the filing share: records made from their schema, and boards over them."""

from collections.abc import Iterable
from typing import Any

from hegui.filing.board import Given
from hegui.filing.projection import DAY_MS, Head, Noted, Summary
from hegui.filing.projection.tally import Tally
from hegui.ledger import leaf
from hegui.ledger.kinds import named
from hegui.measures.duties import duties
from hegui.measures.evidence import NOT, Match, evidence
from hegui.measures.facts import Facts
from hegui.testing.records import fitting, record_of

NOW = 1_790_000_000_000
PUBLIC = Facts(
    public=True,
    own_model=True,
    annotation=True,
    accounts=True,
    modalities=frozenset({"text", "image", "audio", "video", "scene"}),
    public_opinion=True,
    minors=True,
    persona=True,
    face_voice=True,
    propagates=True,
    cross_border=True,
    ten_million=True,
    cii=True,
    central_organ=True,
    foreign_invested=True,
)
"""A service to which everything applies, but what is for those that are neither."""


def given(facts: Facts = PUBLIC) -> Given:
    return Given(duties(), evidence(), facts, "c" * 64, "d" * 64)


GIVEN = given()
FACETS = GIVEN.facets


def made(kind: str, at_ms: int, **fields: Any) -> bytes:
    return leaf.make(named(kind), at_ms, "default", fields)


def fit(match: Match, at_ms: int, **changes: Any) -> bytes:
    """Return a leaf that fits a match, with ``changes``."""
    where = {field: values[0] for field, values in match.where if values[0][:1] != NOT}
    return made(match.kind, at_ms, **{**fitting(match.kind, where), **changes})


def attesting(duty: str, at_ms: int, **changes: Any) -> bytes:
    """Return the leaf of an attestation that the catalogue allows, of the longest term."""
    asked = duties()[duty].attest
    assert asked is not None
    fields = {
        "duty": duty,
        "attestation": "AT-1",
        "role": asked.roles[0].id,
        "until": at_ms + asked.days * DAY_MS,
        **changes,
    }
    return made("duty.attested", at_ms, **record_of("duty.attested", **fields))


def summed(leaves: Iterable[bytes], as_of: int = NOW) -> Summary:
    """Return the summary of a log of these leaves."""
    tally = Tally(FACETS)
    size = 0
    for size, one in enumerate(leaves, 1):
        tally.add(size - 1, one)
    head = Head("default", "ledger.test/log", size, "e" * 64)
    noted = [Noted(index, leaf.parse(one)) for index, one in tally.noted.items()]
    return Summary(head, as_of, tally.rows, noted)
