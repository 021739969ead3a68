"""The rhythm before the sound of AAC (ADTS), as frames of its own: nothing is encoded anew.

The frames are files of this package (made by ``tools/make_rhythms.py``), of the low-complexity
profile, with the rate and the channels of the sound.
"""

from importlib.resources import files
from typing import Final

from hegui.labels import id3
from hegui.labels.container import INCONSISTENT, Source, Splice, exactly, refused
from hegui.labels.splicing import Change, spliced
from hegui.terms import BadRequest, Words

_RATES: Final = {3: 48_000, 4: 44_100, 5: 32_000}
"""By ADTS's number. Below, the sound may have twice the rate (HE-AAC), which no header tells."""
_LOW_COMPLEXITY: Final = 1
_MPEG2: Final = 0x08
_HEAD: Final = 7


def with_rhythm(source: Source) -> Splice:
    """Return the AAC with the rhythm before its sound.

    Refused (``BadRequest``) is what is no ADTS, and what needs an encoder: other profiles, rates
    below 32,000, more than two channels.
    """
    tags = id3.tags(source)
    start = tags[-1].end if tags else 0
    head = exactly(source, start, _HEAD, "ADTS frame")
    if head[0] != 0xFF or head[1] & 0xF6 != 0xF0:  # noqa: PLR2004 - the sync word
        raise refused("ADTS frame", start, INCONSISTENT)
    rate = _RATES.get(head[2] >> 2 & 15)
    channels = (head[2] & 1) << 2 | head[3] >> 6
    if rate is None or channels not in (1, 2) or head[2] >> 6 != _LOW_COMPLEXITY:
        raise BadRequest(ENCODER, code="audio_form")
    made = bytearray((files(__package__) / "rhythms" / f"{rate}-{channels}.aac").read_bytes())
    at = 0
    while at < len(made):
        made[at + 1] = made[at + 1] & ~_MPEG2 | head[1] & _MPEG2  # MPEG-2 or 4, as the sound says
        at += (made[at + 3] & 3) << 11 | made[at + 4] << 3 | made[at + 5] >> 5
    return spliced(source.size, [Change(start, start, bytes(made))])


ENCODER: Final = Words(
    en="The rhythm cannot be put before this AAC without encoding it anew (it is ready for the"
    " low-complexity profile at 32 to 48 kHz, mono and stereo); nothing was changed. Label the"
    " sound before it is encoded, use a spoken label, or let your service show one beside it:"
    " --explicit interface.",
    zh="不重新编码就无法在此 AAC 之前添加节奏标识（仅支持 LC 规格、32 至 48 kHz、单双声道）；"
    "文件未作任何改动。请在编码之前添加标识、使用语音标识，或由服务界面提示："
    "--explicit interface。",
)
