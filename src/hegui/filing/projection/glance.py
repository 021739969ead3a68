"""Reading of a leaf what it is counted by, and nothing else.

Here because a whole log goes through it when a summary is built from zero: to make a table of all
fields of a million leaves took longer than to hash them.
"""

from collections.abc import Callable, Hashable
from typing import Any, Final

import msgspec
from msgspec.structs import astuple

from hegui.filing.projection.facets import Facets
from hegui.filing.projection.rows import Key, day_of
from hegui.ledger import kinds
from hegui.ledger.leaf import parse

_NAMED: Final = b'"kind":"'
_HEAD: Final = ("kind", "v", "t")
_MOST_KEPT: Final = 4_096


class Glance:
    """Tells under which key a leaf counts, as reading all of it would.

    Where a leaf is canonical JSON (``ledger.leaf``); of another, a number that no float can hold is
    passed over in a field that nobody asks for.
    """

    def __init__(self, facets: Facets) -> None:
        self._facets = facets
        self._known = {
            one.name.encode(): (one.name, one.version, _reader(facets.fields(one.name)))
            for one in kinds.all_kinds()
        }
        self._keys: dict[Hashable, Key] = {}

    def key_of(self, leaf: bytes) -> tuple[Key, int] | None:
        """Return under which key a leaf counts, and its time; None where it counts as nothing."""
        at = leaf.find(_NAMED) + len(_NAMED)
        known = self._known.get(leaf[at : leaf.find(b'"', at)])
        if known is None:
            return self._read_whole(leaf)
        name, version, read = known
        try:
            if not leaf.isascii():
                leaf.decode()  # what is skipped below is not looked at for broken UTF-8
            kind, v, at_ms, *values = astuple(read(leaf))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if kind != name:  # that was the kind of something inside
            return self._read_whole(leaf)
        if type(v) is not int or not 0 < v <= version or not isinstance(at_ms, int):
            return None
        return self._key(name, day_of(at_ms), values), at_ms

    def _key(self, name: str, day: int, values: list[Any]) -> Key:
        # True and 1 are equal, and other facets
        said = (name, day, *values, *map(type, values))
        try:
            key = self._keys.get(said)
        except TypeError:  # a list or a table
            return Key(name, self._facets.joined(name, values), day)
        if key is None:
            if len(self._keys) >= _MOST_KEPT:
                self._keys.clear()
            key = self._keys[said] = Key(name, self._facets.joined(name, values), day)
        return key

    def _read_whole(self, leaf: bytes) -> tuple[Key, int] | None:
        record = parse(leaf)
        kind, at_ms = record.get("kind"), record.get("t")
        if "opaque" in record or not isinstance(kind, str) or not isinstance(at_ms, int):
            return None
        return Key(kind, self._facets.of(kind, record), day_of(at_ms)), at_ms


def _reader(fields: tuple[str, ...]) -> Callable[[bytes], msgspec.Struct]:
    """Return what reads the head and these fields of a leaf, in this order; left out is None."""
    named = {f"f{place}": field for place, field in enumerate((*_HEAD, *fields))}
    shape = msgspec.defstruct("Seen", [(name, Any, None) for name in named], rename=named, gc=False)
    return msgspec.json.Decoder(shape).decode
