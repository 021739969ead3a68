"""``hegui serve``: run the gateway."""

from pathlib import Path

from hegui.cli.shared import SETTINGS_OPTION, read_settings
from hegui.cli.speech import command, lang_of
from hegui.terms import Words


@command(
    "serve",
    Words(
        "Run the gateway as the settings say. Ends cleanly on SIGTERM: open replies finish, or "
        "are ended at the deadline and recorded.",
        "按配置启动网关。收到 SIGTERM 时平稳退出：进行中的回复会完成，或在期限到时结束并记录。",
    ),
    Words(
        "hegui serve\nhegui serve -c /etc/hegui/hegui.toml",
        "hegui serve\nhegui serve -c /etc/hegui/hegui.toml",
    ),
)
@SETTINGS_OPTION
def serve(config: Path) -> int:
    """Run the gateway."""
    from hegui import app

    settings = read_settings(config)
    return app.serve(settings, lang_of())
