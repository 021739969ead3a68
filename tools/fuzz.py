"""``make fuzz``: matching back ends, readers of the log's formats, readers of labels: a third each.

Other arguments than ``--seconds`` and ``--seed`` are those of ``tools/fuzz_matchers.py``.
"""

# ruff: noqa: INP001 - a script
import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run all; return the exit code of the first that finds something."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    asked, other = parser.parse_known_args()
    if other:
        command = [sys.executable, str(HERE / "fuzz_matchers.py"), *sys.argv[1:]]
        return subprocess.run(command, check=False).returncode  # noqa: S603 - our own script
    options = ["--seconds", str(asked.seconds / 3), "--seed", str(asked.seed)]
    formats = str(HERE / "fuzz_formats.py")
    scripts = [[str(HERE / "fuzz_matchers.py")]]
    scripts += [[formats, "--of", "logs"], [formats, "--of", "labels"]]
    for script in scripts:
        done = subprocess.run([sys.executable, *script, *options], check=False)  # noqa: S603 - our own scripts
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
