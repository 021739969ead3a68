"""An export as one file that only its recipient can open: tar, encrypted by age (X25519).

Nothing of it lies on the disk in the clear, not even for a moment.
"""

import io
import os
import secrets
import tarfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, cast

from hegui.ledger.export.folder import MANIFEST, Sums, cannot, check_place, sync_directory
from hegui.terms import BadRequest, Unavailable, Words

SUFFIX: Final = ".tar.age"

_RECIPIENT = Words(
    en="This is no age recipient: {said}. One reads age1… and is printed by age-keygen.",
    zh="{said} 不是 age 收件公钥。公钥以 age1 开头，由 age-keygen 给出。",
)
_FAILED = Words(
    en="The export could not be encrypted and written to {path}: {why}. Nothing of it was kept.",
    zh="证据包无法加密并写入 {path}：{why}。未保留任何部分。",
)


def check_recipient(said: str) -> None:
    """Raise ``BadRequest`` unless ``said`` is an age X25519 recipient (C2SP age)."""
    _recipient(said)


def _recipient(said: str) -> Any:
    import pyrage

    try:
        return pyrage.x25519.Recipient.from_str(said)
    except pyrage.RecipientError as error:
        raise BadRequest(_RECIPIENT.fill(said=repr(said[:80])), param="to-recipient") from error


class _Counted:
    """A pipe that knows how much went into it: all that a tar needs to be written."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe, self._at = pipe, 0

    def write(self, data: bytes) -> int:
        """Hand on."""
        self._at += len(data)
        return self._pipe.write(data)

    def tell(self) -> int:
        """Return how much was written."""
        return self._at


class SealedSink:
    """Streams a tar through age into one file, which appears at the end.

    ``name`` is the folder that the tar unpacks to, ``at_ms`` the time that its files bear.
    """

    def __init__(self, out: Path, recipient: str, name: str, at_ms: int) -> None:
        check_place(out)
        self.out = out
        self._recipient = _recipient(recipient)
        self._name, self._at_s = name, at_ms // 1000
        self._aside = out.with_name(f".{out.name}.{secrets.token_hex(4)}.partial")
        self._failed: BaseException | None = None

    def __enter__(self) -> Self:
        """Begin: a thread encrypts what is written."""
        self._sums = Sums()
        try:
            handle = os.open(
                self._aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            self._sums.close()
            raise cannot(self.out, error) from error
        self._file = os.fdopen(handle, "wb")
        reading, writing = os.pipe()
        self._pipe = os.fdopen(writing, "wb")
        self._source = os.fdopen(reading, "rb")
        self._thread = threading.Thread(target=self._encrypt, name="hegui-age")
        self._thread.start()
        counted = cast(IO[bytes], _Counted(self._pipe))
        self._tar = tarfile.open(mode="w", fileobj=counted, format=tarfile.PAX_FORMAT)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was not finished."""
        self._sums.close()
        self._close()
        self._aside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            if self._failed is not None:  # a broken pipe only says that the thread had ended
                raise self._unencrypted() from error
            raise cannot(self.out, error) from error

    def put(self, path: str, data: bytes) -> None:
        """Write one file."""
        self._sums.add(path, data)
        self._add(path, io.BytesIO(data), len(data))

    def finish(self) -> None:
        """Write the list of files, end the encryption, and let the file appear."""
        self._add(MANIFEST, self._sums.whole(), self._sums.size)
        self._tar.close()
        self._close()
        if self._failed is not None:
            raise self._unencrypted()
        os.link(self._aside, self.out)  # unlike a rename, it overwrites nothing
        sync_directory(self.out.absolute().parent)

    def _add(self, path: str, data: IO[bytes], size: int) -> None:
        facts = tarfile.TarInfo(f"{self._name}/{path}")
        facts.size, facts.mode, facts.mtime = size, 0o600, self._at_s
        self._tar.addfile(facts, data)

    def _close(self) -> None:
        if self._pipe.closed:
            return
        with suppress(BrokenPipeError):  # the thread has ended early; why is in _failed
            self._pipe.close()
        self._thread.join()
        if not self._file.closed:
            self._file.close()

    def _unencrypted(self) -> Unavailable:
        """Return why nothing was encrypted: what the disk said, as age hands it on."""
        why = str(self._failed) or type(self._failed).__name__
        error = Unavailable(_FAILED.fill(path=self.out, why=why))
        error.__cause__ = self._failed
        return error

    def _encrypt(self) -> None:
        import pyrage

        try:
            with self._source:
                pyrage.encrypt_io(self._source, self._file, [self._recipient])
            self._file.flush()
            os.fsync(self._file.fileno())
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits
            self._failed = error
