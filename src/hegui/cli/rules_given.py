"""What the commands on rule packs share: the packs that are named, read and judged."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import click

from hegui.cli.speech import lang_of
from hegui.terms import BadRequest, Lang, Misconfigured, Words

if TYPE_CHECKING:
    from hegui.detectors.packs import Flaw, Pack

PACKS = click.argument(
    "packs", nargs=-1, metavar="PACK…", type=click.Path(path_type=Path, dir_okay=False)
)


class Given(NamedTuple):
    """Packs by the names they were given under, and what is wrong with each."""

    packs: "dict[str, Pack]"
    flaws: "dict[str, list[Flaw]]"

    @property
    def errors(self) -> int:
        """How many flaws keep a pack from being attached."""
        return sum(flaw.weight == "error" for flaws in self.flaws.values() for flaw in flaws)

    @property
    def notes(self) -> int:
        """How many flaws are only worth knowing."""
        return sum(map(len, self.flaws.values())) - self.errors


def given(paths: Sequence[Path]) -> Given:
    """Read and judge the packs named on the command line; with none named, the shipped ones."""
    from hegui.app.packs import judged, parsed, read_bytes
    from hegui.detectors.packs import lint
    from hegui.detectors.packs.shipped import texts
    from hegui.measures import risks
    from hegui.runners.compiling import kept

    packs: dict[str, Pack] = {}
    flaws: dict[str, list[Flaw]] = {}
    contents: dict[str, bytes] = {}
    for path in paths:
        if not path.exists():
            words = Words("there is no file {name}", "没有文件 {name}").fill(name=path)
            raise BadRequest(words, param="packs")
        content, broken = read_bytes(path)
        flaws[str(path)] = [broken] if broken is not None else []
        if broken is None:
            contents[str(path)] = content
    if not paths:
        contents = {f"hegui:{name}": text.encode() for name, text in texts().items()}
    for name, content in contents.items():
        pack, flaws[name] = parsed(content)
        if pack is not None:
            packs[name] = pack
    found = judged(packs) if paths else lint(packs, risks(), shipped=True, compiler=kept)
    for name, more in found.items():
        flaws[name] = sorted([*flaws[name], *more], key=lambda flaw: flaw.line)
    return Given(packs, flaws)


def sound(paths: Sequence[Path]) -> "dict[str, Pack]":
    """Return packs that can be attached, or raise ``Misconfigured`` that tells every problem."""
    found = given(paths)
    if found.errors:
        refuse(found)
    return found.packs


def refuse(found: Given) -> NoReturn:
    """Raise ``Misconfigured`` that tells what keeps packs from being used."""
    en = told_flaws(found, "en", errors_only=True)
    zh = told_flaws(found, "zh", errors_only=True)
    raise Misconfigured(
        Words(
            "\n".join(["the packs cannot be used; put this right first:", *en]),
            "\n".join(["规则包无法使用，请先改正：", *zh]),
        )
    )


def told_flaws(found: Given, lang: Lang | None = None, *, errors_only: bool = False) -> list[str]:
    """Return flaws as lines: file, line, rule, and what to put right."""
    said = lang or lang_of()
    note = Words("note", "提示").say(said)
    lines = []
    for name, flaws in found.flaws.items():
        for flaw in flaws:
            if errors_only and flaw.weight != "error":
                continue
            about = f" {flaw.rule}" if flaw.rule else ""
            weight = "" if flaw.weight == "error" else f" [{note}]"
            lines.append(f"  {name}:{flaw.line}{about}{weight} {flaw.words.say(said)}")
    return lines


def as_rows(found: Given) -> list[dict[str, object]]:
    """Return flaws as data."""
    return [
        {
            "file": name,
            "line": flaw.line,
            "rule": flaw.rule,
            "weight": flaw.weight,
            "en": flaw.words.en,
            "zh": flaw.words.zh,
        }
        for name, flaws in found.flaws.items()
        for flaw in flaws
    ]
