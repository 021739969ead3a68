"""Opening a file that somebody named, in an option or in the settings, to be read whole.

Here because every room above reads such files. A pipe or a device in such a place would be waited
for without end, or never end.
"""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

from hegui.terms import Words

WHOLE: Final = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""To open a file that no child inherits and whose bytes are what they are. A system that has no
such choice (Windows keeps files from children by itself, and has text files) needs none."""

AT_ONCE: Final = getattr(os, "O_NONBLOCK", 0)
"""Not to wait where the name is a pipe's; Windows has no pipes in folders."""

ITSELF: Final = getattr(os, "O_NOFOLLOW", 0)
"""To refuse a link. On Windows only who may do so makes one."""

NOT_PLAIN = Words("it is not a regular file", "不是普通文件")
"""Why such a file is not read."""


EMPTY = Words("it is empty", "是空文件")
"""Why a file is not taken that should say something."""


class NotPlainError(OSError):
    """What was opened is a pipe, a device or a socket."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EINVAL, NOT_PLAIN.en, str(path))


def open_plain(path: Path) -> BinaryIO:
    """Open a regular file (through links) for reading, at once; an ``OSError`` where it is none."""
    handle = os.open(path, os.O_RDONLY | WHOLE | AT_ONCE)
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise NotPlainError(path)


def read_plain(path: Path, most: int) -> bytes:
    """Return at most ``most`` bytes of a regular file; errors as in ``open_plain``."""
    with open_plain(path) as file:
        return file.read(most)


def reason(error: OSError) -> Words:
    """Return why a file cannot be read or written, to be filled into ``Words``.

    What the system itself says is English, so the usual reasons are said in Chinese here.
    """
    if isinstance(error, NotPlainError):
        return NOT_PLAIN
    said = error.strerror or type(error).__name__
    return Words(said, _IN_CHINESE.get(error.errno or 0, said))


_IN_CHINESE: Final = {
    errno.ENOENT: "文件或目录不存在",
    errno.EACCES: "没有权限",
    errno.EPERM: "不允许此操作",
    errno.EISDIR: "是目录，不是文件",
    errno.ENOTDIR: "路径中有一段不是目录",
    errno.EEXIST: "已存在",
    errno.ENOTEMPTY: "目录不是空的",
    errno.ENOSPC: "磁盘空间不足",
    errno.EDQUOT: "已超出磁盘配额",
    errno.EFBIG: "文件过大",
    errno.EROFS: "文件系统只读",
    errno.EIO: "磁盘读写出错",
    errno.ENAMETOOLONG: "名称过长",
    errno.ELOOP: "符号链接层数过多",
    errno.EMFILE: "打开的文件过多",
    errno.EBUSY: "正被占用",
    errno.ENXIO: "不是普通文件",
    errno.EXDEV: "不在同一个文件系统中",
    errno.EADDRINUSE: "地址已被占用",
    errno.EADDRNOTAVAIL: "本机没有此地址",
}
