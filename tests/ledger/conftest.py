"""What the tests of the ledger share: a signer, a record of every kind, a way to make leaves."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from hegui.ledger import kinds, leaf
from hegui.ledger.log import Ledger
from hegui.ledger.note import Signer
from hegui.testing.records import fields_of

NOW = 1_780_000_000_000
DIGEST = "0123456789abcdef" * 4

FIELDS: dict[str, dict[str, Any]] = {
    "exchange.asked": {
        "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
        "subject": "unidentified",
        "audience": "adult",
        "key": "abcdefghij",
        "model": "通义",
        "upstream": "own",
        "policy": DIGEST,
        "panel": DIGEST,
        "decision": "mask",
        "rules": {"pii.mobile": 2, "pii.email": 1},
        "faults": ["lexicon: timeout"],
        "unjudged": 0,
        "roles": {"user": 2, "system": 1},
        "known": 3,
        "commit": DIGEST,
        "content": "kept",
        "stream": True,
    },
    "exchange.answered": {
        "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
        "model": "qwen",
        "decision": "allow",
        "rules": {},
        "faults": [],
        "released": {"0.content": 120, "0.reasoning_content": 40},
        "commit": DIGEST,
        "content": "none",
        "label": {"mode": "suffix", "produce_id": "x-1"},
        "end": "complete",
        "status": 200,
        "notes": {"surrogates": 1},
    },
    "service.started": {
        "version": "0.1.0",
        "scope": "internal",
        "reason": "仅供内部使用",
        "settings": DIGEST,
        "policy": DIGEST,
        "panel": DIGEST,
        "keep": "findings",
        "upstreams": {"main": "own"},
        "detectors": {"personal": "1"},
    },
    "service.stopped": {"reason": "SIGTERM", "answered": 12},
    "packs.attached": {
        "cause": "file",
        "panel": DIGEST,
        "before": DIGEST,
        "as_of": "2026-11-25",
        "packs": {"own": DIGEST},
        "all": DIGEST,
        "count": 1,
    },
    "packs.refused": {
        "cause": "signal",
        "panel": DIGEST,
        "as_of": "2026-11-25",
        "files": DIGEST,
        "problems": 2,
    },
    "media.labelled": {
        "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
        "item": 1,
        "medium": "image",
        "format": "png",
        "mime": "image/png",
        "size": 4_000,
        "received": DIGEST,
        "content": DIGEST,
        "shown": DIGEST,
        "file": DIGEST,
        "form": "png-xmp",
        "cause": "added",
        "label": "1",
        "producer": "001191110102MACQD9K64010000",
        "produce": "01KSR49200AAAAAAAAAAAAAAAA-1",
        "propagator": "001191110102MACQD9K64010000",
        "propagate": "01KSR49200AAAAAAAAAAAAAAAA-1",
        "explicit": "drawn",
        "agreement": "",
        "judged": False,
        "manifest": False,
        "signed": False,
    },
    "media.streamed": {
        "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
        "item": 1,
        "medium": "audio",
        "format": "mp3",
        "mime": "audio/mpeg",
        "size": 4_000,
        "received": DIGEST,
        "sent": DIGEST,
        "label": "1",
        "producer": "001191110102MACQD9K64010000",
        "produce": "01KSR49200AAAAAAAAAAAAAAAA-1",
        "propagator": "001191110102MACQD9K64010000",
        "propagate": "01KSR49200AAAAAAAAAAAAAAAA-1",
        "explicit": "drawn",
        "agreement": "",
        "judged": False,
        "end": "complete",
    },
    "media.withheld": {
        "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
        "item": 1,
        "medium": "video",
        "reason": "file_broken",
        "size": 4_000,
        "received": DIGEST,
    },
    "media.task": {
        "task": "task-01KSR49200AAAAAAAAAAAAAAAA",
        "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
        "upstream": "films",
        "interface": "ark",
    },
    "media.task_ended": {
        "task": "task-01KSR49200AAAAAAAAAAAAAAAA",
        "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
        "end": "failed",
        "media": 0,
        "reason": "upstream",
    },
    "media.stored": {
        "medium": "M-0123456789abcdef0123456789abcdef",
        "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
        "mime": "video/mp4",
        "size": 4_000_000,
        "file": DIGEST,
        "store": "s3",
        "expires": NOW,
    },
    "media.withdrawn": {
        "medium": "M-0123456789abcdef0123456789abcdef",
        "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
        "cause": "withdrawn",
        "by": "reviewer-3",
        "reason": "投诉 17",
    },
    "media.expired": {"count": 2, "types": {"image/png": 2}, "until": NOW},
    "ledger.resumed": {"head": 10, "size": 12},
    "ledger.restored": {
        "by": "张三",
        "reason": "disk lost",
        "size": 5,
        "head": DIGEST,
        "signed": 9,
        "root": DIGEST,
    },
    "ledger.pruned": {
        "count": 300,
        "list": DIGEST,
        "minimum": 512,
        "kinds": {"exchange.asked": 300},
        "log": NOW,
        "years": NOW,
    },
    "clock.back": {"last": NOW, "by": 3_600_000},
    "key.created": {"key": "abcdefghij", "audience": "minor", "expires": NOW},
    "key.revoked": {"key": "abcdefghij"},
    "work.added": {
        "work": "w1",
        "common": False,
        "content": "a" * 64,
        "about": "b" * 64,
        "characters": 4_000,
        "fingerprints": 333,
        "index": "c" * 64,
    },
    "work.removed": {"work": "w1", "content": "a" * 64, "index": "c" * 64},
    "content.expired": {"count": 3, "classes": {"findings": 3}, "until": NOW},
    "detector.probed": {
        "detector": "mine",
        "version": "1",
        "digest": DIGEST,
        "panel": DIGEST,
        "risk": "A.2.e",
        "probe": DIGEST,
        "tp": 9,
        "fp": 0,
        "tn": 10,
        "fn": 1,
        "unjudged": 0,
        "faults": 0,
        "as_of": "2026-11-25",
    },
    "receipt.issued": {"about": "01KSR49200AAAAAAAAAAAAAAAA", "shown": [3, 4], "to": "holder"},
    "ledger.exported": {
        "by": "staff-17",
        "purpose": "inspection",
        "since": NOW,
        "until": NOW + 1,
        "size": 3,
        "root": DIGEST,
        "clauses": DIGEST,
        "proofs": "named",
        "content": "kept",
        "content_purpose": "complaint",
        "recipient": "age1" + "q" * 58,
    },
    "content.handed_over": {"record": 3, "parts": 2},
    "inspector.created": {
        "key": "abcdefghij",
        "purpose": "inspection",
        "since": NOW,
        "until": NOW + 1,
        "expires": NOW,
    },
    "inspector.revoked": {"key": "abcdefghij"},
    "inspector.read": {"key": "abcdefghij", "first": 0, "last": 65_535, "seconds": 60},
    "label.written": {
        "produce": "a-1",
        "producer": "001191110102MACQD9K64010000",
        "propagate": "a-1",
        "propagator": "001191110102MACQD9K64010000",
        "label": "1",
        "cause": "added",
        "payload": DIGEST,
        "file": DIGEST,
        "format": "jpeg",
        "form": "jpeg-xmp",
        "layers": ["tc260"],
        "explicit": "drawn",
        "agreement": "",
        "by": "staff 7",
    },
    "label.inspected": {
        "key": "k1",
        "conclusion": "may_be",
        "declared": True,
        "traces": ["source-type"],
        "found": 0,
        "state": "not_found",
        "cause": "added",
        "label": "2",
        "propagate": "p-1",
        "format": "png",
        "before": "ab" * 32,
        "after": "cd" * 32,
        "manifest": "signed",
        "payload": "ef" * 32,
    },
    "label.agreement": {
        "agreement": "LA-018f",
        "subject": "0123456789abcdef01234567",
        "terms": DIGEST,
        "since": NOW,
        "until": NOW + 1,
        "by": "staff 7",
    },
    "appeal.received": {
        "appeal": "A-1",
        "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
        "commit": DIGEST,
        "content": "kept",
        "contact": False,
        "due": NOW,
    },
    "epoch.opened": {"epoch": 2, "holder": "pkcs11"},
    "epoch.closed": {"epoch": 1, "holder": "file", "opened": 0, "keys": 560_000},
    "epoch.abandoned": {
        "epoch": 1,
        "holder": "file",
        "keys": 7,
        "content": 3,
        "by": "data protection officer",
    },
    "subject.restricted": {
        "erasure": "00112233aabbccdd",
        "subjects": ["0123456789abcdef01234567"],
        "by": "staff 7",
        "ground": "consent-withdrawn",
    },
    "erasure.deferred": {
        "erasure": "00112233aabbccdd",
        "subjects": ["0123456789abcdef01234567"],
        "keys": 1,
        "content": 5,
        "shared": 1,
        "kept": {"appeal": 1},
        "until": NOW,
    },
    "subject.erased": {
        "erasure": "00112233aabbccdd",
        "subjects": ["0123456789abcdef01234567"],
        "keys": 1,
        "content": 5,
        "shared": 0,
    },
    "erasure.completed": {
        "erasure": "00112233aabbccdd",
        "subjects": ["0123456789abcdef01234567"],
        "epoch": 3,
        "sinks": {"vault": "done", "exports": "handed-over"},
    },
    "content.opened": {
        "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
        "part": "prompt",
        "by": "staff 7",
        "purpose": "answering appeal AP-1",
        "glass": "",
    },
    "glass.broken": {
        "glass": "00112233aabbccdd",
        "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
        "part": "prompt",
        "basis": "Interim Measures, Art. 14 para. 2",
        "by": "staff 7",
        "other": "staff 9",
        "purpose": "report to the department",
        "until": NOW,
    },
}

# kinds that no door writes yet: made up from their schema
FIELDS |= {kind.name: fields_of(kind) for kind in kinds.all_kinds() if kind.name not in FIELDS}


class MakeLeaf(Protocol):
    def __call__(
        self, at_ms: int = ..., tenant: str = ..., kind: str = ..., **changes: object
    ) -> bytes: ...


@pytest.fixture
def fields() -> dict[str, dict[str, Any]]:
    """A good record of every kind."""
    return {name: dict(record) for name, record in FIELDS.items()}


@pytest.fixture
def make_leaf() -> MakeLeaf:
    def make(
        at_ms: int = NOW, tenant: str = "t", kind: str = "exchange.asked", **changes: object
    ) -> bytes:
        return leaf.make(kinds.named(kind), at_ms, tenant, {**FIELDS[kind], **changes})

    return make


def signer_for(tenant: str, _head: str = "") -> Signer:
    """Return a tenant's signer; its key is the tenant's name, repeated."""
    return Signer(f"ledger.test/{tenant}", (tenant.encode() * 32)[:32])


@pytest.fixture
def signer() -> Callable[[str], Signer]:
    return signer_for


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "hegui.db"


@pytest.fixture
def ledger(db: Path) -> Iterator[Ledger]:
    made = Ledger(db, signer_for)
    yield made
    made.close()


@pytest.fixture
def reopen(db: Path) -> Iterator[Callable[[], Ledger]]:
    """Open further ledgers on the same file."""
    opened: list[Ledger] = []

    def again() -> Ledger:
        opened.append(Ledger(db, signer_for))
        return opened[-1]

    yield again
    for one in opened:
        one.close()
