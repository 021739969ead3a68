"""Log probabilities of a reply: each is released with its characters, or dropped with them."""

from collections import deque
from typing import Any

from hegui.screen.window import Step

_UNLIKELY = 1e6  # no log probability is as long as a number that could be somebody's


class LogProbs:
    """Log probabilities waiting for their characters; dropped where those are masked."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, int, Any]] = deque()
        self._ready: list[Any] = []
        self._hidden: deque[tuple[int, int]] = deque()
        self._sent = 0
        self._broken = False
        self.dropped = 0

    def feed(self, entries: list[Any], text: str, at: int) -> None:
        """Take in the entries of ``text``, which begins at ``at`` in the channel.

        Entries that do not spell the text can not be placed, and are dropped from there on.
        """
        start = at
        for entry in entries:
            token = entry.get("token") if isinstance(entry, dict) else None
            if self._broken or not isinstance(token, str) or not text.startswith(token, start - at):
                self._broken = True
                self.dropped += 1
                continue
            self._waiting.append((start, start + len(token), entry))
            start += len(token)

    def settle(self, step: Step) -> None:
        """Note what went out, and what was masked."""
        for piece in step.pieces:
            self._sent = piece.end
            if piece.mask is not None:
                self._hidden.append((piece.start, piece.end))
        while self._waiting and self._waiting[0][1] <= self._sent:
            start, end, entry = self._waiting.popleft()
            while self._hidden and self._hidden[0][1] <= start:
                self._hidden.popleft()
            if self._hidden and self._hidden[0][0] < end:
                self.dropped += 1
            else:
                self._ready.append(_known(entry))

    def ready(self) -> list[dict[str, Any]]:
        """Return the entries whose characters have gone out, once."""
        ready, self._ready = self._ready, []
        return ready


def alternatives(entry: dict[str, Any]) -> str:
    """Return the tokens that the model did not choose at a place, a line each."""
    others = entry.get("top_logprobs")
    if not isinstance(others, list):
        return ""
    return "\n".join(str(other.get("token", "")) for other in others if isinstance(other, dict))


def _known(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry anew: only what OpenAI names, and bytes only where they spell the token."""
    token = entry["token"]
    held = entry.get("logprob")
    sound = isinstance(held, int | float) and abs(held) < _UNLIKELY
    known = {"token": token, "logprob": held if sound else None}
    if "bytes" in entry:
        spelt = list(token.encode("utf-8", "replace"))
        known["bytes"] = spelt if entry["bytes"] == spelt else None
    others = entry.get("top_logprobs")
    if isinstance(others, list):
        known["top_logprobs"] = [
            _known({key: value for key, value in other.items() if key != "top_logprobs"})
            for other in others
            if isinstance(other, dict) and isinstance(other.get("token"), str)
        ]
    return known
