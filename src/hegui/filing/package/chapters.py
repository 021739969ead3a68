"""Chapters of the package's documents, made from the board and the annexes. Pure.

What is missing is a slot that says which command supplies it, or that no door of this release
writes such records. Nothing is filled in that is not on record or in the settings.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hegui.filing.package.blocks import Block, Document, Heading, Para, Signature, Table, same
from hegui.filing.package.conclusions import VERDICTS, Conclusion, Verdict, counted
from hegui.filing.package.lists import Count, keyword_counts, question_counts
from hegui.filing.package.material import Fact, Material
from hegui.filing.package.routes import Chapter, Outline
from hegui.filing.telling import NO_DOOR, last_day, moment
from hegui.measures import roles
from hegui.measures.evidence import evidence
from hegui.terms import Words

_SUPPLY = Words("[to be filled in] Supplied by: {command}", "〔待填〕由以下命令提供：{command}")
_NO_COMMAND = Words(
    "[to be filled in] No command of this release supplies it.",
    "〔待填〕本版本没有提供此项的命令。",
)
_MISSING = Words("{says}: not on record; {door}", "{says}：没有记录；{door}")
_FOUND = Words(
    "{says}: {count} records, the newest is entry {index} ({kind}, leaf {leaf})",
    "{says}：{count} 条记录，最新为第 {index} 条（{kind}，叶哈希 {leaf}）",
)
_UNMET = Words(
    "{says}: not met; {count} records, the newest is entry {index}",
    "{says}：未满足；{count} 条记录，最新为第 {index} 条",
)
_NOT_ASKED = Words(
    "{says}: not asked for, by the facts on record", "{says}：依记录在案的事实不要求"
)
_VERSION = Words(
    "Published version {n}, SHA-256 {digest}, entry {index}",
    "已公布第 {n} 版，SHA-256 {digest}，第 {index} 条记录",
)
_ENTRY = Words("entry {index}, {kind}, leaf {leaf}…", "第 {index} 条，{kind}，叶哈希 {leaf}…")
_UNSAID = Words("[to be filled in] {key} in the settings", "〔待填〕请在配置中填写 {key}")
_SUMMARY = Words(
    "Of {n} provisions {conforms} conform, {short} do not conform, {other} do not apply. As of "
    "{as_of}; log {log}. Each follows from the criteria that are named beside it; hegui says "
    "nothing of the whole. The overall conclusion and the residual risk are for the signers.",
    "共 {n} 项：符合 {conforms} 项，不符合 {short} 项，不适用 {other} 项。截至 {as_of}；"
    "账本 {log}。各项依所列标准得出，hegui 不对整体作出结论。总体结论与残余风险由签署人撰写。",
)
_NO_LOG = Words("no record yet", "尚无记录")
_NO_QUESTIONS = Words(
    "[to be filled in] No bank of questions is attached. Supplied by: {command}",
    "〔待填〕未附题库。由以下命令提供：{command}",
)
_PROVIDER_LIST = Words("provider list missing", "缺少提供者自备词表")
_SHORT = Words("short", "不足")
_REACHED = Words("reached", "达到")
_NONE_ASKED = Words("none asked for", "未要求")
_NO_ATTESTED = Words("No state rests on a person's word.", "没有以人员声明为依据的结论。")
_NONE_CITED = Words("No record is relied upon.", "没有所依据的记录。")
_MODEL = Words("Model {n}", "模型 {n}")
_PROVISION: Final = (
    Words("Provision", "条款"),
    Words("Conclusion", "结论"),
    Words("Proof, or cause and plan", "证明，或原因与整改计划"),
)
_CAUSE = Words("Cause: {cause}", "原因：{cause}")
_PLAN = Words("Plan: {plan}", "计划：{plan}")
_COMMA = Words("; ", "；")


def document(outline: Outline, made: Material) -> Document:
    """Return a document with every chapter of its outline."""
    blocks: list[Block] = []
    for number, chapter in enumerate(outline.chapters, 1):
        title = Words(f"{number}. {chapter.title.en}", f"{number}　{chapter.title.zh}")
        blocks.append(Heading(title))
        if chapter.says is not None:
            blocks.append(Para(chapter.says))
        blocks.extend(_PARTS[chapter.part](chapter, made))
    return Document(outline.name, outline.title, tuple(blocks))


def _provider(_chapter: Chapter, made: Material) -> Iterator[Block]:
    yield _facts(made.provider)


def _models(_chapter: Chapter, made: Material) -> Iterator[Block]:
    for number, one in enumerate(made.models, 1):
        yield Heading(_MODEL.fill(n=number), 2)
        yield _facts(one)


def _mechanism(_chapter: Chapter, made: Material) -> Iterator[Block]:
    yield _facts(made.mechanism)


def _facts(said: tuple[Fact, ...]) -> Table:
    head = (Words("Item", "项目"), Words("Content", "内容"))
    rows = ((one.name, same(one.value) if one.value else _UNSAID.fill(key=one.key)) for one in said)
    return Table(head, tuple(rows), (3, 7))


def _slot(chapter: Chapter, _made: Material) -> Iterator[Block]:
    words = _SUPPLY.fill(command=chapter.command) if chapter.command else _NO_COMMAND
    yield Para(words, slot=True)


def _records(chapter: Chapter, made: Material) -> Iterator[Block]:
    for name in chapter.queries:
        part = made.parts.get(name)
        if part is None:  # every duty that asks for it does not apply
            yield Para(_said(_NOT_ASKED, evidence().queries[name].says))
            continue
        query, found = part.query, part.found
        told = {"count": found.count, "index": found.newest}
        if found.newest < 0:
            door = Words("", "") if query.door else NO_DOOR
            yield Para(_said(_MISSING, query.says, door=door), slot=True)
            continue
        cited = made.board.records.get(found.newest)
        met = part.met and cited is not None
        more = {"kind": cited.kind, "leaf": cited.leaf} if cited is not None else {}
        words = _said(_FOUND if met else _UNMET, query.says, **told, **more)
        yield Para(words, slot=not met)
    if chapter.statement:
        yield from _statement(chapter.statement, made)
    known = {one.duty.id: one for one in made.conclusions}
    here = [known[one] for one in chapter.duties if one in known]
    if here:
        yield _provisions(here)


def _statement(sort: str, made: Material) -> Iterator[Block]:
    """Yield the published text, or what drafts one."""
    if sort not in made.statements:
        yield Para(_SUPPLY.fill(command=f"hegui statement draft {sort}"), slot=True)
        return
    version, said = made.statements[sort]
    yield Para(_VERSION.fill(n=version.version, digest=version.digest, index=version.index))
    for name, title in said.sort.elements.items():
        yield Heading(title, 2)
        yield Para(Words(said.text(name, "en"), said.text(name, "zh")))
    head = (Words("Item", "项目"), Words("Content", "内容"))
    for row in said.rows:
        yield Table(head, tuple((same(key), same(str(row[key]))) for key in row), (3, 7))


def _said(form: Words, says: Words, **told: object) -> Words:
    """Fill ``says`` and other words into a form, each in its own language."""

    def pick(one: object, lang: str) -> object:
        return getattr(one, lang) if isinstance(one, Words) else one

    return Words(
        form.en.format(says=says.en, **{k: pick(v, "en") for k, v in told.items()}).rstrip("; "),
        form.zh.format(says=says.zh, **{k: pick(v, "zh") for k, v in told.items()}).rstrip("；"),
    )


def _conclusion(_chapter: Chapter, made: Material) -> Iterator[Block]:
    many, head = counted(made.conclusions), made.board.head
    log = f"{head.origin} {head.size} {head.root}" if head else ""
    told = {
        "n": len(made.conclusions),
        "conforms": many[Verdict.CONFORMS],
        "short": many[Verdict.NOT],
        "other": many[Verdict.NOT_APPLICABLE],
        "as_of": moment(made.board.as_of),
    }
    yield Para(
        Words(
            _SUMMARY.en.format(**told, log=log or _NO_LOG.en),
            _SUMMARY.zh.format(**told, log=log or _NO_LOG.zh),
        )
    )
    digests = (
        Fact(Words("Profile", "所选方案"), made.profile.id, "duties.profile"),
        Fact(Words("Digest of the catalogue", "目录摘要"), made.board.catalogue, ""),
        Fact(Words("Digest of profile and facts", "方案与事实摘要"), made.board.profile, ""),
        Fact(Words("Digest of the board", "看板摘要"), made.board.digest, ""),
    )
    yield _facts(digests)


def _clauses(_chapter: Chapter, made: Material) -> Iterator[Block]:
    by_rule: dict[str, list[Conclusion]] = {}
    for one in made.conclusions:
        by_rule.setdefault(one.duty.rule.id, []).append(one)
    for said in by_rule.values():
        yield Heading(said[0].duty.rule.title, 2)
        yield _provisions(said)


def _provisions(said: list[Conclusion]) -> Table:
    return Table(_PROVISION, tuple(map(_provision, said)), (6, 3, 14))


def _provision(one: Conclusion) -> tuple[Words, ...]:
    place = one.duty.place
    name = Words(
        f"{place.en} ({one.duty.id})\n{one.duty.title.en}",
        f"{place.zh}（{one.duty.id}）\n{one.duty.title.zh}",
    )
    lines = []
    if one.verdict is Verdict.NOT:
        causes = Words(
            _COMMA.en.join(w.en for w in one.causes), _COMMA.zh.join(w.zh for w in one.causes)
        )
        plan = one.plan or Words("", "")
        lines += [
            Words(_CAUSE.en.format(cause=causes.en), _CAUSE.zh.format(cause=causes.zh)),
            Words(_PLAN.en.format(plan=plan.en), _PLAN.zh.format(plan=plan.zh)),
        ]
    else:
        lines.append(one.because)
    for cited in one.proofs:
        lines.append(_ENTRY.fill(index=cited.index, kind=cited.kind, leaf=cited.leaf[:16]))
    told = Words("\n".join(w.en for w in lines), "\n".join(w.zh for w in lines))
    return name, VERDICTS[one.verdict], told


def _numbers(_chapter: Chapter, made: Material) -> Iterator[Block]:
    head = (
        Words("Number", "数值"),
        Words("Asked", "要求"),
        Words("Where it stands, and how sure it is", "出处与可靠程度"),
    )
    rows = (
        (one.parameter.name, same(str(one.number)), one.told)
        for one in made.profile.values.values()
    )
    yield Table(head, tuple(rows), (4, 1, 5))


def _keywords(_chapter: Chapter, made: Material) -> Iterator[Block]:
    yield _counts(keyword_counts(made.keywords, made.profile.numbers))


def _questions(chapter: Chapter, made: Material) -> Iterator[Block]:
    if made.questions is None:
        yield Para(_NO_QUESTIONS.fill(command=chapter.command), slot=True)
        return
    yield _counts(question_counts(made.questions, made.profile.numbers))


def _counts(said: tuple[Count, ...]) -> Table:
    head = (Words("Risk", "风险"), Words("Has", "现有"), Words("Asked", "要求"), Words("", ""))
    return Table(head, tuple(map(_count, said)), (6, 1, 1, 2))


def _count(one: Count) -> tuple[Words, ...]:
    name = Words(f"{one.risk.id} {one.risk.name.en}", f"{one.risk.id} {one.risk.name.zh}")
    standing = _SHORT if one.short else _REACHED if one.asked else _NONE_ASKED
    if one.short and not one.have and one.risk.cover == "provider":
        standing = _PROVIDER_LIST
    return name, same(str(one.have)), same(str(one.asked)), standing


def _attested(_chapter: Chapter, made: Material) -> Iterator[Block]:
    said = [item for item in made.board.items if item.attested and item.attestation is not None]
    if not said:
        yield Para(_NO_ATTESTED)
        return
    head = (
        Words("Provision", "条款"),
        Words("By, until", "声明人、有效期"),
        Words("Statement (SHA-256)", "声明（SHA-256）"),
    )
    rows = []
    for item in said:
        one = item.attestation
        assert one is not None
        rows.append(
            (
                Words(
                    f"{item.duty.id} {item.duty.title.en}", f"{item.duty.id} {item.duty.title.zh}"
                ),
                same(f"{one.by}, {last_day(one.until)}"),
                same(f"#{one.index} {one.statement}"),
            )
        )
    yield Table(head, tuple(rows), (4, 2, 4))


def _cited(_chapter: Chapter, made: Material) -> Iterator[Block]:
    if not made.board.records:
        yield Para(_NONE_CITED)
        return
    head = (Words("Entry", "序号"), Words("Kind", "种类"), Words("Leaf hash", "叶哈希"))
    rows = (
        (same(str(index)), same(one.kind), same(one.leaf))
        for index, one in sorted(made.board.records.items())
    )
    yield Table(head, tuple(rows), (1, 3, 6))


def _signatures(chapter: Chapter, _made: Material) -> Iterator[Block]:
    for name in chapter.roles:
        yield Signature(roles()[name].name)


_PARTS: Final[Mapping[str, Callable[[Chapter, Material], Iterator[Block]]]] = {
    "provider": _provider,
    "models": _models,
    "mechanism": _mechanism,
    "slot": _slot,
    "records": _records,
    "conclusion": _conclusion,
    "clauses": _clauses,
    "numbers": _numbers,
    "keywords": _keywords,
    "questions": _questions,
    "attested": _attested,
    "cited": _cited,
    "signatures": _signatures,
}
