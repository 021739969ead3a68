"""``hegui check``: what will be enforced, what will not, what is kept, and what is wrong."""

import json
import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION
from hegui.cli.speech import CLEAN, MISCONFIGURED, command, lang_of, say_lines, speech
from hegui.terms import HeguiError, Words

if TYPE_CHECKING:
    from hegui.screen.panel import Panel
    from hegui.settings import Problem, Settings

_WORDS = Words(
    "Say, before anything runs, what the settings mean: whether the Measures apply, what is "
    "enforced by which detector for whom, which of the 31 risks no detector covers, what content "
    "is kept, how long and why, and what is wrong, all at once and with lines. Uncovered risks "
    "are shown and do not change the exit code. Exit code 0: it can run; 3: it cannot.",
    "在启动之前说明配置的含义：《暂行办法》是否适用，哪个检测器对谁审核什么，31 类风险中哪些没有"
    "检测器覆盖，留存哪些内容、多久、为什么，以及所有有误之处和行号。没有覆盖的风险会列出，"
    "但不影响退出码。退出码：0 可以启动；3 不能启动。",
)
_EXAMPLES = Words(
    "hegui check\nhegui check -c hegui.toml --json", "hegui check\nhegui check -c hegui.toml --json"
)


@command("check", _WORDS, _EXAMPLES)
@SETTINGS_OPTION
@JSON_OPTION
def check(config: Path, *, as_json: bool) -> int:
    """Say what the settings mean and what is wrong with them."""
    from hegui.app import parts
    from hegui.cli.checked import Checked, as_data, page
    from hegui.settings import inspect
    from hegui.settings.read import read_text

    text = read_text(config)
    settings, problems = inspect(text, path=config, environ=os.environ)
    checked = panel = None
    if settings is not None:
        speech().settled = settings.service.language
        problems = [*_duties(settings), *_around(settings)]
        broken = _packs(settings, text)
        problems += broken
        try:
            panel = None if broken else parts.panel_once(settings)
        except HeguiError as error:
            problems.append(_unplaced("screen", error.words))
        if panel is not None:
            problems += _idle_actions(settings, panel, text)
            checked = Checked.of(settings, panel, parts.policies_of(settings))
    if as_json:
        told = {"ok": not problems, "file": str(config), "problems": [_row(p) for p in problems]}
        more = as_data(checked) if checked is not None else {}
        click.echo(json.dumps({**told, **more}, ensure_ascii=False, indent=1))
    else:
        lines = page(checked, lang_of()) if checked is not None else []
        say_lines([*lines, *_verdict(config, problems)])
    return MISCONFIGURED if problems else CLEAN


def _duties(settings: "Settings") -> "list[Problem]":
    """Look for numbers of the provider's own that the catalogue does not know or allow."""
    from hegui.measures.tailoring import problems_of

    return list(problems_of(settings.duties))


def _around(settings: "Settings") -> "list[Problem]":
    """Look at what the settings point to: witnesses, key files, database. Makes nothing."""
    from hegui.app import parts
    from hegui.app.attesting import attesters
    from hegui.settings import KeyDirectory
    from hegui.store import open_database
    from hegui.store.postgres.server import Server
    from hegui.witness.web import Web

    problems = []
    try:
        attesters(settings, parts.now, Web())
        parts.require_second_key(settings)
    except HeguiError as error:
        problems.append(_unplaced("ledger", error.words))
    problems += _signers(settings)
    if settings.key_directory.exists():
        try:
            keys = KeyDirectory(settings.key_directory)
            names = keys.names()
        except HeguiError as error:
            return [_unplaced("data_dir", error.words)]
        for name in names:
            try:
                keys.load(name)
            except HeguiError as error:
                problems.append(_unplaced("data_dir", error.words))
    place = parts.place_of(settings)
    try:
        if isinstance(place, Server):
            place.look()
        elif place.exists():
            with closing(open_database(place, read_only=True)) as connection:
                if settings.key_directory.exists() and not problems:
                    parts.check_keys(settings, connection)
    except HeguiError as error:
        problems.append(_unplaced("database" if settings.postgres.url else "data_dir", error.words))
    return problems


def _signers(settings: "Settings") -> "list[Problem]":
    """Look at the keys that sign labels and manifests."""
    from hegui.app import manifest_reading, parts
    from hegui.app.label_keys import propagator_key
    from hegui.app.manifest_keys import ManifestKey

    problems = []
    try:
        propagator_key(settings.label_page)
    except HeguiError as error:
        problems.append(_unplaced("label_page.sm2_key", error.words))
    if settings.labels.c2pa.certificates is not None:
        try:
            manifest_reading.library()
            ManifestKey(settings.labels.c2pa, parts.now()).close()
        except HeguiError as error:
            problems.append(_unplaced("labels.c2pa", error.words))
    return problems


def _packs(settings: "Settings", text: str) -> "list[Problem]":
    """Read and judge the rule packs; each problem says the pack's file and line."""
    from hegui.app.packs import held, paths_of
    from hegui.settings import Problem
    from hegui.settings.locate import lines_of, nearest_line

    lines = lines_of(text)
    places = {
        str(path): nearest_line(lines, ("screen", "pack", number, "path"))
        for number, path in enumerate(paths_of(settings))
    }
    return [
        Problem(places[placed.file], "screen.pack", placed.sentence)
        for placed in held(paths_of(settings)).problems
    ]


def _idle_actions(settings: "Settings", panel: "Panel", text: str) -> "list[Problem]":
    from hegui.app.enforced import unknown_rulings
    from hegui.settings import Problem
    from hegui.settings.locate import lines_of, nearest_line

    lines = lines_of(text)
    return [
        Problem(
            nearest_line(lines, ("screen", "actions", role, name)),
            f"screen.actions.{role}.{name}",
            Words(
                "names no rule, kind or risk of the attached detectors: it would do nothing",
                "不是现有检测器的规则、种类或风险编号：不会起任何作用",
            ),
        )
        for role, name in unknown_rulings(panel, settings.screen.actions)
    ]


def _unplaced(key: str, words: Words) -> "Problem":
    from hegui.settings import Problem

    return Problem(1, key, words)


def _row(problem: "Problem") -> dict[str, object]:
    words = problem.words
    return {"line": problem.line, "key": problem.key, "en": words.en, "zh": words.zh}


def _verdict(config: Path, problems: "list[Problem]") -> list[str]:
    lang = lang_of()
    if not problems:
        return [Words("{path} is right.", "{path} 没有问题。").fill(path=config).say(lang)]
    heading = Words("{path}: {n} to put right", "{path}：有 {n} 处需要改正")
    told = [f"  {problem.sentence.say(lang)}" for problem in problems]
    return [heading.fill(path=config, n=len(problems)).say(lang), *told]
