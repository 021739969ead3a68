"""``hegui duty``: what the ledger shows of every duty, and what to do next."""

import click

from hegui.cli.duty_attest import attest
from hegui.cli.duty_declare import declare
from hegui.cli.duty_export import export
from hegui.cli.duty_gate import gate
from hegui.cli.duty_list import list_duties
from hegui.cli.duty_next import next_duties
from hegui.cli.duty_practise import practise
from hegui.cli.duty_show import show
from hegui.cli.speech import Family
from hegui.terms import Words


@click.group(
    "duty",
    cls=Family,
    words=Words(
        "Show what the ledger shows of every duty, and what to do next. The state of a duty is "
        "computed from records, never typed in; hegui does not say that anybody complies.",
        "查看账本对每项义务能说明什么，以及下一步做什么。义务状态由记录计算得出，不能手工填写；"
        "hegui 不作出是否合规的结论。",
    ),
    examples=Words(
        "hegui duty list\nhegui duty next\nhegui duty show a14-2b",
        "hegui duty list\nhegui duty next\nhegui duty show a14-2b",
    ),
)
def duty() -> None:
    """Show what the ledger shows of every duty."""


for command in (list_duties, next_duties, show, attest, declare, practise, gate, export):
    duty.add_command(command)
