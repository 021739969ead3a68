"""Take a file over that a model server names by address: fetched, labelled, under our own address.

The server's address never leaves: what callers get is the labelled file, or an address of ours.
"""

import logging
from collections.abc import Sequence
from typing import Final, cast

from hegui.gateway.evidence import Exchange
from hegui.gateway.gate import Gate
from hegui.gateway.media.labelling import Item, LabelledItem, Medium, Showing, showing
from hegui.gateway.upstream_failed import UpstreamFailed
from hegui.labels.formats import FORMATS
from hegui.settings import Upstream
from hegui.shelf.fetching import Fetched
from hegui.shelf.hosts import Hosts, NotFetched
from hegui.shelf.shelf import New
from hegui.terms import Words

_log = logging.getLogger(__name__)
_SUFFIXES: Final = {form.name: form.suffixes[0] for form in FORMATS if form.suffixes}


UNIDENTIFIED: Final = "unidentified"


async def show_of(gate: Gate, exchange: Exchange, medium: Medium, agreement: str) -> Showing:
    """Return how a file of a model server shows its label.

    As ``showing`` says; but films may show it already, as the settings state of the server.
    """
    if medium == "video" and not agreement and exchange.upstream.films_show_notice:
        return Showing("present")
    return await showing(gate, exchange, medium, agreement)


def hosts_of(upstream: Upstream) -> Hosts:
    """Return the hosts that a model server's media may lie on."""
    return Hosts(upstream.media_hosts, upstream.media_private)


async def fetched(
    gate: Gate, exchange: Exchange, address: str, place: int, families: Sequence[Medium]
) -> Item:
    """Return the file at an address as an item to be labelled; its place is that in the exchange.

    What cannot be fetched, or is of another family, is ``UpstreamFailed`` (502). The operator's log
    says why, under the evidence number, and which setting it depends on; the caller is told the
    number.
    """
    try:
        found = await gate.media.fetcher.fetch(address, hosts_of(exchange.upstream))
    except NotFetched as refused:
        raise refusal(gate, exchange, place, refused) from None
    return item_of(gate, exchange, found, place, families)


def item_of(
    gate: Gate, exchange: Exchange, found: Fetched, place: int, families: Sequence[Medium]
) -> Item:
    """Return what was fetched as an item; another family than is asked for is refused."""
    if found.family not in families:
        refused = NotFetched("other-type", _FAMILY.fill(real=found.family))
        raise refusal(gate, exchange, place, refused)
    return Item(found.data, cast("Medium", found.family), place)


def refusal(gate: Gate, exchange: Exchange, place: int, refused: NotFetched) -> UpstreamFailed:
    """Log why a file was not taken over; return what the caller is told."""
    _log.warning(
        "%s: file %d of %s was not taken over (%s): %s",
        exchange.number,
        place,
        exchange.upstream.name,
        refused.reason,
        refused.words.en,
    )
    gate.metrics.item("file", "not_fetched")
    words = _NOT_TAKEN.fill(number=exchange.number)
    return UpstreamFailed(words, code="media_not_fetched")


def kept(exchange: Exchange, item: LabelledItem, data: bytes) -> New:
    """Return a labelled file, whose own bytes are ``data``, as the shelf takes it."""
    return New(
        tenant=exchange.caller.tenant,
        exchange=exchange.id,
        subject=exchange.subject.pseudonym or UNIDENTIFIED,
        data=data,
        mime=item.mime,
        suffix=_SUFFIXES.get(item.format, ""),
    )


_NOT_TAKEN: Final = Words(
    en="The model server finished, but its file could not be taken over, so nothing of it is given "
    "out. Try again shortly; if it stays so, give the provider this evidence number: {number}",
    zh="模型服务已生成，但无法取得其文件，因此未予提供。请稍后再试；"
    "如仍未解决，请将此证据编号告知服务提供者：{number}",
)
_FAMILY: Final = Words(
    en="It is of the type {real}, which was not asked for.",
    zh="其类型为 {real}，并非所请求的类型。",
)
