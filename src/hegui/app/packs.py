"""The rule packs that the settings name: read from disk, judged together, all or none."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final, NamedTuple

from hegui.detectors.packs import LARGEST, Flaw, Pack, lint, read, shipped
from hegui.measures import risks
from hegui.runners import compiling
from hegui.settings import Settings
from hegui.settings.plain_files import read_plain, reason
from hegui.terms import Misconfigured, Words

CHINA: Final = timezone(timedelta(hours=8))
"""Legal days are Asia/Shanghai, which has had no summer time since 1991."""


class Placed(NamedTuple):
    """A flaw and the file it is in."""

    file: str
    flaw: Flaw

    @property
    def sentence(self) -> Words:
        """The flaw with its place, as one line in both languages."""
        line, words, rule, _ = self.flaw
        about = f" {rule}" if rule else ""
        return Words(
            f"{self.file}, line {line}{about}: {words.en}",
            f"{self.file} 第 {line} 行{about}：{words.zh}",
        )


@dataclass(frozen=True, slots=True)
class Held:
    """The provider's packs as they were read together. ``files`` is one digest over their bytes.

    ``flaws`` holds notes too; with an error among them the packs must not be used.
    """

    packs: tuple[Pack, ...]
    flaws: tuple[Placed, ...]
    files: str

    @property
    def problems(self) -> list[Placed]:
        """What keeps the packs from being attached."""
        return [placed for placed in self.flaws if placed.flaw.weight == "error"]


def day_of(ms: int) -> str:
    """Return the legal day (Asia/Shanghai) of a time in UTC milliseconds, ``YYYY-MM-DD``."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(CHINA).date().isoformat()


def paths_of(settings: Settings) -> tuple[Path, ...]:
    """Return the files of the provider's packs."""
    return tuple(entry.path for entry in settings.screen.packs)


def read_bytes(path: Path) -> tuple[bytes, Flaw | None]:
    """Return a pack's bytes, at most 16 MiB of them, or the flaw that says why not."""
    try:
        content = read_plain(path, LARGEST + 1)
    except OSError as error:
        words = Words("cannot be read: {why}", "无法读取：{why}").fill(why=reason(error))
        return b"", Flaw(1, words)
    if len(content) > LARGEST:
        return b"", Flaw(
            1, Words("larger than 16 MiB; split the pack", "超过 16 MiB，请拆分规则包")
        )
    return content, None


def held(paths: Sequence[Path]) -> Held:
    """Read packs and judge them, together with the shipped ones whose rule ids they must not take.

    Files are opened once each; nothing is written. Never raises for what is wrong with a pack.
    """
    found: list[Placed] = []
    packs: dict[str, Pack] = {}
    hasher = hashlib.sha256()
    for path in paths:
        content, broken = read_bytes(path)
        hasher.update(f"{path}\0{len(content)}\0".encode() + content)
        if broken is not None:
            found.append(Placed(str(path), broken))
            continue
        pack, flaws = parsed(content)
        found += [Placed(str(path), flaw) for flaw in flaws]
        if pack is not None:
            packs[str(path)] = pack
    found += [Placed(name, flaw) for name, flaws in judged(packs).items() for flaw in flaws]
    return Held(tuple(packs.values()), tuple(found), hasher.hexdigest())


def parsed(content: bytes) -> tuple[Pack | None, list[Flaw]]:
    """Read the bytes of a pack."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        words = Words("not UTF-8; save the file as UTF-8", "不是 UTF-8；请以 UTF-8 保存")
        return None, [Flaw(line, words)]
    return read(text)


def judged(packs: Mapping[str, Pack]) -> dict[str, list[Flaw]]:
    """Judge a provider's packs beside the shipped ones; only what is wrong with theirs is told.

    Rules are compiled in a child process with a deadline: a hostile pack cannot keep us busy. What
    was compiled is kept, so that a start with the same packs does not compile their cases again.
    """
    if not packs:
        return {}  # without reading those that come with hegui
    beside = {f"hegui:{pack.id}": pack for pack in shipped()}
    return lint(packs, risks(), beside=beside, compiler=compiling.kept)


def packs_of(settings: Settings) -> tuple[Pack, ...]:
    """Return the provider's packs. Any error in them is ``Misconfigured``, all told at once."""
    return sound(held(paths_of(settings)))


def sound(found: Held) -> tuple[Pack, ...]:
    """Return packs that were read, or raise ``Misconfigured`` that tells all their problems."""
    problems = [placed.sentence for placed in found.problems]
    if problems:
        raise Misconfigured(
            Words(
                "\n  ".join(
                    [f"rule packs: {len(problems)} to put right", *(p.en for p in problems)]
                ),
                "\n  ".join([f"规则包：有 {len(problems)} 处需要改正", *(p.zh for p in problems)]),
            )
        )
    return found.packs
