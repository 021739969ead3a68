"""``hegui measures export``: the catalogue, its profiles, mapping and hegui itself as OSCAL."""

import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from hegui.cli.shared import SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, command, option, say
from hegui.terms import BadRequest, Misconfigured, Words

_LATEST: Final = 253_402_300_799_000  # the last second of the year 9999, UTC ms


@command(
    "export",
    Words(
        "Write the catalogue of duties as OSCAL 1.2 documents (NIST): the catalogue, the two "
        "profiles, yours where there are settings, the mapping to GB/T 45654, NIST AI RMF and "
        "ISO/IEC 42001 by reference number, and hegui as a component. Files of the same name are "
        "replaced. Nothing in them says that a provider complies.",
        "以 OSCAL 1.2 文档（NIST）写出义务目录：目录、两套方案、有配置文件时的裁剪方案、"
        "与 GB/T 45654、NIST AI RMF、ISO/IEC 42001 的编号对应关系，以及 hegui 组件说明。"
        "同名文件会被替换。其中没有任何内容表示提供者合规。",
    ),
    Words(
        "hegui measures export --oscal --out oscal\n"
        "hegui measures export --oscal --out oscal --at 2026-11-28T00:00:00Z",
        "hegui measures export --oscal --out oscal\n"
        "hegui measures export --oscal --out oscal --at 2026-11-28T00:00:00Z",
    ),
)
@SETTINGS_OPTION
@option(
    "--oscal",
    is_flag=True,
    words=Words("the format; there is no other", "格式，目前仅此一种"),
)
@option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    words=Words("the folder to write to", "写入的文件夹"),
)
@option(
    "--at",
    default="",
    metavar="INSTANT",
    words=Words(
        "the moment in the documents, with its offset (now): the same moment gives the same bytes",
        "文档中的时刻，须带时区（默认现在）：时刻相同则内容逐字节相同",
    ),
)
def export(config: Path, out: Path, at: str, *, oscal: bool) -> int:
    """Write the catalogue as OSCAL."""
    from hegui.app import oscal as making
    from hegui.app import parts

    if not oscal:
        raise BadRequest(_FORMAT, param="oscal")
    settings = None
    if config.exists():
        settings = read_settings(config)
    else:
        say(_NO_SETTINGS.fill(path=config), err=True)
    stamp = making.stamp_of(_instant(at) if at else parts.now())
    documents = making.documents(settings, stamp)
    for name, document in documents.items():
        write_document(out / name, document)
        click.echo(out / name)
    return CLEAN


def write_document(path: Path, document: dict[str, Any]) -> None:
    """Write a document whole or not at all."""
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    except OSError as error:
        from hegui.settings.plain_files import reason

        with suppress(OSError):  # where the folder is none, there is nothing to remove
            half.unlink()
        why = reason(error)
        raise Misconfigured(_UNWRITABLE.fill(path=path, why=why)) from None


def _instant(said: str) -> int:
    try:
        at = datetime.fromisoformat(said)
        if at.tzinfo is not None:
            found = int(at.timestamp() * 1_000)
            if 0 <= found <= _LATEST:
                return found
    except (ValueError, OverflowError):
        pass
    raise BadRequest(_NO_INSTANT, param="at")


_FORMAT: Final = Words(
    "say --oscal: it is the only format that there is", "请加 --oscal：目前仅支持这种格式"
)
_NO_SETTINGS: Final = Words(
    "{path} does not exist: no tailored profile is written.",
    "{path} 不存在：不写出裁剪后的方案。",
)
_UNWRITABLE: Final = Words(
    "cannot write {path}: {why}; name another folder with --out",
    "无法写入 {path}：{why}；请用 --out 指定其他文件夹",
)
_NO_INSTANT: Final = Words(
    "--at is an instant with its offset, such as 2026-11-28T00:00:00Z",
    "--at 应为带时区的时刻，如 2026-11-28T00:00:00Z",
)
