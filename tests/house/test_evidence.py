"""What the evidence of the duties names is there: kinds, fields, duties, and doors as they are."""

from functools import cache
from pathlib import Path

import pytest

from hegui.detectors import triage
from hegui.labels.formats import FORMATS
from hegui.ledger.kinds import all_kinds, named
from hegui.ledger.pruning import THREE_YEARS_DAYS
from hegui.measures import duties
from hegui.measures.evidence import Query, evidence
from hegui.runners.compiling import builtin
from hegui.settings.schema import Content
from hegui.testing.records import fields_of, fitting

QUERIES = list(evidence().queries.values())
each = pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.id)


@cache
def written(root: Path) -> set[str]:
    """Return the kinds that some code outside the kinds and the catalogue names."""
    rooms = root / "src" / "hegui"
    apart = (rooms / "ledger" / "kinds", rooms / "measures", rooms / "filing")
    text = "\n".join(
        file.read_text(encoding="utf-8")
        for file in rooms.rglob("*.py")
        if not any(file.is_relative_to(place) for place in apart)
    )
    asked = {match.kind for query in QUERIES for match in query.matches}
    return {kind for kind in asked if f'"{kind}"' in text}


@each
def test_a_query_names_kinds_and_fields_that_exist(query: Query) -> None:
    for match in query.matches:
        kind = named(match.kind)
        assert {field for field, _ in match.where} <= set(kind.fields)
        for field, values in match.where:
            for value in values:
                made = fitting(match.kind, {field: value})
                assert set(made) <= set(fields_of(kind))


@each
def test_a_query_says_whether_a_door_writes_its_records(query: Query, root: Path) -> None:
    """Of one that is only practised or adopted beside it, nothing else is asked."""
    there = written(root)
    assert query.door == any(match.kind in there for match in query.any_of)


@each
def test_a_query_says_in_both_languages_what_it_asks_for_and_who_set_it(query: Query) -> None:
    assert query.says.en
    assert query.says.zh
    assert query.set_by.en
    assert query.set_by.zh
    assert query.at_least >= 1
    assert query.within_days is None or query.within_days >= 1


def test_every_query_is_of_some_duty_and_every_duty_is_in_the_catalogue() -> None:
    used = {query.id for queries in evidence().duties.values() for query in queries}
    assert used == set(evidence().queries)
    assert set(evidence().duties) == {one.id for one in duties().values() if one.binds_provider}


def test_the_detectors_that_are_not_the_providers_own_are_named() -> None:
    """``panel`` is all together; works are attached by being registered."""
    (match,) = evidence().queries["probed-A.1.h"].any_of
    shipped = {one.card.name for one in [*builtin(), *triage()]} | {"panel", "works"}
    assert set(dict(match.where)["detector"]) == {f"!{name}" for name in shipped}


SHORTER = {"stopping-works"}
"""What was stopped is in records that go after six months: then it is to be shown anew."""


@each
def test_no_query_looks_further_back_than_its_records_are_kept(query: Query) -> None:
    """Else a duty would lose its evidence by the days that go by, and by nothing else."""
    kept = {"log": Content().log_term, "three-years": THREE_YEARS_DAYS, "lasting": 10**9}
    least = min(kept[named(match.kind).retention] for match in query.any_of)
    assert (query.within_days or 10**9) <= least or query.id in SHORTER


@pytest.mark.parametrize("medium", ["audio", "image", "video"])
def test_every_format_that_is_labelled_counts_for_its_medium_and_so_does_what_is_generated(
    medium: str,
) -> None:
    matches = evidence().queries[f"labelled-{medium}"].any_of
    named = [set(dict(one.where)["format"]) for one in matches if one.kind == "label.written"]
    assert named == [{one.name for one in FORMATS if one.mime[0].startswith(f"{medium}/")}]
    assert ("media.labelled", (("medium", (medium,)),)) in [(m.kind, m.where) for m in matches]


def test_every_kind_names_duties_of_the_catalogue() -> None:
    odd = {(kind.name, one) for kind in all_kinds() for one in kind.duties if one not in duties()}
    assert odd == set()
