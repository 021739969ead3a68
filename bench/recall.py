"""``make bench-recall``: recall and precision of personal data, kind by kind, beside three peers.

The test set is made by ``bench.specimens`` from the kinds' own specifications: every value in
every setting, and traps. A value counts as found when a finding of its kind, with a score on which
a policy acts (0.5), covers it whole; a finding of a kind counts as right when it lies on a value of
that kind. The peers run in environments of their own (``--install`` makes them), on the same file.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

import click

from bench.report import machine
from bench.specimens.testset import LISTED, Case, cases
from hegui.detectors import PersonalData
from hegui.terms import Detector, TextColumn

ACTS_FROM = 0.5
ROOT = Path(__file__).resolve().parent.parent
PEERS = {
    "presidio": ["presidio-analyzer"],
    "data-juicer": ["py-data-juicer", "aiohttp"],
    "datatrove": ["datatrove"],
}
LONGEST_RUN = 1800  # seconds


class Found(NamedTuple):
    """A finding in characters of a case's text."""

    kind: str
    start: int
    end: int


class Score(NamedTuple):
    """Of one kind: values, values found, findings, findings on a value of the kind."""

    values: int
    found: int
    claims: int
    right: int

    @property
    def recall(self) -> float:
        """The part of the values that were found."""
        return self.found / self.values if self.values else 0.0

    @property
    def precision(self) -> float | None:
        """The part of the findings that lie on a value; None without findings."""
        return self.right / self.claims if self.claims else None


def ours(detector: Detector, texts: Sequence[str]) -> list[list[Found]]:
    """Return what hegui finds, kinds that are only listed included."""
    column = TextColumn.of(texts)
    found: list[list[Found]] = [[] for _ in texts]
    for row, rule, start, end, score in detector.inspect(column):
        kind = rule.removeprefix("pii.")
        if score >= ACTS_FROM or kind in LISTED:
            data = column.row_bytes(row)
            places = (len(data[:start].decode()), len(data[:end].decode()))
            found[row].append(Found(kind, *places))
    return found


def scores(asked: Sequence[Case], found: Sequence[Iterable[Found]]) -> dict[str, Score]:
    """Count, kind by kind, in the order of the test set."""
    values, hits, claims, right = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for case, here in zip(asked, found, strict=True):
        if case.kind:
            values[case.kind] += 1
            hits[case.kind] += any(
                one.kind == case.kind and one.start <= case.start and one.end >= case.end
                for one in here
            )
        for one in here:
            claims[one.kind] += 1
            on_value = one.start < case.end and one.end > case.start
            right[one.kind] += one.kind == case.kind and on_value
    return {kind: Score(n, hits[kind], claims[kind], right[kind]) for kind, n in values.items()}


def peer(name: str, asked: Sequence[Case]) -> dict[str, Score] | str:
    """Return a peer's scores for the kinds it claims, or why it was not run."""
    python = ROOT / ".venv-bench" / name / "bin" / "python"
    if not python.exists():
        return "not installed; --install makes its environment"
    with tempfile.TemporaryDirectory() as room:
        texts, out = Path(room) / "texts.json", Path(room) / "found.json"
        texts.write_text(json.dumps([case.text for case in asked]))
        command = [str(python), str(ROOT / "bench" / "recall_peers.py"), name, str(texts), str(out)]
        done = subprocess.run(  # noqa: S603 - our own command
            command, capture_output=True, text=True, timeout=LONGEST_RUN, check=False
        )
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["ended without a word"])[-1][:200]
        told = json.loads(out.read_text())
    found = [[Found(*one) for one in here] for here in told["found"]]
    return {k: s for k, s in scores(asked, found).items() if k in told["claims"]}


def install() -> None:
    """Make the peers' environments, outside the lock. Needs a package index."""
    for name, packages in PEERS.items():
        home = ROOT / ".venv-bench" / name
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "-q", *packages]
        for command in ([sys.executable, "-m", "venv", str(home)], pip):
            subprocess.run(command, check=False, timeout=LONGEST_RUN)  # noqa: S603 - our own


def _cell(score: Score | None) -> str:
    if score is None:
        return "–"
    precision = "–" if score.precision is None else f"{100 * score.precision:.1f}"
    return f"{100 * score.recall:.1f} / {precision}"


def table(all_of: dict[str, dict[str, Score] | str]) -> list[str]:
    """Lay the scores out: recall / precision in per cent, a detector a column."""
    mine = all_of["hegui"]
    assert isinstance(mine, dict)
    lines = [f"{'kind':20}{'values':>8}" + "".join(f"{name:>16}" for name in all_of)]
    for kind, score in mine.items():
        cells = (
            "not run" if isinstance(one, str) else _cell(one.get(kind)) for one in all_of.values()
        )
        lines.append(f"{kind:20}{score.values:>8}" + "".join(f"{cell:>16}" for cell in cells))
    lines += [f"not run: {name}: {one}" for name, one in all_of.items() if isinstance(one, str)]
    return lines


@click.command()
@click.option("--values", default=200, show_default=True, help="values of each kind.")
@click.option("--seed", default=20261125, show_default=True)
@click.option("--install", "wanted", is_flag=True, help="install the peers first.")
@click.option("--alone", is_flag=True, help="leave the peers out.")
@click.option("--to-reach", default=0.99, show_default=True)
def main(*, values: int, seed: int, wanted: bool, alone: bool, to_reach: float) -> None:
    """Print recall / precision per kind, in per cent. Exit code 1 when a kind falls short."""
    if wanted:
        install()
    asked = cases(values, seed)
    found = scores(asked, ours(PersonalData(), [case.text for case in asked]))
    all_of: dict[str, dict[str, Score] | str] = {"hegui": found}
    if not alone:
        all_of |= {name: peer(name, asked) for name in PEERS}
    about = machine()
    click.echo(f"{about['date']}  {about['processor']}, {about['cores']} cores")
    click.echo(f"{len(asked)} texts, seed {seed}; recall / precision in per cent")
    click.echo("\n".join(table(all_of)))
    short = [k for k, s in found.items() if min(s.recall, s.precision or 0) < to_reach]
    click.echo(f"below {100 * to_reach:g} %: {', '.join(short) or 'none'}")
    sys.exit(1 if short else 0)


if __name__ == "__main__":
    main()
