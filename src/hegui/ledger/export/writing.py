"""Writing an export: head, tiles, records of a period, proofs, and what explains them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final, Protocol

import msgspec

from hegui.ledger import leaf as leaves_of_log
from hegui.ledger import proof
from hegui.ledger.export.clauses import clauses_file
from hegui.ledger.export.folder import Sink
from hegui.ledger.export.opening import Opening
from hegui.ledger.export.pruned import Gaps, extend
from hegui.ledger.export.scope import Scope
from hegui.ledger.kinds.shapes import HEAD
from hegui.ledger.tiles import WIDTH, bundle, bundle_path, places_of
from hegui.terms import BadRequest, Words

FORMAT: Final = "hegui-export/1"
_GIVEN: Final = ("verify.py", "verify.html")
_PAGES: Final = ("README.md", "README.zh.md")

_NO_RECORD = Words(
    en="The signed log has no record {index}: it ends before. Name one of its records.",
    zh="已签名账本中没有第 {index} 条记录。请指定已有的序号。",
)

Progress = Callable[[int, int], None]
"""Told how many steps of how many are done."""


class Log(Protocol):
    """What is read of a log, in one snapshot and below its signed head."""

    tenant: str
    origin: str
    size: int
    root: bytes
    checkpoint: str

    def tile(self, level: int, n: int, width: int) -> bytes:
        """Return a tile."""

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Return the leaves ``[start, end)``; a pruned one is empty."""

    def inclusion(self, index: int) -> list[bytes]:
        """Return the inclusion proof of leaf ``index``."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """An authority's answer (RFC 3161) over the bytes of a head of this log, or of an older one."""

    checkpoint: str
    answer: bytes


@dataclass(frozen=True, slots=True)
class Keys:
    """What goes along to check the head with: verifier keys, and a time stamp where there is one.

    ``log`` are the log's own keys, ``witnesses`` those of the witnesses that it asks; ``cosigned``
    is the log's own head with their lines below it.
    """

    log: Sequence[str]
    witnesses: Sequence[str] = ()
    stamp: Stamp | None = None
    cosigned: str = ""


@dataclass(slots=True)
class Summary:
    """What went into an export."""

    tenant: str
    size: int
    root: str
    shown: int = 0
    proofs: int = 0
    contents: int = 0
    pruned: int = 0


class _Told(msgspec.Struct):
    """What is read of each record, and quickly."""

    t: int = 0
    kind: str = ""
    v: int = 0


_read_told = msgspec.json.Decoder(_Told).decode


def write_export(
    log: Log, scope: Scope, record: int, keys: Keys, sink: Sink, progress: Progress
) -> Summary:
    """Write everything into ``sink`` and finish it. Memory does not grow with the log.

    ``record`` is the index of the export's own ``ledger.exported`` record, which lies below the
    signed head: the export proves that it is itself on record.
    """
    if not 0 <= record < log.size:
        raise BadRequest(_NO_RECORD.fill(index=record))
    check_named(scope, log.size)
    head = keys.cosigned or log.checkpoint
    writing = _Writing(log, scope, record, sink, progress, head)
    writing.head(keys)
    writing.tiles()
    writing.records()
    writing.named()
    writing.explanations()
    sink.finish()
    return writing.summary


def check_named(scope: Scope, size: int) -> None:
    """Raise ``BadRequest`` where a record was named that a log of ``size`` does not have."""
    for index in sorted(scope.named):
        if not 0 <= index < size:
            raise BadRequest(_NO_RECORD.fill(index=index), param="record")


@dataclass
class _Writing:
    """One export while it is written."""

    log: Log
    scope: Scope
    record: int
    sink: Sink
    progress: Progress
    checkpoint: str
    counts: dict[str, list[int]] = field(default_factory=dict)
    shown: list[list[int]] = field(default_factory=list)
    pruned: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Count the steps."""
        log = self.log
        self.summary = Summary(log.tenant, log.size, log.root.hex())
        self._bundles = -(-log.size // WIDTH)
        self._steps = 2 * self._bundles
        self._done = 0
        self._opening = Opening(self.scope.content) if self.scope.content else None

    def head(self, keys: Keys) -> None:
        """Write the signed head and the keys that go along."""
        self.sink.put("checkpoint", self.checkpoint.encode())
        self.sink.put("vkey", "".join(f"{key}\n" for key in keys.log).encode())
        if keys.witnesses:
            self.sink.put("witnesses", "".join(f"{key}\n" for key in keys.witnesses).encode())
        if keys.stamp is not None:
            self.sink.put("timestamp.checkpoint", keys.stamp.checkpoint.encode())
            self.sink.put("timestamp.tsr", keys.stamp.answer)

    def tiles(self) -> None:
        """Write every hash tile: they prove all records, shown or not."""
        for place in places_of(self.log.size):
            assert place.level is not None
            self.sink.put(place.path, self.log.tile(place.level, place.n, place.width))
            if place.level == 0:
                self._step()

    def records(self) -> None:
        """Write the bundles in which a record of the period lies, unless one there was pruned."""
        gaps = Gaps(self.scope.period)
        for n in range(self._bundles):
            start, end = n * WIDTH, min(self.log.size, (n + 1) * WIDTH)
            leaves = self.log.leaves(start, end)
            told = [_told(leaf) for leaf in leaves]
            gaps.see(n, (one.t if leaf else None for leaf, one in zip(leaves, told, strict=True)))
            if self._wanted(leaves, told):
                if all(leaves):
                    self._bundle(n, leaves, told)
                else:
                    extend(gaps.bundles, n)
            self._step()
        gaps.close()
        self.pruned = gaps.bundles
        self.summary.pruned = sum(end - first for first, end in gaps.bundles)

    def _wanted(self, leaves: list[bytes], told: list[_Told]) -> bool:
        """Tell whether a record that is still there is of the period."""
        covers = self.scope.period.covers
        return any(leaf and covers(one.t) for leaf, one in zip(leaves, told, strict=True))

    def _bundle(self, n: int, leaves: list[bytes], told: list[_Told]) -> None:
        extend(self.shown, n)
        self.summary.shown += len(leaves)
        self.sink.put(bundle_path(n, len(leaves)), bundle(leaves))
        for index, (leaf, one) in enumerate(zip(leaves, told, strict=True), n * WIDTH):
            name = f"{one.kind}/{one.v}" if one.kind and one.v > 0 else "?"
            seen = self.counts.setdefault(name, [0, index, index])
            seen[0], seen[2] = seen[0] + 1, index
            if self.scope.period.covers(one.t):
                self._one(index, leaf)

    def _one(self, index: int, leaf: bytes) -> None:
        """Write what goes along with a record of the period."""
        if self.scope.all_proofs:
            self._prove(index, leaf)
        if self._opening is not None:
            for path, data in self._opening.of(index, leaf):
                self.sink.put(path, data)
                self.summary.contents += 1

    def named(self) -> None:
        """Write the proofs of the records that were named, and of the export's own record."""
        for index in sorted({self.record, *self.scope.named}):
            if not (self.scope.all_proofs and self._is_shown(index)):
                self._prove(index, self.log.leaves(index, index + 1)[0])

    def _is_shown(self, index: int) -> bool:
        """Tell whether the record got its proof with its bundle."""
        within = any(first <= index // WIDTH < end for first, end in self.shown)
        return within and self.scope.period.covers(_told(self.log.leaves(index, index + 1)[0]).t)

    def _prove(self, index: int, leaf: bytes) -> None:
        text = proof.write(index, self.log.inclusion(index), self.checkpoint, leaf)
        self.sink.put(proof_path(index), text.encode())
        self.summary.proofs += 1

    def explanations(self) -> None:
        """Write what explains the rest: scope, clauses, content, pages, verifiers."""
        log, own = self.log, self.log.leaves(self.record, self.record + 1)[0]
        said = leaves_of_log.parse(own)
        scope = {name: said[name] for name in sorted(said) if name not in HEAD | {"clauses"}}
        about = {
            "format": FORMAT,
            "tenant": log.tenant,
            "origin": log.origin,
            "size": log.size,
            "root": log.root.hex(),
            "record": self.record,
            "scope": scope,
            "bundles": self.shown,
            "pruned": self.pruned,
        }
        self.sink.put("export.json", _json(about))
        self.sink.put("clauses.json", _json(clauses_file(self.counts)))
        if self._opening is not None:
            self.sink.put("content.json", _json(self._opening.listing()))
        data = files("hegui.ledger.export") / "data"
        for name in _GIVEN:
            self.sink.put(name, (data / name).read_bytes())
        for name in _PAGES:
            self.sink.put(name, (data / name).read_bytes())

    def _step(self) -> None:
        self._done += 1
        self.progress(self._done, self._steps)


def proof_path(index: int) -> str:
    """Return where a record's proof lies: numbered as tlog-tiles numbers tiles."""
    return bundle_path(index).replace("tile/entries/", "proof/") + proof.SUFFIX


def _told(leaf: bytes) -> _Told:
    """Return a record's time, kind and version; nothing where it cannot be read."""
    try:
        return _read_told(leaf)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Told()


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
