"""The font that documents are typeset with: the one that comes along, or that of the settings.

Here because the settings' file is read and laid apart: typst is given a folder with that font only.
"""

import tempfile
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Self

from hegui.filing.package.glyphs import characters
from hegui.settings import Settings
from hegui.settings.plain_files import read_plain, reason
from hegui.terms import Misconfigured, Words

_OURS = "HeguiHan-Regular.otf"
_LARGEST = 64 * 1024 * 1024
_UNREADABLE = Words(
    "filing.font {path} cannot be read: {why}. Name another font, or leave filing.font out",
    "filing.font {path} 无法读取：{why}。请指定其他字体，或不填 filing.font",
)


class Fonts:
    """One font in a folder of its own, which is gone afterwards. ``known``: its characters."""

    def __init__(self, settings: Settings) -> None:
        path = settings.filing.font
        if path is None:
            self._data = files("hegui.filing").joinpath("fonts", _OURS).read_bytes()
        else:
            self._data = _read(path)
        self._name = "font" + (path.suffix.lower() if path is not None else ".otf")
        self.known = characters(self._data)

    def __enter__(self) -> Self:
        """Lay the font into its folder."""
        self._held = tempfile.TemporaryDirectory(prefix="hegui-font-")
        self.folder = Path(self._held.name)
        (self.folder / self._name).write_bytes(self._data)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the folder."""
        self._held.cleanup()


def _read(path: Path) -> bytes:
    try:
        data = read_plain(path, _LARGEST + 1)
    except OSError as error:
        raise Misconfigured(_UNREADABLE.fill(path=path, why=reason(error))) from None
    if len(data) > _LARGEST:
        raise Misconfigured(_UNREADABLE.fill(path=path, why="> 64 MiB"))
    return data
