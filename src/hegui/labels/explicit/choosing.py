"""Which explicit label a file gets: the one that people see or hear (GB 45438-2025, clause 5).

None is left out but under an agreement on record (labelling measures of 2025, Art. 9).
``interface`` is for text and sound, whose notice an interactive service may show beside them
(Art. 4); ``present`` attests that the content shows its notice already. Pictures and films are
drawn upon, texts get a line at their end, documents a notice on their first page, sound a rhythm
before it. (Around a player a film's notice is the service's to show: no file can.)
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Literal

from hegui.labels.container import Format, Source, Splice
from hegui.labels.explicit import (
    film,
    image,
    office,
    pdf,
    rhythm_aac,
    rhythm_flac,
    rhythm_m4a,
    rhythm_mp3,
    rhythm_opus,
    rhythm_wav,
    text,
)
from hegui.labels.splicing import joined
from hegui.terms import BadRequest, Words

Mode = Literal["auto", "interface", "present", "agreement"]
"""``agreement``: the caller looked up one that is in force, and names it in the record."""
Shown = Literal["drawn", "interface", "present", "agreement"]
FILMS: Final = frozenset(film.CONTAINERS)
"""The names of the formats whose films get their notice."""
HEIC: Final = "heic"
APART: Final = FILMS | {HEIC}
"""The names of the formats that are drawn upon by an operator's own library, in C, which reads what
strangers made: for a file on disk, in a process of its own."""
MOST: Final = 256 * 1024 * 1024
"""Bytes of a file that its notice is put into, at most."""


_PLACED: Final[Mapping[str, Callable[[Source], Splice]]] = {
    **{
        name: partial(text.with_notice, form=name, language="zh", where="end")
        for name in text.FORMATS
    },
    "ooxml": partial(office.with_notice, language="zh"),
    "pdf": partial(pdf.with_notice, language="zh"),
    "mp3": rhythm_mp3.with_rhythm,
    "aac": rhythm_aac.with_rhythm,
    "flac": rhythm_flac.with_rhythm,
    "m4a": rhythm_m4a.with_rhythm,
    "opus": rhythm_opus.with_rhythm,
    "wav": rhythm_wav.with_rhythm,
}
"""Formats into which a notice or its rhythm is put without encoding anything anew."""


def chosen(form: Format, mode: Mode) -> Shown:
    """Return how content of ``form`` shows its label; what cannot be is a ``BadRequest``."""
    seen = form.mime[0].partition("/")[0] in ("image", "video")
    if mode == "interface" and seen:
        raise BadRequest(_NOT_BESIDE, param="explicit")
    if mode != "auto":
        return mode
    if form.mime[0].startswith("image/") or form.name in _PLACED or form.name in FILMS:
        return "drawn"
    raise BadRequest((_ATTEST if seen else _EITHER).fill(form=form.name), param="explicit")


def drawn(source: Source, form: Format) -> bytes:
    """Return content with its notice: drawn upon a picture, written into a text, before a sound.

    What is drawn upon apart (films, HEIC) is a ``BadRequest`` here.
    """
    if form.name in APART:
        raise BadRequest(_ATTEST.fill(form=form.name), code="no_notice")
    if source.size > MOST:
        raise BadRequest(LARGE.fill(size=MOST // (1024 * 1024)), code="too_large")
    place = _PLACED.get(form.name)
    if place is not None:
        return joined(source, place(source))
    return image.drawn(source.read(0, source.size), form.name)


_NOT_BESIDE: Final = Words(
    en="Pictures and films carry their notice themselves; 'interface' is for text and sound only"
    " (labelling measures, Art. 4). Use --explicit auto, or present if the content shows it.",
    zh="图片和视频须自身带有显式标识；interface 仅适用于文本和音频（标识办法第四条）。"
    "请使用 --explicit auto；内容已显示标识的，使用 present。",
)
_ATTEST: Final = Words(
    en="hegui cannot put a notice into {form} itself yet. If the film shows one from its first"
    " frame, for two seconds, say so: --explicit present. It goes on record as your statement.",
    zh="hegui 暂不能在 {form} 中写入显式标识。如视频自起始画面起已显示标识不少于两秒，"
    "请使用 --explicit present，该声明会记录在案。",
)
_EITHER: Final = Words(
    en="hegui cannot put a notice into {form} itself yet. Say where people meet it: --explicit"
    " interface (your service shows it beside the content) or present (the content holds it).",
    zh="hegui 暂不能在 {form} 中写入显式标识。请说明用户在何处看到或听到标识："
    "--explicit interface（由服务界面在内容旁持续提示）或 present（内容自身已含标识）。",
)
LARGE: Final = Words(
    en="hegui puts no notice into files of more than {size} MB. Make a smaller one first.",
    zh="不支持在超过 {size} MB 的文件中写入显式标识，请先缩小文件。",
)
