"""The board of a service: its ledger read and verified, its duties judged.

Owns files and the clock. Used by ``hegui duty`` and by the page ``/duties``.
"""

import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path

from hegui.app import parts, published
from hegui.cases.overdue import overdue
from hegui.filing.board import Board, Given, board, untold
from hegui.filing.projection import FILE, Cited, Head, Noted, Projections, Reading, Summary
from hegui.ledger.heads import Heads
from hegui.ledger.leaf import parse
from hegui.ledger.note import Checkpoint
from hegui.ledger.tree import leaf_hash
from hegui.ledger.trust import Trust
from hegui.measures import Facts, catalogue, tailored
from hegui.measures.evidence import evidence
from hegui.settings import Settings
from hegui.store import exists, open_connection
from hegui.terms import Corrupt, Words

Progress = Callable[[int, int], None]

_NOT_THAT = Words(
    "The summary of tenant {tenant}'s log names entry {index} as a record of {kinds}, and it is "
    "none. Delete {path}: it is built anew from the ledger.",
    "租户 {tenant} 的账本汇总把第 {index} 条记为 {kinds}，但该条并非此类记录。请删除 {path}，"
    "系统会根据账本重新生成。",
)
_NOT_EQUAL = Words(
    "The summary of tenant {tenant}'s log is not what the ledger gives when it is built from zero. "
    "Delete {path}: it is built anew.",
    "租户 {tenant} 的账本汇总与根据账本从零生成的结果不一致。请删除 {path}，系统会重新生成。",
)
_PROBLEM = Words("{where}: {what}", "{where}：{what}")


def facts_told(facts: Facts) -> dict[str, str]:
    """Return the facts as a record holds them: ``yes``, ``no``, ``not said``, or what is listed."""
    told: dict[str, str] = {}
    for one in fields(facts):
        said = getattr(facts, one.name)
        listed = isinstance(said, frozenset)
        words = {None: "not said", True: "yes", False: "no"}
        told[one.name] = (" ".join(sorted(said)) or "not said") if listed else words[said]
    return told


def given_of(settings: Settings) -> Given:
    """Return what a board of this service is judged by; ``Misconfigured`` as ``tailored``."""
    profile = tailored(settings)
    whole = catalogue()
    return Given(whole.duties, evidence(), profile.facts, whole.digest, profile.digest)


def _silent(_done: int, _total: int) -> None:
    pass


def boards_of(settings: Settings) -> Callable[[str], Board]:
    """Return what makes the board of a tenant as of now. Reads files: not for the loop."""
    duties = Duties(settings, given_of(settings))
    return lambda tenant: duties.board(Asked(tenant))


@dataclass(frozen=True, slots=True)
class Asked:
    """Which board: whose, as of when (UTC ms; None is now), at which size (None: the head's)."""

    tenant: str = "default"
    as_of: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Duties:
    """Makes boards of one service, again and again. ``given`` follows from the settings."""

    settings: Settings
    given: Given
    progress: Progress = _silent

    def board(self, asked: Asked) -> Board:
        """Return the board, everything that it rests on verified.

        What does not hold together is remembered until a whole check finds that it does
        (``verified``); until then every state is *could not tell*. ``Unavailable`` where the
        database cannot be read.
        """
        as_of = parts.now() if asked.as_of is None else asked.as_of
        trust = self._trust()
        if trust is None:
            return board(self.given, _nothing(asked.tenant, as_of))
        with Projections(self.path) as file:
            trouble = file.trouble(asked.tenant)
            if trouble is not None:
                return untold(self.given, asked.tenant, as_of, trouble[1])
            try:
                return self._read(asked, as_of, trust, file)
            except Corrupt as error:
                with file.changing():
                    file.set_trouble(asked.tenant, parts.now(), error.words)
                return untold(self.given, asked.tenant, as_of, error.words)

    def verified(self, asked: Asked) -> Board:
        """Check the whole ledger and the summary first, then return the board.

        A clean check resolves what was found before.
        """
        trust = self._trust()
        found = self._whole_check() if trust is not None else None
        if trust is not None:
            with Projections(self.path) as file:
                with file.changing():
                    file.set_trouble(asked.tenant, parts.now(), found)
                if found is None and not self._same_from_zero(asked.tenant, trust, file):
                    words = _NOT_EQUAL.fill(tenant=asked.tenant, path=self.path)
                    with file.changing():
                        file.set_trouble(asked.tenant, parts.now(), words)
        return self.board(asked)

    def noted(self, tenant: str, kinds: frozenset[str]) -> tuple[Noted, ...]:
        """Return the records of kinds that are kept whole, each shown to be in the log.

        ``Corrupt`` where something does not hold together, or did not and nobody checked since.
        """
        trust = self._trust()
        if trust is None:
            return ()
        place = parts.place_of(self.settings)
        with (
            Projections(self.path) as file,
            closing(open_connection(place, read_only=isinstance(place, Path))) as connection,
        ):
            trouble = file.trouble(tenant)
            if trouble is not None:
                raise Corrupt(trouble[1])
            connection.execute("BEGIN")
            reading = Reading(connection, tenant, trust, file, self.given.facets)
            head = reading.bring_up(self.progress)
            leaves = file.noted(tenant) if head is not None else {}
            found = tuple(Noted(at, parse(leaf)) for at, leaf in sorted(leaves.items()))
            found = tuple(one for one in found if one.record.get("kind") in kinds)
            if head is not None:
                records = reading.cite((one.index for one in found), head)
                for at, cited in records.items():
                    if cited.leaf != leaf_hash(leaves[at]).hex():
                        told = {"index": at, "kinds": ", ".join(sorted(kinds)), "path": self.path}
                        raise Corrupt(_NOT_THAT.fill(tenant=tenant, **told))
            return found

    @property
    def path(self) -> Path:
        """Where the summary lies."""
        return self.settings.data_dir / FILE

    def _trust(self) -> Trust | None:
        """Return what may be believed of the logs; None where there is none yet."""
        if not exists(parts.place_of(self.settings)):
            return None
        parts.require_keys(self.settings)
        if not self.settings.key_directory.is_dir():
            return None
        return Trust(parts.log_keys_of(self.settings), Heads(self.settings.data_dir / "heads"))

    def _read(self, asked: Asked, as_of: int, trust: Trust, file: Projections) -> Board:
        place = parts.place_of(self.settings)
        with closing(open_connection(place, read_only=isinstance(place, Path))) as connection:
            connection.execute("BEGIN")
            reading = Reading(connection, asked.tenant, trust, file, self.given.facets)
            head = reading.bring_up(self.progress)
            if head is None or not head.size:  # nothing is signed yet
                return board(self.given, _nothing(asked.tenant, as_of))
            summary = reading.summary(head, asked.size or head.size, as_of)
            late = overdue(((one.index, one.record) for one in summary.noted), as_of)
            found = board(self.given, summary, late)
            return replace(found, records=self._cited(found, reading, head))

    def _cited(self, found: Board, reading: Reading, head: Checkpoint) -> dict[int, Cited]:
        """Show that every record that a state rests on is in the log, and is of its kind."""
        cited = [(index, kinds) for item in found.items for index, kinds in item.cited.items()]
        records = reading.cite((index for index, _ in cited), head)
        for index, kinds in cited:
            if records[index].kind not in kinds:
                told = {"index": index, "kinds": ", ".join(kinds), "path": self.path}
                raise Corrupt(_NOT_THAT.fill(tenant=found.tenant, **told))
        return records

    def _whole_check(self) -> Words | None:
        """Return the first thing in the ledger that does not hold together; None: all does."""
        from hegui.app.copying import local_copy

        if self.settings.postgres.url:
            with local_copy(self.settings) as copied:
                return self._problem(copied.path)
        return self._problem(self.settings.database)

    def _problem(self, path: Path) -> Words | None:
        from hegui.ledger.verify import verify

        vkeys = {tenant: own[0] for tenant, own in published.vkeys(self.settings).items()}
        report = verify(path, vkeys, heads=self.settings.data_dir / "heads", progress=self.progress)
        if report.ok:
            return None
        first = report.problems[0]
        return Words(
            _PROBLEM.en.format(where=first.where, what=first.what_en),
            _PROBLEM.zh.format(where=first.where, what=first.what_zh),
        )

    def _same_from_zero(self, tenant: str, trust: Trust, file: Projections) -> bool:
        place = parts.place_of(self.settings)
        with (
            closing(open_connection(place, read_only=isinstance(place, Path))) as connection,
            tempfile.TemporaryDirectory(prefix="anew-", dir=self.settings.data_dir) as folder,
            Projections(Path(folder) / FILE) as anew,
        ):
            connection.execute("BEGIN")
            for one in (file, anew):
                Reading(connection, tenant, trust, one, self.given.facets).bring_up(self.progress)
            same = anew.rows(tenant) == file.rows(tenant)
            return same and anew.noted(tenant) == file.noted(tenant)


def _nothing(tenant: str, as_of: int) -> Summary:
    return Summary(Head(tenant, "", 0, ""), as_of, {})
