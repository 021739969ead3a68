"""Make the rhythm as MP3 frames, for putting it before MP3 files: the files in explicit/rhythms.

    python tools/make_rhythm_mp3.py

Needs ffmpeg with libmp3lame (LAME is LGPL; what it encodes is not under its licence). Every frame
stands for itself (no bit reservoir), without a Xing header and without tags.
"""

# ruff: noqa: INP001, T201, S603, S607 - a script that prints, and runs the ffmpeg that is installed
import subprocess
from pathlib import Path

from hegui.labels.explicit.rhythm import pcm

RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
FOLDER = Path(__file__).parent.parent / "src/hegui/labels/explicit/rhythms"


def main() -> None:
    """Write the files anew and print their sizes."""
    FOLDER.mkdir(exist_ok=True)
    for rate in RATES:
        for channels in (1, 2):
            kbit = (16 if rate < 32_000 else 32) * channels  # noqa: PLR2004 - where MPEG-1 begins
            form = ["-f", "s16le", "-ar", str(rate), "-ac", str(channels)]
            codec = ["-c:a", "libmp3lame", "-b:a", f"{kbit}k", "-reservoir", "0"]
            plain = ["-write_xing", "0", "-id3v2_version", "0", "-f", "mp3", "-"]
            done = subprocess.run(
                ["ffmpeg", "-v", "error", *form, "-i", "-", *codec, *plain],
                input=pcm(rate, channels, "s16"),
                capture_output=True,
                check=True,
            )
            path = FOLDER / f"{rate}-{channels}.mp3"
            path.write_bytes(done.stdout)
            print(f"{path.name:12} {len(done.stdout):6} bytes")


if __name__ == "__main__":
    main()
