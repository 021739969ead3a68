"""Which detectors a scan asks. The one place that knows."""

from hegui.terms import Detector


def detectors_of_scan(
    *,
    thorough: bool = False,  # noqa: ARG001 - no slower channels come with hegui yet
    as_of: str | None = None,  # noqa: ARG001 - no rule that comes with hegui has a date yet
) -> list[Detector]:
    """Return the detectors of one scan.

    ``thorough`` adds channels that a gateway affords and a corpus does not. ``as_of``
    (YYYY-MM-DD) takes the rules of that day.
    """
    from hegui.detectors import builtin

    return builtin()
