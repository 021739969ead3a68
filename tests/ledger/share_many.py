"""A gateway's ledger as a process of its own: appends to a shared log until it is killed.

``python share_many.py FOLDER URL PASSWORD NAME COUNT`` prints ``holds`` when it gives places, and
the number of each entry once it is acknowledged.
"""

import sys
import threading
import time
from pathlib import Path

from hegui.ledger import kinds, leaf
from hegui.ledger.note import Signer
from hegui.ledger.shared import SharedLedger, SpoolTerms
from hegui.settings import Secret
from hegui.store.postgres.server import Server
from hegui.terms import Entry

NOW = 1_780_000_000_000


def signer_for(tenant: str, _head: str) -> Signer:
    return Signer(f"ledger.test/{tenant}", (tenant.encode() * 32)[:32])


def say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(folder: Path, url: str, password: str, name: str, count: int) -> None:
    ledger = SharedLedger(
        Server(url, Secret("x", password)),
        signer_for,
        heads=folder / "heads",
        spool=SpoolTerms(folder / name, 1 << 26, 3_600_000, lambda: NOW),
    )

    def tell() -> None:
        while not ledger.state().sequencer.holds:
            time.sleep(0.02)
        say("holds")

    threading.Thread(target=tell, daemon=True).start()
    for number in range(count):
        record = leaf.make(kinds.named("key.revoked"), NOW, "t", {"key": f"{name}-{number}"})
        ledger.add_blocking(Entry("t", record))
        say(number)
    ledger.close()
    say("closed")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
