"""Labels on generated text (Art. 12; labelling measures of 2025, Art. 4 and 5; GB 45438-2025).

Explicit: a notice that holds both elements, AI and generated, in Chinese; English is added, never
instead. Implicit: the seven fields of GB 45438-2025, Appendix E, as an ``aigc`` object beside the
reply and in a header. JSON replies have no file metadata, so that place is our design, not a legal
placement (law.md, 5.3).
"""

import re
from typing import Literal

import msgspec

from hegui.labels.value import Implicit

ExplicitMode = Literal["suffix", "interface", "ui-required"]

_NOTICE_ZH = "（本内容由AI生成）"
_NOTICE_EN = "(This content is AI-generated.)"
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
_TELLING = 80  # characters at the start of a line that tell a fence
_UNSAFE = re.compile(r"[^\x21-\x7e]")


def notice(language: str) -> str:
    """Return the explicit notice: ``zh``, or ``zh+en``."""
    return f"{_NOTICE_ZH} {_NOTICE_EN}" if language == "zh+en" else _NOTICE_ZH


def suffix_after(open_fence: str, language: str) -> str:
    """Return what is put after a text to label it; an open code fence is closed first."""
    return (f"\n{open_fence}" if open_fence else "") + "\n\n" + notice(language)


def without_suffix(text: str) -> str:
    """Take our own suffix off a reply that a client sends back as history.

    Only for what goes to the model: it would imitate the label, and the next reply would carry
    two. What was delivered keeps its label. A fence that we closed stays closed: nobody can tell
    it from one that the model closed.
    """
    if _NOTICE_ZH not in text:
        return text
    for language in ("zh", "zh+en"):  # by comparing, not by a pattern: a long blank costs nothing
        bare = text.rstrip().removesuffix(notice(language))
        if bare != text.rstrip():
            return bare.rstrip()
    return text


class FenceTracker:
    """Follows code fences through a streamed text, so that a label never lands inside one."""

    def __init__(self) -> None:
        self._line = ""
        self.open = ""

    def feed(self, piece: str) -> None:
        """Take in released text."""
        if "\n" in piece:
            *lines, piece = (self._line + piece).split("\n")
            for line in lines:
                self._mark(line)
            self._line = ""
        if len(self._line) < _TELLING:
            self._line = (self._line + piece)[:_TELLING]

    def close(self) -> str:
        """Return the fence that is still open at the end, or an empty string."""
        self._mark(self._line)
        self._line = ""
        return self.open

    def _mark(self, line: str) -> None:
        found = _FENCE.match(line)
        if found is None:
            return
        fence = found.group(1)
        if not self.open:
            self.open = fence
        elif fence[0] == self.open[0] and len(fence) >= len(self.open):
            self.open = ""


def implicit(producer_code: str, produce_id: str) -> Implicit:
    """Return the implicit label of content that this provider generates.

    On first writing the propagation fields equal the production fields. Values must be printable
    single-byte characters without spaces (Appendix E j); a code that is not is refused here.
    """
    for value in (producer_code, produce_id):
        if _UNSAFE.search(value):
            raise ValueError("a label field holds characters outside 0x21-0x7E: use the code")
    return Implicit("1", producer_code, produce_id, "", producer_code, produce_id, "")


def header(label: Implicit) -> str:
    """Return the value of the ``X-AIGC`` header: plain JSON, safe in a header by its alphabet."""
    return msgspec.json.encode({"AIGC": label}).decode("ascii")
