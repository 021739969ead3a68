"""Read ``hegui.toml``: all of it is right, or every problem is told at once with its line."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from hegui.settings.convert import Reading, table
from hegui.settings.locate import lines_of
from hegui.settings.places import placed
from hegui.settings.plain_files import read_plain, reason
from hegui.settings.problems import Problem, misconfigured
from hegui.settings.rules import complete, examine
from hegui.settings.schema import Callers, Settings
from hegui.terms import Misconfigured, Words

_LARGEST = 1_048_576
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def read(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read the settings file at ``path``; secrets come from ``environ`` and from files.

    Raises ``Misconfigured`` that lists all problems. Relative paths start at the file's directory.
    """
    text = read_text(path)
    settings, problems = inspect(text, path=path, environ=environ)
    if settings is None:
        raise misconfigured(str(path), problems)
    return settings


def read_text(path: Path) -> str:
    """Return the text of a settings file, or raise ``Misconfigured`` saying why it cannot."""
    try:
        content = read_plain(path, _LARGEST + 1)
    except OSError as error:
        raise Misconfigured(
            Words(
                "cannot read {path}: {why}; hegui init writes one",
                "无法读取 {path}：{why}；hegui init 可以生成一份",
            ).fill(path=path, why=reason(error))
        ) from None
    if len(content) > _LARGEST:
        raise Misconfigured(
            Words("{path} is larger than 1 MiB", "{path} 超过 1 MiB").fill(path=path)
        )
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Misconfigured(
            Words(
                "{path}, line {line}: not UTF-8; save the file as UTF-8",
                "{path} 第 {line} 行：不是 UTF-8；请以 UTF-8 保存",
            ).fill(path=path, line=line)
        ) from None


def inspect(
    text: str, *, path: Path | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Settings | None, list[Problem]]:
    """Judge the text of a settings file; the settings are None when there is any problem.

    Problems come in the order of their lines. ``path`` names the file the text came from; relative
    paths start at its directory, or at the current one.
    """
    settings, problems = look(text, path=path, environ=environ)
    return (None, problems) if problems else (settings, [])


def look(
    text: str, *, path: Path | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Settings | None, list[Problem]]:
    """Judge a text like ``inspect``; give the settings also where there are problems.

    They are to be looked at, and never to be run: what could not be read stands as its default.
    None only where the text is no TOML.
    """
    plain = text.removeprefix("\ufeff")
    try:
        raw = tomllib.loads(plain)
    except RecursionError:
        return None, [Problem(1, "", Words("is nested too deeply", "嵌套过深"))]
    except ValueError as error:
        return None, [_syntax(error, plain)]
    folder = path.parent if path is not None else Path()
    reading = Reading(environ or {}, folder.absolute(), lines_of(plain))
    settings: Settings = table(reading, Settings, raw, ())
    settings = complete(settings, raw)
    examine(settings, reading)
    callers = _absolute_jwks(settings.callers, reading)
    problems = sorted(reading.problems, key=lambda problem: problem.line)
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    data_dir = reading.folder / settings.data_dir
    duties = replace(settings.duties, lines=settings.duties.with_lines(reading.lines))
    settings = replace(settings, callers=callers, duties=duties, data_dir=data_dir)
    return replace(settings, path=path, digest=digest), problems


def _absolute_jwks(callers: Callers, reading: Reading) -> Callers:
    assertion = callers.assertion
    if assertion is None or not assertion.jwks.startswith("file:"):
        return callers
    path = placed(reading.folder, assertion.jwks.removeprefix("file:"))
    if isinstance(path, Words):
        reading.note(("callers", "assertion", "jwks"), path)
        return callers
    return replace(callers, assertion=replace(assertion, jwks=f"file:{path}"))


def _syntax(error: ValueError, text: str) -> Problem:
    last = text.rstrip().count("\n") + 1 if "end of document" in str(error) else 1
    place = _AT_LINE.search(str(error))
    why = _AT_LINE.sub("", str(error)).strip()
    return Problem(
        int(place[1]) if place else last,
        "",
        Words(f"not valid TOML: {why}", f"不符合 TOML 语法：{why}"),
    )
