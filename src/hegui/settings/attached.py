"""The tables of what is attached to hegui: upstreams, detectors, and who may ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from hegui.settings.fields import says
from hegui.settings.guards import GuardModel
from hegui.settings.secret import Secret
from hegui.settings.shelf import MediaTasks
from hegui.terms import Words

UpstreamRole: TypeAlias = Literal["own", "entrusted", "independent", ""]
ActionName: TypeAlias = Literal["allow", "mask", "hold", "refuse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A model server that speaks the OpenAI API."""

    name: str = field(
        metadata=says("its name in records and metrics", "在记录和指标中的名称", required=True)
    )
    base_url: str = field(
        metadata=says(
            "its address, up to and including /v1", "服务地址，写到 /v1 为止", required=True
        )
    )
    key: Secret = field(default=Secret(), metadata=says("its API key", "调用它所用的 API 密钥"))
    models: tuple[str, ...] = field(
        default=("*",),
        metadata=says(
            "which models are asked of it: names, or patterns with * and ?",
            "哪些模型由它应答：名称，或带 *、? 的模式",
        ),
    )
    operator: str = field(
        default="",
        metadata=says(
            "the organisation that runs it (Art. 7, 11). Required when public",
            "由哪个组织运营（第七条、第十一条）。public 时必填",
        ),
    )
    location: str = field(
        default="",
        metadata=says(
            "the country or region where prompts are processed. Required when public",
            "提示词在哪个国家或地区处理。public 时必填",
        ),
    )
    role: UpstreamRole = field(
        default="",
        metadata=says(
            "own (yours: personal data in prompts is left in and recorded), entrusted (processes "
            "for you) or independent (for itself): toward both personal data is masked. Required "
            "when public",
            "own 为自有（提示词中的个人信息保留并记录），entrusted 为受托处理，"
            "independent 为独立处理者；对后两者，个人信息先遮盖再发送。public 时必填",
        ),
    )
    filing: str = field(
        default="",
        metadata=says(
            "the base model's filing number (beian), where it has one",
            "基础模型的备案号（如有）",
        ),
    )
    trains_on_inputs: bool | None = field(
        default=None,
        metadata=says(
            "whether its operator trains models on what is sent. Required when public",
            "其运营者是否用收到的内容训练模型。public 时必填",
        ),
    )
    media_hosts: tuple[str, ...] = field(
        default=(),
        metadata=says(
            "hosts that its answers may name pictures and films on: exact, or *.example.com for "
            "one level. Media are fetched from nowhere else",
            "其应答中的图片、视频地址允许指向的主机：写全名，或用 *.example.com 表示下一级。"
            "不会从其他地方抓取",
        ),
    )
    media_private: bool = field(
        default=False,
        metadata=says(
            "whether those hosts may lie in a private network or on this machine, and are asked "
            "by http there if the address says so",
            "这些主机是否可以位于内网或本机；如地址写明 http，则以 http 访问",
        ),
    )
    media_tasks: MediaTasks = field(
        default="",
        metadata=says(
            "which interface for tasks it offers, if any: dashscope, zhipu, ark or openai-videos",
            "提供哪种异步任务接口（如有）：dashscope、zhipu、ark 或 openai-videos",
        ),
    )
    films_show_notice: bool = field(
        default=False,
        metadata=says(
            "your statement that its films show the notice already, from the first frame on and "
            "for two seconds (GB 45438-2025, 5.4); it goes on record with each film",
            "声明其视频自起始画面起已显示标识不少于两秒（GB 45438-2025 第 5.4 条），"
            "该声明随每个视频记录在案",
        ),
    )
    timeout_connect: float = field(
        default=5.0, metadata=says("seconds to connect", "建立连接的时限，秒", low=0.1, high=600)
    )
    timeout_first: float = field(
        default=60.0,
        metadata=says("seconds to the first byte", "等待首个字节的时限，秒", low=0.1, high=3600),
    )
    timeout_idle: float = field(
        default=60.0,
        metadata=says("seconds between bytes", "两次数据之间的时限，秒", low=0.1, high=3600),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedDetector:
    """A detector of your own, run in a worker process with a deadline."""

    name: str = field(metadata=says("its name in records", "在记录中的名称", required=True))
    plugin: str = field(
        metadata=says(
            "the Python class, as module:Name (modules beside this file are found), or the name of "
            "an installed plug-in",
            "Python 类，写作 module:Name（与本文件同目录的模块可直接使用），或已安装插件的名称",
            required=True,
        )
    )
    deadline_ms: int = field(
        default=500,
        metadata=says(
            "milliseconds it has for an answer; then it is a fault",
            "应答时限，毫秒；超时按故障处理",
            low=10,
            high=600_000,
        ),
    )
    options: Mapping[str, Any] = field(
        default_factory=dict,
        metadata=says("a table handed to the class as it is", "原样交给该类的选项表"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedPack:
    """A rule pack of your own."""

    path: Path = field(
        metadata=says(
            "the YAML file; relative to the settings file. Read again when it changes, without a "
            "restart",
            "YAML 文件；相对于配置文件。文件变更后自动重新读取，无需重启",
            required=True,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """How texts are judged."""

    unknown_fields: Literal["screen", "drop", "pass"] = field(
        default="screen",
        metadata=says(
            "fields of a reply that hegui does not know: strings are screened, or the field is "
            "dropped, or passed unscreened (internal only)",
            "回复中 hegui 不认识的字段：screen 审核其中的字符串；drop 去掉；"
            "pass 不审核放行（仅限 internal）",
        ),
    )
    unjudged: Literal["refuse", "allow"] = field(
        default="refuse",
        metadata=says(
            "what no attached detector can judge, such as images",
            "现有检测器都无法判断的内容（如图片）如何处理",
            default_words=Words(
                "refuse when public, allow when internal",
                "public 为 refuse，internal 为 allow",
            ),
        ),
    )
    on_fault: Literal["refuse", "allow"] = field(
        default="refuse",
        metadata=says(
            "what a detector's fault costs; allow only when internal",
            "检测器故障时如何处理；仅 internal 可用 allow",
        ),
    )
    release: tuple[str, ...] = field(
        default=(),
        metadata=says(
            "risks whose clauses go out before a detector that needs whole clauses has answered; a "
            "finding then withdraws what was shown. All other clauses are held. For adults only",
            "哪些风险可以先放行、后撤回：需要整句判断的检测器尚未应答时先放行该句，"
            "有命中再撤回。其余风险一律先扣住再放行。仅对成年人有效",
        ),
    )
    classifier: bool = field(
        default=False,
        metadata=says(
            "whether hegui's triage classifier (offence, sexism; Chinese and English) looks at "
            "every text. What it finds is recorded, and acted on only where screen.actions says "
            "so: clf.triage = hold. It needs whole clauses",
            "是否启用 hegui 自带的初筛分类器（冒犯他人、性别歧视；中文和英文）。命中只作记录，"
            "仅当 screen.actions 中设置 clf.triage = hold 时才处置。它需要整句判断",
        ),
    )
    detectors: tuple[AttachedDetector, ...] = field(
        default=(),
        metadata=says("detectors of your own", "自行接入的检测器", toml="detector"),
    )
    guards: tuple[GuardModel, ...] = field(
        default=(),
        metadata=says(
            "guard models, asked over the network", "护栏模型，通过网络询问", toml="guard"
        ),
    )
    packs: tuple[AttachedPack, ...] = field(
        default=(),
        metadata=says(
            "rule packs of your own, on top of those that come with hegui",
            "自行提供的规则包，在 hegui 自带规则之外生效",
            toml="pack",
        ),
    )
    actions: Mapping[str, Mapping[str, ActionName]] = field(
        default_factory=dict,
        metadata=says(
            "per role (system, user, tool, history, reply): a risk or rule and what it costs "
            "(allow, mask, hold, refuse)",
            "按角色（system、user、tool、history、reply）设置：风险或规则编号 = 处置"
            "（allow 放行、mask 遮盖、hold 暂扣、refuse 拒绝）",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """How an application signs who its user is (a JWT per request)."""

    header: str = field(
        default="X-Hegui-Assertion",
        metadata=says("the request header that carries it", "携带断言的请求头"),
    )
    issuer: str = field(metadata=says("the expected iss", "要求的 iss", required=True))
    audience: str = field(metadata=says("the expected aud", "要求的 aud", required=True))
    algorithms: tuple[str, ...] = field(
        metadata=says(
            "accepted algorithms: HS256/384/512 with key; RS, PS, ES and EdDSA with jwks",
            "接受的算法：用 key 时为 HS256/384/512；用 jwks 时为 RS、PS、ES 系列和 EdDSA",
            required=True,
        )
    )
    key: Secret = field(default=Secret(), metadata=says("the shared secret", "共享密钥"))
    jwks: str = field(
        default="",
        metadata=says(
            "the public keys: file:PATH or an https:// address",
            "公钥集：file:路径 或 https:// 地址",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """Who may ask."""

    anonymous: bool = field(
        default=False,
        metadata=says(
            "whether requests without a key are served; only on loopback",
            "是否接受不带密钥的请求；只限本机回环地址",
        ),
    )
    assertion: Assertion | None = field(
        default=None, metadata=says("signed assertions about the user", "关于用户的签名断言")
    )
