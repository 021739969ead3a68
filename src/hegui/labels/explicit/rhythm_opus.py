"""The rhythm before the sound of Opus, as packets of its own: nothing is encoded anew.

Opus packets say themselves how they are coded (RFC 6716, 3.1), so that those of this package (made
by ``tools/make_rhythms.py``) stand in any stream of one or two channels. The pages behind them are
numbered anew, and their times are later; the packets stay as they are.
"""

from functools import cache
from importlib.resources import files
from struct import pack, unpack
from typing import Final

from hegui.labels import ogg
from hegui.labels.container import MOST_PARTS, TOO_LARGE, Source, Splice, exactly, refused
from hegui.labels.formats.ogg import links
from hegui.labels.ogg import Page
from hegui.labels.splicing import Change, spliced
from hegui.terms import BadRequest, Words

_SAMPLES: Final = 960  # of a packet: 20 ms at 48 kHz
_NO_TIME: Final = 0xFFFF_FFFF_FFFF_FFFF
_HEAD: Final = 14  # bytes of a page up to its time
_FAMILY: Final = 18  # where the head says how channels are mapped (RFC 7845, 5.1)


def with_rhythm(source: Source) -> Splice:
    """Return the Opus with the rhythm before its sound; of a chain, before its first link.

    Refused (``BadRequest``) is what does not hold together, and sound of more than two channels.
    """
    link = links(source)[0]
    head = exactly(source, link.first.body, _FAMILY + 1, "OpusHead")
    if head[_FAMILY]:
        raise BadRequest(CHANNELS, code="audio_form")
    held = _packets()
    later, serial = lasting(), link.first.serial
    number = link.pages[-1].number + 1
    changes = [Change(link.end, link.end, _page(held, serial, number, later))]
    for page in ogg.pages(source):
        if page.start < link.end:
            continue
        if page.flags & ogg.FIRST or page.serial != serial:
            break
        head = exactly(source, page.start, _HEAD, "Ogg page")
        changes.append(Change(page.start + 6, page.start + 26, moved(head, page, later)))
        if len(changes) > MOST_PARTS:
            raise refused("Ogg page", page.start, TOO_LARGE)
    return spliced(source.size, changes)


@cache
def _packets() -> list[bytes]:
    data = (files(__package__) / "rhythms" / "opus.packets").read_bytes()
    found, at = [], 0
    while at < len(data):
        (length,) = unpack(">H", data[at : at + 2])
        found.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return found


def _page(held: list[bytes], serial: int, number: int, time: int) -> bytes:
    table = b"".join(b"\xff" * (len(one) // 255) + bytes([len(one) % 255]) for one in held)
    fields = (b"OggS", 0, 0, time, serial, number & 0xFFFF_FFFF, 0, len(table))
    page = pack("<4sBBQIIIB", *fields) + table + b"".join(held)
    return page[:22] + pack("<I", ogg.checksum(page)) + page[26:]


def lasting() -> int:
    """Return how long the rhythm lasts, in samples."""
    return len(_packets()) * _SAMPLES


def moved(head: bytes, page: Page, later: int) -> bytes:
    """Return the twenty bytes of time, serial number, number and checksum of a page behind it.

    ``head`` is the page's beginning.
    """
    (time,) = unpack("<Q", head[6:14])
    new_time = time if time == _NO_TIME else (time + later) & _NO_TIME
    number = (page.number + 1) & 0xFFFF_FFFF
    rest = page.end - page.start - 22
    # the checksum is linear: see ogg.renumbered
    checksum = page.checksum ^ ogg.checksum(
        pack("<QII", time ^ new_time, 0, page.number ^ number) + bytes(rest)
    )
    return pack("<QIII", new_time, page.serial, number, checksum)


CHANNELS: Final = Words(
    en="The rhythm is put before Opus of one or two channels only; nothing was changed. Label the"
    " sound before it is encoded, or let your service show a notice beside it: --explicit"
    " interface.",
    zh="仅支持在单声道或立体声 Opus 之前添加节奏标识；文件未作任何改动。请在编码之前添加标识，"
    "或由服务界面提示：--explicit interface。",
)
