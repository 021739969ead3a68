"""The process that draws on one film.

``python -m hegui.app.film_child HANDLE FORM TARGET ENCODER``. It says on standard
output, a JSON object a line, how far it is, and at the end what was done or why not. ``app.films``
starts it, and ends it.
"""

import json
import os
import sys
import time
from typing import Any, Final

from hegui.labels.explicit import film
from hegui.terms import BadRequest, HeguiError

_EVERY: Final = 0.2  # seconds between two words on how far it is


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
    """Draw on the film in the file ``handle``, and write it to ``target``."""
    try:
        with os.fdopen(int(handle), "rb") as given:
            given.seek(0)
            _say(film.burnt(given, form, target, encoder, _Progress())._asdict())
    except HeguiError as error:
        about = {"code": "", "param": ""}
        if isinstance(error, BadRequest):
            about = {"code": error.code, "param": error.param}
        said = {"refused": type(error).__name__, "en": error.words.en, "zh": error.words.zh}
        _say({**said, **about})


if __name__ == "__main__":
    main(*sys.argv[1:])
