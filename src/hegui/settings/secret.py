"""Secrets: named in the settings, held elsewhere, never printed."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hegui.settings.places import placed
from hegui.settings.plain_files import AT_ONCE, WHOLE, reason
from hegui.terms import Words

LONGEST_SECRET: Final = 65_536
_LAYOUT: Final = {ord(char): None for char in "\r\n\t"}


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that no log, traceback or printout shows. False when it is not set.

    ``reference`` is what the settings say (``env:NAME`` or ``file:PATH``) and may be printed.
    """

    reference: str = ""
    _value: str = field(default="", repr=False)

    def reveal(self) -> str:
        """Return the secret itself. Call it where the secret is used, not before."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return f"Secret({self.reference or 'not set'})"

    __str__ = __repr__


def resolve(reference: str, environ: Mapping[str, str], folder: Path) -> Secret | Words:
    """Fetch what ``env:NAME`` or ``file:PATH`` names; say in words what hinders it.

    A relative path starts at ``folder``. The words never hold what was written in the settings in
    place of a reference, for that may be the secret.
    """
    source, _, name = reference.partition(":")
    if source == "env" and name:
        return _from_environment(reference, name, environ)
    if source == "file" and name:
        path = placed(folder, name)
        return path if isinstance(path, Words) else _from_file(reference, path)
    return Words(
        "a secret is never written here: put it into an environment variable and write "
        '"env:NAME", or into a file of mode 0600 and write "file:PATH"',
        '密钥不能直接写在这里：请放进环境变量后写 "env:变量名"，'
        '或放进权限为 0600 的文件后写 "file:路径"',
    )


def _from_environment(reference: str, name: str, environ: Mapping[str, str]) -> Secret | Words:
    value = environ.get(name, "")
    if not value:
        return Words(
            "the environment variable {name} is not set: export it before starting hegui",
            "环境变量 {name} 没有设置：请先 export 再启动 hegui",
        ).fill(name=name)
    return _checked(reference, value)


def _from_file(reference: str, path: Path) -> Secret | Words:
    try:
        handle = os.open(path, os.O_RDONLY | WHOLE | AT_ONCE)
    except OSError as error:
        return Words("cannot read {path}: {why}", "无法读取 {path}：{why}").fill(
            path=path, why=reason(error)
        )
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            return Words("{path} is not a file", "{path} 不是普通文件").fill(path=path)
        if facts.st_mode & 0o077:
            return Words(
                "others may read {path} (mode {mode:04o}): run chmod 600 {path}",
                "其他用户可以读取 {path}（权限 {mode:04o}）：请执行 chmod 600 {path}",
            ).fill(path=path, mode=stat.S_IMODE(facts.st_mode))
        content = file.read(LONGEST_SECRET + 1)
    try:
        value = content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        value = ""
    if not value or len(content) > LONGEST_SECRET:
        return Words(
            "{path} is empty, too long or not UTF-8: it must hold the secret and nothing else",
            "{path} 为空、过长或不是 UTF-8：文件里应当只有密钥本身",
        ).fill(path=path)
    return _checked(reference, value)


def _checked(reference: str, value: str) -> Secret | Words:
    # A PEM key has line breaks and is wanted; what would split a header is checked where it is one.
    if not value.translate(_LAYOUT).isprintable():
        return Words(
            "{reference} holds control characters: store it anew as text",
            "{reference} 的内容含有控制字符：请重新以文本形式保存",
        ).fill(reference=reference)
    return Secret(reference, value)
