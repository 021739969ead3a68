"""``hegui label``: labels on files. Without a command below it, it writes them."""

import click

from hegui.cli.label_agreement import agreement
from hegui.cli.label_read import check, read, verify
from hegui.cli.label_write import write
from hegui.cli.speech import Family
from hegui.terms import Words


class _Writing(Family):
    """``hegui label FILE`` is ``hegui label write FILE``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in that was left out."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["write", *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command; the name of a file stands for the one that was left out."""
        return super().get_command(ctx, cmd_name) or write


@click.group(
    "label",
    cls=_Writing,
    words=Words(
        "Label files with generated content: the notice that people see, and the label in the "
        "metadata (GB 45438-2025). 'hegui label FILE' is 'hegui label write FILE'.",
        "为生成内容的文件加标识：用户可见的显式标识和元数据中的隐式标识（GB 45438-2025）。"
        "hegui label FILE 等同于 hegui label write FILE。",
    ),
    examples=Words(
        "hegui label photo.jpg -o out.jpg\nhegui label read out.jpg\nhegui label verify out.jpg\n"
        "hegui label check --before out.jpg --after served.jpg",
        "hegui label photo.jpg -o out.jpg\nhegui label read out.jpg\nhegui label verify out.jpg\n"
        "hegui label check --before out.jpg --after served.jpg",
    ),
)
def label() -> None:
    """Labels on files."""


for _command in (write, read, verify, check, agreement):
    label.add_command(_command)
