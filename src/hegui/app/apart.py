"""What a process sees that is started to read a stranger's file: no secret of ours."""

import os
import sys
from typing import Final

_KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "LANG")


def environment() -> dict[str, str]:
    """Return what a child sees: where programs and packages are, and no secret."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
