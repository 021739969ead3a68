"""``hegui rules mine``: candidate words with their measured precision, for a person to accept."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hegui.cli.columns import table
from hegui.cli.documents import columns
from hegui.cli.fresh import write_fresh
from hegui.cli.shared import JSON_OPTION
from hegui.cli.speech import CLEAN, command, lang_of, option, say, say_json, say_lines
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.detectors.mining import Candidate

_FILE = click.Path(path_type=Path, dir_okay=False)


@command(
    "mine",
    Words(
        "Look for words that tell harmful texts of yours from ordinary ones: Han words of 2 to 8 "
        "characters, Latin words and pairs of them. Shown with in how many texts of each file they "
        "stand, their precision there with the lower end of its 95 % interval, and their share of "
        "the harmful texts. They are candidates: a person accepts them. With --out, a draft of a "
        "pack, of severity low, to be edited.",
        "在您自有的有害文本与普通文本之间找出有区分力的词：2 至 8 字的中文词、英文单词和双词组合。"
        "列出它们在两个文件中各出现于多少条文本、精确率及其 95% 区间下限、在有害文本中的占比。"
        "结果只是候选，须由人确认。加 --out 时写出规则包草稿，等级为 low，供编辑。",
    ),
    Words(
        "hegui rules mine --positive bad.txt --negative ordinary.txt\n"
        "hegui rules mine --positive bad.jsonl --negative ok.jsonl --risk A.1.f --out draft.yaml",
        "hegui rules mine --positive bad.txt --negative ordinary.txt\n"
        "hegui rules mine --positive bad.jsonl --negative ok.jsonl --risk A.1.f --out draft.yaml",
    ),
)
@option(
    "--positive",
    type=_FILE,
    required=True,
    metavar="FILE",
    words=Words("harmful texts: text, JSONL or Parquet", "有害文本：文本、JSONL 或 Parquet"),
)
@option(
    "--negative",
    type=_FILE,
    required=True,
    metavar="FILE",
    words=Words("ordinary texts", "普通文本"),
)
@option(
    "--field",
    default="text",
    words=Words(
        "where JSONL and Parquet hold the text (text)", "JSONL、Parquet 的文本字段（默认 text）"
    ),
)
@option(
    "--least",
    type=click.IntRange(2, 1_000_000),
    default=5,
    words=Words(
        "harmful texts that a word must stand in (5)", "至少出现于多少条有害文本（默认 5）"
    ),
)
@option(
    "--lower",
    type=click.FloatRange(0, 1),
    default=0.8,
    words=Words(
        "where the interval of its precision must begin (0.8)", "精确率区间下限至少为（默认 0.8）"
    ),
)
@option(
    "--most",
    type=click.IntRange(1, 50_000),
    default=200,
    words=Words("candidates to show (200)", "最多列出多少个候选（默认 200）"),
)
@option(
    "--risk",
    default="A.1.h",
    words=Words("the risk of the draft's rule (A.1.h)", "草稿中规则的风险（默认 A.1.h）"),
)
@option("--out", type=_FILE, metavar="FILE", words=Words("the draft to write", "写出的草稿"))
@JSON_OPTION
def mine(
    positive: Path,
    negative: Path,
    field: str,
    risk: str,
    out: Path | None,
    *,
    as_json: bool,
    **bounds: Any,
) -> int:
    """Look for words that tell harmful texts from ordinary ones."""
    from hegui.detectors.mining import mine as found_in
    from hegui.measures import risks

    if risk not in risks():
        words = Words(
            "there is no risk {risk} in the standard's list", "标准的风险清单中没有 {risk}"
        )
        raise BadRequest(words.fill(risk=risk), param="risk")
    if out is not None and out.exists():
        words = Words(
            "{name} is there already; a draft is not written over it", "{name} 已存在，不会覆盖"
        )
        raise BadRequest(words.fill(name=out), param="out")
    found = found_in(
        partial(_texts, positive, field),
        partial(_texts, negative, field),
        **bounds,
    )
    if as_json:
        rows = [each._asdict() for each in found]
        say_json(rows, indent=1)
    else:
        say_lines(_page(found))
    if out is not None and found:
        write_fresh(out, _draft(found, risk).encode(), "out")
        say(Words("draft written to {name}", "草稿已写入 {name}").fill(name=out), err=True)
    return CLEAN


def _page(found: "Sequence[Candidate]") -> list[str]:
    lang = lang_of()
    if not found:
        return [Words("No word tells the two apart.", "没有能区分两者的词。").say(lang)]
    names = (
        Words("word", "词"),
        Words("harmful", "有害"),
        Words("ordinary", "普通"),
        Words("precision", "精确率"),
        Words("at least", "下限"),
        Words("share", "占比"),
    )
    rows = [[words.say(lang) for words in names]]
    for each in found:
        shares = [f"{share:.3f}" for share in (each.precision, each.lower, each.recall)]
        rows.append([each.text, str(each.positive), str(each.negative), *shares])
    return table(rows)


def _draft(found: "Sequence[Candidate]", risk: str) -> str:
    from hegui.app.packs import day_of
    from hegui.app.parts import now
    from hegui.detectors.packs import Lined, Pack, Rule
    from hegui.detectors.packs.writing import written
    from hegui.measures import risks

    today = day_of(now())
    name = risks()[risk].name
    rule = Rule(
        id="draft.mined",
        risk=risk,
        severity="low",
        title=name,
        mask=Words("removed", "已屏蔽"),
        literals=tuple(Lined(each.text) for each in found),
        variants=("traditional", "full_width"),
        added=today,
    )
    pack = Pack(
        id="draft",
        version=today,
        title=Words("draft, to be edited", "草稿，待编辑"),
        licence="proprietary",
        source="hegui rules mine",
        rules=(rule,),
    )
    return written(pack)


def _texts(path: Path, field: str) -> Iterator[str]:
    for column in columns(str(path), field):
        yield from column.texts()
