"""The table ``[media.films]``: how hegui puts the notice into films, and what that may cost."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hegui.settings.fields import says
from hegui.settings.locate import Trail
from hegui.terms import Words

_ENCODER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Films:
    """The notice burnt into films (GB 45438-2025, 5.4). It needs PyAV, which you install."""

    encoder: str = field(
        default="auto",
        metadata=says(
            "FFmpeg's encoder for films with a notice, which your build must have; auto takes none "
            "under the GPL; where the film's own codec has no other, AV1 (MPEG-4 in AVI, Sorenson "
            "H.263 in FLV; MOV is withheld)",
            "写入标识后使用的 FFmpeg 编码器，须为您的 FFmpeg 所支持；auto 不使用 GPL 许可的编码器，"
            "原编码没有其他编码器时改用 AV1（AVI 中为 MPEG-4，FLV 中为 Sorenson H.263，"
            "MOV 不予提供）",
        ),
    )
    workers: int = field(
        default=1,
        metadata=says(
            "films encoded at a time, each in a process of its own that serves for one film",
            "同时编码的视频数；每个视频由单独的进程处理，处理完即退出",
            low=1,
            high=64,
        ),
    )
    seconds: int = field(
        default=300,
        metadata=says(
            "seconds that one film may take, and may wait for its turn; a film that is late is "
            "withheld and its process killed",
            "一个视频的处理时限，也是排队时限，秒；超时的视频不予提供，其进程会被终止",
            low=1,
            high=3_600,
        ),
    )
    memory_mb: int = field(
        default=2_048,
        metadata=says(
            "MiB that the process of one film may take beyond its libraries",
            "处理一个视频的进程在库之外可占用的内存上限，MiB",
            low=512,
            high=65_536,
        ),
    )
    bytes: int = field(
        default=67_108_864,
        metadata=says(
            "bytes of a film with its notice, which can be several times what came "
            "(media.bytes bounds that)",
            "写入标识后视频的字节数上限，可能是原视频的数倍（原视频由 media.bytes 限制）",
            low=65_536,
            high=201_326_592,
        ),
    )


def film_faults(films: Films) -> Iterator[tuple[Trail, Words]]:
    """Say what is wrong with the ``[media.films]`` table."""
    if not _ENCODER.fullmatch(films.encoder):
        yield (
            ("media", "films", "encoder"),
            Words(
                "is auto or the name of an encoder of FFmpeg, such as libx264",
                "应为 auto 或 FFmpeg 编码器名称，如 libx264",
            ),
        )
