"""Look for bytes that a reader of the log's formats, or of labels, does not refuse as it should.

    python tools/fuzz_formats.py --of logs --seconds 300
    python tools/fuzz_formats.py --of labels --target jpeg --input crash-…

Guided by coverage (atheris, in a folder of its own, installed at the first use); where it cannot be
had, by random mutations, and that is said. Exit code 1 for a finding, whose input is kept.
"""

# ruff: noqa: INP001, T201 - a script that prints
import argparse
import hashlib
import importlib
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.fuzz_targets import Target

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

WANTED = ROOT / "tools" / "fuzz_requirements.txt"
HOME = ROOT / ".venv-fuzz" / f"{sys.version_info.major}.{sys.version_info.minor}"
KEPT = ROOT / ".venv-fuzz" / "findings"
INSTALL_SECONDS = 300
LONGEST = 16_384
GRACE = 30
KINDS = {"logs": "tools.fuzz_targets", "labels": "tools.fuzz_label_targets"}


def targets(kind: str) -> "Mapping[str, Target]":
    """Return the targets of one kind."""
    found: Mapping[str, Target] = importlib.import_module(KINDS[kind]).TARGETS
    return found


def installed() -> str:
    """Have atheris in its folder; return an empty string, or why it cannot be had."""
    mark = HOME / "installed"
    digest = hashlib.sha256(WANTED.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return ""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--only-binary", ":all:", "--require-hashes", "--target", str(HOME), "-r", str(WANTED)]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own file
            pip, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"pip did not end within {INSTALL_SECONDS} s"
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        return (words or [f"pip ended with {done.returncode}"])[-1]
    mark.write_text(digest)
    return ""


def guided(kind: str, name: str, seconds: int, corpus: Path) -> None:
    """Run libFuzzer on one target. Does not return: libFuzzer ends the process."""
    sys.path.insert(0, str(HOME))
    import atheris

    with atheris.instrument_imports(
        include=["hegui.ledger", "hegui.witness", "hegui.labels", *KINDS.values()]
    ):
        from tools.fuzz_targets import tried

        target = targets(kind)[name]
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    KEPT.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-verbosity=1"]
    options += ["-rss_limit_mb=4096", "-timeout=10", f"-artifact_prefix={KEPT}/{name}-"]

    def one(data: bytes) -> None:
        keeping(name, data, lambda: tried(target, data))

    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


def keeping(name: str, data: bytes, put: Callable[[], bool], kept: Path = KEPT) -> bool:
    """Put an input before a target; keep it before anything else happens if that is a finding."""
    try:
        return put()
    except BaseException as error:
        if not isinstance(error, KeyboardInterrupt | SystemExit):
            kept.mkdir(parents=True, exist_ok=True)
            path = kept / f"{name}-{hashlib.sha256(data).hexdigest()[:16]}"
            path.write_bytes(data)
            print(f"{type(error).__name__}: the input is kept in {path}", file=sys.stderr)
        raise


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Change a few places of an input: bits, cuts, copies, insertions."""
    out = bytearray(data)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(out) + 1)
        match rng.randrange(5):
            case 0 if out:
                out[at % len(out)] ^= 1 << rng.randrange(8)
            case 1:
                del out[at : at + rng.randrange(1, 40)]
            case 2:
                out[at:at] = out[rng.randrange(len(out) + 1) :][: rng.randrange(1, 80)]
            case 3:
                out[at:at] = rng.randbytes(rng.randrange(1, 9))
            case _:
                out[at:at] = rng.choice(
                    [b"\n", b"\n\n", b"=", b" ", b"0", b"-", b"\xff", b"A" * 99]
                )
    return bytes(out[:LONGEST])


def unguided(kind: str, name: str, seconds: float, seed: int) -> int:
    """Put random mutations of the seeds before a target; return how many."""
    from tools.fuzz_targets import tried

    target, rng = targets(kind)[name], random.Random(f"{seed}.{name}")
    pool, count = list(target.seeds), 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        data = mutated(rng.choice(pool), rng)
        count += 1
        accepted = keeping(name, data, partial(tried, target, data))
        if accepted and len(pool) < 1_000:  # noqa: PLR2004 - inputs that are kept to mutate further
            pool.append(data)
    return count


def campaign(kind: str, seconds: float, seed: int) -> int:
    """Fuzz every target for its share of the time; return the exit code."""
    names = targets(kind)
    cause = installed()
    if cause:
        print(f"atheris cannot be had here ({platform.machine()}: {cause}); random mutations only")
    share = seconds / len(names)
    for name in names:
        told = _child((kind, name), share, seed, guided=not cause)
        if told is None:
            return 1
        print(f"{name:12} {told}: no finding", flush=True)
    return 0


def _child(target: tuple[str, str], seconds: float, seed: int, *, guided: bool) -> str | None:
    """Fuzz one target in a process of its own; return what was done, None for a finding."""
    if not guided:
        return f"{unguided(*target, seconds, seed)} random inputs"
    kind, name = target
    command = [sys.executable, __file__, "--of", kind, "--target", name]
    command += ["--seconds", str(max(1, round(seconds)))]
    done = subprocess.run(  # noqa: S603 - ourselves
        command, capture_output=True, text=True, timeout=seconds * 2 + GRACE, check=False
    )
    counted = re.search(r"Done (\d+) runs in (\d+) second", done.stderr)
    reached = re.findall(r"cov: (\d+)", done.stderr)
    if done.returncode or counted is None:
        print(
            f"FINDING in {name}; inputs are kept in {KEPT}\n{done.stdout}\n{done.stderr[-4_000:]}"
        )
        return None
    return f"{counted[1]} inputs in {counted[2]} s, {reached[-1] if reached else '?'} branches"


def again(kind: str, name: str, path: Path) -> int:
    """Put a kept input before a target once more."""
    from tools.fuzz_targets import tried

    try:
        accepted = tried(targets(kind)[name], path.read_bytes())
    except Exception:  # noqa: BLE001 - whatever it is, it is the finding
        traceback.print_exc()
        return 1
    print("accepted" if accepted else "refused as it should be")
    return 0


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="for all targets together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--of", choices=[*KINDS], default="logs", help="what is read")
    parser.add_argument("--target", help="only this one")
    parser.add_argument("--input", type=Path, help="a kept input")
    asked = parser.parse_args()
    if asked.input:
        return again(asked.of, asked.target, asked.input)
    if asked.target:
        with tempfile.TemporaryDirectory(prefix="hegui-fuzz-") as corpus:
            guided(asked.of, asked.target, round(asked.seconds), Path(corpus))
        return 0
    return campaign(asked.of, asked.seconds, asked.seed)


if __name__ == "__main__":
    sys.exit(main())
