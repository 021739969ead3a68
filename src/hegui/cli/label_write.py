"""``hegui label write``: put labels into files, each proven, and on record."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from hegui.cli import progress
from hegui.cli.label_files import files_in, is_folder, shown
from hegui.cli.label_recorded import recording
from hegui.cli.label_told import tell, tell_refused
from hegui.cli.shared import JSON_OPTION, read_settings
from hegui.cli.speech import CLEAN, COULD_NOT_TELL, MISCONFIGURED, command, option, say
from hegui.terms import BadRequest, Corrupt, Misconfigured, Unavailable, Words

if TYPE_CHECKING:
    from hegui.app.manifests import Signs
    from hegui.labels.explicit.choosing import Mode
    from hegui.labels.sm2 import PrivateKey
    from hegui.labels.value import Implicit
    from hegui.settings import Settings

_WORDS = Words(
    "Put the notice and the label into files; folders are labelled with all that is in them. The "
    "content of a file is not encoded anew (drawing on a picture or a film does so for it),"
    " the label is read back from what was written, and only then the file is put in place. Another"
    " producer's label stays, with you as the propagator. With settings (-c, or hegui.toml in this "
    "folder) each file is on record. Exit code 2: a file could not be written; 3: one was refused.",
    "为文件加上显式标识和隐式标识；给出文件夹则处理其中所有文件。文件内容不会重新编码"
    "（在图片或视频上绘制标识时除外），写入后读回核对，确认无误才替换。其他生成者的标识予以保留，"
    "只填写传播者字段。有配置（-c 或当前目录的 hegui.toml）时，每个文件都记录在案。"
    "退出码：2 有文件无法写入；3 有文件被拒绝。",
)
_EXAMPLES = Words(
    "hegui label photo.jpg -o out.jpg\nhegui label write --in-place folder/\n"
    "hegui label film.mp4 -o out.mp4 --explicit present --by 'editor 3'\n"
    "hegui label film.mp4 -o out.mp4 --encoder libx264",
    "hegui label photo.jpg -o out.jpg\nhegui label write --in-place folder/\n"
    "hegui label film.mp4 -o out.mp4 --explicit present --by 'editor 3'\n"
    "hegui label film.mp4 -o out.mp4 --encoder libx264",
)
_DEFAULT: Final = Path("hegui.toml")
_MOST_NAME: Final = 200  # characters, as a record has them
_MOST_KEY: Final = 8_192  # bytes of a key file


@command("write", _WORDS, _EXAMPLES)
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="OUT",
    words=Words(
        "the file to write; a folder for several files", "写到哪个文件；多个文件时为文件夹"
    ),
)
@option("--in-place", is_flag=True, words=Words("replace the files themselves", "直接替换原文件"))
@option(
    "--producer",
    metavar="CODE27",
    words=Words(
        "your provider code (provider.code of the settings)",
        "服务提供者编码（默认取配置中的 provider.code）",
    ),
)
@option(
    "--id",
    "number",
    default="auto",
    metavar="auto|ID",
    words=Words(
        "the number of the content, for one file; auto makes one (auto)",
        "内容制作编号，仅限单个文件；auto 自动生成（默认 auto）",
    ),
)
@option(
    "--label",
    "value",
    type=click.Choice(["1", "2", "3"]),
    default="1",
    words=Words(
        "1: is generated, 2: may be, 3: suspected (1)", "1 属于，2 可能，3 疑似生成（默认 1）"
    ),
)
@option(
    "--propagator",
    metavar="CODE27",
    words=Words("who spreads it (the producer)", "传播者编码（默认与生成者相同）"),
)
@option(
    "--propagate-id",
    metavar="ID",
    words=Words("the propagator's number (as --id)", "内容传播编号（默认与 --id 相同）"),
)
@option(
    "--sign",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="KEY",
    words=Words(
        "sign the label with the SM2 key in this file (hexadecimal or PEM; hegui[sm2])",
        "用此文件中的 SM2 私钥为标识签名（十六进制或 PEM；需要 hegui[sm2]）",
    ),
)
@option(
    "--c2pa",
    "c2pa",
    is_flag=True,
    words=Words(
        "put a C2PA manifest into it last, signed as [labels.c2pa] of the settings says; one that "
        "is there already is kept in it (hegui[c2pa])",
        "最后写入 C2PA 清单，按配置的 [labels.c2pa] 签名；已有的清单保留在新清单中"
        "（需要 hegui[c2pa]）",
    ),
)
@option(
    "--explicit",
    "mode",
    type=click.Choice(["auto", "interface", "present"]),
    default="auto",
    words=Words(
        "auto puts a notice into pictures, films, texts, PDF and Office files, MP3, AAC, M4A, "
        "FLAC, Opus and WAV; interface: your service shows it (text and sound only); present: the "
        "content shows it already (auto)",
        "auto 写入图片、视频、文本、PDF 和 Office 文件、MP3、AAC、M4A、FLAC、Opus 和 WAV；"
        "interface 由服务界面提示（仅限文本和音频）；present 内容已显示标识（默认 auto）",
    ),
)
@option(
    "--encoder",
    default="auto",
    metavar="auto|NAME",
    words=Words(
        "FFmpeg's encoder for films with a notice; auto takes none under the GPL (auto)",
        "为视频添加标识时所用的 FFmpeg 编码器；auto 不会选用 GPL 许可的编码器（默认 auto）",
    ),
)
@option(
    "--agreement",
    default="",
    metavar="LA-…",
    words=Words(
        "leave the notice out under this agreement with the user (hegui label agreement)",
        "依据与用户的该协议不加显式标识（见 hegui label agreement）",
    ),
)
@option(
    "--by",
    default="",
    metavar="WHO",
    words=Words("who says so, by a role or number", "由谁声明，填岗位或工号"),
)
@option(
    "-c",
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("the settings file (hegui.toml, if there)", "配置文件（默认 hegui.toml，如存在）"),
)
@JSON_OPTION
def write(files: tuple[Path, ...], config: Path | None, *, as_json: bool, **said: Any) -> int:
    """Put labels into files."""
    from hegui.app import drawing, labelling

    settings = _settings(config)
    single = len(files) == 1 and not is_folder(files[0])
    _require_one_place(said, single=single)
    code = CLEAN
    mode = _mode(settings, said)
    signs = _signs(settings, required=said["c2pa"])
    recorded = recording(settings, said, as_json=as_json)
    with recorded as record, progress.film_encoded() as told:
        how = drawing.How(said["encoder"], told)
        taken: dict[Path, Path] = {}
        for path, folder in files_in(files):
            target = _target(path, folder, said, single=single)
            try:
                _require_own(path, target, taken)
                label = _label(settings, said)
                written = labelling.label(
                    path, target, label, mode, record=record, how=how, signs=signs
                )
            except (BadRequest, Unavailable, Corrupt) as error:
                if single and not as_json:
                    raise
                code = max(code, MISCONFIGURED if isinstance(error, BadRequest) else COULD_NOT_TELL)
                tell_refused(path, error, as_json=as_json)
                continue
            tell(written, as_json=as_json)
    if settings is None:
        say(_NOT_RECORDED, err=True)
    return code


def _settings(config: Path | None) -> "Settings | None":
    if config is None and not _DEFAULT.exists():
        return None
    return read_settings(config or _DEFAULT)


def _mode(settings: "Settings | None", said: dict[str, Any]) -> "Mode":
    """Return how the notice is shown; what leaves it out needs a record, and who says so."""
    from hegui.app import agreements, parts

    mode: Mode = said["mode"]
    if mode == "present" and not said["by"].strip():
        raise BadRequest(_WHO, param="by")
    if not said["agreement"] and mode != "present":
        return mode
    if settings is None:
        raise BadRequest(_NO_RECORD, param="config")
    if not said["agreement"]:
        return mode
    agreements.in_force(settings, said["agreement"], parts.now())
    return "agreement"


def _signs(settings: "Settings | None", *, required: bool) -> "Signs | None":
    """Return who signs manifests; None where neither the command nor the settings want any."""
    if not required and (settings is None or not settings.labels.c2pa.always):
        return None
    from hegui.app import manifest_reading, manifests, parts
    from hegui.app.manifest_keys import ManifestKey
    from hegui.settings.c2pa import C2pa

    manifest_reading.library()
    now = parts.now()
    key = ManifestKey(settings.labels.c2pa if settings is not None else C2pa(), now)
    return manifests.Signs(key, now, required)


def _require_one_place(said: dict[str, Any], *, single: bool) -> None:
    if (said["out"] is None) != said["in_place"]:
        raise BadRequest(_WHERE, param="out")
    if not single and said["number"] != "auto":
        raise BadRequest(_ONE_NUMBER, param="id")
    if len(said["by"]) > _MOST_NAME:
        raise BadRequest(_LONG, param="by")
    if not single and said["out"] is not None and said["out"].is_file():
        raise BadRequest(_FOLDER.fill(path=said["out"]), param="out")


def _target(path: Path, folder: Path | None, said: dict[str, Any], *, single: bool) -> Path:
    out: Path | None = said["out"]
    if out is None:
        return path
    if single and not is_folder(out):
        return out
    return out / (path.relative_to(folder) if folder is not None else path.name)


def _require_own(path: Path, target: Path, taken: dict[Path, Path]) -> None:
    """Make the folder of ``target``; refuse one that is another file's of this run already."""
    first = taken.setdefault(Path(os.path.realpath(target)), path)
    if first != path:
        words = _TAKEN.fill(target=shown(str(target)), first=shown(str(first)))
        raise BadRequest(words, param="out")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        from hegui.settings.plain_files import reason

        words = _NO_FOLDER.fill(path=target.parent, why=reason(error))
        raise BadRequest(words, param="out") from None


def _label(settings: "Settings | None", said: dict[str, Any]) -> "Implicit":
    """Return the label to write; codes are checked, and never made up."""
    from hegui.app import parts
    from hegui.app.labelling import new_number
    from hegui.labels import security
    from hegui.labels.judging import code_fault
    from hegui.labels.value import Implicit, faults_of
    from hegui.terms.identifiers import provider_code_fault

    producer = said["producer"] or (settings.provider.code if settings is not None else "")
    if not producer:
        raise BadRequest(_NO_PRODUCER, param="producer")
    propagator = said["propagator"] or producer
    for name, code, fault in (
        ("--producer", producer, provider_code_fault(producer)),
        ("--propagator", propagator, code_fault(propagator)),
    ):
        if fault is not None:
            raise BadRequest(
                Words(
                    _CODE.en.format(name=name, code=shown(code), why=fault.en),
                    _CODE.zh.format(name=name, code=shown(code), why=fault.zh),
                )
            )
    number = new_number(parts.now()) if said["number"] == "auto" else said["number"]
    label = Implicit(
        said["value"], producer, number, "", propagator, said["propagate_id"] or number, ""
    )
    for wrong in faults_of({name: getattr(label, name) for name in label.__struct_fields__}):
        raise BadRequest(wrong.words, param="id")
    return label if said["sign"] is None else security.signed(label, _key_in(said["sign"]))


def _key_in(path: Path) -> "PrivateKey":
    """Read the key that signs; a file that others may read is ``Misconfigured``."""
    from hegui.labels import sm2
    from hegui.settings.plain_files import open_plain, reason

    try:
        with open_plain(path) as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise Misconfigured(_OPEN_KEY.fill(path=path))
            return sm2.private_key(file.read(_MOST_KEY).decode("ascii", "replace"))
    except OSError as error:
        raise Misconfigured(_NO_KEY.fill(path=path, why=reason(error))) from None


_WHERE: Final = Words(
    "say where the labelled file goes: -o OUT, or --in-place",
    "请指定写到哪里：-o OUT 或 --in-place",
)
_ONE_NUMBER: Final = Words(
    "--id is for one file; for several, each gets a number of its own (auto)",
    "--id 只能用于单个文件；多个文件时各自自动编号（auto）",
)
_LONG: Final = Words(
    "--by is a role or number, of at most 200 characters", "--by 应为不超过 200 个字符的岗位或工号"
)
_FOLDER: Final = Words(
    "{path} is a file; for several files name a folder", "{path} 是文件；多个文件请指定文件夹"
)
_NO_PRODUCER: Final = Words(
    "who is the producer? Give --producer CODE27, or set provider.uscc in the settings (-c): the "
    "code follows from your credit code, and hegui never makes one up",
    "缺少生成者编码。请使用 --producer CODE27，或在配置（-c）中填写 provider.uscc："
    "编码由统一社会信用代码推出，hegui 不会编造",
)
_CODE: Final = Words("{name} {code}: {why}", "{name} {code}：{why}")
_OPEN_KEY: Final = Words(
    "others may read the key {path}: chmod 600 it, or make a new one if they did",
    "密钥文件 {path} 可被他人读取：请执行 chmod 600；如已泄露，请更换密钥",
)
_NO_KEY: Final = Words("the key {path} cannot be read: {why}", "无法读取密钥 {path}：{why}")
_NO_RECORD: Final = Words(
    "an explicit label is left out on record only: name the settings (-c)",
    "不加显式标识须记录在案，请用 -c 指定配置文件",
)
_WHO: Final = Words(
    "who says that the content shows its label already? Give --by, a role or number: it goes on"
    " record",
    "由谁声明内容已显示标识？请用 --by 填写岗位或工号，该声明会记录在案",
)
_TAKEN: Final = Words(
    "{target} was written for {first} in this run, and would be lost. Name another place (-o) for"
    " files of one name, and label them one after the other",
    "{target} 已在本次运行中写入 {first} 的结果，会被覆盖。"
    "同名文件请用 -o 指定不同位置，分别加标识",
)
_NO_FOLDER: Final = Words(
    "the folder {path} cannot be made ({why}); name another place with -o",
    "无法创建文件夹 {path}（{why}），请用 -o 指定其他位置",
)
_NOT_RECORDED: Final = Words(
    "Nothing was put on record: there is no hegui.toml here, and none was named with -c.",
    "未记录在案：当前目录没有 hegui.toml，也未用 -c 指定。",
)
