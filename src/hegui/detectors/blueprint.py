"""What making the built-in detector came to, as data: so that a next start need not come to it.

Reading rule packs, parsing patterns, folding them and reckoning their sizes takes longer than all
else at a start, and its outcome hangs on nothing but the code, the shipped files, the provider's
packs and the day. So it is kept under a name made of these (``name_of``), in a form that holds
numbers and texts only and cannot execute anything. Trees are unpacked when they are asked for:
hardly any is.
"""

import hashlib
import platform
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

import msgspec

from hegui import __version__
from hegui.detectors import personal
from hegui.detectors.blueprint_trees import Packed, Packer, Unpacker
from hegui.detectors.matcher import Laid
from hegui.detectors.packs.values import Pack, digest_of
from hegui.detectors.reading import Begins, Channels, Readable
from hegui.detectors.targets import Target
from hegui.detectors.tree import Chars
from hegui.terms import RuleInfo

_FORM: Final = b"hegui blueprint 1"
_ROOMS: Final = ("hegui.detectors", "hegui.terms")
_ELSEWHERE: Final = frozenset({"__pycache__", "classifier", "cards", "guards"})
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_BEFORE_ALL: Final = "0"  # sorts before every date
_UNCHECKED: Final = -1

_Row = tuple[str, int, int, int, int, int, bool, int | None, int, float]
_Begins = list[tuple[int, int]]


class _Written(msgspec.Struct, array_like=True, frozen=True):
    """The form. Patterns and sets of characters are numbers: their places in ``packed``."""

    version: str
    digest: str
    rules: dict[str, RuleInfo]
    packed: Packed
    targets: list[_Row]
    exceptions: list[_Row]
    laid: Laid
    spaced: list[str]
    excepted: list[str]
    widest: int
    width: int
    in_skeletons: _Begins
    in_sounds: _Begins
    sounding: list[tuple[str, str]]
    opening: str
    hint: str
    clauses: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a ``reading.Plan``; see there."""

    channels: Channels
    targets: tuple[Target, ...]
    exceptions: tuple[Target, ...]
    spaced: frozenset[str]
    excepted: frozenset[str]
    widest: int
    width: int
    in_skeletons: Begins
    in_sounds: Begins
    sounding: frozenset[tuple[str, str]]
    opening: Chars
    hint: str


class Drawn(NamedTuple):
    """A detector as it is kept. ``clauses``: there are rules that need a clause besides."""

    version: str
    digest: str
    rules: dict[str, RuleInfo]
    plan: Readable
    laid: Laid
    clauses: bool


def name_of(packs: Sequence[Pack], as_of: str, channels: Channels) -> str:
    """Return what a blueprint is kept under: it is another one where anything is that decides.

    Not the day itself: only the last one on which a rule began or ended, so that a service need not
    make the same thing anew each morning.
    """
    told = (
        *(_FORM.decode(), __version__, code(), platform.python_version()),
        *(unicodedata.unidata_version, repr(channels), digest_of(packs)),
        _turned(packs, as_of),
    )
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _turned(packs: Sequence[Pack], as_of: str) -> str:
    """Return the last day up to ``as_of`` that a pack names. Rules of no other day apply to it."""
    if not as_of:
        return ""
    days = {day for pack in packs for rule in pack.rules for day in (rule.added, rule.retired)}
    return max((day for day in days | _days() if day <= as_of and day), default=_BEFORE_ALL)


@cache
def _days() -> frozenset[str]:
    """Return all days that stand anywhere in the shipped packs, which need not be read for it."""
    folder = resources.files("hegui.detectors").joinpath("data/packs")
    return frozenset(
        day for entry in folder.iterdir() for day in _DAY.findall(entry.read_text("utf-8"))
    )


@cache
def code() -> str:
    """Return a digest of every file that decides what a detector is made into."""
    return "\n".join(digest_of_files(resources.files(room)) for room in _ROOMS)


def digest_of_files(folder: Traversable) -> str:
    """Return a digest over the names and contents of the files that can decide, all the way down.

    The classifier, the guard models and the model cards are no part of what is kept.
    """
    hasher = hashlib.sha256()
    for path, file in _files(folder, ""):
        data = file.read_bytes()
        hasher.update(f"{path}\n{len(data)}\n".encode() + data)
    return hasher.hexdigest()


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name in _ELSEWHERE:
            continue
        if entry.is_dir():
            yield from _files(entry, f"{path}/{entry.name}")
        else:
            yield f"{path}/{entry.name}", entry


def written(drawn: Drawn) -> bytes:
    """Return a detector in the form that ``read`` takes."""
    packer, plan = Packer(), drawn.plan
    numbers = {shape.check: number for number, shape in enumerate(personal.SHAPES) if shape.check}

    def row(target: Target) -> _Row:
        trigger = None if target.trigger is None else packer.pattern(target.trigger)
        return (
            target.rule,
            packer.pattern(target.pattern),
            packer.chars(target.before),
            packer.chars(target.after),
            numbers[target.check] if target.check else _UNCHECKED,
            target.left,
            target.whole,
            trigger,
            target.lead,
            target.score,
        )

    def begins(patterns: Begins) -> _Begins:
        return [(packer.pattern(one), packer.chars(before)) for one, before in patterns]

    form = _Written(
        version=drawn.version,
        digest=drawn.digest,
        rules=drawn.rules,
        targets=[row(target) for target in plan.targets],
        exceptions=[row(target) for target in plan.exceptions],
        laid=drawn.laid,
        spaced=sorted(plan.spaced),
        excepted=sorted(plan.excepted),
        widest=plan.widest,
        width=plan.width,
        in_skeletons=begins(plan.in_skeletons),
        in_sounds=begins(plan.in_sounds),
        sounding=sorted(plan.sounding),
        opening="".join(sorted(plan.opening)),
        hint=plan.hint,
        clauses=drawn.clauses,
        packed=packer.packed(),
    )
    return msgspec.msgpack.encode(form)


def read(data: bytes, channels: Channels) -> Drawn | None:
    """Return a detector that ``written`` wrote; None for what is not in the form."""
    try:
        form = msgspec.msgpack.decode(data, type=_Written)
        return _drawn(form, channels)
    except (msgspec.MsgspecError, LookupError):
        return None


def _drawn(form: _Written, channels: Channels) -> Drawn:
    unpacker = Unpacker(form.packed)
    plan = Kept(
        channels=channels,
        targets=tuple(_target(row, unpacker) for row in form.targets),
        exceptions=tuple(_target(row, unpacker) for row in form.exceptions),
        spaced=frozenset(form.spaced),
        excepted=frozenset(form.excepted),
        widest=form.widest,
        width=form.width,
        in_skeletons=_patterns(form.in_skeletons, unpacker),
        in_sounds=_patterns(form.in_sounds, unpacker),
        sounding=frozenset(form.sounding),
        opening=frozenset(form.opening),
        hint=form.hint,
    )
    if len(form.laid.sizes) != len(plan.targets) + len(plan.exceptions):
        raise IndexError
    return Drawn(form.version, form.digest, form.rules, plan, form.laid, form.clauses)


def _target(row: _Row, unpacker: Unpacker) -> Target:
    rule, pattern, before, after, check, left, whole, trigger, lead, score = row
    return Target(
        rule=rule,
        pattern=unpacker.pattern(pattern),
        before=unpacker.chars(before),
        after=unpacker.chars(after),
        check=None if check == _UNCHECKED else personal.SHAPES[check].check,
        left=left,
        whole=whole,
        trigger=None if trigger is None else unpacker.pattern(trigger),
        lead=lead,
        score=score,
    )


def _patterns(begins: _Begins, unpacker: Unpacker) -> Begins:
    return tuple((unpacker.pattern(one), unpacker.chars(before)) for one, before in begins)
