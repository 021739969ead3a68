"""``python -m hegui.ledger.verify DB [TENANT=VKEY ...] [--heads DIR] [--jobs N]``.

Ends with 0 (clean), 1 (something does not hold together), 2 (could not tell), 3 (wrong words).
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from hegui.ledger.attested import Outside
from hegui.ledger.verify import verify
from hegui.ledger.verify.ranges import print_ranges
from hegui.ledger.verify.structure import print_structure

_USAGE = (
    "usage: python -m hegui.ledger.verify DB [TENANT=VKEY ...] [--heads DIR] [--jobs N]"
    " [--witness VKEY ...] [--ca FILE]\n"
)


def _main(words: list[str]) -> int:
    if words[:1] == ["--ranges"]:
        return print_ranges(words[1:])
    if words[:1] == ["--structure"]:
        return print_structure(words[1:])
    options: dict[str, str] = {}
    witnesses = []
    while "--witness" in words[:-1]:
        at = words.index("--witness")
        witnesses.append(words[at + 1])
        del words[at : at + 2]
    for name in ("--heads", "--jobs", "--ca"):
        if name in words[:-1]:
            at = words.index(name)
            options[name] = words[at + 1]
            del words[at : at + 2]
    # a word that is none of these may be a key without its tenant: never passed over
    if not words or not all("=" in word for word in words[1:]) or not _counts(options):
        sys.stderr.write(_USAGE)
        return 3
    vkeys = dict(word.split("=", 1) for word in words[1:])
    heads = Path(options["--heads"]) if "--heads" in options else None
    own = {tenant: (vkey,) for tenant, vkey in vkeys.items()}
    try:
        authorities = Path(options["--ca"]).read_bytes() if "--ca" in options else b""
    except OSError as error:
        sys.stderr.write(f"--ca {options['--ca']}: {error.strerror}\n")
        return 3
    report = verify(
        Path(words[0]),
        vkeys,
        heads=heads,
        jobs=int(options.get("--jobs", "0")),
        outside=Outside(tuple(witnesses), own, authorities),
    )
    sys.stdout.write(json.dumps({"ok": report.ok, **asdict(report)}) + "\n")
    if report.ok:
        return 0
    return 1 if report.logs else 2


def _counts(options: dict[str, str]) -> bool:
    jobs = options.get("--jobs", "1")
    return jobs.isascii() and jobs.isdigit()


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
