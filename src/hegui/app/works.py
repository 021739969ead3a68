"""Protected works in the data directory: the register, the fingerprints of each, and the index.

``works/register.json`` says what there is; ``works/w7-0.fp`` and so on are the sorted fingerprints
of work 7 (``<u8``); ``works/index`` is made of all of them. No file holds text. The index counts
only with the digest that the register names, so a half-written or altered one stops start-up.
"""

import hashlib
import json
import mmap
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from hegui.app.disk import pread
from hegui.detectors.works import ProtectedWorks
from hegui.detectors.works_index import WorksIndex, header_size, shape_in
from hegui.settings.plain_files import WHOLE
from hegui.terms import BadRequest, Detector, Misconfigured, Words

VERSION: Final = 1
_READ: Final = 1_048_576

_NO_WORKS = Words(
    "there are no protected works in {folder}; hegui works add puts some there",
    "{folder} 中没有受保护作品；请用 hegui works add 添加",
)
_UNREADABLE = Words(
    "the register of protected works {path} cannot be read: {why}. Put it back from your backup; "
    "nothing is served without it.",
    "受保护作品登记簿 {path} 无法读取：{why}。请从备份恢复；没有它不会开始服务。",
)
_NEWER = Words(
    "{path} has format {found}; this hegui knows formats up to {known}. Install a newer hegui.",
    "{path} 的格式版本为 {found}，当前 hegui 最高只支持 {known}。请安装更新的 hegui。",
)
_ALTERED = Words(
    "the index of protected works {path} is not the one that the register names. Build it anew: "
    "hegui works build",
    "受保护作品索引 {path} 与登记簿所记不符。请重新生成：hegui works build",
)
_ABSENT = Words(
    "there is no work {name}; hegui works list shows them",
    "没有作品 {name}；hegui works list 可查看全部",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A work in the register. ``common`` texts are everybody's, and never a finding.

    ``added`` is in UTC milliseconds, ``content`` the SHA-256 of the files' bytes,
    one after the other.
    """

    number: int
    title: str
    owner: str
    basis: str
    common: bool
    added: int
    content: str
    characters: int
    fingerprints: int
    parts: int

    @property
    def name(self) -> str:
        """The name under which findings and commands know it: ``w7``."""
        return f"w{self.number}"

    @property
    def about(self) -> str:
        """The digest of what is said of the work, for the ledger."""
        said = {"basis": self.basis, "owner": self.owner, "title": self.title}
        body = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What is indexed. ``last`` is the highest number ever given; ``index`` the index's SHA-256."""

    works: tuple[Work, ...] = ()
    last: int = 0
    index: str = ""

    def named(self, name: str) -> Work:
        """Return the work called ``name``; an unknown one is a ``BadRequest``."""
        for work in self.works:
            if work.name == name:
                return work
        raise BadRequest(_ABSENT.fill(name=name[:40]), status=404, param="work")


class WorksDirectory:
    """The directory of protected works, made with mode 0700 at the first write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = folder / "index"
        self.register = folder / "register.json"

    def part(self, work: Work, number: int) -> Path:
        """Return the name of a file of a work's fingerprints."""
        return self.folder / f"{work.name}-{number}.fp"

    def parts(self, work: Work) -> list[Path]:
        """Return the names of all files of a work's fingerprints."""
        return [self.part(work, number) for number in range(work.parts)]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing anything meanwhile.

        On Windows nothing is locked: there, one process at a time may change works.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.folder / ".lock", os.O_CREAT | os.O_RDWR | WHOLE, 0o600)
        try:
            with suppress(ModuleNotFoundError):
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def read(self) -> Register:
        """Return the register; an empty one where there is none."""
        try:
            data = json.loads(self.register.read_bytes())
            found = data["v"]
            if found > VERSION:
                words = _NEWER.fill(path=self.register, found=found, known=VERSION)
                raise Misconfigured(words)
            works = tuple(Work(**row) for row in data["works"])
            return Register(works=works, last=int(data["last"]), index=str(data["index"]))
        except FileNotFoundError:
            return Register()
        except (OSError, ValueError, TypeError, KeyError) as error:
            words = _UNREADABLE.fill(path=self.register, why=type(error).__name__)
            raise Misconfigured(words) from None

    def write(self, register: Register) -> None:
        """Put the register in place, whole and durable."""
        data: dict[str, Any] = {
            "v": VERSION,
            "last": register.last,
            "index": register.index,
            "works": [asdict(work) for work in register.works],
        }
        part = self.register.with_suffix(".part")
        with open(part, "w", encoding="utf-8", opener=_private) as file:
            json.dump(data, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.register)

    def with_index(self, register: Register, digest: str) -> Register:
        """Put a new index, made beside the old one, and the register that names it in place.

        Were the two cut apart by a crash, the register would name another index: nothing starts
        until ``hegui works build``.
        """
        done = replace(register, index=digest)
        self.index.with_suffix(".part").replace(self.index)
        self.write(done)
        return done


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | WHOLE, 0o600)


def attached_works(folder: Path, *, required: bool = False) -> list[Detector]:
    """Return the detector of the works in ``folder``; none where no work is registered.

    The columns of the index are mapped, not read into memory. One that is missing, altered or of
    another hegui is ``Misconfigured``, and so is an empty folder when works are ``required``.
    """
    place = WorksDirectory(folder)
    register = place.read()
    numbers = [work.number for work in register.works if not work.common]
    if not numbers:
        if required:
            raise Misconfigured(_NO_WORKS.fill(folder=folder))
        return []
    try:
        with place.index.open("rb") as file:
            hasher = hashlib.sha256()
            while block := file.read(_READ):
                hasher.update(block)
            if hasher.hexdigest() != register.index:
                raise Misconfigured(_ALTERED.fill(path=place.index))
            file.seek(0)
            shape = shape_in(file.read(header_size()))
            columns = mmap.mmap(file.fileno(), shape.rows, access=mmap.ACCESS_READ)
            rows = _Rows(os.dup(file.fileno()))
    except (OSError, ValueError):
        raise Misconfigured(_ALTERED.fill(path=place.index)) from None
    index = WorksIndex(memoryview(columns), rows)
    return [ProtectedWorks(index, numbers, register.index)]


class _Rows:
    """Reads rows of the index, which are too seldom asked for to be mapped.

    A mapped row would bring sixteen pages with it into this process's memory.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._close = weakref.finalize(self, os.close, handle)

    def __getitem__(self, part: slice, /) -> bytes:
        return pread(self._handle, part.stop - part.start, part.start)
