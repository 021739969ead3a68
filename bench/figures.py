"""Arithmetic of the report: quantiles, and the disk's own speed."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

BLOCK = b"\xa5" * 4096
SYNCS = 150


def quantile(values: Sequence[float], part: float) -> float:
    """Return the value that ``part`` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def milliseconds(values: Sequence[float]) -> dict[str, float]:
    """Return p50 and p99 of seconds, as milliseconds; empty when there are none."""
    if not values:
        return {}
    return {"p50": quantile(values, 0.50) * 1000, "p99": quantile(values, 0.99) * 1000}


def fsync_times(room: Path) -> list[float]:
    """Append 4 KiB and fsync, again and again; return how long each took, in seconds."""
    path = room / "fsync.probe"
    times = []
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for _ in range(SYNCS):
            os.write(file, BLOCK)
            began = time.perf_counter()
            os.fsync(file)
            times.append(time.perf_counter() - began)
    finally:
        os.close(file)
        path.unlink()
    return times
