"""What the engine is told of targets: expressions and flags, and the key of what they make.

Apart from the matcher so that a child process can compile, and a file can keep what it made.

Full-width letters and digits are rare in ordinary text, and looking for them costs more than half
of the speed. So there are two databases. The first is told of matches that hold none of them, and
scans everything. The second is told of the targets that may hold some, and scans only what is near
a full-width letter or digit, with its full-width letters made small; a target that tells the cases
apart is checked on the text as it is. Where those letters and digits stand the first one says: it
is told of each, too, as a bare literal of three bytes, which costs it next to nothing.

Targets that ask the engine for the same thing are told to it once (``alike``): a hit costs as much
as four hundred bytes.
"""

import hashlib
import struct
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import hyperscan

from hegui.detectors.pattern import Phrase, literal
from hegui.detectors.targets import Target
from hegui.detectors.tree import (
    LETTERS,
    WIDE_LETTERS,
    WIDE_WORD,
    Node,
    bytes_size,
    bytes_source,
    chars_of,
    mapped,
    without,
)
from hegui.terms import Misconfigured, Words

MOST: Final = 500_000  # targets; the engine has crashed at 520,000
_SPELT: Final = [f"\\x{byte:02x}" for byte in range(256)]
_LENGTH: Final = struct.Struct(">Q")


class Part(NamedTuple):
    """What one database is told: the target, the expression and the flags, in order."""

    ids: tuple[int, ...]
    expressions: tuple[bytes, ...]
    flags: tuple[int, ...]


class Recipe(NamedTuple):
    """What the databases are told: ``narrow`` of the first, ``wide`` of the second."""

    narrow: Part
    wide: Part

    @property
    def key(self) -> str:
        """Name what compiling gives: by expressions, the engine's version and the processor's kind.

        Serialised databases are good only for the engine and the features they were made for.
        """
        hasher = hashlib.sha256(engine().encode())
        for part in self:
            hasher.update(b"\npart")
            for one in zip(*part, strict=True):
                hasher.update(b"\n%d %b %d" % one)
        return hasher.hexdigest()


@cache
def engine() -> str:
    """Return the binding's version, the engine's, and the processor features that it uses."""
    info: Any = _database(Part((0,), (b"a",), (0,))).info()
    version: Any = getattr(hyperscan, "__version__", "")
    return f"{version} {info}"


def recipe_of(targets: Sequence[Target]) -> Recipe:
    """Return what the engine is told. Raises Misconfigured for more targets than it can hold.

    A full-width letter or digit is a hit of the number after the last target's.
    """
    if len(targets) > MOST:
        words = Words(
            "{count} expanded literals and patterns; the bound is {most}: drop variants or rules",
            "展开后的字面词和模式共 {count} 条，上限为 {most}：请减少变体或规则",
        )
        raise Misconfigured(words.fill(count=len(targets), most=MOST))
    told = [(number, targets[number]) for number in alike(targets)]
    wide = _part((number, _wide(target)) for number, target in told)
    narrow = [(number, _narrow(target)) for number, target in told]
    if wide.ids:
        narrow += [(len(targets), _phrase(literal(char), char)) for char in sorted(WIDE_WORD)]
    return Recipe(_part(narrow), wide)


def alike(targets: Sequence[Target]) -> dict[int, tuple[int, ...]]:
    """Return the targets by number, those that the engine is asked for at once together.

    They are named by the first of them; what must not follow them is the same.
    """
    found: dict[object, list[int]] = {}
    for number, target in enumerate(targets):
        trigger = target.trigger
        asked = (trigger.source, target.after, late(target)) if trigger else number
        found.setdefault(asked, []).append(number)
    return {numbers[0]: tuple(numbers) for numbers in found.values()}


def compiled(recipe: Recipe) -> bytes:
    """Return a recipe's databases, serialised. Raises Misconfigured for what is refused."""
    narrow, wide = (bytes(hyperscan.dumpb(_database(p))) if p.ids else b"" for p in recipe)
    return _LENGTH.pack(len(narrow)) + narrow + wide


def databases_of(recipe: Recipe) -> tuple[Any, Any]:
    """Return a recipe's databases, None for one that is told nothing."""
    narrow, wide = (_database(part) if part.ids else None for part in recipe)
    return narrow, wide


def loaded(data: bytes | memoryview) -> tuple[Any, Any]:
    """Return the databases that ``compiled`` gave on this kind of processor.

    Only for bytes whose origin is known: the engine checks that they are whole, not that they are
    harmless.
    """
    (size,) = _LENGTH.unpack_from(data)
    body = memoryview(data)[_LENGTH.size :]
    narrow, wide = (
        hyperscan.loadb(bytes(part), hyperscan.HS_MODE_BLOCK) if part else None
        for part in (body[:size], body[size:])
    )
    return narrow, wide


def _database(part: Part) -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        database.compile(
            expressions=part.expressions,
            ids=part.ids,
            elements=len(part.ids),
            flags=part.flags,
        )
    except hyperscan.error as refused:
        words = Words(
            "the matching engine refuses the rules together: {why}; make the largest pattern "
            "smaller (fewer repeats, smaller classes)",
            "匹配引擎无法编译这些规则：{why}；请缩小最大的模式（减少重复次数或缩小字符类）",
        )
        raise Misconfigured(words.fill(why=str(refused)[:200])) from refused
    return database


def fixed_size(target: Target) -> int:
    """Return how many bytes every match of a target is long; 0 if a hit does not say as much."""
    if target.trigger is not None or not _one_case(target):
        return 0
    if isinstance(target.pattern, Phrase):
        return len(target.pattern.text.encode())
    return bytes_size(target.pattern.tree)


def late(target: Target) -> bool:
    """Whether the engine is told what must not follow: then a hit ends one byte late.

    Of phrases it is not: as bare literals they compile and run several times as fast.
    """
    return not isinstance(target.pattern, Phrase) and any(char.isascii() for char in target.after)


def _one_case(target: Target) -> bool:
    """Whether a target does not tell full-width capitals from small letters."""
    if isinstance(target.pattern, Phrase):
        return target.pattern.fold == "wide" or WIDE_LETTERS.isdisjoint(target.pattern.text)
    return all(
        chars.isdisjoint(WIDE_LETTERS)
        or all(char.swapcase() in chars for char in chars & WIDE_LETTERS)
        for chars in chars_of(target.pattern.tree)
    )


def _part(told: Iterable[tuple[int, tuple[bytes, int] | None]]) -> Part:
    kept = [(number, *one) for number, one in told if one is not None]
    ids, expressions, flags = zip(*kept, strict=True) if kept else ((), (), ())
    return Part(ids, expressions, flags)


def _narrow(target: Target) -> tuple[bytes, int] | None:
    """Return what finds the matches that hold no full-width letter or digit; None: there are none.

    Of a trigger, its own matches: of the two databases together none is missed.
    """
    if target.trigger is None and isinstance(target.pattern, Phrase):
        text = target.pattern.text
        return _phrase(target.pattern, text) if WIDE_WORD.isdisjoint(text) else None
    tree = without((target.trigger or target.pattern).tree, WIDE_WORD)
    return None if tree is None else _pattern(target, tree)


def _wide(target: Target) -> tuple[bytes, int] | None:
    """Return what finds, in small letters, the matches that hold one; None: there are none."""
    if target.trigger is None and isinstance(target.pattern, Phrase):
        text = target.pattern.text
        wide = not WIDE_WORD.isdisjoint(text)
        return _phrase(target.pattern, "".join(map(small, text))) if wide else None
    tree = (target.trigger or target.pattern).tree
    if all(chars.isdisjoint(WIDE_WORD) for chars in chars_of(tree)):
        return None
    return _pattern(target, mapped(tree, small))


def small(char: str) -> str:
    """Return the small letter of a full-width capital, and any other character as it is."""
    return char.lower() if char in WIDE_LETTERS else char


def _phrase(phrase: Phrase, text: str) -> tuple[bytes, int]:
    source = "".join(map(_SPELT.__getitem__, text.encode()))
    folds = phrase.fold == "ascii" and not LETTERS.isdisjoint(text)
    return source.encode(), hyperscan.HS_FLAG_CASELESS if folds else 0


def _pattern(target: Target, tree: Node) -> tuple[bytes, int]:
    source = bytes_source(tree)
    if late(target):
        after = "".join(f"\\x{ord(char):02x}" for char in sorted(target.after) if char.isascii())
        source = f"(?:{source})[^{after}]"
    return source.encode(), 0
