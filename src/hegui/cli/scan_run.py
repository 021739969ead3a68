"""One scan: batches before the judge, findings told, copies written, everything counted."""

import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import click

from hegui.cli.batches import Batch
from hegui.cli.documents import Format, documents, format_of
from hegui.cli.scan_judging import Judge, Part
from hegui.cli.scan_masked import Copy, copy, copy_name
from hegui.cli.scan_ruling import MaskedRow, Ruling
from hegui.cli.scan_told import as_data, told
from hegui.cli.speech import say
from hegui.screen.masks import Masks
from hegui.terms import Fault, Finding, Lang, Unavailable, Words

_EVERY = 0.5  # seconds between two lines of progress
_AT_ONCE = 200  # lines per write, so that a reader who went away is noticed
_NAMED = 10  # malformed rows of a file that are named by number

_FAULT = Words(
    "The detector {name} could not judge a part of the text ({why}), so no copy was written. "
    "Without --mask the rest is judged all the same.",
    "检测器 {name} 有一部分文本无法判断（{why}），因此没有写出副本。"
    "不加 --mask 时仍会判断其余部分。",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the caller asked for. ``form`` None: by each file's ending."""

    form: Format | None
    field: str
    as_json: bool
    mask: bool
    out: Path | None
    at: float
    drop: bool
    force: bool
    lang: Lang


class Run:
    """Counts and tells. ``found`` findings; ``could_not_tell``: something was not judged."""

    def __init__(self, judge: Judge, wanted: Wanted) -> None:
        self._judge, self._wanted = judge, wanted
        self._ruling = Ruling(judge.rules, wanted.at)
        self._rules: Counter[str] = Counter()
        self._faults: Counter[tuple[str, str]] = Counter()
        self._began = self._shown = time.monotonic()
        self._rows = self._bytes = self._broken = self._malformed = 0
        self._masks = self._unfit = self._dropped = 0
        self._progress = sys.stderr.isatty()

    @property
    def found(self) -> int:
        """The number of findings."""
        return self._rules.total()

    @property
    def could_not_tell(self) -> bool:
        """Whether a row was malformed or not UTF-8, or a detector broke."""
        return bool(self._broken or self._malformed or self._faults)

    def file(self, name: str) -> None:
        """Scan one file, and write its masked copy when one is wanted."""
        wanted = self._wanted
        form = wanted.form or format_of(name)
        copied: AbstractContextManager[Copy | None] = nullcontext()
        if wanted.mask:
            target = wanted.out or (None if name == "-" else copy_name(name))
            copied = copy(name, target, form, wanted.field, force=wanted.force)
        malformed: list[int] = []
        before = self._malformed
        masks = Masks(wanted.lang)
        with copied as out:
            for batch in documents(name, wanted.field, form, whole=wanted.mask):
                self._batch(name, batch, out, masks if form == "text" else None)
                malformed += batch.malformed[: _NAMED - len(malformed)]
        if malformed:
            self._say_malformed(name, malformed, self._malformed - before)

    def _batch(self, name: str, batch: Batch, out: Copy | None, masks: Masks | None) -> None:
        texts: dict[int, str | None] = {}
        unfit: set[int] = set()
        lines: list[str] = []
        row: MaskedRow | None = None
        for part in self._judge.judge(batch):
            if isinstance(part, Fault):
                self._fault(part, out)
                continue
            number = batch.rows[part.place]
            self._rules.update(found.rule for found in part.findings)
            lines += self._lines(name, number, part)
            if out is None:
                continue
            if self._ruling.unfit(part.findings):
                unfit.add(number)
            if part.place in batch.earlier:
                if part.findings:  # it is not copied: the value that programs take is
                    texts.setdefault(number, None)
                    self._masks += len(self._ruling.hidden(part.findings))
                continue
            row = row or MaskedRow(self._judge.rules, masks or Masks(self._wanted.lang))
            row.add(part, self._ruling.hidden(part.findings))
            if part.last:
                self._masks += row.masks
                if row.masks:
                    texts[number] = row.text()
                row = None
        self._count(batch)
        if out is not None:
            self._unfit += len(unfit)
            drop = unfit | set(batch.malformed) | {batch.rows[place] for place in batch.broken}
            out.put(batch, texts, drop if self._wanted.drop else set())
            self._dropped += len(drop) if self._wanted.drop else 0
        if lines:
            self._clear()
        for first in range(0, len(lines), _AT_ONCE):
            shown = "\n".join(lines[first : first + _AT_ONCE])
            click.echo(shown, err=self._to_stderr(name))
        self._show_progress()

    def _fault(self, fault: Fault, out: Copy | None) -> None:
        if out is not None:
            raise Unavailable(_FAULT.fill(name=fault.detector, why=fault.reason))
        self._faults[fault.detector, fault.reason] += 1

    def _to_stderr(self, name: str) -> bool:
        """Whether standard output is taken by the masked copy of a pipe."""
        return self._wanted.mask and self._wanted.out is None and name == "-"

    def _lines(self, name: str, number: int, part: Part) -> list[str]:
        if self._wanted.as_json:
            return [as_data(name, number, found, self._judge.rules) for found in part.findings]
        shown: Sequence[Finding] = part.findings
        if self._wanted.mask:
            hidden = set(self._ruling.hidden(part.findings))
            shown = [found for found in part.findings if found not in hidden]
        if not shown:
            return []
        return told(name, number, part, shown, self._judge.rules, self._wanted.lang)

    def _count(self, batch: Batch) -> None:
        self._rows += len(batch.column) - len(batch.earlier)
        self._bytes += batch.column.offsets[-1] - batch.column.offsets[0]
        self._broken += len(batch.broken)
        self._malformed += len(batch.malformed)

    def _show_progress(self) -> None:
        if self._progress and time.monotonic() - self._shown > _EVERY:
            self._shown = time.monotonic()
            click.echo(f"\r{self._so_far().say(self._wanted.lang)} \x1b[K", nl=False, err=True)

    def _clear(self) -> None:
        if self._progress and self._shown > self._began:
            click.echo("\r\x1b[K", nl=False, err=True)

    def _so_far(self) -> Words:
        seconds = max(time.monotonic() - self._began, 1e-3)
        return Words(
            "rows: {rows:,}; {size:,.1f} MB; {speed:,.0f} MB/s",
            "{rows:,} 行；{size:,.1f} MB；{speed:,.0f} MB/s",
        ).fill(rows=self._rows, size=self._bytes / 1e6, speed=self._bytes / 1e6 / seconds)

    def _say_malformed(self, name: str, rows: list[int], count: int) -> None:
        more = ", …" if count > len(rows) else ""
        say(
            Words(
                "{name}: no text could be read from line {rows} (not JSON, no {field}, or two).",
                "{name}：第 {rows} 行读不出文本（不是 JSON，没有 {field}，或有两个）。",
            ).fill(name=name, rows=", ".join(map(str, rows)) + more, field=self._wanted.field),
            err=True,
        )

    def sum_up(self, files: Sequence[str]) -> None:
        """Say on standard error what was counted: of a pipe's findings the number alone."""
        self._clear()
        for number, words in (
            (
                self._malformed,
                Words(
                    "{n} lines hold no text and were not judged.", "有 {n} 行没有文本，未作判断。"
                ),
            ),
            (
                self._broken,
                Words(
                    "{n} rows are not UTF-8 and were not judged.", "有 {n} 行不是 UTF-8，未作判断。"
                ),
            ),
        ):
            if number:
                say(words.fill(n=number), err=True)
        for (name, why), times in self._faults.items():
            say(
                Words(
                    "The detector {name} failed {n} times ({why}); that text is not judged.",
                    "检测器 {name} 出错 {n} 次（{why}），相应文本未作判断。",
                ).fill(name=name, why=why, n=times),
                err=True,
            )
        if self._wanted.mask:
            self._say_masked()
        if self._wanted.as_json:
            return
        say(Words("findings: {n}", "共 {n} 处发现").fill(n=self.found), err=True)
        if any(name != "-" for name in files):
            for rule, times in self._rules.most_common():
                click.echo(f"  {rule}  {times:,}", err=True)
            say(self._so_far(), err=True)

    def _say_masked(self) -> None:
        say(
            Words(
                "masks: {masks:,}; rows that masks cannot mend: {unfit:,}; dropped: {dropped:,}",
                "遮盖 {masks:,} 处；遮盖也无法处理的有 {unfit:,} 行；去掉 {dropped:,} 行",
            ).fill(masks=self._masks, unfit=self._unfit, dropped=self._dropped),
            err=True,
        )
