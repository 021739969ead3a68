"""Make the rhythm encoded, to put it before MP3, AAC, M4A and Opus: the files in explicit/rhythms.

    python tools/make_rhythms.py

Needs ffmpeg with libmp3lame, its own AAC and libopus (what they encode is not under their licence).
Every MP3 frame stands for itself (no bit reservoir), without a Xing header and without tags. Opus
is kept as packets, each behind its length in two bytes.
"""

# ruff: noqa: INP001, T201, S603, S607 - a script that prints, and runs the ffmpeg that is installed
import subprocess
from pathlib import Path
from struct import pack

from hegui.labels import ogg
from hegui.labels.container import Memory
from hegui.labels.explicit.rhythm import pcm
from hegui.labels.formats.ogg import links

MP3_RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
AAC_RATES = (32_000, 44_100, 48_000)
FOLDER = Path(__file__).parent.parent / "src/hegui/labels/explicit/rhythms"


def main() -> None:
    """Write the files anew and print their sizes."""
    FOLDER.mkdir(exist_ok=True)
    for channels in (1, 2):
        for rate in MP3_RATES:
            kbit = (16 if rate < 32_000 else 32) * channels  # noqa: PLR2004 - where MPEG-1 begins
            plain = ["-reservoir", "0", "-write_xing", "0", "-id3v2_version", "0", "-f", "mp3"]
            codec = ["-c:a", "libmp3lame", "-b:a", f"{kbit}k", *plain]
            _write(f"{rate}-{channels}.mp3", _encoded(rate, channels, codec))
        for rate in AAC_RATES:
            codec = ["-c:a", "aac", "-b:a", f"{40 * channels}k", "-f", "adts"]
            _write(f"{rate}-{channels}.aac", _encoded(rate, channels, codec))
    codec = ["-c:a", "libopus", "-b:a", "24k", "-frame_duration", "20", "-f", "ogg"]
    _write("opus.packets", _packets(_encoded(48_000, 1, codec)))


def _encoded(rate: int, channels: int, codec: list[str]) -> bytes:
    form = ["-f", "s16le", "-ar", str(rate), "-ac", str(channels)]
    return subprocess.run(
        ["ffmpeg", "-v", "error", *form, "-i", "-", *codec, "-"],
        input=pcm(rate, channels, "s16"),
        capture_output=True,
        check=True,
    ).stdout


def _packets(data: bytes) -> bytes:
    (link,) = links(Memory(data))
    parts, held = [], b""
    for page in ogg.pages(Memory(data)):
        past = page.body
        for segment in page.segments if page.start >= link.end else b"":
            held += data[past : past + segment]
            past += segment
            if segment < 255:  # noqa: PLR2004 - a packet ends
                parts.append(pack(">H", len(held)) + held)
                held = b""
    return b"".join(parts)


def _write(name: str, data: bytes) -> None:
    (FOLDER / name).write_bytes(data)
    print(f"{name:12} {len(data):6} bytes")


if __name__ == "__main__":
    main()
