"""``hegui detectors``: what is attached, what it covers, and how good it is."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hegui.cli.columns import aligned, wrapped
from hegui.cli.detectors_check import check
from hegui.cli.detectors_probe import probe
from hegui.cli.shared import JSON_OPTION, read_settings
from hegui.cli.speech import CLEAN, Family, lang_of, option, say_json, say_lines
from hegui.terms import Lang, Words

if TYPE_CHECKING:
    from hegui.detectors.cards import ModelCard, Quality
    from hegui.terms import DetectorCard

_DEFAULT = Path("hegui.toml")
_HEADINGS = {
    "risks": Words("risks", "风险"),
    "rules": Words("rules", "规则"),
    "kinds": Words("kinds", "种类"),
    "digest": Words("digest", "摘要"),
    "use": Words("for", "用途"),
    "limits": Words("limits", "局限"),
    "licence": Words("licence", "许可"),
    "sources": Words("made from", "来源"),
    "quality": Words("measured", "实测"),
    "page": Words("more", "详见"),
}
_STATE = {
    True: Words("attached", "已接入"),
    False: Words(
        "comes with hegui, not attached: screen.classifier = true",
        "随 hegui 提供，未接入：screen.classifier = true",
    ),
}
_NO_CARD = Words(
    "Nothing is known of its quality: probe it with hegui detectors probe.",
    "没有质量数据：可用 hegui detectors probe 探测。",
)


@click.group(
    "detectors",
    cls=Family,
    invoke_without_command=True,
    words=Words(
        "List the detectors that the settings attach, what each covers, its model card and its "
        "measured quality. Without a settings file: what comes with hegui.",
        "列出配置所接入的检测器、各自覆盖的风险、模型卡和实测质量。没有配置文件时，"
        "列出 hegui 自带的检测器。",
    ),
    examples=Words(
        "hegui detectors\nhegui detectors -c hegui.toml --json\n"
        "hegui detectors check mypackage:Mine\n"
        "hegui detectors probe codenames probe.csv --risk A.3.c",
        "hegui detectors\nhegui detectors -c hegui.toml --json\n"
        "hegui detectors check mypackage:Mine\n"
        "hegui detectors probe codenames probe.csv --risk A.3.c",
    ),
)
@option(
    "-c",
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words(
        "the settings file (hegui.toml, where there is one)", "配置文件（默认 hegui.toml，如有）"
    ),
)
@JSON_OPTION
@click.pass_context
def detectors(context: click.Context, config: Path | None, *, as_json: bool) -> int:
    """List detectors, unless a command below is called."""
    if context.invoked_subcommand is not None:
        return CLEAN
    rows = _rows(config)
    if as_json:
        say_json([_as_data(*row) for row in rows], indent=1)
        return CLEAN
    say_lines(line for row in rows for line in _told(*row, lang_of()))
    return CLEAN


detectors.add_command(check)
detectors.add_command(probe)


def _rows(config: Path | None) -> "list[tuple[DetectorCard, bool]]":
    """Return the cards of what is attached, and of what comes with hegui besides."""
    from hegui.app import parts
    from hegui.detectors import triage
    from hegui.runners.compiling import builtin

    if config is None and _DEFAULT.is_file():
        config = _DEFAULT
    if config is None:
        attached = [detector.card for detector in builtin()]
    else:
        attached = list(parts.panel_once(read_settings(config)).cards)
    known = {card.name for card in attached}
    besides = [one.card for one in triage() if one.card.name not in known]
    return [*((card, True) for card in attached), *((card, False) for card in besides)]


def _as_data(card: "DetectorCard", attached: bool) -> dict[str, Any]:  # noqa: FBT001 - a row of a table
    from dataclasses import asdict

    from hegui.detectors.cards import card_of

    known = card_of(card.name)
    return {
        "name": card.name,
        "version": card.version,
        "digest": card.digest,
        "attached": attached,
        "reach": card.reach,
        "runs": card.runs,
        "risks": sorted(card.risks),
        "rules": len(card.rules),
        "kinds": sorted({rule.kind for rule in card.rules.values()}),
        "card": asdict(known) if known else None,
    }


def _told(card: "DetectorCard", attached: bool, lang: Lang) -> list[str]:  # noqa: FBT001 - a row of a table
    from hegui.detectors.cards import card_of

    data = _as_data(card, attached)
    known = card_of(card.name)
    rows = [
        ("risks", " ".join(data["risks"])),
        ("rules", str(data["rules"])),
        ("kinds", " ".join(data["kinds"])),
        ("digest", card.digest),
        *(_of_card(known, lang) if known else [("quality", _NO_CARD.say(lang))]),
    ]
    named = [(_HEADINGS[name].say(lang), told) for name, told in rows if told]
    head = f"{card.name} {card.version}  ({card.reach}, {card.runs}; {_STATE[attached].say(lang)})"
    return [*wrapped(head), *aligned(named), ""]


def _of_card(card: "ModelCard", lang: Lang) -> list[tuple[str, str]]:
    sources = ", ".join(f"{one.name} ({one.licence})" for one in card.sources)
    return [
        ("use", card.use.say(lang)),
        ("limits", card.limits.say(lang)),
        ("licence", card.licence),
        ("sources", sources),
        ("quality", "\n".join(_figure(one, lang) for one in card.quality)),
        ("page", card.page),
    ]


def _figure(one: "Quality", lang: Lang) -> str:
    return f"{one.what.say(lang)}, {one.on}: {one.value:g} ({one.date})"
