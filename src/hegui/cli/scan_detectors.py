"""Which detectors a scan asks. The one place that knows."""

from pathlib import Path

from hegui.terms import Detector


def detectors_of_scan(
    *,
    thorough: bool = False,  # noqa: ARG001 - no slower channels come with hegui yet
    as_of: str | None = None,  # noqa: ARG001 - no rule that comes with hegui has a date yet
    works: Path | None = None,
) -> list[Detector]:
    """Return the detectors of one scan.

    ``thorough`` adds channels that a gateway affords and a corpus does not. ``as_of``
    (YYYY-MM-DD) takes the rules of that day. ``works`` is a directory of protected works; one that
    is not there or is broken is ``Misconfigured``.
    """
    from hegui.detectors import builtin

    found = list(builtin())
    if works is not None:
        from hegui.app.works import attached_works

        found += attached_works(works, required=True)
    return found
