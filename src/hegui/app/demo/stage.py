"""Sets the demo up: ports, the practice model in a process of its own, settings, gateway, key."""

import asyncio
import contextlib
import ipaddress
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import uvicorn
from starlette.types import ASGIApp

from hegui.app import parts
from hegui.app.demo.caller import Place
from hegui.app.published import vkeys_of
from hegui.callers.keys import NewKey, make
from hegui.ledger import leaf
from hegui.ledger.kinds import named
from hegui.settings import Settings, read
from hegui.terms import Clock, Entry, Lang, Misconfigured, Unavailable, Words

TENANT = "demo"
FOLDER = Path("hegui-data") / "demo"
UPSTREAM_KEY = "HEGUI_UPSTREAM_KEY"
_PORTS = 50
_DAY_MS = 86_400_000
_PATIENCE = 30.0

_NO_PORT = Words(
    en="no free port between {first} and {last} on 127.0.0.1: end a program that holds one",
    zh="127.0.0.1 上 {first} 至 {last} 之间没有空闲端口：请结束占用其中一个的程序",
)
_NO_PRACTICE = Words(
    en="the practice model did not start: run {command} to see why",
    zh="练习模型没有启动：运行 {command} 可查看原因",
)
_NO_MODEL = Words(
    en="{url}/models does not name a model: is it an OpenAI-compatible address that ends in /v1? "
    "A key is taken from {variable}",
    zh="{url}/models 没有给出模型：地址是否兼容 OpenAI 并以 /v1 结尾？密钥取自环境变量 {variable}",
)


def listening(first: int) -> socket.socket:
    """Return a listening loopback socket at ``first``, or at the next port that is free."""
    for port in range(first, first + _PORTS):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", port))
            sock.listen(512)
        except OSError:
            sock.close()
            continue
        return sock
    raise Unavailable(_NO_PORT.fill(first=first, last=first + _PORTS - 1))


def address(sock: socket.socket) -> str:
    """Return ``127.0.0.1:port``."""
    return f"127.0.0.1:{sock.getsockname()[1]}"


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the demo."""
        yield


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, sock: socket.socket) -> AsyncIterator[None]:
    """Serve ``app`` on a socket that listens already."""
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",
            lifespan="off",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    served = asyncio.ensure_future(server.serve(sockets=[sock]))
    try:
        yield
    finally:
        server.should_exit = True
        await served


@dataclass(frozen=True, slots=True)
class Models:
    """The models behind the gateway: each behind a tap that notes what it is asked and sends."""

    taps: dict[str, dict[str, str]]
    own_model: str = ""
    own_url: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Where the taps' notes are heard."""
        return tuple(tap["notes"] for tap in self.taps.values())


@contextlib.asynccontextmanager
async def models(upstream: str | None, pace: float) -> AsyncIterator[Models]:
    """Run the practice model (``python -m hegui.testing``) in a process that ends with ours."""
    own = await _first_model(upstream) if upstream else ""
    command = [sys.executable, "-P", "-m", "hegui.testing", "--pace", str(pace)]
    command += ["--upstream", upstream] if upstream else []
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us; the child ends when its input does
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        line = await asyncio.wait_for(child.stdout.readline(), _PATIENCE)
        if not line:
            raise Unavailable(_NO_PRACTICE.fill(command=" ".join(command)))
        yield Models(json.loads(line)["taps"], own, upstream or "")
    finally:
        child.stdin.close()
        try:
            await asyncio.wait_for(child.wait(), 3)
        except TimeoutError:
            child.kill()
            await child.wait()


async def _first_model(url: str) -> str:
    key = os.environ.get(UPSTREAM_KEY)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    found: Any = None
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError, LookupError, TypeError):
        timeout = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{url.rstrip('/')}/models", headers=headers) as reply,
        ):
            found = (await reply.json(content_type=None))["data"][0]["id"]
    if not isinstance(found, str) or not found:
        raise Misconfigured(_NO_MODEL.fill(url=url.rstrip("/"), variable=UPSTREAM_KEY))
    return found


def settings_text(public: str, admin: str, behind: Models, lang: Lang) -> str:
    """Return the demo's ``hegui.toml``: an internal service, so that no public is claimed."""
    zh = lang == "zh"
    reason = (
        "本机演示，不向公众提供服务" if zh else "a demonstration on this machine, for no public"
    )
    lines = [
        "# written by hegui demo, anew at each start",
        'data_dir = "."',
        "[service]",
        'name = "hegui demo"',
        'scope = "internal"',
        f"reason = {json.dumps(reason, ensure_ascii=False)}",
        f'language = "{lang}"',
        f'public_url = "http://{public}"',
        "[listen]",
        f'public = "{public}"',
        f'admin = "{admin}"',
        "[labels]",
        f'language = "{"zh" if zh else "zh+en"}"',
        "[content]",
        "days = 1",
    ]
    for name, tap in behind.taps.items():
        practice = name == "practice"
        lines += [
            "[[upstream]]",
            f'name = "{name}"',
            f'base_url = "{tap["url"]}"',
            f"models = {json.dumps(['practice*'] if practice else ['*'])}",
            f'operator = "{"hegui demo" if practice else "not known to hegui demo"}"',
            f'location = "{"this machine" if practice else urlsplit(behind.own_url).hostname}"',
            f'role = "{"own" if practice or _near(behind.own_url) else "entrusted"}"',
            "trains_on_inputs = false",
        ]
        if not practice and os.environ.get(UPSTREAM_KEY):
            lines.append(f'key = "env:{UPSTREAM_KEY}"')
    return "\n".join(lines) + "\n"


def _near(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_private
    return host == "localhost"


def settled(text: str, folder: Path) -> Settings:
    """Write the settings into ``folder``, which is made for us alone, and read them back."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "hegui.toml"
    path.write_text(text, encoding="utf-8")
    return read(path, os.environ)


@dataclass(frozen=True, slots=True)
class Stage:
    """The demo, ready to play."""

    place: Place
    models: Models
    settings: Settings


@contextlib.asynccontextmanager
async def stage(behind: Models, lang: Lang, clock: Clock, folder: Path) -> AsyncIterator[Stage]:
    """Build the gateway from settings, as ``hegui serve`` does, and serve it."""
    from hegui.app import build

    with contextlib.ExitStack() as sockets:
        public, admin = (
            sockets.enter_context(contextlib.closing(listening(port))) for port in (8100, 8101)
        )
        text = settings_text(address(public), address(admin), behind, lang)
        settings = settled(text, folder)
        key = await asyncio.to_thread(_key, settings, clock())
        gateway = build(settings)
        await gateway.start()
        try:
            async with serving(gateway.public, public), serving(gateway.admin, admin):
                place = Place(
                    url=f"http://{address(public)}",
                    key=key,
                    tenant=TENANT,
                    database=settings.database,
                    notes=behind.notes,
                    vkeys=_published(settings),
                )
                yield Stage(place, behind, settings)
        finally:
            await gateway.stop(1.0)


def _published(settings: Settings) -> dict[str, str]:
    """Return what a provider publishes so that others can check its logs: the verifier keys."""
    return {tenant: vkeys_of(settings, tenant)[0] for tenant in ("default", TENANT)}


def _key(settings: Settings, now: int) -> str:
    """Make a key for a day, on record like any other, before the gateway reads its keys."""
    new = NewKey(tenant=TENANT, expires=now + _DAY_MS, note="hegui demo")
    made = make(parts.pepper(settings), new, now)
    fields = {"key": made.record.id, "audience": "adult", "expires": now + _DAY_MS}
    record = leaf.make(named("key.created"), now, TENANT, fields)
    with contextlib.closing(parts.open_ledger(settings)) as ledger:
        ledger.add_blocking(Entry(TENANT, record, (made.write,)))
    return made.plain
