"""Writes a log with hegui's ledger, and lays it out as C2SP tlog-tiles says."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from random import Random

from hegui.ledger import kinds, leaf, proof, tree
from hegui.ledger.log import Ledger
from hegui.ledger.note import Checkpoint, Signer
from hegui.ledger.tiles import LogReader, bundle, places_of, read_log
from hegui.terms import Entry

ORIGIN = "interop.example/log"
SIGNER = Signer(ORIGIN, b"interop.example, not a secret...")
TENANT = "default"
PROOFS = 200
_AT_A_TIME = 5_000
_KIND = kinds.named("exchange.answered")
_FIELDS = {
    "exchange": "01KSR49200AAAAAAAAAAAAAAAA",
    "model": "通义",
    "decision": "allow",
    "rules": {"pii.mobile": 2},
    "faults": [],
    "released": {"0.content": 120},
    "commit": "0123456789abcdef" * 4,
    "content": "none",
    "label": {"mode": "suffix", "produce_id": "x-1"},
    "end": "complete",
    "status": 200,
    "notes": {},
}


async def _append(database: Path, start: int, end: int) -> None:
    ledger = Ledger(database, lambda *_: SIGNER)
    try:
        for low in range(start, end, _AT_A_TIME):
            await asyncio.gather(
                *(
                    ledger.hand_in(
                        Entry(TENANT, leaf.make(_KIND, 1_780_000_000_000 + n, TENANT, _FIELDS))
                    )
                    for n in range(low, min(end, low + _AT_A_TIME))
                )
            )
    finally:
        ledger.close()


def write(room: Path, size: int, say: Callable[[str], None]) -> Path:
    """Write a log of ``size`` entries into ``room``; return the folder with its public files."""
    database, folder = room / "hegui.db", room / "log"
    for sub in ("older", "proofs"):
        (folder / sub).mkdir(parents=True)
    (folder / "vkey").write_text(SIGNER.vkey + "\n", encoding="utf-8")
    written = 0
    older = sorted({1, 256, size // 3, size - 1} - {0, size})
    for until in (*older, size):
        asyncio.run(_append(database, written, until))
        written = until
        with read_log(database, TENANT) as log:
            assert log.size == until, "closing a ledger signs what is durable"
            name = "checkpoint" if until == size else f"older/{until}"
            (folder / name).write_text(log.checkpoint, encoding="utf-8")
        say(f"wrote {until} entries")
    with read_log(database, TENANT) as log:
        _publish(log, folder, older)
    return folder


def _publish(log: LogReader, folder: Path, older: list[int]) -> None:
    for place in places_of(log.size, entries=True):
        path = folder / place.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if place.level is None:
            start = place.n * 256
            path.write_bytes(bundle(log.leaves(start, start + place.width)))
        else:
            path.write_bytes(log.tile(place.level, place.n, place.width))
    chance = Random(log.size)
    indexes = {0, log.size - 1, *(chance.randrange(log.size) for _ in range(PROOFS))}
    for index in sorted(indexes):
        text = proof.write(index, log.inclusion(index), log.checkpoint, b"interop")
        (folder / "proofs" / f"{index}{proof.SUFFIX}").write_text(text, encoding="utf-8")
    for old in older:
        write_consistency(folder, old, log.consistency(old))


def write_consistency(folder: Path, old: int, hashes: list[bytes]) -> None:
    """Write a consistency proof, a hash a line."""
    from base64 import b64encode

    lines = "".join(f"{b64encode(hashed).decode()}\n" for hashed in hashes)
    (folder / "proofs" / f"{old}.consistency").write_text(lines, encoding="utf-8")


def head_over(hashes: list[bytes], signer: Signer = SIGNER) -> str:
    """Return a signed head over leaf hashes."""
    return signer.sign(Checkpoint(ORIGIN, len(hashes), tree.root_of(hashes)).text())
