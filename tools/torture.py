"""All campaigns against the ledger, one after the other; what they counted, as JSON and as a table.

    python tools/torture.py
    python tools/torture.py --kills 100 --each 1000

Takes about ten minutes. Exit code 1 at the first thing that does not hold.
"""

# ruff: noqa: INP001, T201, S603 - a script that prints and runs its neighbours
import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def campaign(name: str, *words: str) -> dict[str, Any]:
    """Run a campaign; return what it counted."""
    print(f"{name} …", file=sys.stderr, flush=True)
    command = [sys.executable, str(HERE / f"{name}.py"), *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    counted: dict[str, Any] = json.loads(done.stdout)
    return counted


def rows(counted: dict[str, Any], trail: str = "") -> list[tuple[str, str]]:
    """Return the counts as rows of a table."""
    found: list[tuple[str, str]] = []
    for name, value in counted.items():
        place = f"{trail}, {name}" if trail else name
        found += rows(value, place) if isinstance(value, dict) else [(place, str(value))]
    return found


def main() -> None:
    """Run all campaigns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", default="1000")
    parser.add_argument("--each", default="10000")
    given = parser.parse_args()
    counted: dict[str, Any] = {
        "machine": {
            "processors": os.cpu_count(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "python": platform.python_version(),
        }
    }
    counted |= campaign("torture_disk")
    counted |= campaign("torture_limits")
    counted |= campaign("torture_files")
    counted |= campaign("torture_postgres")
    counted |= campaign("torture_processes", "--kills", given.kills, "--each", given.each)
    print(json.dumps(counted))
    print("\n| campaign | counted |\n|---|---|")
    for name, value in rows(counted):
        print(f"| {name} | {value} |")
    print("\nno acknowledged entry lost, no gap, no fork; every log verified and went on")


if __name__ == "__main__":
    main()
