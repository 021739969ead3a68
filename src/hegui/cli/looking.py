"""What ``hegui check`` looks at beyond the settings file: all that it points to. Makes nothing.

Stands beside the command because it only looks for problems, each with its line; what the
settings mean is told elsewhere.
"""

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from hegui.settings import Problem, Screen, Settings
from hegui.settings.locate import Trail, nearest_line
from hegui.terms import HeguiError, Words

if TYPE_CHECKING:
    from hegui.screen.panel import Panel

_IDLE = Words(
    "names no rule, kind or risk of the attached detectors: it would do nothing",
    "不是现有检测器的规则、种类或风险编号：不会起任何作用",
)


@dataclass
class Looking:
    """One look around. ``problems`` begins with those of the settings file, and grows.

    What a table of the file says is looked at only where nothing is wrong in that table: a fault
    is told once.
    """

    settings: Settings
    lines: dict[Trail, int]
    problems: list[Problem]

    def all(self) -> "Panel | None":
        """Look at everything; give the panel where it can be built and the file is right."""
        file_is_right = not self.problems
        if self.sound("duties"):
            self._duties()
        if self.sound("witness", "ledger"):
            self._outside()
        self._signers()
        if self.sound("data_dir", "database"):
            self._data()
        panel = self._panel() if self.sound("screen") else None
        return panel if file_is_right else None

    def sound(self, *tables: str) -> bool:
        """Whether nothing was found wrong in these tables so far."""
        heads = {problem.key.partition(".")[0].partition("[")[0] for problem in self.problems}
        return heads.isdisjoint(tables)

    def _note(self, trail: Trail, words: Words) -> None:
        key = ""
        for part in trail:
            key += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if key else ''}{part}"
        self.problems.append(Problem(nearest_line(self.lines, trail), key, words))

    def _try(self, look: Callable[[], object], *trail: str | int) -> bool:
        """Do something that raises where something is wrong; tell whether it went well."""
        try:
            look()
        except HeguiError as error:
            self._note(trail, error.words)
            return False
        return True

    def _duties(self) -> None:
        """Look for numbers of the provider's own that the catalogue does not know or allow."""
        from hegui.measures.tailoring import problems_of

        self.problems += problems_of(self.settings.duties)

    def _outside(self) -> None:
        """Look at the witnesses, one by one, and at the time authority."""
        from hegui.app import parts
        from hegui.app.attesting import attesters
        from hegui.witness.web import Web

        settings = self.settings
        unstamped = replace(settings, ledger=replace(settings.ledger, timestamp=None))
        for number, witness in enumerate(settings.witnesses):
            alone = replace(unstamped, witnesses=(witness,))
            self._try(partial(attesters, alone, parts.now, Web()), "witness", number)
        stamped = replace(settings, witnesses=())
        self._try(lambda: attesters(stamped, parts.now, Web()), "ledger", "timestamp")
        self._try(lambda: parts.require_second_key(settings), "ledger", "ml_dsa")

    def _signers(self) -> None:
        """Look at the keys that sign labels and manifests."""
        from hegui.app import manifest_reading, parts
        from hegui.app.label_keys import propagator_key
        from hegui.app.manifest_keys import ManifestKey

        settings = self.settings
        if self.sound("label_page"):
            self._try(lambda: propagator_key(settings.label_page), "label_page", "sm2_key")
        if self.sound("labels") and settings.labels.c2pa.certificates is not None:
            trail = ("labels", "c2pa")
            if self._try(manifest_reading.library, *trail):
                self._try(lambda: ManifestKey(settings.labels.c2pa, parts.now()).close(), *trail)

    def _data(self) -> None:
        """Look at the key files and the database, where there are any."""
        from hegui.app import parts
        from hegui.settings import KeyDirectory
        from hegui.store import open_database
        from hegui.store.postgres.server import Server

        settings, sound = self.settings, True
        if settings.key_directory.exists():
            keys: list[KeyDirectory] = []
            names: list[str] = []
            sound = self._try(lambda: keys.append(KeyDirectory(settings.key_directory)), "data_dir")
            sound = sound and self._try(lambda: names.extend(keys[0].names()), "data_dir")
            for name in names:
                sound &= self._try(partial(keys[0].load, name), "data_dir")
        place = parts.place_of(settings)

        def database() -> None:
            if isinstance(place, Server):
                place.look()
            elif place.exists():
                with closing(open_database(place, read_only=True)) as connection:
                    if settings.key_directory.exists() and sound:
                        parts.check_keys(settings, connection)

        self._try(database, *(("database", "url") if settings.postgres.url else ("data_dir",)))

    def _panel(self) -> "Panel | None":
        """Read the rule packs, start what is attached, and look for actions that do nothing."""
        from hegui.app import parts
        from hegui.app.enforced import unknown_rulings
        from hegui.app.packs import held, paths_of

        settings = self.settings
        packs = {
            str(path): nearest_line(self.lines, ("screen", "pack", number, "path"))
            for number, path in enumerate(paths_of(settings))
        }
        broken = [
            Problem(packs[placed.file], "screen.pack", placed.sentence)
            for placed in held(paths_of(settings)).problems
        ]
        self.problems += broken
        if broken:
            self._attached()
            return None
        try:
            panel = parts.panel_once(settings)
        except HeguiError as error:
            if not self._attached():
                self._note(("screen",), error.words)
            return None
        for role, name in unknown_rulings(panel, settings.screen.actions):
            self._note(("screen", "actions", role, name), _IDLE)
        return panel

    def _attached(self) -> bool:
        """Start what is attached, one by one; tell whether one was found that cannot be used."""
        before, screen = len(self.problems), self.settings.screen
        for number, detector in enumerate(screen.detectors):
            alone = replace(screen, detectors=(detector,), guards=())
            self._start(alone, "screen", "detector", number, "plugin")
        for number, guard in enumerate(screen.guards):
            alone = replace(screen, detectors=(), guards=(guard,))
            self._start(alone, "screen", "guard", number)
        return len(self.problems) > before

    def _start(self, screen: Screen, *trail: str | int) -> None:
        from hegui.app import parts

        settings = replace(self.settings, screen=screen)
        self._try(lambda: asyncio.run(parts.attached_cards(settings)), *trail)
