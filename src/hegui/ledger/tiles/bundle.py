"""Entry bundles: up to 256 leaves in a row, each after its length (C2SP ``tlog-tiles``)."""

from collections.abc import Sequence

from hegui.ledger.tiles.places import WIDTH
from hegui.terms import Corrupt, Words

MOST_LEAF_BYTES = 0xFFFF
"""The length goes before each leaf as two bytes, big end first."""

_LENGTH_BYTES = 2


def bundle(leaves: Sequence[bytes]) -> bytes:
    """Return 1 to 256 leaves as an entry bundle.

    ``ValueError`` for another number, for a leaf over 65,535 bytes and for an empty one: an empty
    leaf is one that was pruned, and a bundle with a hole in it proves nothing.
    """
    if not 1 <= len(leaves) <= WIDTH:
        raise ValueError(f"a bundle holds 1 to {WIDTH} leaves, not {len(leaves)}")
    parts: list[bytes] = []
    for leaf in leaves:
        if not 0 < len(leaf) <= MOST_LEAF_BYTES:
            raise ValueError(f"a leaf of {len(leaf)} bytes has no place in a bundle")
        parts += (len(leaf).to_bytes(_LENGTH_BYTES, "big"), leaf)
    return b"".join(parts)


def read_bundle(data: bytes, width: int | None = None) -> list[bytes]:
    """Return the leaves in a bundle; ``Corrupt`` says at which byte it breaks off.

    ``width`` is how many leaves its path promises. Whether they are the log's leaves, only their
    hashes tell: compare them with the tile of level 0.
    """
    leaves: list[bytes] = []
    at, end = 0, len(data)
    while at < end:
        if len(leaves) == (width or WIDTH):
            raise _broken(
                f"after {len(leaves)} leaves, {end - at} bytes are left over.",
                f"在 {len(leaves)} 条记录之后还多出 {end - at} 个字节。",
            )
        start = at + _LENGTH_BYTES
        stop = start + int.from_bytes(data[at:start], "big")
        if start > end or stop > end:
            raise _broken(
                f"leaf {len(leaves)}, at byte {at}, is cut off.",
                f"第 {len(leaves)} 条记录（从第 {at} 字节起）被截断。",
            )
        leaves.append(data[start:stop])
        at = stop
    if not leaves or (width is not None and len(leaves) != width):
        wanted = width if width is not None else f"1–{WIDTH}"
        raise _broken(
            f"it holds {len(leaves)} leaves, {wanted} were expected.",
            f"其中有 {len(leaves)} 条记录，应为 {wanted} 条。",
        )
    return leaves


def _broken(en: str, zh: str) -> Corrupt:
    return Corrupt(
        Words(
            f"This is not an entry bundle (C2SP tlog-tiles): {en} Get it again, or ask its giver.",
            f"这不是条目包（C2SP tlog-tiles）：{zh}请重新获取，或询问提供者。",
        )
    )
