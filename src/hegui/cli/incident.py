"""``hegui incident``: the group, and ``draft``. Nothing is sent from here."""

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from hegui.cli.duty_asked import TENANT
from hegui.cli.fresh import write_fresh
from hegui.cli.incident_act import act
from hegui.cli.incident_asked import FOUND, SORT, SORTS, time_given, told
from hegui.cli.incident_open import grade, level_given, open_case
from hegui.cli.incident_sent import close, decide, sent
from hegui.cli.incident_show import list_cases, show
from hegui.cli.shared import SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, FINDINGS, Family, command, lang_of, option, say
from hegui.terms import BadRequest, HeguiError, Words

if TYPE_CHECKING:
    from hegui.cases.incidents import Content, Network

_TIMES: Final = ("stopped", "eliminated", "reported")
_CONTENT_ONLY: Final = ("stopped", "eliminated", "target_minutes")
_NETWORK_ONLY: Final = ("level", "persons", "reporter", "flaw")
_MOST_CASE: Final = 200
_NETWORK = Words(
    "a network incident is graded first: give --level, or --persons for a leak, and --reporter",
    "网络安全事件应先分级：请给出 --level（信息泄露可用 --persons）和 --reporter",
)
_CASE = Words(
    "--case is a number of at most 200 characters, without line breaks or control characters",
    "--case 应为不超过 200 个字符的编号，不含换行和控制字符",
)
_OTHER_SORT = Words("--{name} is not for an incident of {sort}", "--{name} 不适用于{sort}事件")
_BEFORE = Words(
    "--{name} lies before --found, when the incident was found", "--{name} 早于发现时间 --found"
)
_DONE = Words(
    "{path} is a draft, and entry {index} records that it was drafted. Nothing was sent: a named "
    "person decides whether, to whom and what is sent.",
    "{path} 为草稿，第 {index} 条记录了其起草。未发送任何内容："
    "是否报送、报送对象和内容由签署人决定。",
)


@click.group(
    "incident",
    cls=Family,
    words=Words(
        "Keep incidents as cases on the ledger, with their clocks; nothing is sent from here. Open "
        "a case, record what was done, draft the report, record who decided and who sent it, and "
        "close it.",
        "将事件作为案件记录在账本中并计时；不会从这里发送任何内容。登记事件、记录处置措施、"
        "起草报告、记录由谁决定和报送，最后结案。",
    ),
    examples=Words(
        "hegui incident open --help\nhegui incident list",
        "hegui incident open --help\nhegui incident list",
    ),
)
def incident() -> None:
    """Keep incidents as cases."""


@command(
    "draft",
    Words(
        "Draft the report of an incident, and say what is due by when. Illegal content found: "
        "stopped, eliminated and reported promptly (Art. 14), measured by your own published "
        "target. A network-security incident: graded first, then reported within one, two or four "
        "hours, depending on who reports. The draft goes into a file, its digest on the ledger; "
        "nothing is sent. Exit code 1: something is late.",
        "起草事件报告，并说明各项时限。发现违法内容：应及时停止、消除并报告（第十四条），"
        "以您公布的时限衡量。网络安全事件：先分级，再根据报告主体在一、二或四小时内报告。"
        "草稿写入文件，摘要记入账本；不会发送任何内容。退出码 1：有事项逾期。",
    ),
    Words(
        "hegui incident draft --sort content --case IN-7 --found 2026-11-28T11:00:00+08:00 "
        "--target-minutes 30 --entry 48211 --out report.md\n"
        "hegui incident draft --sort network --case IN-8 --found 2026-11-28T11:00:00+08:00 "
        "--persons 1200000 --reporter other --out network.md",
        "hegui incident draft --sort content --case IN-7 --found 2026-11-28T11:00:00+08:00 "
        "--target-minutes 30 --entry 48211 --out report.md\n"
        "hegui incident draft --sort network --case IN-8 --found 2026-11-28T11:00:00+08:00 "
        "--persons 1200000 --reporter other --out network.md",
    ),
)
@SETTINGS_OPTION
@TENANT
@SORT
@option("--case", required=True, metavar="NUMBER", words=Words("your number of it", "案件编号"))
@FOUND
@option("--stopped", default="", metavar="TIME", words=Words("when it was stopped", "停止时间"))
@option(
    "--eliminated", default="", metavar="TIME", words=Words("when it was eliminated", "消除时间")
)
@option("--reported", default="", metavar="TIME", words=Words("when it was reported", "报告时间"))
@option(
    "--target-minutes",
    type=click.IntRange(1, 100_000),
    metavar="N",
    words=Words("the target that you have published, for content", "您公布的时限（违法内容）"),
)
@option(
    "--level",
    type=click.Choice(["ordinary", "relatively-major", "major", "especially-major"]),
    words=Words("how it was graded, for network security", "分级结果（网络安全事件）"),
)
@option(
    "--persons",
    type=click.IntRange(0, 10**11),
    metavar="N",
    words=Words("of how many persons information leaked: grades it", "泄露信息涉及人数，据此分级"),
)
@option(
    "--reporter",
    type=click.Choice(["cii", "central", "other"]),
    words=Words("who reports: critical infrastructure, central organ, other", "报告主体"),
)
@option(
    "--flaw",
    is_flag=True,
    words=Words(
        "it is a flaw that endangers national security or the public interest",
        "属于危害国家安全或公共利益的缺陷、漏洞",
    ),
)
@option(
    "--entry",
    "entries",
    multiple=True,
    type=click.IntRange(0, 2**53 - 1),
    metavar="N",
    words=Words("a record that it concerns; may be repeated", "涉及的账本记录，可重复给出"),
)
@option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    words=Words("where the draft goes", "草稿文件"),
)
def draft(config: Path, tenant: str, out: Path, **said: Any) -> int:
    """Draft the report of an incident."""
    from hegui.app import parts
    from hegui.app.attestations import placed, put_on_record
    from hegui.cases.reports import Known
    from hegui.cases.reports import draft as drafted

    settings = read_settings(config)
    if not said["case"].strip() or len(said["case"]) > _MOST_CASE or not said["case"].isprintable():
        raise BadRequest(_CASE, param="case")
    found = _incident(said)
    names = (settings.service.name, settings.provider.name)
    known = Known(
        case=said["case"], service=names[0], provider=names[1], affected=tuple(said["entries"])
    )
    text = drafted(found, known, lang_of()).encode()
    write_fresh(out, text, "out")
    timers = found.timers
    fields = {
        "case": said["case"],
        "addressee": timers[-1].to.en if timers else "",
        "draft": sha256(text).hexdigest(),
    }
    try:
        index = put_on_record(settings, tenant, "incident.drafted", fields)
    except HeguiError:
        out.unlink()  # a draft that is on no record is none
        raise
    say(_DONE.fill(path=out, index=placed(index)))
    now = parts.now()
    for timer in timers:
        say(told(timer, now))
    late = any(timer.standing(now) in {"late", "done-late"} for timer in timers)
    return FINDINGS if late else CLEAN


for each in (open_case, list_cases, show, grade, act, draft, decide, sent, close):
    incident.add_command(each)


def _incident(said: dict[str, Any]) -> "Content | Network":
    from hegui.cases.incidents import Content, Network

    at = time_given("found", said["found"])
    times = {name: time_given(name, said[name]) if said[name] else None for name in _TIMES}
    for name, one in times.items():
        if one is not None and one < at:
            raise BadRequest(_BEFORE.fill(name=name), param=name)
    _check_sort(said)
    if said["sort"] == "content":
        return Content(
            found=at,
            target_minutes=said["target_minutes"],
            stopped=times["stopped"],
            eliminated=times["eliminated"],
            reported=times["reported"],
        )
    if said["reporter"] is None or (said["level"] is None and said["persons"] is None):
        raise BadRequest(_NETWORK, param="level")
    level = level_given(said["level"], said["persons"] or 0)
    return Network(
        found=at,
        level=level,
        reporter=said["reporter"],
        flaw=said["flaw"],
        reported=times["reported"],
    )


def _check_sort(said: dict[str, Any]) -> None:
    """Refuse an option of the other sort: it would be left out of the draft without a word."""
    sort = said["sort"]
    for name in _NETWORK_ONLY if sort == "content" else _CONTENT_ONLY:
        if said[name] not in {None, "", False}:
            told = SORTS[sort]
            option_name = name.replace("_", "-")
            raise BadRequest(
                Words(
                    _OTHER_SORT.en.format(name=option_name, sort=told.en),
                    _OTHER_SORT.zh.format(name=option_name, sort=told.zh),
                ),
                param=option_name,
            )
