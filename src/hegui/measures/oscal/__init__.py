"""The catalogue in OSCAL 1.2, NIST's format for controls: documents as plain JSON values.

Pure: dates and versions are given by the caller, identifiers follow from what they name, and no
file is written here. Every document has both languages: a part of class ``zh`` beside one of class
``en``, or ``中文 / English`` where OSCAL has one line only.
"""

from hegui.measures.oscal.catalogue import catalogue_document
from hegui.measures.oscal.component import Records, component_document
from hegui.measures.oscal.linting import Fault, faults_of
from hegui.measures.oscal.mapping import mapping_document
from hegui.measures.oscal.pieces import OSCAL_VERSION, Stamp
from hegui.measures.oscal.profile import profile_document
from hegui.measures.oscal.standing import (
    Board,
    Citation,
    Standing,
    is_open,
    plan_document,
    results_document,
)

__all__ = [
    "OSCAL_VERSION",
    "Board",
    "Citation",
    "Fault",
    "Records",
    "Stamp",
    "Standing",
    "catalogue_document",
    "component_document",
    "faults_of",
    "is_open",
    "mapping_document",
    "plan_document",
    "profile_document",
    "results_document",
]
