"""The four errors, named by who must act.

::

    HeguiError
    ├── BadRequest      the caller: the request cannot be served as it is
    ├── Misconfigured   the operator: a setting, a key file or a plug-in is wrong
    ├── Unavailable     nobody yet: wait and try again, or fail over
    └── Corrupt         stop and look: stored evidence does not hold together

A message says what was wrong, where, and what to do next. It never holds a secret or content.
"""

from hegui.terms.words import Words


class HeguiError(Exception):
    """The root of the four. Carries its message in both languages."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


class BadRequest(HeguiError):
    """The caller must change the request.

    ``status`` is the HTTP status and ``code`` the OpenAI error code that a gateway answers with;
    ``param`` names the field of the request, where there is one.
    """

    def __init__(
        self, words: Words, *, status: int = 400, code: str = "invalid_request", param: str = ""
    ) -> None:
        super().__init__(words)
        self.status = status
        self.code = code
        self.param = param


class Misconfigured(HeguiError):
    """The operator must change a setting, a file or a plug-in. Printed without a traceback."""


class Unavailable(HeguiError):
    """Try again later. ``after`` is a hint in seconds."""

    def __init__(self, words: Words, *, after: int = 1) -> None:
        super().__init__(words)
        self.after = after


class Corrupt(HeguiError):
    """Stored evidence contradicts itself. Never repaired silently."""
