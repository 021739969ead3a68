"""The process that draws on one film, or on one HEIC picture.

``python -m hegui.app.drawing_child HANDLE FORM TARGET ENCODER``. It says on standard output, a JSON
object a line, how far it is, and at the end how it was encoded or why not. ``app.drawing`` starts
it, and ends it.
"""

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from hegui.labels.explicit import choosing, film, heic
from hegui.settings.plain_files import reason
from hegui.terms import BadRequest, HeguiError, Unavailable, Words

_EVERY: Final = 0.2  # seconds between two words on how far it is
_MOST_MEMORY: Final = 4 * 1024 * 1024 * 1024  # bytes, for a picture; a film takes what it needs


class _Progress:
    def __init__(self) -> None:
        self._said = time.perf_counter()

    def __call__(self, share: float) -> None:
        now = time.perf_counter()
        if now - self._said >= _EVERY:
            self._said = now
            _say({"share": share})


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(handle: str, form: str, target: str, encoder: str) -> None:
    """Draw on what is in the file ``handle``, and write it to ``target``."""
    try:
        with os.fdopen(int(handle), "rb") as given:
            given.seek(0)
            if form == choosing.HEIC:
                said = _picture(given, Path(target))
            else:
                said = film.burnt(given, form, target, encoder, _Progress()).said
            _say({"encoded": said})
    except HeguiError as error:
        about = {"code": "", "param": ""}
        if isinstance(error, BadRequest):
            about = {"code": error.code, "param": error.param}
        words = {"en": error.words.en, "zh": error.words.zh}
        _say({"refused": type(error).__name__, **words, **about})


def _picture(given: BinaryIO, target: Path) -> str:
    """Draw on a HEIC picture, in bounded memory."""
    with suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    data = given.read(choosing.MOST + 1)
    if len(data) > choosing.MOST:
        raise BadRequest(choosing.LARGE.fill(size=choosing.MOST >> 20), code="too_large")
    made, said = heic.drawn(data, _Progress())
    try:
        target.write_bytes(made)
    except OSError as error:
        raise Unavailable(_NOT_WRITTEN.fill(why=reason(error))) from None
    return said


_NOT_WRITTEN: Final = Words(
    en="The picture with its notice could not be written ({why}). Free space or look at the disk,"
    " then run it again. Nothing was changed.",
    zh="无法写出带标识的图片（{why}）。请清理空间或检查磁盘后重新运行。未作任何改动。",
)


if __name__ == "__main__":
    main(*sys.argv[1:])
