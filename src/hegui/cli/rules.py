"""``hegui rules``: rule packs, from the list in a spreadsheet to the numbers of the standard."""

import click

from hegui.cli.rules_export import export
from hegui.cli.rules_import import import_words
from hegui.cli.rules_lint import lint, try_cases
from hegui.cli.rules_mine import mine
from hegui.cli.rules_stats import stats
from hegui.cli.speech import Family
from hegui.terms import Words


@click.group(
    "rules",
    cls=Family,
    words=Words(
        "Check, try and count rule packs; bring word lists in from a spreadsheet and out again; "
        "find candidate words in texts of your own. Your lists stay where you put them.",
        "检查、试跑和统计规则包；从表格导入词表，再导出；从自有文本中找出候选词。"
        "您的词表只保存在您指定的位置。",
    ),
    examples=Words(
        "hegui rules lint own.yaml\nhegui rules stats own.yaml --text ordinary.txt\n"
        "hegui rules import words.xlsx --risk A.1.f --out own.yaml",
        "hegui rules lint own.yaml\nhegui rules stats own.yaml --text ordinary.txt\n"
        "hegui rules import words.xlsx --risk A.1.f --out own.yaml",
    ),
)
def rules() -> None:
    """Rule packs."""


for _command in (lint, try_cases, stats, import_words, export, mine):
    rules.add_command(_command)
