"""``hegui detectors probe``: a detector before texts whose answer is known, on record."""

import csv
import hashlib
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hegui.cli.columns import table
from hegui.cli.duty_asked import TENANT
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import (
    CLEAN,
    COULD_NOT_TELL,
    FINDINGS,
    command,
    lang_of,
    option,
    say,
    say_json,
    say_lines,
)
from hegui.terms import BadRequest, Entry, Lang, Words

if TYPE_CHECKING:
    from hegui.app.probing import Probed, Sample
    from hegui.settings import Settings

_WORDS = Words(
    "Put a detector of the settings, or all of them (panel), before a file of texts whose answer "
    "is known, and count. The counts and the digests of file, detector and panel go on record in "
    "the ledger, never a text: so a duty that only your own detector can cover becomes evidenced. "
    "FILE is CSV with a heading, or JSON lines, with a text and whether something is to be found "
    "in it (true, false). Exit code 0: every answer as expected; 1: some not; 2: some texts could "
    "not be judged.",
    "让配置中的某个检测器（或用 panel 表示全部）判断一批已知答案的文本，并统计结果。"
    "统计数以及文件、检测器、检测器组合的摘要会记入账本，文本本身不会：只有提供者自己的检测器"
    "才能覆盖的义务由此得到证据。FILE 为带表头的 CSV 或每行一个 JSON 对象，"
    "含文本和是否应有命中（true、false）。"
    "退出码：0 全部符合预期；1 有不符；2 有文本无法判断。",
)
_EXAMPLES = Words(
    "hegui detectors probe mine probe.csv --risk A.1.a\n"
    "hegui detectors probe panel probe.jsonl --risk A.2.e --risk A.2.d --json",
    "hegui detectors probe mine probe.csv --risk A.1.a\n"
    "hegui detectors probe panel probe.jsonl --risk A.2.e --risk A.2.d --json",
)
_LARGEST = 64 * 1_048_576
_ANSWERS = {
    **dict.fromkeys(("true", "1", "yes", "是"), True),
    **dict.fromkeys(("false", "0", "no", "否"), False),
}
_HEADING = (
    Words("risk", "风险"),
    Words("found, as expected", "应命中且命中"),
    Words("missed", "漏报"),
    Words("false alarms", "误报"),
    Words("clean, as expected", "应放行且放行"),
    Words("unjudged", "未判断"),
    Words("faults", "故障"),
)


@command("probe", _WORDS, _EXAMPLES)
@click.argument("detector", metavar="DETECTOR|panel")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@option(
    "--risk",
    "wanted",
    multiple=True,
    required=True,
    metavar="A.1.a",
    words=Words("the risk that is probed for; may be repeated", "所探测的风险，可重复给出"),
)
@option(
    "--text",
    "text_field",
    default="text",
    metavar="NAME",
    words=Words("the column or key of the text (text)", "文本所在的列或键（默认 text）"),
)
@option(
    "--expected",
    "expected_field",
    default="expected",
    metavar="NAME",
    words=Words(
        "the column or key of what is expected (expected)", "预期所在的列或键（默认 expected）"
    ),
)
@TENANT
@SETTINGS_OPTION
@JSON_OPTION
def probe(detector: str, file: Path, *, as_json: bool, **given: Any) -> int:
    """Probe a detector and put the counts on record."""
    from hegui.app import parts, probing

    settings = read_settings(given["config"])
    content = _content(file)
    samples = _samples(content, (given["text_field"], given["expected_field"]))
    _check_tenant(settings, given["tenant"])
    probed = probing.probe(settings, detector, tuple(dict.fromkeys(given["wanted"])), samples)
    at = parts.now()
    digest = hashlib.sha256(content).hexdigest()
    told = [_fields(one, digest) for one in probed]
    _put_on_record(settings, given["tenant"], at, told)
    if as_json:
        say_json(told, indent=1)
    else:
        say_lines(_told(probed, lang_of()))
        say(Words("On record: {n}.", "已记入账本：{n} 条。").fill(n=len(probed)), err=True)
    counts = [one.counts for one in probed]
    if any(one.fp or one.fn for one in counts):
        return FINDINGS
    return COULD_NOT_TELL if any(one.faults or one.unjudged for one in counts) else CLEAN


def _content(file: Path) -> bytes:
    from hegui.settings.plain_files import read_plain, reason

    try:
        content = read_plain(file, _LARGEST + 1)
    except OSError as error:
        words = Words("cannot read {name}: {why}", "无法读取 {name}：{why}")
        raise BadRequest(words.fill(name=file, why=reason(error)), param="file") from None
    if len(content) > _LARGEST:
        words = Words("{name} is larger than 64 MiB: part it", "{name} 超过 64 MiB，请拆分")
        raise BadRequest(words.fill(name=file), param="file")
    return content


def _samples(content: bytes, fields: tuple[str, str]) -> "list[Sample]":
    """Read texts and what is expected of them. A flaw is told with its row, never with its text."""
    from hegui.app.probing import Sample

    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = Words(
            "the probe file is not UTF-8; save it as UTF-8",
            "探测文件不是 UTF-8；请以 UTF-8 保存",
        )
        raise BadRequest(words, param="file") from None
    rows = _json_lines(text) if text.lstrip().startswith("{") else _table(text)
    samples = []
    for number, row in enumerate(rows, 1):
        said, expected = row.get(fields[0]), row.get(fields[1])
        answer = _ANSWERS.get(str(expected).strip().lower())
        if not isinstance(said, str) or answer is None:
            words = Words(
                "row {number} of the probe file needs {text} (a text) and {expected} (true or "
                "false)",
                "探测文件第 {number} 条应有 {text}（文本）和 {expected}（true 或 false）",
            )
            told = words.fill(number=number, text=fields[0], expected=fields[1])
            raise BadRequest(told, param="file")
        samples.append(Sample(said, answer))
    if not samples:
        raise BadRequest(Words("the probe file is empty", "探测文件是空的"), param="file")
    return samples


def _json_lines(text: str) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            words = Words(
                "line {number} of the probe file is no JSON object",
                "探测文件第 {number} 行不是 JSON 对象",
            )
            raise BadRequest(words.fill(number=number), param="file")
        rows.append(row)
    return rows


def _table(text: str) -> list[dict[str, Any]]:
    try:
        return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        words = Words("the probe file is no CSV: {why}", "探测文件不是 CSV：{why}")
        raise BadRequest(words.fill(why=error), param="file") from None


def _fields(one: "Probed", digest: str) -> dict[str, Any]:
    return {
        "detector": one.detector,
        "version": one.version,
        "digest": one.digest,
        "panel": one.panel,
        "risk": one.risk,
        "probe": digest,
        **asdict(one.counts),
        "as_of": one.as_of,
    }


def _check_tenant(settings: "Settings", tenant: str) -> None:
    """Refuse a tenant without a log before the work is done."""
    from hegui.app import attestations, parts

    if tenant == "default":
        return
    ledger = parts.open_ledger(settings)
    try:
        attestations.check_tenant(ledger, tenant)
    finally:
        ledger.close()


def _put_on_record(
    settings: "Settings", tenant: str, at: int, records: list[dict[str, Any]]
) -> None:
    from hegui.app import parts
    from hegui.ledger.kinds import named
    from hegui.ledger.leaf import make

    ledger = parts.open_ledger(settings)
    try:
        for fields in records:
            ledger.add_blocking(Entry(tenant, make(named("detector.probed"), at, tenant, fields)))
    finally:
        ledger.close()


def _told(probed: "list[Probed]", lang: Lang) -> list[str]:
    rows = [[words.say(lang) for words in _HEADING]]
    for one in probed:
        c = one.counts
        rows.append([one.risk, *map(str, (c.tp, c.fn, c.fp, c.tn, c.unjudged, c.faults))])
    return table(rows, indent=0)
