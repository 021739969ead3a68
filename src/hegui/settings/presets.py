"""Model servers that people use, and the commented settings file that ``hegui init`` writes.

A preset fills in what is public knowledge: the address, the usual variable of the key, the operator
and the place. What only the provider can declare (role, training on inputs) stays empty: hegui
declares nothing on anyone's behalf.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from unicodedata import east_asian_width

from hegui.settings.fields import keys_of
from hegui.settings.schema import (
    Callers,
    Content,
    Duties,
    Labels,
    Listen,
    Media,
    Provider,
    Scope,
    Service,
    Settings,
    Upstream,
)
from hegui.terms import Lang, Words

_CHINA: Final = "中国内地"


@dataclass(frozen=True, slots=True)
class Preset:
    """What is publicly known of a model server. ``local`` ones run on your own machine."""

    name: str
    title: Words
    base_url: str
    variable: str = ""
    operator: str = ""
    location: str = ""

    @property
    def local(self) -> bool:
        """Whether it runs on the provider's own machine."""
        return not self.variable


_ALL: Final = (
    Preset("vllm", Words("vLLM on this machine", "本机 vLLM"), "http://127.0.0.1:8000/v1"),
    Preset("ollama", Words("Ollama on this machine", "本机 Ollama"), "http://127.0.0.1:11434/v1"),
    Preset("sglang", Words("SGLang on this machine", "本机 SGLang"), "http://127.0.0.1:30000/v1"),
    Preset(
        "llamacpp",
        Words("llama.cpp's server on this machine", "本机 llama.cpp"),
        "http://127.0.0.1:8080/v1",
    ),
    Preset(
        "lmstudio", Words("LM Studio on this machine", "本机 LM Studio"), "http://127.0.0.1:1234/v1"
    ),
    Preset(
        "deepseek",
        Words("DeepSeek", "DeepSeek 开放平台"),
        "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY",
        "杭州深度求索人工智能基础技术研究有限公司",
        _CHINA,
    ),
    Preset(
        "qwen",
        Words("Qwen on Alibaba Cloud Model Studio", "阿里云百炼（通义千问）"),
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        "DASHSCOPE_API_KEY",
        "阿里云计算有限公司",
        _CHINA,
    ),
    Preset(
        "zhipu",
        Words("Zhipu GLM", "智谱开放平台"),
        "https://open.bigmodel.cn/api/paas/v4",
        "ZHIPUAI_API_KEY",
        "北京智谱华章科技股份有限公司",
        _CHINA,
    ),
    Preset(
        "moonshot",
        Words("Moonshot Kimi", "月之暗面 Kimi 开放平台"),
        "https://api.moonshot.cn/v1",
        "MOONSHOT_API_KEY",
        "北京月之暗面科技有限公司",
        _CHINA,
    ),
    Preset(
        "doubao",
        Words("Doubao on Volcano Engine", "火山方舟（豆包）"),
        "https://ark.cn-beijing.volces.com/api/v3",
        "ARK_API_KEY",
        "北京火山引擎科技有限公司",
        _CHINA,
    ),
    Preset(
        "hunyuan",
        Words("Tencent Hunyuan", "腾讯混元"),
        "https://api.hunyuan.cloud.tencent.com/v1",
        "HUNYUAN_API_KEY",
        "腾讯云计算（北京）有限责任公司",
        _CHINA,
    ),
    Preset(
        "openai",
        Words("OpenAI", "OpenAI"),
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        "OpenAI",
        "United States",
    ),
)
PRESETS: Final[Mapping[str, Preset]] = MappingProxyType({preset.name: preset for preset in _ALL})


def draft(
    preset: str,
    scope: Scope,
    *,
    owns_screen: bool,
    language: Lang,
    name: str = "",
    statement: str = "",
) -> str:
    """Write a commented ``hegui.toml``. Its comments are the words of the settings themselves.

    ``owns_screen``: the provider owns the chat screen and shows a permanent notice there.
    ``statement``: the contact when public, the written reason when internal. What is left empty
    is told by ``hegui check``, with its line. Raises ``KeyError`` for an unknown preset.
    """
    chosen = PRESETS[preset]
    page = _Page(language)
    page.remark(
        Words(
            "Settings of hegui. `hegui check` says what they mean and what is missing. All keys: "
            "docs/reference/settings.md",
            "hegui 的配置。运行 hegui check 可查看含义和缺项。全部配置项见 "
            "docs/reference/settings.zh.md",
        )
    )
    page.table("service", Service)
    page.key("name", name or Words("My model service", "我的模型服务").say(language))
    page.key("scope", scope)
    page.key("contact" if scope == "public" else "reason", statement)
    page.key("language", language)
    page.key("public_url", "", told=False)
    page.table("provider", Provider)
    page.key("name", "")
    page.key("uscc", "")
    page.table("listen", Listen)
    page.key("public", str(Listen().public))
    page.key("admin", str(Listen().admin))
    _upstream(page, chosen)
    page.table("content", Content)
    page.key("keep", Content().keep)
    page.key("days", Content().days)
    page.key("log_days", Content().log_days)
    _labels(page, owns_screen=owns_screen)
    page.table("media", Media)
    page.key("unjudged", "refuse" if scope == "public" else "record")
    page.key("sound", Media().sound, told=False)
    page.table("callers", Callers)
    page.key("anonymous", value=False)
    _duties(page)
    return page.text()


def _labels(page: "_Page", *, owns_screen: bool) -> None:
    page.table("labels", Labels)
    page.key("text", "interface" if owns_screen else "suffix")
    page.key("language", "zh" if page.language == "zh" else "zh+en")


def _duties(page: "_Page") -> None:
    page.table("duties", Duties)
    page.key("profile", Duties().profile)
    for fact in ("own_model", "annotation", "accounts", "public_opinion", "persona"):
        page.key(fact, value=True, told=False)
    page.key("modalities", ["text"], told=False)
    page.remark(page.words["reasons"])
    page.lines += ["# [duties.reasons]", '# modalities = ""']


def _upstream(page: "_Page", preset: Preset) -> None:
    page.table("upstream", Upstream, many=True)
    page.key("name", preset.name)
    page.key("base_url", preset.base_url)
    page.key("key", f"env:{preset.variable or 'MODEL_API_KEY'}", told=not preset.local)
    page.key("models", ["*"])
    page.key("operator", preset.operator)
    page.key("location", preset.location)
    page.key("role", "own" if preset.local else "")
    page.key("filing", "", told=False)
    page.key("trains_on_inputs", value=False, told=False)


class _Page:
    """Collects the lines of a settings file, its comments in one language."""

    def __init__(self, language: Lang) -> None:
        self.language = language
        self.lines: list[str] = []
        self.words: dict[str, Words] = {}

    def remark(self, words: Words) -> None:
        self.lines += [f"# {line}" for line in _wrapped(words.say(self.language))]

    def table(self, name: str, kind: type, *, many: bool = False) -> None:
        self.words = {key.name: key.doc.words for key in keys_of(kind)}
        self.lines.append("")
        self.remark(next(key.doc.words for key in keys_of(Settings) if key.name == name))
        self.lines.append(f"[[{name}]]" if many else f"[{name}]")

    def key(self, name: str, value: str | int | list[str], *, told: bool = True) -> None:
        """Write a key under its comment; with ``told=False`` commented out, as an example."""
        self.remark(self.words[name])
        # JSON's strings, numbers, booleans and lists of strings are TOML's.
        line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
        self.lines.append(line if told else f"# {line}")

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def _wrapped(text: str, width: int = 96) -> list[str]:
    """Break a comment into lines; a Han character is two columns wide and may end a line."""
    lines, line, columns = [], "", 0
    for char in text:
        line += char
        columns += 2 if east_asian_width(char) in "WF" else 1
        if columns < width:
            continue
        cut = max(line.rfind(mark) for mark in " ，；。：、") + 1
        cut = cut if cut > width // 4 else len(line)
        lines.append(line[:cut].rstrip())
        line = line[cut:]
        columns = sum(2 if east_asian_width(each) in "WF" else 1 for each in line)
    return [*lines, line] if line else lines
