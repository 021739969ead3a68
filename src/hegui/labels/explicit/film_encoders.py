"""Which encoder a film with a notice is encoded by, and how well.

Chosen by itself is none under the GPL: not x264, not x265, though builds of FFmpeg hold them. Where
the film's own codec has no other encoder in the build, AV1 is taken (VP9 in WebM), and said so.
Whoever runs hegui may name any encoder that is there.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from hegui.terms import BadRequest, Words

_BY_CODEC: Final[Mapping[str, tuple[str, ...]]] = {
    "h264": ("libopenh264", "h264_videotoolbox", "h264_nvenc", "h264_qsv", "h264_amf"),
    "hevc": ("hevc_videotoolbox", "hevc_nvenc", "hevc_qsv", "hevc_amf"),
    "av1": ("libsvtav1", "libaom-av1", "av1_nvenc", "av1_qsv", "av1_amf"),
    "vp9": ("libvpx-vp9",),
    "vp8": ("libvpx",),
    "mpeg4": ("mpeg4",),
    "mpeg2video": ("mpeg2video",),
    "mjpeg": ("mjpeg",),
    "prores": ("prores_ks",),
    "ffv1": ("ffv1",),
    "flv1": ("flv",),
}
_INSTEAD: Final[Mapping[str, tuple[str, ...]]] = {
    "mp4": ("libsvtav1", "libaom-av1"),
    "matroska": ("libsvtav1", "libaom-av1", "libvpx-vp9"),
    "webm": ("libvpx-vp9", "libsvtav1", "libaom-av1"),
    "avi": ("mpeg4",),
    "flv": ("flv",),
}
_JOINED: Final = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""Codecs whose key frames say all about themselves: what follows one may be another encoder's."""
_QUALITY: Final[Mapping[str, Mapping[str, str]]] = {
    "libsvtav1": {"crf": "22", "preset": "8"},
    "libaom-av1": {"crf": "22", "cpu-used": "6", "row-mt": "1"},
    "libvpx-vp9": {"crf": "20", "b": "0", "cpu-used": "4", "row-mt": "1"},
    "libvpx": {"crf": "6", "qmin": "2", "qmax": "40", "cpu-used": "4"},
    "libx264": {"crf": "17", "preset": "medium", "forced-idr": "1"},
    "libx265": {"crf": "18", "preset": "medium", "forced-idr": "1"},
    "mpeg4": {"qmin": "2", "qmax": "3"},
    "mpeg2video": {"qmin": "2", "qmax": "3"},
    "mjpeg": {"qmin": "2", "qmax": "3"},
    "flv": {"qmin": "2", "qmax": "3"},
}
_BY_RATE: Final = 1.5
"""Encoders without a setting for quality get the film's own bit rate, that many times."""
_LEAST_RATE: Final = 1_000_000


class Encoder(NamedTuple):
    """An encoder with its options; ``joined``: what follows the notice is taken over unencoded."""

    name: str
    codec: str
    options: dict[str, str]
    bit_rate: int
    joined: bool


def chosen(av: Any, codec: str, container: str, wanted: str, rate: int) -> list[Encoder]:
    """Return the encoders to try, in order, for a film of ``codec`` at ``rate`` bits a second.

    ``wanted`` is ``auto``, or the name of one. What the build of ``av`` lacks is left out. A
    ``wanted`` that is no encoder of films is a ``BadRequest``.
    """
    if wanted != "auto":
        names: tuple[str, ...] = (wanted,)
    else:
        names = (*_BY_CODEC.get(codec, ()), *_INSTEAD.get(container, ()))
    found = []
    for name in dict.fromkeys(names):
        gives = _gives(av, name)
        if gives is None:
            continue
        options = dict(_QUALITY.get(name, {}))
        if name == "libvpx":  # its quality holds below a rate only
            options["b"] = str(max(rate * 4, _LEAST_RATE))
        bits = 0 if options else max(int(rate * _BY_RATE), _LEAST_RATE)
        joined = gives == codec and _JOINED.get(codec) == name
        found.append(Encoder(name, gives, options, bits, joined))
    if not found and wanted != "auto":
        raise BadRequest(UNKNOWN.fill(name=wanted), param="encoder")
    return found


def known(name: str) -> bool:
    """Tell whether the FFmpeg that is installed has an encoder of films of that name."""
    import av

    return _gives(av, name) is not None


def _gives(av: Any, name: str) -> str | None:
    """Return what an encoder gives, by the codec's own name; None where there is none."""
    try:
        codec = av.Codec(name, "w")
        if codec.type != "video":
            return None
        return str(codec.canonical_name)
    except (ValueError, AttributeError, TypeError):
        return None


UNKNOWN: Final = Words(
    en="{name} is no encoder of films in this build of FFmpeg. List them: python -m av --codecs.",
    zh="当前 FFmpeg 中没有名为 {name} 的视频编码器。可用 python -m av --codecs 列出。",
)
