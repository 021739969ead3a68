"""Records of protected works. They evidence that others' works are respected (Art. 4(3), 7(2))."""

from hegui.ledger.kinds.shapes import Count, Digest, Kind, Name, Shape


class Added(Shape, kw_only=True, frozen=True):
    """A work whose owner objects, or a ``common`` text, was put into the index.

    ``content`` is the SHA-256 of its files' bytes, one after the other; ``about`` that of owner,
    title and basis in canonical JSON: the names themselves lie in the register, where they can be
    erased. ``index`` is the SHA-256 of the index that followed.
    """

    work: Name
    common: bool
    content: Digest
    about: Digest
    characters: Count
    fingerprints: Count
    index: Digest


class Removed(Shape, kw_only=True, frozen=True):
    """A work was taken out of the index. Its number is never given again."""

    work: Name
    content: Digest
    index: Digest


KINDS = (
    Kind("work.added", 1, Added, ("a4-3", "a7-2"), "three-years"),
    Kind("work.removed", 1, Removed, ("a4-3", "a7-2"), "three-years"),
)
