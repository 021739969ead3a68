"""Progress on standard error, for work that takes long and a person who watches."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from hegui.cli.speech import lang_of
from hegui.terms import Words

_AFTER = 2.0  # seconds; what is quicker needs no word
_EVERY = 0.5
_CHECKED = Words(
    "{done} of {total} entries checked, {rate} a second", "已核验 {done}/{total} 条，每秒 {rate} 条"
)

_ENCODED = Words("drawing the notice: {percent} %", "正在绘制标识：{percent}%")


@contextmanager
def entries_checked() -> Iterator[Callable[[int, int], None]]:
    """Give what is told of the entries checked so far and of all; it shows on a terminal only."""
    started = said = time.perf_counter()
    lang = lang_of()
    shows = sys.stderr.isatty()
    spoken = False

    def progress(done: int, total: int) -> None:
        nonlocal said, spoken
        now = time.perf_counter()
        if not shows or now - started < _AFTER or now - said < _EVERY:
            return
        said, spoken = now, True
        rate = round(done / (now - started))
        words = _CHECKED.fill(done=done, total=max(total, done), rate=rate).say(lang)
        click.echo(f"\r{words}\x1b[K", nl=False, err=True)

    try:
        yield progress
    finally:
        if spoken:
            click.echo("\r\x1b[K", nl=False, err=True)


@contextmanager
def film_encoded() -> Iterator[Callable[[float], None]]:
    """Give what is told which share of a film or a HEIC is encoded; on a terminal only."""
    said = time.perf_counter()
    lang = lang_of()
    shows = sys.stderr.isatty()
    spoken = False

    def progress(share: float) -> None:
        nonlocal said, spoken
        now = time.perf_counter()
        if not shows or now - said < _EVERY:
            return
        said, spoken = now, True
        words = _ENCODED.fill(percent=int(share * 100)).say(lang)
        click.echo(f"\r{words}\x1b[K", nl=False, err=True)

    try:
        yield progress
    finally:
        if spoken:
            click.echo("\r\x1b[K", nl=False, err=True)
