"""``hegui demo``: a page to look at, or with ``once`` a tour that ends by itself."""

import asyncio
import os
import signal
import sys
import time
import webbrowser
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hegui.runners import compiling
from hegui.terms import Lang, Misconfigured, RuleInfo, Words

if TYPE_CHECKING:
    from hegui.app.demo.caller import Place
    from hegui.app.demo.tour import Checks

_READY = Words(
    en="hegui is up, {ms} ms after it was asked for.",
    zh="hegui 已启动，用时 {ms} 毫秒。",
)
_OPEN = Words(en="Open   {url}", zh="打开页面  {url}")
_PASTE = Words(en="or paste this:", zh="或者粘贴以下命令：")
_SDK = Words(en="or, with the openai SDK:", zh="或者用 openai SDK：")
_STOP = Words(en="Ctrl-C ends it.", zh="按 Ctrl-C 结束。")
_EVIDENCE = Words(
    en="The evidence lies in {path}. Check it yourself: hegui ledger verify -c {config}",
    zh="证据保存在 {path}，可自行核验：hegui ledger verify -c {config}",
)
_NO_SDK = Words(
    en="the tour speaks through the openai SDK, which is not installed: pip install 'hegui[demo]'",
    zh="演示要用到 openai SDK，尚未安装：pip install 'hegui[demo]'",
)
_TOUR = Words(
    en="A tour in {count} steps, through the openai SDK {version}, at {url}",
    zh="共 {count} 步的演示，经 openai SDK {version} 访问 {url}",
)
_PAGE_PORT = 8102
_BRISK = 0.004  # for the tour: a model that breaks off should have said something before
_PACE = 0.03  # seconds between two pieces: slow enough to watch, fast enough not to bore


def _now() -> int:
    return time.time_ns() // 1_000_000


def run(
    *, once: bool, upstream: str | None, lang: Lang | None = None, open_browser: bool = True
) -> int:
    """Run the demo; return the exit code: 0, or 1 when an expectation of the tour did not hold.

    ``upstream`` is the base URL of the user's own model (…/v1): it answers the questions that any
    model can; the practice model still plays the broken one. Its key is taken from the variable
    ``HEGUI_UPSTREAM_KEY``.
    """
    from hegui.app.demo.stage import FOLDER

    began = time.monotonic()
    tongue = lang or _spoken()
    if once:
        return asyncio.run(_tour(tongue, upstream, FOLDER, began))
    return asyncio.run(_page(tongue, upstream, began, open_browser=open_browser))


def _spoken() -> Lang:
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


async def _page(lang: Lang, upstream: str | None, began: float, *, open_browser: bool) -> int:
    from hegui.app.demo import stage as stages
    from hegui.app.demo.caller import Caller
    from hegui.app.demo.page import Facts, Page

    async with AsyncExitStack() as stack:
        behind = await stack.enter_async_context(stages.models(upstream, _PACE))
        ready = await stack.enter_async_context(stages.stage(behind, lang, _now, stages.FOLDER))
        sock = stages.listening(_PAGE_PORT)
        stack.callback(sock.close)
        place, model = ready.place, behind.own_model or "practice"
        facts = Facts(
            started_ms=_since(began),
            paste={
                "zh": paste(place.url, place.key, model, "zh"),
                "en": paste(place.url, place.key, model, "en"),
            },
            own_model=behind.own_model,
            titles={rule.id: rule.title for rule in _rules()},
        )
        page = Page(Caller(place), facts)
        await stack.enter_async_context(stages.serving(page.app, sock))
        url = f"http://{stages.address(sock)}/"
        for line in (
            _READY.fill(ms=facts.started_ms).say(lang),
            _OPEN.fill(url=url).say(lang),
            "\n" + _PASTE.say(lang),
            facts.paste[lang]["curl"],
            "\n" + _SDK.say(lang),
            facts.paste[lang]["snippet"],
            "\n" + _evidence(place.database, ready.settings.path, lang),
            _STOP.say(lang),
        ):
            click.echo(line)
        if open_browser and _has_screen():
            await asyncio.to_thread(webbrowser.open, url)
        await _until_stopped()
    return 0


def _rules() -> list[RuleInfo]:
    return [rule for detector in compiling.builtin() for rule in detector.card.rules.values()]


def _has_screen() -> bool:
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(shown) or sys.platform == "darwin"


async def _until_stopped() -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    await stopped.wait()


def _evidence(database: Path, config: Path | None, lang: Lang) -> str:
    here = Path.cwd()
    shown = [os.path.relpath(path, here) for path in (database, config or database)]
    return _EVIDENCE.fill(path=shown[0], config=shown[1]).say(lang)


def paste(url: str, key: str, model: str, lang: Lang) -> dict[str, str]:
    """Return what a visitor can paste into a terminal, ready with the demo's key."""
    return {
        "curl": curl(url, key, model, lang),
        "snippet": snippet(url, key, model, lang),
    }


def curl(url: str, key: str, model: str, lang: Lang) -> str:
    """Return a ready curl line that asks for a number, so that a mask is seen."""
    asked = "编一个手机号" if lang == "zh" else "make up a mobile number"
    return (
        f"curl -N {url}/v1/chat/completions \\\n"
        f"  -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\\n"
        f'  -d \'{{"model":"{model}","stream":true,'
        f'"messages":[{{"role":"user","content":"{asked}"}}]}}\''
    )


def snippet(url: str, key: str, model: str, lang: Lang) -> str:
    """Return the same for the openai SDK: nothing but the address and the key is special."""
    asked = "编一个手机号" if lang == "zh" else "make up a mobile number"
    return (
        "from openai import OpenAI\n\n"
        f'client = OpenAI(base_url="{url}/v1", api_key="{key}")\n'
        "reply = client.chat.completions.create(\n"
        f'    model="{model}", messages=[{{"role": "user", "content": "{asked}"}}]\n'
        ")\n"
        "print(reply.choices[0].message.content)"
    )


async def _tour(lang: Lang, upstream: str | None, folder: Path, began: float) -> int:
    try:
        import openai
    except ImportError:
        raise Misconfigured(_NO_SDK) from None
    from hegui.app.demo import stage as stages
    from hegui.app.demo import telling, tour

    async with (
        stages.models(upstream, _BRISK) as behind,
        stages.stage(behind, lang, _now, folder) as ready,
        openai.AsyncOpenAI(
            base_url=f"{ready.place.url}/v1", api_key=ready.place.key, max_retries=0
        ) as client,
    ):
        click.echo(_READY.fill(ms=_since(began)).say(lang))
        where = {"count": len(tour.STEPS), "version": openai.__version__, "url": ready.place.url}
        click.echo(_TOUR.fill(**where).say(lang))
        guide = tour.Tour(ready.place, client, lang, behind.own_model or "practice")
        checks: tour.Checks = []
        for number, (title, step) in enumerate(tour.STEPS, 1):
            heard, found = await step(guide)
            checks += found
            for line in telling.step(number, title, heard, found, lang):
                click.echo(line)
        for line in await asyncio.to_thread(_verified, ready.place, checks, lang):
            click.echo(line)
        click.echo(_evidence(ready.place.database, ready.settings.path, lang))
    click.echo(telling.tally(checks, lang))
    return 0 if all(check.held for check in checks) else 1


def _verified(place: "Place", checks: "Checks", lang: Lang) -> list[str]:
    """Verify the ledger, then a copy in which one bit was changed; add both to the checks."""
    from hegui.app.demo import records, telling
    from hegui.app.demo.tour import Check

    copy = place.database.with_name("tampered-copy.db")
    result = records.flip(place.database, place.tenant, copy, place.vkeys)
    checks += [
        Check(Words(en="the ledger verifies", zh="账本核验通过"), result.original.ok),
        Check(Words(en="a changed byte is named", zh="改动的字节被指出"), result.named),
    ]
    lines = [*telling.verdict(result.original, lang), *telling.tampered(result, lang)]
    return ["", *lines, *(telling.told(check, lang) for check in checks[-2:])]
