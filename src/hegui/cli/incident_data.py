"""An incident for machines: what every command of ``hegui incident`` says with ``--json``."""

from typing import TYPE_CHECKING, Any, Final

from hegui.terms import Words

if TYPE_CHECKING:
    from hegui.cases.incidents import Timer
    from hegui.cases.kept import Kept, Step

_HEAD_FIELDS: Final = ("v", "kind", "tenant", "salt", "case")


def as_data(case: "Kept", now: int) -> dict[str, Any]:
    """Return a case for machines: times in UTC ms, words in both languages."""
    from hegui.cases.steps import lacking

    lacks = [] if case.closed is not None else list(lacking(case))
    return {
        "case": case.number,
        "sort": case.sort,
        "state": state_of(case, now),
        "found": case.found,
        "target_minutes": case.target,
        "level": case.level,
        "late": bool(case.late(now)),
        "clocks": [] if case.unfounded else [_clock(timer, now) for timer in case.timers],
        "lacking": [_both(one) for one in lacks],
        "steps": [_step(step) for step in case.steps],
    }


def _step(step: "Step") -> dict[str, Any]:
    said = {name: value for name, value in step.record.items() if name not in _HEAD_FIELDS}
    return {"entry": step.index, "step": step.kind, **said}


def _clock(timer: "Timer", now: int) -> dict[str, Any]:
    return {
        "what": _both(timer.what),
        "to": _both(timer.to),
        "set_by": _both(timer.set_by),
        "due": timer.due,
        "done": timer.done,
        "standing": timer.standing(now),
    }


def _both(words: Words) -> dict[str, str]:
    return {"en": words.en, "zh": words.zh}


def state_of(case: "Kept", now: int) -> str:
    """Return in one word how a case stands: whether it is open, and whether anything is late."""
    if case.unfounded:
        return "unfounded"
    late = bool(case.late(now))
    if case.closed is not None:
        return "closed-late" if late else "closed"
    return "late" if late else "open"
