"""The fields of OpenAI's replies: which are words of the protocol, and how large replies grow."""

from typing import Final

from hegui.gateway.channels import Refused
from hegui.terms import Fault

TEXTS: Final = frozenset({"content", "reasoning_content", "reasoning", "refusal"})
KNOWN: Final = frozenset(
    "content reasoning_content reasoning refusal role tool_calls function_call audio annotations "
    "index id type function name arguments finish_reason logprobs delta message text".split()
)
COUNTS: Final = frozenset(
    "prompt_tokens completion_tokens total_tokens prompt_tokens_details completion_tokens_details "
    "cached_tokens reasoning_tokens audio_tokens text_tokens accepted_prediction_tokens "
    "rejected_prediction_tokens".split()
)
NAMES: Final = (
    KNOWN
    | COUNTS
    | frozenset(
        "object created model system_fingerprint service_tier provider usage stop_reason "
        "matched_stop prompt_logprobs".split()
    )
)
"""Names of fields that need not be judged, because they are words of the protocol."""
MEDIA: Final = frozenset(
    "audio image images image_url video video_url file b64_json input_audio inline_data".split()
)
WORDS: Final = {
    "role": frozenset("assistant system user tool".split()),
    "type": frozenset("function text output_text refusal custom".split()),
    "finish_reason": frozenset("stop length tool_calls content_filter function_call".split()),
    "object": frozenset("chat.completion chat.completion.chunk".split()),
}
ANY_WORD: Final = frozenset().union(*WORDS.values())
PINNED: Final = frozenset("id object model system_fingerprint service_tier provider".split())
MOST_CHANNELS: Final = 5_000
DEEPEST: Final = 40
_TIME = 10**10  # seconds; up to here ``created`` is a time
_LONGEST_NAME = 80  # characters of an identifier
_MOST_INDEX = 1_000


def is_time(key: str, value: object) -> bool:
    """Whether a number is the time at which a reply was made."""
    return key == "created" and isinstance(value, int) and 0 <= value < _TIME


def opaque(value: str) -> bool:
    """Whether a value is one word of ASCII: an identifier. Remote models are not asked of it."""
    return len(value) <= _LONGEST_NAME and value.isascii() and not any(map(str.isspace, value))


def within(number: int, most: int) -> None:
    """Stop a reply that would use up memory without saying much."""
    if number >= most:
        raise Refused(Fault("reply", "out-of-bounds"))


def bounded(index: int) -> int:
    """Return the number of a choice or a call; one that could be somebody's is none."""
    within(index if index >= 0 else _MOST_INDEX, _MOST_INDEX)
    return index
