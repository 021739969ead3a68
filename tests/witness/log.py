"""A log in memory, honest or not, for the tests of witnesses."""

from hegui.ledger.note import Checkpoint, Signer
from hegui.ledger.tree import consistency_proof, leaf_hash, root_of, subtrees_of
from hegui.witness.asking import write

ORIGIN = "log.test/a"


class Log:
    """A log of made-up leaves; ``salt`` makes another history of the same size."""

    def __init__(self, size: int = 0, salt: str = "", origin: str = ORIGIN) -> None:
        self.signer = Signer(origin, b"l" * 32)
        self.origin = origin
        self.hashes: list[bytes] = []
        self.grow(size, salt)

    def grow(self, by: int, salt: str = "") -> "Log":
        start = len(self.hashes)
        self.hashes += [leaf_hash(f"{salt}{n}".encode()) for n in range(start, start + by)]
        return self

    def fork(self, at: int, by: int) -> "Log":
        """Return a log with the first ``at`` leaves of this one, and ``by`` others."""
        other = Log(origin=self.origin)
        other.hashes = self.hashes[:at]
        return other.grow(by, "fork")

    @property
    def size(self) -> int:
        return len(self.hashes)

    def text(self, size: int | None = None) -> str:
        n = self.size if size is None else size
        return Checkpoint(self.origin, n, root_of(self.hashes[:n])).text()

    def head(self, size: int | None = None) -> str:
        return self.signer.sign(self.text(size))

    def proof(self, old: int, size: int | None = None) -> list[bytes]:
        n = self.size if size is None else size
        return consistency_proof(old, n, subtrees_of(self.hashes)) if old else []

    def request(self, old: int, size: int | None = None) -> bytes:
        return write(old, self.proof(old, size), self.head(size))
