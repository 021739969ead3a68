"""``python -m hegui.ledger.verify DB [TENANT=VKEY ...] [--heads DIR] [--jobs N]``."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from hegui.ledger.verify import verify
from hegui.ledger.verify.ranges import print_ranges
from hegui.ledger.verify.structure import print_structure

_USAGE = "usage: python -m hegui.ledger.verify DB [TENANT=VKEY ...] [--heads DIR] [--jobs N]\n"


def _main(words: list[str]) -> int:
    if words[:1] == ["--ranges"]:
        return print_ranges(words[1:])
    if words[:1] == ["--structure"]:
        return print_structure(words[1:])
    options: dict[str, str] = {}
    for name in ("--heads", "--jobs"):
        if name in words[:-1]:
            at = words.index(name)
            options[name] = words[at + 1]
            del words[at : at + 2]
    if not words or not options.get("--jobs", "1").isdigit():
        sys.stderr.write(_USAGE)
        return 3
    vkeys = dict(word.split("=", 1) for word in words[1:] if "=" in word)
    heads = Path(options["--heads"]) if "--heads" in options else None
    report = verify(Path(words[0]), vkeys, heads=heads, jobs=int(options.get("--jobs", "0")))
    sys.stdout.write(json.dumps({"ok": report.ok, **asdict(report)}, ensure_ascii=False) + "\n")
    if report.ok:
        return 0
    return 1 if report.logs else 2


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
