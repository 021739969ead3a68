"""Verification in a process of its own: the way to check a ledger that this process writes."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from hegui.ledger.verify import LogReport, NotProven, Problem, Report
from hegui.terms import Unavailable, Words

_FAILED = Words(
    en="The verifier ended with exit code {code} and no report.",
    zh="核验程序退出码为 {code}，没有给出报告。",
)
_SLOW = Words(
    en="The verifier did not finish within {seconds} seconds.",
    zh="核验程序未能在 {seconds} 秒内完成。",
)


def verify_apart(
    path: Path,
    vkeys: Mapping[str, str] | None = None,
    *,
    heads: Path | None = None,
    seconds: float = 600,
) -> Report:
    """Return what ``verify`` finds, from another process. Takes its time: not for the loop."""
    command = [sys.executable, "-P", "-m", "hegui.ledger.verify", str(path)]
    command += [f"{tenant}={vkey}" for tenant, vkey in (vkeys or {}).items()]
    command += ["--heads", str(heads)] if heads is not None else []
    try:
        ended = subprocess.run(command, capture_output=True, timeout=seconds, check=False)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired as error:
        raise Unavailable(_SLOW.fill(seconds=seconds)) from error
    try:
        found = json.loads(ended.stdout)
    except ValueError as error:
        raise Unavailable(_FAILED.fill(code=ended.returncode)) from error
    return Report(
        [LogReport(**one) for one in found["logs"]],
        [Problem(**one) for one in found["problems"]],
        [NotProven(**one) for one in found["not_proven"]],
        found["more"],
        [NotProven(**one) for one in found["proven"]],
    )
