"""The catalogue document: articles with their text, duties under them, neighbours in groups.

A group of class ``chapter`` holds articles (``ma-14``), an article the duties that rest on it
(``a14-1a``); a group of class ``rule`` holds the duties of a neighbouring rule.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from hegui.measures.articles import Article, Clause
from hegui.measures.catalogue import Catalogue
from hegui.measures.duties import CLASSES, Duty
from hegui.measures.oscal.pieces import (
    Stamp,
    both,
    metadata,
    paragraphs,
    prop,
    resources,
    uuid_of,
)
from hegui.measures.parameters import Parameter
from hegui.measures.rules import READINGS
from hegui.terms import Words

MEASURES: Final = "interim-measures"
_NUMBER: Final = re.compile(r"\{(\w+)\}")
_METHODS: Final = {
    "automated": "TEST",
    "assisted": "EXAMINE",
    "provider-attested": "INTERVIEW",
    "detector-required": "TEST",
}


def catalogue_document(catalogue: Catalogue, stamp: Stamp) -> dict[str, Any]:
    """Return the catalogue in OSCAL."""
    own = [duty for duty in catalogue.duties.values() if duty.rule.id == MEASURES]
    groups = [
        {
            "id": f"chapter-{number}",
            "class": "chapter",
            "title": both(title),
            "controls": [
                _article(article, [duty for duty in own if _of(article, duty, catalogue)])
                for article in catalogue.text.articles
                if article.chapter == number
            ],
        }
        for number, title in catalogue.text.chapters.items()
    ]
    props = [prop("catalogue-digest", catalogue.digest), prop("text-digest", catalogue.text.digest)]
    return {
        "catalog": {
            "uuid": uuid_of("catalogue", catalogue.digest, stamp.when, stamp.version),
            "metadata": metadata(catalogue.text.title, stamp, props),
            "params": [_parameter(one) for one in catalogue.parameters.values()],
            "groups": [*groups, *_neighbours(catalogue)],
            "back-matter": resources(),
        }
    }


def statement_of(duty: Duty) -> str:
    """Return the id of a duty's statement in Chinese."""
    return f"{duty.id}_smt"


def objective_of(duty: Duty) -> str:
    """Return the id of what an assessment of a duty looks at."""
    return f"{duty.id}_obj"


def _of(article: Article, duty: Duty, catalogue: Catalogue) -> bool:
    return any(one.article == article.number for one in catalogue.text.under(duty.clause))


def _neighbours(catalogue: Catalogue) -> Iterable[dict[str, Any]]:
    for rule in catalogue.rules.values():
        rows = [duty for duty in catalogue.duties.values() if duty.rule.id == rule.id]
        if rule.id == MEASURES or (not rows and rule.reading != "unread"):
            continue
        said = Words(f"{rule.title.en}. {rule.note.en}", f"{rule.title.zh}。{rule.note.zh}")
        yield {
            "id": f"rule-{rule.id}",
            "class": "rule",
            "title": both(rule.short),
            "props": [prop("reading", rule.reading)],
            "parts": [
                {
                    "id": f"rule-{rule.id}_ovw",
                    "name": "overview",
                    "prose": paragraphs(said, READINGS[rule.reading]),
                }
            ],
            **({"controls": [_duty(duty) for duty in rows]} if rows else {}),
        }


def _article(article: Article, rows: list[Duty]) -> dict[str, Any]:
    name = f"ma-{article.number}"
    return {
        "id": name,
        "class": "article",
        "title": both(article.title),
        "props": [prop("clause", article.id)],
        "links": [{"href": f"#{uuid_of('rule', MEASURES)}", "rel": "reference"}],
        "parts": [
            _text(f"{name}_smt", "zh", article.clauses),
            _text(f"{name}_smt.en", "en", article.clauses),
        ],
        **({"controls": [_duty(duty) for duty in rows]} if rows else {}),
    }


def _text(name: str, lang: str, clauses: tuple[Clause, ...]) -> dict[str, Any]:
    return {
        "id": name,
        "name": "statement",
        "class": lang,
        "parts": [
            {
                "id": f"{name}.{_token(clause.id)}",
                "name": "item",
                "class": lang,
                "props": [
                    {"name": "label", "value": clause.id},
                    prop("binds", clause.binds),
                ],
                "prose": clause.text.zh if lang == "zh" else clause.text.en,
            }
            for clause in clauses
        ],
    }


def _token(clause: str) -> str:
    """Return ``p2`` for ``14.p2`` and ``i1`` for ``4(1)``: ids hold no parentheses."""
    place = clause.partition(".")[2]
    return place or f"i{clause.partition('(')[2].rstrip(')')}"


def _duty(duty: Duty) -> dict[str, Any]:
    return {
        "id": duty.id,
        "class": "duty",
        "title": both(duty.title),
        "props": list(_props(duty)),
        "links": [
            {
                "href": f"#{uuid_of('rule', source.rule.id)}",
                "rel": "reference",
                "text": both(source.words),
            }
            for source in duty.sources
        ],
        "parts": [
            {
                "id": statement_of(duty),
                "name": "statement",
                "class": "zh",
                "prose": _inserted(duty.says.zh),
            },
            {
                "id": f"{duty.id}_smt.en",
                "name": "statement",
                "class": "en",
                "prose": _inserted(duty.says.en),
            },
            {
                "id": f"{duty.id}_gdn",
                "name": "guidance",
                "prose": paragraphs(duty.when.words, duty.when.set_by, READINGS[duty.reading]),
            },
            *_assessment(duty),
        ],
    }


def _props(duty: Duty) -> Iterable[dict[str, str]]:
    yield prop("duty-class", duty.duty_class)
    yield prop("clause", duty.clause or "-")
    yield prop("bearer", duty.bearer.id)
    for party in duty.owed_to:
        yield prop("owed-to", party.id)
    yield prop("force", str(duty.force))
    yield prop("reading", duty.reading)
    if duty.binds_provider:
        yield prop("owner", duty.owner.id)
        yield prop("effort-minutes", str(duty.effort_minutes))
    if duty.limit is not None:
        yield prop("limit", duty.limit.id)
    for risk in duty.risks:
        yield prop("risk", risk)
    for name, term in duty.applies.terms.items():
        values = [str(term).lower()] if isinstance(term, bool) else term
        for value in values:
            yield prop("applies", value, **{"class": name})


def _assessment(duty: Duty) -> Iterable[dict[str, Any]]:
    if not duty.binds_provider:
        return
    yield {
        "id": objective_of(duty),
        "name": "assessment-objective",
        "prose": paragraphs(CLASSES[duty.duty_class]),
    }
    methods = {_METHODS[duty.duty_class]: [CLASSES[duty.duty_class]]}
    if duty.attest is not None:
        said = [duty.attest.says, *duty.attest.attach]
        methods.setdefault("INTERVIEW", [])
        methods["INTERVIEW"] = said
    for method, said in methods.items():
        yield {
            "id": f"{duty.id}_asm.{method.lower()}",
            "name": "assessment-method",
            "props": [{"name": "method", "value": method}],
            "parts": [
                {
                    "id": f"{duty.id}_asm.{method.lower()}.obj",
                    "name": "assessment-objects",
                    "prose": paragraphs(*said),
                }
            ],
        }


def _inserted(text: str) -> str:
    """Return the text with OSCAL's insertions where a profile's numbers go."""
    return _NUMBER.sub(r"{{ insert: param, \1 }}", text)


def _parameter(one: Parameter) -> dict[str, Any]:
    return {
        "id": one.id,
        "label": both(one.name),
        "props": [prop("unit", one.unit), prop("stricter", one.bound)],
        "usage": paragraphs(one.source),
        "values": [str(one.value)],
    }
