"""What the law and good sense ask of the settings beyond the type of each key."""

import re
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

from hegui.settings.c2pa import c2pa_faults
from hegui.settings.convert import Reading
from hegui.settings.database import database_faults
from hegui.settings.duties import duty_faults
from hegui.settings.guardrules import guard_faults
from hegui.settings.guards import GuardModel
from hegui.settings.label_page import label_page_faults
from hegui.settings.listen import listen_faults
from hegui.settings.locate import Trail
from hegui.settings.media_films import film_faults
from hegui.settings.schema import Assertion, Settings, Upstream
from hegui.settings.shelf import NO_MEDIA_HOSTS, host_fault, shelf_faults
from hegui.settings.vault import vault_faults
from hegui.settings.witness import MOST_WITNESSES, vkey_fault
from hegui.terms import Words
from hegui.terms.identifiers import (
    propagator_code,
    provider_code,
    provider_code_fault,
    uscc_valid,
)

ROLES: Final = ("system", "user", "tool", "history", "reply")
ACTIONS: Final = ("allow", "mask", "hold", "refuse")
SHARED_KEY: Final = frozenset({"HS256", "HS384", "HS512"})
PUBLIC_KEY: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
_LEAST_KEY_BYTES: Final = {"HS256": 32, "HS384": 48, "HS512": 64}
_PLUGIN: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*|[A-Za-z_][\w.-]*")
_NEEDED_WHEN_PUBLIC: Final = ("operator", "location", "role", "trains_on_inputs")

_Found = tuple[Trail, Words]


def complete(settings: Settings, raw: dict[str, Any]) -> Settings:
    """Fill in the defaults that follow from other keys. Never invents a credit code."""
    provider, screen, ledger = settings.provider, settings.screen, settings.ledger
    media = settings.media
    if not provider.code and uscc_valid(provider.uscc):
        code = f"0011{provider.uscc}1{provider.extension}"
        if provider_code_fault(code) is None:
            provider = replace(provider, code=provider_code(provider.uscc, provider.extension))
    if settings.service.scope == "internal":
        if not _says(raw, "screen", "unjudged"):
            screen = replace(screen, unjudged="allow")
        if not _says(raw, "media", "unjudged"):
            media = replace(media, unjudged="record")
    if not ledger.origin:
        ledger = replace(ledger, origin=f"hegui.local/{slug(settings.service.name)}")
    page = settings.label_page
    if provider.code and not page.propagator:
        page = replace(page, propagator=propagator_code(provider.code))
    settings = replace(settings, label_page=page)
    return replace(settings, provider=provider, screen=screen, media=media, ledger=ledger)


def _says(raw: dict[str, Any], table: str, key: str) -> bool:
    """Whether the file itself sets a key."""
    said = raw.get(table)
    return isinstance(said, dict) and key in said


def slug(name: str) -> str:
    """Return a name for a log: ASCII letters, digits and hyphens; a short digest for Han names."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if plain and name.isascii():
        return plain
    return "-".join(filter(None, [plain, sha256(name.encode()).hexdigest()[:8]]))


def examine(settings: Settings, reading: Reading) -> None:
    """Note everything in ``settings`` that contradicts the law, itself or the machine."""
    rules = (_service, _provider, _upstreams, _screen, _guards, _callers, _ledger)
    for rule in (*rules, _witnesses, _database):
        for trail, words in rule(settings):
            reading.note(trail, words)
    for fault in (
        *listen_faults(settings.listen),
        *label_page_faults(settings.label_page),
        *vault_faults(settings.vault),
        *c2pa_faults(settings.labels.c2pa),
        *shelf_faults(settings.shelf),
        *film_faults(settings.media.films),
        *duty_faults(settings.duties),
    ):
        reading.note(*fault)


def _database(settings: Settings) -> Iterator[_Found]:
    yield from database_faults(settings.postgres)


def _service(settings: Settings) -> Iterator[_Found]:
    service = settings.service
    if service.scope == "internal" and not service.reason:
        yield (
            ("service", "reason"),
            Words(
                "say in writing why the service is not offered to the public; it is recorded "
                "(Art. 2(3))",
                "请书面说明为什么不向公众提供；理由会记录在案（第二条第三款）",
            ),
        )
    if service.scope == "public" and not service.contact:
        yield (
            ("service", "contact"),
            Words(
                "a public service needs a contact for complaints and appeals (Art. 15)",
                "面向公众的服务必须填写投诉、申诉的联系方式（第十五条）",
            ),
        )
    if service.public_url and not _is_url(service.public_url, ("http", "https")):
        yield ("service", "public_url"), _URL


_URL = Words(
    "must be an address that begins with http:// or https:// and holds no password",
    "应为以 http:// 或 https:// 开头的地址，且不含密码",
)


def _is_url(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    good = parts.scheme in schemes and parts.hostname and "@" not in parts.netloc
    return bool(good) and not any(char.isspace() for char in text)


def _provider(settings: Settings) -> Iterator[_Found]:
    provider = settings.provider
    if provider.uscc and not uscc_valid(provider.uscc):
        yield (
            ("provider", "uscc"),
            Words(
                "is not a valid credit code: 18 characters, the last one is a check character "
                "(GB 32100-2015)",
                "不是有效的统一社会信用代码：应为 18 位，最后一位是校验码（GB 32100-2015）",
            ),
        )
    if not re.fullmatch("[0-9A-Z]{4}", provider.extension):
        yield (
            ("provider", "extension"),
            Words("must be four characters, 0-9 and A-Z", "应为四位，只含 0-9 和 A-Z"),
        )
    if provider.code:
        fault = provider_code_fault(provider.code)
        if fault is not None:
            yield ("provider", "code"), fault
        elif provider.uscc and provider.code[4:22] != provider.uscc:
            yield (
                ("provider", "code"),
                Words("holds another credit code than uscc", "其中的信用代码与 uscc 不一致"),
            )


def _upstreams(settings: Settings) -> Iterator[_Found]:
    if not settings.upstreams:
        yield (
            ("upstream",),
            Words("at least one [[upstream]] is needed", "至少需要一个 [[upstream]]"),
        )
    seen: set[str] = set()
    for place, upstream in enumerate(settings.upstreams):
        trail = ("upstream", place)
        if upstream.name in seen:
            yield (*trail, "name"), Words("stands twice", "重复")
        seen.add(upstream.name)
        if upstream.base_url and not _is_url(upstream.base_url, ("http", "https")):
            yield (*trail, "base_url"), _URL
        if any(char in upstream.key.reveal() for char in "\r\n\t"):
            yield (*trail, "key"), _ONE_LINE
        if not upstream.models:
            yield (
                (*trail, "models"),
                Words('names no model; ["*"] means all', '没有模型；["*"] 表示全部'),
            )
        if upstream.media_tasks not in ("", "openai-videos") and not upstream.media_hosts:
            yield (*trail, "media_hosts"), NO_MEDIA_HOSTS
        for number, host in enumerate(upstream.media_hosts):
            fault = host_fault(host)
            if fault is not None:
                yield (*trail, "media_hosts", number), fault
        if settings.service.scope == "public":
            yield from _undeclared(upstream, trail)


_ONE_LINE = Words("the secret must be one line", "密钥应为一行")


def _undeclared(upstream: Upstream | GuardModel, trail: Trail) -> Iterator[_Found]:
    for name in _NEEDED_WHEN_PUBLIC:
        if getattr(upstream, name) in ("", None):
            yield (
                (*trail, name),
                Words(
                    "must be declared for a public service (Art. 7, 11)",
                    "面向公众的服务必须声明（第七条、第十一条）",
                ),
            )


def _screen(settings: Settings) -> Iterator[_Found]:
    screen, public = settings.screen, settings.service.scope == "public"
    only_internal = Words(
        "is possible only when service.scope is internal", "仅在 service.scope 为 internal 时可用"
    )
    if public and screen.unknown_fields == "pass":
        yield ("screen", "unknown_fields"), only_internal
    if public and screen.on_fault == "allow":
        yield ("screen", "on_fault"), only_internal
    seen: set[str] = set()
    for place, detector in enumerate(screen.detectors):
        trail = ("screen", "detector", place)
        if detector.name in seen:
            yield (*trail, "name"), Words("stands twice", "重复")
        seen.add(detector.name)
        if detector.plugin and not _PLUGIN.fullmatch(detector.plugin):
            yield (
                (*trail, "plugin"),
                Words(
                    "must be written module:Name, or be the name of an installed plug-in",
                    "应写作 module:Name，或已安装插件的名称",
                ),
            )
    yield from _actions(screen.actions)


def _guards(settings: Settings) -> Iterator[_Found]:
    seen = {detector.name for detector in settings.screen.detectors}
    for place, guard in enumerate(settings.screen.guards):
        trail = ("screen", "guard", place)
        if guard.name in seen:
            yield (*trail, "name"), Words("stands twice", "重复")
        seen.add(guard.name)
        if guard.base_url and not _is_url(guard.base_url, ("http", "https")):
            yield (*trail, "base_url"), _URL
        if any(char in guard.key.reveal() for char in "\r\n\t"):
            yield (*trail, "key"), _ONE_LINE
        if settings.service.scope == "public":
            yield from _undeclared(guard, trail)
        for key, words in guard_faults(guard):
            yield (*trail, *key), words


def _actions(actions: Any) -> Iterator[_Found]:
    for role, rulings in actions.items():
        trail = ("screen", "actions", role)
        if role not in ROLES:
            listed = ", ".join(ROLES)
            yield trail, Words(f"is no role; roles are {listed}", f"不是角色；角色有 {listed}")
        elif not isinstance(rulings, dict):
            yield trail, Words("must be a table", "应为一张表")
        else:
            for name, action in rulings.items():
                if action not in ACTIONS:
                    listed = ", ".join(ACTIONS)
                    yield (
                        (*trail, name),
                        Words(f"must be one of {listed}", f"应为以下之一：{listed}"),
                    )


def _callers(settings: Settings) -> Iterator[_Found]:
    callers = settings.callers
    if callers.anonymous and not settings.listen.public.loopback:
        yield (
            ("callers", "anonymous"),
            Words(
                "is possible only when listen.public is a loopback address",
                "仅在 listen.public 为本机回环地址时可用",
            ),
        )
    if callers.assertion is not None:
        yield from _assertion(callers.assertion)


def _assertion(assertion: Assertion) -> Iterator[_Found]:
    trail = ("callers", "assertion")
    if bool(assertion.key) == bool(assertion.jwks):
        yield trail, Words("set either key or jwks", "key 与 jwks 应设置其中一个")
    # One family only: a public key must never be taken for a shared secret (RFC 8725, 3.1).
    allowed = SHARED_KEY if assertion.key else PUBLIC_KEY
    if not assertion.algorithms or not allowed.issuperset(assertion.algorithms):
        listed = ", ".join(sorted(allowed))
        yield (
            (*trail, "algorithms"),
            Words(f"must be among {listed}", f"应在以下范围内：{listed}"),
        )
    least = max((_LEAST_KEY_BYTES.get(name, 0) for name in assertion.algorithms), default=0)
    if assertion.key and len(assertion.key.reveal().encode()) < least:
        yield (
            (*trail, "key"),
            Words(
                "must have at least {least} bytes (RFC 7518, 3.2)",
                "至少 {least} 字节（RFC 7518 第 3.2 节）",
            ).fill(least=least),
        )
    if assertion.jwks and not (
        assertion.jwks.startswith("file:") or _is_url(assertion.jwks, ("https",))
    ):
        yield (
            (*trail, "jwks"),
            Words("must be file:PATH or https://…", "应为 file:路径 或 https://…"),
        )
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", assertion.header):
        yield (*trail, "header"), Words("is not the name of a header", "不是合法的请求头名称")


def _ledger(settings: Settings) -> Iterator[_Found]:
    origin = settings.ledger.origin
    if any(char.isspace() or char == "+" for char in origin):
        yield (
            ("ledger", "origin"),
            Words("must hold no space and no plus sign", "不能含有空格和加号"),
        )
    stamp = settings.ledger.timestamp
    if stamp is not None and stamp.url and not _is_url(stamp.url, ("http", "https")):
        yield ("ledger", "timestamp", "url"), _URL


def _witnesses(settings: Settings) -> Iterator[_Found]:
    if len(settings.witnesses) > MOST_WITNESSES:
        most = Words("at most {most} are asked", "最多 {most} 个").fill(most=MOST_WITNESSES)
        yield ("witness", MOST_WITNESSES), most
    seen: set[str] = set()
    for place, witness in enumerate(settings.witnesses):
        trail = ("witness", place)
        if witness.name in seen:
            yield (*trail, "name"), Words("stands twice", "重复")
        seen.add(witness.name)
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", witness.name) or witness.name == "timestamp":
            yield (
                (*trail, "name"),
                Words(
                    "is 1 to 64 letters, digits, dots, hyphens or underscores, and not timestamp",
                    "应为 1 至 64 个字母、数字、点、连字符或下划线，且不能是 timestamp",
                ),
            )
        if witness.url and not _is_url(witness.url, ("http", "https")):
            yield (*trail, "url"), _URL
        for key in ("vkey", "vkey_2"):
            said = getattr(witness, key)
            fault = vkey_fault(said) if said else None
            if fault is not None:
                yield (*trail, key), fault
