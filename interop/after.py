"""What is checked last, because it ends the third-party server, and then hegui."""

import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import openai

from interop import running
from interop.checks import MODEL, QUESTION, Cells, Differs, Sides, ask

PATIENCE = 20.0


def killed(sides: Sides, server: "subprocess.Popen[bytes]") -> Cells:
    """Kill the server in mid-stream; the stream through hegui must end, and say why."""
    began = time.monotonic()
    text = ""
    told = "no finish reason, no error"
    asked: Any = {"model": MODEL, "messages": QUESTION, "temperature": 1, "max_tokens": 3500}
    stream = sides.through.chat.completions.create(stream=True, **asked)
    try:
        for count, chunk in enumerate(stream):
            if count == 3:  # noqa: PLR2004 - the stream is well under way
                server.send_signal(signal.SIGKILL)
            for choice in chunk.choices:
                text += choice.delta.content or ""
                told = choice.finish_reason or told
    except openai.APIError as error:
        told = f"error object: {error.code or error.type or error.message}"
    spent = time.monotonic() - began
    if spent > PATIENCE:
        raise Differs(f"it took {spent:.0f} s")
    if told.startswith("no ") or told in ("stop", "length"):
        raise Differs(f"a broken reply ended like a whole one: {told}")
    return Cells("killed after 3 chunks", f"{len(text)} chars, then {told}, in {spent:.1f} s")


def gone(sides: Sides) -> Cells:
    """Ask without a server behind it; hegui must say so with an error object."""
    try:
        ask(sides.through)
    except openai.APIStatusError as error:
        if error.status_code not in (502, 503, 504):
            raise Differs(f"the status is {error.status_code}") from error
        return Cells("-", f"{error.status_code} {error.code or error.type}")
    raise Differs("it was answered by nobody")


def ledger(gate: "subprocess.Popen[bytes]", room: Path) -> Cells:
    """Stop hegui; its ledger must verify."""
    code = running.stop(gate, PATIENCE)
    if code not in (0, -signal.SIGTERM):
        raise Differs(f"hegui ended with exit code {code}")
    done = subprocess.run(  # noqa: S603 - our own command
        [running.hegui_command(), "ledger", "verify", "-c", str(room / "hegui.toml")],
        cwd=room,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise Differs(f"exit code {done.returncode}: {(done.stdout + done.stderr)[-200:]}")
    return Cells("-", (done.stdout.strip().splitlines() or ["verified"])[0])
