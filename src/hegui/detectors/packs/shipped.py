"""The packs that come with hegui."""

from functools import cache
from importlib import resources

from hegui.detectors.packs.reading import read
from hegui.detectors.packs.values import Pack
from hegui.terms import Corrupt, Words


def texts() -> dict[str, str]:
    """Return the texts of the shipped packs by file name, in the order of their names."""
    folder = resources.files("hegui.detectors").joinpath("data/packs")
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    return {entry.name: entry.read_text("utf-8") for entry in sorted(found, key=lambda e: e.name)}


@cache
def shipped() -> tuple[Pack, ...]:
    """Return the shipped packs. A damaged installation is ``Corrupt``."""
    packs = []
    for name, text in texts().items():
        pack, flaws = read(text)
        if pack is None:
            words = Words(
                "the rule pack {name} that comes with hegui is damaged (line {line}): reinstall",
                "hegui 自带的规则包 {name} 已损坏（第 {line} 行），请重新安装",
            )
            raise Corrupt(words.fill(name=name, line=flaws[0].line))
        packs.append(pack)
    return tuple(packs)
