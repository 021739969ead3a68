"""One file in memory, with both its labels: decided, drawn, written, read back.

The same steps as for files on disk (``app.labelling``), for doors that hold content in memory and
let nothing out before it is labelled. Pure: whoever calls it owns the process and the deadline.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from hegui.labels import deciding, manifests
from hegui.labels.container import Format, Memory, Slice, Source
from hegui.labels.explicit import choosing, heic
from hegui.labels.recognising import HEAD, recognised
from hegui.labels.splicing import joined
from hegui.labels.value import Implicit
from hegui.terms import BadRequest, Words

Burn = Callable[[bytes, str], tuple[bytes, str]]
"""Returns a film, of the format of that name, with its notice, and how it was encoded."""


class Whole(msgspec.Struct, frozen=True):
    """A labelled file. Digests are SHA-256 in hexadecimal.

    ``received`` is the digest of what came in. ``content`` is that of its content without metadata
    and ``shown`` the same once the notice is in it; the implicit label changed neither. ``file`` is
    the digest of ``data``. ``form`` says how the label is stored. ``manifest``: what came in held a
    C2PA manifest. It bound the bytes of that file, and holds no more. ``encoded`` says how a film
    or a HEIC with its notice was encoded; empty for all else.
    """

    data: bytes
    format: str
    mime: str
    form: str
    explicit: choosing.Shown
    cause: deciding.Cause
    implicit: Implicit
    received: str
    content: str
    shown: str
    file: str
    manifest: bool = False
    encoded: str = ""


def whole(
    data: bytes,
    ours: Implicit,
    mode: choosing.Mode,
    *,
    kinds: tuple[str, ...] = (),
    name: str = "",
    burn: Burn | None = None,
) -> Whole:
    """Return the file in ``data`` with its explicit label, as ``mode`` says, and the implicit one.

    ``kinds`` are the media types that it may be of (``image/``); ``name`` decides where several
    formats fit; ``burn`` puts the notice into films, which are refused without. Everything that a
    file can be refused for is a ``BadRequest``: its code says why (``unknown_format``,
    ``file_broken``, ``no_place``, ``too_large``, ``read_back``, …).
    """
    source: Source = Memory(data)
    form = recognised(data[:HEAD], name)
    if form is None or not (not kinds or form.mime[0].startswith(kinds)):
        raise BadRequest(_UNKNOWN, code="unknown_format")
    decision = deciding.decided(form.read(source), ours)
    manifest = bool(manifests.manifests(form, source))
    content = _digest(source, form.payload(source))
    shown, encoded = choosing.chosen(form, mode), ""
    if shown == "drawn":
        drawn, encoded = _drawn(source, form, burn)
        source = Memory(drawn)
    visible = _digest(source, form.payload(source))
    new = joined(source, form.write(source, decision.implicit.inner()))
    written = Memory(new)
    found = form.read(written)
    there = found[0].parsed if len(found) == 1 and found[0].guide else None
    sound = there is not None and there.implicit == decision.implicit
    if not sound or _digest(written, form.payload(written)) != visible:
        raise BadRequest(_READ_BACK.fill(form=form.name), code="read_back")
    return Whole(
        data=new,
        format=form.name,
        mime=form.mime[0],
        form=found[0].form,
        explicit=shown,
        cause=decision.cause,
        implicit=decision.implicit,
        received=hashlib.sha256(data).hexdigest(),
        content=content,
        shown=visible,
        file=hashlib.sha256(new).hexdigest(),
        manifest=manifest,
        encoded=encoded,
    )


def _drawn(source: Source, form: Format, burn: Burn | None) -> tuple[bytes, str]:
    """Return content with its notice, and how it was encoded anew, where it is a film or HEIC."""
    if form.name == choosing.HEIC:
        return heic.drawn(source.read(0, source.size))
    if burn is None or form.name not in choosing.FILMS:
        return choosing.drawn(source, form), ""
    return burn(source.read(0, source.size), form.name)


def _digest(source: Source, parts: Iterable[Slice]) -> str:
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(source.read(part.offset, part.length))
    return hasher.hexdigest()


_UNKNOWN: Final = Words(
    en="It is of no format that hegui can label there.", zh="不属于可在此处标识的格式。"
)
_READ_BACK: Final = Words(
    en="The label of a {form} file, read back, is not the one that was written, or its content"
    " changed. Please report it.",
    zh="{form} 文件写入后读回的标识与写入的不一致，或内容发生了变化。请向我们报告。",
)
