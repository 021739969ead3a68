"""The doors at which files are brought to have their labels read, each with a process of its own.

So a crowd at the public page keeps no platform waiting.
"""

from starlette.types import ASGIApp

from hegui.app.label_keys import propagator_key
from hegui.app.labelling import new_number
from hegui.gateway.gate import Gate
from hegui.gateway.http import Doorkeeper, Methods, not_found
from hegui.gateway.label_inspect import LabelInspect, Numbered
from hegui.gateway.label_page import LabelPage
from hegui.ledger.port import Evidencing
from hegui.runners.label_reader import LabelReader


class LabelDoors:
    """``/label`` and ``/label/inspect``, and what reads for them."""

    def __init__(self, gate: Gate, keeper: Doorkeeper, ledger: Evidencing) -> None:
        self._readers = LabelReader(), LabelReader()
        public, keyed = self._readers
        shown = LabelPage(gate, public)
        on = gate.settings.label_page.on
        self.page: ASGIApp = Methods(get=shown.show, post=shown.receive) if on else not_found
        signs = propagator_key(gate.settings.label_page)
        numbered = Numbered(new_number, signs, gate.media.seals)
        self.inspect: ASGIApp = Methods(post=LabelInspect(gate, keeper, keyed, ledger, numbered))
        gate.metrics.label_readers(lambda: sum(one.killed for one in self._readers))

    async def close(self) -> None:
        """End the processes."""
        for reader in self._readers:
            await reader.close()
