"""The settings as frozen values, a dataclass per table of ``hegui.toml``.

Every key carries its words in both languages; ``docs/reference/settings`` is written from them.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from hegui.settings.attached import (
    ActionName,
    Assertion,
    AttachedDetector,
    AttachedPack,
    Callers,
    Screen,
    Upstream,
    UpstreamRole,
)
from hegui.settings.c2pa import C2pa
from hegui.settings.database import Postgres
from hegui.settings.duties import Duties
from hegui.settings.fields import says
from hegui.settings.filing import Filing
from hegui.settings.guards import GuardModel
from hegui.settings.label_page import LabelPage
from hegui.settings.ledgers import Ledger
from hegui.settings.listen import Listen
from hegui.settings.media import Media
from hegui.settings.shelf import Shelf
from hegui.settings.vault import Vault
from hegui.settings.witness import WITNESSES, Timestamp, Witness
from hegui.terms import Lang, Words

__all__ = [
    "PURPOSE",
    "ActionName",
    "Assertion",
    "AttachedDetector",
    "AttachedPack",
    "Callers",
    "Content",
    "Duties",
    "Filing",
    "GuardModel",
    "Keep",
    "LabelPage",
    "Labels",
    "Ledger",
    "Limits",
    "Listen",
    "Media",
    "Postgres",
    "Provider",
    "Scope",
    "Screen",
    "Service",
    "Settings",
    "Shelf",
    "Timestamp",
    "Upstream",
    "UpstreamRole",
    "Vault",
    "Witness",
]

Scope: TypeAlias = Literal["public", "internal"]
Keep: TypeAlias = Literal["none", "findings", "sample", "all"]

PURPOSE = Words(
    "showing how prompts and replies were screened, and answering complaints and appeals "
    "(Interim Measures, Art. 14 and 15)",
    "说明提示词和回复的审核经过，处理投诉和申诉（《暂行办法》第十四条、第十五条）",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is provided, and to whom."""

    name: str = field(
        metadata=says(
            "the service's name, as its users know it", "服务名称，用户看到的名字", required=True
        )
    )
    scope: Scope = field(
        metadata=says(
            "who it is for: public (people in mainland China, also through firms that buy the API; "
            "Art. 2(1), 22) or internal (never offered to the public; Art. 2(3))",
            "面向谁：public 为向境内公众提供（包括把接口提供给面向公众的企业，第二条第一款、"
            "第二十二条）；internal 为不向公众提供（第二条第三款）",
            required=True,
        )
    )
    reason: str = field(
        default="",
        metadata=says(
            "why the service is internal, in writing; recorded at each start. Required when "
            "internal",
            "为什么属于内部使用，书面理由，每次启动时记录在案。internal 时必填",
        ),
    )
    language: Lang = field(
        default="zh",
        metadata=says(
            "the language of notices when the caller's own is not known",
            "不知道调用方语言时，提示语所用的语言",
        ),
    )
    contact: str = field(
        default="",
        metadata=says(
            "where users complain and appeal: telephone, e-mail or address (Art. 15). Required "
            "when public",
            "用户投诉、申诉的联系方式：电话、电子邮箱或网址（第十五条）。public 时必填",
        ),
    )
    minors: bool = field(
        default=True,
        metadata=says(
            "whether minors may use it (Art. 10); requests declared as a minor's are judged by "
            "the stricter policy",
            "是否允许未成年人使用（第十条）；声明为未成年人的请求适用更严格的策略",
        ),
    )
    public_url: str = field(
        default="",
        metadata=says(
            "the address under which users reach hegui; appeal links begin with it",
            "用户访问 hegui 的地址，申诉链接以它开头",
            default_words=Words("http:// and listen.public", "http:// 加 listen.public"),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who provides it: the organisation that answers for the content (Art. 9)."""

    name: str = field(
        default="", metadata=says("the organisation's registered name", "提供者的登记名称")
    )
    uscc: str = field(
        default="",
        metadata=says(
            "its unified social credit code, 18 characters, checked (GB 32100-2015)",
            "统一社会信用代码，18 位，会核对校验码（GB 32100-2015）",
        ),
    )
    code: str = field(
        default="",
        metadata=says(
            "its 27-character provider code for labels (TC260-PG-20252A); nobody issues it, it "
            "follows from the credit code",
            "标识用的 27 位服务提供者编码（TC260-PG-20252A）；由信用代码推出，无需申领",
            default_words=Words(
                "built from uscc and extension; empty without them",
                "由 uscc 和 extension 生成；没有 uscc 则为空",
            ),
        ),
    )
    extension: str = field(
        default="0000",
        metadata=says(
            "the last four characters of the code, for telling your own models apart",
            "编码最后四位，由提供者自定，用于区分自己的模型或应用",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What of prompts and replies is kept, how long and why (Art. 11: no more than needed)."""

    keep: Keep = field(
        default="findings",
        metadata=says(
            "none, findings (exchanges in which something was found), sample, or all. The ledger "
            "holds commitments in every mode",
            "none 不留存；findings 只留存有命中的对话；sample 抽样；all 全部。"
            "无论哪种，账本都只存承诺值",
        ),
    )
    sample_percent: int = field(
        default=1,
        metadata=says(
            "per cent of exchanges that sample keeps, besides those with findings",
            "sample 模式下，除有命中的以外，抽取留存的百分比",
            low=1,
            high=100,
        ),
    )
    days: int = field(
        default=30,
        metadata=says(
            "days after which kept content is deleted by itself",
            "留存内容的期限，天；到期自动删除",
            low=1,
            high=3650,
        ),
    )
    purpose: str = field(
        default="",
        metadata=says(
            "why it is kept; shown to those who ask",
            "留存目的；有人询问时据此答复",
            default_words=PURPOSE,
        ),
    )
    log_days: int = field(
        default=184,
        metadata=says(
            "days for which entries are kept; under 184, the longest six months (CSL): 184",
            "账本记录的保存天数；少于 184 按 184 计：六个月最多有 184 天（《网络安全法》）",
            low=180,
            high=36_500,
        ),
    )

    @property
    def log_term(self) -> int:
        """``log_days``, and never less than the longest six months."""
        return max(self.log_days, 184)

    @property
    def why(self) -> Words:
        """The purpose in both languages; the operator's own wording stands as it is."""
        return Words(self.purpose, self.purpose) if self.purpose else PURPOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """How users see that content is AI-generated (Art. 12; GB 45438-2025)."""

    text: Literal["suffix", "interface"] = field(
        default="suffix",
        metadata=says(
            "suffix (a sentence after each reply) or interface (the chat screen, which you own, "
            "shows a permanent notice). A caller's key may say otherwise",
            "suffix 在每条回复末尾加一句说明；"
            "interface 由自有的聊天界面持续显示提示。可按密钥另行设置",
        ),
    )
    language: Literal["zh", "zh+en"] = field(
        default="zh",
        metadata=says(
            "Chinese, or Chinese followed by English; never English alone",
            "中文，或中文后附英文；不会只用英文",
        ),
    )
    c2pa: C2pa = field(
        default=C2pa(),
        metadata=says("C2PA manifests on labelled files", "已标识文件的 C2PA 清单"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a request may cost."""

    body_bytes: int = field(
        default=4_194_304,
        metadata=says("bytes of a request", "请求的字节数上限", low=1_024, high=268_435_456),
    )
    depth: int = field(
        default=64,
        metadata=says("levels of nesting in its JSON", "JSON 嵌套层数上限", low=8, high=256),
    )
    reply_chars: int = field(
        default=200_000,
        metadata=says("characters of a reply", "回复的字符数上限", low=100, high=100_000_000),
    )
    reply_seconds: int = field(
        default=600, metadata=says("seconds for a reply", "一次回复的时限，秒", low=1, high=86_400)
    )
    choices: int = field(
        default=16,
        metadata=says("choices per request (n)", "每次请求的候选数上限（n）", low=1, high=128),
    )
    streams: int = field(
        default=2_000,
        metadata=says("streams open at a time", "同时进行的流的上限", low=1, high=1_000_000),
    )
    grace_seconds: int = field(
        default=20,
        metadata=says(
            "seconds that open streams have at shutdown",
            "停机时留给未完成的流的时间，秒",
            low=0,
            high=3_600,
        ),
    )
    off_loop_bytes: int = field(
        default=32_768,
        metadata=says(
            "texts longer than this are screened in a thread, bytes",
            "超过这个字节数的文本放到线程里审核",
            low=1_024,
            high=268_435_456,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that ``hegui.toml`` says, checked.

    ``digest`` is the SHA-256 of the file's bytes in hex, so that ``sha256sum`` recomputes it.
    """

    service: Service = field(
        metadata=says("what is provided, and to whom", "服务的基本情况", required=True)
    )
    provider: Provider = field(
        default=Provider(), metadata=says("who provides it (Art. 9)", "提供者（第九条）")
    )
    listen: Listen = field(default=Listen(), metadata=says("where hegui listens", "监听地址"))
    upstreams: tuple[Upstream, ...] = field(
        metadata=says(
            "the model servers, one table each",
            "模型服务，每个一张表",
            toml="upstream",
            required=True,
        )
    )
    content: Content = field(
        default=Content(),
        metadata=says("what content is kept (Art. 11)", "留存哪些内容（第十一条）"),
    )
    labels: Labels = field(
        default=Labels(),
        metadata=says("AI-generated labels (Art. 12)", "生成合成内容标识（第十二条）"),
    )
    label_page: LabelPage = field(
        default=LabelPage(),
        metadata=says("files that are brought to be read", "接收并读取文件的标识"),
    )
    media: Media = field(
        default=Media(),
        metadata=says(
            "pictures and speech that models generate (Art. 12)", "模型生成的图片和语音（第十二条）"
        ),
    )
    screen: Screen = field(default=Screen(), metadata=says("how texts are judged", "如何审核"))
    callers: Callers = field(default=Callers(), metadata=says("who may ask", "谁可以调用"))
    limits: Limits = field(
        default=Limits(), metadata=says("what a request may cost", "请求的各项上限")
    )
    ledger: Ledger = field(default=Ledger(), metadata=says("the evidence log", "证据账本"))
    witnesses: tuple[Witness, ...] = field(default=(), metadata=WITNESSES)
    postgres: Postgres = field(
        default=Postgres(),
        metadata=says(
            "where the ledger and kept content lie", "账本和留存内容存放在哪里", toml="database"
        ),
    )
    vault: Vault = field(
        default=Vault(),
        metadata=says("the keys of kept content (Art. 11)", "留存内容的密钥（第十一条）"),
    )
    shelf: Shelf = field(
        default=Shelf(),
        metadata=says(
            "labelled media that are answered with an address", "以地址形式提供的已标识媒体"
        ),
    )
    duties: Duties = field(
        default=Duties(),
        metadata=says(
            "the profile, and what you are (Art. 2, 17)", "所用方案与提供者情况（第二条、第十七条）"
        ),
    )
    filing: Filing = field(
        default=Filing(),
        metadata=says("how the filing package is made (Art. 17)", "备案材料的生成方式（第十七条）"),
    )
    data_dir: Path = field(
        default=Path("hegui-data"),
        metadata=says(
            "where the database and the keys lie; relative to the settings file",
            "数据库和密钥所在目录；相对于配置文件",
        ),
    )
    path: Path | None = None
    digest: str = ""

    @property
    def public_url(self) -> str:
        """The base of links given to users, without a slash at its end."""
        return self.service.public_url.rstrip("/") or f"http://{self.listen.public}"

    @property
    def database(self) -> Path:
        """The file that holds the ledger and the sealed content."""
        return self.data_dir / "hegui.db"

    @property
    def key_directory(self) -> Path:
        """The directory of the signing, epoch, pepper and tenant keys."""
        return self.data_dir / "keys"
