import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hegui.ledger.note import Signer
from hegui.ledger.verify import verify
from hegui.store import open_database

APPEND = Path(__file__).with_name("append_many.py")


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
    running = [start(db, 400) for _ in range(4)]
    outputs = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0] * 4
    told = [acknowledged(output) for output in outputs]
    assert [len(one) for one in told] == [400] * 4
    together = {index: hashed for one in told for index, hashed in one.items()}
    assert together == stored(db)
    assert sorted(together) == list(range(1_600))
    report = verify(db, {"t": signer("t").vkey})
    assert report.ok
    assert report.logs[0].size == 1_600


@pytest.mark.parametrize("wait", [0.0, 0.03, 0.11, 0.2])
def test_a_kill_in_mid_load_loses_nothing_that_was_acknowledged(
    db: Path, signer: Callable[[str], Signer], wait: float
) -> None:
    process = start(db, 1_000_000)
    assert process.stdout is not None
    first = process.stdout.readline()  # it is under load from here on
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    told = acknowledged(first + process.communicate(timeout=30)[0])
    assert told
    assert told.items() <= stored(db).items()
    report = verify(db, {"t": signer("t").vkey})
    assert report.ok, report.problems
    assert report.logs[0].size >= len(told)
    output, _ = start(db, 10).communicate(timeout=30)
    assert len(acknowledged(output)) == 10
    assert verify(db, {"t": signer("t").vkey}).ok
