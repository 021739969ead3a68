"""The way of a task: created at a model server, asked for until it has ended, its media labelled.

Read ``create`` and ``answer`` from top to bottom. A caller knows a task by our number only, and
only the tenant that created it is told of it. At the first answer that says it is done the media
are taken over; whoever asks again gets the same addresses, also after a restart.
"""

import asyncio
import re
from dataclasses import replace
from typing import Any, Final

import aiohttp

from hegui.gateway import exchange as way
from hegui.gateway.evidence import Exchange, evidence_number
from hegui.gateway.gate import Gate, Incoming, Outbox
from hegui.gateway.jsonbody import write
from hegui.gateway.media import ending
from hegui.gateway.media.calling import MediaCall
from hegui.gateway.media.ending import Ending
from hegui.gateway.media.labelling import Medium, Showing, require_producer
from hegui.gateway.media.taking_over import UNIDENTIFIED, show_of
from hegui.gateway.media.task_request import TaskRequest, read_request
from hegui.gateway.media.task_results import (
    NO_TASK,
    advanced,
    at_once,
    medium_of,
    shown,
    standing,
    still_running,
)
from hegui.gateway.refusals import SUSPENDED
from hegui.gateway.upstream_failed import odd
from hegui.labels.recognising import HEAD, recognised
from hegui.shelf.book import Task
from hegui.shelf.tasks import Interface
from hegui.terms import (
    Action,
    BadRequest,
    Corrupt,
    Misconfigured,
    Unavailable,
    Words,
)

_PASSED_ON: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
AGREEMENT: Final = "x-hegui-agreement"
_LARGEST: Final = 1_048_576  # bytes of an answer that names a task
_DAY_MS: Final = 86_400_000
_STRETCH: Final = 1_048_576


async def create(
    gate: Gate, incoming: Incoming, out: Outbox, interface: Interface, below: str
) -> None:
    """Create a task (Art. 4, 9, 10, 11, 12, 14)."""
    require_producer(gate)
    content_type = incoming.headers.get("content-type", "")
    depth = gate.settings.limits.depth
    request = await asyncio.to_thread(read_request, incoming.body, content_type, depth=depth)
    if request.form:
        kept = await asyncio.to_thread(request.kept)
        incoming = replace(incoming, body=kept)  # files are not kept, their digests are
    upstream = gate.upstreams.for_task(request.model, interface.name)
    request.outgoing(interface, marked=upstream.films_show_notice)  # refused before it is recorded
    medium: Medium = "video" if interface.films.search(below) else "image"
    exchange = way.begin(gate, incoming, request.chat, upstream)
    agreement = incoming.headers.get(AGREEMENT, "")
    show = await show_of(gate, exchange, medium, agreement)
    require_showable(gate, medium, show)
    await way.judge(gate, request.chat, exchange)
    ending.rule_on_unjudged(gate, exchange, medium)
    asked = gate.evidence.asked(exchange, len(request.chat.unjudged) + 1)
    if exchange.prompt.action > Action.MASK:
        return await ending.refuse_question(gate, exchange, asked, out)
    headers = {name: incoming.headers.get(name, "") for name in interface.headers}
    sent = {name: value for name, value in headers.items() if _PASSED_ON.fullmatch(value)}
    end = Ending(gate, exchange)
    calling = asyncio.ensure_future(_call(gate, exchange, request, interface, (below, sent)))
    receipt, called = await way.both(asked, calling, gate, exchange, out)
    try:
        async with end.closed(out):
            value = await called.whole(_LARGEST)
            theirs = interface.theirs(value)
            if theirs:
                task = await _record(gate, exchange, (interface, theirs, agreement))
                body = interface.written(value, task.id, {}) | {"aigc": _evidence(exchange)}
                end.outcome.notes |= {"tasks": 1}
            else:
                end.keeps = True
                said = await at_once(gate, exchange, interface, value, agreement)
                if said is None:
                    raise odd(upstream)
                body = await shown(gate, exchange.id, said)
                end.outcome.notes |= {"files": len(body["aigc"]["media"])}
            body["aigc"]["ledger"] = {"asked": receipt.index}
            await end.record("complete")
            out.head(evidence=exchange.number, aigc=None)
            await out.whole(body)
    finally:
        called.stop()


async def answer(
    gate: Gate, incoming: Incoming, out: Outbox, interface: Interface, number: str
) -> None:
    """Tell how far a task is; once it is done, where its labelled media are.

    Media are taken over once, and to the end though this caller leaves or waits no longer: whoever
    waits is told after a while that the task is still running.
    """
    task = await task_of(gate, incoming, interface, number)
    require_served(gate, task)
    said = task.answer
    if task.state == "running":
        exchange = _resumed(gate, incoming, task)
        work = gate.media.once(task.id, lambda: _settled(gate, exchange, task, interface))
        await asyncio.wait({work}, timeout=gate.media.patience)
        said = work.result() if work.done() else still_running(interface, task)
    out.head(evidence=evidence_number(task.exchange), aigc=None)
    await out.whole(await shown(gate, task.exchange, said))


async def content(
    gate: Gate, incoming: Incoming, out: Outbox, interface: Interface, number: str
) -> None:
    """Hand out the labelled film of a task (``GET /v1/videos/{id}/content``)."""
    task = await task_of(gate, incoming, interface, number)
    require_served(gate, task)
    if task.state == "running":
        raise BadRequest(_NOT_DONE, status=409, code="task_not_done")
    medium = await medium_of(gate, task)
    if medium is None:
        raise BadRequest(_NO_FILE, status=404, code="not_found")
    if medium.ended is not None or medium.expires <= gate.clock():
        raise BadRequest(_ENDED, status=410, code="media_ended")
    at = 0
    while at < medium.size:
        data = await gate.media.shelf.blobs.read(medium.file, at, _STRETCH)
        if not data:
            raise Corrupt(_SHORT.fill(number=medium.id))
        at += len(data)
        await out.plain(data, medium.mime, last=at >= medium.size)


async def task_of(gate: Gate, incoming: Incoming, interface: Interface, number: str) -> Task:
    """Return the task of that number if it is this tenant's; another's is unknown (404)."""
    caller = incoming.caller(None)
    task = await gate.media.shelf.book.task(number, caller.tenant)
    if task is None or task.interface != interface.name or task.expires <= gate.clock():
        raise BadRequest(NO_TASK, status=404, code="task_not_found")
    return task


def require_served(gate: Gate, task: Task) -> None:
    """Refuse to tell of a task whose user has been suspended since (Art. 14 para. 2)."""
    subject = gate.vault.known(task.tenant, task.subject)
    if subject is not None and subject.row is not None and gate.standing.suspended(subject.row):
        number = evidence_number(task.exchange)
        raise gate.judge.refusals.of("answer", SUSPENDED, number).error()


def require_showable(gate: Gate, medium: Medium, show: Showing) -> None:
    """Raise ``Misconfigured`` where a film would have to bear a notice that cannot be put into it.

    Before the model server is asked: what could not be given out is not made.
    """
    if medium == "video" and show.mode == "auto" and gate.media.films is None:
        raise Misconfigured(_NO_FILMS)


async def _settled(gate: Gate, exchange: Exchange, task: Task, interface: Interface) -> str:
    """Ask the model server how far a task is; return what is answered."""
    fresh = await standing(gate, task)
    if fresh.state != "running":
        gate.media.forget(task.exchange)
        return fresh.answer
    return await advanced(gate, exchange, fresh, interface)


async def _call(
    gate: Gate,
    exchange: Exchange,
    request: TaskRequest,
    interface: Interface,
    where: tuple[str, dict[str, str]],
) -> MediaCall:
    """Ask the model server to take the task on, at a path and with headers that it knows."""
    below, headers = where
    upstream = exchange.upstream
    value = request.outgoing(interface, marked=upstream.films_show_notice)
    data = _form(value, request.uploads) if request.form else write(value)
    patience = float(gate.settings.media.reply_seconds)
    with exchange.watch.upstream():
        response = await gate.upstreams.post(
            upstream, f"/{below}", data, first=patience, headers=headers
        )
        return MediaCall(upstream, response)


def _form(value: dict[str, Any], uploads: tuple[bytes, ...]) -> aiohttp.FormData:
    """Return the form written anew: files under a name of ours, which says nothing."""
    form = aiohttp.FormData(default_to_multipart=True)
    for name, held in value.items():
        form.add_field(name, str(held))
    for data in uploads:
        found = recognised(data[:HEAD], "")
        mime = found.mime[0] if found is not None else "application/octet-stream"
        form.add_field("input_reference", data, filename="reference", content_type=mime)
    return form


def _evidence(exchange: Exchange) -> dict[str, Any]:
    return {"evidence": exchange.number}


async def _record(gate: Gate, exchange: Exchange, made: tuple[Interface, str, str]) -> Task:
    """Put a task on record, and its row with it: from then on it is known."""
    interface, theirs, agreement = made
    now, shelf = gate.clock(), gate.media.shelf
    task = Task(
        id=f"task-{exchange.id}",
        tenant=exchange.caller.tenant,
        exchange=exchange.id,
        subject=exchange.subject.pseudonym or UNIDENTIFIED,
        upstream=exchange.upstream.name,
        interface=interface.name,
        theirs=theirs,
        agreement=agreement,
        created=now,
        expires=now + _DAY_MS + shelf.term_ms,
    )
    fields = {
        "task": task.id,
        "exchange": exchange.id,
        "upstream": task.upstream[:80],
        "interface": task.interface,
    }
    await shelf.record("media.task", task.tenant, now, fields, task.insertion())
    return task


def _resumed(gate: Gate, incoming: Incoming, task: Task) -> Exchange:
    """Return the exchange in which a task was created, as far as its end needs it."""
    caller = incoming.caller(None)
    upstream = next((one for one in gate.upstreams.all() if one.name == task.upstream), None)
    if upstream is None:
        raise Unavailable(_NO_SERVER)
    subject = gate.vault.known(task.tenant, task.subject)
    return Exchange(
        id=task.exchange,
        judge=gate.judge,
        caller=caller,
        subject=subject or gate.vault.subject(task.tenant, None),
        body=b"",
        model="",
        upstream=upstream,
        policy=gate.policy(caller, upstream),
        stream=False,
    )


_NOT_DONE: Final = Words(
    en="The film is not there yet. Ask for the task until it is done, then for its content.",
    zh="视频尚未生成完毕。请先查询任务状态，完成后再获取内容。",
)
_NO_FILE: Final = Words(
    en="The task ended without a film. Ask for the task to see how.",
    zh="任务结束时没有产生视频。请查询任务以了解原因。",
)
_ENDED: Final = Words(
    en="The film has been withdrawn, or its time has run out. Create it again.",
    zh="视频已被撤回或已过期。请重新生成。",
)
_SHORT: Final = Words(
    en="The kept file {number} is shorter than it was when it was kept. Look at its store.",
    zh="保存的文件 {number} 比存入时短。请检查存储。",
)
_NO_SERVER: Final = Words(
    en="The model server of this task is not in the settings any more. The operator must put it "
    "back until its tasks have ended.",
    zh="该任务的模型服务已不在配置中。请运维人员在任务结束前恢复该配置。",
)
_NO_FILMS: Final = Words(
    en="This service cannot give out films: hegui cannot put the notice into a film itself here. "
    "The operator can install PyAV and Pillow beside hegui (pip install av 'hegui[media]'; the "
    "ready-made PyAV holds x264 and x265, which are under the GPL), or set films_show_notice = "
    "true for the model server, if its films show the notice already (GB 45438-2025, 5.4).",
    zh="本服务暂不能提供视频：hegui 在此无法自行在视频中写入显式标识。请运维人员安装 PyAV 和"
    " Pillow（pip install av 'hegui[media]'；PyAV 预编译包内含 GPL 许可的 x264 和 x265）；"
    "如模型服务生成的视频已显示标识，也可为其设置 films_show_notice = true"
    "（GB 45438-2025 第 5.4 条）。",
)
