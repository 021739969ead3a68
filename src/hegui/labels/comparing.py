"""Whether a label came through a pipeline: what a file said before, and what it says after."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from hegui.labels.container import Found
from hegui.labels.value import FIELDS
from hegui.terms import Words

Outcome = Literal["same", "moved", "changed", "lost", "gained", "none"]
_PRODUCED: Final = frozenset(FIELDS[:4])


class Compared(NamedTuple):
    """What became of a label. ``fields`` are those whose values differ, in the standard's order.

    ``moved``: the same values, in another place. ``produced``: fields that only the producer may
    set are among those that changed.
    """

    outcome: Outcome
    fields: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def produced(self) -> bool:
        """Whether what only the producer may say was changed."""
        return bool(_PRODUCED.intersection(self.fields))

    @property
    def words(self) -> Words:
        """The outcome in a sentence."""
        said = _SAID[self.outcome]
        return said.fill(
            fields=", ".join(self.fields), before=_listed(self.before), after=_listed(self.after)
        )


def compared(before: Sequence[Found], after: Sequence[Found]) -> Compared:
    """Compare the labels of a file before and after something was done to it.

    A file with several labels is compared by all of them: one that is gone while another stays is
    a change.
    """
    forms = tuple(one.form for one in before), tuple(one.form for one in after)
    if not before or not after:
        outcome: Outcome = "lost" if before else "gained" if after else "none"
        return Compared(outcome, (), *forms)
    old, new = _values(before), _values(after)
    if old == new:
        return Compared("same" if set(forms[0]) == set(forms[1]) else "moved", (), *forms)
    names = dict.fromkeys([*FIELDS, *sorted({name for one in [*old, *new] for name, _ in one})])
    differing = tuple(name for name in names if _of(old, name) != _of(new, name))
    return Compared("changed", differing, *forms)


def _values(found: Sequence[Found]) -> set[frozenset[tuple[str, str]]]:
    return {
        frozenset(one.parsed.fields.items() if one.parsed is not None else [("", one.raw)])
        for one in found
    }


def _of(values: set[frozenset[tuple[str, str]]], name: str) -> set[str | None]:
    return {dict(one).get(name) for one in values}


def _listed(forms: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(forms)) or "-"


_SAID: Final = {
    "same": Words(
        en="The label came through unchanged ({after}).", zh="标识完整保留，未改变（{after}）。"
    ),
    "moved": Words(
        en="The label came through, and is stored another way now: {before} → {after}.",
        zh="标识内容保留，存储方式已改变：{before} → {after}。",
    ),
    "changed": Words(
        en="The label was changed: {fields} ({before} → {after}).",
        zh="标识内容被改变：{fields}（{before} → {after}）。",
    ),
    "lost": Words(
        en="The label was lost. It stood in {before}; the file afterwards holds none.",
        zh="标识已丢失。原位置：{before}；处理后的文件中没有标识。",
    ),
    "gained": Words(
        en="There was no label before; there is one now ({after}).",
        zh="处理前没有标识，处理后有（{after}）。",
    ),
    "none": Words(
        en="There was no label before, and there is none now.", zh="处理前后均没有标识。"
    ),
}
