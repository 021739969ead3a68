"""Records of receipts: that somebody was given a record of the log, with its proof.

They evidence that a complainant can hold the provider to what was recorded (Art. 15), and to whom
records were given (Art. 11 para. 1). Each is durable before the receipt is handed over.
"""

from typing import Annotated, Literal

from msgspec import Meta

from hegui.ledger.kinds.shapes import Count, Kind, Name, Shape


class Issued(Shape, kw_only=True, frozen=True):
    """A receipt was given for the exchange or appeal ``about``; ``shown`` are the records in it.

    ``to`` says who fetched it: ``holder``, with the number of an appeal, or ``operator``.
    """

    about: Name
    shown: Annotated[list[Count], Meta(max_length=64)]
    to: Literal["holder", "operator"]


KINDS = (Kind("receipt.issued", 1, Issued, ("a15-3", "a11-1d"), "three-years"),)
