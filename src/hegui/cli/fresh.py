"""A file that somebody asked for: whole or not there, over another one only where that is meant.

Here because drafts and forms of several commands begin so.
"""

import os
from contextlib import suppress
from pathlib import Path

from hegui.terms import BadRequest, Words

_THERE = Words(
    "{path} exists; it is not overwritten. Name another file with --{param}.",
    "{path} 已存在，不会覆盖。请用 --{param} 指定其他文件。",
)
_NO_FILE = Words(
    "{path} is there and is not a file; it is not overwritten. Name another with --{param}.",
    "{path} 已存在且不是普通文件，不会覆盖。请用 --{param} 指定其他文件。",
)
_UNWRITABLE = Words(
    "{path} cannot be written: {why}. Name another file with --{param}.",
    "无法写入 {path}：{why}。请用 --{param} 指定其他文件。",
)


def write_fresh(path: Path, content: bytes, param: str, mode: int = 0o666) -> None:
    """Write a file that is not there yet; a ``BadRequest`` naming ``param`` where it cannot be."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError:
        raise BadRequest(_THERE.fill(path=path, param=param), param=param) from None
    except (OSError, ValueError) as error:
        raise _unwritable(path, error, param) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(path, error, param) from None


def write_over(path: Path, content: bytes, param: str) -> None:
    """Put a file in the place of the one that is there, at once; errors as in ``write_fresh``."""
    if path.exists() and not path.is_file():  # a device would be gone
        raise BadRequest(_NO_FILE.fill(path=path, param=param), param=param)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            aside.chmod(path.stat().st_mode & 0o777)
        aside.replace(path)
    except (OSError, ValueError) as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise _unwritable(path, error, param) from None


def _unwritable(path: Path, error: Exception, param: str) -> BadRequest:
    from hegui.settings.plain_files import reason

    why = reason(error) if isinstance(error, OSError) else error
    return BadRequest(_UNWRITABLE.fill(path=path, why=why, param=param), param=param)
