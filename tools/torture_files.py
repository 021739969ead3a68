"""Fail, or end the process, at system calls on the files outside the database: keys, second place.

    python tools/torture_files.py

Needs strace. Prints a line of JSON with counts. Exit code 1 where an acknowledged entry was lost,
a gap or a fork was left, or the ledger did not verify or did not go on.
"""

# ruff: noqa: INP001, T201, S603 - a script that prints and runs strace and itself
import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from torture_parts import TENANT, Check, entries, fail, quiet, scratch

from hegui.ledger.log import Ledger
from hegui.ledger.note import Signer
from hegui.ledger.verify import verify
from hegui.settings.keyfiles import KeyDirectory
from hegui.terms import HeguiError

CALLS = ("openat", "write", "fsync", "rename", "link", "unlink", "mkdir", "fchmod")
BUSY = ("openat", "write", "mkdir")
"""Calls that a starting interpreter makes too: struck on our own paths only, the others anywhere.
(strace counts the calls of each thread by itself.)"""
WHAT = ("error=EIO", "error=ENOSPC", "signal=SIGKILL")
MOST = 12
"""Calls of one name that are tried; there are fewer."""


def signer_of(folder: Path) -> Signer:
    """Return the signer whose key lies in the run's own folder, made at its first use."""
    return Signer("torture.test/log", KeyDirectory(folder / "keys").load_or_create("signing", 32))


def opened(folder: Path) -> Ledger:
    """Open the run's ledger with its own key."""
    signer = signer_of(folder)
    return Ledger(folder / "hegui.db", lambda *_: signer)


def work(folder: Path) -> None:
    """Make the key, append and sign twice. Run under strace."""
    quiet()
    for _ in range(2):
        try:
            ledger = opened(folder)
        except HeguiError as error:
            print("refused", type(error).__name__, flush=True)
            continue
        for entry in entries(3):
            try:
                receipt = ledger.add_blocking(entry)
            except HeguiError as error:
                print("refused", type(error).__name__, flush=True)
            else:
                print(receipt.index, receipt.leaf_hash.hex(), flush=True)
        ledger.close()


def struck(folder: Path, call: str, number: int, what: str) -> tuple[str, bool]:
    """Run the work with one call struck; return what it told, and whether the call was made."""
    trace = folder.with_name("trace")
    paths = [folder / "keys", folder / "heads", *told_paths(folder)] if call in BUSY else []
    named = [word for path in paths for word in ("-P", str(path))]
    command = ["strace", "-f", "-qq", "-o", str(trace), *named]
    command += ["-e", f"trace={call}", "-e", f"inject={call}:{what}:when={number}"]
    command += [sys.executable, __file__, "--work", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.stderr.strip() and "Traceback" in done.stderr:
        fail(f"{call} {number} {what}", done.stderr[-2_000:])
    text = trace.read_text(encoding="utf-8", errors="replace")
    return done.stdout, "INJECTED" in text or done.returncode in (-9, 137)


def told_paths(folder: Path) -> list[Path]:
    """Return the files that the work makes in the two folders."""
    signer = folder / "keys" / "signing"
    from hegui.ledger.heads import heads_beside

    head = heads_beside(folder / "hegui.db").path(TENANT)
    return [signer, head, head.with_suffix(".new")]


def check(folder: Path, name: str, output: str) -> None:
    """Fail unless all holds, with the key that is there, and the ledger goes on."""
    database = folder / "hegui.db"
    try:
        if any(line[:1].isdigit() for line in output.splitlines()):
            Check(database, name).acknowledged(output)
        ledger = opened(folder)
        for entry in entries(2):
            ledger.add_blocking(entry)
        ledger.close()
    except HeguiError as error:
        fail(name, f"does not go on: {error.words.en}")
    report = verify(database, {TENANT: signer_of(folder).vkey}, heads=folder / "heads", jobs=1)
    if not report.ok or report.logs[0].head != report.logs[0].size:
        fail(name, f"does not verify: {report.problems[:3]}")


def main() -> None:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(given.work)
        return
    if shutil.which("strace") is None:
        fail("files", "strace is not installed: apt-get install strace")
    count: Counter[str] = Counter()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=scratch()) as place:
        for call in CALLS:
            for what in WHAT:
                for number in range(1, MOST + 1):
                    folder = Path(place, "run")
                    shutil.rmtree(folder, ignore_errors=True)
                    folder.mkdir(mode=0o700)
                    output, made = struck(folder, call, number, what)
                    check(folder, f"{call} {number} {what}", output)
                    if not made:
                        break
                    count[f"{call} {what}"] += 1
    seconds = round(time.perf_counter() - started, 1)
    print(json.dumps({"files": {"runs": dict(count), "seconds": seconds}}))


if __name__ == "__main__":
    sys.exit(main())
