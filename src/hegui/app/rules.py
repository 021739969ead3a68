"""The rules in use, and how a running gateway takes over new ones without dropping a request.

Packs are looked at every few seconds, at SIGHUP, and when a new legal day begins, because rules
have dates. What changed is read, judged and compiled off the loop; once that it happened is on
record, the next exchange begins with the new panel, and those under way end with the old one. A
broken pack changes nothing: the rules before it go on, and the log, the metrics, the readiness
page and the ledger say so.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from hegui.app import packs as reading
from hegui.app import parts
from hegui.app.enforced import refuse_unknown_rulings
from hegui.app.packs import Held, day_of, paths_of
from hegui.detectors.packs import digest_of, shipped
from hegui.ledger.kinds.packs import MOST, Cause
from hegui.screen.panel import Panel
from hegui.settings import Settings
from hegui.terms import Clock, DetectorCard, HeguiError, Misconfigured

_log = logging.getLogger(__name__)
_TOLD = 10  # problems of a broken pack that the log lists


class Record(Protocol):
    """Puts something on record; returns when it is durable."""

    def __call__(self, kind: str, **fields: Any) -> Awaitable[None]:
        """Write a record of ``kind``."""
        ...


class Counted(Protocol):
    """Counts a change of the rules."""

    def __call__(self, *, taken: bool) -> None:
        """Count one that was taken over, or one that was broken."""
        ...


class RulesInUse:
    """The panel in use and what it was made of. ``every`` is how often files are looked at."""

    def __init__(
        self,
        settings: Settings,
        cards: Sequence[DetectorCard],
        clock: Clock,
        record: Record,
        *,
        every: float = 3.0,
    ) -> None:
        self._settings, self._cards = settings, tuple(cards)
        self._clock, self._record = clock, record
        self.every = every
        self._local = parts.local_of(settings)
        self._paths = paths_of(settings)
        self._asked = asyncio.Event()
        self._panel: Panel | None = None
        self._held = Held((), (), "")
        self._seen: tuple[object, ...] = ()
        self._as_of = ""
        self._problems = 0
        self._refused = ""  # the files that were broken, as they were last put on record

    async def first(self) -> Panel:
        """Read and compile what the service starts with. Broken packs are ``Misconfigured``."""
        self._seen = _stamps(self._paths)
        self._as_of = day_of(self._clock())
        self._held = await asyncio.to_thread(reading.held, self._paths)
        self._panel = await asyncio.to_thread(self._compile, self._held, self._as_of)
        return self._panel

    async def say_first(self) -> None:
        """Put on record which rules the service starts with."""
        assert self._panel is not None
        await self._say("start", self._panel, self._panel, self._held)

    def look_again(self) -> None:
        """Read the packs now, whether or not they look changed. Safe in a signal handler."""
        self._asked.set()

    def state(self) -> dict[str, Any]:
        """Return what the readiness page says of the rules."""
        return {
            "as_of": self._as_of,
            "panel": self._panel.digest if self._panel else "",
            "packs": {pack.id: pack.digest for pack in self._held.packs},
            "stale": self._problems > 0,
            "problems": self._problems,
        }

    async def follow(self, take: Callable[[Panel], None], count: Counted) -> None:
        """Take over new rules as they come, for as long as the service runs."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.every):
                    await self._asked.wait()
            try:
                await self._look(take, count)
            except HeguiError as error:  # the ledger cannot take a record now: try again later
                self._seen = ()
                _log.warning("rules not taken over: %s", error.words.en)
            except Exception:  # noqa: BLE001 - whatever a pack brings about, the rules in use go on
                _log.exception("rules not taken over")

    async def _look(self, take: Callable[[Panel], None], count: Counted) -> None:
        asked = self._asked.is_set()
        self._asked.clear()
        seen, today = await asyncio.to_thread(_stamps, self._paths), day_of(self._clock())
        if not asked and seen == self._seen and today == self._as_of:
            return
        cause: Cause = "signal" if asked else "file" if seen != self._seen else "day"
        self._seen = seen
        found = await asyncio.to_thread(reading.held, self._paths)
        if found.files == self._held.files and today == self._as_of:
            if self._problems:  # put back as it was
                self._problems, self._refused = 0, ""
                count(taken=True)
            return
        await self._take_over(cause, found, today, take=take, count=count)

    async def _take_over(
        self,
        cause: Cause,
        found: Held,
        today: str,
        *,
        take: Callable[[Panel], None],
        count: Counted,
    ) -> None:
        before = self._panel
        assert before is not None
        try:
            panel = await asyncio.to_thread(self._compile, found, today)
        except Misconfigured as error:
            await self._keep(cause, found, error, count)
            if today == self._as_of:
                return
            # the day's rules do not wait for a broken pack: the packs before it go on, as of today
            found, cause = self._held, "day"
            panel = await asyncio.to_thread(self._compile, found, today)
        else:
            self._problems, self._refused = 0, ""
        as_of, self._as_of = self._as_of, today
        try:
            await self._say(cause, panel, before, found)
        except HeguiError:
            self._as_of = as_of
            raise
        self._panel, self._held = panel, found
        take(panel)
        if not self._problems:
            count(taken=True)
        _log.info("rules taken over (%s): panel %s as of %s", cause, panel.digest[:12], today)

    async def _keep(self, cause: Cause, found: Held, error: Misconfigured, count: Counted) -> None:
        """Keep the rules in use, and say everywhere that those on disk are broken: once."""
        if self._refused == found.files:
            return
        assert self._panel is not None
        self._problems = max(1, len(found.problems))
        _log.error("rules kept as they were, because a pack is broken: %s", _short(error.words.en))
        count(taken=False)
        await self._record(
            "packs.refused",
            cause=cause,
            panel=self._panel.digest,
            as_of=self._as_of,
            files=found.files,
            problems=self._problems,
        )
        self._refused = found.files

    def _compile(self, found: Held, as_of: str) -> Panel:
        packs = reading.sound(found)
        panel = parts.panel_of(self._cards, packs, as_of, local=self._local)
        refuse_unknown_rulings(panel, self._settings.screen.actions)
        for detector in panel.exact:  # what is built when a stream first asks: it must not wait
            detector.pending("合")
        return panel

    async def _say(self, cause: Cause, panel: Panel, before: Panel, found: Held) -> None:
        named = sorted(found.packs, key=lambda pack: pack.id)[:MOST]
        await self._record(
            "packs.attached",
            cause=cause,
            panel=panel.digest,
            before=before.digest,
            as_of=self._as_of,
            packs={pack.id: pack.digest for pack in named},
            all=digest_of((*shipped(), *found.packs)),
            count=len(found.packs),
        )


def _stamps(paths: Sequence[Path]) -> tuple[object, ...]:
    """Return what tells, cheaply, that a file may have changed."""
    return tuple(_stamp(path) for path in paths)


def _stamp(path: Path) -> object:
    try:
        facts = path.stat()
    except OSError as error:
        return type(error).__name__
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _short(text: str) -> str:
    lines = text.splitlines()
    return "\n".join([*lines[:_TOLD], "…"] if len(lines) > _TOLD else lines)
