"""What the media routes are given by whoever builds the gateway."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hegui.runners.label_bench import LabelBench

Agreed = Callable[[str, int], str]
"""Returns the subject of the agreement of that number (Art. 9) which holds at that time (UTC ms).

``BadRequest`` where there is none. The subject is a pseudonym.
"""


@dataclass(slots=True)
class MediaParts:
    """The workers that label, and the agreements on record. ``open`` counts what is under way.

    ``told`` are the media of which the log has said which setting refuses them.
    """

    bench: LabelBench
    agreed: Agreed
    open: int = 0
    told: set[str] = field(default_factory=set)
