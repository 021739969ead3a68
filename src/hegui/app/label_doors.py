"""The doors at which files are brought to have their labels read, each with a process of its own.

So a crowd at the public page keeps no platform waiting.
"""

from typing import Final

from starlette.types import ASGIApp

from hegui.app.labelling import new_number
from hegui.gateway.gate import Gate
from hegui.gateway.http import Doorkeeper, Methods, not_found
from hegui.gateway.label_inspect import LabelInspect, Numbered
from hegui.gateway.label_page import LabelPage
from hegui.labels import security, sm2
from hegui.ledger.port import Evidencing
from hegui.runners.label_reader import LabelReader
from hegui.settings.label_page import LabelPage as Table
from hegui.terms import BadRequest, Misconfigured, Words


class PropagatorKey:
    """The platform's key for the fields that it writes.

    What is no key is ``Misconfigured``, and so is one without the extra that signs with it.
    """

    def __init__(self, table: Table) -> None:
        try:
            self._key = sm2.private_key(table.sm2_key.reveal())
        except BadRequest as error:
            why = error.words
            words = Words(_NO_KEY.en.format(why=why.en), _NO_KEY.zh.format(why=why.zh))
            raise Misconfigured(words) from None

    def __call__(self, label: str, code: str, number: str) -> str:
        """Return ``ReservedCode2`` for a value of ``Label``."""
        return security.spread_signed(label, code, number, self._key)


def propagator_key(table: Table) -> PropagatorKey | None:
    """Return the platform's key; None where the settings name none."""
    return PropagatorKey(table) if table.sm2_key else None


class LabelDoors:
    """``/label`` and ``/label/inspect``, and what reads for them."""

    def __init__(self, gate: Gate, keeper: Doorkeeper, ledger: Evidencing) -> None:
        self._readers = LabelReader(), LabelReader()
        public, keyed = self._readers
        shown = LabelPage(gate, public)
        on = gate.settings.label_page.on
        self.page: ASGIApp = Methods(get=shown.show, post=shown.receive) if on else not_found
        signs = propagator_key(gate.settings.label_page)
        numbered = Numbered(new_number, signs)
        self.inspect: ASGIApp = Methods(post=LabelInspect(gate, keeper, keyed, ledger, numbered))
        gate.metrics.label_readers(lambda: sum(one.killed for one in self._readers))

    async def close(self) -> None:
        """End the processes."""
        for reader in self._readers:
            await reader.close()


_NO_KEY: Final = Words(
    en="The key that label_page.sm2_key names cannot be used. {why}",
    zh="label_page.sm2_key 指定的密钥无法使用。{why}",
)
