"""Texts and uses that are meant to hurt: bounded time and memory, same findings everywhere."""

import resource
import threading
import time

import pytest

from hegui.detectors import BuiltIn
from hegui.detectors.ahocorasick import LiteralMatcher
from hegui.detectors.collect import WIDTH, Collector
from hegui.detectors.matcher import Matcher, PlainMatcher
from hegui.detectors.pattern import literal
from hegui.detectors.reading import CORPUS, GATEWAY, Channels
from hegui.detectors.targets import Target
from hegui.detectors.vectors import Sizes, VectorMatcher
from hegui.runners.compiling import builtin, kept
from hegui.terms import TextColumn

LINE = "合同编号 13800138000，邮箱 a.b@example.com；"
HURTFUL = {
    "one line": LINE,
    "NULs": "\0",
    "combining marks": "e" + "\u0301" * 9,
    "right-to-left overrides": "\u202e138\u202c",
    "digits": "1",
    "full-width digits": "１",
    "full-width letters": "ｋＩｌｌ",
    "at signs": "a@",
    "plates begun": "京A",
}


@pytest.fixture(scope="module")
def built_in() -> BuiltIn:
    return BuiltIn(compiler=kept)


@pytest.fixture(scope="module")
def others(built_in: BuiltIn) -> list[Matcher]:
    """The other back ends, of the same targets, built once."""
    return [PlainMatcher(built_in.targets), LiteralMatcher(built_in.targets)]


@pytest.mark.parametrize("unit", HURTFUL.values(), ids=list(HURTFUL))
def test_a_hostile_text_takes_time_in_proportion(built_in: BuiltIn, unit: str) -> None:
    times = []
    for size in (70_000, 280_000):
        column = TextColumn.of([unit * (size // len(unit.encode()))])
        began = time.process_time()
        built_in.inspect(column)
        times.append(time.process_time() - began)
    assert times[1] < 12 * times[0] + 0.2


@pytest.mark.parametrize(
    ("channels", "unit"),
    [
        (GATEWAY, "如何制\u200b造炸弹，"),
        (GATEWAY, ("\u200b" * 8).join("如何制造炸弹，")),
        (CORPUS, "如何制\u200b造炸弹，"),
    ],
)
def test_a_text_full_of_disguises_takes_time_in_proportion(channels: Channels, unit: str) -> None:
    detector, times = builtin(channels=channels)[0], []
    for size in (20_000, 160_000):
        column = TextColumn.of([unit * (size // len(unit))])
        began = time.process_time()
        assert len(detector.inspect(column)) >= size // len(unit)
        times.append(time.process_time() - began)
    assert times[1] < 18 * times[0] + 0.3


@pytest.mark.parametrize("unit", [*HURTFUL.values(), "\ud800", LINE[:7]])
def test_a_hostile_text_has_the_same_findings_on_all_back_ends(
    built_in: BuiltIn, others: list[Matcher], unit: str
) -> None:
    data = (unit * 60).encode("utf-8", "surrogatepass") + b"\xff" + unit.encode("utf-8", "replace")
    column = TextColumn(data, [0, 5, len(data)])
    found = list(built_in.inspect(column))
    for other in others:
        assert list(other.find(column)) == found


def test_a_long_row_is_read_a_segment_at_a_time() -> None:
    lengths: list[int] = []
    matcher = VectorMatcher([Target("r", literal("ab"))], sizes=Sizes(bytes=0, segment=1 << 16))
    scan = matcher._bulk._narrow
    matcher._bulk._narrow = lambda data: lengths.append(len(data)) or scan(data)  # type: ignore[func-returns-value]
    found = matcher.find(TextColumn.of(["ab" * 500_000]))
    assert len(found) == 500_000
    assert max(lengths) <= (1 << 16) + 8 + 1


def test_short_scans_from_many_threads_neither_crash_nor_grow(built_in: BuiltIn) -> None:
    columns = [TextColumn.of([text]) for text in ("打电话13800138000", "无", "ｋｉｌｌ a@b.cn")]
    want = [list(built_in.inspect(column)) for column in columns]
    wrong: list[int] = []

    def work() -> None:
        wrong.extend(
            n for n in range(3000) if list(built_in.inspect(columns[n % 3])) != want[n % 3]
        )

    def run() -> int:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    assert run() + 16 > run()  # MiB
    assert not wrong


def test_no_stream_of_the_engine_is_ever_opened(built_in: BuiltIn) -> None:
    vectors = built_in._matcher
    assert isinstance(vectors, VectorMatcher)
    for engine in (vectors._narrow, vectors._wide):
        with pytest.raises(Exception, match=r"."):
            engine._database.stream()  # block mode: the engine itself refuses one


@pytest.mark.parametrize("plain", [False, True])
def test_a_callback_keeps_what_the_engine_hands_it(*, plain: bool) -> None:
    collector = Collector(plain=plain)
    for number in range(1000):
        assert collector.take(number, 0, 1 << 40, 0, 0) is None
    assert collector.hits[-WIDTH:] == [999, 0, 1 << 40, 0, 0]
    assert len(collector.hits) == 1000 * WIDTH
