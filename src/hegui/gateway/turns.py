"""Whose turn it is in a reply: which field of each choice speaks, and which fell silent before it.

The end of a field waits for what follows it. When another field begins, or its choice is finished,
that may never come, and the model would go on at length after something that must be refused. So
what waits is looked at as if it were complete. Only a refusal follows from that look: what else
waits goes on waiting, for some servers come back to a field.
"""

from hegui.gateway.channels import Channel, Fulfil, Path, Refused, RefusedAt
from hegui.terms import Action


class Turns:
    """The field of each choice that spoke last. Raises ``RefusedAt`` where the reply must stop."""

    def __init__(self, fulfil: Fulfil) -> None:
        self._fulfil = fulfil
        self._last: dict[int, tuple[Path, Channel]] = {}

    async def to(self, path: Path, channel: Channel, value: str) -> None:
        """Note that a field is about to say ``value``."""
        index = path[0]
        if value and isinstance(index, int):
            if not channel.fed:
                await self.over(index)
            self._last[index] = path, channel

    async def over(self, index: int) -> None:
        """Look at what the field of a choice that spoke last waits with."""
        path, channel = self._last.get(index, ((), None))
        if channel is not None and channel.window.cost() > Action.MASK:
            try:
                await channel.end(self._fulfil)
            except Refused as refused:
                raise RefusedAt(path, refused) from None
