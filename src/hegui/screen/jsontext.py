"""Screen JSON as it streams: judge what its strings say, not how they are spelt.

Tool arguments and JSON-mode replies arrive as fragments of JSON source. An escape may spell a
digit, so strings are judged decoded; what is released is the model's own spelling; what is masked
stays valid JSON, a number that must be masked becoming a string. Text that turns out not to be
JSON is judged as plain text from there on.
"""

import json
from collections.abc import Callable

from hegui.screen.jsonspelling import Spelling
from hegui.screen.masks import Piece
from hegui.screen.window import Step, Window
from hegui.terms import Ask, Fault, Findings

_STRUCTURE = frozenset("{}[],: \t\r\n")
_BARE = frozenset("+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_WORDS = frozenset({"true", "false", "null"})
_BARE_MAX = 256  # characters; a longer bare word is no number that anyone needs


class JsonWindow:
    """One channel of JSON source, with the promises of ``Window``. Pieces are of the source."""

    def __init__(self, new_window: Callable[[], Window]) -> None:
        self._new = new_window
        self._source = ""  # what is not consumed
        self._sent = 0  # how much of the channel has gone out
        self._window: Window | None = None  # of the string, or the plain text, that is open
        self._spelling: Spelling | None = None  # of the string that is open
        self._complete = False  # the open string has been judged to its end
        self._ended = False

    @property
    def held(self) -> int:
        """How many characters have not gone out: of source not read, and of the text decoded."""
        return len(self._source) + (0 if self._window is None else self._window.held)

    @property
    def waiting(self) -> bool:
        """Whether some of the source has not gone out."""
        return bool(self._source) or (self._window is not None and self._window.waiting)

    def feed(self, piece: str) -> Step:
        """Take in more source."""
        self._source += piece
        return self._run(Step())

    def end(self) -> Step:
        """Note that the source is complete."""
        self._ended = True
        return self._run(Step())

    def whole(self, source: str) -> Step:
        """Take in source that is complete."""
        self._source += source
        self._ended = True
        return self._run(Step())

    def answer(self, ask: Ask, report: Findings | Fault) -> Step:
        """Take the answer to one of the asks of the last step, then go on."""
        assert self._window is not None
        step = self._out(self._window.answer(ask, report))
        return step if step.asks or step.refused else self._run(step)

    def _run(self, total: Step) -> Step:
        while True:
            step = self._next()
            if step is None:
                return total
            total = _join(total, step)
            if step.refused is not None or step.asks:
                return total

    def _next(self) -> Step | None:
        """Do the next piece of work, or return None when there is nothing to be done yet."""
        if self._spelling is not None:
            return self._in_string(self._spelling)
        if self._window is not None:
            return self._in_plain_text(self._window)
        if not self._source:
            return None
        if self._source[0] == '"':
            self._window, self._spelling, self._complete = self._new(), Spelling(), False
            return self._pass(1)
        if self._source[0] in _STRUCTURE:
            return self._pass(_run_of(self._source, _STRUCTURE))
        return self._bare_word()

    def _in_string(self, spelling: Spelling) -> Step | None:
        assert self._window is not None
        if self._complete:
            self._window = self._spelling = None
            return self._pass(1) if self._source else Step()
        decoded, used = spelling.take(self._source, final=self._ended)
        self._source = self._source[used:]
        if decoded:
            return self._out(self._window.feed(decoded))
        if self._source.startswith('"') or self._ended:
            self._complete = True
            return self._out(self._window.end())
        return None

    def _in_plain_text(self, window: Window) -> Step | None:
        text, self._source = self._source, ""
        if text:
            return self._out(window.feed(text))
        if self._ended and not self._complete:
            self._complete = True
            return self._out(window.end())
        return None

    def _bare_word(self) -> Step | None:
        """Judge a number or a word outside strings; anything else is not JSON."""
        size = _run_of(self._source, _BARE)
        if size == len(self._source) and not self._ended and size <= _BARE_MAX:
            return None
        word = self._source[:size]
        if word in _WORDS:
            return self._pass(size)
        self._window, self._complete = self._new(), False
        if not _is_number(word):
            return Step()
        window, self._window = self._window, None
        step = _join(window.feed(word), window.end())
        if step.asks and step.refused is None:
            step = Step(refused=Fault(step.asks[0].detector, "asked-about-a-number"))
        if step.refused is not None:
            return step
        self._source = self._source[size:]
        return self._emit(
            size, None if step.text == word else json.dumps(step.text, ensure_ascii=False), word
        )

    def _pass(self, size: int) -> Step:
        text, self._source = self._source[:size], self._source[size:]
        return self._emit(size, None, text)

    def _emit(self, size: int, mask: str | None, text: str) -> Step:
        start, self._sent = self._sent, self._sent + size
        return Step((Piece(start, self._sent, mask),), text if mask is None else mask)

    def _out(self, step: Step) -> Step:
        """Turn a step of the open window into one of the source.

        A withdrawal takes back all of the source: half a document helps nobody.
        """
        withdraw = None if step.withdraw is None else (0, self._sent)
        total = step._replace(pieces=(), text="", withdraw=withdraw)
        for piece in step.pieces:
            if self._spelling is None:
                size, mask, text = piece.end - piece.start, piece.mask, piece_text(step, piece)
            else:
                text = self._spelling.spelt(piece.start, piece.end)
                size, mask = (
                    len(text),
                    piece.mask and json.dumps(piece.mask, ensure_ascii=False)[1:-1],
                )
            total = _join(total, self._emit(size, mask, text))
        return total


def piece_text(step: Step, piece: Piece) -> str:
    """Return what of ``step.text`` stands for ``piece``."""
    at = 0
    for each in step.pieces:
        size = each.end - each.start if each.mask is None else len(each.mask)
        if each is piece:
            return step.text[at : at + size]
        at += size
    raise ValueError("the piece is not of this step")


def _run_of(source: str, alphabet: frozenset[str]) -> int:
    return next((n for n, char in enumerate(source) if char not in alphabet), len(source))


def _is_number(word: str) -> bool:
    try:
        return len(word) <= _BARE_MAX and isinstance(json.loads(word), int | float)
    except ValueError:
        return False


def _join(left: Step, right: Step) -> Step:
    return Step(
        left.pieces + right.pieces,
        left.text + right.text,
        left.refused or right.refused,
        left.withdraw or right.withdraw,
        right.asks or left.asks,
    )
