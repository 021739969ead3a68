"""``hegui filing``: the package of a filing, drafted and checked."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hegui.cli.duty_asked import AS_OF, TENANT, time_of
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import (
    CLEAN,
    COULD_NOT_TELL,
    FINDINGS,
    Family,
    command,
    lang_of,
    option,
    say,
    say_json,
    say_lines,
)
from hegui.terms import Words

if TYPE_CHECKING:
    from hegui.app.filing import Built

_ROUTES = ("filing", "registration", "algorithm", "change", "cancellation")
_TROUBLE = Words("Nothing can be told: {why}", "无法判断：{why}")
_DONE = Words(
    "{out}: {files} files, a draft until signed. {conforms} provisions conform, {short} do not "
    "conform, {other} do not apply.\nCheck it: hegui filing verify {out}",
    "{out}：{files} 个文件，签署前为草稿。符合 {conforms} 项，不符合 {short} 项，"
    "不适用 {other} 项。\n核验：hegui filing verify {out}",
)
_GLYPH = Words(
    "The font has no {name} ({document}, {chapter}): it is written as its number. Name another "
    "font: filing.font",
    "字体中没有 {name}（{document}，{chapter}），以编码写出。可用 filing.font 指定其他字体。",
)


@click.group(
    "filing",
    cls=Family,
    words=Words(
        "Draft and check the package of a filing. Nothing is sent, and nobody is signed for.",
        "起草和核验备案材料。不会报送，也不代为签署。",
    ),
    examples=Words(
        "hegui filing build --route filing --out pack\nhegui filing verify pack",
        "hegui filing build --route filing --out pack\nhegui filing verify pack",
    ),
)
def filing() -> None:
    """Draft and check the package of a filing."""


@command(
    "build",
    Words(
        "Draft the package of a route as a sealed folder: reports as PDF and DOCX in both "
        "languages, keyword list and question set as XLSX, facts for the algorithm filing, the "
        "inspection pack, and proofs of every record relied upon. Each provision conforms, does "
        "not conform or does not apply, as the ledger shows; of the whole nothing is said. What "
        "is missing says which command supplies it. Nothing is put on record or sent. Exit code "
        "1: something does not conform.",
        "按路线起草材料，形成封签文件夹：中英文 PDF 和 DOCX 报告、关键词列表和测试题集（XLSX）、"
        "算法备案信息、监督检查材料，以及所依据的每条记录的证明。每项依账本得出符合、不符合或"
        "不适用，不对整体作出结论。缺少的内容注明由哪条命令提供。不写入账本，也不报送。"
        "退出码 1：有不符合项。",
    ),
    Words(
        "hegui filing build --route filing --out pack\n"
        "hegui filing build --route registration --out pack --questions bank.csv",
        "hegui filing build --route filing --out pack\n"
        "hegui filing build --route registration --out pack --questions bank.csv",
    ),
)
@SETTINGS_OPTION
@TENANT
@AS_OF
@option(
    "--route",
    required=True,
    type=click.Choice(_ROUTES),
    words=Words(
        "filing 备案, registration 登记, algorithm 算法备案, change 变更, cancellation 注销",
        "filing 备案、registration 登记、algorithm 算法备案、change 变更、cancellation 注销",
    ),
)
@option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    words=Words("the folder to make", "要新建的文件夹"),
)
@option(
    "--questions",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words(
        "your bank of test questions, CSV or XLSX: question, risk, expected, reply, judged",
        "自备的测试题库（CSV 或 XLSX）：测试题、二级分类、应答方式、模型回答、研判结果",
    ),
)
@JSON_OPTION
def build(config: Path, tenant: str, as_of: str, *, as_json: bool, **said: Any) -> int:
    """Draft the package of a route."""
    from hegui.app import filing as building
    from hegui.app.filing_questions import questions_of
    from hegui.cli.progress import entries_checked
    from hegui.filing.package.routes import routes

    settings = read_settings(config)
    bank = questions_of(said["questions"]) if said["questions"] is not None else None
    order = building.Order(routes()[said["route"]], said["out"], tenant, time_of(as_of), bank)
    with entries_checked() as progress:
        built = building.build(settings, order, progress)
    if built.trouble is not None:
        why = built.trouble
        say(Words(_TROUBLE.en.format(why=why.en), _TROUBLE.zh.format(why=why.zh)), err=True)
        return COULD_NOT_TELL
    _tell(built, order.out, as_json=as_json)
    return CLEAN if building.conforms(built) else FINDINGS


def _tell(built: "Built", out: Path, *, as_json: bool) -> None:
    many = built.conclusions
    if as_json:
        told = {
            "out": str(out),
            "files": built.files,
            "seal": built.seal,
            "counts": dict(many),
            "board": built.board.digest,
            "as_of": built.board.as_of,
            "glyphs": [list(one) for one in built.glyphs],
        }
        say_json(told)
        return
    for name, document, chapter in built.glyphs:
        say(_GLYPH.fill(name=name, document=document, chapter=chapter), err=True)
    say(
        _DONE.fill(
            out=out,
            files=built.files,
            conforms=many["conforms"],
            short=many["does-not-conform"],
            other=many["not-applicable"],
        )
    )


@command(
    "verify",
    Words(
        "Check a package: every file against the list, the seal, and a proof for every record "
        "relied upon. What does not fit is named. Exit code 1: something does not; 2: signatures "
        "could not be checked.",
        "核验材料：逐个文件与清单核对，核对封签，并核对所依据的每条记录的证明。不符之处逐一指明。"
        "退出码 1：有不符；2：无法核对签名。",
    ),
    Words("hegui filing verify pack", "hegui filing verify pack"),
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@option(
    "--vkey",
    default="",
    metavar="VKEY",
    words=Words(
        "the verifier key that the provider published elsewhere", "提供者在别处公布的验证公钥"
    ),
)
@JSON_OPTION
def verify(folder: Path, vkey: str, *, as_json: bool) -> int:
    """Check a package."""
    from hegui.app.filing_checking import check

    code, lines, places = check(folder, vkey, zh=lang_of() == "zh")
    if as_json:
        say_json({"code": code, "problems": places})
    else:
        say_lines(lines)
    return code


for each in (build, verify):
    filing.add_command(each)
