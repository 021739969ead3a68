"""A user's file on a platform, in memory: what to tell of it, and the file with its fields.

The labelling measures' Art. 6, from bytes to bytes: what the file says, what follows from it, and
the propagation fields written once, read back, with the same content by a hash of both.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from hegui.labels import platforms
from hegui.labels.container import Format, Memory
from hegui.labels.examining import Examined, examined
from hegui.labels.manifests import manifests
from hegui.labels.splicing import joined
from hegui.labels.value import Implicit
from hegui.terms import BadRequest, Corrupt, Words

Cause = Literal["added", "replaced", "kept", "already", "none", "refused", "beside"]


class Asked(NamedTuple):
    """What comes with a file. ``code`` is the platform's own, empty where it has none.

    ``number`` is the number under which it spreads the file; ``traces`` what the platform itself
    found. ``reserved`` is its ``ReservedCode2`` for each value of ``Label``, empty without one.
    """

    name: str
    declared: bool
    traces: tuple[str, ...]
    code: str
    number: str
    reserved: Mapping[str, str] = MappingProxyType({})


class Inspected(NamedTuple):
    """What became of the file. ``file`` is it with the fields, None where it stays as it was.

    ``label`` is what the file holds then, or what is to be kept beside one whose format has no
    place (``cause`` is ``beside``). ``why`` says why nothing was written (``refused``).
    ``dropped``: an earlier platform's signature went with the fields that it was about.
    ``manifest``: a C2PA manifest is in the file, and does not fit it any more if it was written.
    """

    examined: Examined
    traces: tuple[str, ...]
    conclusion: platforms.Conclusion
    cause: Cause
    label: Implicit | None
    file: bytes | None
    payload: str
    why: Words | None
    dropped: bool = False
    manifest: bool = False


def inspected(data: bytes, asked: Asked) -> Inspected:
    """Inspect a file and write the propagation fields. Raises nothing of a file's making.

    What is read back otherwise than it was written is ``Corrupt``.
    """
    source = Memory(data)
    seen = examined(source, asked.name)
    broken = seen.form is None or any(
        one.code == "unreadable-file" for one in seen.verdict.findings
    )
    traces = tuple(dict.fromkeys([*platforms.traces_in(source, seen.form), *asked.traces]))
    conclusion = platforms.concluded(seen.found, traces, declared=asked.declared, broken=broken)
    payload = "" if seen.form is None or broken else _payload(seen.form, source)
    told = (seen, traces, conclusion)
    if conclusion not in platforms.LABELS:
        return Inspected(*told, "none", None, None, payload, None)
    why = seen.verdict.findings[0].words if broken else None if asked.code else _NO_CODE
    if why is not None:
        return Inspected(*told, "refused", None, None, payload, why)
    try:
        by = asked.code, asked.number
        spread = platforms.spread(seen.found, conclusion, by, asked.reserved)
        if spread.label is None:
            (there,) = (one.parsed for one in seen.found)
            label = there.implicit if there is not None else None
            return Inspected(*told, "already", label, None, payload, None)
        return _beside_it(source, _written(source, told, spread, payload))
    except BadRequest as error:
        return Inspected(*told, "refused", None, None, payload, error.words)


def _written(
    source: Memory,
    told: tuple[Examined, tuple[str, ...], platforms.Conclusion],
    spread: platforms.Spread,
    payload: str,
) -> Inspected:
    form, label, cause = told[0].form, spread.label, spread.cause
    assert form is not None
    assert label is not None
    try:
        new = joined(source, form.write(source, label.inner()))
    except BadRequest as error:
        if error.code != "no_place":
            raise
        return Inspected(*told, "beside", label, None, payload, None)
    written = Memory(new)
    there = form.read(written)
    same = len(there) == 1 and there[0].guide and there[0].parsed is not None
    if not same or there[0].parsed.implicit != label or _payload(form, written) != payload:  # type: ignore[union-attr] # same says that it is there
        raise Corrupt(_READ_BACK)
    return Inspected(*told, cause, label, new, payload, None)


def _beside_it(source: Memory, done: Inspected) -> Inspected:
    """Return what became of the file, with what of others the change touched."""
    seen = done.examined
    earlier = any(one.parsed and one.parsed.fields.get("ReservedCode2") for one in seen.found)
    there = done.file is not None and seen.form is not None and manifests(seen.form, source)
    return done._replace(dropped=earlier, manifest=bool(there))


def _payload(form: Format, source: Memory) -> str:
    """Return the SHA-256 of a file's content, without its metadata; nothing for a broken one."""
    hasher = hashlib.sha256()
    try:
        for part in form.payload(source):
            hasher.update(memoryview(source.data)[part.offset : part.offset + part.length])
    except BadRequest:
        return ""
    return hasher.hexdigest()


_NO_CODE: Final = Words(
    en="The service has no provider code, so the propagation fields cannot be written. Set "
    "provider.uscc or label_page.propagator in the settings.",
    zh="本服务没有服务提供者编码，无法写入传播要素。请在配置中填写 provider.uscc 或 "
    "label_page.propagator。",
)
_READ_BACK: Final = Words(
    en="The file, read back, does not hold the label that was written, or not the same content. It "
    "was not given out; please report it.",
    zh="写入后读回的标识或内容与预期不一致，文件未交付。请向我们报告。",
)
