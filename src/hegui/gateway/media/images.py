"""The way of a request for pictures. Read ``_run`` from top to bottom."""

import asyncio
from dataclasses import replace
from typing import Any, Final

from hegui.gateway import exchange as way
from hegui.gateway.evidence import Exchange
from hegui.gateway.gate import Gate, Incoming, Outbox
from hegui.gateway.media import ending, wire
from hegui.gateway.media.calling import MediaCall, call, too_many
from hegui.gateway.media.ending import Ending
from hegui.gateway.media.images_streamed import StreamedPictures
from hegui.gateway.media.labelling import (
    Item,
    LabelledItem,
    Showing,
    aigc_of,
    labelled,
    require_producer,
    showing,
)
from hegui.gateway.media.taking_over import fetched, kept
from hegui.gateway.media.wire import MediaRequest, Picture
from hegui.gateway.prompts import cause_of
from hegui.gateway.upstream_failed import odd
from hegui.labels.text import header, implicit
from hegui.screen.masks import masked
from hegui.terms import Action, Receipt, Role

AGREEMENT: Final = "x-hegui-agreement"
_SIDE_BY_SIDE: Final = 2  # pictures of one answer that are labelled at a time
_ROOM: Final = 1_048_576  # bytes of an answer besides its pictures


async def generations(gate: Gate, incoming: Incoming, out: Outbox) -> None:
    """Answer ``POST /v1/images/generations``."""
    request = wire.read_generation(incoming.body, depth=gate.settings.limits.depth)
    await _run(gate, incoming, out, request, "/images/generations")


async def edits(gate: Gate, incoming: Incoming, out: Outbox) -> None:
    """Answer ``POST /v1/images/edits``."""
    request = wire.read_edit(incoming.body, incoming.headers.get("content-type", ""))
    kept = await asyncio.to_thread(request.kept)
    incoming = replace(incoming, body=kept)  # what is kept of a request holds no pictures
    await _run(gate, incoming, out, request, "/images/edits")


async def _run(
    gate: Gate, incoming: Incoming, out: Outbox, request: MediaRequest, path: str
) -> None:
    """Answer one request for pictures (Art. 4, 9, 10, 11, 12, 14)."""
    require_producer(gate)
    exchange = way.begin(gate, incoming, request.chat)
    show = await showing(gate, exchange, "image", incoming.headers.get(AGREEMENT, ""))
    await way.judge(gate, request.chat, exchange)
    ending.rule_on_unjudged(gate, exchange, "image")
    asked = gate.evidence.asked(exchange, len(request.chat.unjudged) + request.count)
    if exchange.prompt.action > Action.MASK:
        return await ending.refuse_question(gate, exchange, asked, out)
    end = Ending(gate, exchange)
    calling = asyncio.ensure_future(call(gate, exchange, request, path))
    receipt, answer = await way.both(asked, calling, gate, exchange, out)
    try:
        async with end.closed(out):
            if request.streamed:
                way_out = StreamedPictures(gate, exchange, request, show)
                return await way_out.give(answer, end, out, _evidence(exchange, receipt))
            told, pictures = await _pictures(gate, request, answer)
            said = await _judged(exchange, end, [picture.said for picture in pictures])
            made = await _labelled(gate, exchange, show, pictures)
            end.keeps = request.addressed
            entries = await _entries(gate, exchange, made, addressed=request.addressed)
            body = _body(told, entries, said)
            _note(end, exchange, made, said)
            label = implicit(gate.producer, exchange.id)
            body["aigc"] = {
                **aigc_of(label, body["data"][0]["aigc"]["explicit"]),
                **_evidence(exchange, receipt),
            }
            await end.record("complete")
            out.head(evidence=exchange.number, aigc=header(label))
            gate.metrics.added(exchange.watch.added())
            await out.whole(body)
    finally:
        answer.stop()


async def _pictures(
    gate: Gate, request: MediaRequest, answer: MediaCall
) -> tuple[dict[str, Any], list[Picture]]:
    most = gate.settings.media.bytes * request.count * 4 // 3 + _ROOM
    value = await answer.whole(most)
    found = wire.pictures_of(value)
    if not found:
        raise odd(answer.upstream)
    if len(found) > request.count:
        raise too_many(answer.upstream, len(found), request.count)
    return wire.told_of(value), found


async def _labelled(
    gate: Gate, exchange: Exchange, show: Showing, pictures: list[Picture]
) -> list[LabelledItem]:
    """Return the pictures with their labels; one that cannot have them stops all."""
    turn = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(place: int, picture: Picture) -> LabelledItem:
        async with turn:
            if picture.data:
                item = Item(picture.data, "image", place, encoded=True)
            else:
                item = await fetched(gate, exchange, picture.address, place, ("image",))
            return await labelled(gate, exchange, item, show)

    tasks = [asyncio.ensure_future(one(n, each)) for n, each in enumerate(pictures, 1)]
    try:
        return await asyncio.gather(*tasks)
    finally:  # the rest is not waited for
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _entries(
    gate: Gate, exchange: Exchange, made: list[LabelledItem], *, addressed: bool
) -> list[dict[str, Any]]:
    """Return the pictures as they are answered: in Base64, or kept under addresses of ours."""
    if not addressed:
        data = [await asyncio.to_thread(item.in_base64) for item in made]
        return [
            {"b64_json": each, "aigc": item.aigc} for each, item in zip(data, made, strict=True)
        ]
    files = [kept(exchange, item, await asyncio.to_thread(item.plain)) for item in made]
    shelved = await gate.media.shelf.keep(files)
    return [
        {"url": each.address, "aigc": item.aigc} for each, item in zip(shelved, made, strict=True)
    ]


def _body(told: dict[str, Any], entries: list[dict[str, Any]], said: list[str]) -> dict[str, Any]:
    for entry, text in zip(entries, said, strict=True):
        if text:
            entry["revised_prompt"] = text
    return {**told, "data": entries}


def _note(end: Ending, exchange: Exchange, made: list[LabelledItem], said: list[str]) -> None:
    """Note for the record what is handed on."""
    end.outcome.released = {f"{n}.revised_prompt": text for n, text in enumerate(said) if text}
    end.outcome.label = {"mode": made[0].aigc["explicit"], "produce_id": exchange.id}
    end.outcome.notes |= {"pictures": len(made), "unjudged": len(made)}


async def _judged(exchange: Exchange, end: Ending, said: list[str]) -> list[str]:
    """Judge what the model says of its pictures; masked, or the whole answer is refused."""
    texts = [text for text in said if text]
    if not texts:
        return said
    judge, prompt, tally = exchange.judge, exchange.prompt, end.outcome.tally
    verdicts = await judge.screen(texts, [Role.REPLY] * len(texts), exchange.policy)
    shown = {}
    for text, verdict in zip(texts, verdicts, strict=True):
        tally.findings += verdict.findings
        tally.faults += verdict.faults
        tally.action = max(tally.action, verdict.action)
        if verdict.action > Action.MASK:
            cause = cause_of(verdict, Role.REPLY, exchange.policy, judge.panel.rules)
            await end.record("refused", status=400)
            raise judge.refusals.of("answer", cause, exchange.number).error(prompt.lang)
        shown[text] = masked(text, verdict.masks, prompt.masks, judge.panel.rules)
    return [shown.get(text, "") for text in said]


def _evidence(exchange: Exchange, receipt: Receipt) -> dict[str, Any]:
    return {"evidence": exchange.number, "ledger": {"asked": receipt.index}}
