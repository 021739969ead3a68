"""What a filing package is made from: the board, the settings, the packs in use.

Here because settings, packs and the board meet only here.
"""

from collections.abc import Iterator

from hegui.app.packs import day_of, packs_of
from hegui.app.statements import register_of
from hegui.detectors.packs import Pack, shipped
from hegui.filing.board import Board
from hegui.filing.package.conclusions import conclude
from hegui.filing.package.lists import (
    Keyword,
    Question,
    short_of_keywords,
    short_of_questions,
    short_of_refusals,
)
from hegui.filing.package.material import Fact, Material
from hegui.filing.statements import Statement, Version, read
from hegui.measures import tailored
from hegui.settings import Settings
from hegui.terms import Words

_NO_BANK = Words(
    "no bank of questions is attached: hegui filing build --questions",
    "未附题库：hegui filing build --questions",
)
_ROLES = {
    "own": Words("own", "自有"),
    "entrusted": Words("entrusted", "受托处理"),
    "independent": Words("independent", "独立处理"),
}


def keywords_of(settings: Settings, as_of: int) -> tuple[Keyword, ...]:
    """Return the words of every pack that is in use on that day, the provider's first."""
    day = day_of(as_of)
    own = [word for pack in packs_of(settings) for word in _words(pack, day, own=True)]
    ours = [word for pack in shipped() for word in _words(pack, day, own=False)]
    return (*own, *ours)


def _words(pack: Pack, day: str, *, own: bool) -> Iterator[Keyword]:
    for rule in sorted(pack.rules, key=lambda one: one.id):
        if rule.applies(day):
            for text in sorted({one.text for one in rule.literals}):
                yield Keyword(text, rule.risk, rule.id, pack.id, own)


def material_of(
    settings: Settings,
    board: Board,
    keywords: tuple[Keyword, ...],
    questions: tuple[Question, ...] | None,
) -> Material:
    """Return everything that the chapters may say."""
    profile = tailored(settings)
    numbers = profile.numbers
    short: dict[str, tuple[Words, ...]] = {"std-keywords": short_of_keywords(keywords, numbers)}
    if questions is None:
        short |= {"std-bank": (_NO_BANK,), "std-refusal-bank": (_NO_BANK,)}
    else:
        short["std-bank"] = short_of_questions(questions, numbers)
        short["std-refusal-bank"] = short_of_refusals(questions, numbers)
    return Material(
        board=board,
        profile=profile,
        conclusions=conclude(board, short),
        parts={part.query.id: part for item in board.items for part in item.parts},
        keywords=keywords,
        questions=questions,
        provider=tuple(_provider(settings)),
        models=tuple(tuple(_model(settings, n)) for n in range(len(settings.upstreams))),
        mechanism=tuple(_mechanism(settings)),
        statements=dict(_statements(settings, board.as_of)),
    )


def _statements(settings: Settings, as_of: int) -> Iterator[tuple[str, tuple[Version, Statement]]]:
    """Yield each statement in force on the day; a text that was changed is ``Corrupt``."""
    register = register_of(settings)
    noted = (one for one in register.versions() if one.index is not None and one.at <= as_of)
    newest = {one.kind: one for one in noted}  # in order: the last one counts
    for kind, one in newest.items():
        if one.ended is None or one.ended > as_of:
            yield kind, (one, read(register.text(one)))


def _provider(settings: Settings) -> Iterator[Fact]:
    provider, service = settings.provider, settings.service
    yield Fact(Words("Provider", "提供者名称"), provider.name, "provider.name")
    yield Fact(
        Words("Unified social credit code", "统一社会信用代码"), provider.uscc, "provider.uscc"
    )
    yield Fact(Words("Service", "服务名称"), service.name, "service.name")
    yield Fact(Words("Contact for complaints", "投诉联系方式"), service.contact, "service.contact")
    yield Fact(Words("Address", "服务地址"), service.public_url, "service.public_url")
    kinds = ", ".join(settings.duties.modalities)
    yield Fact(Words("What is generated", "生成内容类型"), kinds, "duties.modalities")


def _model(settings: Settings, place: int) -> Iterator[Fact]:
    one = settings.upstreams[place]
    key = f"upstream[{place}]"
    role = _ROLES.get(one.role)
    yield Fact(Words("Models", "模型"), ", ".join(one.models), f"{key}.models")
    yield Fact(Words("Operator", "运营者"), one.operator, f"{key}.operator")
    yield Fact(Words("Location", "所在地"), one.location, f"{key}.location")
    told = f"{role.zh} {role.en}" if role else ""
    yield Fact(Words("Role", "处理关系"), told, f"{key}.role")
    yield Fact(Words("Filing number", "备案编号"), one.filing, f"{key}.filing")


def _mechanism(settings: Settings) -> Iterator[Fact]:
    own = "\n".join(f"{pack.id} {pack.version} {pack.digest}" for pack in packs_of(settings))
    ours = "\n".join(f"{pack.id} {pack.version} {pack.digest}" for pack in shipped())
    screen = settings.screen
    names = [one.name for one in screen.detectors] + [one.name for one in screen.guards]
    attached = ", ".join(names)
    yield Fact(
        Words("Rule packs that come with hegui (SHA-256)", "hegui 自带规则包（SHA-256）"), ours, ""
    )
    yield Fact(
        Words("Provider's rule packs (SHA-256)", "提供者规则包（SHA-256）"), own, "screen.pack"
    )
    yield Fact(
        Words("Detectors and guard models attached", "接入的检测器和护栏模型"),
        attached,
        "screen.detector",
    )
    yield Fact(Words("When a detector fails", "检测器故障时"), screen.on_fault, "screen.on_fault")
