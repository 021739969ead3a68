"""What puts each label that ``hegui label`` writes on record, before the file is in place."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from hegui.terms import Entry

if TYPE_CHECKING:
    from hegui.app.labelling import Record, Written
    from hegui.settings import Settings

_TENANT: Final = "default"
_MOST_NAME: Final = 200


@contextmanager
def recording(
    settings: "Settings | None", said: dict[str, Any], *, as_json: bool
) -> "Iterator[Record | None]":
    """Give what puts a label on record; without settings nothing, unless digests are printed."""
    if settings is None:
        yield (lambda written: None) if as_json else None  # noqa: ARG005 - there is nowhere to put it
        return
    from hegui.app import parts

    ledger = parts.open_ledger(settings)
    try:
        yield _recorder(ledger.add_blocking, said["agreement"], said["by"])
    finally:
        ledger.close()


def _recorder(add: Callable[[Entry], object], agreement: str, by: str) -> "Record":
    from hegui.app import parts
    from hegui.ledger.kinds import named
    from hegui.ledger.leaf import make

    def record(written: "Written") -> None:
        label = written.implicit
        fields = {
            "produce": _named(label.ProduceID),
            "producer": _named(label.ContentProducer),
            "propagate": _named(label.PropagateID),
            "propagator": _named(label.ContentPropagator),
            "label": label.Label,
            "layers": _layers(label.ReservedCode1, written),
            "agreement": agreement,
            "by": by,
        }
        names = ("cause", "payload", "file", "format", "form", "explicit")
        fields |= {name: getattr(written, name) for name in names}
        add(Entry(_TENANT, make(named("label.written"), parts.now(), _TENANT, fields)))

    return record


def _layers(reserved: str, written: "Written") -> list[str]:
    """Return what marks the file beside its notice; another producer's signature is not ours."""
    sm2 = ["sm2"] if reserved and written.cause != "kept" else []
    return ["tc260", *sm2, *(["c2pa"] if written.signed else [])]


def _named(value: str) -> str:
    """Return what a record can hold of a value; another producer's may be of any length."""
    if len(value.encode("utf-8", "replace")) <= _MOST_NAME:
        return value
    return "sha256:" + hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()
