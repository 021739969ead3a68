"""Write ``docs/labels.md`` and ``docs/labels.zh.md`` from a run of every format.

    python tools/labels_matrix.py            # prints what is not as it should be, writes nothing
    python tools/labels_matrix.py --write

Every format is labelled fresh, with rich metadata, with an older label of ours, and with another
producer's, through the door that writes files; then other programs look at it. Needs ffmpeg,
exiftool, mediainfo and poppler (apt-get install ffmpeg libimage-exiftool-perl mediainfo
poppler-utils) and, beside the dev group, ``pip install av mutagen python-docx python-pptx``.
"""

# ruff: noqa: INP001, T201, E501 - a script that prints; a paragraph of a page is one line
import argparse
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

import av

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.matrix_files import FORMATS, made  # noqa: E402 - after the path
from tools.matrix_readers import OPENERS, READERS  # noqa: E402 - after the path

from hegui.app import carrying, labelling  # noqa: E402 - after the path
from hegui.labels import judging  # noqa: E402 - after the path
from hegui.labels.value import Implicit  # noqa: E402 - after the path
from hegui.terms import BadRequest, Lang, Words  # noqa: E402 - after the path
from hegui.testing.labelled import CODE, LABEL, OTHER  # noqa: E402 - after the path

THEIRS: Final = Implicit("1", "001191310104MACE0YX63918020", "t-1", "", "x", "t-1", "")
STATES: Final = {
    "fresh": Words("fresh", "无元数据"),
    "rich": Words("rich metadata", "有其他元数据"),
    "labelled": Words("labelled by us", "已有本方标识"),
    "other": Words("another producer's", "已有他方标识"),
}
COLUMNS: Final = (
    Words("format", "格式"),
    Words("file", "文件"),
    Words("written", "写入"),
    Words("read by us", "自行读回"),
    Words("read by others", "其他程序读出"),
    Words("same content", "内容一致"),
    Words("opens in", "可打开"),
)
YES: Final = "✓"
NOBODY: Final = "–"  # no reader that we know shows this place
NOT_SHOWN: Final = ("wav",)
SOUNDS: Final = ("mp3", "wav", "flac", "ogg", "opus", "aac", "m4a")
EXACT: Final = ("wav", "flac")
HEARD: Final = (
    Words("format", "格式"),
    Words("what stays behind the rhythm", "节奏之后不变的部分"),
)
STAYS: Final = {
    "samples": Words("every sample", "每个采样"),
    "packets": Words("every packet", "每个数据包"),
    NOBODY: Words("refused", "拒绝"),
}


class Row(NamedTuple):
    """What came of one file: who read the label, and who opened it; ``wrong`` says what failed."""

    form: str
    state: str
    written: str
    ours: bool
    readers: tuple[str, ...]
    same: bool
    openers: tuple[str, ...]
    wrong: tuple[str, ...]

    def cells(self, lang: Lang) -> list[str]:
        """Return the row as the page shows it."""
        return [
            self.form,
            STATES[self.state].say(lang),
            f"`{self.written}`",
            YES if self.ours else "✗",
            ", ".join(self.readers) or NOBODY,
            YES if self.same else "✗",
            ", ".join(self.openers) or "✗",
        ]


def row(name: str, state: str, folder: Path) -> Row:
    """Make a file, label it, and look at it."""
    old = made(folder, name, rich=state == "rich")
    if state in ("labelled", "other"):
        labelling.label(old, old, OTHER if state == "labelled" else THEIRS, "present")
    new = folder / f"out-{old.name}"
    done = labelling.label(old, new, LABEL, "present")
    wanted = LABEL
    if state == "other":
        wanted = Implicit("1", THEIRS.ContentProducer, "t-1", "", CODE, "a-1", "")
    with labelling.opened(old) as source:
        form = labelling.format_of(source, old.name)
        before = carrying.digest(source, form.payload(source))
    seen = labelling.seen(new, content=True)
    ours = [one.parsed.implicit for one in seen.found if one.parsed] == [wanted]
    ours &= judging.judged(seen.found, seen.form).state == "compliant"
    ours &= done.cause == {"labelled": "replaced", "other": "kept"}.get(state, "added")
    readers, openers, wrong = [], [], []
    for reader, (look, forms) in READERS.items():
        if name in forms:
            shown = look(new)
            if all(one in shown for one in (wanted.ContentProducer, wanted.ProduceID, CODE)):
                readers.append(reader)
    for opener, (look_in, forms) in OPENERS.items():
        if name in forms:
            if look_in(old) == look_in(new):
                openers.append(opener)
            else:
                wrong.append(f"{opener} sees other content")
    same = before == seen.payload == done.payload
    if not (ours and same):
        wrong.append("our own reading")
    if not readers and name not in NOT_SHOWN:
        wrong.append("no other program shows the label")
    return Row(name, state, done.form, ours, tuple(readers), same, tuple(openers), tuple(wrong))


def rhythm(name: str, folder: Path) -> str:
    """Put the rhythm before a sound; return what stays behind it, or none where it is refused."""
    old, new = made(folder, name, rich=True), folder / f"heard.{name}"
    try:
        done = labelling.label(old, new, LABEL, "auto")
    except BadRequest:
        return NOBODY
    stays = "samples" if name in EXACT else "packets"
    before, after = ((_samples if stays == "samples" else _packets)(one) for one in (old, new))
    heard = done.explicit == "drawn" and len(after) > len(before) > 0
    return stays if heard and after[-len(before) :] == before else ""


def _packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as source:
        return [bytes(one) for one in source.demux(audio=0) if one.size]


def _samples(path: Path) -> bytes:
    with av.open(str(path)) as source:
        return b"".join(one.to_ndarray().tobytes() for one in source.decode(audio=0))


def page(rows: list[Row], rhythms: dict[str, str], lang: Lang) -> str:
    """Return the page in a language."""
    heads = [one.say(lang) for one in COLUMNS]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    lines += [f"| {' | '.join(one.cells(lang))} |" for one in rows]
    when, where = time.strftime("%Y-%m-%d", time.gmtime()), platform.machine()
    python = platform.python_version()
    heard = [f"| {' | '.join(one.say(lang) for one in HEARD)} |", "|---|---|"]
    heard += [f"| {name} | {STAYS[one].say(lang)} |" for name, one in rhythms.items()]
    parts = {"table": "\n".join(lines), "rhythms": "\n".join(heard)}
    return PAGE.say(lang).format(**parts, when=when, where=where, python=python)


def main() -> int:
    """Run the matrix; return the exit code."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--write", action="store_true")
    given.add_argument("--only", help="one format, and print its rows")
    options = given.parse_args()
    rows, code = [], 0
    for name in [options.only] if options.only else FORMATS:
        for state in STATES:
            with tempfile.TemporaryDirectory() as folder:
                one = row(name, state, Path(folder))
            rows.append(one)
            print(*one.cells("en"), *one.wrong, sep=" | ", file=sys.stderr)
            code |= bool(one.wrong)
    rhythms = {}
    for name in SOUNDS if not options.only else ():
        with tempfile.TemporaryDirectory() as folder:
            rhythms[name] = rhythm(name, Path(folder))
        print(name, rhythms[name] or "the rhythm is wrong", sep=" | ", file=sys.stderr)
        code |= not rhythms[name]
    if options.write and not options.only and not code:
        (ROOT / "docs" / "labels.md").write_text(page(rows, rhythms, "en"), encoding="utf-8")
        (ROOT / "docs" / "labels.zh.md").write_text(page(rows, rhythms, "zh"), encoding="utf-8")
    return code


PAGE: Final = Words(
    en="""\
# Labels by format

[中文](labels.zh.md) · [how to label files](labels-on-files.md)

What was found when every format was labelled and other programs looked at it. This page is written by `make labels-page` from a run ({when}, {where}, Python {python}); do not edit it.

- *file*: what was labelled: as another program made it; with its metadata; with an older label of the same producer, which is replaced; with another producer's, which stays, only the propagator's fields change.
- *written*: the form of the label, as `hegui label read` names it.
- *read by us*: the label is there once, at its place, and is the one that was wanted (`hegui label verify` says `compliant`).
- *read by others*: programs that show the label. No program that we know shows the chunk of a WAV ({nobody}).
- *same content*: SHA-256 of the content before and after.
- *opens in*: programs that open the file and find the same content: pixels, packets, cells, paragraphs. For HEIC it is exiftool's check of the structure, on a small file of our own making.

{{table}}

The rhythm that listeners hear (`--explicit auto`), put before a sound with its metadata; PyAV reads both files.

{{rhythms}}

HTML, TXT, CSV, JSON and BMP have no place in any guide: their label lies in a file beside, `NAME.aigc.json`.
""".format(when="{when}", where="{where}", python="{python}", nobody=NOBODY),
    zh="""\
# 各格式的标识

[English](labels.md) · [为文件添加标识](labels-on-files.zh.md)

逐一为每种格式添加标识、再由其他程序检查的结果。本页由 `make labels-page` 根据实际运行生成（{when}，{where}，Python {python}），请勿手工修改。

- *文件*：被标识的文件：其他程序生成的原样文件；带有其他元数据；已有同一生成者的旧标识（替换）；已有他方标识（保留，只填写传播者字段）。
- *写入*：标识的形式，与 `hegui label read` 所示名称一致。
- *自行读回*：标识只有一处，位置正确，内容与写入的一致（`hegui label verify` 的结论为 `compliant`）。
- *其他程序读出*：能显示该标识的程序。目前没有已知程序会显示 WAV 中的该数据块（{nobody}）。
- *内容一致*：写入前后内容的 SHA-256 相同。
- *可打开*：能打开文件且内容相同的程序（像素、数据包、单元格、段落）。HEIC 由 exiftool 检查结构，使用自制的小文件。

{{table}}

在带有元数据的声音之前加上可听到的节奏（`--explicit auto`），由 PyAV 读取前后两个文件进行比较。

{{rhythms}}

现有指南未规定 HTML、TXT、CSV、JSON 和 BMP 的标识位置：标识写入旁附文件 `NAME.aigc.json`。
""".format(when="{when}", where="{where}", python="{python}", nobody=NOBODY),
)


if __name__ == "__main__":
    sys.exit(main())
