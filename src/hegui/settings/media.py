"""The table ``[media]``: pictures and speech that models generate, and what they may cost."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from hegui.settings.fields import says
from hegui.settings.media_films import Films
from hegui.terms import Words

Unjudged: TypeAlias = Literal["refuse", "record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """Pictures and speech that models generate."""

    unjudged: Unjudged = field(
        default="refuse",
        metadata=says(
            "what a generated picture or sound costs that no attached detector can judge: refuse "
            "(the request is not passed on) or record (it is labelled, let through and counted as "
            "unjudged). What is asked for is screened in either case",
            "现有检测器都无法判断的生成图片和声音如何处理：refuse 不提交给模型；"
            "record 加标识后放行，并记为“未判断”。无论哪种，请求中的文字都会审核",
            default_words=Words(
                "refuse when public, record when internal",
                "public 为 refuse，internal 为 record",
            ),
        ),
    )
    sound: Literal["rhythm", "interface"] = field(
        default="rhythm",
        metadata=says(
            "how listeners learn that speech is generated: rhythm (short long, short short, before "
            "the speech) or interface (your player, which you own, says so all the "
            "time). A caller's key may say otherwise: suffix means rhythm",
            "听众如何得知语音由 AI 生成：rhythm 在语音前加“短长 短短”节奏；"
            "interface 由自有播放界面持续提示。可按密钥另行设置，suffix 即 rhythm",
        ),
    )
    bytes: int = field(
        default=16_777_216,
        metadata=says(
            "bytes of one picture, speech or film, as the model gives it",
            "模型给出的一张图片、一段语音或一个视频的字节数上限",
            low=65_536,
            high=134_217_728,
        ),
    )
    upload_bytes: int = field(
        default=33_554_432,
        metadata=says(
            "bytes of a request that brings pictures to be edited",
            "图片编辑请求的字节数上限",
            low=65_536,
            high=268_435_456,
        ),
    )
    reply_seconds: int = field(
        default=180,
        metadata=says(
            "seconds for an answer, from the call of the model to its last byte",
            "从调用模型到答复最后一个字节的时限，秒",
            low=1,
            high=3_600,
        ),
    )
    at_once: int = field(
        default=16,
        metadata=says(
            "requests for media under way at a time; more are told to come again",
            "同时进行的图片和语音请求上限；超出的请求稍后再试",
            low=1,
            high=1_000,
        ),
    )
    workers: int = field(
        default=2,
        metadata=says(
            "processes that label, each killed when it is late",
            "负责标识的进程数；超时的进程会被终止",
            low=1,
            high=64,
        ),
    )
    label_seconds: int = field(
        default=30,
        metadata=says(
            "seconds that labelling one file may take",
            "标识一个文件的时限，秒",
            low=1,
            high=600,
        ),
    )
    films: Films = field(
        default=Films(),
        metadata=says("the notice that hegui puts into films", "hegui 写入视频的显式标识"),
    )
