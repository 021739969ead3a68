"""What a model server says of a task, and what becomes of the media of one that is done."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from yarl import URL

from hegui.gateway.destinations import authorization
from hegui.gateway.evidence import Exchange, evidence_number
from hegui.gateway.gate import Gate
from hegui.gateway.jsonbody import read_upstream
from hegui.gateway.media.labelling import Item, LabelledItem, Medium, labelled
from hegui.gateway.media.taking_over import fetched, hosts_of, item_of, kept, refusal, show_of
from hegui.gateway.upstream_failed import UpstreamFailed, odd
from hegui.shelf.book import Medium as Kept
from hegui.shelf.book import State, Task
from hegui.shelf.hosts import Hosts, NotFetched
from hegui.shelf.shelf import Withdrawal
from hegui.shelf.tasks import Interface
from hegui.terms import BadRequest, Words

_LARGEST: Final = 1_048_576  # bytes of an answer that tells of a task
_MOST: Final = 10  # files of one task
_LOOK_SECONDS: Final = 0.5  # between two looks at what another gateway has in hand
_NUMBER: Final = re.compile(r"M-[0-9a-f]{32}")
_FAMILIES: Final[Sequence[Medium]] = ("image", "video", "audio")
_CONTENT: Final = "content"
_WITHHELD: Final = "media_withheld"
_PORTS: Final = {"http": 80, "https": 443}


async def advanced(gate: Gate, exchange: Exchange, task: Task, interface: Interface) -> str:
    """Ask the server for a task; return what is answered (JSON, with numbers for addresses).

    What has ended is on record when this returns, and its media are kept.
    """
    upstream = exchange.upstream
    path = "/" + interface.asked.format(id=task.theirs)
    try:
        value = read_upstream(await gate.upstreams.get(upstream, path, _LARGEST))
    except ValueError:
        raise odd(upstream) from None
    end = interface.end(value)
    if end is None:
        raise odd(upstream)
    if end == "running":
        return _written(task.exchange, interface.written(value, task.id, {}))
    if end == "failed":
        return await _failed(gate, task, interface, value, "upstream")
    return await _done(gate, exchange, task, interface, value)


def still_running(interface: Interface, task: Task) -> str:
    """Return the answer to whoever waits no longer while media are taken over."""
    return _written(task.exchange, interface.written({}, task.id, {}, interface.waits))


async def standing(gate: Gate, task: Task) -> Task:
    """Return a task as it stands now; one that was erased meanwhile is unknown (404)."""
    fresh = await gate.media.shelf.book.task(task.id, task.tenant)
    if fresh is None:
        raise BadRequest(NO_TASK, status=404, code="task_not_found")
    return fresh


async def shown(gate: Gate, exchange: str, said: str) -> Any:
    """Return an answer with addresses in the place of the numbers of an exchange's media."""
    return await _shown(gate, exchange, json.loads(said))


async def medium_of(gate: Gate, task: Task) -> Kept | None:
    """Return the first of a task's media; None where it has none."""
    told = json.loads(task.answer)["aigc"].get("media", [])
    return await gate.media.shelf.book.medium(told[0]["url"]) if told else None


async def _shown(gate: Gate, exchange: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: await _shown(gate, exchange, held) for name, held in value.items()}
    if isinstance(value, list):
        return [await _shown(gate, exchange, held) for held in value]
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        medium = await gate.media.shelf.book.medium(value)
        if medium is None or medium.exchange != exchange:  # a word of the server's, like a number
            return ""
        return gate.media.shelf.address(medium)
    return value


def _written(
    exchange: str, body: Mapping[str, Any], media: Sequence[Mapping[str, Any]] = ()
) -> str:
    aigc: dict[str, Any] = {"evidence": evidence_number(exchange)}
    if media:
        aigc["media"] = list(media)
    return json.dumps({**body, "aigc": aigc}, ensure_ascii=False)


async def _failed(gate: Gate, task: Task, interface: Interface, value: Any, reason: str) -> str:
    """Put on record that a task failed, at the server or here."""
    state = "" if reason == "upstream" else interface.fails
    said = _written(task.exchange, interface.written(value, task.id, {}, state))
    return await _end(gate, task, ("failed", said), reason=reason)


@dataclass(slots=True)
class _Taken:
    """The media of an answer that were taken over: numbers by place, and what is told of each."""

    numbers: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)


async def at_once(
    gate: Gate, exchange: Exchange, interface: Interface, value: Any, agreement: str
) -> str | None:
    """Take the media over that a server answers with instead of a task; return what is answered.

    None where it names none. Where none can be labelled, ``UpstreamFailed``.
    """
    if not interface.addresses(value):
        return None
    try:
        taken = await _taken(gate, exchange, interface, value, ("", agreement))
    finally:
        gate.media.forget(exchange.id)  # nobody asks for it again
    if not taken.told:
        raise UpstreamFailed(_NONE_LABELLED.fill(number=exchange.number), code=_WITHHELD)
    body = interface.written(value, "", taken.places)
    return _written(exchange.id, body, taken.told)


async def _done(
    gate: Gate, exchange: Exchange, task: Task, interface: Interface, value: Any
) -> str:
    """Take the media of a task over, each labelled and kept, and put its end on record.

    Of several gateways one does; the others wait for it, and answer what it answered.
    """
    leases = gate.media.leases
    while not await leases.take(task.id):
        await asyncio.sleep(_LOOK_SECONDS)
        if (fresh := await standing(gate, task)).state != "running":
            return fresh.answer
    async with leases.kept(task.id):
        if (fresh := await standing(gate, task)).state != "running":  # it has just let it go
            return fresh.answer
        return await _taken_over(gate, exchange, task, interface, value)


async def _taken_over(
    gate: Gate, exchange: Exchange, task: Task, interface: Interface, value: Any
) -> str:
    taken = await _taken(gate, exchange, interface, value, (task.theirs, task.agreement))
    if not taken.told:
        return await _failed(gate, task, interface, value, "withheld")
    said = _written(task.exchange, interface.written(value, task.id, taken.places), taken.told)
    return await _end(gate, task, ("done", said), taken.numbers)


async def _taken(
    gate: Gate, exchange: Exchange, interface: Interface, value: Any, of: tuple[str, str]
) -> _Taken:
    """Fetch, label and keep the media of an answer; what cannot be labelled is left out.

    ``of`` is the server's id of the task and the number of an agreement. A file that cannot be
    fetched is ``UpstreamFailed``. Whatever breaks it off, what was kept before is withdrawn.
    """
    addresses = [(_CONTENT, "")] if interface.content else interface.addresses(value)
    if not 0 < len(addresses) <= _MOST:
        raise odd(exchange.upstream)
    theirs, agreement = of
    taken = _Taken()
    try:
        async with gate.media.takers:
            for number, (place, address) in enumerate(addresses, 1):
                if place == _CONTENT:
                    item = await _content(gate, exchange, interface, theirs)
                else:
                    item = await fetched(gate, exchange, address, number, _FAMILIES)
                made = await _labelled(gate, exchange, item, agreement)
                if made is None:
                    continue
                [shelved] = await gate.media.shelf.keep([kept(exchange, made, made.plain())])
                medium = shelved.medium.id
                taken.numbers.append(medium)
                taken.told.append({"url": medium, **made.aigc})
                if place != _CONTENT:
                    taken.places[place] = medium
    except BaseException:  # also whoever asked has gone: nobody is told of what was kept
        await gate.keep(_take_back(gate, taken.numbers))
        raise
    return taken


async def _labelled(
    gate: Gate, exchange: Exchange, item: Item, agreement: str
) -> LabelledItem | None:
    """Label one file; None for one that cannot be labelled, which is on record."""
    show = await show_of(gate, exchange, item.medium, agreement)
    try:
        return await labelled(gate, exchange, item, show)
    except UpstreamFailed as failed:
        if failed.code != _WITHHELD:
            raise
        return None


async def _end(
    gate: Gate, task: Task, end: tuple[State, str], kept: Sequence[str] = (), *, reason: str = ""
) -> str:
    """Put the end of a task on record; return what is answered.

    The first end counts: where another gateway wrote it, its answer is returned and what was
    ``kept`` here is withdrawn, as it is where the task was erased meanwhile (404).
    """
    state, said = end
    fields = {
        "task": task.id,
        "exchange": task.exchange,
        "end": "kept" if state == "done" else "failed",
        "media": len(kept),
        "reason": reason,
    }
    shelf = gate.media.shelf
    try:
        fresh = await standing(gate, task)
        if fresh.state == "running":
            ending = task.ending(state, said)
            await shelf.record("media.task_ended", task.tenant, gate.clock(), fields, ending)
            fresh = await standing(gate, task)
    except BadRequest:
        gate.media.forget(task.exchange)
        await _take_back(gate, kept, "erased")
        raise
    gate.media.forget(task.exchange)
    if fresh.answer != said:
        await _take_back(gate, kept)
    return fresh.answer


async def _take_back(gate: Gate, numbers: Sequence[str], cause: Withdrawal = "superseded") -> None:
    """Withdraw what nobody was told of."""
    for number in numbers:
        await gate.media.shelf.withdraw(number, "", "", cause)


async def _content(gate: Gate, exchange: Exchange, interface: Interface, theirs: str) -> Item:
    """Fetch a file that the model server hands out itself, with its key."""
    upstream = exchange.upstream
    path = interface.content.format(id=theirs)
    address = f"{upstream.base_url.rstrip('/')}/{path}"
    own = Hosts((_host_of(address),), private=True)
    try:
        found = await gate.media.fetcher.fetch(
            address, hosts_of(upstream), own=own, headers=authorization(upstream)
        )
    except NotFetched as refused:
        raise refusal(gate, exchange, 1, refused) from None
    return item_of(gate, exchange, found, 1, _FAMILIES)


def _host_of(address: str) -> str:
    """Return host and port of the model server itself, as ``media_hosts`` would name it."""
    url = URL(address)
    host = f"[{url.raw_host}]" if ":" in (url.raw_host or "") else f"{url.raw_host}"
    return host if url.port == _PORTS.get(url.scheme) else f"{host}:{url.port}"


_NONE_LABELLED: Final = Words(
    en="What the model made could not be labelled as AI-generated, so nothing of it is given out. "
    "Evidence number: {number}",
    zh="模型生成的内容无法添加标识，因此未予提供。证据编号：{number}",
)
NO_TASK: Final = Words(
    en="There is no such task, or its time has run out. Check the number; tasks are known to the "
    "tenant that created them only.",
    zh="没有这个任务，或任务已过期。请核对编号；任务只对创建它的租户可见。",
)
