"""A new file that somebody asked for: never over another one, and whole or not there.

Here because drafts and forms of several commands begin so.
"""

from pathlib import Path

from hegui.terms import BadRequest, Words

_THERE = Words("{path} exists; it is not overwritten", "{path} 已存在，不会覆盖")
_UNWRITABLE = Words(
    "{path} cannot be written: {why}. Name another file with --{param}.",
    "无法写入 {path}：{why}。请用 --{param} 指定其他文件。",
)


def write_fresh(path: Path, content: bytes, param: str) -> None:
    """Write a file that is not there yet; a ``BadRequest`` naming ``param`` where it cannot be."""
    try:
        file = path.open("xb")
    except FileExistsError:
        raise BadRequest(_THERE.fill(path=path), param=param) from None
    except (OSError, ValueError) as error:
        raise _unwritable(path, error, param) from None
    try:
        with file:
            file.write(content)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(path, error, param) from None


def _unwritable(path: Path, error: Exception, param: str) -> BadRequest:
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return BadRequest(_UNWRITABLE.fill(path=path, why=why, param=param), param=param)
