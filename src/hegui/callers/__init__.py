"""Who asks: tenants, keys, subjects, audiences and standing."""

from hegui.callers.assertion import Assertions, Claims
from hegui.callers.caller import ANONYMOUS, Caller, resolve, subject_in
from hegui.callers.keys import Audience, KeyBook, KeyRecord, LabelMode, NewKey, RefusalMode
from hegui.callers.standing import StandingBook

__all__ = [
    "ANONYMOUS",
    "Assertions",
    "Audience",
    "Caller",
    "Claims",
    "KeyBook",
    "KeyRecord",
    "LabelMode",
    "NewKey",
    "RefusalMode",
    "StandingBook",
    "resolve",
    "subject_in",
]
