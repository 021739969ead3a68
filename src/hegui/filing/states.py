"""The states that a duty can be in: the words for them, and which is less than which. Pure.

None of them says that a provider complies: that is for others to judge (Art. 21).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hegui.terms import Words


class State(StrEnum):
    """What the ledger shows of a duty."""

    EVIDENCED = "evidenced"
    ATTESTED = "attested"
    PARTLY = "partly"
    NOT_EVIDENCED = "not-evidenced"
    DETECTOR_REQUIRED = "detector-required"
    NOT_APPLICABLE = "not-applicable"
    NO_DUTY = "no-duty"
    COULD_NOT_TELL = "could-not-tell"


WORDS: Final[Mapping[State, Words]] = MappingProxyType(
    {
        State.EVIDENCED: Words("evidenced", "有证据"),
        State.ATTESTED: Words("attested", "已声明"),
        State.PARTLY: Words("partly evidenced", "部分有证据"),
        State.NOT_EVIDENCED: Words("not evidenced", "无证据"),
        State.DETECTOR_REQUIRED: Words("detector required", "需自备检测器"),
        State.NOT_APPLICABLE: Words("not applicable", "不适用"),
        State.NO_DUTY: Words("no provider duty", "非提供者义务"),
        State.COULD_NOT_TELL: Words("could not tell", "无法判断"),
    }
)

SAYS: Final[Mapping[State, Words]] = MappingProxyType(
    {
        State.EVIDENCED: Words(
            "every record that was asked for is in the ledger", "账本中有所要求的全部记录"
        ),
        State.ATTESTED: Words(
            "a person stands in for it, until the date shown; records do not show all of it",
            "由人员声明，至所示日期为止；记录尚不能全部说明",
        ),
        State.PARTLY: Words("some of the records are there", "已有部分记录"),
        State.NOT_EVIDENCED: Words("no record of it yet", "尚无记录"),
        State.DETECTOR_REQUIRED: Words(
            "stays so until your own detector was probed in the last 30 days",
            "在您自备的检测器近 30 日内完成探测之前保持此状态",
        ),
        State.NOT_APPLICABLE: Words(
            "does not apply, for the reason on record", "依记录在案的理由不适用"
        ),
        State.NO_DUTY: Words(
            "addressed to others; shown so that nothing is left out", "针对他人；列出以示完整"
        ),
        State.COULD_NOT_TELL: Words("the ledger does not hold together", "账本前后不一致"),
    }
)

RANKS: Final[Mapping[State, int]] = MappingProxyType(
    {
        State.COULD_NOT_TELL: 0,
        State.NOT_EVIDENCED: 1,
        State.DETECTOR_REQUIRED: 1,
        State.PARTLY: 2,
        State.ATTESTED: 3,
        State.EVIDENCED: 4,
    }
)
"""From less to more. What does not apply, or is no duty, has no rank."""

OPEN: Final = frozenset({State.PARTLY, State.NOT_EVIDENCED, State.DETECTOR_REQUIRED})
"""Something is left to do."""
