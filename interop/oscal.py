"""``make interop``, fourth part: our OSCAL documents before compliance-trestle and NIST's schemas.

    python interop/oscal.py                  what hegui writes, and what was broken on purpose
    python interop/oscal.py --schemas DIR    with a folder of NIST's JSON schemas of your own

Trestle and NIST's JSON schemas must accept what hegui writes, and trestle resolve the profiles;
what breaks the format both must refuse; what they do not see (ids that stand twice, dangling links,
gaps) hegui's own linter must. Exit code 0: so it was, or a reader cannot be had here (then
*not run* and the cause are printed); 1: it was not, or a reader is missing and ``CI`` is set.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a file, too

import click

from hegui.app import oscal
from hegui.measures import catalogue
from hegui.measures.oscal import Board, faults_of, plan_document, results_document
from hegui.terms import Words
from hegui.testing.boards import Cited, Made, Stood
from interop.environment import ROOT, NotRun, python, unpacked

HOME = ROOT / ".venv-interop-oscal"
WANTED = ROOT / "interop" / "oscal_requirements.txt"
READER = ROOT / "interop" / "readoscal.py"
SCHEMAS_HOME = ROOT / ".venv-interop-oscal-schemas"
SCHEMAS_WANTED = ROOT / "interop" / "oscal_schemas_requirements.txt"
SECONDS = 300
AT: Final = 1_795_824_000_000  # 2026-11-28, UTC: the documents are the same on every day
FORMAT: Final = "the format"
HEGUI: Final = "hegui"
STATES = ("evidenced", "not-evidenced", "attested", "not-applicable", "could-not-tell")


class Break(NamedTuple):
    """A way to break a document: what is done, and who must see it."""

    name: str
    document: str
    do: Callable[[Any], object]
    seen_by: str


BREAKS = (
    Break("no uuid", "catalogue.json", lambda it: it["catalog"].pop("uuid"), FORMAT),
    Break(
        "unknown field", "component.json", lambda it: _component(it).update(colour="red"), FORMAT
    ),
    Break("no such id", "catalogue.json", lambda it: _control(it).update(id="4 (1)"), FORMAT),
    Break("id twice", "catalogue.json", lambda it: _control(it).update(id="ma-2"), HEGUI),
    Break(
        "dangling link",
        "catalogue.json",
        lambda it: _control(it)["links"][0].update(href="#nowhere"),
        HEGUI,
    ),
    Break("duty left out", "component.json", lambda it: _requirements(it).pop(), HEGUI),
    Break("text changed", "catalogue.json", lambda it: _clause(it).update(prose="无"), HEGUI),
    Break(
        "unknown control",
        "profile-tc260-003.json",
        lambda it: it["profile"]["imports"][0].update(
            {"exclude-controls": [{"with-ids": ["no-such-duty"]}]}
        ),
        HEGUI,
    ),
)


def _control(document: Any) -> Any:
    return document["catalog"]["groups"][0]["controls"][0]


def _clause(document: Any) -> Any:
    return _control(document)["parts"][0]["parts"][0]


def _component(document: Any) -> Any:
    return document["component-definition"]["components"][0]


def _requirements(document: Any) -> Any:
    return _component(document)["control-implementations"][0]["implemented-requirements"]


def documents() -> dict[str, Any]:
    """Return what hegui writes, with results and a plan from a made-up board."""
    stamp, whole = oscal.stamp_of(AT), catalogue()
    record = Cited(7, "ab" * 32, "exchange.asked")
    standings = [
        Stood(duty, STATES[place % len(STATES)], Words("made up", "虚构"), [record])
        for place, duty in enumerate(whole.duties)
    ]
    board: Board = Made(whole.digest, "0" * 64, "example.com/log 8 AAAA", stamp.when, standings)
    made = oscal.documents(None, stamp)
    made["results.json"] = results_document(whole, board, stamp)
    made["plan.json"] = plan_document(whole, board, stamp)
    return made


def _asked(interpreter: Path, folder: Path, schemas: Path) -> dict[str, Any]:
    command = [str(interpreter), str(READER), str(folder), str(schemas.resolve())]
    done = subprocess.run(  # noqa: S603 - our own script in our own environment
        command, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        raise NotRun(f"trestle's reader failed: {done.stderr.strip()[-300:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _written(folder: Path, made: dict[str, Any]) -> None:
    for name, document in made.items():
        (folder / name).write_text(json.dumps(document, ensure_ascii=False), "utf-8")


def _accepted(interpreter: Path, folder: Path, schemas: Path) -> bool:
    made = documents()
    _written(folder, made)
    answer = _asked(interpreter, folder, schemas)
    good = not any(answer["read"].values())
    for name, why in answer["read"].items():
        click.echo(f"{'DIFFERS ' if why else 'agrees  '} trestle reads {name} {why}")
    whole = len(catalogue().text.articles) + len(catalogue().duties)
    for name, count in answer.get("controls", {}).items():
        good = good and count == whole
        click.echo(f"{'agrees  ' if count == whole else 'DIFFERS '} {name}: {count} controls")
    for name, why in answer["schemas"].items():
        good = good and not why
        click.echo(f"{'DIFFERS ' if why else 'agrees  '} NIST's schema, {name} {why}")
    faults = faults_of(made, catalogue())
    for one in faults:
        click.echo(f"DIFFERS  {one.sentence.en}")
    return good and not faults


def _broken(interpreter: Path, folder: Path, kind: Break, schemas: Path) -> bool:
    made = documents()
    kind.do(made[kind.document])
    _written(folder, made)
    answer = _asked(interpreter, folder, schemas)
    trestle, nist = answer["read"][kind.document], answer["schemas"][kind.document]
    ours = [one.sentence.en for one in faults_of(made, catalogue())]
    good = bool(trestle and nist) if kind.seen_by == FORMAT else bool(ours)
    click.echo(f"{'refused ' if good else 'DIFFERS '} {kind.name}")
    click.echo(f"{'':8}    trestle: {trestle[:120].splitlines()[0] if trestle else 'accepted'}")
    click.echo(f"{'':8}    NIST:    {nist[:120].splitlines()[0] if nist else 'accepted'}")
    click.echo(f"{'':8}    hegui:   {ours[0] if ours else 'accepted'}")
    return good


def main() -> int:
    """Write, read, break and compare."""
    asked = argparse.ArgumentParser(description="our OSCAL documents before trestle and NIST")
    asked.add_argument("--schemas", type=Path, default=None, help="a folder of NIST's JSON schemas")
    given = asked.parse_args().schemas
    try:
        interpreter = python(HOME, WANTED)
        schemas = given or unpacked(SCHEMAS_HOME, SCHEMAS_WANTED, "*/oscal_*_schema.json")
        with tempfile.TemporaryDirectory() as room:
            good = _accepted(interpreter, Path(room), schemas)
            for kind in BREAKS:
                folder = Path(room) / kind.name.replace(" ", "-")
                folder.mkdir()
                good = _broken(interpreter, folder, kind, schemas) and good
    except NotRun as cause:
        click.echo(f"not run  {cause}")
        return 1 if os.environ.get("CI") else 0
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
