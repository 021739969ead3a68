"""The Measures as data: what the law and the standards name, each with its source."""

from hegui.measures.articles import Article, Clause, Text, text
from hegui.measures.catalogue import Catalogue, catalogue
from hegui.measures.deadlines import Deadline, deadlines
from hegui.measures.duties import Attestation, Duty, DutyClass, When, duties
from hegui.measures.facts import Applies, Condition, Facts
from hegui.measures.parameters import Parameter, parameters
from hegui.measures.profiles import Profile, Value, profiles
from hegui.measures.risks import Cover, Risk, RiskGroup, risks
from hegui.measures.roles import Party, Role, parties, roles
from hegui.measures.rules import Reading, Rule, Source, rules
from hegui.measures.tailoring import tailored

__all__ = [
    "Applies",
    "Article",
    "Attestation",
    "Catalogue",
    "Clause",
    "Condition",
    "Cover",
    "Deadline",
    "Duty",
    "DutyClass",
    "Facts",
    "Parameter",
    "Party",
    "Profile",
    "Reading",
    "Risk",
    "RiskGroup",
    "Role",
    "Rule",
    "Source",
    "Text",
    "Value",
    "When",
    "catalogue",
    "deadlines",
    "duties",
    "parameters",
    "parties",
    "profiles",
    "risks",
    "roles",
    "rules",
    "tailored",
    "text",
]
