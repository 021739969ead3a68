"""``POST /label/inspect``: what a platform must tell of a user's file (labelling measures, Art. 6).

For callers with a key. The file comes as a form, with what the user declared; the answer is JSON:
the conclusion, the notice to be shown, and the file with the propagation fields, in base64, where
it changed. On record before it is answered, by digests alone.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from hegui.callers.keys import KeyRecord
from hegui.gateway import label_view
from hegui.gateway.gate import Gate, Outbox
from hegui.gateway.http import Doorkeeper, broken, described
from hegui.gateway.label_page import ended
from hegui.gateway.uploads import Body, Bounds, Upload, upload
from hegui.labels.platforms import LABELS, NOTICES, concluded
from hegui.ledger import kinds, leaf
from hegui.ledger.port import Evidencing
from hegui.runners.label_frames import Broken, Inspect, Inspection, Report
from hegui.runners.label_reader import BUSY, LabelReader
from hegui.terms import BadRequest, Entry, HeguiError, Unavailable, Words

_log = logging.getLogger(__name__)

PATH: Final = "/label/inspect"
_INSPECTED: Final = kinds.named("label.inspected")
_SWALLOW: Final = 20.0
_YES: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_TRACES: Final = ("explicit", "other")
_MOST_NUMBER: Final = 200
_WRITTEN: Final = ("added", "replaced", "kept", "beside")


Seals: TypeAlias = Callable[[bytes | bytearray, Inspection], Awaitable[Inspection]]
"""Has a C2PA manifest signed anew; it is given the file as it came, and what became of it."""


class Numbered(NamedTuple):
    """What is written by: ``number`` makes the number under which a file is spread.

    ``signs`` returns ``ReservedCode2`` for a value of ``Label``, a code and a number. It is asked
    once it is known what a file will have, and the file is then written anew: the process that
    takes it apart has no key. ``seals`` comes last.
    """

    number: Callable[[int], str]
    signs: Callable[[str, str, str], str] | None = None
    seals: Seals | None = None


class LabelInspect:
    """The endpoint."""

    def __init__(
        self,
        gate: Gate,
        keeper: Doorkeeper,
        reader: LabelReader,
        ledger: Evidencing,
        by: Numbered,
    ) -> None:
        self._gate, self._keeper, self._reader = gate, keeper, reader
        self._ledger, self._by = ledger, by
        settings = gate.settings.label_page
        self._bounds = Bounds(settings.bytes, settings.seconds)
        self._most, self._code = settings.at_once, settings.propagator
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers, body = Headers(scope=scope), Body(receive)
        out = Outbox(send, headers.get("accept-language", ""))
        status, after = 200, 0
        file: list[bytes] = []
        answer: Mapping[str, Any]
        try:
            told = await self._answer(headers, body)
            answer, file = _as_data(told), told.file
        except HeguiError as error:
            status, answer, after = described(error, out.accept_language)
        except Exception:  # noqa: BLE001 - the last line: whatever it is, no trace of it goes out
            status, answer, after = described(broken(), out.accept_language)
        if not body.ended and not await body.swallow(_SWALLOW):
            out.note(b"connection", b"close")
        out.note(b"cache-control", b"no-store")
        try:
            if file:
                await out.long(answer, "file", file)
            else:
                await out.whole(answer, status=status, after=after)
        finally:
            out.close()
            self._gate.metrics.requested(PATH, out.status)

    async def _answer(self, headers: Headers, body: Body) -> Inspection:
        key = self._keeper.identify(headers)  # before a byte of the body is read
        if self._held >= self._most:
            raise Unavailable(BUSY, after=2)
        self._held += 1
        try:
            kind, length = headers.get("content-type", ""), headers.get("content-length", "")
            brought = await upload(body, kind, length, self._bounds)
            asked = self._asked(brought)
            told = await self._reader.ask(asked, brought.data)
            if self._by.signs and isinstance(told, Inspection) and told.cause in _WRITTEN:
                value = msgspec.json.decode(told.label)["Label"]
                made = await asyncio.to_thread(self._by.signs, value, asked.code, asked.number)
                asked.reserved = {value: made}
                told = await self._reader.ask(asked, brought.data)
            if isinstance(told, Broken):
                _log.warning("a file could not be read by /label/inspect: %s", told.reason)
                told = _unread(asked, brought, ended(told))
            assert isinstance(told, Inspection)
            if self._by.seals is not None:
                told = await self._by.seals(brought.data, told)
            await self._record(key, asked, told)
            self._gate.metrics.label_read("inspect", told.conclusion)
            return told
        finally:
            self._held -= 1

    def _asked(self, brought: Upload) -> Inspect:
        declared = _YES.get(brought.fields.get("declared", "").strip().lower())
        if declared is None:
            raise BadRequest(_DECLARED, param="declared", code="declaration_missing")
        said = brought.fields.get("traces", "").replace(",", " ").split()
        if not set(said) <= set(_TRACES):
            raise BadRequest(_UNKNOWN.fill(known=", ".join(_TRACES)), param="traces")
        number = brought.fields.get("propagate_id", "").strip()
        if len(number) > _MOST_NUMBER:
            raise BadRequest(_NUMBER.fill(most=_MOST_NUMBER), param="propagate_id")
        number = number or self._by.number(self._gate.clock())
        traces = list(dict.fromkeys(said))
        return Inspect(brought.name, declared, traces, self._code, number)

    async def _record(self, key: KeyRecord, asked: Inspect, told: Inspection) -> None:
        label = msgspec.json.decode(told.label).get("Label", "") if told.label else ""
        fields: dict[str, Any] = {
            "key": key.id,
            "conclusion": told.conclusion,
            "declared": asked.declared,
            "traces": told.traces,
            "found": told.report.count,
            "state": told.report.state,
            "cause": told.cause,
            "label": label if label in LABELS.values() else "",
            "propagate": asked.number if told.cause in _WRITTEN else "",
            "format": told.report.format,
            "before": told.before,
            "after": told.after,
            "manifest": _manifest(told),
        }
        if told.payload:
            fields["payload"] = told.payload
        made = leaf.make(_INSPECTED, self._gate.clock(), key.tenant, fields)
        await self._ledger.add(Entry(key.tenant, made))


def _unread(asked: Inspect, brought: Upload, report: Report) -> Inspection:
    """Return what there is to say of a file that could not be read: what its user declared."""
    said = concluded((), asked.traces, declared=asked.declared, broken=True)
    before = hashlib.sha256(brought.data).hexdigest()
    why = report.findings[0]
    return Inspection(
        report=report,
        traces=asked.traces,
        conclusion=said,
        cause="none" if said == "unreadable" else "refused",
        label="",
        payload="",
        before=before,
        after=before,
        why_en=why.en,
        why_zh=why.zh,
    )


def _as_data(told: Inspection) -> dict[str, Any]:
    notice = NOTICES.get(told.conclusion)
    label = msgspec.json.decode(told.label) if told.label else None
    return {
        "conclusion": told.conclusion,
        "notice": {"zh": notice.zh, "en": notice.en} if notice is not None else None,
        "cause": told.cause,
        "label": label,
        **({} if told.file else {"file": None}),
        "sidecar": told.label if told.cause == "beside" else None,
        "why": {"en": told.why_en, "zh": told.why_zh} if told.why_en else None,
        "signature": _signatures(told, label or {}),
        "c2pa": _sealed(told),
        "traces": told.traces,
        "sha256": {"before": told.before, "after": told.after, "content": told.payload or None},
        "read": label_view.as_data(told.report),
    }


def _signatures(told: Inspection, label: Mapping[str, str]) -> dict[str, Any]:
    """Say whose signatures the label holds; ``dropped`` for one that would cover nothing now."""
    written = told.cause in _WRITTEN
    ours = _told(_SIGNED, "signed") if written and label.get("ReservedCode2") else None
    if ours is None and told.dropped:
        ours = _told(_DROPPED, "dropped")
    theirs = told.cause == "kept" and label.get("ReservedCode1")
    return {"producer": _told(_KEPT, "kept") if theirs else None, "propagator": ours}


def _manifest(told: Inspection) -> str:
    """Return what became of a C2PA manifest; nothing where there is none to tell of."""
    return told.c2pa or ("superseded" if told.manifest else "")


def _sealed(told: Inspection) -> dict[str, str] | None:
    state = _manifest(told)
    stamp = {"time_stamp": told.time_stamp} if told.time_stamp else {}
    return _told(_MANIFESTS[state], state) | stamp if state else None


def _told(words: Words, state: str) -> dict[str, str]:
    return {"state": state, "en": words.en, "zh": words.zh}


_SIGNED: Final = Words(
    en="ReservedCode2 holds your signature of Label, ContentPropagator and PropagateID.",
    zh="ReservedCode2 中是您对 Label、ContentPropagator 和 PropagateID 的签名。",
)
_DROPPED: Final = Words(
    en="The file held an earlier platform's signature, which does not cover the new fields: it is"
    " not in the label any more. To sign them yourself, set label_page.sm2_key.",
    zh="文件原有前一传播平台的签名，不覆盖新的传播要素，因此不再写入标识。"
    "如需自行签名，请配置 label_page.sm2_key。",
)
_KEPT: Final = Words(
    en="ReservedCode1 is the producer's, word for word. It says nothing of the fields that you"
    " wrote.",
    zh="ReservedCode1 为生成者所写，原样保留；它不涉及您写入的传播要素。",
)
_SUPERSEDED: Final = Words(
    en="The file's C2PA manifest is kept, and does not fit the changed file any more: readers will"
    " say that the file was changed. To have it signed anew, set [labels.c2pa].",
    zh="文件中的 C2PA 清单予以保留，但与改动后的文件不再吻合，读取工具会提示文件有改动。"
    "如需重新签名，请配置 [labels.c2pa]。",
)
_RENEWED: Final = Words(
    en="The file has a C2PA manifest signed with your certificate; one that it carried before is"
    " kept in it.",
    zh="文件带有用您的证书签名的 C2PA 清单；原有清单保留在其中。",
)
_UNSIGNED: Final = Words(
    en="No C2PA manifest can be put into this file without other changes; it has the fields alone.",
    zh="为此文件写入 C2PA 清单会改动其他内容，因此只写入了传播要素。",
)
_MANIFESTS: Final = {"superseded": _SUPERSEDED, "signed": _RENEWED, "unsigned": _UNSIGNED}
_DECLARED: Final = Words(
    en="Say what the user declared about the file: declared=yes or declared=no (labelling "
    "measures, Art. 6 and 10).",
    zh="请说明用户对该文件的声明：declared=yes 或 declared=no（标识办法第六条、第十条）。",
)
_UNKNOWN: Final = Words(
    en="traces takes {known}, separated by commas: what your own detectors found.",
    zh="traces 可填 {known}，以逗号分隔：您自己的检测结果。",
)
_NUMBER: Final = Words(
    en="propagate_id has at most {most} characters.", zh="propagate_id 不超过 {most} 个字符。"
)
