"""A process of its own that appends: ``append_many.py DB TENANT COUNT``. Prints what is durable."""

import asyncio
import sys
from pathlib import Path

from hegui.ledger import kinds, leaf
from hegui.ledger.log import Ledger
from hegui.ledger.note import Signer
from hegui.terms import Entry


def entry(tenant: str, number: int) -> Entry:
    """Return a small entry whose number can be found again."""
    fields = {"reason": f"{number}", "answered": number}
    stopped = kinds.named("service.stopped")
    return Entry(tenant, leaf.make(stopped, 1_780_000_000_000 + number, tenant, fields))


async def main(path: Path, tenant: str, count: int) -> None:
    """Append ``count`` entries, fifty at a time, and say each as soon as it is acknowledged."""
    signer = Signer(f"ledger.test/{tenant}", (tenant.encode() * 32)[:32])
    ledger = Ledger(path, lambda *_: signer)

    async def add(number: int) -> None:
        receipt = await ledger.add(entry(tenant, number))
        # one write of one line: a kill cannot cut it in two
        sys.stdout.write(f"{receipt.index} {receipt.leaf_hash.hex()}\n")
        sys.stdout.flush()

    for start in range(0, count, 50):
        async with asyncio.TaskGroup() as group:
            for number in range(start, min(start + 50, count)):
                group.create_task(add(number))
    ledger.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
