"""Starts and stops what is measured, one worker each, on a core of its own, and reads its costs."""

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 90.0
KEY = re.compile(r"hg-\w{10}-\w{32}")
LITELLM = ROOT / ".venv-bench" / "bin" / "litellm"

HEGUI = """\
[service]
name = "bench"
scope = "public"
contact = "bench@example.com"
language = "zh"

[provider]
name = "bench"

[listen]
public = "127.0.0.1:{port}"
admin = "127.0.0.1:{admin}"

[[upstream]]
name = "stub"
base_url = "http://127.0.0.1:{upstream}/v1"
operator = "bench"
location = "CN"
role = "entrusted"
trains_on_inputs = false
"""


class NotStarted(Exception):
    """A program did not start; the text is its last words."""


def cores() -> tuple[set[int], set[int]]:
    """Return the gateway's cores and the load's: the first core, and all the others."""
    free = sorted(os.sched_getaffinity(0))
    return {free[0]}, set(free[1:]) or {free[0]}


def free_port() -> int:
    """Return a port of loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int, path: str) -> bool:
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        asked.request("GET", path)
        return asked.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


@dataclass(slots=True)
class Program:
    """A running program. ``key`` is what its callers send."""

    name: str
    port: int
    process: "subprocess.Popen[bytes] | None" = None
    key: str = "sk-bench"
    room: Path | None = None
    start_seconds: float = 0.0
    children: list[int] = field(default_factory=list)

    def _tree(self) -> list[int]:
        if self.process is None:
            return []
        found, todo = [], [self.process.pid]
        while todo:
            one = todo.pop()
            found.append(one)
            for task in Path(f"/proc/{one}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    todo += map(int, task.read_text().split())
        return found

    def cpu(self) -> float:
        """Return the processor seconds used so far by the program and its children."""
        total = 0
        for one in self._tree():
            with contextlib.suppress(OSError):
                parts = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
                total += int(parts[11]) + int(parts[12])
        return total / TICKS

    def memory(self) -> float:
        """Return the resident memory of the program and its children, in MiB."""
        total = 0
        for one in self._tree():
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{one}/status").read_text().splitlines():
                    if line.startswith("VmRSS"):
                        total += int(line.split()[1])
        return total / 1024

    def stop(self) -> None:
        """End it: politely, then not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def launch(
    program: Program, command: Sequence[str], on: set[int], path: str, room: Path
) -> Program:
    """Start ``command`` on the cores ``on`` and wait until it answers ``path``."""
    log = room / f"{program.name}.log"
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, on)  # inherited, so no thread of it ever runs elsewhere
    began = time.monotonic()
    try:
        with log.open("wb") as out:
            program.process = subprocess.Popen(  # noqa: S603 - commands of this package only
                command,
                cwd=room,
                stdout=out,
                stderr=out,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
    finally:
        os.sched_setaffinity(0, own)
    while not _answers(program.port, path):
        if program.process.poll() is not None or time.monotonic() - began > START_SECONDS:
            program.stop()
            raise NotStarted(f"{program.name}: {log.read_text(errors='replace')[-500:]}")
        time.sleep(0.05)
    program.start_seconds = time.monotonic() - began
    return program


def stub(room: Path) -> Program:
    """Start the upstream, on the load's cores."""
    program = Program("stub", free_port())
    command = [sys.executable, "-m", "bench.stub", str(program.port)]
    return launch(program, command, cores()[1], "/v1/models", room)


def passthrough(upstream: int, room: Path) -> Program:
    """Start the bare pass-through."""
    return _served("pass-through", "bench.passthrough:app", upstream, room)


def floor(upstream: int, room: Path) -> Program:
    """Start the least that a gateway with evidence must do."""
    (room / "floor").mkdir()
    return _served("floor", "bench.floor:app", upstream, room / "floor")


def _served(name: str, app: str, upstream: int, room: Path) -> Program:
    program = Program(name, free_port())
    os.environ["BENCH_UPSTREAM"] = f"http://127.0.0.1:{upstream}"
    command = [sys.executable, "-m", "uvicorn", app]
    command += ["--host", "127.0.0.1", "--port", str(program.port), "--loop", "uvloop"]
    command += ["--http", "httptools", "--no-access-log", "--log-level", "error"]
    return launch(program, command, cores()[0], "/healthz", room)


def hegui(upstream: int, room: Path) -> Program:
    """Start hegui with everything on, as ``hegui serve`` runs it."""
    program = Program("hegui", free_port(), room=room / "hegui")
    assert program.room is not None
    program.room.mkdir()
    command = str(Path(sys.executable).with_name("hegui"))
    settings = HEGUI.format(port=program.port, admin=free_port(), upstream=upstream)
    (program.room / "hegui.toml").write_text(settings, encoding="utf-8")
    program.key = _new_key(command, program.room)
    serve = [command, "serve", "-c", "hegui.toml"]
    return launch(program, serve, cores()[0], "/healthz", program.room)


def _new_key(command: str, room: Path) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        [command, "keys", "create", "-c", "hegui.toml"],
        cwd=room,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = KEY.search(done.stdout)
    if done.returncode or not found:
        raise NotStarted(f"hegui keys create: {(done.stdout + done.stderr)[-300:]}")
    return found.group(0)


def litellm(upstream: int, room: Path) -> Program:
    """Start LiteLLM's proxy with nothing on."""
    if not LITELLM.exists():
        raise NotStarted("LiteLLM is not installed; --with-litellm installs it into .venv-bench")
    program = Program("litellm", free_port())
    models = [
        {
            "model_name": name,
            "litellm_params": {
                "model": f"openai/{name}",
                "api_base": f"http://127.0.0.1:{upstream}/v1",
                "api_key": "sk-x",
            },
        }
        for name in ("burst", "live", "held")
    ]
    settings = {
        "model_list": models,
        "litellm_settings": {"num_retries": 0, "request_timeout": 30},
        "general_settings": {"master_key": program.key},
    }
    (room / "litellm.yaml").write_text(json.dumps(settings))  # JSON is YAML
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks a host at start
    os.environ["LITELLM_LOG"] = "ERROR"
    os.environ["LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY"] = "true"
    command = [str(LITELLM), "--config", str(room / "litellm.yaml"), "--host", "127.0.0.1"]
    command += ["--port", str(program.port), "--num_workers", "1"]
    return launch(program, command, cores()[0], "/health/liveliness", room)


def install_litellm() -> None:
    """Install LiteLLM's proxy into an environment of its own, once."""
    if LITELLM.exists():
        return
    home = LITELLM.parent.parent
    python = shutil.which("python3") or sys.executable
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "-q"]
    for command in ([python, "-m", "venv", str(home)], [*pip, "litellm[proxy]"]):
        subprocess.run(command, check=True, timeout=600)  # noqa: S603 - our own command
