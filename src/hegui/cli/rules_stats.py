"""``hegui rules stats``: packs against the numbers of the standard, and on a text of yours."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from hegui.cli.columns import table, wrapped
from hegui.cli.rules_given import PACKS, sound
from hegui.cli.shared import JSON_OPTION
from hegui.cli.speech import CLEAN, command, lang_of, option, say_json, say_lines
from hegui.terms import Lang, Words

if TYPE_CHECKING:
    from hegui.detectors.packs import Pack

_MB = 1_000_000
_MOST_HITS = 20  # rules that the page lists


class Coverage(NamedTuple):
    """What packs hold for one risk. ``keywords`` are distinct literals, ``forms`` with variants."""

    risk: str
    rules: int
    keywords: int
    forms: int
    patterns: int
    least: int


@command(
    "stats",
    Words(
        "Count rule packs against the numbers of the standard: keywords per risk as written and "
        "with their variants, beside the minima; when the newest rule was added, beside the "
        "weekly duty; rules added and retired per month. With --text, also what the packs find in "
        "a text of yours, per megabyte: on ordinary text those are false hits. Without PACK: the "
        "packs that come with hegui. The exit code is 0 whatever the numbers are.",
        "按标准的数量要求统计规则包：各风险的关键词数（原词、含变体）与下限对照；最近一次新增规则的"
        "日期与每周更新要求对照；每月新增、停用的规则数。加 --text 时统计规则包在您的文本中每 MB "
        "命中多少次：若为普通文本，即为误报。不写 PACK 时统计 hegui 自带的规则包。"
        "无论数字如何，退出码均为 0。",
    ),
    Words(
        "hegui rules stats\nhegui rules stats own.yaml --text ordinary.jsonl --field content",
        "hegui rules stats\nhegui rules stats own.yaml --text ordinary.jsonl --field content",
    ),
)
@PACKS
@option(
    "--text",
    "text",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words(
        "ordinary text, JSONL or Parquet to count hits on",
        "用来统计命中的普通文本、JSONL 或 Parquet",
    ),
)
@option(
    "--field",
    default="text",
    words=Words(
        "where JSONL and Parquet hold the text (text)", "JSONL、Parquet 的文本字段（默认 text）"
    ),
)
@JSON_OPTION
def stats(packs: tuple[Path, ...], text: Path | None, field: str, *, as_json: bool) -> int:
    """Count rule packs."""
    from hegui.app.packs import day_of
    from hegui.app.parts import now

    held = list(sound(packs).values())
    today = day_of(now())
    told: dict[str, Any] = {
        "as_of": today,
        "packs": {pack.id: pack.digest for pack in held},
        "coverage": [row._asdict() for row in coverage(held, today)],
        "total": totals(held, today),
        "update": update(held, today),
        "months": months(held),
    }
    if text is not None:
        told["hits"] = hits(held, today, text, field)
    if as_json:
        say_json(told, indent=1)
    else:
        say_lines(_page(told, lang_of()))
    return CLEAN


def coverage(packs: Iterable["Pack"], today: str) -> list[Coverage]:
    """Count, for each risk that has rules or a minimum, what stands on a day."""
    from hegui.detectors.packs import literals_of
    from hegui.measures import risks

    words: dict[str, set[str]] = {}
    forms: dict[str, set[str]] = {}
    rules: Counter[str] = Counter()
    patterns: Counter[str] = Counter()
    for rule in (rule for pack in packs for rule in pack.rules if rule.applies(today)):
        rules[rule.risk] += 1
        patterns[rule.risk] += len(rule.patterns)
        words.setdefault(rule.risk, set()).update(said.text for said in rule.literals)
        forms.setdefault(rule.risk, set()).update(literals_of(rule))
    return [
        Coverage(
            risk.id,
            rules[risk.id],
            len(words.get(risk.id, ())),
            len(forms.get(risk.id, ())),
            patterns[risk.id],
            risk.min_keywords,
        )
        for risk in risks().values()
        if rules[risk.id] or risk.min_keywords
    ]


def totals(packs: Iterable["Pack"], today: str) -> dict[str, Any]:
    """Count all keywords beside the total that the standard asks for."""
    from hegui.measures import parameters

    asked = parameters()["keyword_total"]
    rows = coverage(packs, today)
    return {
        "keywords": sum(row.keywords for row in rows),
        "forms": sum(row.forms for row in rows),
        "patterns": sum(row.patterns for row in rows),
        "least": asked.value,
        "source": {"en": asked.source.en, "zh": asked.source.zh},
    }


def update(packs: Iterable["Pack"], today: str) -> dict[str, Any]:
    """Return when a rule was last added, and whether that is within the duty's days."""
    from hegui.measures import parameters

    asked = parameters()["keyword_update_days"]
    dates = [rule.added for pack in packs for rule in pack.rules if rule.added <= today]
    newest = max(dates, default="")
    days = (date.fromisoformat(today) - date.fromisoformat(newest)).days if newest else None
    return {
        "newest": newest,
        "days": days,
        "within": asked.value,
        "kept": days is not None and days <= asked.value,
        "source": {"en": asked.source.en, "zh": asked.source.zh},
    }


def months(packs: Iterable["Pack"]) -> dict[str, dict[str, int]]:
    """Count the rules added and retired per month."""
    added: Counter[str] = Counter()
    retired: Counter[str] = Counter()
    for rule in (rule for pack in packs for rule in pack.rules):
        added[rule.added[:7]] += 1
        if rule.retired:
            retired[rule.retired[:7]] += 1
    return {
        month: {"added": added[month], "retired": retired[month]}
        for month in sorted({*added, *retired})
    }


def hits(packs: Iterable["Pack"], today: str, path: Path, field: str) -> dict[str, Any]:
    """Count what packs find in a file: per megabyte of UTF-8, in all and by rule."""
    from hegui.cli.documents import columns
    from hegui.detectors.packs.cases import detectors_of
    from hegui.runners.compiling import kept

    detectors = detectors_of(list(packs), today, kept)
    counts: Counter[str] = Counter()
    size = rows = 0
    for column in columns(str(path), field):
        rows += len(column)
        size += column.offsets[-1]
        for detector in detectors:
            counts.update(detector.inspect(column).rule)
    found = sum(counts.values())
    return {
        "file": str(path),
        "rows": rows,
        "bytes": size,
        "hits": found,
        "per_mb": round(found * _MB / size, 3) if size else 0.0,
        "rules": dict(sorted(counts.items(), key=lambda each: (-each[1], each[0]))),
    }


def _page(told: Mapping[str, Any], lang: Lang) -> list[str]:
    lines = [Words("Keywords per risk", "各风险的关键词").say(lang), *_coverage(told, lang), ""]
    total = told["total"]
    lines += wrapped(
        Words(
            "In all {keywords} keywords ({forms} with variants) and {patterns} patterns; the "
            "standard asks for {least} keywords ({source}). Patterns are not counted as keywords.",
            "共 {keywords} 个关键词（含变体 {forms} 个），{patterns} 个模式；标准要求 {least} 个"
            "（{source}）。模式不计入关键词。",
        )
        .fill(**{**total, "source": total["source"][lang]})
        .say(lang)
    )
    lines += ["", *_update(told["update"], lang), "", *_months(told["months"], lang)]
    if "hits" in told:
        lines += ["", *_hits(told["hits"], lang)]
    return lines


def _coverage(told: Mapping[str, Any], lang: Lang) -> list[str]:
    from hegui.measures import risks

    names = (
        Words("risk", "风险"),
        Words("rules", "规则"),
        Words("keywords", "关键词"),
        Words("with variants", "含变体"),
        Words("patterns", "模式"),
        Words("at least", "下限"),
        Words("short of", "缺"),
        Words("name", "名称"),
    )
    rows = [[words.say(lang) for words in names]]
    for row in told["coverage"]:
        short = max(0, row["least"] - row["keywords"])
        cells = [row[name] for name in ("rules", "keywords", "forms", "patterns")]
        rows.append(
            [
                row["risk"],
                *map(str, cells),
                str(row["least"] or "-"),
                str(short or "-"),
                risks()[row["risk"]].name.say(lang),
            ]
        )
    return table(rows)


def _update(told: Mapping[str, Any], lang: Lang) -> list[str]:
    if not told["newest"]:
        return [Words("No rule stands yet.", "尚无生效的规则。").say(lang)]
    kept = Words("Kept", "符合") if told["kept"] else Words("Not kept", "不符合")
    words = Words(
        "{kept}: the newest rule was added on {newest}, {days} days ago; the library is to be "
        "updated every {within} days ({source}).",
        "{kept}：最近一次新增规则在 {newest}，距今 {days} 天；关键词库至少每 {within} 天更新一次"
        "（{source}）。",
    )
    filled = {**told, "kept": kept.say(lang), "source": told["source"][lang]}
    return wrapped(words.fill(**filled).say(lang))


def _months(told: Mapping[str, Mapping[str, int]], lang: Lang) -> list[str]:
    names = Words("month", "月份"), Words("added", "新增"), Words("retired", "停用")
    rows = [[words.say(lang) for words in names]]
    rows += [[month, str(n["added"]), str(n["retired"])] for month, n in told.items()]
    return table(rows)


def _hits(told: Mapping[str, Any], lang: Lang) -> list[str]:
    words = Words(
        "{hits} hits in {rows} rows, {bytes} bytes of {file}: {per_mb} per MB. On ordinary text "
        "these are false hits.",
        "{file} 共 {rows} 行、{bytes} 字节，命中 {hits} 次：每 MB {per_mb} 次。"
        "若为普通文本，即为误报。",
    )
    rows = [(rule, str(count)) for rule, count in list(told["rules"].items())[:_MOST_HITS]]
    heading = (Words("rule", "规则").say(lang), Words("hits", "命中").say(lang))
    return [*wrapped(words.fill(**told).say(lang)), *(table([heading, *rows]) if rows else [])]
