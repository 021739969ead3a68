"""Article 12 on one generated picture, speech or film that lies in memory.

Whatever brought the bytes (Base64 in an answer, a file that was fetched), ``labelled`` is the one
way by which they get out: both labels are in place, read back and on record, or nothing is let out
and that is on record.
"""

import asyncio
import hashlib
import logging
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from hegui.gateway.evidence import Exchange
from hegui.gateway.gate import Gate
from hegui.gateway.upstream_failed import UpstreamFailed
from hegui.labels.explicit.choosing import Mode
from hegui.labels.text import header, implicit
from hegui.labels.value import Implicit
from hegui.labels.whole import Whole
from hegui.runners.label_bench import Job
from hegui.terms import BadRequest, Misconfigured, Words

Medium = Literal["image", "audio", "video"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """What a model made, as it came. ``place`` is its place in the exchange, from 1.

    ``encoded``: it comes and goes in Base64. ``judged``: a detector looked at the content itself;
    none that looks at pictures or sound can be attached yet.
    """

    data: bytes = field(repr=False)
    medium: Medium
    place: int = 1
    encoded: bool = False
    judged: bool = False


@dataclass(frozen=True, slots=True)
class LabelledItem:
    """What may leave. ``data`` is Base64 where the item was ``encoded``; ``size`` is the file's."""

    data: bytes = field(repr=False)
    size: int
    mime: str
    format: str
    implicit: Implicit
    aigc: dict[str, Any]
    """What is said of it beside it: its label, and how people see it."""
    encoded: bool = False

    def plain(self) -> bytes:
        """Return the file's own bytes."""
        return b64decode(self.data) if self.encoded else self.data

    def in_base64(self) -> str:
        """Return the file in Base64."""
        return (self.data if self.encoded else b64encode(self.data)).decode("ascii")

    @property
    def header(self) -> str:
        """The ``X-AIGC`` header's value."""
        return header(self.implicit)


@dataclass(frozen=True, slots=True)
class Showing:
    """How people learn of it: ``mode``, and the agreement by which they may not (Art. 9)."""

    mode: Mode
    agreement: str = ""


async def showing(gate: Gate, exchange: Exchange, medium: Medium, agreement: str = "") -> Showing:
    """Return how an item shows its label: pictures and films always carry it themselves.

    Sound may have it in the interface, as the caller's key or the settings say. An ``agreement``
    must hold now and be this subject's own: otherwise ``BadRequest`` (403).
    """
    if agreement:
        subject = await asyncio.to_thread(gate.media.agreed, agreement, gate.clock())
        if not exchange.subject.pseudonym or subject != exchange.subject.pseudonym:
            raise BadRequest(_NOT_YOURS, status=403, code="agreement", param="X-Hegui-Agreement")
        return Showing("agreement", agreement)
    if medium != "audio":
        return Showing("auto")
    asked = exchange.caller.label_mode
    sound = gate.settings.media.sound
    if asked != "default":
        sound = "interface" if asked == "interface" else "rhythm"
    return Showing("interface" if sound == "interface" else "auto")


def require_producer(gate: Gate) -> None:
    """Raise ``Misconfigured`` where there is no provider code: an implicit label needs one."""
    if not gate.producer:
        raise Misconfigured(_NO_CODE)


def label_of(gate: Gate, exchange: Exchange, item: int) -> Implicit:
    """Return the implicit label of an item: its number is the exchange's, and its own place."""
    require_producer(gate)
    return implicit(gate.producer, f"{exchange.id}-{item}")


async def labelled(
    gate: Gate, exchange: Exchange, item: Item, show: Showing | None = None
) -> LabelledItem:
    """Return an item with its labels, once that is durably on record.

    What it is, its bytes say, not what it was called. If any step fails, that is put on record and
    ``UpstreamFailed`` (502) is raised: nothing of it may leave. ``Unavailable`` where no worker is
    free, what signs manifests is away, or the record cannot be written.
    """
    show = show or await showing(gate, exchange, item.medium)
    ours = label_of(gate, exchange, item.place)
    job = Job(item.data, ours, show.mode, (f"{item.medium}/",), item.encoded)
    try:
        _require_small(gate, item)
        done = await gate.media.bench_for(item.medium, show.mode).label(job)
    except BadRequest as error:
        digest = await asyncio.to_thread(hashlib.sha256, item.data)
        came = (len(item.data), digest.hexdigest())
        failed = await withheld(
            gate, exchange, error, medium=item.medium, place=item.place, came=came
        )
        raise failed from None
    sealed = None
    if gate.media.seals is not None:
        sealed = await gate.media.seals.made(item.data, done, encoded=item.encoded)
        done = sealed.labelled if sealed is not None else done
    made = done.whole
    fields = _facts(made, item, done.size) | {"agreement": show.agreement, "judged": item.judged}
    fields["signed"] = sealed is not None
    await gate.evidence.item(exchange, "media.labelled", fields)
    gate.metrics.item(item.medium, "labelled")
    aigc = aigc_of(made.implicit, made.explicit) | {"mime": made.mime, "sha256": made.file}
    if made.encoded:
        aigc["encoded"] = made.encoded
    if sealed is not None:
        aigc["c2pa"] = "signed"
    elif made.manifest:
        aigc["c2pa"] = "superseded"  # never in silence: it bound a file that is another one now
    return LabelledItem(
        made.data, done.size, made.mime, made.format, made.implicit, aigc, item.encoded
    )


async def withheld(
    gate: Gate,
    exchange: Exchange,
    error: BadRequest,
    *,
    medium: Medium,
    came: tuple[int, str],
    place: int = 1,
) -> UpstreamFailed:
    """Put on record that nothing of an item left, and return the error that says so.

    ``came`` are the size and the SHA-256 of what the model gave.
    """
    why = error.words.en  # of the file's form, never of its content
    _log.warning("%s: item %d was withheld (%s): %s", exchange.number, place, error.code, why)
    size, received = came
    fields = {
        "item": place,
        "medium": medium,
        "reason": error.code[:80],
        "size": size,
        "received": received,
    }
    await gate.evidence.item(exchange, "media.withheld", fields)
    gate.metrics.item(medium, "withheld")
    words = Words(
        _WITHHELD.en.format(why=error.words.en, number=exchange.number),
        _WITHHELD.zh.format(why=error.words.zh, number=exchange.number),
    )
    return UpstreamFailed(words, code="media_withheld")


def aigc_of(fields: Implicit, explicit: str) -> dict[str, Any]:
    """Return what an ``aigc`` object says of a label, and of how people see it."""
    return {**msgspec.to_builtins(fields), "explicit": explicit}


def _require_small(gate: Gate, item: Item) -> None:
    most = gate.settings.media.bytes
    if len(item.data) > ((most + 2) // 3 * 4 if item.encoded else most):
        raise BadRequest(_LARGE.fill(most=most), code="too_large")


def facts_of(label: Implicit) -> dict[str, str]:
    """Return what a record says of a label."""
    return {
        "label": label.Label,
        "producer": label.ContentProducer[:200],
        "produce": label.ProduceID[:200],
        "propagator": label.ContentPropagator,
        "propagate": label.PropagateID,
    }


def _facts(made: Whole, item: Item, size: int) -> dict[str, Any]:
    return {
        "item": item.place,
        "medium": item.medium,
        "format": made.format,
        "mime": made.mime,
        "size": size,
        "received": made.received,
        "content": made.content,
        "shown": made.shown,
        "file": made.file,
        "form": made.form,
        "cause": made.cause,
        **facts_of(made.implicit),
        "explicit": made.explicit,
        "manifest": made.manifest,
    }


_NO_CODE: Final = Words(
    en="This service cannot give out pictures or sound: its labels would not name the provider. The"
    " operator must set provider.uscc (GB 45438-2025, 6.1).",
    zh="本服务暂不能提供图片或语音：标识中缺少服务提供者编码。请运维人员设置 provider.uscc"
    "（GB 45438-2025 第 6.1 条）。",
)
_NOT_YOURS: Final = Words(
    en="That agreement is not with the user of this request. Content is given without an explicit"
    " label only to the one who agreed (labelling measures, Art. 9).",
    zh="该协议不属于本次请求的用户。不含显式标识的内容只能提供给签订协议的本人（标识办法第九条）。",
)
_LARGE: Final = Words(en="It is larger than {most} bytes.", zh="大小超过 {most} 字节。")
_WITHHELD: Final = Words(
    en="What the model made could not be labelled as AI-generated, so nothing of it is given out."
    " {why} Ask again, or in another format. Evidence number: {number}",
    zh="模型生成的内容无法添加标识，因此未予提供。{why}请重试或换一种格式。证据编号：{number}",
)
