"""The law of streams: however a text is cut, the findings are those of the whole text."""

import random
import threading
from collections.abc import Callable

import pytest

from hegui.detectors import BuiltIn, TargetDetector
from hegui.detectors.lexicon import targets_of
from hegui.detectors.matcher import Matcher, PlainMatcher
from hegui.detectors.numbers import resident_check_char
from hegui.detectors.pattern import Pattern, parse
from hegui.detectors.targets import NO_DIGIT, NO_WORD, Target
from hegui.detectors.vectors import VectorMatcher
from hegui.runners.compiling import kept
from hegui.terms import ExactDetector, Misconfigured, TextColumn

Found = tuple[str, int, int, float]


@pytest.fixture(scope="module")
def built_in() -> BuiltIn:
    return BuiltIn(compiler=kept)


@pytest.fixture(scope="module")
def plain(built_in: BuiltIn) -> PlainMatcher:
    return PlainMatcher(built_in.targets)


def block(detector: ExactDetector, text: str) -> list[Found]:
    column = TextColumn.of([text])
    data = column.row_bytes(0)
    return [
        (rule, len(data[:start].decode()), len(data[:end].decode()), score)
        for _, rule, start, end, score in detector.inspect(column)
    ]


def stream(detector: ExactDetector, pieces: list[str]) -> tuple[list[Found], int]:
    """Release what can not become a finding any more; return the findings and the longest hold.

    Only ``left`` characters of what has gone out are kept. A finding is settled once it begins
    before the held tail, or the text is at its end.
    """
    left = detector.card.left
    kept, base, released, longest = "", 0, 0, 0
    found: list[Found] = []
    for number, piece in enumerate(pieces):
        kept += piece
        length = base + len(kept)
        last = number == len(pieces) - 1
        held = 0 if last else detector.pending(kept[-detector.card.span :])
        longest = max(longest, held)
        edge = max(released, length - held)
        for rule, start, end, score in block(detector, kept):
            if released <= start + base < edge:
                found.append((rule, start + base, end + base, score))
        released = edge
        drop = max(0, released - left - base)
        kept, base = kept[drop:], base + drop
    return found, longest


def resident(rng: random.Random) -> str:
    body = (
        rng.choice(["110105", "440106"])
        + f"19{rng.randrange(50, 99)}0{rng.randrange(1, 9)}1{rng.randrange(9)}"
    )
    body += f"{rng.randrange(1000):03}"
    return body + resident_check_char(body)


def mobile(rng: random.Random) -> str:
    return f"1{rng.randrange(3, 10)}{rng.randrange(10**9):09}"


def run_of(chars: str, most: int) -> Callable[[random.Random], str]:
    return lambda rng: "".join(rng.choice(chars) for _ in range(rng.randrange(1, most)))


def one_of(*texts: str) -> Callable[[random.Random], str]:
    return lambda rng: rng.choice(texts)


BITS: list[Callable[[random.Random], str]] = [
    resident,
    mobile,
    one_of("a.b@c.cn", "x@y.com.cn", "@", "+86 ", "86", "0086-", "-", " "),
    one_of("你这个废物", "你这", "how to make a bomb", "how to make a", "不想活了"),
    one_of("京A12345", "粤B·D12345", "苏E", "010-82951332", "0755 26012345", "(010) 8"),
    one_of("10.0.0.1", "8.8.8.8.8", "G12345678", "H1234567890", "4111111111111111"),
    run_of("0123456789", 8),
    run_of("０１２３８９", 5),
    run_of("abcdefXk_.", 6),
    one_of(" ", "-", "，", "。", "\n", "　", "－", "."),
    one_of("AKIA" + "Z" * 16, "sk-" + "a1" * 12, "-----BEGIN RSA PRIVATE KEY-----"),
    run_of("的号码是京川电话打怎么自杀", 4),
]


def some_text(rng: random.Random) -> str:
    return "".join(rng.choice(BITS)(rng) for _ in range(rng.randrange(1, 9)))


def cut(text: str, rng: random.Random, most: int) -> list[str]:
    pieces = []
    while text:
        size = rng.randrange(1, most + 1)
        pieces.append(text[:size])
        text = text[size:]
    return pieces or [""]


def test_however_a_text_is_cut_the_findings_are_those_of_the_whole(built_in: BuiltIn) -> None:
    rng = random.Random(20231123)
    some = 0
    for _ in range(2500):
        text = some_text(rng)
        whole = block(built_in, text)
        some += len(whole)
        streamed, _ = stream(built_in, cut(text, rng, rng.choice([1, 3, 9])))
        assert sorted(streamed) == sorted(whole), text
    assert some > 2000


def test_nothing_of_a_finding_goes_out_before_it_is_settled(built_in: BuiltIn) -> None:
    rng = random.Random(5)
    for _ in range(400):
        text = some_text(rng)
        for _, start, end, _ in block(built_in, text):
            for upto in range(start + 1, end + 1):
                tail = text[:upto]
                assert upto - built_in.pending(tail) <= start, (text, start, upto)


def test_both_back_ends_find_the_same(built_in: BuiltIn, plain: PlainMatcher) -> None:
    rng = random.Random(6)
    texts = [some_text(rng) for _ in range(700)]
    assert list(built_in.inspect(TextColumn.of(texts))) == list(plain.find(TextColumn.of(texts)))


def some_targets(rng: random.Random) -> list[Target]:
    def source() -> str:
        bits = [
            "a",
            "b",
            "字",
            "[ab]",
            "[1-3]",
            r"\d",
            "(?:ab|字1)",
            "a?",
            "(?:1字)?",
            "b{1,3}",
            r"\d{0,2}",
        ]
        return "".join(rng.choice(bits) for _ in range(rng.randrange(1, 5)))

    def one(number: int) -> Target:
        while True:
            try:
                pattern: Pattern = parse(source())
            except Misconfigured:
                continue
            before = rng.choice([frozenset[str](), NO_DIGIT, NO_WORD])
            after = rng.choice([frozenset[str](), NO_DIGIT, NO_WORD])
            check = rng.choice([None, even, early])
            folded = pattern.folded(case=rng.random() < 0.3, width=rng.random() < 0.3)
            return Target(f"r{number}", folded, before, after, check, 3, whole=rng.random() < 0.3)

    return [one(number) for number in range(rng.randrange(1, 6))]


def even(value: str, _left: str) -> float:
    return float(len(value) % 2 == 0)


def early(value: str, left: str) -> float:
    return 0.5 if "b" not in left and "bb" not in value else 0.0


@pytest.mark.parametrize("seed", range(25))
def test_random_rules_agree_on_all_back_ends_and_in_every_stream(seed: int) -> None:
    rng = random.Random(seed)
    rules = some_targets(rng)
    fast: Matcher = VectorMatcher(rules)
    slow: Matcher = PlainMatcher(rules)
    detector = TargetDetector("t", "1", {}, rules, back_end=slow)
    for _ in range(40):
        texts = [
            "".join(rng.choice("aabB１1123字x ") for _ in range(rng.randrange(14))) for _ in "123"
        ]
        column = TextColumn.of(texts)
        assert list(fast.find(column)) == list(slow.find(column)), (seed, texts)
        part = TextColumn(memoryview(column.data), column.offsets[1:])
        assert list(fast.find(part)) == list(slow.find(part)), (seed, texts)
        raw = bytes(rng.choice(b"a1b\xe5\xad\x97\xef\xbc\x91\xff ") for _ in range(20))
        torn = TextColumn(raw, [0, rng.randrange(20), 20])
        assert list(fast.find(torn)) == list(slow.find(torn)), (seed, raw)
        streamed, _ = stream(detector, cut(texts[0], rng, 4))
        assert sorted(streamed) == sorted(block(detector, texts[0])), (seed, texts[0])


def test_a_long_column_is_read_to_its_last_character(built_in: BuiltIn) -> None:
    filler = "合同条款" * 30_000
    column = TextColumn.of([filler + "电话13800138000", "9" + filler + "你这个废物", "kill myself"])
    assert [(row, rule) for row, rule, *_ in built_in.inspect(column)] == [
        (0, "pii.mobile"),
        (1, "lex.insult"),
        (2, "lex.self_harm"),
    ]


def test_rows_do_not_see_each_other(built_in: BuiltIn) -> None:
    column = TextColumn.of(["电话138001", "38000", "", "13800138000", "9", "a", "idiot", "x"])
    assert [(row, start) for row, _, start, _, _ in built_in.inspect(column)] == [(3, 0)]
    column = TextColumn.of(["1", "13800138000", "a", "", "kill myself", "１", "13800138000"])
    assert [row for row, *_ in built_in.inspect(column)] == [1, 4, 6]


def test_a_slice_of_a_column_is_read_without_copying_it_whole(built_in: BuiltIn) -> None:
    whole = TextColumn.of(["电话13900139000", "电话13800138000", "无"])
    part = TextColumn(memoryview(whole.data), whole.offsets[1:])
    assert list(built_in.inspect(part)) == [(0, "pii.mobile", 6, 17, 1.0)]


def test_findings_stand_in_a_fixed_order_and_may_overlap() -> None:
    rules = [Target(rule, parse(s)) for rule, s in (("b", "bc"), ("a", "abc?"), ("c", "[a-c]{2}"))]
    detector = TargetDetector("t", "1", {}, rules)
    assert block(detector, "abc") == [
        ("c", 0, 2, 1.0),
        ("a", 0, 3, 1.0),
        ("b", 1, 3, 1.0),
        ("c", 1, 3, 1.0),
    ]


def test_bytes_that_are_not_utf8_do_no_harm(built_in: BuiltIn, plain: PlainMatcher) -> None:
    rng = random.Random(9)
    good = "电话13800138000，你这个废物".encode()
    rows = [
        b"\xff\xfe" + good + b"\x80",
        b"\xff13800138000\xe4\xb8",
        bytes(rng.randrange(256) for _ in range(400)),
        good,
    ]
    rows += [good[:size] for size in range(0, len(good), 5)]
    offsets = [0]
    for row in rows:
        offsets.append(offsets[-1] + len(row))
    column = TextColumn(b"".join(rows), offsets)
    found = list(built_in.inspect(column))
    assert found == list(plain.find(column))
    assert (0, "pii.mobile", 8, 19, 1.0) in found


def test_hostile_texts_end_in_time(built_in: BuiltIn) -> None:
    for text in ("1" * 200_000, "a" * 200_000, "京A" * 80_000, "\0" * 100_000, "a@" * 50_000):
        assert not len(built_in.inspect(TextColumn.of([text])))
        assert built_in.pending(text) <= built_in.card.span


def test_threads_share_one_detector(built_in: BuiltIn) -> None:
    rng = random.Random(8)
    texts = [some_text(rng) for _ in range(150)]
    want = [block(built_in, text) for text in texts]
    wrong: list[str] = []

    def work() -> None:
        for text, found in zip(texts, want, strict=True):
            if block(built_in, text) != found or built_in.pending(text) > built_in.card.span:
                wrong.append(text)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_digest_names_what_is_looked_for() -> None:
    one = TargetDetector("t", "1", {}, targets_of("a", parse("abc"))).card
    same = TargetDetector("t", "1", {}, targets_of("a", parse("abc"))).card
    other = TargetDetector("t", "1", {}, targets_of("a", parse("abd"))).card
    assert one.digest == same.digest != other.digest
    assert (one.reach, one.runs, one.span, one.left) == ("exact", "inline", 3, 1)
    assert isinstance(TargetDetector("t", "1", {}, []), ExactDetector)
    assert not len(TargetDetector("t", "1", {}, []).inspect(TextColumn.of(["x"])))
