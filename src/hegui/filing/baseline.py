"""A baseline for pipelines: the states of one day, and what became less since. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hegui.filing.board import Board
from hegui.filing.states import RANKS, State
from hegui.terms import BadRequest, Words

FORMAT: Final = "hegui-duty-baseline/v1"
MOST_BYTES: Final = 1_048_576

_NO_BASELINE = Words(
    en="{path} is no baseline: {why}. Write one with: hegui duty gate --baseline FILE --write",
    zh="{path} 不是基线文件：{why}。请运行以下命令生成：hegui duty gate --baseline 文件 --write",
)
_TAKEN = Words(
    en="{path} is there and is no baseline, so it is not overwritten. Name another file with "
    "--baseline.",
    zh="{path} 已存在且不是基线文件，不会覆盖。请用 --baseline 指定其他文件。",
)
_NO_UTF8 = Words("it is not UTF-8", "不是 UTF-8 编码")


@dataclass(frozen=True, slots=True)
class Change:
    """A duty whose state is another than in the baseline; ``before`` is None for a new one."""

    duty: str
    before: State | None
    now: State


@dataclass(slots=True)
class Compared:
    """What changed. ``less`` is what a pipeline fails on; ``other`` changed without a rank."""

    less: list[Change] = field(default_factory=list)
    more: list[Change] = field(default_factory=list)
    other: list[Change] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def write(found: Board) -> str:
    """Return the baseline of a board, as the text of a file that a person can read and diff."""
    states = {item.duty.id: item.state.value for item in found.items}
    said = {"format": FORMAT, "catalogue": found.catalogue, "profile": found.profile}
    return json.dumps({**said, "as_of": found.as_of, "states": states}, indent=1) + "\n"


def require_free(path: str, text: bytes) -> None:
    """Refuse to write over a file that says anything but a baseline, of this format or another."""
    try:
        said = json.loads(text) if len(text) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        said = None
    if text and not (isinstance(said, dict) and {"format", "states"} <= said.keys()):
        raise BadRequest(_TAKEN.fill(path=path), param="baseline")


def read(path: str, text: bytes) -> Mapping[str, State]:
    """Return the states of a baseline; what is none is a ``BadRequest`` that says why."""
    why: Words | str = "> 1 MB" if len(text) > MOST_BYTES else ""
    try:
        said = json.loads(text) if not why else {}
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            why = why or f"format != {FORMAT}"
            said = {"states": {}}
        states = {str(duty): State(state) for duty, state in said["states"].items()}
    except UnicodeDecodeError as error:
        raise BadRequest(_NO_BASELINE.fill(path=path, why=_NO_UTF8), param="baseline") from error
    except (ValueError, KeyError, AttributeError, RecursionError) as error:
        why = type(error).__name__ if isinstance(error, RecursionError) else str(error)[:200]
        raise BadRequest(_NO_BASELINE.fill(path=path, why=why), param="baseline") from error
    if why:
        raise BadRequest(_NO_BASELINE.fill(path=path, why=why), param="baseline")
    return states


def compare(before: Mapping[str, State], found: Board) -> Compared:
    """Return what changed since a baseline.

    *Less* is a lower rank. What begins or ceases to apply, or is new in the catalogue, is told and
    is no regression; neither is a duty that the catalogue no longer has.
    """
    compared = Compared(gone=sorted(set(before) - {item.duty.id for item in found.items}))
    for item in found.items:
        old = before.get(item.duty.id)
        if old is item.state:
            continue
        change = Change(item.duty.id, old, item.state)
        ranks = (RANKS.get(old) if old else None, RANKS.get(item.state))
        if ranks[0] is None or ranks[1] is None or ranks[0] == ranks[1]:
            compared.other.append(change)
        elif ranks[1] < ranks[0]:
            compared.less.append(change)
        else:
            compared.more.append(change)
    return compared
