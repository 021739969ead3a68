"""``make bench-gateway``: what hegui costs, beside the same requests direct and passed through.

One run, one machine, one stub upstream, one worker each; the gateway has a core for itself, the
stub and the load share another. Rounds are interleaved and medians taken. A round in which a single
answer was not as it should be is invalid and left out, and the exit code is 1.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

import click

from bench import measure, programs, report
from bench.figures import fsync_times, milliseconds

RESULTS = programs.ROOT / "bench-results"
WARM_SECONDS = 1.0
SATURATED = ("plain", "streams")

Starter = Callable[[int, Path], programs.Program]
STARTERS: dict[str, Starter] = {
    "pass-through": programs.passthrough,
    "floor": programs.floor,
    "hegui": programs.hegui,
    "litellm": programs.litellm,
}


class Bench:
    """One run, from the first program started to the last figure."""

    def __init__(self, room: Path, seconds: float) -> None:
        self.room = room
        self.seconds = seconds
        self.stub = programs.stub(room)
        self.running: dict[str, programs.Program] = {}
        self.stages: dict[str, report.Stages] = {}
        self.syncs: list[float] = []
        self.missing: dict[str, str] = {}

    def start(self, name: str) -> None:
        """Start a program, or note why it cannot be measured."""
        try:
            if name == "direct":
                program = programs.Program("direct", self.stub.port)
            else:
                program = STARTERS[name](self.stub.port, self.room)
        except (programs.NotStarted, OSError) as trouble:
            self.missing[name] = str(trouble)
            click.echo(f"{name}: not measured: {trouble}")
            return
        self.running[name] = program
        for stage in SATURATED:
            measure.load(measure.plan_for(stage, program, WARM_SECONDS, 0))

    def round(self, names: list[str], number: int, only: tuple[str, ...]) -> None:
        """Measure every stage of every program once, in turn."""
        self.syncs += fsync_times(self.room)
        for stage in only:
            for name in names:
                seen = measure.stage(stage, self.running[name], self.seconds, number + 1)
                self.stages.setdefault(name, {}).setdefault(stage, []).append(seen)
                trouble = "" if seen["valid"] else f"   INVALID {seen['errors']}"
                rate = seen.get("per_second", 0.0)
                click.echo(f"  round {number + 1}  {stage:17} {name:13} {rate:9.1f}/s{trouble}")

    def valid(self) -> bool:
        """Tell whether no round had to be left out."""
        return all(
            one["valid"]
            for stages in self.stages.values()
            for all_of in stages.values()
            for one in all_of
        )

    def stop(self) -> None:
        """Stop everything that was started."""
        for program in [*self.running.values(), self.stub]:
            program.stop()


def _evidence(bench: Bench) -> dict[str, Any]:
    """Stop hegui and count what it recorded, beside what it was asked."""
    program = bench.running["hegui"]
    program.stop()
    assert program.room is not None
    good = sum(one["good"] for all_of in bench.stages["hegui"].values() for one in all_of)
    found = measure.records(program.room)
    return {"records": found, "answers_measured": good, "complete": found >= 2 * good}


def _show(bench: Bench, result: dict[str, Any]) -> None:
    where = result["machine"]
    click.echo(f"\n{where['date']}  {where['processor']}, {where['cores']} cores")
    click.echo(f"kernel {where['kernel']}, Python {where['python']}; rounds valid: {bench.valid()}")
    sync = result["fsync_ms"]
    click.echo(f"fsync of 4 KiB: p50 {sync['p50']:.2f}, p99 {sync['p99']:.2f} ms\n")
    click.echo("\n".join(report.table(result["figures"])))
    click.echo(
        "\n" + "\n".join(report.target_lines([report.Target(*t) for t in result["targets"]]))
    )
    for key in ("evidence", "soak", "missing"):
        if result.get(key):
            click.echo(f"\n{key}: {json.dumps(result[key], ensure_ascii=False)}")


def _run(
    bench: Bench, names: list[str], rounds: int, only: tuple[str, ...], soak: int
) -> dict[str, Any]:
    for name in names:
        if name != "litellm":
            bench.start(name)
    for number in range(rounds):
        bench.round(list(bench.running), number, only)
    result: dict[str, Any] = {"machine": report.machine()}
    if soak and "hegui" in bench.running:
        result["soak"] = measure.soak(bench.running["hegui"], soak, 600.0)
    if "hegui" in bench.running:
        result["evidence"] = _evidence(bench)
    if "litellm" in names:  # last and alone: it is never idle, even when nobody asks it anything
        bench.start("litellm")
    if "litellm" in bench.running:
        for number in range(rounds):  # at 200 requests a second it is far beyond saturation
            bench.round(["litellm"], number, tuple(one for one in only if one in SATURATED))
    result["fsync_ms"] = milliseconds(bench.syncs)
    result["figures"] = {name: report.figures(found) for name, found in bench.stages.items()}
    found = report.targets(result["figures"], result["fsync_ms"])
    if "soak" in result:
        found.append(report.soak_target(result["soak"]))
    return {**result, "targets": found, "rounds": bench.stages, "missing": bench.missing}


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Rounds, interleaved.")
@click.option("--seconds", default=4.0, show_default=True, help="Length of each measurement.")
@click.option("--only", multiple=True, help="Programs to measure; default: all.")
@click.option("--stage", "stages", multiple=True, help="Measurements to make; default: all.")
@click.option("--soak", default=0, help="Then send hegui this many requests and watch its memory.")
@click.option("--with-litellm", is_flag=True, help="Install LiteLLM's proxy into .venv-bench.")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Where the JSON goes.")
def main(**asked: Any) -> None:
    """Print what the gateway costs on this machine."""
    if asked["with_litellm"]:
        programs.install_litellm()
    names = list(asked["only"]) or ["direct", *STARTERS]
    stages = asked["stages"] or measure.STAGES
    RESULTS.mkdir(exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix="work-", dir=RESULTS))
    own = os.sched_getaffinity(0)
    bench = Bench(room, asked["seconds"])
    try:
        result = _run(bench, names, asked["rounds"], stages, asked["soak"])
    finally:
        bench.stop()
        os.sched_setaffinity(0, own)
        shutil.rmtree(room)
    _show(bench, result)
    path = asked["path"] or RESULTS / f"gateway-{result['machine']['date'].replace(':', '')}.json"
    path.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    click.echo(f"\nJSON: {path}")
    sys.exit(0 if bench.valid() else 1)


if __name__ == "__main__":
    main()
