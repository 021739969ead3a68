"""A real Chromium, driven over its own DevTools protocol: enough to open a page and read it."""

import asyncio
import base64
import itertools
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Return the browser on this machine."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.events: list[dict[str, Any]] = []

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its result; what else arrives is kept in ``events``."""
        wanted = next(self._ids)
        await self._socket.send_json({"id": wanted, "method": method, "params": params})
        while True:
            said = await self._socket.receive_json(timeout=30)
            if said.get("id") == wanted:
                assert "error" not in said, said["error"]
                return dict(said["result"])
            self.events.append(said)

    async def run(self, script: str) -> Any:
        """Return what an expression comes to."""
        found = await self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, script: str, seconds: float = 30) -> Any:
        """Return what an expression comes to, once that is true."""
        async with asyncio.timeout(seconds):
            while not (found := await self.run(script)):  # noqa: ASYNC110 - it is another process's state
                await asyncio.sleep(0.05)
        return found

    async def open(self, path: Path) -> None:
        """Open a file, and wait until it has loaded."""
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            await self.ask(f"{domain}.enable")
        await self.ask("Page.navigate", url=path.as_uri())
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def choose(self, selector: str, folder: Path) -> None:
        """Choose a folder in a file input."""
        root = await self.ask("DOM.getDocument")
        found = await self.ask(
            "DOM.querySelector", nodeId=root["root"]["nodeId"], selector=selector
        )
        await self.ask("DOM.setFileInputFiles", nodeId=found["nodeId"], files=[str(folder)])

    async def drop(self, selector: str, folder: Path) -> None:
        """Drop a folder onto an element."""
        box = await self.run(
            f"(({{x, y}}) => [x + 5, y + 5])(document.querySelector({json.dumps(selector)})"
            ".getBoundingClientRect())"
        )
        data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            await self.ask("Input.dispatchDragEvent", type=kind, x=box[0], y=box[1], data=data)

    async def picture(self) -> bytes:
        """Return the whole page as a PNG."""
        shot = await self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])


@asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[Page]:
    """Start a browser of our own with an empty profile; give its first tab; end it."""
    program = chromium()
    assert program is not None
    process = await asyncio.create_subprocess_exec(
        program,
        "--headless=new",
        "--no-sandbox",  # tests may run as root
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        "--window-size=1000,1400",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "LANG": "en_US.UTF-8", "HOME": str(profile)},
    )
    try:
        port = await _port(profile / "DevToolsActivePort")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                tabs = [tab for tab in await answer.json() if tab["type"] == "page"]
            async with session.ws_connect(
                tabs[0]["webSocketDebuggerUrl"], max_msg_size=0
            ) as socket:
                yield Page(socket)
    finally:
        process.kill()
        await process.wait()


async def _port(file: Path) -> str:
    async with asyncio.timeout(30):
        while not (file.exists() and file.read_text(encoding="utf-8")):  # noqa: ASYNC110, ASYNC240 - written by it
            await asyncio.sleep(0.05)
    return file.read_text(encoding="utf-8").splitlines()[0]  # noqa: ASYNC240 - see above
