"""Compile rules in a child process with a deadline, and keep what it made on disk.

Compiling a hundred thousand phrases takes seconds, and what a provider wrote may take the engine
for ever: neither must stop a service that is answering. What was made is good for one set of rules,
one version of the engine and one kind of processor; its file is named after all three.
"""

import contextlib
import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from hegui import detectors
from hegui.detectors.exact import fastest
from hegui.detectors.matcher import Laid, Matcher
from hegui.detectors.packs.values import Pack
from hegui.detectors.reading import GATEWAY, Channels
from hegui.detectors.targets import Target
from hegui.runners.keeping import WAITS, Drawer, cache_folder
from hegui.terms import Detector, Misconfigured, Words

if TYPE_CHECKING:
    from hegui.detectors.recipe import Recipe

Notice: TypeAlias = Callable[[], None]

DEADLINE: Final = 120.0  # seconds
_RULES: Final = b"hegui compiled rules 1\n"
_MADE: Final = b"hegui made rules 1\n"


class Compiled(msgspec.Struct, tag=True):
    """The child's answer: the databases, as ``recipe.loaded`` takes them."""

    databases: bytes


class Refused(msgspec.Struct, tag=True):
    """The child's answer when the engine refuses the rules."""

    en: str
    zh: str


def pack(message: "Compiled | Refused | Recipe") -> bytes:
    """Return what one process writes to the other."""
    return msgspec.msgpack.encode(message)


def recipe_in(data: bytes) -> "Recipe":
    """Read what the child is to compile."""
    from hegui.detectors.recipe import Recipe

    return msgspec.msgpack.decode(data, type=Recipe)


class Shelf:
    """Compiles in a child, and keeps what it made and what else was made of rules (``Shelf``).

    ``cache`` is the folder, None for none; ``deadline`` is a child's, in seconds, ``wait`` is for
    another process that makes the same; ``notice`` is called before something is compiled or
    waited for: it takes seconds.
    """

    def __init__(
        self,
        cache: Path | None,
        *,
        deadline: float = DEADLINE,
        wait: float = WAITS,
        notice: Notice | None = None,
    ) -> None:
        self._deadline, self._wait, self._notice = deadline, wait, notice
        self._databases = Drawer(cache, "rules", _RULES) if cache else None
        self._blueprints = Drawer(cache, "made", _MADE) if cache else None

    def get(self, name: str) -> bytes | None:
        """Return what was put there under a name, if it is ours, whole and of this name."""
        found = self._blueprints.get(_here(name)) if self._blueprints else None
        return None if found is None else bytes(found)

    def put(self, name: str, data: bytes) -> None:
        """Keep something; a folder that cannot be written is done without."""
        if self._blueprints:
            self._blueprints.put(_here(name), data)

    def making(self, name: str) -> AbstractContextManager[None]:
        """Have one process at a time make what is kept under a name; see ``Drawer.alone``."""
        if self._blueprints is None:
            return nullcontext()
        return self._blueprints.alone(_here(name), self._wait, self._notice)

    def matcher(
        self, targets: Sequence[Target], exceptions: Sequence[Target], laid: Laid | None = None
    ) -> tuple[Matcher, Laid | None]:
        """Return the fastest matcher of these targets, compiled by a child or found in the cache.

        Blocks: a service calls it from a thread. Raises Misconfigured for rules that the engine
        refuses, or that take longer than the deadline. A file of the cache that is broken, foreign
        or cannot be read is compiled anew; one that cannot be written is done without.
        """
        try:
            from hegui.detectors.vectors import VectorMatcher
        except ImportError:  # no wheel of the engine for this platform: nothing to compile
            return fastest(targets, exceptions), None
        if not targets:
            return VectorMatcher(targets, exceptions), None
        recipe = None if laid else VectorMatcher.recipe(targets, exceptions)
        key = recipe.key if recipe else laid.key if laid else ""
        kept = self._databases.get(key) if self._databases else None
        if kept is not None:
            with contextlib.suppress(Exception):  # the engine knows better: compile anew
                made = VectorMatcher(targets, exceptions, database=kept, laid=laid)
                return made, made.laid(key)
        if self._notice is not None:
            self._notice()
        recipe = recipe or VectorMatcher.recipe(targets, exceptions)
        made = VectorMatcher(targets, exceptions, database=self._made(recipe, kept), laid=laid)
        return made, made.laid(recipe.key)

    def _made(self, recipe: "Recipe", broken: memoryview | None) -> bytes | memoryview:
        """Return what a child compiles, or what another process made while this one waited."""
        if self._databases is None:
            return _compiled(recipe, self._deadline)
        with self._databases.alone(recipe.key, self._wait):
            kept = self._databases.get(recipe.key)
            if kept is not None and kept != broken:
                return kept
            databases = _compiled(recipe, self._deadline)
            self._databases.put(recipe.key, databases)
            return databases


def _here(name: str) -> str:
    """Return a name for this engine and this kind of processor, whose databases are spoken of."""
    try:
        from hegui.detectors.recipe import engine
    except ImportError:  # no wheel of the engine for this platform
        return name
    return hashlib.sha256(f"{name} {engine()}".encode()).hexdigest()


def builtin(
    packs: Iterable[Pack] = (),
    as_of: str = "",
    *,
    channels: Channels = GATEWAY,
    notice: Notice | None = None,
) -> list[Detector]:
    """Return the detectors that hegui attaches by itself (``detectors.builtin``).

    What an earlier start made of the same rules is taken from the user's cache.
    """
    shelf = Shelf(cache_folder(), notice=notice)
    return detectors.builtin(packs, as_of, channels=channels, shelf=shelf)


def kept(
    targets: Sequence[Target],
    exceptions: Sequence[Target] = (),
    *,
    notice: Notice | None = None,
) -> Matcher:
    """Return the fastest matcher of these targets, from the user's cache where it is there.

    ``notice`` is called before something is compiled: it takes seconds.
    """
    return matcher(targets, exceptions, cache=cache_folder(), notice=notice)


def matcher(
    targets: Sequence[Target],
    exceptions: Sequence[Target] = (),
    *,
    cache: Path | None = None,
    deadline: float = DEADLINE,
    notice: Notice | None = None,
) -> Matcher:
    """Return the fastest matcher of these targets; see ``Shelf.matcher``."""
    return Shelf(cache, deadline=deadline, notice=notice).matcher(targets, exceptions)[0]


def _compiled(recipe: "Recipe", deadline: float) -> bytes:
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "hegui.runners.compiler"],
            input=pack(recipe),
            capture_output=True,
            timeout=deadline,
            check=False,
        )
    except subprocess.TimeoutExpired:
        words = Words(
            "the rules were not compiled within {deadline:g} seconds: drop variants, or make "
            "patterns smaller (fewer repeats, smaller classes)",
            "规则未能在 {deadline:g} 秒内编译完成：请减少变体，"
            "或缩小模式（减少重复次数或缩小字符类）",
        )
        raise Misconfigured(words.fill(deadline=deadline)) from None
    try:
        answer = msgspec.msgpack.decode(done.stdout, type=Compiled | Refused)
    except msgspec.MsgspecError:
        words = Words(
            "the process that compiles the rules ended with code {code} and no answer; if it was "
            "killed, it needs more memory or fewer rules",
            "编译规则的进程以代码 {code} 退出，没有给出结果；若是被系统终止，请增加内存或减少规则",
        )
        raise Misconfigured(words.fill(code=done.returncode)) from None
    if isinstance(answer, Refused):
        raise Misconfigured(Words(answer.en, answer.zh))
    return answer.databases
