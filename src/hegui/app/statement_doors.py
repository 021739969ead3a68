"""The doors at which statements are read and accepted, and the rows that they share."""

from functools import partial

from starlette.types import ASGIApp

from hegui.filing.statements import SORTS
from hegui.filing.statements.acceptances import Acceptances
from hegui.gateway.about import AboutPages
from hegui.gateway.accepting import PATH, Accepting
from hegui.gateway.gate import Gate
from hegui.gateway.http import Doorkeeper, Methods
from hegui.ledger.port import Evidencing
from hegui.ledger.tiles import Logs
from hegui.store import Place


class StatementDoors:
    """``/about`` and ``/statements/{kind}/accept``."""

    def __init__(self, place: Place) -> None:
        self._rows = Acceptances(place)

    def paths(
        self, gate: Gate, keeper: Doorkeeper, ledger: Evidencing, logs: Logs
    ) -> dict[str, ASGIApp]:
        """Return the routes; a kind that does not exist has none."""
        door = Accepting(gate, keeper, ledger, logs, self._rows)
        made: dict[str, ASGIApp] = {**AboutPages(gate, logs).paths()}
        for sort in SORTS.values():
            post, get = partial(door.accept, sort), partial(door.tell, sort)
            made[PATH.format(kind=sort.id)] = Methods(post=post, get=get)
        return made

    def close(self) -> None:
        """Close the connection."""
        self._rows.close()
