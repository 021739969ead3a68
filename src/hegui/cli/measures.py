"""``hegui measures``: the catalogue of duties itself: hand it over, check it, list its numbers."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from hegui.cli.measures_export import export
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, FINDINGS, Command, Family, lang_of, say, say_json, say_lines
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.measures import Profile

_LARGEST: Final = 64 * 1024 * 1024
_MOST_FILES: Final = 100


@click.group(
    "measures",
    cls=Family,
    words=Words(
        "The catalogue of duties: the text of the Measures, their neighbours, and the numbers of "
        "the standards. What is met, 'hegui duty list' says.",
        "义务目录：《暂行办法》条文、相关规定和标准数值。履行状态见 hegui duty list。",
    ),
    examples=Words(
        "hegui measures export --oscal --out oscal\nhegui measures lint oscal\n"
        "hegui measures parameters",
        "hegui measures export --oscal --out oscal\nhegui measures lint oscal\n"
        "hegui measures parameters",
    ),
)
def measures() -> None:
    """Handle the catalogue of duties."""


measures.add_command(export)


@measures.command(
    "lint",
    cls=Command,
    words=Words(
        "Look for what the schema of OSCAL does not see: ids that stand twice, links that lead "
        "nowhere, a language that is missing, Chinese that is not the official text, duties that "
        "nothing meets. Without DIR it looks at what 'hegui measures export' would write. "
        "Exit code 1: something was found.",
        "查找 OSCAL 模式看不到的问题：编号重复、链接失效、缺少一种语言、中文与官方文本不一致、"
        "义务没有落实方式。不给 DIR 时检查 hegui measures export 将要写出的内容。"
        "退出码 1 表示有发现。",
    ),
    examples=Words(
        "hegui measures lint\nhegui measures lint oscal --json",
        "hegui measures lint\nhegui measures lint oscal --json",
    ),
)
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@JSON_OPTION
def lint(folder: Path | None, *, as_json: bool) -> int:
    """Look for faults in OSCAL documents."""
    from hegui.app import oscal, parts
    from hegui.measures import catalogue
    from hegui.measures.oscal import faults_of

    if folder is None:
        documents = oscal.documents(None, oscal.stamp_of(parts.now()))
    else:
        documents = _read(folder)
    faults = faults_of(documents, catalogue())
    if as_json:
        rows = [
            {"document": one.document, "where": one.where, "en": one.words.en, "zh": one.words.zh}
            for one in faults
        ]
        told = {"ok": not faults, "documents": sorted(documents), "faults": rows}
        say_json(told, indent=1)
    else:
        for one in faults:
            say(one.sentence)
        say(_COUNTED.fill(documents=len(documents), faults=len(faults)))
    return FINDINGS if faults else CLEAN


@measures.command(
    "parameters",
    cls=Command,
    words=Words(
        "List the numbers of the standards: their values in your profile, where they stand, and "
        "how sure they are. Their names are the keys of [duties.parameters].",
        "列出标准中的数值：在所用方案中的取值、出处和核实情况。名称即 [duties.parameters] 中的键。",
    ),
    examples=Words(
        "hegui measures parameters\nhegui measures parameters -c hegui.toml --json",
        "hegui measures parameters\nhegui measures parameters -c hegui.toml --json",
    ),
)
@SETTINGS_OPTION
@JSON_OPTION
def numbers(config: Path, *, as_json: bool) -> int:
    """List the numbers of a profile."""
    from hegui.measures import profiles, tailored

    if config.exists():
        profile = tailored(read_settings(config))
    else:
        profile = profiles()["gbt-45654-2025"]
        say(_NO_SETTINGS.fill(path=config), err=True)
    if as_json:
        say_json(_as_data(profile), indent=1)
        return CLEAN
    from hegui.cli.columns import table

    lang = lang_of()
    rows = [
        (
            f"{name}{' *' if value.flagged else ''}",
            f"{value.number:,} {UNITS[value.parameter.unit].say(lang)}",
            value.source.words.say(lang),
            value.parameter.name.say(lang),
        )
        for name, value in profile.values.items()
    ]
    click.echo(profile.title.say(lang))
    heading = tuple(words.say(lang) for words in _HEADING)
    say_lines(table([heading, *rows]))
    if any(value.flagged for value in profile.values.values()):
        say(Words(f"* {profile.note.en}", f"* {profile.note.zh}"))
    return CLEAN


def _as_data(profile: "Profile") -> dict[str, Any]:
    return {
        "profile": profile.id,
        "digest": profile.digest,
        "parameters": [
            {
                "id": name,
                "en": value.parameter.name.en,
                "zh": value.parameter.name.zh,
                "value": value.number,
                "unit": value.parameter.unit,
                "rule": value.source.rule.id,
                "place": value.source.place,
                "checked": value.checked,
            }
            for name, value in profile.values.items()
        ],
    }


def _read(folder: Path) -> dict[str, Any]:
    """Read every JSON file of a folder; bounded in number and size."""
    try:
        paths = sorted(one for one in folder.iterdir() if one.suffix == ".json")
    except OSError as error:
        from hegui.settings.plain_files import reason

        raise BadRequest(_UNREADABLE.fill(path=folder, why=reason(error)), param="DIR") from None
    if not paths or len(paths) > _MOST_FILES:
        raise BadRequest(_NO_FILES.fill(path=folder, most=_MOST_FILES), param="DIR")
    return {path.name: _document(path) for path in paths}


def _document(path: Path) -> Any:
    from hegui.settings.plain_files import read_plain, reason

    try:
        content = read_plain(path, _LARGEST + 1)
        if len(content) > _LARGEST:
            raise BadRequest(_TOO_LARGE.fill(path=path), param="DIR")
        found = json.loads(content)
    except OSError as error:
        raise BadRequest(_UNREADABLE.fill(path=path, why=reason(error)), param="DIR") from None
    except (ValueError, RecursionError):
        raise BadRequest(_NOT_JSON.fill(path=path), param="DIR") from None
    if not isinstance(found, dict):
        raise BadRequest(_NOT_JSON.fill(path=path), param="DIR")
    return found


UNITS: Final = {
    "percent": Words("%", "%"),
    "items": Words("items", "条"),
    "entries": Words("entries", "个"),
    "days": Words("days", "天"),
    "questions": Words("questions", "道"),
    "times": Words("times", "次"),
    "clicks": Words("clicks", "次点击"),
    "signatures": Words("signatures", "人签字"),
    "reviewers": Words("reviewers", "人审核"),
}
_HEADING: Final = (
    Words("name", "名称"),
    Words("value", "数值"),
    Words("source", "出处"),
    Words("meaning", "含义"),
)
_COUNTED: Final = Words(
    "{documents} documents, {faults} faults.", "共 {documents} 份文件，{faults} 处问题。"
)
_NO_SETTINGS: Final = Words(
    "{path} does not exist: these are the numbers of gbt-45654-2025 as shipped.",
    "{path} 不存在：以下为随附的 gbt-45654-2025 数值。",
)
_UNREADABLE: Final = Words(
    "cannot read {path}: {why}; name a folder that hegui measures export wrote",
    "无法读取 {path}：{why}；请给出 hegui measures export 写出的文件夹",
)
_NO_FILES: Final = Words(
    "{path} must hold from 1 to {most} JSON files", "{path} 中应有 1 至 {most} 个 JSON 文件"
)
_TOO_LARGE: Final = Words("{path} is larger than 64 MiB", "{path} 超过 64 MiB")
_NOT_JSON: Final = Words(
    "{path} is no JSON object; export it again", "{path} 不是 JSON 对象；请重新导出"
)
