"""The only place that builds things from settings.

The gateway is imported when it is asked for: commands that only read the ledger answer half a
second sooner without it.
"""

import asyncio
import contextlib
import gc
import signal
import sys
from typing import TYPE_CHECKING, Any

from hegui.settings import Settings
from hegui.terms import Clock, Lang, Words

if TYPE_CHECKING:
    from hegui.app.gateway import Gateway
    from hegui.app.serving import serve_apps

__all__ = ["Gateway", "build", "serve", "serve_apps"]

_SERVING = Words(
    en="hegui serves {service} on http://{public}/v1 ; metrics on http://{admin}/metrics",
    zh="hegui 已为“{service}”启动：http://{public}/v1 ；指标：http://{admin}/metrics",
)
_STOPPING = Words(
    en="stopping; open replies have {grace} seconds",
    zh="正在停止；未完成的回复还有 {grace} 秒",
)
_STOPPED = Words(en="stopped; all records are on disk", zh="已停止；所有记录均已落盘")


def __getattr__(name: str) -> Any:
    """Import the gateway, and what serves it, when they are asked for (PEP 562)."""
    if name == "Gateway":
        from hegui.app.gateway import Gateway

        return Gateway
    if name == "serve_apps":
        from hegui.app.serving import serve_apps

        return serve_apps
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def build(settings: Settings, *, clock: Clock | None = None) -> "Gateway":
    """Return the gateway that the settings describe, not started."""
    from hegui.app import parts
    from hegui.app.gateway import Gateway

    return Gateway(settings, clock or parts.now)


def _settle_memory() -> None:
    """Keep the collector of cycles off what lives as long as the process.

    Requests leave hardly any cycles behind; walking rules and modules again and again for them
    costs a fifth of the throughput.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def serve(settings: Settings, lang: Lang) -> int:
    """Run the gateway as the settings say, until SIGINT or SIGTERM. Returns 0."""
    import uvloop

    from hegui.app.logs import to_stderr
    from hegui.app.requests import MOST_CONNECTIONS
    from hegui.app.serving import bound, serve_sockets

    to_stderr()
    listen = settings.listen

    def tell(words: Words, **values: object) -> None:
        sys.stderr.write(words.fill(**values).say(lang) + "\n")

    with contextlib.ExitStack() as undo:
        public = undo.enter_context(bound(listen.public.host, listen.public.port))
        admin = undo.enter_context(bound(listen.admin.host, listen.admin.port))
        gateway = build(settings)

        async def started() -> None:
            tell(_SERVING, service=settings.service.name, public=listen.public, admin=listen.admin)

        async def stopping() -> None:
            grace = settings.limits.grace_seconds
            tell(_STOPPING, grace=grace)
            await gateway.stop(grace, reason="signal")

        async def run() -> None:
            await gateway.start()
            _settle_memory()
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, gateway.rules.look_again)
            listeners = [(gateway.public, public), (gateway.admin, admin)]
            most = max(MOST_CONNECTIONS, 2 * settings.limits.streams)
            await serve_sockets(listeners, started=started, stopping=stopping, most=most)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run())
    tell(_STOPPED)
    return 0
