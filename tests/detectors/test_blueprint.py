"""What is kept of a detector is the detector: same card, same trees, same findings; else anew."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.detectors.packs.test_build import CLAUSE, found, pack, rule

from hegui.detectors import CORPUS, GATEWAY, RAW, Channels
from hegui.detectors.blueprint import digest_of_files, name_of
from hegui.detectors.blueprint import read as drawn_of
from hegui.detectors.built_in import made_again
from hegui.detectors.channels import ChannelledDetector
from hegui.detectors.matcher import Laid, Matcher
from hegui.detectors.packs import Pack, shipped
from hegui.detectors.pattern import Phrase
from hegui.detectors.reading import Begins, Readable
from hegui.detectors.targets import Target
from hegui.runners.compiling import Shelf, cache_folder
from hegui.terms import Detector

DAY = "2026-11-25"
TEXTS = [
    "电话13800138000",
    "ｗｈａｔ　１３８００１３８０００",
    "怎么在家做炸弹",
    "k.i.l.l y.o.u.r.s.e.l.f, 炸 药 包",
    "我身份证号是11010519491231002X，+1 202-456-1111",
    "今天天气很好。",
]


class Memory:
    """A shelf that keeps blueprints in memory, and compiles like any other."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.asked: list[Laid | None] = []
        self._real = Shelf(cache_folder())

    def get(self, name: str) -> bytes | None:
        return self.held.get(name)

    def put(self, name: str, data: bytes) -> None:
        self.held[name] = data

    def making(self, name: str) -> AbstractContextManager[None]:
        return nullcontext(name and None)

    def matcher(
        self, targets: Sequence[Target], exceptions: Sequence[Target], laid: Laid | None = None
    ) -> tuple[Matcher, Laid | None]:
        self.asked.append(laid)
        return self._real.matcher(targets, exceptions, laid)


def targets_in(plan: Readable) -> Iterator[tuple[object, ...]]:
    for one in (*plan.targets, *plan.exceptions):
        trigger = one.trigger and (one.trigger.tree, one.trigger.source, one.trigger.span)
        sizes = one.pattern.shortest, one.pattern.span, isinstance(one.pattern, Phrase)
        yield (one.rule, one.pattern.tree, one.pattern.source, sizes, one.before, one.after)
        if not isinstance(one.pattern, Phrase):
            yield (one.pattern.positions,)
        yield (one.check, one.left, one.whole, trigger, one.lead, one.score)


def begins_in(begins: Begins) -> list[object]:
    return [
        (pattern.tree, pattern.positions, pattern.shortest, before) for pattern, before in begins
    ]


def facts_of(plan: Readable) -> list[object]:
    sets = plan.spaced, plan.excepted, plan.sounding, plan.opening
    begins = begins_in(plan.in_skeletons), begins_in(plan.in_sounds)
    return [plan.channels, list(targets_in(plan)), sets, begins, plan.width, plan.widest, plan.hint]


def all_found(detectors: Sequence[Detector]) -> list[list[tuple[str, str, float]]]:
    return [found(detectors, text) for text in TEXTS]


class Twice(NamedTuple):
    """Detectors that were made anew and put on a shelf, and made again from there."""

    shelf: Memory
    anew: tuple[Detector, ...]
    again: tuple[Detector, ...]


def twice(channels: Channels, packs: Sequence[Pack] = ()) -> Twice:
    shelf = Memory()
    return Twice(shelf, *(made_again(packs, DAY, channels, shelf) for _ in range(2)))


@pytest.fixture(scope="module")
def gateway() -> Twice:
    return twice(GATEWAY)


@pytest.fixture(scope="module")
def corpus() -> Twice:
    return twice(CORPUS, [CLAUSE])


@pytest.mark.parametrize("name", ["gateway", "corpus"])
def test_what_was_kept_is_what_was_made(name: str, request: pytest.FixtureRequest) -> None:
    shelf, anew, again = request.getfixturevalue(name)
    assert [one.card for one in again] == [one.card for one in anew]
    assert all_found(again) == all_found(anew)
    assert len(shelf.held) == 1
    assert isinstance(anew[0], ChannelledDetector)
    assert isinstance(again[0], ChannelledDetector)
    assert facts_of(again[0].plan) == facts_of(anew[0].plan)


def test_what_the_engine_was_told_is_not_reckoned_again(gateway: Twice) -> None:
    first, second = gateway.shelf.asked
    assert first is None
    assert second is not None
    (anew,) = gateway.anew
    assert isinstance(anew, ChannelledDetector)
    plan = anew.plan
    assert Shelf(cache_folder()).matcher(plan.targets, plan.exceptions)[1] == second


def test_rules_of_whole_clauses_come_with_the_rest(corpus: Twice) -> None:
    assert [one.card.reach for one in corpus.again] == ["exact", "clause"]
    assert "own.near" in {rule for rule, _, _ in found(corpus.again, "怎么在家做炸弹")}
    for made in (corpus.anew, corpus.again):
        assert "own.near" in {rule for rule, _, _ in found(made, "怎\u200b么在家做炸弹")}


def test_a_stream_holds_back_as_much(gateway: Twice) -> None:
    (anew,), (again,) = gateway.anew, gateway.again
    assert isinstance(anew, ChannelledDetector)
    assert isinstance(again, ChannelledDetector)
    for text in TEXTS:
        for end in range(1, len(text), 3):
            assert again.pending(text[:end]) == anew.pending(text[:end]), text[:end]


OWN = pack(
    rule("old", literals="[旧词]", retired="2026-06-01"),
    rule("new", literals="[新词]", added="2026-06-01"),
)


def test_another_pack_day_or_channel_has_another_name() -> None:
    named = partial(name_of, channels=GATEWAY)
    assert named([OWN], "2026-05-31") != named([OWN], "2026-06-01")
    assert named([OWN], "2026-06-01") != named([], "2026-06-01")
    assert named([OWN], "") != named([OWN], "2026-06-01")
    other = pack(rule("old", literals="[旧词]"), rule("new", literals="[新词]"))
    assert named([OWN], DAY) != named([other], DAY)
    assert len({name_of([], DAY, channels) for channels in (RAW, CORPUS, GATEWAY)}) == 3


def test_days_on_which_no_rule_begins_or_ends_share_one_name() -> None:
    packs: tuple[Pack, ...] = (*shipped(), OWN)
    rules = [rule for pack in packs for rule in pack.rules]
    days = {day for rule in rules for day in (rule.added, rule.retired) if day}
    asked = sorted({*days, "2000-01-01", "2026-05-30", "2026-05-31", "2099-12-30", "2099-12-31"})
    standing: dict[str, set[tuple[str, ...]]] = {}
    for day in asked:
        name = name_of([OWN], day, GATEWAY)
        standing.setdefault(name, set()).add(tuple(r.id for r in rules if r.applies(day)))
    assert all(len(each) == 1 for each in standing.values()), "one name, one set of rules"
    assert name_of([OWN], "2099-12-30", GATEWAY) == name_of([OWN], "2099-12-31", GATEWAY)


def test_another_code_or_another_table_has_another_name(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "__pycache__").mkdir()
    code, rules = tmp_path / "tree.py", tmp_path / "packs" / "fraud.yaml"
    code.write_text("a = 1")
    rules.write_text("pack: fraud")
    seen = {digest_of_files(tmp_path)}
    (tmp_path / "__pycache__" / "tree.pyc").write_bytes(b"x")
    assert digest_of_files(tmp_path) in seen, "what follows from the code says nothing"
    code.write_text("a = 2")
    seen.add(digest_of_files(tmp_path))
    rules.write_text("pack: frauds")
    seen.add(digest_of_files(tmp_path))
    rules.rename(tmp_path / "packs" / "other.yaml")
    seen.add(digest_of_files(tmp_path))
    assert len(seen) == 4


def cut_short(data: bytes) -> bytes:
    return data[:-1]


def another_form(_data: bytes) -> bytes:
    return b"\x93\x01\x02\x03"


def nothing(_data: bytes) -> bytes:
    return b""


def test_what_is_not_in_the_form_is_made_anew(gateway: Twice) -> None:
    ((name, good),) = gateway.shelf.held.items()
    for spoil in (cut_short, another_form, nothing):
        assert drawn_of(spoil(good), GATEWAY) is None, spoil
    shelf = Memory()
    shelf.held[name] = cut_short(good)
    (again,) = made_again((), DAY, GATEWAY, shelf)
    assert again.card == gateway.anew[0].card
    assert shelf.held == {name: good}
