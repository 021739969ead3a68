"""The measurements, each a plan for the load and the program's own costs beside it."""

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.load import Plan
from bench.programs import ROOT, Program, cores

RATE = 200.0
LIVE = 150
SATURATING = 64
STAGES = (
    "plain",
    "streams",
    "plain at 200/s",
    "streams at 200/s",
    "live streams",
    "held streams",
)
PACED = {"live streams": "live", "held streams": "held"}


def plan_for(stage: str, program: Program, seconds: float, seed: int) -> Plan:
    """Return the plan of one stage."""
    stream = "stream" in stage
    plan = Plan(program.port, program.key, "burst", stream, seconds, SATURATING, seed=seed)
    if stage in PACED:
        plan.model, plan.connections = PACED[stage], LIVE
    elif "200" in stage:
        plan.rate = RATE
    return plan


def load(plan: Plan) -> dict[str, Any]:
    """Carry out a plan in a process of its own, on the load's cores."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores()[1])
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.load"],
            input=json.dumps(asdict(plan)).encode(),
            cwd=ROOT,
            capture_output=True,
            timeout=plan.seconds + 60,
            check=False,
        )
    finally:
        os.sched_setaffinity(0, own)
    if done.returncode:
        return {"good": 0, "errors": {"load generator": 1}, "words": done.stderr.decode()[-400:]}
    return dict(json.loads(done.stdout))


def stage(name: str, program: Program, seconds: float, seed: int) -> dict[str, Any]:
    """Measure one stage; the result is invalid when a single answer was not as it should be."""
    before = program.cpu()
    busy = os.getloadavg()[0]
    seen = load(plan_for(name, program, seconds, seed))
    seen["valid"] = not seen["errors"] and seen["good"] > 0
    seen["load_before"] = busy
    if program.process is not None and seen["good"]:
        seen["cpu_us"] = (program.cpu() - before) / seen["good"] * 1e6
        seen["memory_mib"] = program.memory()
    return seen


def soak(program: Program, count: int, seconds: float) -> dict[str, Any]:
    """Send ``count`` requests, every fifth part of them streams; read memory on the way."""
    points = [(0, program.memory())]
    sent, errors = 0, 0
    part = max(1, count // 20)
    for number in range(20):
        stream = number % 5 == 4  # noqa: PLR2004 - every fifth
        plan = Plan(program.port, program.key, "burst", stream, seconds / 20, 32, seed=number)
        plan.count = part
        seen = load(plan)
        sent += seen["good"]
        errors += sum(seen["errors"].values())
        points.append((sent, program.memory()))
    middle = points[len(points) // 2][1]
    return {
        "requests": sent,
        "errors": errors,
        "start_mib": points[0][1],
        "middle_mib": middle,
        "end_mib": points[-1][1],
        "growth_of_second_half": points[-1][1] / middle - 1 if middle else 0.0,
        "points": points,
    }


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"


def records(room: Path) -> int:
    """Count the exchange records in hegui's ledger: evidence that evidence was on."""
    for path in room.rglob("*"):
        if not path.is_file() or not _is_database(path):
            continue
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            told = database.execute(
                "select count(*) from entry where instr(leaf, cast('\"exchange.' as blob)) > 0"
            ).fetchone()
            return int(told[0])
        except sqlite3.Error:
            continue
        finally:
            database.close()
    return 0
