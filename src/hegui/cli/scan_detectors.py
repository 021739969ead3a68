"""Which detectors a scan asks. The one place that knows."""

import sys
from pathlib import Path

from hegui.cli.speech import say
from hegui.terms import Detector, Words

_COMPILING = Words(
    "compiling the rules: some seconds, once for these rules on this machine",
    "正在编译规则，约需数秒；同一套规则在本机只需编译一次",
)


def _say_compiling() -> None:
    if sys.stderr.isatty():  # somebody waits
        say(_COMPILING, err=True)


def detectors_of_scan(
    *, thorough: bool = False, as_of: str | None = None, works: Path | None = None
) -> list[Detector]:
    """Return the detectors of one scan: those that come with hegui, and protected works.

    ``thorough`` reads the channels that a gateway affords and a corpus does not. ``as_of``
    (YYYY-MM-DD) takes the rules of that day. ``works`` is a directory of protected works; one that
    is not there or is broken is ``Misconfigured``.
    """
    from hegui.detectors import CORPUS, GATEWAY
    from hegui.runners.compiling import builtin

    channels = GATEWAY if thorough else CORPUS
    found = builtin((), as_of or "", channels=channels, notice=_say_compiling)
    if works is not None:
        from hegui.app.works import attached_works

        found += attached_works(works, required=True)
    return found
