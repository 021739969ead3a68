"""Numbers of a request: which can be somebody's, what they read as, and where no mask can stand.

A telephone number that is written as a JSON integer says what its digits say, wherever it stands.
"""

from typing import Any, Final

LONG_NUMBER: Final = 10**6
"""From here on (seven digits) a number can be somebody's."""
_OPEN: Final = frozenset({"seed", "max_tokens", "max_completion_tokens"})
# The API's own numbers at the top of a request (OpenAI, Create chat completion) that may have seven
# digits: a seed is any 64-bit integer, and a random one can look like somebody's. All others
# (temperature, top_p, n, top_logprobs, the penalties) have fewer, so none of them is let through.
_SMALL: Final = frozenset(
    "temperature top_p n top_logprobs presence_penalty frequency_penalty".split()
)
_BOUNDS: Final = frozenset(  # JSON Schema 2020-12, Validation, 6.2 to 6.5: their values are numbers
    "multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength maxItems "
    "minItems maxContains minContains maxProperties minProperties".split()
)


def long(number: float) -> bool:
    """Whether a number has seven digits or more before its point."""
    return abs(number) >= LONG_NUMBER


def read_out(number: float) -> str:
    """Return the text that a number is judged as: all its digits, as people write them."""
    return str(int(number) if number == number // 1 else number)  # false of NaN and infinity


def free(name: Any, *, top: bool) -> bool:
    """Whether a field's number is the API's own. ``top``: it stands at the top of the request."""
    return top and name in _OPEN


def no_mask(name: Any, *, top: bool) -> bool:
    """Whether a string in a field's place would break the request.

    What must be masked there is refused instead. Not for messages, which have no such fields.
    """
    return name in _BOUNDS or (top and name in _SMALL)
