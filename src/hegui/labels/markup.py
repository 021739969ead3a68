"""Text as XML writes it, as ``xml.sax.saxutils`` does.

That module brings all of the network's along, a sixth of what a process that labels takes to start.
"""

from typing import Final

_BETWEEN: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_QUOTED: Final = _BETWEEN | str.maketrans({"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def escape(text: str) -> str:
    """Return a text as it stands between tags."""
    return text.translate(_BETWEEN)


def quoteattr(text: str) -> str:
    """Return a text as an attribute's value, quotes around it."""
    quoted = text.translate(_QUOTED)
    if '"' not in quoted:
        return f'"{quoted}"'
    if "'" not in quoted:
        return f"'{quoted}'"
    return f'"{quoted.replace(chr(34), "&quot;")}"'
