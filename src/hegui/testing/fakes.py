"""Detectors that find, break, miscount and hang on purpose, and a ledger in memory.

They answer to the same protocols as the real ones, so a test never patches our own code.
"""

import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator
from typing import cast

from hegui.terms import (
    DetectorCard,
    Entry,
    Findings,
    HeguiError,
    Reach,
    Receipt,
    RuleInfo,
    TextColumn,
    Words,
)


def rule(name: str, risk: str, *, personal: bool = False) -> RuleInfo:
    """Return a rule for tests: ``name`` is its id, its kind and what its mask says."""
    words = Words(en=name, zh=name)
    return RuleInfo(name, risk, name, words, "test", words, personal=personal)


def card(name: str, rules: Iterable[RuleInfo], *, reach: Reach, span: int = 64) -> DetectorCard:
    """Return the card of an inline detector; its digest covers its name and rules."""
    known = {one.id: one for one in rules}
    digest = hashlib.sha256("|".join([name, *known]).encode()).hexdigest()
    return DetectorCard(name, "1", digest, known, reach=reach, runs="inline", span=span)


class Finds:
    """Finds one word, exactly: a stream holds back no more than the word's own beginning.

    ``seen`` lists every text that it was given, so that a test can tell what was judged.
    """

    def __init__(
        self,
        word: str,
        risk: str = "A.2.a",
        *,
        name: str = "finds",
        reach: Reach = "exact",
        personal: bool = False,
    ) -> None:
        self.word = word
        self.rule = f"{name}.{word}"
        self.seen: list[str] = []
        self._card = card(
            name, [rule(self.rule, risk, personal=personal)], reach=reach, span=max(len(word), 1)
        )

    @property
    def card(self) -> DetectorCard:
        """What this detector is."""
        return self._card

    def inspect(self, column: TextColumn) -> Findings:
        """Report each place where the word stands."""
        found, word = Findings(), self.word.encode()
        self.seen += column.texts()
        for row in range(len(column)):
            data = column.row_bytes(row)
            at = data.find(word)
            while at >= 0:
                found.add(row, self.rule, at, at + len(word))
                at = data.find(word, at + 1)
        return found

    def context(self, before: str) -> int:  # noqa: ARG002 - a word alone decides
        """Return how many characters of ``before`` decide on what follows: none."""
        return 0

    def pending(self, tail: str) -> int:
        """Return the length of the longest end of ``tail`` that begins the word."""
        for size in range(min(len(tail), len(self.word)), 0, -1):
            if self.word.startswith(tail[-size:]):
                return size
        return 0


class Scores(Finds):
    """Gives every text that is not empty the same score, whatever it says. May be NaN."""

    def __init__(self, score: float, risk: str = "A.2.a", *, name: str = "scores") -> None:
        super().__init__("score", risk, name=name, reach="clause")
        self.score = score

    def inspect(self, column: TextColumn) -> Findings:
        """Report each text as one finding."""
        found = Findings()
        for row in range(len(column)):
            if size := len(column.row_bytes(row)):
                found.add(row, self.rule, 0, size, self.score)
        return found


class Breaks(Finds):
    """Raises ``RuntimeError`` whenever it is asked."""

    def __init__(self, word: str = "breaks", risk: str = "A.2.a") -> None:
        super().__init__(word, risk, name="breaks", reach="clause")

    def inspect(self, column: TextColumn) -> Findings:
        """Raise."""
        raise RuntimeError(f"broken on {len(column)} texts")


class Miscounts(Finds):
    """Reports columns of unequal length, about a row that was never asked about."""

    def __init__(self, word: str = "miscounts", risk: str = "A.2.a") -> None:
        super().__init__(word, risk, name="miscounts", reach="clause")

    def inspect(self, column: TextColumn) -> Findings:
        """Report a row too many, and no end for it."""
        return Findings(row=[len(column)], rule=[self.rule], start=[0], end=[], score=[1.0])


class Lazy(Finds):
    """Returns a generator where findings were promised: it fails only once it is read."""

    def __init__(self, word: str = "lazy", risk: str = "A.2.a") -> None:
        super().__init__(word, risk, name="lazy", reach="clause")

    def inspect(self, column: TextColumn) -> Findings:
        """Return something that is not Findings, as foreign code may."""
        return cast("Findings", self._later(len(column)))

    def _later(self, rows: int) -> Iterator[float]:
        return (1 / (row - row) for row in range(rows))


class Hangs:
    """A plug-in (``hegui.testing.fakes:Hangs``) that never answers: its worker must be killed."""

    name, version, rules = "hangs", "1", {"hangs": "A.2.a"}

    def inspect(self, texts: list[str]) -> list[list[tuple[str, int, int, float]]]:
        """Wait for ever."""
        threading.Event().wait()
        return [[] for _ in texts]


class Crashes:
    """A plug-in (``hegui.testing.fakes:Crashes``) that takes its whole process down."""

    name, version, rules = "crashes", "1", {"crashes": "A.2.a"}

    def inspect(self, texts: list[str]) -> list[list[tuple[str, int, int, float]]]:
        """End the process at once, as a fault in native code would."""
        os._exit(len(texts) or 1)


class MemoryLedger:
    """A ledger that keeps its entries in a list. Set ``fault`` to make every entry fail."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.fault: HeguiError | None = None

    async def add(self, entry: Entry) -> Receipt:
        """Keep the entry and give its receipt, or raise the fault."""
        return self.add_blocking(entry)

    def add_blocking(self, entry: Entry) -> Receipt:
        """Keep the entry and give its receipt, or raise the fault. Leaf hash as in RFC 6962."""
        if self.fault is not None:
            raise self.fault
        index = sum(one.tenant == entry.tenant for one in self.entries)
        self.entries.append(entry)
        return Receipt(entry.tenant, index, hashlib.sha256(b"\0" + entry.leaf).digest())

    def find_exchange(self, tenant: str, exchange: str) -> list[tuple[int, bytes]]:
        """Return (index, leaf) of the records of one exchange, in order."""
        mine = (entry.leaf for entry in self.entries if entry.tenant == tenant)
        return [
            (index, leaf)
            for index, leaf in enumerate(mine)
            if json.loads(leaf).get("exchange") == exchange
        ]

    def lag(self) -> int:
        """Return how many entries wait: never any."""
        return 0

    def close(self) -> None:
        """Do nothing: there is nothing to close."""
