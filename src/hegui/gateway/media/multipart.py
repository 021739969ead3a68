"""Read a form of several parts (RFC 7578) that a caller sent, strictly and within bounds.

The body lies in memory already, within its limit; here its parts are told apart, and nothing of it
is copied that is not asked for.
"""

import re
from typing import Final, NamedTuple

from hegui.terms import BadRequest, Words

_MOST_PARTS: Final = 64
_MOST_HEAD: Final = 4_096  # bytes of a part's headers
_BOUNDARY: Final = re.compile(
    r'multipart/form-data\s*;.*?\bboundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))', re.IGNORECASE
)
_DISPOSITION: Final = re.compile(r"content-disposition\s*:\s*form-data\s*(;.*)\Z", re.IGNORECASE)
_PARAMETER: Final = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;"\s]+))')


class Part(NamedTuple):
    """A part of a form. ``is_file``: a file name was given for it; which one, nobody asks."""

    name: str
    data: bytes
    is_file: bool


def read_form(body: bytes, content_type: str) -> list[Part]:
    """Return the parts in order. What is not such a form, to the letter, is a ``BadRequest``."""
    found = _BOUNDARY.match(content_type.strip())
    if found is None:
        raise BadRequest(_NO_FORM, param="Content-Type")
    mark = b"--" + (found[1] or found[2]).encode()
    first = body.find(mark)
    if first < 0 or (first and not body[:first].endswith(b"\r\n")):
        raise _broken(0)
    parts: list[Part] = []
    at = first + len(mark)
    while body[at : at + 2] != b"--":
        end = body.find(b"\r\n" + mark, at)
        if body[at : at + 2] != b"\r\n" or end < 0 or len(parts) >= _MOST_PARTS:
            raise _broken(at)
        parts.append(_part(body, at + 2, end))
        at = end + 2 + len(mark)
    return parts


def _part(body: bytes, start: int, end: int) -> Part:
    split = body.find(b"\r\n\r\n", start, min(end, start + _MOST_HEAD))
    if split < 0:
        raise _broken(start)
    name, is_file = None, False
    try:
        lines = body[start:split].decode().split("\r\n")
    except UnicodeDecodeError:
        raise _broken(start) from None
    for line in lines:
        header = line.lower().replace(" ", "")
        if header.startswith("content-transfer-encoding:") and not header.endswith(
            (":binary", ":8bit", ":7bit")
        ):
            raise _broken(start)
        found = _DISPOSITION.match(line)
        if found is None:
            continue
        given = {key.lower(): quoted or bare for key, quoted, bare in _PARAMETER.findall(found[1])}
        name = given.get("name")
        is_file = "filename" in given or "filename*" in given
    if not name:
        raise _broken(start)
    return Part(name, body[split + 4 : end], is_file)


def _broken(at: int) -> BadRequest:
    return BadRequest(_BROKEN.fill(at=at))


_NO_FORM: Final = Words(
    en="The body must be a form (multipart/form-data) with its boundary in Content-Type.",
    zh="请求体应为表单（multipart/form-data），并在 Content-Type 中给出 boundary。",
)
_BROKEN: Final = Words(
    en="The form does not hold together at byte {at}: a part is cut short, has no name, or there"
    " are more than 64 of them.",
    zh="表单在第 {at} 字节处结构有误：某一部分不完整、没有名称，或超过 64 个部分。",
)
