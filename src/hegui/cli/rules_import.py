"""``hegui rules import``: a word list from Excel, CSV or text becomes a pack of the provider's."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hegui.cli.fresh import write_fresh, write_over
from hegui.cli.rules_build import Defaults, built, dates_of
from hegui.cli.rules_table import Sheet, metadata, read_table
from hegui.cli.shared import JSON_OPTION
from hegui.cli.speech import CLEAN, FINDINGS, command, lang_of, option, say, say_json
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.cli.rules_build import Built
    from hegui.detectors.packs import Flaw, Pack

_SHOWN = 50  # rows left out that the page lists

_NO_ROWS: Final = Words(
    "The list holds no word, so nothing was written. Columns are named word, risk and so on in the "
    "first row; a list without a heading has its words in the first column.",
    "列表中没有词，未写入文件。首行列名如“词”“风险”；没有表头时，词应在第一列。",
)


@command(
    "import",
    Words(
        "Turn a list of words into a rule pack of your own: Excel, CSV, or text with a word a line "
        "(UTF-8 or GB 18030). Columns are known by their headings in Chinese or English: word, "
        "pattern, exception, risk, severity, added, retired, note, and those of hegui rules "
        "export. Formulas are never evaluated. What was left out is told by row. The list goes "
        "nowhere but into FILE. Exit code 0: every row was taken; 1: some were not.",
        "把词表转换为自有规则包：Excel、CSV，或每行一词的文本（UTF-8 或 GB 18030）。"
        "按中英文表头识别列："
        "词、模式、例外、风险、等级、启用日期、停用日期、备注，以及 hegui rules export 导出的各列。"
        "公式一律不计算。未导入的内容逐行说明。词表只写入 FILE，不会传到别处。"
        "退出码：0 全部导入；1 有未导入的行。",
    ),
    Words(
        "hegui rules import words.xlsx --risk A.1.f --dry-run\n"
        "hegui rules import words.csv --risk A.1.f --pack own --out own.yaml",
        "hegui rules import words.xlsx --risk A.1.f --dry-run\n"
        "hegui rules import words.csv --risk A.1.f --pack own --out own.yaml",
    ),
)
@click.argument("file", metavar="LIST", type=click.Path(path_type=Path, dir_okay=False))
@option(
    "--risk",
    default="",
    words=Words(
        "the risk of rows that name none, such as A.1.f", "未注明风险的行所属的风险（如 A.1.f）"
    ),
)
@option(
    "--severity",
    type=click.Choice(["low", "medium", "high"]),
    default="high",
    words=Words("the severity of rows that name none (high)", "未注明等级的行的等级（默认 high）"),
)
@option("--pack", "name", default="", words=Words("the pack's id (own)", "规则包编号（默认 own）"))
@option(
    "--plain",
    is_flag=True,
    words=Words(
        "look for the words as they stand: no traditional and full-width variants",
        "只按原样查找，不生成繁体、全角变体",
    ),
)
@option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words(
        "the pack to write; - or nothing prints it", "写入的规则包文件；填 - 或不填则输出到屏幕"
    ),
)
@option(
    "--replace",
    is_flag=True,
    words=Words(
        "write over FILE; words that it lists keep their dates",
        "覆盖 FILE；其中已有的词保留原启用日期",
    ),
)
@option("--dry-run", is_flag=True, words=Words("write nothing, only say", "不写文件，只说明结果"))
@JSON_OPTION
def import_words(  # noqa: PLR0913 - one parameter per option
    file: Path,
    risk: str,
    severity: str,
    name: str,
    out: Path | None,
    *,
    plain: bool,
    replace: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Turn a list of words into a rule pack."""
    from hegui.app.packs import day_of
    from hegui.app.parts import now
    from hegui.detectors.packs.writing import written
    from hegui.measures import risks

    if risk and risk not in risks():
        words = Words(
            "{risk} is no risk of the standard's list: A.1.a to A.5.b",
            "{risk} 不在标准的风险清单（A.1.a 至 A.5.b）中",
        )
        raise BadRequest(words.fill(risk=risk[:20]), param="risk")
    out = None if out == Path("-") else out
    old = _old(out, replace=replace or dry_run)
    sheet, about = read_table(file), metadata(file)
    today = day_of(now())
    pack_id = name or about.get("pack", "own")
    variants = () if plain else ("traditional", "full_width")
    made = built(sheet.rows, Defaults(pack_id, risk, severity, variants, today, dates_of(old)))
    made.left[:] = sorted([*sheet.left, *made.left], key=lambda left: left.number)
    pack = _pack(pack_id, file, about, made, today)
    flaws = _judged(pack)
    wrong = [flaw for flaw in flaws if flaw.weight == "error"]
    if not wrong and not dry_run and out is not None and made.rules:
        (write_over if replace else write_fresh)(out, written(pack).encode(), "out")
    if as_json:
        say_json(_as_data(pack, sheet, made, flaws), indent=1)
    else:
        _tell(pack, sheet, made, wrong, out=None if dry_run else out)
        if out is None and not dry_run and not wrong and made.rules:
            click.echo(written(pack), nl=False)
    return FINDINGS if made.left or wrong or not made.rules else CLEAN


def _old(out: Path | None, *, replace: bool) -> "Pack | None":
    """Return the pack that is to be written over; a file is never written over unasked."""
    from hegui.app.packs import parsed, read_bytes

    if out is None or not out.exists():
        return None
    if not replace:
        words = Words(
            "{name} is there already; --replace writes over it", "{name} 已存在；加 --replace 覆盖"
        )
        raise BadRequest(words.fill(name=out), param="out")
    content, flaw = read_bytes(out)
    pack, flaws = (None, [flaw]) if flaw is not None else parsed(content)
    if pack is None:
        words = Words(
            "{name} is not a pack that can be read ({why}), so the dates of its words would be "
            "lost; put it right, or name another file",
            "{name} 不是可读取的规则包（{why}），其中各词的启用日期会丢失；请先改正，或换一个文件",
        )
        why = flaws[0].words if flaws else Words("?", "?")
        raise BadRequest(
            Words(words.en.format(name=out, why=why.en), words.zh.format(name=out, why=why.zh)),
            param="out",
        )
    return pack


def _pack(pack_id: str, file: Path, about: dict[str, str], made: "Built", today: str) -> "Pack":
    from hegui.detectors.packs import Pack

    return Pack(
        id=pack_id,
        version=about.get("version", today),
        title=Words(about.get("title_en", "word list"), about.get("title_zh", "自有词表")),
        licence=about.get("licence", "proprietary"),
        source=about.get("source", file.name),
        rules=tuple(made.rules.values()),
    )


def _judged(pack: "Pack") -> "list[Flaw]":
    """Judge the pack as it will be read again: its form, and then its rules.

    Flaws have the row of the list that their rule begins in; 0 where they are of the whole pack.
    """
    from hegui.app.packs import judged
    from hegui.detectors.packs import read
    from hegui.detectors.packs.writing import written

    again, flaws = read(written(pack))
    if again is None:  # its lines are those of a file that nobody has seen
        begins = {rule.id: rule.line for rule in pack.rules}
        return [flaw._replace(line=begins.get(flaw.rule, 0)) for flaw in flaws]
    return judged({"": pack})[""]


def _tell(
    pack: "Pack", sheet: Sheet, made: "Built", wrong: "list[Flaw]", *, out: Path | None
) -> None:
    lang = lang_of()
    if sheet.encoding:
        say(Words("read as {name}", "按 {name} 读取").fill(name=sheet.encoding), err=True)
    row = Words("row {n}: {why}", "第 {n} 行：{why}")
    for left in made.left[:_SHOWN]:
        say(row.fill(n=left.number, why=left.why.say(lang)), err=True)
    if len(made.left) > _SHOWN:
        more = Words("and {n} more", "另有 {n} 行").fill(n=len(made.left) - _SHOWN)
        say(more, err=True)
    whole = Words("the pack: {why}", "规则包：{why}")
    for flaw in wrong[:_SHOWN]:
        why = f"{flaw.rule} {flaw.words.say(lang)}".strip()
        say((row if flaw.line else whole).fill(n=flaw.line, why=why), err=True)
    words = sum(len(rule.literals) + len(rule.patterns) for rule in pack.rules)
    counts = Words(
        "{taken} rows taken, {left} left out: {words} words in {rules} rules of the pack {pack}",
        "导入 {taken} 行，略去 {left} 行：规则包 {pack} 共 {rules} 条规则、{words} 个词",
    )
    say(
        counts.fill(
            taken=made.taken, left=len(made.left), words=words, rules=len(pack.rules), pack=pack.id
        ),
        err=True,
    )
    if not (made.rules or made.left or wrong):
        say(_NO_ROWS, err=True)
    if wrong:
        say(
            Words("nothing was written: put this right first", "未写入文件：请先改正以上问题"),
            err=True,
        )
    elif out is not None and made.rules:
        say(Words("written to {name}", "已写入 {name}").fill(name=out), err=True)


def _as_data(pack: "Pack", sheet: Sheet, made: "Built", flaws: "list[Flaw]") -> dict[str, object]:
    return {
        "pack": pack.id,
        "digest": pack.digest,
        "encoding": sheet.encoding,
        "columns": list(sheet.columns),
        "taken": made.taken,
        "left": [{"row": left.number, "en": left.why.en, "zh": left.why.zh} for left in made.left],
        "flaws": [
            {"row": f.line, "rule": f.rule, "weight": f.weight, "en": f.words.en, "zh": f.words.zh}
            for f in flaws
        ],
        "rules": {
            rule.id: {"literals": len(rule.literals), "patterns": len(rule.patterns)}
            for rule in pack.rules
        },
    }
