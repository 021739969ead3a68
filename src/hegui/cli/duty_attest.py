"""``hegui duty attest``: a person stands in for what no record shows."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from hegui.cli.duty_asked import TENANT
from hegui.cli.fresh import write_fresh
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, command, lang_of, option, say, say_json
from hegui.terms import BadRequest, Words

if TYPE_CHECKING:
    from hegui.app.attestations import Form
    from hegui.measures import Duty
    from hegui.settings import Settings

_RECORDS: Final = frozenset({"duty.attested", "duty.withdrawn"})
_FIELDS: Final = ("says", "by", "role", "until", "files")
_MOST_FORM: Final = 65_536
_DAY_MS: Final = 86_400_000
_LONGEST_REASON: Final = 500

_DONE = Words(
    "Entry {index} records attestation {number} of {duty}, until {until}. Statement and files lie "
    "in {folder} under their digests: keep them, the ledger holds digests only.",
    "第 {index} 条记录了 {duty} 的声明 {number}，有效至 {until}。声明和附件按摘要存于 {folder}："
    "请妥善保存，账本中只有摘要。",
)
_GONE = Words(
    "Entry {index} withdraws attestation {number} of {duty}.",
    "第 {index} 条撤回了 {duty} 的声明 {number}。",
)
_NO_FORM = Words("{path} is no form: {why}", "{path} 不是有效的表单：{why}")
_NO_UTF8 = Words("it is not UTF-8; save it as UTF-8", "不是 UTF-8，请以 UTF-8 保存")
_FIELD = Words(
    "the form has a field {name}; there are {known}", "表单中有未知字段 {name}；可用字段：{known}"
)
_NO_DAY = Words(
    "--until, or until in the form, is a day such as 2027-01-31",
    "--until（或表单中的 until）应为日期，如 2027-01-31",
)
_BY = Words(
    "--by, or by in the form, says who attests, by a role or a staff number of at most 200 "
    "characters, without line breaks or control characters",
    "--by（或表单中的 by）应写明声明人（岗位或工号），不超过 200 个字符，不含换行和控制字符",
)
_REASON = Words(
    "--reason says why it is withdrawn, in at most 500 characters, without line breaks or "
    "control characters",
    "--reason 应写明撤回原因，不超过 500 个字符，不含换行和控制字符",
)
_DRAFTED = Words(
    "{path} is a form to fill in. Then: hegui duty attest {duty} --form {path}",
    "已生成表单 {path}，请填写后运行：hegui duty attest {duty} --form {path}",
)


@command(
    "attest",
    Words(
        "Put on record that a person stands in for a duty, or for the part of it that no machine "
        "can see: what is attested, files, who signs in which role, until when. The role must be "
        "one that the catalogue allows (hegui duty show ID), the term no longer than it gives. By "
        "options, or by a form: --draft writes one. It ends by itself, and can be withdrawn on "
        "record. Attested is shown apart from evidenced.",
        "将人员声明记录在案：由人员对一项义务或机器无法查看的部分作出说明，写明声明内容、附件、"
        "签署人岗位和有效期。岗位须为目录所允许（见 hegui duty show），期限不得超过目录规定。"
        "可用选项或表单填写，--draft 生成表单。到期自动失效，也可撤回并记录在案。"
        "声明与证据分开显示。",
    ),
    Words(
        "hegui duty attest a8-train --draft form.toml\n"
        "hegui duty attest a8-train --form form.toml\n"
        "hegui duty attest a8-train --withdraw AT-0123 --by staff-17 --role annotation-lead "
        '--reason "material outdated"',
        "hegui duty attest a8-train --draft form.toml\n"
        "hegui duty attest a8-train --form form.toml\n"
        "hegui duty attest a8-train --withdraw AT-0123 --by 工号17 --role annotation-lead "
        "--reason 培训材料已过期",
    ),
)
@click.argument("duty")
@SETTINGS_OPTION
@TENANT
@option("--says", default="", metavar="TEXT", words=Words("what is attested", "声明内容"))
@option(
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("a file to attach; may be repeated", "附件，可重复给出"),
)
@option(
    "--by",
    default="",
    metavar="WHO",
    words=Words("who, by a role or number", "声明人，填岗位或工号"),
)
@option(
    "--role",
    default="",
    metavar="ROLE",
    words=Words("in which role of the catalogue", "以目录中的哪个岗位"),
)
@option(
    "--until",
    default="",
    metavar="YYYY-MM-DD",
    words=Words("the last day on which it holds (the longest allowed)", "最后有效日（默认最长）"),
)
@option(
    "--form",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("a form, TOML or JSON, instead of options", "用 TOML 或 JSON 表单代替选项"),
)
@option(
    "--draft",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("write a form to fill in, and stop", "只生成待填写的表单"),
)
@option(
    "--withdraw",
    default="",
    metavar="NUMBER",
    words=Words("withdraw this attestation instead", "改为撤回该编号的声明"),
)
@option("--reason", default="", metavar="TEXT", words=Words("why it is withdrawn", "撤回原因"))
@JSON_OPTION
def attest(duty: str, config: Path, tenant: str, *, as_json: bool, **said: Any) -> int:
    """Put an attestation on record, or withdraw one."""
    from hegui.app import attestations

    asked = attestations.duty_of(duty)
    settings = read_settings(config)
    if said["draft"] is not None:
        return _draft(said["draft"], asked)
    if said["withdraw"]:
        number = said["withdraw"]
        index = _withdraw(settings, tenant, asked, said)
        words = _GONE.fill(index=index, number=number, duty=asked.id)
    else:
        form = _form(asked, said)
        number, given = attestations.attest(settings, tenant, form)
        index = attestations.placed(given)
        from hegui.filing.telling import last_day

        told = {"index": index, "number": number, "duty": asked.id}
        folder = settings.data_dir / attestations.FOLDER
        words = _DONE.fill(until=last_day(form.until), folder=folder, **told)
    if as_json:
        say_json({"duty": asked.id, "attestation": number, "index": index})
    else:
        say(words)
    return CLEAN


def _withdraw(settings: "Settings", tenant: str, duty: "Duty", said: Mapping[str, Any]) -> int:
    from hegui.app import attestations, parts
    from hegui.app.duties import Duties, given_of
    from hegui.filing.attestations import attested

    number = said["withdraw"]
    reason = said["reason"]
    if not reason.strip() or len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise BadRequest(_REASON, param="reason")
    form = attestations.Form(
        duty=duty.id, says="-", by=_by(said["by"]), role=said["role"], until=parts.now() + _DAY_MS
    )
    attestations.check(form, parts.now())
    noted = Duties(settings, given_of(settings)).noted(tenant, _RECORDS)
    known = next((one for one in attested(duty, noted) if one.attestation == number), None)
    if known is None or known.withdrawn is not None:
        raise attestations.none_such(duty.id, number)
    fields = {"duty": duty.id, "attestation": number, "by": form.by, "role": form.role}
    fields["reason"] = reason
    return attestations.placed(
        attestations.put_on_record(settings, tenant, "duty.withdrawn", fields)
    )


def _form(duty: "Duty", said: Mapping[str, Any]) -> "Form":
    from hegui.app import parts
    from hegui.app.attestations import Form
    from hegui.cli.duty_asked import time_of_day_end

    now = parts.now()
    given = {name: said[name] for name in _FIELDS}
    if said["form"] is not None:
        given |= {name: value for name, value in _read(said["form"]).items() if value}
    longest = duty.attest.days * _DAY_MS if duty.attest is not None else _DAY_MS
    form = Form(
        duty=duty.id,
        says=str(given["says"]),
        by=_by(str(given["by"])),
        role=str(given["role"]),
        until=now + longest,
        files=tuple(Path(one) for one in given["files"]),
    )
    if given["until"]:
        end = time_of_day_end(str(given["until"]))
        if end is None:
            raise BadRequest(_NO_DAY, param="until")
        form = replace(form, until=end)
    return form


def _by(said: str) -> str:
    if not said.strip() or len(said) > 200 or not said.isprintable():  # noqa: PLR2004 - a Name's length
        raise BadRequest(_BY, param="by")
    return said


def _read(path: Path) -> dict[str, Any]:
    from hegui.settings.plain_files import read_plain, reason

    try:
        text = read_plain(path, _MOST_FORM + 1)
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text.decode())
    except OSError as error:
        raise BadRequest(_NO_FORM.fill(path=path, why=reason(error)), param="form") from None
    except UnicodeDecodeError:
        raise BadRequest(_NO_FORM.fill(path=path, why=_NO_UTF8), param="form") from None
    except (ValueError, RecursionError) as error:
        raise BadRequest(_NO_FORM.fill(path=path, why=str(error)[:200]), param="form") from None
    why = _amiss(found) if len(text) <= _MOST_FORM else "> 64 KB"
    if why:
        raise BadRequest(_NO_FORM.fill(path=path, why=why), param="form")
    for name in found:
        if name not in _FIELDS:
            raise BadRequest(
                _FIELD.fill(name=repr(name[:40]), known=", ".join(_FIELDS)), param="form"
            )
    files = [str(path.parent / one) for one in found.get("files", [])]  # beside the form
    return {**found, "files": files}


def _amiss(found: object) -> str:
    """Return what is wrong with the types of a form; empty: nothing."""
    if not isinstance(found, dict):
        return "no table"
    files = found.get("files", [])
    if not isinstance(files, list) or not all(isinstance(one, str) for one in files):
        return "files"
    odd = [name for name in _FIELDS[:-1] if not isinstance(found.get(name, ""), str)]
    return ", ".join(odd)


def _draft(path: Path, duty: "Duty") -> int:
    from hegui.app.attestations import check_attestable

    asked = check_attestable(duty)
    lang = lang_of()
    roles = "\n".join(f"#   {role.id}: {role.name.say(lang)}" for role in asked.roles)
    attach = "\n".join(f"#   {one.say(lang)}" for one in asked.attach)
    text = (
        f"# {duty.id}: {duty.title.say(lang)}\n# {asked.says.say(lang)}\n"
        f'says = """\n\n"""\n\n'
        f"# {Words('who, by a role or a staff number', '声明人，填岗位或工号').say(lang)}\n"
        f'by = ""\n\n'
        f"# {Words('one of', '以下之一').say(lang)}:\n{roles}\n"
        f'role = ""\n\n'
        f"# {Words('the last day; empty: the longest, {n} days', '最后有效日；留空为最长 {n} 天').fill(n=asked.days).say(lang)}\n"  # noqa: E501 - one line of the form
        f'until = ""\n\n'
        f"# {Words('to attach, beside this form', '附件，与本表单放在一起').say(lang)}:\n{attach}\n"
        f"files = []\n"
    )
    write_fresh(path, text.encode(), "draft")
    say(_DRAFTED.fill(path=path, duty=duty.id))
    return CLEAN
