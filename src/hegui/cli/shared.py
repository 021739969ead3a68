"""What several commands share: the settings file, and JSON instead of a page."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hegui.cli.speech import option, speech
from hegui.terms import Words

if TYPE_CHECKING:
    from hegui.settings import Settings

SETTINGS_OPTION = option(
    "-c",
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("hegui.toml"),
    metavar="FILE",
    words=Words("the settings file (hegui.toml)", "配置文件（默认 hegui.toml）"),
)
JSON_OPTION = option(
    "--json",
    "as_json",
    is_flag=True,
    words=Words("print JSON, for machines", "输出 JSON，供程序读取"),
)


def read_settings(path: Path) -> "Settings":
    """Read the settings; from here on messages are in their language if the caller named none."""
    import os

    from hegui.settings import read

    settings = read(path, os.environ)
    speech().settled = settings.service.language
    return settings
