"""Join the pieces of a text that arrived in one network read: they are screened in one go.

A model behind a fast network, or one that answers from a cache, sends many small chunks at a time.
They say the same joined, and cost one scan and one event instead of dozens. Chunks that carry
anything else than a piece of content are left as they are, in their order.
"""

from typing import Any, TypeAlias

from hegui.gateway.pieces import More, alike, piece_of, with_content

Arrived: TypeAlias = dict[str, Any] | More


def gathered(group: list[Arrived]) -> list[Arrived]:
    """Return the chunks of one read, neighbours that only add content to one choice joined."""
    if len(group) == 1:
        return group
    out: list[Arrived] = []
    pieces: list[str] = []
    for chunk in group:
        piece = chunk.text if isinstance(chunk, More) else piece_of(chunk)
        if pieces and piece is not None and _goes_on(out[-1], chunk):
            pieces.append(piece)
            continue
        _put(out, pieces)
        out.append(chunk)
        pieces = [] if piece is None else [piece]
    _put(out, pieces)
    return out


def _goes_on(last: Arrived, chunk: Arrived) -> bool:
    left = last.chunk if isinstance(last, More) else last
    right = chunk.chunk if isinstance(chunk, More) else chunk
    return left is right or alike(left, right)


def _put(out: list[Arrived], pieces: list[str]) -> None:
    if len(pieces) > 1:
        last, text = out[-1], "".join(pieces)
        out[-1] = More(last.chunk, text) if isinstance(last, More) else with_content(last, text)
