import random
import re

import numpy as np
import pytest

from hegui.detectors.works import KIND, ProtectedWorks, rule_of
from hegui.detectors.works_index import WorksIndex, index_of
from hegui.detectors.works_text import (
    GRAM,
    GUARANTEED,
    WINDOW,
    _order,
    chosen,
    hashes,
    normalised,
    telling,
)
from hegui.screen.masks import Masks
from hegui.screen.panel import Panel
from hegui.screen.policy import default_policy
from hegui.screen.window import CLAUSE_CONTEXT, Tally, Window
from hegui.terms import Finding, Misconfigured, TextColumn

HAN = [chr(code) for code in range(0x4E00, 0x5A00)]
LATIN = "abcdefghijklmnopqrstuvwxyz"


def prose(seed: int, size: int, letters: str | list[str] = HAN) -> str:
    chance = random.Random(seed)
    return "".join(chance.choice(letters) for _ in range(size))


def prints_of(text: str) -> np.ndarray:
    normal = normalised(TextColumn.of([text]))
    places = chosen(normal)
    return hashes(normal.units, places[telling(normal.units, places)])


def detector_of(*works: str) -> ProtectedWorks:
    prints = [prints_of(work) for work in works]
    numbers = [n for n, found in enumerate(prints, 1) for _ in found]
    index = WorksIndex(index_of(np.concatenate(prints), numbers))
    return ProtectedWorks(index, range(1, len(works) + 1), "0" * 64)


def found(detector: ProtectedWorks, *texts: str) -> list[tuple[int, str, str, float]]:
    column = TextColumn.of(texts)
    return [
        (row, rule, column.row_bytes(row)[start:end].decode(), score)
        for row, rule, start, end, score in detector.inspect(column)
    ]


WORK = prose(1, 3_000)
ENGLISH = prose(2, 6_000, LATIN)
DETECTOR = detector_of(WORK, ENGLISH)


def test_the_guaranteed_length_is_window_and_gram_less_one() -> None:
    assert (GRAM, WINDOW, GUARANTEED) == (28, 23, 50)


@pytest.mark.parametrize("work", [WORK, ENGLISH])
def test_every_run_of_the_guaranteed_length_is_found(work: str) -> None:
    other = HAN if work is WORK else LATIN
    texts = [
        prose(n, n % 40, other) + work[at : at + GUARANTEED] + prose(-n, n % 31, other)
        for n, at in enumerate(range(0, len(work) - GUARANTEED, 7), 1)
    ]
    rows = {row for row, *_ in found(DETECTOR, *texts)}
    assert rows == set(range(len(texts)))


def test_less_than_a_gram_is_never_found() -> None:
    texts = [prose(7, 30) + WORK[at : at + GRAM - 1] + prose(8, 30) for at in range(0, 2_900, 3)]
    assert found(DETECTOR, *texts) == []


def test_what_is_not_from_a_work_is_not_found() -> None:
    assert found(DETECTOR, prose(3, 200_000), prose(4, 200_000, LATIN), "", "短") == []


def spelt(text: str, how: str) -> str:
    return {
        "spaces": " ".join(text),
        "lines": "\r\n".join(text[at : at + 9] for at in range(0, len(text), 9)),
        "marks": "、".join(text[at : at + 5] for at in range(0, len(text), 5)) + "。",
        "zero width": "\u200b".join(text),
        "case": text.upper(),
        "full width": "".join(chr(ord(c) + 0xFEE0) if c.isascii() else c for c in text),
        "accents": "\u0301".join(text),
    }[how]


@pytest.mark.parametrize(
    "how", ["spaces", "lines", "marks", "zero width", "case", "full width", "accents"]
)
def test_width_case_marks_and_space_do_not_count(how: str) -> None:
    for work in (WORK, ENGLISH):
        told = found(DETECTOR, "前言" + spelt(work[500:600], how) + "后记")
        assert [rule for _, rule, _, _ in told] == [rule_of(1 if work is WORK else 2)]


def test_a_finding_is_the_stretch_that_matches_and_nothing_outside_it() -> None:
    taken = WORK[100:400]
    text = f"𠮷前言。{taken[:150]}，{taken[150:]}后记"
    ((_, rule, value, score),) = found(DETECTOR, "x", text)
    assert (rule, score) == (rule_of(1), 1.0)
    assert value.replace("，", "") in taken
    assert len(value) > len(taken) - 2 * WINDOW


def test_the_score_rises_with_what_is_taken() -> None:
    scores = []
    for size in (GUARANTEED, 100, 150, 300):
        ((_, _, _, score),) = found(DETECTOR, WORK[:size])
        scores.append(score)
    assert scores == sorted(scores)
    assert 0.5 <= scores[0] < 0.75
    assert scores[-1] == 1.0


def changed(text: str, every: int) -> str:
    return "".join("改" if at % every == every - 1 else char for at, char in enumerate(text))


def test_a_change_in_every_51_characters_is_one_finding_all_the_same() -> None:
    for at in range(0, 2_500, 100):
        told = found(DETECTOR, changed(WORK[at : at + 500], GUARANTEED + 1))
        assert [rule for _, rule, _, _ in told] == [rule_of(1)]


def test_a_change_in_every_40_characters_is_found_nearly_always_in_400() -> None:
    texts = [changed(WORK[at : at + 400], 40) for at in range(0, 2_600, 13)]
    rows = {row for row, *_ in found(DETECTOR, *texts)}
    assert len(rows) >= 0.98 * len(texts)


def test_rows_of_a_column_are_judged_as_if_alone() -> None:
    chance = random.Random(9)
    texts = [
        WORK[chance.randrange(2_000) :][: chance.choice([0, 3, 20, 29, 60, 200])]
        for _ in range(300)
    ]
    alone = [(row, *each[1:]) for row, text in enumerate(texts) for each in found(DETECTOR, text)]
    assert found(DETECTOR, *texts) == alone


def test_long_texts_have_the_fingerprints_that_the_definition_says() -> None:
    text = prose(11, 66_000, LATIN) + "a" * 300 + prose(12, 1_000, LATIN)
    normal = normalised(TextColumn.of([text, text[:5_000], text[:30]]))
    wanted = set()
    for low, high in zip(normal.bounds, normal.bounds[1:], strict=False):
        count = max(0, high - low - GRAM + 1)
        order = _order(normal.units[low:high], count)
        for start in range(1 - WINDOW, count):
            window = order[max(0, start) : start + WINDOW]
            wanted |= {int(low) + max(0, start) + n for n in np.flatnonzero(window == window.min())}
    assert chosen(normal).tolist() == sorted(wanted)


def test_a_row_of_one_sign_is_nobodys_work() -> None:
    assert len(prints_of("哈" * 500 + "abcab" * 100)) < len(prints_of(prose(5, 1_000))) / 5
    assert found(detector_of("零一二三" * 200 + WORK), "零一二三" * 50) == []


def test_traditional_and_simplified_are_one_where_the_table_is_there() -> None:
    from hegui.detectors.works_text import _simplified, _table

    for many, one in _simplified().items():
        assert _table()[ord(many)] == _table()[ord(one)]


def test_bytes_that_are_not_utf8_do_no_harm() -> None:
    raw = b"\xff\x80" + WORK[:80].encode() + b"\xe4\xb8"
    told = list(DETECTOR.inspect(TextColumn(raw + raw, [0, len(raw), 2 * len(raw)])))
    assert [row for row, *_ in told] == [0, 1]
    assert all(raw[start:end].decode() in WORK for _, _, start, end, _ in told)


def test_rows_that_are_not_utf8_do_not_move_what_is_found_in_others() -> None:
    """One byte seems two units, another none: their sum is right, and the rows were not."""
    rows = [b"\xff", WORK[:80].encode(), "😀".encode() + WORK[80:160].encode(), b"\x80"]
    column = TextColumn(b"".join(rows), [0, *np.cumsum([*map(len, rows)]).tolist()])
    normal = normalised(column)
    for row in (1, 2):
        alone = normalised(TextColumn(rows[row], [0, len(rows[row])]))
        assert normal.units[normal.bounds[row] : normal.bounds[row + 1]].tolist() == (
            alone.units.tolist()
        )


# the stream: what a window shows a clause detector is enough for the same promise


def stream(text: str, cuts: random.Random) -> tuple[bool, str]:
    panel = Panel([[DETECTOR]])
    window = Window(panel, default_policy(own_upstream=True, public=True), Tally(), Masks("zh"))
    out, at = "", 0
    while at < len(text):
        size = cuts.randrange(1, 40)
        step = window.feed(text[at : at + size])
        out += step.text
        if step.refused is not None:
            return isinstance(step.refused, Finding), out
        at += size
    step = window.end()
    return isinstance(step.refused, Finding), out + step.text


@pytest.mark.parametrize("seed", range(40))
def test_a_stream_finds_the_guaranteed_length_however_clauses_and_chunks_are_cut(
    seed: int,
) -> None:
    chance = random.Random(seed)
    at = chance.randrange(2_900)
    run = WORK[at : at + GUARANTEED]
    pieces, left = [], run
    while left:
        size = chance.choice([1, 2, 5, 11, 24, 50])
        pieces.append(left[:size] + chance.choice(["。", "；\n", "", " ", "！" + " " * 6]))
        left = left[size:]
    taken = "".join(pieces)
    assert len(taken) <= CLAUSE_CONTEXT
    before = "。".join(prose(1_000 + seed + n, 37) for n in range(chance.randrange(12)))
    refused, out = stream(f"{before}{taken}{prose(seed, 90)}。", chance)
    assert refused
    letters = re.sub(r"[\s。；！]", "", out)
    assert run not in letters


def test_ordinary_text_streams_through() -> None:
    text = "。".join(prose(n, 60) for n in range(1_000, 1_020))
    assert stream(text, random.Random(0)) == (False, text)


# the index


def test_of_equal_fingerprints_the_first_work_counts() -> None:
    told = found(detector_of(WORK, WORK), WORK[:200])
    assert [rule for _, rule, _, _ in told] == [rule_of(1)]


def test_every_fingerprint_is_found_again_and_no_other_one() -> None:
    chance = np.random.default_rng(0)
    own = np.unique(chance.integers(0, 2**64, 60_000, np.uint64))
    # many that share their bucket and the 16 bits behind it
    own = np.unique(np.concatenate([own, own[:50] ^ np.uint64(1), own[:50] ^ np.uint64(2)]))
    index = WorksIndex(index_of(own, np.arange(1, len(own) + 1)))
    assert (index.works(own) == np.arange(1, len(own) + 1)).all()
    others = chance.integers(0, 2**64, 60_000, np.uint64)
    others = others[~np.isin(others, own)]
    assert not index.works(others).any()
    assert not index.works(np.array([], np.uint64)).size
    empty = WorksIndex(index_of(own[:0], []))
    assert not empty.works(others).any()


def test_a_broken_index_is_never_an_empty_one() -> None:
    data = index_of(prints_of(WORK), [1] * len(prints_of(WORK)))
    for broken in (
        b"",
        data[:100],
        data[:-1],
        data + b"x",
        b"x" + data[1:],
        data[:16] + b"\x1d" + data[17:],
        data[:40] + b"\x00" + data[41:],
        data[:132] + b"\xff\xff\xff\xff" + data[136:],
    ):
        with pytest.raises(Misconfigured):
            WorksIndex(broken)


def test_the_card_says_what_it_is() -> None:
    card = DETECTOR.card
    assert (card.reach, card.runs, card.risks) == ("clause", "inline", {"A.3.a"})
    assert {rule.kind for rule in card.rules.values()} == {KIND}
    assert set(card.rules) == {"works.reproduction.w1", "works.reproduction.w2"}
