import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hegui.ledger.note import Signer
from hegui.ledger.verify import verify
from hegui.store import open_database

APPEND = Path(__file__).with_name("append_many.py")
TOOLS = Path(__file__).parents[2] / "tools"


def start(db: Path, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, str(APPEND), str(db), "t", str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own script


def stored(db: Path) -> dict[int, str]:
    connection = sqlite3.connect(db)
    try:
        return {
            index: hashed.hex()
            for index, hashed in connection.execute("SELECT idx, hash FROM entry")
        }
    finally:
        connection.close()


def acknowledged(output: str) -> dict[int, str]:
    lines = output.splitlines(keepends=True)
    whole = [line.split() for line in lines if line.endswith("\n")]
    return {int(index): hashed for index, hashed in whole}


def test_four_processes_append_to_one_clean_log(db: Path, signer: Callable[[str], Signer]) -> None:
    open_database(db).close()
    running = [start(db, 300) for _ in range(4)]
    outputs = [process.communicate(timeout=100)[0] for process in running]
    assert [process.returncode for process in running] == [0] * 4
    told = [acknowledged(output) for output in outputs]
    assert [len(one) for one in told] == [300] * 4
    together = {index: hashed for one in told for index, hashed in one.items()}
    assert together == stored(db)
    assert sorted(together) == list(range(1_200))
    report = verify(db, {"t": signer("t").vkey})
    assert report.ok
    assert report.logs[0].size == 1_200


def campaign(name: str, *words: str) -> dict[str, Any]:
    """Run one of the campaigns of ``make torture``, or a sample of it; they fail by themselves."""
    command = [sys.executable, str(TOOLS / f"torture_{name}.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)  # noqa: S603 - our own script
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr  # no thread of ours may die
    counted: dict[str, Any] = json.loads(done.stdout)[name]
    return counted


@pytest.mark.parametrize("fault", ["kill", "torn", "eio", "enospc"])
def test_no_fault_at_any_write_sync_or_truncate_loses_what_was_acknowledged(fault: str) -> None:
    counted = campaign("disk", "--faults", fault)
    assert min(counted["operations"].values()) > 0
    assert counted["runs"][fault] == sum(counted["operations"].values())
    assert counted["runs"]["unsigned tails found at restart"] > 0


def test_kills_in_mid_load_lose_nothing_that_was_acknowledged() -> None:
    counted = campaign("processes", "--kills", "10", "--processes", "0")
    assert counted["kills"]["kills"] == 10
    assert counted["kills"]["acknowledged"] > 0


def test_a_full_and_a_slow_disk_and_a_jumping_clock_lose_nothing() -> None:
    counted = campaign("limits", "--seconds", "1.5")
    assert counted["full"]["refused"] > 0
    assert counted["slow"]["refused"] > 0  # back-pressure
    assert counted["slow"]["longest hand-in ms"] < 1_000
    assert counted["clock"]["jumps back"] > 0
