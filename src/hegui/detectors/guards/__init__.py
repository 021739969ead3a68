"""Guard models as data: what they are asked, how their answers are read, which risk a label means.

Pure: it makes questions and reads answers; ``hegui.runners.remote`` carries them over the network.
"""

from hegui.detectors.guards.guard import Choices, Guard, Question
from hegui.detectors.guards.parsers import Answer, Place, Unreadable
from hegui.detectors.guards.preset import Label, Preset, preset, presets

__all__ = [
    "Answer",
    "Choices",
    "Guard",
    "Label",
    "Place",
    "Preset",
    "Question",
    "Unreadable",
    "preset",
    "presets",
]
