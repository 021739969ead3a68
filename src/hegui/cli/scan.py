"""``hegui scan``: look for risks in text, line by line, without a gateway."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import click

from hegui.cli.shared import JSON_OPTION
from hegui.cli.speech import CLEAN, COULD_NOT_TELL, FINDINGS, command, lang_of, say
from hegui.terms import BadRequest, Lang, Words

if TYPE_CHECKING:
    from hegui.terms import RuleInfo

_LONGEST_LINE = 16_777_216
_ROWS = 256
_BYTES = 1_048_576
_AROUND = 12

_WORDS = Words(
    "Look for personal data and harmful content in text, line by line, with the detectors that "
    "come with hegui. What is found is shown masked. Exit code 0: nothing found; 1: findings; 2: "
    "some of the text could not be judged. With --json, one object a line: file, row (from 1), "
    "kind, rule, risk, start and end (characters, from 0, end excluded), score, clause.",
    "用 hegui 自带的检测器逐行查找文本中的个人信息和有害内容，命中处遮盖显示。"
    "退出码：0 没有发现；1 有发现；2 有内容无法判断。"
    "加 --json 时每行输出一个对象：file、row（从 1 起）、kind、rule、risk、start 和 end"
    "（按字符，从 0 起，不含 end）、score、clause。",
)
_EXAMPLES = Words(
    "echo 'call 13800138000' | hegui scan -\nhegui scan --json corpus/*.txt > findings.jsonl",
    "echo '电话13800138000' | hegui scan -\nhegui scan --json corpus/*.txt > findings.jsonl",
)


class _Line(NamedTuple):
    file: str
    row: int
    text: str
    broken: bool


class _Hit(NamedTuple):
    rule: "RuleInfo"
    start: int
    end: int
    score: float


@command("scan", _WORDS, _EXAMPLES)
@click.argument("files", nargs=-1, required=True, metavar="FILE…|-", type=click.Path())
@JSON_OPTION
def scan(files: tuple[str, ...], *, as_json: bool) -> int:
    """Look for risks in text, line by line."""
    from hegui.detectors import builtin

    for name in files:
        if name != "-" and not Path(name).is_file():
            raise BadRequest(
                Words("there is no file {name}", "没有文件 {name}").fill(name=name), param="files"
            )
    detectors = builtin()
    found = broken = 0
    for batch in _batches(_lines(files)):
        broken += sum(line.broken for line in batch)
        for line, hits in _judged(detectors, batch):
            found += len(hits)
            if as_json:
                for hit in hits:
                    click.echo(json.dumps(_as_data(line, hit), ensure_ascii=False))
            else:
                click.echo("\n".join(_told(line, hits, lang_of())))
    if broken:
        say(
            Words(
                "{n} lines are not UTF-8 and were read with replacement marks.",
                "有 {n} 行不是 UTF-8，已用替代符号读取。",
            ).fill(n=broken),
            err=True,
        )
    if not as_json:
        say(Words("findings: {n}", "共 {n} 处发现").fill(n=found), err=True)
    if found:
        return FINDINGS
    return COULD_NOT_TELL if broken else CLEAN


def _lines(files: Sequence[str]) -> Iterator[_Line]:
    for name in files:
        if name == "-":
            yield from _read("-", sys.stdin.buffer)
            continue
        try:
            with Path(name).open("rb") as file:
                yield from _read(name, file)
        except OSError as error:
            raise BadRequest(
                Words("cannot read {name}: {why}", "无法读取 {name}：{why}").fill(
                    name=name, why=error.strerror
                ),
                param="files",
            ) from None


def _read(name: str, file: IO[bytes]) -> Iterator[_Line]:
    row = 0
    while raw := file.readline(_LONGEST_LINE):
        row += 1
        try:
            yield _Line(name, row, raw.decode().rstrip("\r\n"), broken=False)
        except UnicodeDecodeError:
            yield _Line(name, row, raw.decode("utf-8", "replace").rstrip("\r\n"), broken=True)


def _batches(lines: Iterator[_Line]) -> Iterator[list[_Line]]:
    """Gather lines into columns. A pipe's lines are judged as they come, a file's in hundreds."""
    batch: list[_Line] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line.text)
        if line.file == "-" or len(batch) >= _ROWS or size >= _BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _judged(detectors: Sequence[Any], batch: list[_Line]) -> Iterator[tuple[_Line, list[_Hit]]]:
    """Return the lines in which something was found, findings in the order of their places."""
    from hegui.terms import TextColumn

    column = TextColumn.of(line.text for line in batch)
    hits: dict[int, list[_Hit]] = {}
    for detector in detectors:
        for row, rule, start, end, score in detector.inspect(column):
            raw = column.row_bytes(row)
            place = len(raw[:start].decode("utf-8", "replace"))
            length = len(raw[start:end].decode("utf-8", "replace"))
            info = detector.card.rules[rule]
            hits.setdefault(row, []).append(_Hit(info, place, place + length, score))
    for row in sorted(hits):
        yield batch[row], sorted(hits[row], key=lambda hit: (hit.start, hit.end, hit.rule.id))


def _as_data(line: _Line, hit: _Hit) -> dict[str, Any]:
    return {
        "file": line.file,
        "row": line.row,
        "kind": hit.rule.kind,
        "rule": hit.rule.id,
        "risk": hit.rule.risk,
        "start": hit.start,
        "end": hit.end,
        "score": hit.score,
        "clause": hit.rule.clause,
    }


def _told(line: _Line, hits: list[_Hit], lang: Lang) -> Iterator[str]:
    for hit in hits:
        place = f"{line.file}:{line.row}:{hit.start + 1}"
        told = f"{hit.rule.id}  {hit.rule.risk} {hit.rule.title.say(lang)}"
        yield f"{place}  {told}  {_excerpt(line.text, hits, hit, lang)}"


def _excerpt(text: str, hits: list[_Hit], hit: _Hit, lang: Lang) -> str:
    """Return what surrounds a finding. No finding of the line is shown, whole or cut."""
    low, high = max(0, hit.start - _AROUND), min(len(text), hit.end + _AROUND)
    shown, at = "…" if low else "", low
    for other in hits:
        if other.end <= low or other.start >= high:
            continue
        if other.start >= at:
            shown += text[at : other.start] + f"[{other.rule.mask.say(lang)}]"
        at = max(at, other.end)
    shown += text[at:high] + ("…" if max(at, high) < len(text) else "")
    return "".join(char if char.isprintable() else " " for char in shown)
