"""``/statements/{kind}/accept``: a user accepted what is published (Art. 9 para. 2).

For callers with a key. POST puts the acceptance of the version in force on record, by pseudonym,
once per person and version, and answers when it is durable; GET tells whether it is there.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from hegui.callers.caller import subject_in
from hegui.filing.statements import Register, Sort, Version
from hegui.filing.statements.acceptances import Acceptances, insertion
from hegui.filing.statements.register import TENANT
from hegui.gateway.gate import Gate, Incoming, Outbox
from hegui.gateway.http import Doorkeeper, Endpoint
from hegui.gateway.jsonbody import read_object
from hegui.ledger import kinds, leaf
from hegui.ledger.port import Evidencing
from hegui.ledger.tiles import Logs
from hegui.terms import BadRequest, Corrupt, Entry, Words

T = TypeVar("T")

PATH: Final = "/statements/{kind}/accept"
_ACCEPTED: Final = kinds.named("statement.accepted")
_MOST_QUERY: Final = 8_192
_MOST_FIELDS: Final = 16


class Accepting:
    """The endpoint, for all kinds of statements."""

    def __init__(
        self,
        gate: Gate,
        keeper: Doorkeeper,
        ledger: Evidencing,
        logs: Logs,
        rows: Acceptances,
    ) -> None:
        self._gate, self._keeper, self._ledger = gate, keeper, ledger
        self._logs, self._rows = logs, rows
        self._register = Register(gate.settings.data_dir)
        self._under_way: dict[tuple[bytes, str, int], asyncio.Task[int]] = {}

    async def accept(self, sort: Sort, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a POST."""
        served = partial(self._accept, sort)
        await Endpoint(self._gate, self._keeper, served, PATH)(scope, receive, send)

    async def tell(self, sort: Sort, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a GET."""
        served = partial(self._tell, sort, scope["query_string"])
        await Endpoint(self._gate, self._keeper, served, PATH)(scope, receive, send)

    async def _accept(self, sort: Sort, gate: Gate, incoming: Incoming, out: Outbox) -> None:
        body = read_object(incoming.body or b"{}", depth=gate.settings.limits.depth)
        caller = incoming.caller(subject_in(body))
        raw = _identified(caller.subject_raw)
        version = await self._off_loop(self._in_force, sort)
        seen = body.get("version", version.version)
        if type(seen) is not int:
            raise BadRequest(_NO_NUMBER, param="version")
        if seen != version.version:
            words = _ANOTHER.fill(kind=sort.id, version=version.version)
            raise BadRequest(words, status=409, code="statement_changed", param="version")
        row = gate.vault.subject_row(caller.tenant, raw)
        key = (row, version.kind, version.version)
        work = self._under_way.get(key)
        if work is None:  # who asks twice at once waits for the first: one record
            work = asyncio.ensure_future(self._recorded(caller.tenant, raw, version))
            self._under_way[key] = work
            work.add_done_callback(lambda _: self._under_way.pop(key, None))
        out.note(b"cache-control", b"no-store")
        await out.whole(_told(version, await gate.keep(work)))

    async def _tell(
        self, sort: Sort, query: bytes, gate: Gate, incoming: Incoming, out: Outbox
    ) -> None:
        caller = incoming.caller(subject_in(_fields(query)))
        raw = _identified(caller.subject_raw)
        version = await self._off_loop(self._in_force, sort)
        row = gate.vault.subject_row(caller.tenant, raw)
        at = await self._off_loop(self._rows.accepted, caller.tenant, row, version)
        out.note(b"cache-control", b"no-store")
        await out.whole(_told(version, at))

    async def _recorded(self, tenant: str, raw: str, version: Version) -> int:
        """Return when a person accepted a version: before, or now and on record."""
        row = self._gate.vault.subject_row(tenant, raw)
        before = await self._off_loop(self._rows.accepted, tenant, row, version)
        if before is not None:
            return before
        subject, now = self._gate.vault.subject(tenant, raw), self._gate.clock()
        assert subject.pseudonym is not None
        fields = {"statement": version.kind, "version": version.version}
        fields |= {"digest": version.digest, "subject": subject.pseudonym}
        record = leaf.make(_ACCEPTED, now, tenant, fields)
        kept = insertion(tenant, subject.pseudonym, version, now)
        await self._ledger.add(Entry(tenant, record, (*subject.writes, kept)))
        return now

    def _in_force(self, sort: Sort) -> Version:
        """Return the version in force, held against its text and the signed ledger."""
        try:
            version = self._register.newest(sort.id)
            if version is not None:
                self._logs.read(TENANT, partial(self._register.check, version))
                if version.withdrawal is None:
                    self._register.text(version)
                    return version
        except Corrupt:
            raise Corrupt(_CHANGED.fill(kind=sort.id)) from None  # no path of this machine
        words = _UNPUBLISHED.fill(kind=sort.id)
        raise BadRequest(words, status=404, code="statement_not_published")

    async def _off_loop(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(None, work, *args)


def _identified(raw: str | None) -> str:
    if not raw:
        raise BadRequest(_WHO, code="subject_missing", param="user")
    return raw


def _fields(query: bytes) -> dict[str, str]:
    if len(query) > _MOST_QUERY:
        raise BadRequest(_QUERY)
    try:
        return dict(parse_qsl(query.decode("ascii"), errors="strict", max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise BadRequest(_QUERY) from None


def _told(version: Version, at: int | None) -> dict[str, Any]:
    return {
        "statement": version.kind,
        "version": version.version,
        "digest": version.digest,
        "accepted": at is not None,
        "accepted_at": at,
    }


_WHO: Final = Words(
    en="It is not said who accepts. Send the user's signed assertion, or name the user in "
    "safety_identifier or user.",
    zh="未说明由谁同意。请附上用户的签名断言，或在 safety_identifier 或 user 中指明用户。",
)
_NO_NUMBER: Final = Words(
    en="version must be a whole number: the version that the user was shown.",
    zh="version 应为整数，即向用户展示的版本号。",
)
_ANOTHER: Final = Words(
    en="Version {version} of {kind} is in force, and the user was shown another one. Show them "
    "/about/{kind}/{version}, and ask again.",
    zh="{kind} 的现行版本为第 {version} 版，与向用户展示的版本不同。请展示 "
    "/about/{kind}/{version} 后重新征求同意。",
)
_UNPUBLISHED: Final = Words(
    en="No version of {kind} is in force, so there is nothing to accept. Publish it first: hegui "
    "statement publish",
    zh="{kind} 没有现行版本，无可同意。请先公布：hegui statement publish",
)
_CHANGED: Final = Words(
    en="What lies here as {kind} is not what was published, so nobody can accept it. The operator "
    "must put it back; hegui statement show names the file.",
    zh="现存的 {kind} 与公布时不符，无法接受同意。须由运维人员恢复；hegui statement show "
    "会指出具体文件。",
)
_QUERY: Final = Words(
    en="The query cannot be read: it takes user or safety_identifier, in UTF-8.",
    zh="无法读取查询参数：可填 user 或 safety_identifier，须为 UTF-8 编码。",
)
