"""The explicit label of sound: the rhythm short long, short short (GB 45438-2025, 5.3).

It is Morse for "AI": a long tone lasts three short ones, tones of a letter stand one short tone
apart, letters three. Made as plain samples, so it can be put before sound that is not encoded
(see ``rhythm_wav``). FLAC has an encoder for it here; MP3, AAC and Opus get frames that were made
once (``tools/make_rhythms.py``).
"""

from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hegui.terms import BadRequest, Words

Sample: TypeAlias = Literal["u8", "s16", "s24", "s32", "f32", "f64"]
SAMPLES: Final[tuple[Sample, ...]] = ("u8", "s16", "s24", "s32", "f32", "f64")

SHORT: Final = 0.1
"""Seconds of a short tone: the rhythm takes 1.1 seconds, and 0.3 of silence follow."""
TONE: Final = 880.0
"""Hertz: within what telephones carry, and what 8,000 samples a second can hold."""
LOUD: Final = 0.5
"""The tone's amplitude, of full scale: -6 dB."""
_ON_OFF: Final = ((1, 1), (3, 3), (1, 1), (1, 3))  # short long, short short; then silence
_SLOPE: Final = 0.005  # seconds in which a tone swells and fades, so that nothing clicks
_RATES: Final = range(4_000, 768_001)
_CHANNELS: Final = range(1, 65)


def frames(rate: int) -> int:
    """Return how many frames the rhythm takes at ``rate`` frames a second."""
    return sum(on + off for on, off in _ON_OFF) * _short(rate)


def rhythm(rate: int) -> NDArray[np.float64]:
    """Return the rhythm as one channel between -1 and 1, at ``rate`` frames a second.

    A rate below 4,000 or above 768,000 is refused (``BadRequest``).
    """
    if rate not in _RATES:
        raise BadRequest(_RATE.fill(rate=rate), code="audio_form")
    short = _short(rate)
    parts = []
    for on, off in _ON_OFF:
        parts += [_tone(on * short, rate), np.zeros(off * short)]
    return np.concatenate(parts)


def pcm(rate: int, channels: int, sample: Sample) -> bytes:
    """Return the rhythm as interleaved little-endian PCM, the same in every channel."""
    if channels not in _CHANNELS:
        raise BadRequest(_MANY.fill(channels=channels), code="audio_form")
    one = rhythm(rate)
    if sample in ("f32", "f64"):
        made = one.astype("<f4" if sample == "f32" else "<f8")
    elif sample == "u8":
        made = (np.rint(one * 127) + 128).astype("u1")
    else:
        bits = int(sample[1:])
        whole = np.rint(one * (2 ** (bits - 1) - 1)).astype("<i8")
        width = bits // 8
        cut = whole.view("u1").reshape(-1, 8)[:, :width]  # the low bytes of two's complement
        return np.repeat(cut[:, np.newaxis, :], channels, axis=1).tobytes()
    return np.repeat(made, channels).tobytes()


def _short(rate: int) -> int:
    return round(SHORT * rate)


def _tone(length: int, rate: int) -> NDArray[np.float64]:
    """Return a tone of ``length`` frames that swells and fades."""
    wave = LOUD * np.sin(2 * np.pi * TONE / rate * np.arange(length))
    slope = max(1, min(round(_SLOPE * rate), length // 2))
    swell = (1 - np.cos(np.pi * np.arange(slope) / slope)) / 2
    wave[:slope] *= swell
    wave[length - slope :] *= swell[::-1]
    return np.asarray(wave, dtype=np.float64)


_RATE = Words(
    en="{rate} frames a second is outside 4,000 to 768,000; nothing was changed.",
    zh="采样率 {rate} 不在 4000 至 768000 之间；文件未作任何改动。",
)
_MANY = Words(
    en="{channels} channels are outside 1 to 64; nothing was changed.",
    zh="声道数 {channels} 不在 1 至 64 之间；文件未作任何改动。",
)
