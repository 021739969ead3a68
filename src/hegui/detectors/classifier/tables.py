"""Tables of weights: what the classifier learnt, as data."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hegui.terms import Misconfigured, Words

Script: TypeAlias = Literal["han", "latin"]

_FOLDER: Final = "data/classifier"
_DAMAGED: Final = Words(
    "the classifier's table {name} is not the one that hegui was released with; install hegui anew",
    "分类器的数据表 {name} 与 hegui 发布时的不一致，请重新安装 hegui",
)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One label: a weight of -127…127 for each place that an n-gram hashes to.

    ``score`` of a passage with n-grams at ``places``: ``slope * sum(weights) / sqrt(n) + offset``,
    which is the logit of a calibrated probability. ``at`` is the logit from which it is a finding.
    """

    label: str
    weights: NDArray[np.int8]
    slope: float
    offset: float
    at: float


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """The tables for texts in one script; they share lengths of n-grams and ``bits``.

    ``grounds`` say what an offence is about, each against the others. They are asked only of
    passages in which the table ``of`` fires.
    """

    script: Script
    orders: tuple[int, ...]
    bits: int
    tables: tuple[Table, Table]
    grounds: tuple[Table, ...] = ()
    of: str = ""
    pair: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        """Lay both tables into one, so that a place is looked up once: low half, high half."""
        low, high = (table.weights.astype(np.int32) for table in self.tables)
        object.__setattr__(self, "pair", low + (high << 16))


@dataclass(frozen=True, slots=True, eq=False)
class Shelves:
    """All that was learnt. ``digest`` covers every weight and every number."""

    version: str
    digest: str
    shelves: tuple[Shelf, ...]


@cache
def shipped() -> Shelves:
    """Return the tables that come with hegui. A damaged one is ``Misconfigured``."""
    folder = resources.files("hegui.detectors").joinpath(_FOLDER)
    text = folder.joinpath("tables.json").read_text("utf-8")
    blobs = {
        entry["label"]: folder.joinpath(f"{entry['label']}.int8").read_bytes()
        for shelf in json.loads(text)["shelves"]
        for entry in (*shelf["tables"], *shelf["grounds"])
    }
    return shelves_of(text, blobs)


def shelves_of(text: str, blobs: Mapping[str, bytes]) -> Shelves:
    """Read ``tables.json`` and the weights, by label, that belong to it."""
    data = json.loads(text)
    return Shelves(
        version=data["version"],
        digest=hashlib.sha256(text.encode()).hexdigest(),
        shelves=tuple(
            Shelf(
                script=shelf["script"],
                orders=tuple(shelf["orders"]),
                bits=shelf["bits"],
                tables=_two(_table(entry, blobs) for entry in shelf["tables"]),
                grounds=tuple(_table(entry, blobs) for entry in shelf["grounds"]),
                of=shelf["of"],
            )
            for shelf in data["shelves"]
        ),
    )


def _table(entry: Mapping[str, Any], blobs: Mapping[str, bytes]) -> Table:
    blob = blobs[entry["label"]]
    if hashlib.sha256(blob).hexdigest() != entry["sha256"]:
        raise Misconfigured(_DAMAGED.fill(name=entry["label"]))
    weights = np.frombuffer(blob, np.int8)
    return Table(entry["label"], weights, entry["slope"], entry["offset"], entry["at"])


def _two(tables: Iterable[Table]) -> tuple[Table, Table]:
    first, second = tables
    return first, second
