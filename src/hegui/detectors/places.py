"""Characters for bytes and bytes for characters: places that come in order cost a text once.

A text made to hurt has tens of thousands of findings; counting from its beginning for each of them
would take time by the square of its length.
"""

from hegui.detectors.matcher import row_text


class Characters:
    """Tells which character begins at a byte. Going back counts from the beginning again."""

    def __init__(self, text: str) -> None:
        self._data = text.encode("utf-8", "surrogateescape")
        self._at = self._count = 0

    def before(self, place: int) -> int:
        """Return how many characters stand before a byte, which begins one."""
        if place < self._at:
            self._at = self._count = 0
        self._count += len(row_text(self._data[self._at : place]))
        self._at = place
        return self._count

    def between(self, start: int, end: int) -> tuple[int, int]:
        """Return the characters where a stretch of bytes begins and ends."""
        first = self.before(start)
        return first, first + len(row_text(self._data[start:end]))


class Bytes:
    """Tells at which byte a character begins. Going back counts from the beginning again."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = self._count = 0

    def before(self, place: int) -> int:
        """Return how many bytes stand before a character."""
        if place < self._at:
            self._at = self._count = 0
        self._count += _size(self._text[self._at : place])
        self._at = place
        return self._count

    def between(self, start: int, end: int) -> tuple[int, int]:
        """Return the bytes where a stretch of characters begins and ends."""
        first = self.before(start)
        return first, first + _size(self._text[start:end])


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))
