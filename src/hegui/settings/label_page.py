"""The table of ``/label``: who may bring a file to be read, how large, how often."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hegui.settings.fields import says
from hegui.settings.locate import Trail
from hegui.settings.secret import Secret
from hegui.terms import Words
from hegui.terms.identifiers import provider_code_fault

MOST_BYTES: Final = 20_971_520
_CODE: Final = 27
_FOR_SERVICE: Final = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPage:
    """The public page that says what a file's label says, and what platforms ask of files."""

    on: bool = field(
        default=True,
        metadata=says(
            "whether anyone may bring a file to /label and read what its label says. Nothing of it "
            "is kept",
            "是否允许任何人在 /label 上传文件查看其标识；文件内容不作任何留存",
        ),
    )
    bytes: int = field(
        default=MOST_BYTES,
        metadata=says(
            "bytes of a file, for /label and /label/inspect",
            "/label 和 /label/inspect 接收文件的字节数上限",
            low=1_024,
            high=MOST_BYTES,
        ),
    )
    per_minute: int = field(
        default=10,
        metadata=says(
            "files a minute from one address (for IPv6: one /64) on /label",
            "/label 每分钟接收同一地址（IPv6 按 /64 计）的文件数上限",
            low=1,
            high=6_000,
        ),
    )
    at_once: int = field(
        default=8,
        metadata=says(
            "files held in memory at a time, for each of the two; the next one is told to wait",
            "/label 和 /label/inspect 各自同时在内存中持有的文件数上限；超出的会提示稍后再试",
            low=1,
            high=256,
        ),
    )
    seconds: int = field(
        default=60,
        metadata=says("seconds for an upload", "一次上传的时限，秒", low=1, high=3_600),
    )
    sm2_key: Secret = field(
        default=Secret(),
        metadata=says(
            "your SM2 private key (PEM or hexadecimal), with which /label/inspect signs the fields"
            " that it writes. Needs hegui[sm2]",
            "SM2 私钥（PEM 或十六进制），/label/inspect 用它为所写入的传播要素签名。"
            "需安装 hegui[sm2]",
        ),
    )
    propagator: str = field(
        default="",
        metadata=says(
            "your 27-character code as a propagation service, which /label/inspect writes",
            "您作为传播服务的 27 位编码，由 /label/inspect 写入",
            default_words=Words(
                "provider.code as that of a propagation service; empty without it",
                "由 provider.code 换成传播服务的编码；没有则为空",
            ),
        ),
    )


def label_page_faults(page: LabelPage) -> Iterator[tuple[Trail, Words]]:
    """Say what is wrong with the ``[label_page]`` table."""
    code = page.propagator
    if not code:
        return
    if len(code) == _CODE and code[_FOR_SERVICE] == "2":
        code = f"{code[:_FOR_SERVICE]}1{code[_FOR_SERVICE + 1 :]}"
    fault = provider_code_fault(code)
    if fault is not None:
        yield ("label_page", "propagator"), fault
