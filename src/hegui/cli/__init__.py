"""The command line. ``main`` imports a command's file when it is called, and no room before."""

import click

from hegui.cli.speech import Option, Root
from hegui.terms import Words

SHELF = {
    "init": (
        "hegui.cli.init:init",
        Words("write a commented hegui.toml", "生成带注释的 hegui.toml"),
    ),
    "check": (
        "hegui.cli.check:check",
        Words(
            "say what will be enforced, what is not covered and what is wrong",
            "说明将如何审核、哪些风险没有覆盖、哪里配置有误",
        ),
    ),
    "serve": ("hegui.cli.serve:serve", Words("run the gateway", "启动网关")),
    "demo": (
        "hegui.cli.demo:demo",
        Words("run the gateway in front of a practice model", "用练习模型演示网关"),
    ),
    "keys": (
        "hegui.cli.keys:keys",
        Words("create, list and revoke callers' keys", "创建、查看和吊销调用方密钥"),
    ),
    "scan": (
        "hegui.cli.scan:scan",
        Words("look for risks in text files or a pipe", "在文本文件或管道中查找风险"),
    ),
    "label": (
        "hegui.cli.label:label",
        Words("label files, read and verify their labels", "为文件加标识，读取和核验标识"),
    ),
    "media": (
        "hegui.cli.media:media",
        Words(
            "list and withdraw media that were given out by address", "查看和撤回以地址提供的媒体"
        ),
    ),
    "rules": (
        "hegui.cli.rules:rules",
        Words("check, count, import and export rule packs", "检查、统计、导入和导出规则包"),
    ),
    "works": (
        "hegui.cli.works:works",
        Words("keep replies and corpora free of protected works", "防止照搬受保护作品"),
    ),
    "detectors": (
        "hegui.cli.detectors:detectors",
        Words("list, check and probe what looks for risks", "查看、检验和探测检测器"),
    ),
    "measures": (
        "hegui.cli.measures:measures",
        Words(
            "the duties of the law as data: export, check, numbers", "义务目录：导出、检查、数值"
        ),
    ),
    "ledger": (
        "hegui.cli.ledger:ledger",
        Words("check the evidence, and hand it over", "核验和交付证据"),
    ),
    "witness": (
        "hegui.cli.witness:witness",
        Words("witness the logs of others", "见证他人的账本"),
    ),
    "inspectors": (
        "hegui.cli.inspectors:inspectors",
        Words("create, list and revoke inspectors' keys", "创建、查看和吊销检查密钥"),
    ),
    "duty": (
        "hegui.cli.duty:duty",
        Words(
            "show what the ledger shows of every duty, and what to do next",
            "查看账本对每项义务能说明什么，以及下一步",
        ),
    ),
    "filing": (
        "hegui.cli.filing:filing",
        Words("draft and check the package of a filing", "起草和核验备案材料"),
    ),
    "incident": (
        "hegui.cli.incident:incident",
        Words(
            "say what is due after an incident, and draft its report",
            "说明事件发生后的各项时限，起草报告",
        ),
    ),
    "statement": (
        "hegui.cli.statement:statement",
        Words("publish what the public must be told", "公布应当向公众说明的事项"),
    ),
    "vault": (
        "hegui.cli.vault:vault",
        Words(
            "erase a person's data, open kept content, replace its keys",
            "删除个人信息、打开留存内容、轮换密钥",
        ),
    ),
}


@click.group(
    "hegui",
    cls=Root,
    shelf=SHELF,
    words=Words(
        "Run a generative-AI service under China's Interim Measures: screen, label, record, "
        "prove.\n"
        "Exit codes: 0 clean, 1 findings, 2 could not tell, 3 misconfigured or bad input.",
        "按照《生成式人工智能服务管理暂行办法》运行生成式人工智能服务：审核、标识、记录、举证。\n"
        "退出码：0 正常，1 有发现，2 无法判断，3 配置或输入有误。",
    ),
    examples=Words(
        "hegui init --preset ollama\nhegui check\nhegui serve -c hegui.toml\n"
        "echo 'call 13800138000' | hegui scan -",
        "hegui init --preset ollama\nhegui check\nhegui serve -c hegui.toml\n"
        "echo '电话13800138000' | hegui scan -",
    ),
)
@click.version_option(
    package_name="hegui",
    message="%(version)s",
    cls=Option,
    words=Words("show the version", "显示版本号"),
)
def main() -> None:
    """Run a generative-AI service under China's Interim Measures."""
