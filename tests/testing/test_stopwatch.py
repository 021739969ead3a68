"""The stopwatch counts what we wait for, and not what the machine keeps from us."""

import os
import signal
import subprocess
import sys
import time

from hegui.testing.stopwatch import Stopwatch

WAITS = """
import sys, time
from hegui.testing.stopwatch import Stopwatch
with Stopwatch() as watch:
    began = time.monotonic()
    print("begun", flush=True)
    sys.stdin.readline()
    print(watch.seconds, time.monotonic() - began, flush=True)
"""


def test_what_is_waited_for_is_counted_and_stands_when_the_block_has_ended() -> None:
    began = time.monotonic()
    with Stopwatch() as watch:
        time.sleep(0.3)
        inside = watch.seconds
        whole = time.monotonic() - began
    assert 0.15 < inside <= whole
    assert watch.seconds >= 0.15


def test_the_time_in_which_a_process_is_not_let_run_is_left_out() -> None:
    command = [sys.executable, "-c", WAITS]
    with subprocess.Popen(  # noqa: S603 - our own script
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(1)
        process.stdin.write("go on\n")
        process.stdin.flush()
        os.kill(process.pid, signal.SIGCONT)
        counted, passed = map(float, process.stdout.readline().split())
    assert passed >= 1
    assert counted <= passed - 0.9
