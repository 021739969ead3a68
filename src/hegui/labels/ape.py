"""Labels in an APEv2 tag at the end of a file: read, and given up for the one in front."""

from struct import pack, unpack
from typing import Final, NamedTuple

from hegui.labels.container import INCONSISTENT, MOST_PARTS, Found, Source, exactly, refused
from hegui.labels.splicing import Change
from hegui.labels.value import parsed

_SIZE: Final = 32  # bytes of a header, and of a footer
_MARK: Final = b"APETAGEX"
_HAS_HEAD: Final = 1 << 31


class Tag(NamedTuple):
    """A tag: where it stands, and its items; those that are labels with their text."""

    start: int
    end: int
    header: bytes
    items: tuple[tuple[bytes, str | None], ...]
    footer: bytes


def before(source: Source, begins: int, end: int) -> Tag | None:
    """Return the tag that ends at ``end``; None where none does. The sound begins at ``begins``."""
    footer = source.read(end - _SIZE, _SIZE) if end >= _SIZE else b""
    if footer[:8] != _MARK:
        return None
    version, size, count, flags = unpack("<IIII", footer[8:24])
    start = end - size
    if version not in (1000, 2000) or size < _SIZE or start < 0 or count > MOST_PARTS:
        raise refused("APE tag", end - _SIZE, INCONSISTENT)
    held = exactly(source, start, size - _SIZE, "APE tag")
    header = b""
    if flags & _HAS_HEAD:
        header = source.read(start - _SIZE, _SIZE) if start >= _SIZE else b""
        if header[:8] != _MARK:
            raise refused("APE tag", start, INCONSISTENT)
        start -= _SIZE
    if start < begins:
        raise refused("APE tag", start, INCONSISTENT)
    items, at = [], 0
    for _ in range(count):
        past = held.find(b"\0", at + 8)
        end_of = past + 1 + int(unpack("<I", held[at : at + 4])[0]) if past > 0 else len(held) + 1
        if end_of > len(held):
            raise refused("APE tag", start, INCONSISTENT)
        raw = held[past + 1 : end_of].decode("utf-8", "replace")
        label = b"AIGC" in held[at + 8 : past].upper() and parsed(raw) is not None
        items.append((held[at:end_of], raw if label else None))
        at = end_of
    if at != len(held):
        raise refused("APE tag", start, INCONSISTENT)
    return Tag(start, end, header, tuple(items), footer)


def found(tag: Tag) -> list[Found]:
    """Return the labels of a tag."""
    return [
        Found("ape", tag.start, raw, guide=False, parsed=parsed(raw))
        for _, raw in tag.items
        if raw is not None
    ]


def vacated(tag: Tag) -> list[Change]:
    """Return the change after which the tag holds no label: the label stands in front."""
    kept = [data for data, raw in tag.items if raw is None]
    if len(kept) == len(tag.items):
        return []
    held = b"".join(kept)
    numbers = pack("<II", len(held) + _SIZE, len(kept))
    header, footer = (one[:12] + numbers + one[20:] for one in (tag.header, tag.footer))
    new = (header if tag.header else b"") + held + footer
    return [Change(tag.start, tag.end, new)]
