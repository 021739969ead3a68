"""``hegui demo``: the gateway in front of a practice model."""

from hegui.cli.speech import command, lang_of, option
from hegui.terms import Words


@command(
    "demo",
    Words(
        "Run the gateway in front of a practice model that misbehaves when asked, and open one "
        "page that shows what the model sent and what left the gateway.",
        "在练习模型前启动网关，并打开一个页面：左边是模型发出的内容，右边是网关放行的内容。",
    ),
    Words(
        "hegui demo\nhegui demo --once\nhegui demo --upstream http://127.0.0.1:11434/v1",
        "hegui demo\nhegui demo --once\nhegui demo --upstream http://127.0.0.1:11434/v1",
    ),
)
@option(
    "--once",
    is_flag=True,
    words=Words("a tour without a browser, which ends by itself", "不开浏览器，自动演示一遍后退出"),
)
@option(
    "--upstream",
    metavar="URL",
    words=Words("your own model instead of the practice model", "改用自己的模型，不用练习模型"),
)
def demo(*, once: bool, upstream: str | None) -> int:
    """Run the gateway in front of a practice model."""
    from hegui.app.demo import run

    return run(once=once, upstream=upstream, lang=lang_of())
