"""The door through which labels get into files: written beside, read back, put in place.

Nothing is put in place unless the written file, read again, holds the label once, at its place,
and the same content as before, compared byte for byte. A C2PA manifest comes last, for it binds
all the rest; one that the file carries already is kept in it, or the file is refused. Whatever
fails, the original stays as it was.
"""

import os
import secrets
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from hegui.app import carrying, drawing, manifests, proving
from hegui.app.disk import Disk, FileSource, unlinked
from hegui.app.manifest_keys import Stamp
from hegui.labels import deciding, judging
from hegui.labels.container import Format, Found, Memory, Slice, Source, Splice
from hegui.labels.explicit import choosing as explicit
from hegui.labels.recognising import HEAD, recognised
from hegui.labels.value import MOST, Implicit, parsed
from hegui.settings.plain_files import AT_ONCE, NOT_PLAIN, WHOLE, reason
from hegui.terms import BadRequest, Unavailable, Words

_SUFFIX: Final = ".aigc.json"

Record = Callable[["Written"], None]
"""Puts on record what is about to be put in place; what it raises keeps the file from that."""


def _unrecorded(written: "Written") -> None:
    """Put nothing on record."""


class Written(NamedTuple):
    """What was written. ``payload`` and ``file`` are SHA-256 of its content and of all of it.

    Both in hexadecimal, and empty where nobody records them. ``form`` is how the label is stored,
    ``sidecar`` for a file beside the target; ``encoded`` how a film or a HEIC was encoded anew
    for its notice: codecs, encoder, and more. ``time_stamp`` says whether the manifest has
    one, and is empty where none is wanted.
    """

    target: Path
    format: str
    form: str
    explicit: explicit.Shown
    implicit: Implicit
    cause: deciding.Cause
    payload: str
    file: str
    encoded: str = ""
    signed: bool = False  # whether a C2PA manifest was put into it
    time_stamp: Stamp = ""


_Signs: TypeAlias = manifests.Signs | None
_Seal: TypeAlias = Callable[[FileSource, int], FileSource] | None


class _Steps(NamedTuple):
    """What is done with a file that is written beside its target, before it is put in place."""

    check: Callable[[FileSource], None]
    seal: _Seal
    settle: Callable[[FileSource], None]


class Seen(NamedTuple):
    """A file as it was read. ``payload`` is the SHA-256 of its content, in hexadecimal."""

    form: Format
    found: list[Found]
    payload: str


@contextmanager
def opened(path: Path) -> Iterator[FileSource]:
    """Open a file for reading; what is no file that can be read is a ``BadRequest``."""
    try:
        handle = os.open(path, os.O_RDONLY | WHOLE | AT_ONCE)
    except OSError as error:
        raise BadRequest(_NOT_READ.fill(path=path, why=reason(error))) from None
    try:
        source = FileSource(handle)
        if not stat.S_ISREG(source.stat.st_mode):
            raise BadRequest(_NOT_READ.fill(path=path, why=NOT_PLAIN))
        yield source
    finally:
        os.close(handle)


def format_of(source: Source, name: str) -> Format:
    """Return the format of a file; an unknown one, or one that cannot be read, ``BadRequest``."""
    try:
        head = source.read(0, HEAD)
    except OSError as error:  # opened, and yet not to be read
        raise BadRequest(_NOT_READ.fill(path=name, why=reason(error))) from None
    form = recognised(head, name)
    if form is None:
        raise BadRequest(_UNKNOWN.fill(path=name), code="unknown_format")
    return form


def seen(path: Path, *, content: bool = False) -> Seen:
    """Read a file's labels, also that in a file beside it; with ``content`` its digest too."""
    with opened(path) as source:
        form = format_of(source, path.name)
        found = [*form.read(source), *_beside(path)]
        digest = carrying.digests(source, form.payload(source))[0] if content else ""
        return Seen(form, found, digest)


def new_number(at_ms: int) -> str:
    """Return a new number for content: a UUID that begins with the time (RFC 9562, 5.7)."""
    value = (at_ms << 80) | (7 << 76) | (secrets.randbits(12) << 64) | (2 << 62)
    return str(uuid.UUID(int=value | secrets.randbits(62)))


def sidecar(path: Path) -> Path:
    """Return the name of the file that holds the label of a format which has no place for one."""
    return Path(_beside_name(path))


def _beside_name(path: Path) -> str:
    return f"{path}{_SUFFIX}"


def label(  # noqa: PLR0913 - what happens, and who is told of it
    path: Path,
    target: Path,
    ours: Implicit,
    mode: explicit.Mode,
    *,
    record: Record | None = _unrecorded,
    disk: Disk | None = None,
    how: drawing.How = drawing.AUTO,
    signs: manifests.Signs | None = None,
) -> Written:
    """Write ``path`` with its labels to ``target``, which may be the same file.

    The explicit label comes first, as ``mode`` and ``how`` say. Another producer's implicit label
    stays, with the propagator's fields of ``ours``. With ``signs`` a C2PA manifest comes last; a
    file that carries one is refused without. Without ``record`` no digests are made. A bad disk is
    ``Unavailable``, a wrong reading ``Corrupt``, else ``BadRequest``; ``target`` is then as before.
    """
    disk = disk or Disk()
    place = Path(os.path.realpath(target)) if _is_link(target) else target
    with opened(path) as file, ExitStack() as held:
        form = format_of(file, path.name)
        decision = deciding.decided([*form.read(file), *_beside(path)], ours)
        shown = explicit.chosen(form, mode)
        seal = _seal(form, file, (decision, shown), signs)
        noticed = _with_notice(file, form, place.parent, how) if shown == "drawn" else None
        source, encoded = held.enter_context(noticed) if noticed else (file, "")
        placed = _with_label(form, source, inner := decision.implicit.inner())
        parts, names, done = placed or [Slice(0, source.size)], [judging.BESIDE], list[Written]()

        def check(new: FileSource) -> None:
            if placed:
                names[0] = proving.same_label(form, new, decision.implicit)
            proving.same_content(form, proving.Carried(source, parts, new))

        def settle(new: FileSource) -> None:
            _require_unchanged(path, file)
            digests = ("", "") if record is None else carrying.digests(new, form.payload(new))
            facts = (form.name, names[0], shown, *decision, *digests, encoded, seal is not None)
            done.append(Written(target, *facts, signs.key.stamp if signs and seal else ""))
            (record or _unrecorded)(done[0])

        rights = stat.S_IMODE(file.stat.st_mode)
        if placed is None:  # first: a label without its file harms nobody
            _put_beside(disk, (sidecar(place), rights), inner)
        _put(disk, source, parts, (place, rights), _Steps(check, seal, settle))
    if placed is not None:
        unlinked(_beside_name(place))  # the label is in the file now: one, not two
    return done[0]


def _seal(
    form: Format, file: FileSource, told: tuple[deciding.Decided, explicit.Shown], signs: _Signs
) -> _Seal:
    """Return what puts the manifest into the labelled file; None where none is wanted."""
    if signs is None or not signs.fit(form):
        manifests.require_none(form, file)
        return None
    (label, cause), shown = told
    opened = manifests.carries(form, file) or cause == "kept" or label.Label != "1"
    claim = manifests.Claim(label, drawn=shown == "drawn", opened=opened)
    return lambda new, to: manifests.signed(signs, form, (file, new, to), claim)


@contextmanager
def _with_notice(
    file: FileSource, form: Format, folder: Path, how: drawing.How
) -> Iterator[tuple[FileSource | Memory, str]]:
    """Give content with its notice, and how it was encoded anew, if it was."""
    if form.name in explicit.APART:
        with drawing.drawn(file, form.name, folder, how) as done:
            yield done
    else:
        yield Memory(explicit.drawn(file, form)), ""


def _require_unchanged(path: Path, file: FileSource) -> None:
    """Refuse a file that was written to, or that another was put in the place of."""
    before, after = file.stat, os.fstat(file.handle)
    try:
        there = os.stat(path)  # noqa: PTH116 - of each file, and a Path takes longer
        same = (there.st_dev, there.st_ino) == (after.st_dev, after.st_ino)
    except OSError:
        same = False
    if not same or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BadRequest(_CHANGED.fill(path=path))


def _is_link(path: Path) -> bool:
    return os.path.islink(path)  # noqa: PTH114 - a Path raises for one that may not be looked at


def _with_label(form: Format, source: Source, inner: str) -> Splice | None:
    """Return the file with its label; None for a format that has no place for one."""
    try:
        return form.write(source, inner)
    except BadRequest as error:
        if error.code != "no_place":
            raise
        return None


def _put(
    disk: Disk,
    source: FileSource | Memory,
    parts: Splice,
    target: tuple[Path, int],
    steps: _Steps,
) -> None:
    """Write a file beside the target, have what is read back checked, put it in place."""
    path, mode = target
    with _aside(path) as (handle, part):
        new = carrying.carried(disk, source, handle, parts)
        disk.mode(handle, mode)
        disk.sync(handle)
        steps.check(new)
        if steps.seal is None:
            steps.settle(new)
            disk.replace(part, path)
            return
        with _aside(path) as (last, sealed):
            final = steps.seal(new, last)
            disk.mode(last, mode)
            disk.sync(last)
            steps.settle(final)
            disk.replace(sealed, path)
        with suppress(OSError):
            part.unlink()  # without its manifest it was a step only


@contextmanager
def _aside(path: Path) -> Iterator[tuple[int, Path]]:
    """Make a file beside ``path``, to be put in place; it is taken away if anything fails."""
    folder, name = os.path.split(path)
    part = f"{folder or '.'}{os.sep}.{name[:100]}.{secrets.token_hex(8)}.part"
    try:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | WHOLE, 0o600)
    except PermissionError as error:
        raise BadRequest(_NOT_WRITTEN.fill(path=path, why=reason(error)), param="out") from None
    except OSError as error:
        raise Unavailable(_NOT_WRITTEN.fill(path=path, why=reason(error))) from None
    done = False
    try:
        yield handle, Path(part)
        done = True
    except OSError as error:
        raise Unavailable(_NOT_WRITTEN.fill(path=path, why=reason(error))) from None
    finally:
        os.close(handle)
        if not done:
            with suppress(OSError):
                unlinked(part)


def _put_beside(disk: Disk, target: tuple[Path, int], inner: str) -> None:
    """Put a label into a file of its own."""
    nothing = _Steps(_nothing, None, _nothing)
    _put(disk, Memory(b""), [inner.encode() + b"\n"], target, nothing)


def _nothing(new: FileSource) -> None:
    """Check nothing: what is written has no format."""


def _beside(path: Path) -> list[Found]:
    """Return the label in the file beside, if there is one; a link's may stand where it leads."""
    beside = _beside_name(path)
    if _is_link(path) and not os.path.isfile(beside):  # noqa: PTH113 - as below
        beside = _beside_name(Path(os.path.realpath(path)))
    if not os.path.isfile(beside):  # noqa: PTH113 - mostly there is none, and no Path is made
        return []
    with opened(Path(beside)) as source:
        raw = source.read(0, MOST + 1).decode("utf-8", "replace").strip()
    return [Found(judging.BESIDE, 0, raw, guide=False, parsed=parsed(raw))]


_NOT_READ: Final = Words(
    en="{path} cannot be read ({why}). Name a file that is there and that you may read.",
    zh="无法读取 {path}（{why}）。请指定存在且有读取权限的文件。",
)
_UNKNOWN: Final = Words(
    en="{path} is of no format that hegui can label. Its content counts, not its name.",
    zh="{path} 不属于 hegui 可以标识的格式。判断依据是内容而非文件名。",
)
_CHANGED: Final = Words(
    en="{path} was changed by another program meanwhile. Nothing was written; run it again.",
    zh="{path} 在处理期间被其他程序改动。未写入任何内容，请重新运行。",
)
_NOT_WRITTEN: Final = Words(
    en="{path} could not be written ({why}). It is as it was before. Look at who may write"
    " there, at the space that is left and at the disk, then run it again.",
    zh="无法写入 {path}（{why}）。原有内容未变。请检查写入权限、剩余空间和磁盘后重新运行。",
)
