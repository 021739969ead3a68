"""``hegui ledger receipt`` and ``check-receipt``: one exchange, provable by its holder."""

from pathlib import Path

import click

from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import (
    CLEAN,
    COULD_NOT_TELL,
    Command,
    lang_of,
    option,
    say,
    say_json,
    say_lines,
)
from hegui.terms import BadRequest, Words

_TAKEN = Words(
    en="{path} is there already, and is not overwritten. Name another file: -o FILE",
    zh="{path} 已经存在，不会覆盖。请用 -o 另指文件。",
)
_CANNOT = Words(
    en="{path} cannot be written: {why}. Name another file: -o FILE",
    zh="无法写入 {path}：{why}。请用 -o 另指文件。",
)
_UNREAD = Words(
    en="{path} cannot be read: {why}. Name the receipt: a ZIP file, a folder or a .tlog-proof"
    " file.",
    zh="无法读取 {path}：{why}。请给出回执：ZIP 文件、文件夹或 .tlog-proof 文件。",
)
_WRITTEN = Words(
    en="{path}: {count} records of the log of {tenant}, with their proofs. That it was issued is on"
    " record. Whoever has it can check it: hegui ledger check-receipt",
    zh="{path}：租户 {tenant} 账本中的 {count} 条记录及其证明。出具回执一事已记录在案。"
    "持有人可自行核验：hegui ledger check-receipt",
)


@click.command(
    "receipt",
    cls=Command,
    words=Words(
        "Write a receipt for whoever an exchange or an appeal concerns: a ZIP file with its "
        "records, their proofs (C2SP tlog-proof@v1) under a signed head, a page to read and a "
        "verifier. It can be checked years later, without an account or a network. NUMBER is an "
        "evidence number (HG-…) or that of an appeal (AP-…). That it was issued goes on record.",
        "为一次交互或一件申诉的当事人出具回执：一个 ZIP 文件，内有相关记录、"
        "在已签名的账本头之下的证明（C2SP tlog-proof@v1）、说明和核验程序。"
        "多年之后仍可核验，无需账号，无需联网。"
        "NUMBER 是证据编号（HG-…）或申诉编号（AP-…）。出具一事会记录在案。",
    ),
    examples=Words(
        "hegui ledger receipt HG-01ARZ3NDEK-TSV4RRFF-Q69G5FAV\n"
        "hegui ledger receipt AP-01ARZ3NDEKTSV4RRFFQ69G5FAV -o receipt.zip",
        "hegui ledger receipt HG-01ARZ3NDEK-TSV4RRFF-Q69G5FAV\n"
        "hegui ledger receipt AP-01ARZ3NDEKTSV4RRFFQ69G5FAV -o receipt.zip",
    ),
)
@click.argument("number")
@SETTINGS_OPTION
@option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("where to (receipt-NUMBER.zip)", "写到哪里（默认 receipt-编号.zip）"),
)
@JSON_OPTION
def receipt(number: str, config: Path, output: Path | None, *, as_json: bool) -> int:
    """Write a receipt."""
    from hegui.app.receipts import receipt as made_for

    settings = read_settings(config)
    if output is not None and output.exists():
        raise BadRequest(_TAKEN.fill(path=output), param="output")
    made = made_for(settings, number)
    path = output or Path(made.name)
    try:
        with path.open("xb") as file:
            file.write(made.data)
    except FileExistsError as error:
        raise BadRequest(_TAKEN.fill(path=path), param="output") from error
    except OSError as error:
        from hegui.settings.plain_files import reason

        raise BadRequest(_CANNOT.fill(path=path, why=reason(error)), param="output") from error
    if as_json:
        told = {"file": str(path), "tenant": made.tenant, "records": list(made.shown)}
        say_json(told)
    else:
        say(_WRITTEN.fill(path=path, count=len(made.shown), tenant=made.tenant))
    return CLEAN


@click.command(
    "check-receipt",
    cls=Command,
    words=Words(
        "Check a receipt, offline, with the program that lies in it: a ZIP file, a folder or one "
        ".tlog-proof file. Give the key that the provider publishes. Exit code 0: it holds; 1: it "
        "does not; 2: could not tell.",
        "离线核验回执，所用程序与回执内附的相同；可以是 ZIP 文件、文件夹或单个 .tlog-proof 文件。"
        "请给出提供者公布的公钥。退出码：0 成立；1 不成立；2 无法判断。",
    ),
    examples=Words(
        "hegui ledger check-receipt receipt.zip --vkey example.com/log+1a2b3c4d+AV0…",
        "hegui ledger check-receipt receipt.zip --vkey example.com/log+1a2b3c4d+AV0…",
    ),
)
@click.argument("receipt", type=click.Path(path_type=Path))
@option(
    "--vkey",
    default="",
    metavar="VKEY",
    words=Words("the log's published verifier key", "账本公布的验证公钥"),
)
def check_receipt(receipt: Path, vkey: str) -> int:
    """Check a receipt."""
    from hegui.ledger.receipts import verify_receipt

    try:
        found = verify_receipt.check(verify_receipt.read_files(receipt), vkey)
    except verify_receipt.Bad as bad:
        say(Words(f"{receipt}: {bad.words[0]}", f"{receipt}：{bad.words[1]}"), err=True)
        return COULD_NOT_TELL
    except OSError as error:
        from hegui.settings.plain_files import reason

        say(_UNREAD.fill(path=receipt, why=reason(error)), err=True)
        return COULD_NOT_TELL
    say_lines(verify_receipt.page(found, int(lang_of() == "zh")))
    return found.code
