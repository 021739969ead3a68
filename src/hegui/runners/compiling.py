"""Compile rules in a child process with a deadline, and keep what it made on disk.

Compiling a hundred thousand phrases takes seconds, and what a provider wrote may take the engine
for ever: neither must stop a service that is answering. What was made is good for one set of rules,
one version of the engine and one kind of processor; its file is named after all three.
"""

import contextlib
import hashlib
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from hegui.detectors.exact import fastest
from hegui.detectors.matcher import Matcher
from hegui.detectors.targets import Target
from hegui.terms import Misconfigured, Words

if TYPE_CHECKING:
    from hegui.detectors.recipe import Recipe

Notice: TypeAlias = Callable[[], None]

DEADLINE: Final = 120.0  # seconds
KEPT: Final = 24  # files of the cache, the latest used
LARGEST: Final = 512 * 1024 * 1024  # bytes of a file of the cache; a larger one is not read
_MAGIC: Final = b"hegui compiled rules 1\n"
_SUM: Final = hashlib.sha256().digest_size
_KEY: Final = 2 * _SUM


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


def cache_folder() -> Path:
    """Return where compiled rules are kept: ``hegui`` in the user's cache (XDG Base Directory).

    All processes of a user share it: whoever starts first compiles for the others.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else Path("~/.cache").expanduser()) / "hegui"


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
    """Return the fastest matcher of these targets, compiled by a child or found in ``cache``.

    Blocks: a service calls it from a thread. Raises Misconfigured for rules that the engine
    refuses, or that take longer than ``deadline`` seconds. A file of the cache that is broken,
    foreign or cannot be read is compiled anew; one that cannot be written is done without.
    """
    try:
        from hegui.detectors.vectors import VectorMatcher
    except ImportError:  # no wheel of the engine for this platform: nothing to compile
        return fastest(targets, exceptions)
    if not targets:
        return VectorMatcher(targets, exceptions)
    recipe = VectorMatcher.recipe(targets, exceptions)
    path = cache / f"{recipe.key}.rules" if cache else None
    databases = _read(path, recipe.key) if path else None
    if databases is not None:
        with contextlib.suppress(Exception):  # the engine knows better: compile anew
            return VectorMatcher(targets, exceptions, database=databases)
    if notice is not None:
        notice()
    databases = _compiled(recipe, deadline)
    if path:
        with contextlib.suppress(OSError):
            _write(path, recipe.key, databases)
            _forget(path.parent)
    return VectorMatcher(targets, exceptions, database=databases)


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


def _read(path: Path, key: str) -> bytes | None:
    """Return what a file of the cache holds; None unless it is ours, whole and for this key."""
    try:
        with path.open("rb") as file:
            told = os.fstat(file.fileno())
            if told.st_uid != os.geteuid() or told.st_mode & 0o077 or told.st_size > LARGEST:
                return None
            data = file.read()
            os.utime(file.fileno())  # the latest used are kept
    except OSError:
        return None
    head = len(_MAGIC) + _SUM
    body = data[head:]
    whole = data[: len(_MAGIC)] == _MAGIC and data[len(_MAGIC) : head] == _sum(body)
    return body[_KEY:] if whole and body[:_KEY] == key.encode() else None


def _write(path: Path, key: str, databases: bytes) -> None:
    """Put a file into the cache at once and whole: whoever reads it sees all of it or none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = key.encode() + databases
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_MAGIC + _sum(body) + body)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _forget(folder: Path) -> None:
    """Keep the latest used of what was compiled, so that the cache does not grow for ever."""
    made = sorted(folder.glob("*.rules"), key=lambda path: path.stat().st_mtime_ns)
    for path in made[:-KEPT]:
        path.unlink(missing_ok=True)


def _sum(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
