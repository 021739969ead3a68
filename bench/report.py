"""Turns what was measured into medians, ratios, targets and a table."""

import os
import platform
import statistics
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

Stages: TypeAlias = dict[str, list[dict[str, Any]]]
Figures: TypeAlias = dict[str, float | None]

TOGETHER = ("starlette", "uvicorn", "aiohttp", "uvloop", "msgspec", "hyperscan", "apsw")


class Target(NamedTuple):
    """One thing to reach: what was found, what was wanted, and whether it was reached."""

    name: str
    found: float | None
    wanted: str
    reached: bool | None


def machine() -> dict[str, Any]:
    """Say what this was measured on, and when."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": dict(_versions()),
    }


def _versions() -> Iterator[tuple[str, str]]:
    for name in TOGETHER:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "not installed"


def median(rounds: list[dict[str, Any]], *path: str) -> float | None:
    """Return the median over the valid rounds of the figure at ``path``, if there is one."""
    found = []
    for one in rounds:
        value: Any = one if one["valid"] else {}
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, int | float):
            found.append(float(value))
    return statistics.median(found) if found else None


def figures(stages: Stages) -> Figures:
    """Return the figures of one program."""

    def take(stage: str, *path: str) -> float | None:
        return median(stages.get(stage, []), *path)

    memory = [
        one["memory_mib"] for all_of in stages.values() for one in all_of if "memory_mib" in one
    ]
    return {
        "requests/s": take("plain", "per_second"),
        "streams/s": take("streams", "per_second"),
        "cpu us/request": take("plain", "cpu_us"),
        "cpu us/stream": take("streams", "cpu_us"),
        "plain p50 ms": take("plain at 200/s", "whole_ms", "p50"),
        "plain p99 ms": take("plain at 200/s", "whole_ms", "p99"),
        "first p50 ms": take("streams at 200/s", "first_ms", "p50"),
        "first p99 ms": take("streams at 200/s", "first_ms", "p99"),
        "stream p50 ms": take("streams at 200/s", "whole_ms", "p50"),
        "live first p50 ms": take("live streams", "first_ms", "p50"),
        "live first p99 ms": take("live streams", "first_ms", "p99"),
        "gap p50 ms": take("live streams", "gap_ms", "p50"),
        "gap p99 ms": take("live streams", "gap_ms", "p99"),
        "gap p99 ms, held": take("held streams", "gap_ms", "p99"),
        "live cpu us/stream": take("live streams", "cpu_us"),
        "memory MiB": max(memory) if memory else None,
    }


def _less(one: float | None, other: float | None, *more: float) -> float | None:
    return None if one is None or other is None else one - other - sum(more)


def _part(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other


def target(name: str, found: float | None, sign: str, wanted: float) -> Target:
    """Say whether a figure is reached: ``≥`` at least, ``≤`` at most what is wanted."""
    reached = None if found is None else found >= wanted if sign == "≥" else found <= wanted
    return Target(name, found, f"{sign} {wanted:g}", reached)


def targets(all_of: dict[str, Figures], fsync: dict[str, float]) -> list[Target]:
    """Set what was found beside what is to be reached."""
    none: Figures = {}
    ours, bare = all_of.get("hegui", none), all_of.get("pass-through", none)
    direct, lite = all_of.get("direct", none), all_of.get("litellm", none)
    sync = fsync["p50"]

    def added(name: str, *more: float) -> float | None:
        return _less(ours.get(name), direct.get(name), *more)

    first = None
    if ours.get("first p50 ms") is not None and direct.get("first p50 ms") is not None:
        first = (ours["first p50 ms"] or 0) - max(direct["first p50 ms"] or 0, sync)

    def ratio(name: str, other: Figures) -> float | None:
        return _part(ours.get(name), other.get(name))

    return [
        target("requests/s, part of the pass-through's", ratio("requests/s", bare), "≥", 0.35),
        target("streams/s, part of the pass-through's", ratio("streams/s", bare), "≥", 0.20),
        target("requests/s, times LiteLLM's", ratio("requests/s", lite), "≥", 20),
        target("streams/s, times LiteLLM's", ratio("streams/s", lite), "≥", 20),
        target("added p50 beyond two fsyncs, ms", added("plain p50 ms", 2 * sync), "≤", 1.5),
        target("added p99, ms", added("plain p99 ms"), "≤", 25),
        target("first text after max(upstream, fsync), ms", first, "≤", 2),
        target(
            "gap p99 beyond the pass-through's, ms",
            _less(ours.get("gap p99 ms"), bare.get("gap p99 ms")),
            "≤",
            2,
        ),
    ]


def soak_target(soak: dict[str, Any]) -> Target:
    """Say whether memory was flat: the second half of the soak may grow it by 2 %."""
    return target(
        "memory growth, second half of the soak, %", 100 * soak["growth_of_second_half"], "≤", 2
    )


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"  # noqa: PLR2004 - digits shown


def table(all_of: dict[str, Figures]) -> list[str]:
    """Lay the figures out, a program a column."""
    names = list(all_of)
    lines = [f"{'':22}" + "".join(f"{name:>16}" for name in names)]
    for row in next(iter(all_of.values())):
        cells = (_cell(all_of[name].get(row)) for name in names)
        lines += [f"{row:22}" + "".join(f"{cell:>16}" for cell in cells)]
    return lines


def target_lines(found: list[Target]) -> list[str]:
    """Lay the targets out."""
    said = {True: "reached", False: "NOT REACHED", None: "not measured"}
    return [f"{t.name:46}{_cell(t.found):>10}   {t.wanted:<8} {said[t.reached]}" for t in found]
