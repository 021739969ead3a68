"""What the gateway needs to label pictures and speech, from the settings."""

from hegui.app import agreements
from hegui.gateway.media.parts import MediaParts
from hegui.runners.label_bench import LabelBench
from hegui.settings import Settings


def media_parts(settings: Settings) -> MediaParts:
    """Return the workers that label, none of them started, and the agreements on record."""
    media = settings.media

    def agreed(number: str, at_ms: int) -> str:
        return agreements.in_force(settings.data_dir, number, at_ms).subject

    return MediaParts(LabelBench(media.workers, media.label_seconds), agreed)
