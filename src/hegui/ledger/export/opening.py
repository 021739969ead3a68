"""Content that goes along with an export: opened, with what is needed to check its commitment.

A record commits to its content as SHA-256 over a salt, then the content. The salt opens nothing.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from hegui.ledger import leaf as leaves_of_log
from hegui.ledger.export.scope import Content

PARTS: Final = {
    "exchange.asked": ("exchange", "prompt"),
    "exchange.answered": ("exchange", "reply"),
    "appeal.received": ("appeal", "appeal"),
}
"""Which field of a record names its sealed content, and which part of it the record commits to."""

_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,79}")


class Opening:
    """Opens the content that the records of an export commit to, one at a time."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._items: list[dict[str, Any]] = []

    def of(self, index: int, leaf: bytes) -> Iterator[tuple[str, bytes]]:
        """Give path and bytes of what the record ``leaf`` commits to, where it is still kept."""
        record = leaves_of_log.parse(leaf)
        place = PARTS.get(str(record.get("kind")))
        if place is None or "opaque" in record:
            return
        name, part = str(record.get(place[0])), place[1]
        if not _NAME.fullmatch(name):
            return
        opened = self._content.open(name, part)
        if opened is None:
            return
        path = f"content/{name}.{part}"
        self._items.append(
            {
                "file": path,
                "exchange": name,
                "part": part,
                "index": index,
                "salt": opened.salt.hex(),
            }
        )
        yield path, opened.content

    def listing(self) -> dict[str, Any]:
        """Return what ``content.json`` holds: the purpose, and per file its record and salt."""
        return {"purpose": self._content.purpose, "items": self._items}
