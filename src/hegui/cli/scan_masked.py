"""Write the masked copy of a file that is scanned: everything else stays as it was.

The copy appears under its name only when it is whole, and never in the input's place. Lines
without a mask are copied byte for byte; a JSON record keeps its other fields as they were written;
a Parquet file keeps its schema, metadata and compression.
"""

import gzip
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, Protocol

from hegui.cli.arrow import arrow
from hegui.cli.batches import Batch
from hegui.cli.documents import Format
from hegui.settings.plain_files import WHOLE
from hegui.terms import BadRequest, Words

_NEVER_OVER = Words(
    "the copy {name} is one of the files that are read; name another with --out, or do not name "
    "copies to be scanned together with their originals",
    "副本 {name} 正是要读取的文件；请用 --out 换一个名字，或不要把副本与原文件一起扫描",
)
_NOT_A_FILE = Words(
    "the copy {name} would take the place of something that is not a file; name a file with --out",
    "副本 {name} 会取代一个不是普通文件的对象，请用 --out 指定文件",
)
_THERE = Words(
    "{name} is there already, perhaps an older copy; --force writes over it, --out names another",
    "{name} 已存在，可能是以前的副本；加 --force 可覆盖，或用 --out 换一个名字",
)
_CANNOT_WRITE = Words("cannot write {name}: {why}", "无法写入 {name}：{why}")
_BOM: Final = b"\xef\xbb\xbf"


class Copy(Protocol):
    """A masked copy that is being written."""

    def put(self, batch: Batch, texts: Mapping[int, str | None], drop: AbstractSet[int]) -> None:
        """Write a batch: new texts and rows to leave out, by row number.

        None for a text: of a key that stands twice only the last is kept, as it is.
        """
        ...


def copy_name(name: str) -> Path:
    """Return the name beside a file: ``a.jsonl.gz`` becomes ``a.masked.jsonl.gz``."""
    path = Path(name)
    packed = path.suffix if path.suffix.lower() in (".gz", ".zst") else ""
    stem = path.with_suffix("") if packed else path
    return stem.with_name(f"{stem.stem}.masked{stem.suffix}{packed}")


def require_room(target: Path, sources: Sequence[str], *, force: bool) -> None:
    """Raise ``BadRequest`` for a copy in the place of a file that is read, or of no file.

    Also for one in the place of any other file, such as an older copy, but for ``force``.
    """
    try:
        if not target.exists():
            return
        if not target.is_file():
            raise BadRequest(_NOT_A_FILE.fill(name=target), param="out")
        if any(name != "-" and target.samefile(name) for name in sources):
            raise BadRequest(_NEVER_OVER.fill(name=target), param="out")
        if not force:
            raise BadRequest(_THERE.fill(name=target), param="out")
    except OSError as error:
        from hegui.settings.plain_files import reason

        why = reason(error)
        raise BadRequest(_CANNOT_WRITE.fill(name=target, why=why), param="out") from None


@contextmanager
def copy(
    source: str, target: Path | None, form: Format, field: str, *, force: bool
) -> Iterator[Copy]:
    """Open the copy of ``source``. It is ``target`` when the block ends without an error.

    An older one is replaced with ``force`` alone. With ``target`` None it is standard output.
    """
    if target is None:
        yield LineCopy(sys.stdout.buffer, form, field)
        sys.stdout.flush()
        return
    require_room(target, [source], force=force)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with _writer(source, part, form, field, target.name) as writer:
            yield writer
        if source != "-":
            part.chmod(Path(source).stat().st_mode & 0o777)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        from hegui.settings.plain_files import reason

        words = _CANNOT_WRITE.fill(name=target, why=reason(error))
        raise BadRequest(words, param="out") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def _writer(source: str, part: Path, form: Format, field: str, name: str) -> Iterator[Copy]:
    handle = partial(os.open, part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | WHOLE, 0o600)
    if form == "parquet":
        os.close(handle())
        from hegui.cli.scan_parquet import parquet_copy

        with parquet_copy(source, part, field) as copied:
            yield copied
        return
    with os.fdopen(handle(), "wb") as file, _packed(file, name) as out:
        yield LineCopy(out, form, field)


@contextmanager
def _packed(file: IO[bytes], name: str) -> Iterator[Any]:
    if name.lower().endswith(".gz"):
        # without a time, so that the same input makes the same bytes
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0, filename="") as out:
            yield out
    elif name.lower().endswith(".zst"):
        with arrow().CompressedOutputStream(file, "zstd") as out:
            yield out
    else:
        yield file


class LineCopy:
    """The copy of a text or JSON Lines file."""

    def __init__(self, out: Any, form: Format, field: str) -> None:
        self._out, self._field = out, field if form == "jsonl" else None
        self._row = 1

    def put(self, batch: Batch, texts: Mapping[int, str | None], drop: AbstractSet[int]) -> None:
        """Write a batch. What is not named is written as it was read."""
        source: bytes = batch.source
        lines = source.split(b"\n")
        last = lines.pop()
        if texts or drop:
            ended = [line + b"\n" for line in lines]
            changed = self._changed([*ended, last] if last else ended, texts, drop)
            self._out.write(b"".join(changed))
        else:
            self._out.write(source)
        self._row += len(lines)

    def _changed(
        self, lines: list[bytes], texts: Mapping[int, str | None], drop: AbstractSet[int]
    ) -> Iterator[bytes]:
        for row, line in enumerate(lines, self._row):
            if row in drop:  # also where something in it was masked
                continue
            if row not in texts:
                yield line
                continue
            text = texts[row]
            body = line.removesuffix(b"\n").removesuffix(b"\r")
            mark = _BOM if row == 1 and body.startswith(_BOM) else b""
            if self._field is None:
                new = (text or "").encode()
            else:
                from hegui.cli.documents_jsonl import rewritten

                new = rewritten(body.removeprefix(mark), self._field, text)
            yield mark + new + line[len(body) :]
