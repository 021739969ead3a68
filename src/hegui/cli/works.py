"""``hegui works``: the protected works that replies and corpora must not reproduce."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from hegui.cli.columns import table
from hegui.cli.documents import Format, documents, format_of, require_file
from hegui.cli.shared import JSON_OPTION, SETTINGS_OPTION, read_settings
from hegui.cli.speech import CLEAN, Command, Family, lang_of, option, say, say_json, say_lines
from hegui.terms import BadRequest, Entry, TextColumn, Words

if TYPE_CHECKING:
    from hegui.app.works import Register, Work, WorksDirectory
    from hegui.settings import Settings

_OVERLAP: Final = 4_096  # bytes that two reads of a text file share, so that no run is cut
_LONGEST: Final = 500  # characters of a title, an owner or a basis


@click.group(
    "works",
    cls=Family,
    words=Words(
        "Index texts whose owners object to their use. From then on replies that reproduce them "
        "are stopped, and hegui scan --works finds them in corpora. Only fingerprints are kept, "
        "never the text. A running gateway takes up changes when it is started again.",
        "为权利人不同意使用的文字建立索引。此后，回复中照搬这些文字会被拦下，"
        "hegui scan --works 也能在语料中查出。只保存指纹，不保存原文。"
        "运行中的网关在下次启动时采用改动。",
    ),
    examples=Words(
        "hegui works add novel.txt --title 'The Novel' --owner 'A. Author'\n"
        "hegui works add --common licences/*.txt\nhegui works list\nhegui works remove w1",
        "hegui works add 小说.txt --title 小说 --owner 作者\n"
        "hegui works add --common 法规/*.txt\nhegui works list\nhegui works remove w1",
    ),
)
def works() -> None:
    """Protected works."""


@works.command(
    "add",
    cls=Command,
    words=Words(
        "Index works. With --title all files are one work; without, each file is one, named after "
        "itself. A text file is one text; in JSON Lines and Parquet each record is. With --common "
        "the files are everybody's (statutes, proverbs, licences): what stands in them is never a "
        "finding. Each work goes on record by its digests.",
        "为作品建立索引。有 --title 时全部文件为一部作品；没有则每个文件各为一部，以文件名为题。"
        "一个文本文件是一篇；JSON Lines 和 Parquet 中每条记录是一篇。"
        "加 --common 表示这些文件属于公有内容（法条、谚语、许可证），其中的文字不会被当作命中。"
        "每部作品以摘要值记录在案。",
    ),
    examples=Words(
        "hegui works add novel.txt --title 'The Novel' --owner 'A. Author'\n"
        "hegui works add --field body press.jsonl --title 'Daily Press' --owner 'Press Ltd'\n"
        "hegui works add --common statutes.txt",
        "hegui works add 小说.txt --title 小说 --owner 作者\n"
        "hegui works add --field body 报刊.jsonl --title 日报 --owner 报社\n"
        "hegui works add --common 法规.txt",
    ),
)
@SETTINGS_OPTION
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path())
@option(
    "--title",
    default="",
    words=Words("the work's title (the file's name)", "作品名称（默认文件名）"),
)
@option("--owner", default="", words=Words("whose work it is", "权利人"))
@option(
    "--basis",
    default="",
    words=Words("on what ground it is protected here", "列入保护的依据"),
)
@option(
    "--common",
    is_flag=True,
    words=Words("everybody's text, which is never a finding", "公有文字，不算命中"),
)
@option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl", "parquet"]),
    words=Words("format of the files (by their ending)", "文件格式（默认按文件名后缀判断）"),
)
@option(
    "--field",
    default="text",
    metavar="NAME",
    words=Words(
        "where a record holds its text, nested by dots (text)",
        "记录中哪个字段是文本，嵌套用点连接（默认 text）",
    ),
)
@JSON_OPTION
def add(config: Path, files: tuple[str, ...], *, as_json: bool, **asked: Any) -> int:
    """Index works."""
    from hegui.app import parts, works_build
    from hegui.app.works import Work, WorksDirectory

    _require_names(files, asked)
    settings = read_settings(config)
    place = WorksDirectory(parts.works_folder(settings))
    groups = [files] if asked["title"] else [(name,) for name in files]
    at = parts.now()
    made: list[Work] = []
    with place.locked():
        register = place.read()
        try:
            for number, names in enumerate(groups, register.last + 1):
                work = Work(
                    number=number,
                    title=asked["title"] or Path(names[0]).name,
                    owner=asked["owner"],
                    basis=asked["basis"],
                    common=asked["common"],
                    added=at,
                    content=_digest(names),
                    characters=0,
                    fingerprints=0,
                    parts=0,
                )
                if _known(register, made, work):
                    continue
                made.append(work)
                made[-1] = works_build.add(place, work, _columns(names, asked))
            if made:
                last = max(work.number for work in made)
                changed = replace(register, works=(*register.works, *made), last=last)
                register = place.with_index(changed, works_build.build(place, changed))
        except BaseException:
            _forget(place, made)
            raise
    _put_on_record(settings, [("work.added", _added(work, register)) for work in made], at)
    return _tell_added(made, as_json=as_json)


def _require_names(files: Sequence[str], asked: dict[str, Any]) -> None:
    for name in files:
        if name == "-":
            words = Words(
                "works are read from files, not from a pipe", "作品须从文件读取，不能用管道"
            )
            raise BadRequest(words, param="files")
        require_file(name)
    for name in ("title", "owner", "basis"):
        if len(asked[name]) > _LONGEST or not asked[name].isprintable():
            words = Words(
                "--{name} must be one line of at most {most} characters",
                "--{name} 应为一行，最多 {most} 个字符",
            )
            raise BadRequest(words.fill(name=name, most=_LONGEST), param=name)
    if not asked["common"] and not asked["owner"]:
        raise BadRequest(
            Words(
                "say whose work it is (--owner), or that it is everybody's (--common)",
                "请用 --owner 写明权利人，或用 --common 说明是公有内容",
            ),
            param="owner",
        )


def _known(register: "Register", made: "Sequence[Work]", work: "Work") -> bool:
    for other in (*register.works, *made):
        if (other.content, other.common) == (work.content, work.common):
            words = Words(
                "{title} is indexed already, as {name}.", "{title} 已在索引中，编号 {name}。"
            )
            say(words.fill(title=work.title, name=other.name), err=True)
            return True
    return False


def _forget(place: "WorksDirectory", made: "Sequence[Work]") -> None:
    """Take away the fingerprints of works that came to nothing."""
    known = {work.name for work in place.read().works}
    for work in made:
        if work.name not in known:
            for path in place.folder.glob(f"{work.name}-*.fp"):
                with suppress(OSError):
                    path.unlink()


def _digest(names: Sequence[str]) -> str:
    hasher = hashlib.sha256()
    for name in names:
        with Path(name).open("rb") as file:
            while block := file.read(1_048_576):
                hasher.update(block)
    return hasher.hexdigest()


def _columns(names: Sequence[str], asked: dict[str, Any]) -> Iterator[TextColumn]:
    """Read works: a text file as one text, whatever its lines are; records one by one.

    A row that cannot be read is a ``BadRequest``: what is protected must be all of it.
    """
    for name in names:
        form: Format = asked["form"] or format_of(name)
        rest = b""
        for batch in documents(name, asked["field"], form):
            if batch.broken or batch.malformed:
                row = min([*batch.malformed, *(batch.rows[place] for place in batch.broken)])
                raise BadRequest(
                    Words(
                        "{name} cannot be indexed: row {row} is not UTF-8, not JSON, or has no "
                        "{field}",
                        "无法为 {name} 建立索引：第 {row} 行不是 UTF-8、不是 JSON，或没有 {field}",
                    ).fill(name=name, row=row, field=asked["field"]),
                    param="files",
                )
            if form != "text":
                yield batch.column
                continue
            whole = rest + batch.source
            rest = whole[-_OVERLAP:]
            yield TextColumn(whole, [0, len(whole)])


def _added(work: "Work", register: "Register") -> dict[str, Any]:
    return {
        "work": work.name,
        "common": work.common,
        "content": work.content,
        "about": work.about,
        "characters": work.characters,
        "fingerprints": work.fingerprints,
        "index": register.index,
    }


def _tell_added(made: "Sequence[Work]", *, as_json: bool) -> int:
    if as_json:
        say_json([_row(work) for work in made])
        return CLEAN
    for work in made:
        say(
            Words(
                "{name}: {title}; {characters:,} letters and digits, {fingerprints:,} fingerprints",
                "{name}：{title}；字母数字 {characters:,} 个，指纹 {fingerprints:,} 个",
            ).fill(**_row(work))
        )
        if not work.fingerprints:
            words = Words(
                "{name} is too short to be found: 28 letters or digits are needed.",
                "{name} 太短，无法查出：至少需要 28 个字母或数字。",
            )
            say(words.fill(name=work.name), err=True)
    return CLEAN


def _row(work: "Work") -> dict[str, Any]:
    return {"name": work.name, **asdict(work)}


@works.command(
    "list",
    cls=Command,
    words=Words("List what is indexed.", "列出索引中的作品。"),
    examples=Words(
        "hegui works list\nhegui works list --json", "hegui works list\nhegui works list --json"
    ),
)
@SETTINGS_OPTION
@JSON_OPTION
def list_works(config: Path, *, as_json: bool) -> int:
    """List what is indexed."""
    from hegui.app import parts
    from hegui.app.works import WorksDirectory

    settings = read_settings(config)
    register = WorksDirectory(parts.works_folder(settings)).read()
    if as_json:
        say_json([_row(work) for work in register.works])
        return CLEAN
    if not register.works:
        say(Words("No works yet: hegui works add", "还没有作品：hegui works add"))
        return CLEAN
    lang = lang_of()
    everybodys = Words("(everybody's)", "（公有）").say(lang)
    rows = [[words.say(lang) for words in _HEADING]]
    for work in register.works:
        owner = everybodys if work.common else work.owner
        size = f"{work.characters:,}"
        rows.append([work.name, size, work.content[:12], owner, work.title, work.basis])
    say_lines(table(rows, indent=0))
    return CLEAN


_HEADING = (
    Words("id", "编号"),
    Words("letters", "字数"),
    Words("content", "内容摘要"),
    Words("owner", "权利人"),
    Words("title", "名称"),
    Words("basis", "依据"),
)


@works.command(
    "remove",
    cls=Command,
    words=Words(
        "Take a work out of the index. Its number is never given again; this goes on record.",
        "从索引中移除一部作品。编号不再使用；移除会记录在案。",
    ),
    examples=Words("hegui works remove w1", "hegui works remove w1"),
)
@SETTINGS_OPTION
@click.argument("name", metavar="ID")
def remove(config: Path, name: str) -> int:
    """Take a work out of the index."""
    from hegui.app import parts, works_build
    from hegui.app.works import WorksDirectory

    settings = read_settings(config)
    place = WorksDirectory(parts.works_folder(settings))
    with place.locked():
        register = place.read()
        work = register.named(name)
        rest = tuple(other for other in register.works if other.name != work.name)
        changed = replace(register, works=rest)
        register = place.with_index(changed, works_build.build(place, changed))
        for path in place.parts(work):
            path.unlink(missing_ok=True)
    fields = {"work": work.name, "content": work.content, "index": register.index}
    _put_on_record(settings, [("work.removed", fields)], parts.now())
    say(Words("{name} is removed.", "{name} 已移除。").fill(name=work.name))
    return CLEAN


@works.command(
    "build",
    cls=Command,
    words=Words(
        "Make the index anew from the fingerprints, after one was damaged.",
        "索引损坏后，用指纹重新生成。",
    ),
    examples=Words("hegui works build", "hegui works build"),
)
@SETTINGS_OPTION
def build(config: Path) -> int:
    """Make the index anew."""
    from hegui.app import parts, works_build
    from hegui.app.works import WorksDirectory

    settings = read_settings(config)
    place = WorksDirectory(parts.works_folder(settings))
    with place.locked():
        register = place.read()
        register = place.with_index(register, works_build.build(place, register))
    say(Words("The index is {digest}.", "索引为 {digest}。").fill(digest=register.index))
    return CLEAN


def _put_on_record(
    settings: "Settings", said: Sequence[tuple[str, dict[str, Any]]], at: int
) -> None:
    """Write the records of what was done, once it is done."""
    from hegui.app import parts
    from hegui.ledger.kinds import named
    from hegui.ledger.leaf import make

    if not said:
        return
    ledger = parts.open_ledger(settings)
    try:
        for kind, fields in said:
            ledger.add_blocking(Entry("default", make(named(kind), at, "default", fields)))
    finally:
        ledger.close()
