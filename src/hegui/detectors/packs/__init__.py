"""Rule packs: YAML that a compliance officer edits, as rules and targets of the engine.

Reading and judging are pure: a text comes in, values and flaws come out. Who opens files, and
which day it is, is decided above.
"""

from hegui.detectors.packs.build import Compiled, compiled, info_of, literals_of
from hegui.detectors.packs.cases import Tried, tried, tried_in
from hegui.detectors.packs.clauses import ClauseRules
from hegui.detectors.packs.lint import errors, lint
from hegui.detectors.packs.nodes import LARGEST
from hegui.detectors.packs.reading import is_date, read
from hegui.detectors.packs.shipped import shipped
from hegui.detectors.packs.values import (
    LANGUAGES,
    SCORES,
    SEVERITIES,
    VARIANTS,
    Flaw,
    Lined,
    Pack,
    Rule,
    digest_of,
)

__all__ = [
    "LANGUAGES",
    "LARGEST",
    "SCORES",
    "SEVERITIES",
    "VARIANTS",
    "ClauseRules",
    "Compiled",
    "Flaw",
    "Lined",
    "Pack",
    "Rule",
    "Tried",
    "compiled",
    "digest_of",
    "errors",
    "info_of",
    "is_date",
    "lint",
    "literals_of",
    "read",
    "shipped",
    "tried",
    "tried_in",
]
