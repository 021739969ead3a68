"""Commands that speak Chinese and English: help, options and errors carry both as ``Words``."""

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar

import click

from hegui.cli.columns import aligned, wrapped
from hegui.cli.mistakes import translated
from hegui.terms import BadRequest, HeguiError, Lang, Misconfigured, Words
from hegui.terms.visible import visible_json, visible_page

F = TypeVar("F", bound=Callable[..., Any] | click.Command)

CLEAN: Final = 0
FINDINGS: Final = 1
COULD_NOT_TELL: Final = 2
MISCONFIGURED: Final = 3
_INTERRUPTED: Final = 130

_USAGE = Words("Usage: ", "用法：")
_OPTIONS = Words("Options:", "选项：")
_COMMANDS = Words("Commands:", "命令：")
_EXAMPLES = Words("Examples:", "示例：")
_HELP = Words("show this help", "显示本帮助")
_LANG = Words("language of messages: zh or en", "提示语言：zh 或 en")
_BUG = Words(
    "hegui failed in a way that it should not. Please report the lines above.",
    "hegui 出现了不应有的错误。请把以上内容报告给我们。",
)
_TWICE = Words(
    "{name} is said {times} times, and takes one value: leave the other out",
    "选项 {name} 出现了 {times} 次，只能取一个值，请删去多余的",
)
_EMPTY = Words("{name} is empty: say what it is", "{name} 为空，请填写")
_NOT_TEXT = Words(
    "{name} holds bytes that are no UTF-8: set the terminal to UTF-8 and type it anew",
    "{name} 含有不是 UTF-8 的字节，请将终端设为 UTF-8 后重新输入",
)
_NO_NUMBER = Words("{name} is no number: NaN", "{name} 不是数字：NaN")
_METAVARS: Final = {
    "[OPTIONS]": "[选项]",
    "COMMAND [ARGS]...": "命令 [参数]...",
}


def spoken(args: Sequence[str], environ: Mapping[str, str]) -> tuple[list[str], Lang | None]:
    """Take ``--lang`` out of ``args``, wherever it stands; else ask the locale (POSIX order).

    None when neither says: a locale of ``C`` names no language.
    """
    rest: list[str] = []
    said = ""
    queue = list(args)
    while queue:
        arg = queue.pop(0)
        if arg == "--":
            rest += [arg, *queue]
            break
        if arg == "--lang":
            said = queue.pop(0) if queue else "?"
        elif arg.startswith("--lang="):
            said = arg.removeprefix("--lang=")
        else:
            rest.append(arg)
    if said:
        if said not in ("zh", "en"):
            raise BadRequest(Words("--lang must be zh or en", "--lang 应为 zh 或 en"), param="lang")
        return rest, "zh" if said == "zh" else "en"
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        locale = environ.get(name, "")
        if locale:
            if locale.partition(".")[0] in ("C", "POSIX"):
                return rest, None
            return rest, "zh" if locale.lower().startswith("zh") else "en"
    return rest, None


@dataclass(slots=True)
class Speech:
    """The language of one run: what the caller asked for, else what the settings say."""

    said: Lang | None = None
    settled: Lang | None = None

    @property
    def lang(self) -> Lang:
        """The language to speak; English when nobody says."""
        return self.said or self.settled or "en"


def speech(context: click.Context | None = None) -> Speech:
    """Return the speech of this run."""
    found = (context or click.get_current_context()).find_root().obj
    return found if isinstance(found, Speech) else Speech()


def lang_of(context: click.Context | None = None) -> Lang:
    """Return the language to speak."""
    return speech(context).lang


def say(words: Words, *, err: bool = False) -> None:
    """Print a message in the language of this run; what it names may have a stranger's name."""
    click.echo(visible_page(words.say(lang_of())), err=err)


def say_lines(lines: Iterable[str]) -> None:
    """Print a page, on which text that others wrote may stand; nothing where there is no line."""
    page = "\n".join(visible_page(line) for line in lines)
    if page:
        click.echo(page)


def as_json_text(data: object, *, indent: int | None = None) -> str:
    """Return JSON that a machine reads as ``data``, and of which a terminal obeys nothing."""
    return visible_json(json.dumps(data, ensure_ascii=False, indent=indent))


def say_json(data: object, *, indent: int | None = None) -> None:
    """Print JSON: the one way in which a command does, see ``as_json_text``."""
    click.echo(as_json_text(data, indent=indent))


class Option(click.Option):
    """An option whose help is ``Words``."""

    def __init__(self, *args: Any, words: Words, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = words

    def row(self, context: click.Context) -> tuple[str, str]:
        """Return how it is written and what it is for."""
        names = ", ".join((*self.opts, *self.secondary_opts))
        metavar = "" if self.is_flag else f" {self.make_metavar(context)}"
        return names + metavar, self.words.say(lang_of(context))


def option(*names: str, words: Words, **kwargs: Any) -> Callable[[F], F]:
    """Declare an option with its help in both languages."""
    return click.option(*names, cls=Option, words=words, **kwargs)


class Helpful(click.Command):
    """What commands and groups share: words, examples, and help in one language."""

    def __init__(self, *args: Any, words: Words, examples: Words, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = words
        self.examples = examples

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the whole help page."""
        lang = lang_of(ctx)
        pieces = self.collect_usage_pieces(ctx)
        if lang == "zh":
            pieces = [_METAVARS.get(piece, piece) for piece in pieces]
        usage = f"{_USAGE.say(lang)}{ctx.command_path} {' '.join(pieces)}"
        blocks = [[usage], wrapped(self.words.say(lang))]
        rows = [entry.row(ctx) for entry in self.params if isinstance(entry, Option)]
        if ctx.parent is None:
            rows.append(("--lang zh|en", _LANG.say(lang)))
        rows.append(("--help", _HELP.say(lang)))
        blocks.append([_OPTIONS.say(lang), *aligned(rows)])
        commands = [(name, words.say(lang)) for name, words in self.contents().items()]
        if commands:
            blocks.append([_COMMANDS.say(lang), *aligned(commands)])
        examples = [f"  {line}" for line in self.examples.say(lang).splitlines()]
        blocks.append([_EXAMPLES.say(lang), *examples])
        formatter.write("\n\n".join("\n".join(block) for block in blocks) + "\n")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line; what nobody can mean is ``BadRequest``.

        That is a value said twice, one that is no text, and a name of a file that is empty, as it
        is where a variable of the shell was not set.
        """
        said = list(args)
        rest = super().parse_args(ctx, args)
        raw, _, found = self.make_parser(ctx).parse_args(said)
        for param in self.params:
            _require_one(param, sum(each is param for each in found))
            _require_text(param, raw.get(param.name or ""), ctx)
            _require_number(param, ctx.params.get(param.name or ""))
        return rest

    def contents(self) -> Mapping[str, Words]:
        """Return the commands below this one, each in a few words."""
        return {}


class Command(Helpful):
    """A command. Its function returns the exit code, or None for 0."""


class Family(Helpful, click.Group):
    """A command that has commands below it, such as ``hegui keys``."""

    def contents(self) -> Mapping[str, Words]:
        """Return the commands below, each with the first sentence of its words."""
        return {
            name: brief(command.words)
            for name, command in sorted(self.commands.items())
            if isinstance(command, Helpful)
        }

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one names the nearest."""
        if args[0] not in self.contents() and not args[0].startswith("-"):
            from difflib import get_close_matches

            known = list(self.contents())
            near = get_close_matches(args[0], known, n=1) or [", ".join(known)]
            raise BadRequest(
                Words(
                    "there is no command {name}; there is {near}",
                    "没有命令 {name}；可用：{near}",
                ).fill(name=repr(args[0]), near=near[0]),
                param=args[0],
            )
        return super().resolve_command(ctx, args)


def _require_one(param: click.Parameter, times: int) -> None:
    counts = isinstance(param, Option) and not (param.multiple or param.is_flag or param.count)
    if counts and times > 1:
        raise BadRequest(_TWICE.fill(name=param.opts[-1], times=times), param=param.name or "")


def _require_text(param: click.Parameter, said: object, context: click.Context) -> None:
    """Refuse an empty name, and bytes that are no UTF-8: only a file's name may hold such."""
    files = isinstance(param.type, click.Path)
    option = isinstance(param, click.Option)
    for each in said if isinstance(said, tuple | list) else (said,):
        if not isinstance(each, str):
            continue
        empty = not each.strip() and (files or not option)
        if empty or not (files or _is_text(each)):
            name = param.opts[-1] if option else param.make_metavar(context).strip("[]")
            words = _EMPTY if empty else _NOT_TEXT
            raise BadRequest(words.fill(name=name), param=param.name or "")


def _require_number(param: click.Parameter, value: object) -> None:
    """Refuse what is no number (NaN): it lies in no range, and outside none."""
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - what is no number is not itself
        raise BadRequest(_NO_NUMBER.fill(name=param.opts[-1]), param=param.name or "")


def _is_text(value: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in value)


def brief(words: Words) -> Words:
    """Return the first sentence, without its full stop."""
    return Words(words.en.partition(". ")[0].rstrip("."), words.zh.partition("。")[0])


def command(name: str, words: Words, examples: Words) -> Callable[[Callable[..., Any]], Command]:
    """Declare a command with its help and examples in both languages."""
    return click.command(name, cls=Command, words=words, examples=examples)


class _ReaderGoneError(Exception):
    """Whoever read our output went away."""


class Root(Family):
    """The command ``hegui`` itself: finds the language, prints the four errors, sets exit codes.

    ``shelf`` names each command's place (``module:attribute``) and what it is for, so that help
    imports nothing of it.
    """

    def __init__(self, *args: Any, shelf: Mapping[str, tuple[str, Words]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shelf = shelf

    def contents(self) -> Mapping[str, Words]:
        """Return all commands, in the order in which they are met."""
        return {name: words for name, (_, words) in self.shelf.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands."""
        return list(self.shelf)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a command when it is called."""
        from importlib import import_module

        if cmd_name not in self.shelf:
            return None
        module, _, attribute = self.shelf[cmd_name][0].partition(":")
        found: click.Command = getattr(import_module(module), attribute)
        return found

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the command line, as which ``--help`` and ``--version`` are answered; see below."""
        try:
            return super().make_context(*args, **extra)
        except BrokenPipeError as error:
            raise _ReaderGoneError from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; click would end with 1, which here means findings, on a closed pipe."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderGoneError from error

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> NoReturn:  # type: ignore[override] # it always ends the process
        """Run and end the process with one of the exit codes of ``docs/reference/commands``."""
        tongue = Speech()
        extra["standalone_mode"] = False
        try:
            tongue.settled = spoken([], os.environ)[1]
            rest, tongue.said = spoken(sys.argv[1:] if args is None else args, os.environ)
            code = super().main(rest, **{"prog_name": "hegui", **extra, "obj": tongue})
            sys.stdout.flush()
        except HeguiError as error:
            _tell(error.words, tongue)
            code = MISCONFIGURED if isinstance(error, BadRequest | Misconfigured) else 2
        except click.ClickException as error:
            _tell(translated(error), tongue)
            code = MISCONFIGURED
        except (click.Abort, KeyboardInterrupt):
            click.echo(err=True)
            code = _INTERRUPTED
        except (BrokenPipeError, _ReaderGoneError):
            # Nothing may be flushed to it any more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = COULD_NOT_TELL
        except Exception:  # noqa: BLE001 - Python would exit with 1, which here means findings
            traceback.print_exc()
            _tell(_BUG, tongue)
            code = COULD_NOT_TELL
        sys.exit(code if isinstance(code, int) else CLEAN)


def _tell(words: Words, tongue: Speech) -> None:
    click.echo(visible_page(words.say(tongue.lang)), err=True)
