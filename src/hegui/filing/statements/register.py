"""The published versions: each text under its SHA-256, and beside it the leaf that records it.

With a version that was withdrawn lies the leaf that records this, too. All lie in
``data_dir/statements``. Nothing here is believed: a text must have the digest that the leaf names,
and a leaf must hash to what the ledger has at its place. So whoever changes a file is found out,
also after the leaf itself was deleted at the end of its term.
"""

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from hegui.filing.statements.reading import read
from hegui.ledger import leaf
from hegui.ledger.tiles import LogReader
from hegui.ledger.tree import leaf_hash
from hegui.terms import BadRequest, Corrupt, Unavailable, Words

TENANT: Final = "default"
_NAME: Final = re.compile(r"([a-z-]{1,40})-([1-9][0-9]{0,5})\.json")
_MOST_NOTE: Final = 16_384

_CHANGED = Words(
    en="{path} is not what was published: it does not agree with the record. Put it back from a "
    "backup; until then it is not shown.",
    zh="{path} 与公布时不符，同记录对不上。请从备份恢复；在此之前不予展示。",
)
_NOT_YET = Words(
    en="The record of this version is not signed yet. Try again in a second.",
    zh="该版本的记录尚未签名。请稍后再试。",
)
_NO_VERSION = Words(
    en="There is no version {version} of {kind}. See: hegui statement list",
    zh="{kind} 没有第 {version} 版。请参见：hegui statement list",
)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The record that a version was withdrawn: its place in the ledger, its leaf, its time."""

    index: int
    record: bytes
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A published version. ``at`` is UTC ms; ``index`` its place in the ledger.

    ``index`` is None while publication was begun and is not known to be on record; ``begun`` is the
    leaf of a withdrawal of which the same holds.
    """

    kind: str
    version: int
    digest: str
    at: int
    by: str
    role: str
    index: int | None
    record: bytes
    withdrawal: Withdrawal | None
    begun: bytes | None

    @property
    def ended(self) -> int | None:
        """When it was withdrawn, in UTC ms."""
        return self.withdrawal.at if self.withdrawal is not None else None


class Register:
    """The published versions of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "statements"

    def versions(self) -> list[Version]:
        """Return all versions by kind and number; a note that cannot be read is ``Corrupt``."""
        if not self.folder.is_dir():
            return []
        names = sorted(path.name for path in self.folder.iterdir())
        found = [self._version(name) for name in names if _NAME.fullmatch(name)]
        return sorted(found, key=lambda one: (one.kind, one.version))

    def newest(self, kind: str) -> Version | None:
        """Return the newest version on record, withdrawn or not."""
        held = [one for one in self.versions() if one.kind == kind and one.index is not None]
        return held[-1] if held else None

    def current(self, kind: str) -> Version | None:
        """Return the version in force: the newest on record, unless it was withdrawn."""
        newest = self.newest(kind)
        return newest if newest is not None and newest.withdrawal is None else None

    def version(self, kind: str, number: int) -> Version:
        """Return one version on record; ``BadRequest`` (404) where there is none."""
        for one in self.versions():
            if (one.kind, one.version) == (kind, number) and one.index is not None:
                return one
        words = _NO_VERSION.fill(kind=kind[:40], version=number)
        raise BadRequest(words, status=404, code="not_found")

    def text(self, version: Version) -> bytes:
        """Return the text that was published; ``Corrupt`` where the file is another or gone."""
        path = self.folder / version.digest
        try:
            content = path.read_bytes()
        except OSError:
            raise Corrupt(_CHANGED.fill(path=path)) from None
        if sha256(content).hexdigest() != version.digest:
            raise Corrupt(_CHANGED.fill(path=path))
        return content

    def check(self, version: Version, log: LogReader) -> None:
        """Hold a version against the signed ledger: ``Corrupt`` where they do not agree.

        Its withdrawal, too, where it was withdrawn: nobody hides a statement without a record.
        """
        assert version.index is not None
        held = [(version.index, version.record)]
        if version.withdrawal is not None:
            held.append((version.withdrawal.index, version.withdrawal.record))
        for index, record in held:
            if index >= log.size:
                raise Unavailable(_NOT_YET, after=1)
            log.inclusion(index)
            (hashed,) = log.hashes(index, index + 1)
            if hashed != leaf_hash(record):
                raise self._corrupt(f"{version.kind}-{version.version}.json")

    def limits(self) -> dict[str, int] | None:
        """Return the published time limits of complaints, in days; None where none is in force.

        ``accept_days``, ``handle_days`` and ``feedback_days`` (Art. 15).
        """
        current = self.current("complaints")
        return read(self.text(current)).limits if current is not None else None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to publish: one process at a time."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(self.folder / "lock", "wb", opener=_private) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def keep_text(self, content: bytes) -> None:
        """Keep a text under its SHA-256."""
        self._write(sha256(content).hexdigest(), content)

    def note(
        self, record: bytes, index: int | None, withdrawal: tuple[int | None, bytes] | None = None
    ) -> None:
        """Note a version: its leaf and its place. Before it is on record, without a place.

        ``withdrawal``: place and leaf of the record that it was withdrawn, likewise.
        """
        said = leaf.parse(record)
        held: dict[str, Any] = {"index": index, "leaf": record.decode(), "withdrawn": None}
        if withdrawal is not None:
            held["withdrawn"] = {"index": withdrawal[0], "leaf": withdrawal[1].decode()}
        name = f"{said['statement']}-{said['version']}.json"
        self._write(name, json.dumps(held, ensure_ascii=False).encode())

    def _version(self, name: str) -> Version:
        path = self.folder / name
        try:
            if path.stat().st_size > _MOST_NOTE:
                raise self._corrupt(name)
            held = json.loads(path.read_bytes())
            record = held["leaf"].encode()
            return _version(name, held, record, leaf.parse(record))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise self._corrupt(name) from None

    def _corrupt(self, name: str) -> Corrupt:
        return Corrupt(_CHANGED.fill(path=self.folder / name))

    def _write(self, name: str, content: bytes) -> None:
        part = self.folder / f"{name}.part"
        with open(part, "wb", opener=_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.folder / name)
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)  # the name, too: a record of it is written next
        finally:
            os.close(handle)


def _version(name: str, held: dict[str, Any], record: bytes, said: dict[str, Any]) -> Version:
    index = held["index"]
    whole = index is None or (type(index) is int and index >= 0)
    if not whole or f"{said['statement']}-{said['version']}.json" != name:
        raise ValueError(name)
    if said["kind"] != "statement.published" or not re.fullmatch("[0-9a-f]{64}", said["digest"]):
        raise ValueError(name)
    ended = _ended(name, held["withdrawn"])
    return Version(
        kind=said["statement"],
        version=said["version"],
        digest=said["digest"],
        at=said["t"],
        by=said["by"],
        role=said["role"],
        index=index,
        record=record,
        withdrawal=ended if isinstance(ended, Withdrawal) else None,
        begun=ended if isinstance(ended, bytes) else None,
    )


def _ended(name: str, held: dict[str, Any] | None) -> Withdrawal | bytes | None:
    """Return the withdrawal in a note, or the leaf of one that was begun.

    ``ValueError`` where it is that of another version.
    """
    if held is None:
        return None
    index, record = held["index"], held["leaf"].encode()
    said = leaf.parse(record)
    whole = index is None or (type(index) is int and index >= 0)
    fits = whole and said["kind"] == "statement.withdrawn"
    if not fits or f"{said['statement']}-{said['version']}.json" != name:
        raise ValueError(name)
    return record if index is None else Withdrawal(index, record, said["t"])


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
