"""Mining: exact counts, an honest interval, fragments folded, the same list every time."""

import random
from functools import partial

import pytest

from hegui.detectors.mining import mine, wilson

BAD = [f"加微信代开发票{n % 7}号，buy cheap pills now" for n in range(40)]
GOOD = [f"加微信聊工作{n % 7}，buy bread now" for n in range(40)]


def of(rows: list[str]) -> "partial[list[str]]":
    return partial(list, rows)


def test_words_that_tell_the_two_apart_are_found_with_their_exact_counts() -> None:
    found = {each.text: each for each in mine(of(BAD), of(GOOD))}
    assert set(found) == {"加微信代开发票", "cheap pills"} | (set(found) - {"加微信", "now"})
    word = found["加微信代开发票"]
    assert (word.positive, word.negative, word.recall) == (40, 0, 1.0)
    assert word.lower == pytest.approx(wilson(40, 40))
    assert not {"加微信", "buy", "now", "微信"} & set(found)


def test_a_part_that_stands_only_within_a_longer_word_is_folded_into_it() -> None:
    texts = [each.text for each in mine(of(BAD), of(GOOD)) if not each.text.isascii()]
    assert texts == ["加微信代开发票"]


def test_few_hits_are_not_yet_certainty() -> None:
    assert wilson(5, 5) == pytest.approx(0.5655, abs=1e-3)
    assert wilson(0, 0) == 0.0
    assert wilson(90, 100) == pytest.approx(0.8256, abs=1e-3)
    assert mine(of(BAD[:5]), of(GOOD)) == []


def test_a_word_that_is_common_everywhere_is_none() -> None:
    assert mine(of(GOOD), of(GOOD)) == []


def test_rows_count_and_not_how_often_a_row_repeats_itself() -> None:
    (found,) = mine(of(["骗局" * 9 + "，"] * 20), of(["好的"] * 20), most=1)
    assert found.positive == 20


def test_the_order_of_rows_changes_nothing() -> None:
    shuffled = BAD[:]
    random.Random(7).shuffle(shuffled)
    assert mine(of(BAD), of(GOOD)) == mine(of(shuffled), of(GOOD))
