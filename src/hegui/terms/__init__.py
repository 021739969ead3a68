"""The words every room uses, and the protocols. Imports nothing of ours, no third party."""

from hegui.terms.detectors import (
    Ask,
    Detector,
    DetectorCard,
    ExactDetector,
    QuietDetector,
    Reach,
    Runs,
)
from hegui.terms.erasure import Erasure, Sink, SinkState
from hegui.terms.errors import BadRequest, Corrupt, HeguiError, Misconfigured, Unavailable
from hegui.terms.evidence import Cell, Clock, Entry, Receipt, Write
from hegui.terms.findings import Fault, Finding, Findings, RuleInfo
from hegui.terms.text import TextColumn
from hegui.terms.verdicts import Action, Role, Verdict
from hegui.terms.words import Lang, Words

__all__ = [
    "Action",
    "Ask",
    "BadRequest",
    "Cell",
    "Clock",
    "Corrupt",
    "Detector",
    "DetectorCard",
    "Entry",
    "Erasure",
    "ExactDetector",
    "Fault",
    "Finding",
    "Findings",
    "HeguiError",
    "Lang",
    "Misconfigured",
    "QuietDetector",
    "Reach",
    "Receipt",
    "Role",
    "RuleInfo",
    "Runs",
    "Sink",
    "SinkState",
    "TextColumn",
    "Unavailable",
    "Verdict",
    "Words",
    "Write",
]
