"""``hegui scan``: look for risks in text, JSON Lines and Parquet files, without a gateway."""

import re
from datetime import date
from pathlib import Path
from typing import Any, Final, cast

import click

from hegui.cli.documents import Format, format_of, require_file
from hegui.cli.shared import JSON_OPTION
from hegui.cli.speech import CLEAN, COULD_NOT_TELL, FINDINGS, command, lang_of, option
from hegui.terms import BadRequest, Words

_WORDS = Words(
    "Look for personal data and harmful content in text (by line), JSON Lines and Parquet files, "
    "or a pipe, with the detectors that come with hegui. What is found is shown masked. Exit code "
    "0: nothing found; 1: findings; 2: some of the text could not be judged, whatever was found in "
    "the rest. With --json, one object a line: file, row (from 1), kind, rule, risk, start and end "
    "(characters, from 0, end excluded), score, clause. With --mask a copy is written beside each "
    "file, in which personal data, keys and insults are masked; only what stays in it is listed.",
    "用 hegui 自带的检测器查找文本（逐行）、JSON Lines、Parquet 文件或管道中的个人信息和有害内容，"
    "命中处遮盖显示。退出码：0 没有发现；1 有发现；2 有内容无法判断（无论其余部分有无发现）。"
    "加 --json 时每行输出一个对象：file、row（从 1 起）、kind、rule、risk、start 和 end"
    "（按字符，从 0 起，不含 end）、score、clause。加 --mask 时在每个文件旁写出遮盖后的副本，"
    "其中的个人信息、密钥和辱骂已遮盖，只列出仍留在副本中的内容。",
)
_EXAMPLES = Words(
    "echo 'call 13800138000' | hegui scan -\nhegui scan --json corpus/*.txt > findings.jsonl\n"
    "hegui scan --mask --drop corpus.parquet\nhegui scan --field page.body crawl.jsonl.gz",
    "echo '电话13800138000' | hegui scan -\nhegui scan --json corpus/*.txt > findings.jsonl\n"
    "hegui scan --mask --drop corpus.parquet\nhegui scan --field page.body crawl.jsonl.gz",
)
_AT: Final = 0.5


@command("scan", _WORDS, _EXAMPLES)
@click.argument("files", nargs=-1, required=True, metavar="FILE…|-", type=click.Path())
@option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl", "parquet"]),
    words=Words("format of the files (by their ending)", "文件格式（默认按文件名后缀判断）"),
)
@option(
    "--field",
    default="text",
    metavar="NAME",
    words=Words(
        "where a record holds its text, nested by dots, or a name with dots (text)",
        "记录中哪个字段是文本，嵌套用点连接，名称本身也可含点（默认 text）",
    ),
)
@option("--mask", is_flag=True, words=Words("write a masked copy of each file", "写出遮盖后的副本"))
@option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words(
        "where the masked copy goes (NAME.masked.ENDING; a pipe's to standard output)",
        "副本写到哪里（默认 NAME.masked.后缀；管道则写到标准输出）",
    ),
)
@option(
    "--at",
    type=click.FloatRange(0, 1),
    metavar="SCORE",
    words=Words("mask and drop from this score on (0.5)", "从多少分起遮盖或去掉（默认 0.5）"),
)
@option(
    "--drop",
    is_flag=True,
    words=Words(
        "leave out of the copy what a mask cannot mend, and what could not be judged",
        "副本中去掉遮盖也无法处理的行，以及无法判断的行",
    ),
)
@option(
    "--force",
    is_flag=True,
    words=Words("write over a copy that is there already", "覆盖已有的副本"),
)
@option(
    "--thorough",
    is_flag=True,
    words=Words("look behind more disguises, which takes longer", "识别更多变形写法，耗时更长"),
)
@option(
    "--as-of",
    metavar="YYYY-MM-DD",
    words=Words("judge by the rules of that day (today)", "按哪一天的规则判断（默认当天）"),
)
@option(
    "--works",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    words=Words(
        "look for these protected works, too, such as hegui-data/works",
        "同时查找这些受保护作品（如 hegui-data/works）",
    ),
)
@JSON_OPTION
def scan(files: tuple[str, ...], *, as_json: bool, **asked: Any) -> int:
    """Look for risks in texts."""
    from hegui.cli.scan_detectors import detectors_of_scan
    from hegui.cli.scan_judging import Judge
    from hegui.cli.scan_masked import copy_name, require_room
    from hegui.cli.scan_run import Run, Wanted

    for name in files:
        require_file(name)
    wanted = Wanted(
        form=cast("Format | None", asked["form"]),
        field=asked["field"],
        as_json=as_json,
        mask=asked["mask"],
        out=asked["out"],
        at=_AT if asked["at"] is None else asked["at"],
        drop=asked["drop"],
        force=asked["force"],
        lang=lang_of(),
    )
    _require_sense(files, wanted.form, as_json=as_json, asked=asked)
    if wanted.mask:  # before anything is written: a copy must not be another one's original
        for name in files:
            if name != "-" or wanted.out is not None:
                require_room(wanted.out or copy_name(name), files, force=wanted.force)
    detectors = detectors_of_scan(
        thorough=asked["thorough"], as_of=_day(asked["as_of"]), works=asked["works"]
    )
    run = Run(Judge(detectors), wanted)
    try:
        for name in files:
            run.file(name)
    finally:
        run.sum_up(files)
    if run.could_not_tell:
        return COULD_NOT_TELL
    return FINDINGS if run.found else CLEAN


def _require_sense(
    files: tuple[str, ...], form: Format | None, *, as_json: bool, asked: dict[str, Any]
) -> None:
    """Raise ``BadRequest`` for options that would do nothing or contradict one another."""
    if not asked["mask"]:
        for name in ("out", "at", "drop", "force"):
            if asked[name] not in (None, False):
                words = Words("--{name} needs --mask", "--{name} 需要与 --mask 同用")
                raise BadRequest(words.fill(name=name), param=name)
        return
    if len(files) > 1 and (asked["out"] is not None or "-" in files):
        words = Words(
            "--mask with --out or a pipe takes one file",
            "--mask 与 --out 或管道同用时只能有一个文件",
        )
        raise BadRequest(words, param="out")
    if "-" in files and asked["out"] is None and as_json:
        words = Words(
            "the masked copy of a pipe and --json would both go to standard output; say --out",
            "管道的遮盖副本和 --json 会同时写到标准输出，请加 --out",
        )
        raise BadRequest(words, param="out")
    if "-" in files and (form or format_of("-")) == "parquet":
        words = Words("a pipe cannot be Parquet", "管道不能是 Parquet 格式")
        raise BadRequest(words, param="format")


def _day(said: str | None) -> str | None:
    if said is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", said):
            return date.fromisoformat(said).isoformat()
    except ValueError:
        pass
    raise BadRequest(
        Words("--as-of is a date such as 2026-11-25", "--as-of 应为日期，如 2026-11-25"),
        param="as-of",
    )
