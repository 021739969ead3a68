"""verify.html in a real Chromium: it finds what verify.py finds, and speaks to no one."""

import json
import os
import random
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from tests.ledger.export.chromium import Page, browser, chromium, tab
from tests.ledger.export.cosigning import AT, NAME, add, cosigner_of, log_cosigner, text_of
from tests.ledger.export.folders import (
    SIGNER,
    a_record,
    check,
    edit,
    files_of,
    head_of,
    replaced,
    restore_manifest,
)

from hegui.ledger.export import Content, Keys, Opened, Scope, Stamp
from hegui.ledger.export.data import verify
from hegui.ledger.note import Signer

PAGE = Path(verify.__file__).with_name("verify.html")
CODE = "document.querySelector('#result').dataset.code"
SAID = "document.querySelector('#result').innerText"
WHERE = "[...document.querySelectorAll('#result li code')].map(each => each.textContent)"
Write = Callable[..., Path]

needs_chromium = pytest.mark.skipif(
    chromium() is None and not os.environ.get("CI"),
    reason="NOT RUN: no Chromium here, so verify.html is not tried (apt-get install chromium)",
)


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One browser for all tests of a process; each has a tab of its own."""
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
async def page(address: str) -> AsyncIterator[Page]:
    async with tab(address) as opened:
        await opened.open(PAGE)
        yield opened


async def read(page: Page, folder: Path) -> str:
    """Choose a folder and return the exit code that verify.py would end with."""
    await page.run("delete document.querySelector('#result').dataset.code")
    await page.choose("#folder", folder)
    return str(await page.until(CODE))


async def give(page: Page, keys: str) -> None:
    await page.run(f"document.querySelector('#keys').value = {json.dumps(keys)}")


async def reload(page: Page, script: str) -> None:
    await page.ask("Page.addScriptToEvaluateOnNewDocument", source=script)
    await page.open(PAGE)


def test_its_policy_lets_only_its_own_script_and_style_run() -> None:
    text = PAGE.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None

    def digest(tag: str) -> str:
        inside = text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
        return b64encode(sha256(inside.encode()).digest()).decode()

    assert policy[1] == (
        f"default-src 'none'; script-src 'sha256-{digest('script')}';"
        f" style-src 'sha256-{digest('style')}'; base-uri 'none'; form-action 'none'"
    ), "run: python3 tools/stamp_verify_page.py"
    assert not re.search(r"https?://|\bfetch\(|XMLHttpRequest|innerHTML|eval\(", text)


@needs_chromium
async def test_a_whole_export_is_green_in_both_languages(page: Page, folder: Path) -> None:
    assert await read(page, folder) == "0"
    said = await page.run(SAID)
    assert "Everything that was checked holds." in said
    assert "601 records lie under the signed root; 601 of them are here" in said
    assert "The signature was checked under the key that lies in the folder itself" in said
    assert "Art. 19 para. 1" in said
    assert "key.revoked/9\t1\tnot explained" in said
    await page.run("document.querySelector('#other').click()")
    said = await page.run(SAID)
    assert "所检查的内容全部成立。" in said
    assert "第十九条第一款" in said
    assert await page.run("document.querySelector('#result .banner').className") == "banner good"


@needs_chromium
async def test_a_folder_that_is_dropped_is_read(page: Page, folder: Path) -> None:
    await give(page, f"default={SIGNER.vkey}")  # as hegui ledger vkey prints it
    await page.drop("#drop", folder)
    assert await page.until(CODE) == "0"
    assert "lies in the folder itself" not in await page.run(SAID)


@needs_chromium
async def test_it_names_the_same_files_as_verify_py(
    page: Page, write: Write, some_leaves: list[bytes]
) -> None:
    folder, chance = write(leaves=some_leaves[:257]), random.Random(21)
    await give(page, SIGNER.vkey)
    for file in files_of(folder):
        kept = file.read_bytes()
        for restored in (False, True):
            data = bytearray(kept)
            data[chance.randrange(len(kept))] ^= 1 << chance.randrange(8)
            file.write_bytes(data)
            if restored:
                restore_manifest(folder)
            report = check(folder)
            assert await read(page, folder) == str(report.code), file
            found = await page.run(WHERE)
            assert sorted(found) == sorted(where for where, _ in report.problems), file
            file.write_bytes(kept)
            restore_manifest(folder)


@needs_chromium
async def test_it_judges_as_verify_py_does(
    page: Page, write: Write, folder: Path, some_leaves: list[bytes]
) -> None:
    text = b"asked"
    scope = Scope("x", "y", content=Content("z", lambda *_: Opened(text, b"s" * 32)))
    commit = sha256(b"s" * 32 + text).hexdigest()
    fields = {"appeal": "A1", "exchange": "E1", "commit": commit, "content": "kept"}
    appeal = a_record(1, "appeal.received", **fields, contact=False, due=1)
    opened = write(scope, [appeal], name="opened")
    assert await read(page, opened) == "0"
    (opened / "content/A1.appeal").write_bytes(b"another")
    restore_manifest(opened)
    assert await read(page, opened) == "1"
    assert await page.run(WHERE) == ["content/A1.appeal"]
    # the salt takes the content's beginning in: still what was committed to, and not all of it
    (opened / "content/A1.appeal").write_bytes(text[2:])
    replaced(opened / "content.json", (b"s" * 32).hex(), (b"s" * 32 + text[:2]).hex())
    (opened / "content/A2.appeal").write_bytes(b"made up")
    restore_manifest(opened)
    assert await read(page, opened) == "1"
    assert await page.run(WHERE) == ["content/A2.appeal", "content/A1.appeal"]
    assert await read(page, write(pruned=frozenset({3}), name="pruned")) == "0"
    stamped = write(keys=Keys([SIGNER.vkey], stamp=Stamp(head_of([b"1", b"2"]), b"x")), name="s")
    assert await read(page, stamped) == "1"
    assert await page.run(WHERE) == ["timestamp.checkpoint"]
    (stamped / "timestamp.checkpoint").write_text(head_of(some_leaves[:300]), encoding="utf-8")
    restore_manifest(stamped)
    assert await read(page, stamped) == "0"
    for change in ({"bundles": "x"}, {"scope": [1]}, {"record": -1}, {"size": 10**300}):
        edit(folder / "export.json", **change)
        restore_manifest(folder)
        assert await read(page, folder) == "1"
        assert sorted(await page.run(WHERE)) == sorted(w for w, _ in check(folder, "").problems)


@needs_chromium
async def test_a_forged_key_in_the_folder_is_found_where_the_real_one_is_given(
    page: Page, folder: Path
) -> None:
    forger = Signer(SIGNER.name, b"f" * 32)
    text = (folder / "checkpoint").read_text(encoding="utf-8").partition("\n\n")[0] + "\n"
    (folder / "checkpoint").write_text(forger.sign(text), encoding="utf-8")
    (folder / "vkey").write_text(forger.vkey + "\n", encoding="utf-8")
    restore_manifest(folder)
    await give(page, SIGNER.vkey)
    assert await read(page, folder) == "1"
    assert {"vkey", "checkpoint"} <= set(await page.run(WHERE))


@needs_chromium
async def test_it_checks_the_signatures_of_witnesses_as_far_as_a_browser_can(
    page: Page, folder: Path
) -> None:
    classic, later = (cosigner_of(k) for k in (verify.COSIGN_ED25519, verify.COSIGN_ML_DSA))
    text = text_of(folder)
    add(folder, classic.line(text) + later.line(text))
    await give(page, f"{SIGNER.vkey}\n{classic.vkey}\n{later.vkey}")
    assert await read(page, folder) == "0"
    said = await page.run(SAID)
    assert f"witness {NAME} signed this head at {AT} (Unix time)" in said
    assert f"The signature of witness {NAME} could not be checked in this browser." in said
    assert "No independent witness" not in said
    (folder / "witnesses").write_text(classic.vkey + "\n", encoding="utf-8")
    restore_manifest(folder)
    await give(page, SIGNER.vkey)
    assert await read(page, folder) == "0"
    said = await page.run(SAID)
    assert "(its key is only the folder's word)" in said
    assert "No independent witness" in said
    add(folder, classic.line(text.replace("601", "600")))  # beside the one that fits
    assert await read(page, folder) == "1"


@needs_chromium
async def test_keys_of_the_wrong_kind_and_a_key_it_cannot_check_are_never_green(
    page: Page, folder: Path
) -> None:
    text, kept = text_of(folder), (folder / "checkpoint").read_bytes()
    forged = log_cosigner(b"l" * 32)
    (folder / "vkey").write_text(forged.vkey + "\n", encoding="utf-8")
    (folder / "checkpoint").write_text(f"{text}\n{forged.line(text)}", encoding="utf-8")
    restore_manifest(folder)
    assert await read(page, folder) != "0"
    assert "No signature of the log was checked" in await page.run(SAID)
    (folder / "checkpoint").write_bytes(kept)
    (folder / "vkey").write_text(SIGNER.vkey + "\n", encoding="utf-8")
    (folder / "witnesses").write_text(SIGNER.vkey + "\n", encoding="utf-8")
    line = kept.decode().splitlines(keepends=True)[-1]
    other = "B" if line[-20] != "B" else "C"  # in the signature, behind the key's number
    add(folder, line[:-20] + other + line[-19:])
    assert await read(page, folder) == "1"
    assert set(await page.run(WHERE)) >= {"witnesses", "checkpoint"}


@needs_chromium
async def test_a_browser_without_ed25519_is_never_green(page: Page, folder: Path) -> None:
    await reload(
        page,
        "SubtleCrypto.prototype.importKey = () =>"
        " Promise.reject(new DOMException('', 'NotSupportedError'))",
    )
    assert await read(page, folder) == "2"
    assert await page.run("document.querySelector('#result .banner').className") == "banner warn"
    assert "This browser cannot check Ed25519 signatures" in await page.run(SAID)


@needs_chromium
async def test_hostile_files_never_end_it_nor_run_in_it(
    page: Page, write: Write, some_leaves: list[bytes]
) -> None:
    folder = write(Scope("x", "y", named=frozenset({3})), some_leaves[:9])
    (folder / "<img src=x onerror=document.title='owned'>").write_text("x", encoding="utf-8")
    for name in ("export.json", "clauses.json", "checkpoint", "vkey", "proof/003.tlog-proof"):
        kept = (folder / name).read_bytes()
        for data in (
            b"",
            b"\xff" * 40,
            b"[" * 50_000,
            b'{"__proto__":{"x":1},"bundles":[[0,1e9]]}',
        ):
            (folder / name).write_bytes(data)
            assert await read(page, folder) == "1", name
            assert any(name in where for where in await page.run(WHERE))
        (folder / name).write_bytes(kept)
    assert await page.run("document.title") == "Check an evidence export"


@needs_chromium
async def test_it_speaks_to_no_one(page: Page, folder: Path) -> None:
    await read(page, folder)
    blocked = "fetch('http://127.0.0.1:1/').then(() => 'sent', () => 'blocked')"
    assert await page.run(blocked) == "blocked"
    sent = [
        event["params"]["request"]["url"]
        for event in page.events
        if event.get("method") == "Network.requestWillBeSent"
    ]
    assert all(url.startswith(("file:", "blob:")) for url in sent), sent
    faults = [e for e in page.events if e.get("method") == "Runtime.exceptionThrown"]
    assert faults == []
