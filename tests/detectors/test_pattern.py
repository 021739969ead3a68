"""The restricted regular expressions: what they match, refuse, and say read backwards."""

import random
import re
import time

import pytest

from hegui.detectors.backward import Backward
from hegui.detectors.pattern import MAX_SPAN, Pattern, literal, parse, refusal
from hegui.detectors.prefixes import Prefixes
from hegui.detectors.tree import caseless, narrow, wide
from hegui.terms import Misconfigured

NOTHING: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("source", "shortest", "span"),
    [
        ("abc", 3, 3),
        (r"1[3-9]\d{9}", 11, 11),
        ("a?b{2,4}", 2, 5),
        ("(?:ab|c){1,3}d", 2, 7),
        ("怎么(?:做|制作)炸弹", 5, 6),
        (r"\[\]\-\\\.", 5, 5),
        (r"\u4e2d[\u4e00-\u4e05]", 2, 2),
        ("(a|)b", 1, 2),
    ],
)
def test_a_pattern_knows_the_lengths_of_its_matches(source: str, shortest: int, span: int) -> None:
    pattern = parse(source)
    assert (pattern.shortest, pattern.span) == (shortest, span)
    re.compile(pattern.source)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("ab*", 3),
        ("a+", 2),
        ("a.c", 2),
        ("[^a]", 2),
        ("^a", 1),
        ("a$", 2),
        ("(?=a)b", 3),
        ("(?<!a)b", 3),
        (r"(a)\1", 5),
        (r"\w", 2),
        (r"\bcat", 2),
        ("(ab", 4),
        ("ab)", 3),
        ("a{2,}", 3),
        ("a{3,2}", 3),
        ("a{2}{3}", 5),
        ("a??", 3),
        ("[]", 3),
        ("[z-a]", 5),
        ("a?", 1),
        ("", 1),
        ("a{200}b{200}", 1),
        ("[abc", 5),
        ("(" * 40, 22),
    ],
)
def test_what_the_subset_does_not_have_is_refused_by_place(source: str, place: int) -> None:
    with pytest.raises(Misconfigured) as caught:
        parse(source)
    assert f"character {place}:" in caught.value.words.en
    assert f"第 {place} 个字符" in caught.value.words.zh


def test_folding_adds_forms_one_for_one_and_nothing_else() -> None:
    assert wide("1a(") == frozenset("1a(１ａ（")
    assert caseless("kſ") == frozenset("kKſ")
    assert narrow("１３８－Ａ　中Ⅷ") == "138-A 中Ⅷ"
    assert [narrow(char) for char in "！～　"] == ["!", "~", " "]  # the first, the last, the space
    assert re.fullmatch(literal("hi-5").folded(case=True, width=True).source, "Ｈi－５")
    assert not re.fullmatch(literal("kg").folded(case=True, width=True).source, "\u212ag")


def some_pattern(rng: random.Random, depth: int = 0) -> str:
    shape = rng.randrange(6 if depth < 2 else 2)
    if shape == 0:
        return rng.choice(["a", "b", "c", "字", "1"])
    if shape == 1:
        return rng.choice(["[ab]", "[b-d字]", r"\d"])
    inner = "".join(some_pattern(rng, depth + 1) for _ in range(rng.randrange(1, 3)))
    if shape == 2:
        return f"(?:{inner})?"
    if shape == 3:
        return f"(?:{inner}){{{rng.randrange(3)},{rng.randrange(2, 4)}}}"
    if shape == 4:
        return f"(?:{inner}|{some_pattern(rng, depth + 1)})"
    return inner


def some_patterns(rng: random.Random, count: int) -> list[Pattern]:
    patterns: list[Pattern] = []
    while len(patterns) < count:
        source = "".join(some_pattern(rng) for _ in range(rng.randrange(1, 4)))
        try:
            patterns.append(parse(source))
        except Misconfigured:
            continue  # it matches the empty text
    return patterns


def test_starts_read_backwards_are_those_that_re_matches() -> None:
    rng = random.Random(1)
    for pattern in some_patterns(rng, 300):
        backward = Backward([pattern], [NOTHING])
        whole = re.compile(pattern.source)
        text = "".join(rng.choice("abcd字1x") for _ in range(12))
        for end in range(1, 13):
            state, starts = backward.ends, []
            for at in range(end - 1, -1, -1):
                state = state[text[at]]
                if state.begins:
                    starts.append(at)
                if state.dead:
                    break
            assert starts == [s for s in range(end - 1, -1, -1) if whole.fullmatch(text, s, end)]


def beginnings(whole: re.Pattern[str], span: int, alphabet: str) -> set[str]:
    """All beginnings of all matches, by trying every text: for small patterns only."""
    found: set[str] = set()
    texts = [""]
    for _ in range(span):
        texts = [text + char for text in texts for char in alphabet]
        for text in texts:
            if whole.fullmatch(text):
                found.update(text[:size] for size in range(1, len(text) + 1))
    return found


def test_pending_is_the_longest_suffix_that_begins_a_match() -> None:
    rng = random.Random(2)
    small = [pattern for pattern in some_patterns(rng, 800) if pattern.span <= 5][:80]
    for pattern in small:
        known = beginnings(re.compile(pattern.source), pattern.span, "abcd字1")
        prefixes = Prefixes([pattern])
        for _ in range(20):
            text = "".join(rng.choice("abcd字1") for _ in range(9))
            suffixes = [size for size in range(1, 10) if text[-size:] in known]
            assert prefixes.pending(text) == max(suffixes, default=0)


def test_a_boundary_before_frees_what_cannot_begin_a_match() -> None:
    prefixes = Prefixes([parse(r"1\d{3}")], [frozenset("0123456789")])
    assert prefixes.pending("号1") == 1
    assert prefixes.pending("号112") == 3
    assert prefixes.pending("号9112") == 0
    assert prefixes.pending("号1123") == 4  # a fifth digit may still undo it
    assert prefixes.pending("号11234") == 0


def test_the_cache_of_steps_is_bounded() -> None:
    members = [literal("炸弹制作"), parse("[a-f]{1,9}@")]
    small, large = Prefixes(members, cache=50), Prefixes(members)
    rng = random.Random(3)
    for _ in range(2000):
        stray = chr(rng.randrange(0x4E00, 0x9FFF))
        tail = "".join(rng.choice("abcdefg炸弹制作很@" + stray) for _ in range(5))
        assert small.pending(tail) == large.pending(tail)
    assert len(small._backward.anywhere) <= 51


def test_an_ordinary_text_holds_back_next_to_nothing() -> None:
    prefixes = Prefixes([literal("炸弹"), literal("废物")])
    text = "为了促进生成式人工智能健康发展和规范应用，维护社会公共利益，保护公民合法权益"
    assert max(prefixes.pending(text[:size]) for size in range(len(text))) == 0


HURTFUL = {
    "catastrophic repetition": r"(a+)+$",
    "a repeat of repeats": "((a{1,16}){1,16}){1,16}",
    "repeats just within bounds, twice": "(?:a{1,256}){1,256}",
    "no bound": ".*",
    "a large bound": "a{1,100000}",
    "a bound of four thousand digits": "a{1," + "9" * 3900 + "}",
    "a right context": "(?=secret)",
    "a left context": "(?<=a)b",
    "a word boundary": r"\bcat\b",
    "a back-reference": r"(a)\1",
    "ten megabytes": "a" * 10_000_000,
    "repeats of nothing": "a" + "(" * 15 + "|" + "){256}" * 15,
    "nothing, very often": "(?:a" + "(?:|)" * 700 + "){256}",
    "every character, many times": "[\u0000-\uffff]" * 60,
    "alternatives in alternatives": "(?:a|" * 19 + "a" + ")" * 19 + "{300}",
    "half a character": "a\ud800",
    "half a character, spelt": r"[\udc00]",
    "ten thousand brackets": "(" * 10_000,
}


@pytest.mark.parametrize("source", HURTFUL.values(), ids=list(HURTFUL))
def test_what_would_hurt_is_refused_at_once_and_in_both_languages(source: str) -> None:
    began = time.process_time()
    words = refusal(source)
    assert time.process_time() - began < 1
    assert words is not None
    assert len(words.en) < 400
    assert words.en != words.zh


def test_a_good_pattern_is_not_refused() -> None:
    assert refusal(r"(?:http|https)://[a-z0-9./]{1,120}") is None
    assert refusal("[\u4e00-\u9fa5]{2,4}先生") is None
    assert refusal("[\ud7ff-\ue000]x") is None  # the halves between them are left out


def test_a_literal_is_text_and_within_the_bound() -> None:
    for text in ("", "a" * (MAX_SPAN + 1), "a\ud800"):
        with pytest.raises(Misconfigured):
            literal(text)


def test_a_phrase_is_the_pattern_that_its_tree_says() -> None:
    rng = random.Random(4)
    for _ in range(400):
        text = "".join(rng.choices("aBkK\u212aß字ａＢ１2 ，-", k=rng.randrange(1, 5)))
        phrase: Pattern = literal(text)
        general = Pattern(phrase.tree)
        for fold in (False, True):
            one, other = phrase.folded(case=fold), general.folded(case=fold)
            for left, right in ((one, other), (one.full_width(), other.full_width())):
                assert left.tree == right.tree
                assert left.source == right.source
                assert (left.opening, left.closing) == (right.opening, right.closing)
                assert (left.span, left.shortest) == (right.span, right.shortest)


def test_beginnings_of_phrases_are_those_of_the_patterns_they_are() -> None:
    rng = random.Random(5)
    edges = [NOTHING, frozenset("b字")]
    for _ in range(60):
        phrases: list[Pattern] = []
        for _ in range(rng.randrange(1, 8)):
            phrase: Pattern = literal("".join(rng.choices("aAbＢｂ字1", k=rng.randrange(1, 5))))
            phrase = phrase.folded(case=rng.random() < 0.5)
            phrases.append(phrase.full_width() if rng.random() < 0.3 else phrase)
        before = [rng.choice(edges) for _ in phrases]
        quick = Prefixes(phrases, before)
        general = Prefixes([Pattern(phrase.tree) for phrase in phrases], before)
        for _ in range(30):
            tail = "".join(rng.choices("aAbＢｂＡ字1", k=rng.randrange(7)))
            assert quick.pending(tail) == general.pending(tail), (tail, [p.source for p in phrases])
