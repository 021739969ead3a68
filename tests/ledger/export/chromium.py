"""A real Chromium, driven over its own DevTools protocol: enough to open a page and read it."""

import asyncio
import base64
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
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
            said = await self._socket.receive_json(timeout=100)
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

    async def until(self, script: str, seconds: float = 100) -> Any:
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


@contextmanager
def browser(profile: Path) -> Iterator[str]:
    """Start a browser of our own with an empty profile; give its address; end it."""
    program = chromium()
    assert program is not None, "there is no Chromium here: apt-get install chromium"
    process = subprocess.Popen(  # noqa: S603 - the browser of this machine
        [
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
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LANG": "en_US.UTF-8", "HOME": str(profile)},
    )
    try:
        yield f"http://127.0.0.1:{_port(profile / 'DevToolsActivePort')}"
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def tab(address: str) -> AsyncIterator[Page]:
    """Open a tab of a running browser, and close it."""
    async with aiohttp.ClientSession() as session:
        async with session.put(f"{address}/json/new?about:blank") as answer:
            made = await answer.json()
        async with session.ws_connect(made["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            yield Page(socket)
        async with session.get(f"{address}/json/close/{made['id']}"):
            pass


def _port(file: Path) -> str:
    until = time.monotonic() + 100
    while not (file.exists() and file.read_text(encoding="utf-8")):
        assert time.monotonic() < until, "Chromium did not start within 100 seconds"
        time.sleep(0.05)
    return file.read_text(encoding="utf-8").splitlines()[0]
