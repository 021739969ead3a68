"""What every file format gives: where its labels stand, and the same file with exactly one.

Formats are pure: they read a ``Source`` within bounds and return a ``Splice``, a list of new bytes
and of stretches of the source that are taken over as they are. So a file of gigabytes needs no
memory, nothing is encoded anew, and the door that writes can prove what did not change. There is no
operation that takes a label away: ``write`` puts one in the place of all that were there.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, Protocol, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from hegui.labels.value import Parsed
from hegui.terms import BadRequest, Words

_Walk = TypeVar("_Walk")

MOST_METADATA: Final = 16 * 1024 * 1024
"""Bytes of metadata that a format reads at most: a file that claims more is refused."""
MOST_PARTS: Final = 200_000
"""Boxes, chunks, pages or objects that a format walks at most."""


class Source(Protocol):
    """Bytes that can be read at any place: a file, or what lies in memory."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    def read(self, offset: int, count: int) -> bytes:
        """Return ``count`` bytes from ``offset``; fewer only where the source ends."""
        ...


class Memory:
    """A source in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self.data)

    def read(self, offset: int, count: int) -> bytes:
        """Return ``count`` bytes from ``offset``."""
        return self.data[offset : offset + count]


class Slice(NamedTuple):
    """A stretch of the source that is taken over as it is."""

    offset: int
    length: int


Splice: TypeAlias = list[bytes | Slice]
"""A file as it is to be written: new bytes, and stretches of the source."""


class Found(NamedTuple):
    """One label as it was found.

    ``form`` names how it is stored (``jpeg-xmp``, ``png-text``, ``mp4-keys``, …), ``offset`` where
    the stretch that holds it begins, in bytes; ``guide`` whether that is the place that the
    technical guide names. ``parsed`` is None where nothing could be read of it.
    """

    form: str
    offset: int
    raw: str
    guide: bool
    parsed: Parsed | None


class Format(Protocol):
    """A file format. Everything it raises for what a file holds is ``BadRequest``."""

    @property
    def name(self) -> str:
        """The format's short name: ``jpeg``."""
        ...

    @property
    def suffixes(self) -> Sequence[str]:
        """The file names' usual ends, with the dot; the first is the canonical one."""
        ...

    @property
    def mime(self) -> Sequence[str]:
        """The media types; the first is the canonical one."""
        ...

    @property
    def place(self) -> Words:
        """Where the label is put, and which guide says so."""
        ...

    def matches(self, head: bytes) -> bool:
        """Whether a file that begins with ``head`` (up to 4,096 bytes) is of this format."""
        ...

    def read(self, source: Source) -> list[Found]:
        """Return every label of any known form, in order of place."""
        ...

    def write(self, source: Source, inner: str) -> Splice:
        """Return the file with ``inner`` (``Implicit.inner()``) as its only label.

        In the guide's place, in one canonical form. Other metadata stays. Formats with XMP put the
        IPTC digital source type (``trainedAlgorithmicMedia``) into the same packet.
        """
        ...

    def payload(self, source: Source) -> Iterable[Slice]:
        """Give the stretches that are the content itself: the same bytes before and after."""
        ...


def has_place(form: Format) -> bool:
    """Whether a guide names a place for a label in files of this format."""
    return not form.place.en.startswith("none")


def walked_once(walk: Callable[[Source], _Walk]) -> Callable[[Source], _Walk]:
    """Make a walk over a file's parts remember what it found, as long as the source is there.

    A source is asked for its labels, for a splice and for its content, one after the other. What
    ``walk`` returns is shared: nobody may change it.
    """
    known: WeakKeyDictionary[Source, _Walk] = WeakKeyDictionary()

    def once(source: Source) -> _Walk:
        found = known.get(source)
        if found is None:
            found = known[source] = walk(source)
        return found

    return once


def exactly(source: Source, offset: int, count: int, what: str) -> bytes:
    """Return ``count`` bytes of ``what`` at ``offset``; a file that ends before is refused."""
    if count > MOST_METADATA:
        raise refused(what, offset, TOO_LARGE)
    data = source.read(offset, count) if offset >= 0 and count >= 0 else b""
    if count < 0 or len(data) != count:
        raise refused(what, offset, CUT_SHORT)
    return data


def refused(what: str, offset: int, why: Words) -> BadRequest:
    """Return the error for a file that does not hold together at ``offset``."""
    said = Words(
        _REFUSED.en.format(what=what, offset=offset, why=why.en),
        _REFUSED.zh.format(what=what, offset=offset, why=why.zh),
    )
    return BadRequest(said, code="file_broken")


CUT_SHORT: Final = Words(en="the file ends before it", zh="文件在此之前已结束")
TOO_LARGE: Final = Words(en="it claims to be larger than allowed", zh="声明的大小超出上限")
TOO_MANY: Final = Words(en="there are too many parts", zh="部分数量过多")
INCONSISTENT: Final = Words(en="its length does not fit its place", zh="长度与所在位置不符")
_REFUSED = Words(
    en="The file does not hold together: {what}, at byte {offset}: {why}. It was not changed.",
    zh="文件结构有误：{what}，第 {offset} 字节处：{why}。文件未作任何改动。",
)
