import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from hegui.callers.assertion import Assertions
from hegui.runners.process import ProcessRunner
from hegui.settings import inspect, read
from hegui.terms import Findings, TextColumn
from hegui.testing.ports import free_port
from hegui.testing.practice import PracticeModel
from hegui.testing.serve import running_in_thread

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "docs" / "examples"
READMES = ("README.md", "README.zh.md")
HEGUI = str(Path(sys.executable).with_name("hegui"))


def blocks(name: str, kind: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", READMES)
def test_the_plug_in_in_the_readme_is_the_example_and_has_ten_lines(name: str) -> None:
    code = (EXAMPLES / "codenames.py").read_text(encoding="utf-8")
    assert code in blocks(name, "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 10


async def test_the_example_plug_in_finds_what_it_is_told_to() -> None:
    settings = read(EXAMPLES / "hegui.toml", {})
    (attached,) = settings.screen.detectors
    environ = {**os.environ, "PYTHONPATH": str(EXAMPLES), "PYTHONDONTWRITEBYTECODE": "1"}
    runner = ProcessRunner(attached.plugin, attached.options, 10_000, environ=environ)
    try:
        card = await runner.start()
        column = TextColumn.of(["nothing here", "关于青竹计划，Northlight 和青竹计划"])
        found = await runner.inspect(column)
    finally:
        await runner.close()
    assert card.name == "codenames"
    assert card.risks == {"A.3.c"}
    assert isinstance(found, Findings)
    texts = column.row_bytes(1)
    said = [texts[start:end].decode() for _, _, start, end, _ in found]
    assert said == ["青竹计划", "Northlight", "青竹计划"]
    assert found.row == [1, 1, 1]


@pytest.mark.parametrize("name", ["docs/keys-and-callers.md", "docs/keys-and-callers.zh.md"])
def test_the_assertion_of_the_example_is_accepted_by_the_settings_of_the_example(
    name: str,
) -> None:
    secret = "0123456789abcdef" * 2
    head = '[service]\nname = "x"\nscope = "internal"\nreason = "x"\n'
    head += '[[upstream]]\nname = "x"\nbase_url = "http://127.0.0.1:1/v1"\n'
    (table,) = blocks(name, "toml")
    settings, problems = inspect(head + table, environ={"HEGUI_ASSERTION_KEY": secret})
    assert settings is not None, problems
    assert settings.callers.assertion is not None
    (snippet,) = blocks(name, "python")
    shown = 'print(headers["X-Hegui-Assertion"])'
    ended = subprocess.run(  # noqa: S603 - our own page
        [sys.executable, "-c", f'key = "{secret}"\n{snippet}{shown}'],
        check=True,
        capture_output=True,
    )
    book = Assertions(settings.callers.assertion, lambda: time.time_ns() // 1_000_000)
    claims = book.read(ended.stdout.decode().strip())
    assert (claims.subject, claims.audience) == ("user-48121", "minor")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Serve the example's settings in front of the practice model; give its address and a key."""
    folder = tmp_path_factory.mktemp("gateway")
    port, admin = free_port(), free_port()
    with running_in_thread(PracticeModel()) as model:
        text = (EXAMPLES / "hegui.toml").read_text(encoding="utf-8")
        text = text.replace("http://127.0.0.1:11434", model)
        # a worker process that starts on a busy machine is slow, and that is not the point here
        text = text.replace("options =", "deadline_ms = 60000\noptions =")
        text += f'\n[listen]\npublic = "127.0.0.1:{port}"\nadmin = "127.0.0.1:{admin}"\n'
        (folder / "hegui.toml").write_text(text, encoding="utf-8")
        (folder / "codenames.py").write_bytes((EXAMPLES / "codenames.py").read_bytes())
        made = subprocess.run(  # noqa: S603 - our own command
            [HEGUI, "keys", "create"], cwd=folder, check=True, capture_output=True
        )
        serving = subprocess.Popen([HEGUI, "serve"], cwd=folder, stderr=subprocess.PIPE)  # noqa: S603 - our own command
        try:
            _until_it_answers(f"http://127.0.0.1:{port}/healthz", serving)
            yield f"http://127.0.0.1:{port}", made.stdout.decode().strip()
        finally:
            serving.terminate()
            serving.communicate(timeout=60)


def _until_it_answers(address: str, serving: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 250  # an empty cache of rules
    while time.monotonic() < deadline:
        assert serving.poll() is None, "the gateway ended"
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the gateway did not start")


@pytest.mark.parametrize("name", READMES)
def test_the_sdk_snippet_of_the_readme_runs(name: str, gateway: tuple[str, str]) -> None:
    url, key = gateway
    (snippet,) = [code for code in blocks(name, "python") if "OpenAI(" in code]
    snippet = snippet.replace("http://127.0.0.1:8100", url).replace("qwen3:8b", "practice")
    ended = subprocess.run(  # noqa: S603 - our own page
        [sys.executable, "-c", snippet],
        env={**os.environ, "HEGUI_KEY": key},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    said = ended.stdout.decode()
    assert "（本内容由AI生成）" in said
    assert re.search(r"^HG-[0-9A-Z-]{28}$", said, re.MULTILINE)


def test_the_example_settings_mask_what_the_example_plug_in_finds(
    gateway: tuple[str, str],
) -> None:
    import openai

    url, key = gateway
    asked = "复述：关于青竹计划的安排"
    with openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
        reply = client.chat.completions.create(
            model="practice", messages=[{"role": "user", "content": asked}]
        )
    said = reply.choices[0].message.content or ""
    assert "青竹计划" not in said
    assert "[已屏蔽-1]" in said
