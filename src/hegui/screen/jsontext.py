"""Screen JSON as it streams: judge what its strings say, not how they are spelt.

Tool arguments and JSON-mode replies arrive as fragments of JSON source. An escape may spell a
digit, so strings are judged decoded; what is released is the model's own spelling; what is masked
stays valid JSON, a number that must be masked becoming a string. Text that turns out not to be
JSON is judged as plain text from there on.
"""

import json
import re
from collections.abc import Callable, Sequence
from itertools import chain

from hegui.screen.jsonspelling import Spelling
from hegui.screen.masks import Piece
from hegui.screen.window import Step, Window
from hegui.terms import Action, Ask, Fault, Finding, Findings

_STRUCTURE = re.compile(r"[{}\[\],: \t\r\n]+")
_BARE = re.compile(r"[-+.0-9a-zA-Z]*")
_NUMBERS = re.compile(r"-?[0-9][-+.0-9eE]{0,255}")
_SEVERAL = 64  # characters of source in which it is worth looking for numbers to judge at once
_WORDS = frozenset({"true", "false", "null"})
_BARE_MAX = 256  # characters; a longer bare word is no number that anyone needs

Silent = Callable[[Sequence[str]], list[bool]]
Together = Callable[[Sequence[str], Sequence[str], Sequence[str]], Finding | Fault | None]


class JsonWindow:
    """One channel of JSON source, with the promises of ``Window``. Pieces are of the source.

    ``silent`` says of many whole texts at once whether nothing is found in each: a number in which
    nothing is needs no window of its own. ``together`` says at the end what must be refused of what
    the string values say one after the other, then the names of properties, then the bare numbers
    and strings of one character.
    """

    def __init__(
        self,
        new_window: Callable[[], Window],
        silent: Silent | None = None,
        together: Together | None = None,
    ) -> None:
        self._new, self._silent, self._together = new_window, silent, together
        self._values: list[str] = []  # what the strings say, until that was judged together
        self._names: list[str] = []  # what the names of properties say
        self._digits: list[str] = []  # what bare numbers say, and strings of one character
        self._string: list[str] = []  # what the one that is open says
        self._was_string = False  # whether nothing but space has come since a string
        self._clean: set[str] = set()  # numbers in which nothing is found
        self._source = ""
        self._at = 0  # so much of the source is consumed; it is cut once per piece, not per word
        self._sent = 0  # how much of the channel has gone out
        self._window: Window | None = None  # of the string, or the plain text, that is open
        self._spelling: Spelling | None = None  # of the string that is open
        self._complete = False  # the open string has been judged to its end
        self._ended = False

    @property
    def held(self) -> int:
        """How many characters have not gone out: of source not read, and of the text decoded."""
        return len(self._source) - self._at + (0 if self._window is None else self._window.held)

    @property
    def waiting(self) -> bool:
        """Whether some of the source has not gone out."""
        return self._at < len(self._source) or (self._window is not None and self._window.waiting)

    def cost(self) -> Action:
        """Return what the string that is open costs if nothing follows."""
        return Action.ALLOW if self._window is None else self._window.cost()

    @property
    def spread(self) -> bool:
        """Whether there are strings that must be judged together when the source is complete."""
        told = (self._values, self._names, self._digits)
        return self._together is not None and any(len(one) > 1 for one in told)

    def feed(self, piece: str) -> Step:
        """Take in more source."""
        self._source = self._source[self._at :] + piece
        self._at = 0
        self._foresee(piece)
        return self._run(Step())

    def end(self) -> Step:
        """Note that the source is complete."""
        self._ended = True
        return self._run(Step())

    def whole(self, source: str) -> Step:
        """Take in source that is complete."""
        self._source += source
        self._ended = True
        self._foresee(source)
        return self._run(Step())

    def answer(self, ask: Ask, report: Findings | Fault) -> Step:
        """Take the answer to one of the asks of the last step, then go on."""
        assert self._window is not None
        step = self._out(self._window.answer(ask, report))
        return step if step.asks or step.refused else self._run(step)

    def _foresee(self, source: str) -> None:
        """Judge the numbers of more source as one column, each once."""
        if self._silent is not None and len(source) >= _SEVERAL:
            words = sorted(set(_NUMBERS.findall(source)) - self._clean)
            silent = self._silent(words)
            self._clean.update(w for w, clean in zip(words, silent, strict=True) if clean)

    def _run(self, first: Step) -> Step:
        steps = [first]
        while (step := self._next()) is not None:
            steps.append(step)
            if step.refused is not None or step.asks:
                return _joined(steps)
        if self._ended and self.spread:
            steps.append(self._as_one())
        return _joined(steps)

    def _as_one(self) -> Step:
        """Judge the values one after the other, once. What must be refused takes all back."""
        assert self._together is not None
        refused = self._together(self._values, self._names, self._digits)
        self._values, self._names, self._digits = [], [], []
        withdraw = (0, self._sent) if refused is not None and self._sent else None
        return Step(refused=refused, withdraw=withdraw)

    def _next(self) -> Step | None:
        """Do the next piece of work, or return None when there is nothing to be done yet."""
        if self._spelling is not None:
            return self._in_string(self._spelling)
        if self._window is not None:
            return self._in_plain_text(self._window)
        if self._at == len(self._source):
            return None
        if self._source[self._at] == '"':
            self._window, self._spelling, self._complete = self._new(), Spelling(), False
            self._string = []
            return self._pass(self._at + 1)
        if structure := _STRUCTURE.match(self._source, self._at):
            self._after_string(structure[0].lstrip())
            return self._pass(structure.end())
        return self._bare_word()

    def _after_string(self, structure: str) -> None:
        """Take the last string for a name, and no value, where a colon follows it."""
        if structure and self._was_string:
            self._was_string = False
            if structure[0] == ":":
                self._names.append(name := self._values.pop())
                del self._digits[len(self._digits) - (len(name) == 1) :]

    def _in_string(self, spelling: Spelling) -> Step | None:
        assert self._window is not None
        if self._complete:
            self._window = self._spelling = None
            self._values.append(said := "".join(self._string))
            if len(said) == 1:
                self._digits.append(said)
            self._was_string = True
            return self._pass(self._at + 1) if self._at < len(self._source) else Step()
        decoded, self._at = spelling.take(self._source, self._at, final=self._ended)
        if decoded:
            self._string.append(decoded)
            return self._out(self._window.feed(decoded))
        if self._source.startswith('"', self._at) or self._ended:
            self._complete = True
            return self._out(self._window.end())
        return None

    def _in_plain_text(self, window: Window) -> Step | None:
        text, self._at = self._source[self._at :], len(self._source)
        if text:
            return self._out(window.feed(text))
        if self._ended and not self._complete:
            self._complete = True
            return self._out(window.end())
        return None

    def _bare_word(self) -> Step | None:
        """Judge a number or a word outside strings; anything else is not JSON."""
        bare = _BARE.match(self._source, self._at)
        assert bare is not None  # an empty one is one
        word, size = bare[0], len(bare[0])
        if bare.end() == len(self._source) and not self._ended and size <= _BARE_MAX:
            return None
        if word.isdigit():
            self._digits.append(word)
        if word in _WORDS or (word in self._clean and _is_number(word)):
            return self._pass(bare.end())
        self._window, self._complete = self._new(), False
        if not _is_number(word):
            return Step()
        window, self._window = self._window, None
        step = window.whole(word)
        if step.asks and step.refused is None:
            step = Step(refused=Fault(step.asks[0].detector, "asked-about-a-number"))
        if step.refused is not None:
            return step
        self._at = bare.end()
        return self._emit(
            size, None if step.text == word else json.dumps(step.text, ensure_ascii=False), word
        )

    def _pass(self, upto: int) -> Step:
        text, self._at = self._source[self._at : upto], upto
        return self._emit(len(text), None, text)

    def _emit(self, size: int, mask: str | None, text: str) -> Step:
        start, self._sent = self._sent, self._sent + size
        return Step((Piece(start, self._sent, mask),), text if mask is None else mask)

    def _out(self, step: Step) -> Step:
        """Turn a step of the open window into one of the source.

        A withdrawal takes back all of the source: half a document helps nobody.
        """
        withdraw = None if step.withdraw is None else (0, self._sent)
        steps = [step._replace(pieces=(), text="", withdraw=withdraw)]
        at = 0  # in what the window lets out
        for piece in step.pieces:
            size, mask = piece.end - piece.start, piece.mask
            upto = at + (size if mask is None else len(mask))
            text, at = step.text[at:upto], upto
            if self._spelling is not None:
                text = self._spelling.spelt(piece.start, piece.end)
                size, mask = len(text), mask and json.dumps(mask, ensure_ascii=False)[1:-1]
            steps.append(self._emit(size, mask, text))
        return _joined(steps)


def _is_number(word: str) -> bool:
    try:
        return len(word) <= _BARE_MAX and isinstance(json.loads(word), int | float)
    except ValueError:
        return False


def _joined(steps: Sequence[Step]) -> Step:
    """Return steps as one: their pieces and texts in order, the first refusal, the last asks."""
    if len(steps) == 1:
        return steps[0]
    return Step(
        tuple(chain.from_iterable(step.pieces for step in steps)),
        "".join([step.text for step in steps]),
        next((step.refused for step in steps if step.refused), None),
        next((step.withdraw for step in steps if step.withdraw), None),
        next((step.asks for step in reversed(steps) if step.asks), ()),
    )
