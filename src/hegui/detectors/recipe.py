"""What the engine is told of targets: expressions and flags, and the key of what they make.

Apart from the matcher so that a child process can compile, and a file can keep what it made.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import hyperscan

from hegui.detectors.pattern import Phrase
from hegui.detectors.targets import Target
from hegui.detectors.tree import LETTERS, bytes_size, bytes_source
from hegui.terms import Misconfigured, Words

MOST: Final = 500_000  # targets; the engine has crashed at 520,000
_SPELT: Final = [f"\\x{byte:02x}" for byte in range(256)]


class Recipe(NamedTuple):
    """One expression and its flags for each target, in order."""

    expressions: tuple[bytes, ...]
    flags: tuple[int, ...]

    @property
    def key(self) -> str:
        """Name what compiling gives: by expressions, the engine's version and the processor's kind.

        Serialised databases are good only for the engine and the features they were made for.
        """
        hasher = hashlib.sha256(engine().encode())
        for expression, flag in zip(self.expressions, self.flags, strict=True):
            hasher.update(b"\n%d %b" % (flag, expression))
        return hasher.hexdigest()


@cache
def engine() -> str:
    """Return the binding's version, the engine's, and the processor features that it uses."""
    probe = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    probe.compile(expressions=[b"a"], ids=[0], elements=1, flags=[0])
    info = probe.info()
    return f"{hyperscan.__version__} {info.decode() if isinstance(info, bytes) else info}"


def recipe_of(targets: Sequence[Target]) -> Recipe:
    """Return what the engine is told. Raises Misconfigured for more targets than it can hold."""
    if len(targets) > MOST:
        words = Words(
            "{count} expanded literals and patterns; the bound is {most}: drop variants or rules",
            "展开后的字面词和模式共 {count} 条，上限为 {most}：请减少变体或规则",
        )
        raise Misconfigured(words.fill(count=len(targets), most=MOST))
    told = [_expression(target) for target in targets]
    return Recipe(tuple(source for source, _ in told), tuple(flags for _, flags in told))


def compiled(recipe: Recipe) -> bytes:
    """Return a recipe's database, serialised. Raises Misconfigured for what the engine refuses."""
    return bytes(hyperscan.dumpb(database_of(recipe)))


def database_of(recipe: Recipe) -> hyperscan.Database:
    """Return a recipe's database. Raises Misconfigured for what the engine refuses."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        database.compile(
            expressions=recipe.expressions,
            ids=list(range(len(recipe.expressions))),
            elements=len(recipe.expressions),
            flags=recipe.flags,
        )
    except hyperscan.error as refused:
        words = Words(
            "the matching engine refuses the rules together: {why}; make the largest pattern "
            "smaller (fewer repeats, smaller classes)",
            "匹配引擎无法编译这些规则：{why}；请缩小最大的模式（减少重复次数或缩小字符类）",
        )
        raise Misconfigured(words.fill(why=str(refused)[:200])) from refused
    return database


def loaded(data: bytes) -> hyperscan.Database:
    """Return a database that ``compiled`` gave on this kind of processor.

    Only for bytes whose origin is known: the engine checks that they are whole, not that they are
    harmless.
    """
    return hyperscan.loadb(data, hyperscan.HS_MODE_BLOCK)


def fixed_size(target: Target) -> int:
    """Return how many bytes every match of a target is long; 0 if they differ."""
    if target.trigger is not None:
        return 0
    if isinstance(target.pattern, Phrase):
        return len(target.pattern.text.encode())
    return bytes_size(target.pattern.tree)


def late(target: Target) -> bool:
    """Whether the engine is told what must not follow: then a hit ends one byte late.

    Of phrases it is not: as bare literals they compile and run several times as fast.
    """
    return not isinstance(target.pattern, Phrase) and any(char.isascii() for char in target.after)


def _expression(target: Target) -> tuple[bytes, int]:
    pattern = target.trigger or target.pattern
    if isinstance(pattern, Phrase) and pattern.fold != "wide" and not late(target):
        source = "".join(_SPELT[byte] for byte in pattern.text.encode())
        folds = pattern.fold == "ascii" and not LETTERS.isdisjoint(pattern.text)
        return source.encode(), hyperscan.HS_FLAG_CASELESS if folds else 0
    source = bytes_source(pattern.tree)
    if late(target):
        after = "".join(f"\\x{ord(char):02x}" for char in sorted(target.after) if char.isascii())
        source = f"(?:{source})[^{after}]"
    return source.encode(), 0
