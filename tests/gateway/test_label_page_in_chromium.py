"""The page in a real browser: a file is dropped, keys alone do, and no script of a file runs."""

import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.gateway.spine import Spine, spine
from tests.ledger.export.chromium import Page, browser, chromium, tab

from hegui.labels.formats.png import PNG
from hegui.labels.value import Implicit
from hegui.testing import pictures
from hegui.testing.labelled import CODE, labelled

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        chromium() is None and not os.environ.get("CI"),
        reason="NOT RUN: no Chromium here, so /label is not tried (apt-get install chromium)",
    ),
]
EVIL = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[Spine]:
    async with spine(tables="[label_page]\nper_minute = 6000\n") as s:
        yield s


async def go(page: Page, url: str) -> None:
    for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
        await page.ask(f"{domain}.enable")
    await page.ask("Page.navigate", url=url)
    await page.until(f"location.href === {json.dumps(url)} && document.readyState === 'complete'")


async def press(page: Page, key: str, code: int) -> None:
    for kind in ("keyDown", "keyUp"):
        text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
        await page.ask(
            "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text
        )


def troubles(page: Page) -> list[Any]:
    """Return what the browser complained of: a policy that was broken, a script that failed."""
    names = ("Log.entryAdded", "Runtime.exceptionThrown")
    said = [one["params"] for one in page.events if one.get("method") in names]
    return [one for one in said if "favicon" not in json.dumps(one)]


async def test_a_dropped_file_is_read_and_keys_alone_send_it(
    house: Spine, address: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(labelled(PNG, pictures.samples()["png"]))
    async with tab(address) as page:
        await go(page, f"{house.base}/label?lang=en")
        await page.drop("#file", file)
        assert await page.until("document.querySelector('#file').files.length") == 1
        order = []
        for _ in range(3):
            await press(page, "Tab", 9)
            order.append(await page.run("document.activeElement.tagName"))
        assert order == ["A", "INPUT", "BUTTON"]
        await press(page, "Enter", 13)
        await page.until("document.querySelector('.verdict') !== null")
        assert (await page.run("document.title")).startswith("compliant · ")
        assert "AI-generated" in await page.run("document.querySelector('.verdict').innerText")
        assert troubles(page) == []


async def test_no_value_of_a_label_runs_and_nothing_is_wider_than_a_telephone(
    house: Spine, address: str, tmp_path: Path
) -> None:
    label = Implicit("1", EVIL, "x" * 2_000, "", CODE, EVIL, "")
    file = tmp_path / "<b>a.png"
    file.write_bytes(labelled(PNG, pictures.samples()["png"], label))
    async with tab(address) as page:
        size = {"width": 360, "height": 700, "deviceScaleFactor": 1, "mobile": False}
        await page.ask("Emulation.setDeviceMetricsOverride", **size)
        await go(page, f"{house.base}/label?lang=zh")
        await page.choose("#file", file)
        await page.run("document.querySelector('button').click()")
        await page.until("document.querySelector('.noncompliant') !== null")
        assert "taken" not in await page.run("document.title")
        assert (
            await page.run("document.querySelectorAll('main script, main img, main b').length") == 0
        )
        root = "document.documentElement"
        assert await page.run(f"{root}.scrollWidth <= {root}.clientWidth")
        assert EVIL in await page.run("document.querySelector('main').innerText")
        assert troubles(page) == []
