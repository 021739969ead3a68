"""What ``hegui label write`` says of each file, to a person or to a machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hegui.cli.label_files import shown, shown_words, told_of
from hegui.cli.speech import lang_of, say, say_json
from hegui.terms import BadRequest, HeguiError, Words

if TYPE_CHECKING:
    from hegui.app.labelling import Written
    from hegui.labels.value import Implicit


def tell(written: "Written", *, as_json: bool) -> None:
    """Say what was written."""
    label = written.implicit
    if as_json:
        names = _FACTS
        said = {name: getattr(written, name) for name in names}
        fields = {name: getattr(label, name) for name in label.__struct_fields__}
        say_json({"target": str(written.target), **said, "label": fields})
        return
    words = _CAUSES[written.cause]
    say(words.fill(path=shown(str(written.target)), id=shown(label.ProduceID), form=written.form))
    if written.cause == "kept":
        _tell_faults(label)
    if written.encoded:
        words = _PICTURE_ENCODED if written.format == "heic" else _ENCODED
        say(words.fill(how=written.encoded))
    if written.form == "sidecar":
        say(_BESIDE.fill(form=written.format))
    if written.cause != "added" and written.explicit == "drawn" and written.format not in _ONCE:
        say(_TWICE)
    if written.signed:
        say(_SIGNED)
    if written.time_stamp == "missing":
        say(_UNSTAMPED)


def _tell_faults(label: "Implicit") -> None:
    """Say what is wrong with what another producer wrote: it stays word for word."""
    from hegui.labels.value import faults_of

    for wrong in faults_of({name: getattr(label, name) for name in label.__struct_fields__}):
        say(_FAULTY.fill(why=wrong.words.say(lang_of())))


def tell_refused(path: Path, error: HeguiError, *, as_json: bool) -> None:
    """Say why a file was not labelled."""
    words = shown_words(error.words).say(lang_of())
    if as_json:
        code = error.code if isinstance(error, BadRequest) else type(error).__name__.lower()
        say_json({"source": str(path), "error": code, "words": words})
    else:
        click.echo(told_of(path, words), err=True)


_FACTS: Final = (
    *("format", "form", "explicit", "cause", "payload", "file"),
    *("encoded", "signed", "time_stamp"),
)
_ONCE: Final = frozenset({"txt", "markdown", "html", "pdf", "ooxml"})
"""Formats in which a notice that stands there already is seen, and not put in again."""
_CAUSES: Final = {
    "added": Words("{path}: labelled as {id} ({form})", "{path}：已加标识，编号 {id}（{form}）"),
    "replaced": Words(
        "{path}: labelled as {id} in place of an older label ({form})",
        "{path}：已替换原有标识，编号 {id}（{form}）",
    ),
    "kept": Words(
        "{path}: the producer's label {id} was kept, with you as the propagator ({form})",
        "{path}：保留生成者标识 {id}，已填写传播者（{form}）",
    ),
}
_FAULTY: Final = Words(
    "  What its producer wrote is not as the standard wants it, and stays: {why}",
    "  生成者所写内容不符合标准，予以保留：{why}",
)
_ENCODED: Final = Words(
    "  The film was encoded anew for its notice: {how}. Around the player the notice is yours to"
    " show (labelling measures, Art. 4).",
    "  已为添加标识重新编码视频：{how}。播放周边的提示须由服务界面显示（标识办法第四条）。",
)
_TWICE: Final = Words(
    "  It had a label before, and so perhaps its notice too, which was put in once more: see if it"
    " stands there twice. A file that shows its notice already: --explicit present.",
    "  该文件原已带有标识，可能也已显示提示，本次又添加了一次：请检查是否重复。"
    "内容已显示标识的文件，请使用 --explicit present。",
)
_PICTURE_ENCODED: Final = Words(
    "  The picture was encoded anew for its notice: {how}.",
    "  已为添加标识重新编码图片：{how}。",
)
_SIGNED: Final = Words(
    "  A C2PA manifest was put into it last. Any later change to the file breaks it.",
    "  最后写入了 C2PA 清单。此后对文件的任何改动都会使其失效。",
)
_UNSTAMPED: Final = Words(
    "  The manifest has no time stamp: the authority gave none that holds. It holds only while the"
    " certificate is in force.",
    "  清单不带时间戳：时间戳机构未给出有效应答。该清单仅在证书有效期内有效。",
)
_BESIDE: Final = Words(
    "  No guide names a place for a label in {form}: it lies in a file beside, NAME.aigc.json. Keep"
    " the two together.",
    "  现有指南未规定 {form} 格式的标识位置：标识写入旁附文件 NAME.aigc.json，请与原文件一并保存。",
)
