"""``hegui label read``, ``verify`` and ``check``: what labels say, whether they are right."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hegui.cli.label_files import as_data, files_in, shown, shown_words, told_of
from hegui.cli.shared import JSON_OPTION
from hegui.cli.speech import (
    CLEAN,
    COULD_NOT_TELL,
    FINDINGS,
    MISCONFIGURED,
    command,
    lang_of,
    option,
    say,
    say_json,
)
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.app.manifest_reading import Shown as Manifest
    from hegui.labels.comparing import Compared
    from hegui.labels.container import Format
    from hegui.labels.judging import Verdict

_FILES = click.argument(
    "files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path)
)
_PATH = click.Path(path_type=Path)


@command(
    "read",
    Words(
        "Show every label found in files, in any known form, and where it stands. Folders are read "
        "with all that is in them. With --json, one object a line: file, format, labels. Exit code "
        "2: it could not be told whether a C2PA manifest holds; 3: a file could not be read.",
        "显示文件中的全部标识（任何已知形式）及其位置。给出文件夹则读取其中所有文件。"
        "加 --json 时每行输出一个对象：file、format、labels。退出码 2 表示无法判断某个 C2PA 清单"
        "是否有效；3 表示有文件无法读取。",
    ),
    Words(
        "hegui label read photo.jpg\nhegui label read --json folder/ > labels.jsonl",
        "hegui label read photo.jpg\nhegui label read --json folder/ > labels.jsonl",
    ),
)
@_FILES
@JSON_OPTION
def read(files: tuple[Path, ...], *, as_json: bool) -> int:
    """Show every label found in files."""
    from hegui.app import labelling

    code = CLEAN
    for path, _ in files_in(files):
        try:
            seen = labelling.seen(path)
            manifest = _manifest(path, seen.form)
        except BadRequest as error:
            code = MISCONFIGURED
            _tell_broken(path, error, as_json=as_json)
            continue
        if manifest is not None and manifest.state == "inconclusive":
            code = max(code, COULD_NOT_TELL)
        if as_json:
            labels = [as_data(one) for one in seen.found]
            there = {"c2pa": manifest._asdict()} if manifest is not None else {}
            say_json({"file": str(path), "format": seen.form.name, "labels": labels, **there})
            continue
        if not seen.found:
            say(_NONE.fill(path=shown(str(path)), form=seen.form.name))
        for one in seen.found:
            say(_AT.fill(path=shown(str(path)), form=one.form, at=one.offset))
            if one.parsed is None:
                click.echo(f"  {shown(one.raw)}")
            for name, value in one.parsed.fields.items() if one.parsed is not None else ():
                click.echo(f"  {shown(name)}: {shown(value)}")
        if manifest is not None:
            _tell_manifest(path, manifest)
    return code


def _manifest(path: Path, form: "Format") -> "Manifest | None":
    from hegui.app import labelling, manifest_reading

    with labelling.opened(path) as source:
        return manifest_reading.shown(form, source)


def _tell_manifest(path: Path, manifest: "Manifest") -> None:
    """Tell of the C2PA manifest; it is told apart from labels, for it takes no label's place."""
    words = _MANIFESTS[manifest.state]
    signer = manifest.signer or "?"
    faults = ", ".join(manifest.faults)
    if manifest.state == "inconclusive":
        say(_INCONCLUSIVE[manifest.faults[0]].fill(path=shown(str(path))))
        return
    say(words.fill(path=shown(str(path)), signer=shown(signer), faults=shown(faults)))
    if manifest.parents:
        say(_PARENT)


@command(
    "verify",
    Words(
        "Judge the labels in the metadata of files by GB 45438-2025: compliant, noncompliant, "
        "not_found or inconclusive, each finding with its clause. Whether people see a notice, "
        "metadata cannot tell. Exit code 0: all compliant; 1: noncompliant or not found; 2: could "
        "not tell.",
        "按 GB 45438-2025 核验文件元数据中的标识：compliant（符合）、noncompliant（不符合）、"
        "not_found（未找到）或 inconclusive（无法判断），每项问题注明条款。"
        "用户能否看到显式标识，无法从元数据判断。"
        "退出码：0 全部符合；1 不符合或未找到；2 无法判断。",
    ),
    Words(
        "hegui label verify photo.jpg\nhegui label verify --json folder/",
        "hegui label verify photo.jpg\nhegui label verify --json folder/",
    ),
)
@_FILES
@option(
    "--key",
    "keys",
    multiple=True,
    metavar="HEX",
    words=Words(
        "the producer's public SM2 key, for labels that are signed; may be repeated",
        "生成者的 SM2 公钥，用于核验签名；可重复",
    ),
)
@JSON_OPTION
def verify(files: tuple[Path, ...], keys: tuple[str, ...], *, as_json: bool) -> int:
    """Judge the labels of files."""
    from hegui.app import labelling
    from hegui.labels import judging, sm2

    for key in keys:
        if not sm2.public_keys(key):
            raise BadRequest(_NO_KEY.fill(key=shown(key)), param="key")
    code = CLEAN
    for path, _ in files_in(files):
        if not _is_there(path):
            raise BadRequest(_ABSENT.fill(path=path))
        try:
            seen = labelling.seen(path)
            verdict = judging.judged(seen.found, seen.form, keys)
        except BadRequest as error:
            verdict = judging.broken(error.words)
        code = max(code, _CODES[verdict.state])
        _tell_verdict(path, verdict, as_json=as_json)
    return code


def _is_there(path: Path) -> bool:
    """Whether there is something; what may not be looked at is for its reader to tell."""
    try:
        return path.exists()
    except OSError:
        return True


@command(
    "check",
    Words(
        "Say whether a pipeline lost or changed a label: compare a file, or each file of a folder, "
        "from before it with the one after it. Exit code 0: the label came through; 1: it was lost "
        "or changed; 2: there was none before; 3: a file could not be read.",
        "检查处理流程是否丢失或改变了标识：把处理前的文件（或文件夹中的各个文件）与处理后的比较。"
        "退出码：0 标识保留；1 丢失或改变；2 处理前没有标识；3 有文件无法读取。",
    ),
    Words(
        "hegui label check --before out.jpg --after served.jpg\n"
        "hegui label check --before made/ --after published/",
        "hegui label check --before out.jpg --after served.jpg\n"
        "hegui label check --before made/ --after published/",
    ),
)
@option(
    "--before", required=True, type=_PATH, metavar="A", words=Words("before it", "处理前的文件")
)
@option("--after", required=True, type=_PATH, metavar="B", words=Words("after it", "处理后的文件"))
@JSON_OPTION
def check(before: Path, after: Path, *, as_json: bool) -> int:
    """Say whether a pipeline lost or changed a label."""
    code = CLEAN
    for old, folder in files_in([before]):
        new = after / old.relative_to(folder) if folder is not None else after
        try:
            said, same = _compared(old, new, may_miss=folder is not None)
        except BadRequest as error:
            code = MISCONFIGURED
            _tell_broken(new, error, as_json=as_json)
            continue
        code = max(code, _OUTCOMES[said.outcome])
        _tell_compared(new, said, same=same, as_json=as_json)
    return code


def _compared(old: Path, new: Path, *, may_miss: bool) -> "tuple[Compared, bool]":
    """Return what became of a label, and whether the content is the same; a missing file lost it.

    Where the one file was named, that it is missing is a ``BadRequest``.
    """
    from hegui.app import labelling
    from hegui.labels.comparing import Compared, compared

    first = labelling.seen(old, content=True)
    if may_miss and not _is_there(new):
        return Compared("lost", (), tuple(one.form for one in first.found)), False
    second = labelling.seen(new, content=True)
    same = first.form is second.form and first.payload == second.payload
    return compared(first.found, second.found), same


def _tell_compared(path: Path, said: "Compared", *, same: bool, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "file": str(path),
                "outcome": said.outcome,
                "fields": list(said.fields),
                "producer_fields_changed": said.produced,
                "before": list(said.before),
                "after": list(said.after),
                "content_identical": same,
            }
        )
        return
    words = shown_words(said.words)
    click.echo(f"{shown(str(path))}: {words.say(lang_of())}")
    if said.produced:
        click.echo(f"  {_PRODUCED.say(lang_of())}")
    click.echo(f"  {(_SAME if same else _OTHER).say(lang_of())}")


def _tell_verdict(path: Path, verdict: "Verdict", *, as_json: bool) -> None:
    lang = lang_of()
    findings = [(one, shown_words(one.words).say(lang)) for one in verdict.findings]
    if as_json:
        said = [
            {"code": one.code, "clause": one.clause, "note": one.note, "words": words}
            for one, words in findings
        ]
        say_json({"file": str(path), "verdict": verdict.state, "findings": said})
        return
    click.echo(f"{shown(str(path))}: {_STATES[verdict.state].say(lang)}")
    for one, words in findings:
        clause = f" [{one.clause}]" if one.clause else ""
        click.echo(f"  {words}{clause}")


def _tell_broken(path: Path, error: BadRequest, *, as_json: bool) -> None:
    words = shown_words(error.words).say(lang_of())
    if as_json:
        say_json({"file": str(path), "error": error.code, "words": words})
    else:
        click.echo(told_of(path, words), err=True)


_CODES: Final = {
    "compliant": CLEAN,
    "noncompliant": FINDINGS,
    "not_found": FINDINGS,
    "inconclusive": COULD_NOT_TELL,
}
_OUTCOMES: Final = {
    "same": CLEAN,
    "moved": CLEAN,
    "gained": COULD_NOT_TELL,  # what came before had none to lose
    "changed": FINDINGS,
    "lost": FINDINGS,
    "none": COULD_NOT_TELL,
}
_STATES: Final = {
    "compliant": Words("compliant", "符合"),
    "noncompliant": Words("noncompliant", "不符合"),
    "not_found": Words("no label found", "未找到标识"),
    "inconclusive": Words("could not tell", "无法判断"),
}
_NONE: Final = Words("{path} ({form}): no label", "{path}（{form}）：没有标识")
_AT: Final = Words("{path}: {form}, at byte {at}", "{path}：{form}，第 {at} 字节处")
_MANIFESTS: Final = {
    "valid": Words(
        "{path}: a C2PA manifest, which holds, signed by {signer}; whether to trust the signer is"
        " not judged, and it takes no label's place (GB 45438-2025)",
        "{path}：带有 C2PA 清单，验证通过，签名者 {signer}；签名者是否可信未作判断，"
        "且不能代替 GB 45438-2025 要求的标识",
    ),
    "invalid": Words(
        "{path}: a C2PA manifest, which does not hold ({faults}); its signer as it says: {signer}",
        "{path}：带有 C2PA 清单，验证未通过（{faults}）；其自称的签名者：{signer}",
    ),
    "unchecked": Words(
        "{path}: a C2PA manifest, which was not checked: that needs pip install 'hegui[c2pa]'",
        "{path}：带有 C2PA 清单，未验证：需要安装 pip install 'hegui[c2pa]'",
    ),
}
_INCONCLUSIVE: Final = {
    "late": Words(
        "{path}: a C2PA manifest, of which could not be told whether it holds (inconclusive):"
        " reading it took too long and was ended. Its labels above are not touched by that",
        "{path}：带有 C2PA 清单，无法判断其是否有效（inconclusive）：读取超时，已终止。"
        "上述标识的结果不受影响",
    ),
    "crashed": Words(
        "{path}: a C2PA manifest, of which could not be told whether it holds (inconclusive): the"
        " program that reads manifests broke over it. Its labels above are not touched by that",
        "{path}：带有 C2PA 清单，无法判断其是否有效（inconclusive）：读取清单的程序异常退出。"
        "上述标识的结果不受影响",
    ),
}
_PARENT: Final = Words(
    "  The manifest of the file it was made from is kept in it.",
    "  其中保留了来源文件的清单。",
)
_ABSENT: Final = Words(
    "there is no {path}; name a file or a folder", "{path} 不存在，请指定文件或文件夹"
)
_NO_KEY: Final = Words(
    "--key {key} is no public SM2 key in hexadecimal (64, 65 or 33 bytes, or SubjectPublicKeyInfo)",
    "--key {key} 不是十六进制的 SM2 公钥（64、65 或 33 字节，或 SubjectPublicKeyInfo 格式）",
)
_PRODUCED: Final = Words(
    "Fields that only the producer may set were changed.", "改变的内容包括只能由生成者填写的字段。"
)
_SAME: Final = Words("The content is byte for byte the same.", "内容逐字节相同。")
_OTHER: Final = Words("The content is not the same any more.", "内容已不同。")
