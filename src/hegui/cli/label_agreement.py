"""``hegui label agreement``: put an agreement under Art. 9 on record."""

import hashlib
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import click

from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, command, option, say, say_json
from hegui.terms import BadRequest, Words

_MOST_TERMS: Final = 16 * 1024 * 1024
_DAY_MS: Final = 86_400_000
_BEIJING: Final = timezone(timedelta(hours=8))


@command(
    "agreement",
    Words(
        "Record that a user asked for content without an explicit label and agreed, told of the "
        "duties, to carry them (labelling measures, Art. 9). Prints the number that 'hegui label "
        "write --agreement' takes. The implicit label stays in every file, and each file is on "
        "record for six months and more.",
        "登记用户要求提供不含显式标识的内容，且已明确并同意承担相应标识义务（标识办法第九条）。"
        "输出协议编号，供 hegui label write --agreement 使用。隐式标识始终保留，"
        "每个文件的记录留存不少于六个月。",
    ),
    Words(
        "hegui label agreement --subject 4f2k9xw0ab --terms terms.pdf --until 2027-10-31",
        "hegui label agreement --subject 4f2k9xw0ab --terms terms.pdf --until 2027-10-31",
    ),
)
@SETTINGS_OPTION
@option(
    "--subject",
    required=True,
    metavar="PSEUDONYM",
    words=Words("the user, by a pseudonym that you can resolve", "用户的假名，须能对应到本人"),
)
@option(
    "--terms",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words(
        "the text that was agreed to; its digest goes on record", "用户同意的协议文本，记录其摘要"
    ),
)
@option(
    "--until",
    required=True,
    metavar="YYYY-MM-DD",
    words=Words(
        "the last day (Asia/Shanghai) on which it holds, at most three years ahead",
        "最后有效日（北京时间），最长三年",
    ),
)
@option(
    "--by",
    default="",
    metavar="WHO",
    words=Words("who concluded it, by a role or number", "由谁经办，填岗位或工号"),
)
@JSON_OPTION
def agreement(config: Path, terms: Path, until: str, *, as_json: bool, **said: Any) -> int:
    """Put an agreement on record."""
    from dataclasses import asdict

    from hegui.app import agreements, parts
    from hegui.app.labelling import new_number

    settings = read_settings(config)
    at = parts.now()
    end = _end_of(until)
    if end <= at:
        raise BadRequest(_PAST, param="until")
    for name in ("subject", "by"):
        if len(said[name]) > 200 or (name == "subject" and not said[name].strip()):  # noqa: PLR2004 - a Name's length
            raise BadRequest(_LONG.fill(name=name), param=name)
    made = agreements.Agreement(
        agreement=f"LA-{new_number(at)}", terms=_digest(terms), since=at, until=end, **said
    )
    agreements.conclude(settings, made)
    if as_json:
        say_json(asdict(made))
        return CLEAN
    click.echo(made.agreement)
    say(_DONE.fill(day=until), err=True)
    return CLEAN


def _end_of(day: str) -> int:
    """Return when a legal day (Asia/Shanghai) ends, as UTC milliseconds."""
    try:
        start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=_BEIJING)
    except ValueError:
        raise BadRequest(_NO_DAY, param="until") from None
    return int(start.timestamp() * 1_000) + _DAY_MS


def _digest(terms: Path) -> str:
    from hegui.settings.plain_files import read_plain, reason

    try:
        data = read_plain(terms, _MOST_TERMS + 1)
    except OSError as error:
        raise BadRequest(_UNREAD.fill(path=terms, why=reason(error)), param="terms") from None
    if len(data) > _MOST_TERMS:
        raise BadRequest(_LARGE.fill(path=terms), param="terms")
    if not data.strip():
        raise BadRequest(_EMPTY.fill(path=terms), param="terms")
    return hashlib.sha256(data).hexdigest()


_NO_DAY: Final = Words("--until is a date such as 2027-01-31", "--until 应为日期，如 2027-01-31")
_PAST: Final = Words("--until must lie ahead", "--until 应为将来的日期")
_LONG: Final = Words(
    "--{name} is a short name, of at most 200 characters", "--{name} 应为不超过 200 个字符的短名称"
)
_LARGE: Final = Words(
    "{path} is larger than 16 MB; name the text of the agreement",
    "{path} 超过 16 MB，请指定协议文本",
)
_UNREAD: Final = Words("{path} cannot be read: {why}", "无法读取 {path}：{why}")
_EMPTY: Final = Words(
    "{path} is empty; name the text of the agreement", "{path} 是空文件，请指定协议文本"
)
_DONE: Final = Words(
    "On record, until {day} (Asia/Shanghai). Keep the signed text: the record holds only its "
    "digest.",
    "已记录在案，有效至 {day}（北京时间）。请保存签署的文本：记录中只有其摘要。",
)
