"""``make interop``: hegui in front of llama.cpp's server, asked with the official openai SDK.

Prints a table and a line of JSON. Exit code 0: everything agreed, or the third-party server cannot
be had here (then ``not run`` and the cause are printed, never a pass); 1: something differed.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from subprocess import Popen
from typing import NamedTuple, TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

import click
import openai

from interop import after, checks, environment, guards, running

SECONDS = 540.0
AGREES = "agrees"

Program: TypeAlias = "Popen[bytes]"


class Row(NamedTuple):
    """A line of the table."""

    check: str
    result: str
    direct: str
    through: str
    claim: str


def _client(port: int, key: str) -> openai.OpenAI:
    url = f"http://127.0.0.1:{port}/v1"
    return openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=30)


def _row(check: Callable[[], checks.Cells], name: str, claim: str) -> Row:
    try:
        cells = check()
    except checks.Differs as difference:
        return Row(name, "DIFFERS", "", str(difference), claim)
    except (openai.OpenAIError, OSError, ValueError, IndexError) as error:
        return Row(name, "BROKEN", "", f"{type(error).__name__}: {error}", claim)
    return Row(name, AGREES, cells.direct, cells.through, claim)


def _rows(
    sides: checks.Sides, server: Program, gate: Program, room: Path, upstream: int
) -> Iterator[Row]:
    end = time.monotonic() + SECONDS
    last = (
        (
            "guards free",
            "Guard models: a random answer is read, or is a fault, never a crash",
            lambda: guards.free(upstream),
        ),
        (
            "guards forced",
            "Guard models: an answer in the documented form is read",
            lambda: guards.forced(upstream),
        ),
        (
            "killed",
            "A broken reply ends by itself and says so",
            lambda: after.killed(sides, server),
        ),
        ("gone", "Without the server: an error object", lambda: after.gone(sides)),
        (
            "ledger",
            "hegui stops when told to; its ledger verifies",
            lambda: after.ledger(gate, room),
        ),
    )
    for check in checks.CHECKS:
        if time.monotonic() > end:
            yield Row(check.name, "BROKEN", "", "the time was used up", check.claim)
        else:
            yield _row(partial(check.make, sides), check.name, check.claim)
    for name, claim, make in last:
        yield _row(make, name, claim)


def _compare() -> list[Row]:
    python = environment.python()
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hegui-interop-")))
        server, upstream = stack.enter_context(running.third_party(python, room))
        gate, public, key = stack.enter_context(running.hegui(upstream, room))
        sides = checks.Sides(_client(upstream, "any"), _client(public, key))
        rows = []
        for row in _rows(sides, server, gate, room, upstream):
            click.echo(f"{row.result:8} {row.check:18} {row.claim}")
            click.echo(f"{'':8} {'':18}   direct: {row.direct[:90]}") if row.direct else None
            click.echo(f"{'':8} {'':18}   hegui:  {row.through[:300]}")
            rows.append(row)
        if any(row.result != AGREES for row in rows):
            click.echo(f"what hegui logged last:\n{running.tail(room / 'hegui.log', 3000)}")
    return rows


def _not_run(cause: str) -> int:
    loud = "!" * 78
    click.echo(f"{loud}\ninterop: NOT RUN: {cause}")
    click.echo(f"nothing was compared with a third-party server; this is not a pass\n{loud}")
    click.echo(json.dumps({"interop": "not run", "cause": cause, "ci": "CI" in os.environ}))
    return 0


def main() -> int:
    """Run the comparison; return the exit code."""
    began = time.monotonic()
    try:
        rows = _compare()
    except environment.NotRun as cause:
        return _not_run(str(cause))
    except running.Broken as trouble:
        click.echo(f"interop: {trouble}")
        click.echo(json.dumps({"interop": "failed", "cause": str(trouble)}))
        return 1
    bad = sum(row.result != AGREES for row in rows)
    seconds = round(time.monotonic() - began, 1)
    outcome = {"interop": "failed" if bad else "passed", "seconds": seconds}
    click.echo(json.dumps({**outcome, "rows": [row._asdict() for row in rows]}, ensure_ascii=False))
    click.echo(f"interop: {len(rows) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
