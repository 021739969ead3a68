"""Statements put together from the settings: drafts, publication on the ledger, withdrawal."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from typing import Final

from hegui.app import parts
from hegui.filing.statements import Register, Sort, Version
from hegui.filing.statements.drafting import draft
from hegui.filing.statements.reading import in_force, read
from hegui.filing.statements.register import TENANT
from hegui.ledger.finding import index_of
from hegui.ledger.kinds import named
from hegui.ledger.leaf import make
from hegui.ledger.shared import SharedLedger
from hegui.settings import Settings
from hegui.terms import BadRequest, Entry, Unavailable, Words

_BEIJING: Final = timezone(timedelta(hours=8))
_LONGEST: Final = 200

_NO_NAME = Words(
    en="--{name} is a name of 1 to 200 characters, without line breaks or control characters: who "
    "answers for this.",
    zh="--{name} 应为 1 至 200 个字符的名称，不含换行和控制字符：由谁负责。",
)
_SAME = Words(
    en="This is word for word version {version}, which is in force: there is nothing to publish.",
    zh="内容与现行第 {version} 版完全相同，无需发布。",
)
_SOONER = Words(
    en="limits.feedback_days is less than appeal_days in [ledger], which is {days}: refusals and "
    "the appeal page would promise a later day. Lower appeal_days, or publish at least {days}.",
    zh="limits.feedback_days 小于 [ledger] 的 appeal_days（{days}）：拦截提示和申诉页面承诺的日期"
    "会更晚。请调低 appeal_days，或公布不少于 {days} 天的时限。",
)
_NONE = Words(
    en="No version of {kind} is in force: there is nothing to withdraw.",
    zh="{kind} 没有现行版本，无可撤回。",
)
_NO_PLACE = Words(
    en="It is on record, but the ledger has given it no place yet, so it is not shown. Publish it "
    "again when the database is back: that makes a new version.",
    zh="已登记，但账本尚未给出位置，因此暂不展示。数据库恢复后请重新发布，届时为新版本。",
)

_STILL_SHOWN = Words(
    en="The withdrawal is on record, but the ledger has given it no place yet, so the version is "
    "still shown as in force. Withdraw it again when the database is back.",
    zh="撤回已登记，但账本尚未给出位置，因此该版本仍按现行有效展示。数据库恢复后请再次撤回。",
)


@dataclass(frozen=True, slots=True)
class Signed:
    """Who answers for an act: a person by role or staff number, and the role."""

    by: str
    role: str


def register_of(settings: Settings) -> Register:
    """Return the register of published versions."""
    return Register(settings.data_dir)


def today() -> date:
    """Return the day in Beijing."""
    return datetime.fromtimestamp(parts.now() / 1_000, UTC).astimezone(_BEIJING).date()


def drafted(settings: Settings, sort: Sort) -> str:
    """Return a draft with what the settings know; everything else is a slot."""
    content, contact = settings.content, settings.service.contact
    minors = "未成年人可以使用。" if settings.service.minors else "不向未成年人提供。"
    style = "每条回复末尾附说明文字" if settings.labels.text == "suffix" else "交互界面持续显示提示"
    kept = {
        "none": "不留存对话内容。",
        "findings": f"仅留存有命中的对话，{content.days} 天后自动删除。",
        "sample": f"留存有命中的对话及 {content.sample_percent}% 抽样，"
        f"{content.days} 天后自动删除。",
        "all": f"留存全部对话，{content.days} 天后自动删除。",
    }[content.keep]
    known = {
        "service-agreement": {"labels": f"文本：{style}。"},
        "privacy": {
            "contact": contact,
            "purposes": content.why.zh,
            "retention": f"{kept}审核记录（不含内容）保存不少于 {content.log_term} 天。",
        },
        "suitability": {"minors": minors},
        "limits": {"mechanism": "、".join(u.operator or u.name for u in settings.upstreams)},
        "labels": {"explicit": f"文本：{style}。"},
        "complaints": {"channels": contact},
    }
    models = sorted({m for u in settings.upstreams for m in u.models if not set(m) & set("*?[")})
    return draft(sort, known.get(sort.id, {}), tuple(models))


def publish(settings: Settings, content: bytes, signed: Signed) -> Version:
    """Publish a file as the next version, on the ledger. What is not fit is a ``BadRequest``."""
    statement = read(content)
    in_force(statement, today())
    days = settings.ledger.appeal_days
    if statement.limits and statement.limits["feedback_days"] < days:
        raise BadRequest(_SOONER.fill(days=days), param="feedback_days")
    _check(signed)
    kind, digest = statement.sort.id, sha256(content).hexdigest()
    register = register_of(settings)
    with register.writing():
        current = _settled(settings, register, kind)
        if current is not None and current.digest == digest:
            raise BadRequest(_SAME.fill(version=current.version), param="file")
        number = max((v.version for v in register.versions() if v.kind == kind), default=0) + 1
        fields = {"statement": kind, "version": number, "digest": digest}
        fields |= {"by": signed.by, "role": signed.role}
        record = make(named("statement.published"), parts.now(), TENANT, fields)
        register.keep_text(content)
        register.note(record, None)  # a number is never given twice, though we are cut off here
        register.note(record, _recorded(settings, record))
        return register.version(kind, number)


def withdraw(settings: Settings, kind: str, by: str) -> Version:
    """Withdraw what is in force. The version stays readable, and is shown as withdrawn.

    A withdrawal that was cut off once it was on record is finished: there is no second record.
    """
    _check(Signed(by, "-"))
    register = register_of(settings)
    with register.writing():
        before = register.current(kind)
        if before is None:
            raise BadRequest(_NONE.fill(kind=kind), param="kind")
        current = _settled(settings, register, kind)
        if current is None:
            return register.version(kind, before.version)
        fields = {"statement": kind, "version": current.version, "by": by}
        record = make(named("statement.withdrawn"), parts.now(), TENANT, fields)
        register.note(current.record, current.index, (None, record))  # we may be cut off here
        index = _recorded(settings, record, _STILL_SHOWN)
        register.note(current.record, current.index, (index, record))
        return register.version(kind, current.version)


def _settled(settings: Settings, register: Register, kind: str) -> Version | None:
    """Return the version in force, after a withdrawal that was cut off was looked for on record."""
    current = register.current(kind)
    if current is None or current.begun is None:
        return current
    index = index_of(parts.place_of(settings), TENANT, current.begun)
    if index is None:
        return current
    register.note(current.record, current.index, (index, current.begun))
    return None


def _recorded(settings: Settings, record: bytes, no_place: Words = _NO_PLACE) -> int:
    ledger = parts.open_ledger(settings)
    try:
        receipt = ledger.add_blocking(Entry(TENANT, record))
        if isinstance(ledger, SharedLedger):
            receipt = ledger.wait(receipt)
    finally:
        ledger.close()
    if receipt.index is None:
        raise Unavailable(no_place)
    return receipt.index


def _check(signed: Signed) -> None:
    for name, value in (("by", signed.by), ("role", signed.role)):
        if not value.strip() or len(value) > _LONGEST or not value.isprintable():
            raise BadRequest(_NO_NAME.fill(name=name), param=name)
