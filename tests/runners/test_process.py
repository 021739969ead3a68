"""Plug-ins in worker processes: whatever they do, an ask is answered in time."""

import asyncio
import os
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
import uvloop

from hegui.runners.process import ProcessRunner
from hegui.terms import DetectorCard, Fault, Findings, Misconfigured, TextColumn
from hegui.testing.stopwatch import Stopwatch

PLUGIN = """
import os, sys, time, subprocess
class Mine:
    name, version = "mine", "3"
    rules = {"mine.bad": "A.2.e"}
    def __init__(self, word="坏"):
        self.word = word
    def inspect(self, texts):
        return [self.look(text) for text in texts]
    def look(self, text):
        at = text.find(self.word)
        return [("mine.bad", at, at + len(self.word), 0.9)] if at >= 0 else []
class Odd(Mine):
    def inspect(self, texts):
        ask = texts[0]
        if ask == "hang": time.sleep(60)
        if ask == "hang with a child":
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
            time.sleep(60)
        if ask == "spin":
            while True: pass
        if ask == "die": os._exit(3)
        if ask == "kill": os.kill(os.getpid(), 9)
        if ask == "exit": sys.exit(1)
        if ask == "raise": raise ValueError("content: " + ask)
        if ask == "print":
            print("hello" * 10); sys.stdout.flush()
            os.write(1, b"\\0\\0\\0\\1x"); os.system("echo shell")
        if ask == "chatter":
            for _ in range(3000): os.write(2, b"x" * 1000)
        if ask == "read": return [[("mine.bad", 0, 1, float(len(sys.stdin.read())))]]
        if ask == "miscount": return []
        if ask == "nonsense": return 7
        if ask == "span": return [[("mine.bad", 0, 99, 1.0)]]
        if ask == "negative": return [[("mine.bad", -2, 1, 1.0)]]
        if ask == "nan": return [[("mine.bad", 0, 1, float("nan"))]]
        if ask == "pid": return [[("mine.bad", 0, 1, float(os.getpid()))]]
        if ask == "secret": return [[("mine.bad", 0, 1, float("UPSTREAM_KEY" in os.environ))]]
        return super().inspect(texts)
class Slow(Mine):
    def __init__(self): time.sleep(60)
class Wordy(Mine):
    rules = 5
def crash(): os._exit(1)
"""


def runner(
    where: Path, name: str, *, deadline_ms: int = 60_000, **options: object
) -> ProcessRunner:
    (where / "odd_plugin.py").write_text(textwrap.dedent(PLUGIN), "utf-8")
    environ = {"PYTHONPATH": str(where), "PATH": os.environ["PATH"]}
    return ProcessRunner(f"odd_plugin:{name}", options, deadline_ms, environ=environ)


@pytest.fixture
async def odd(tmp_path: Path) -> AsyncIterator[ProcessRunner]:
    made = runner(tmp_path, "Odd")
    await made.start()
    yield made
    await made.close()


@contextmanager
def hasty(made: ProcessRunner, seconds: float = 0.4) -> Iterator[None]:
    """Have the deadline pass meanwhile; before and after, none does on the busiest machine."""
    before, made._deadline = made._deadline, seconds
    try:
        yield
    finally:
        made._deadline = before


async def ask(made: ProcessRunner, *texts: str) -> Findings | Fault:
    return await made.inspect(TextColumn.of(texts))


def rows(report: Findings | Fault) -> list[tuple[int, str, int, int, float]]:
    assert isinstance(report, Findings)
    return list(report)


async def test_a_ten_line_plug_in_is_loaded_and_answers_in_bytes(tmp_path: Path) -> None:
    made = runner(tmp_path, "Mine", word="糟")
    card = await made.start()
    assert isinstance(card, DetectorCard)
    assert (card.name, card.version, card.reach, card.runs) == ("mine", "3", "clause", "process")
    assert (card.risks, card.rules["mine.bad"].clause) == (frozenset({"A.2.e"}), "4(2)")
    assert rows(await ask(made, "好", "很糟糕", "")) == [(1, "mine.bad", 3, 6, 0.9)]
    whole = TextColumn.of(["糟", "更糟", "x"])
    part = TextColumn(memoryview(whole.data), whole.offsets[1:])
    assert rows(await made.inspect(part)) == [(0, "mine.bad", 3, 6, 0.9)]
    await made.close()
    other = runner(tmp_path, "Mine", word="坏")
    assert (await other.start()).digest != card.digest
    await other.close()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hang", "timeout"),
        ("hang with a child", "timeout"),
        ("spin", "timeout"),
        ("die", "crashed"),
        ("kill", "crashed"),
        ("exit", "crashed"),
        ("raise", "ValueError"),
        ("miscount", "miscount"),
        ("nonsense", "TypeError"),
        ("span", "span"),
        ("negative", "span"),
    ],
)
async def test_what_goes_wrong_is_a_fault_and_the_next_ask_is_answered(
    text: str, reason: str, odd: ProcessRunner
) -> None:
    with hasty(odd) if reason == "timeout" else nullcontext():
        assert await ask(odd, text) == Fault("mine", reason)
    assert await settled(lambda: ask(odd, "坏")) == [(0, "mine.bad", 0, 3, 0.9)]


async def settled(
    work: Callable[[], Awaitable[Findings | Fault]],
) -> list[tuple[int, str, int, int, float]]:
    """Ask until the worker has been restarted: a slow machine may need several deadlines."""
    for _ in range(50):
        report = await work()
        if isinstance(report, Findings):
            return list(report)
        assert report.reason in {"restarting", "busy"}  # busy: asks before this one still wait
    raise AssertionError("never restarted")


async def test_a_late_worker_is_killed_within_the_deadline_and_leaves_no_zombie(
    odd: ProcessRunner,
) -> None:
    ((_, _, _, _, pid),) = rows(await ask(odd, "pid"))
    with Stopwatch() as watch, hasty(odd):
        assert await ask(odd, "hang with a child") == Fault("mine", "timeout")
        assert watch.seconds < 3
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    await settled(lambda: ask(odd, "坏"))


async def test_what_a_plug_in_prints_breaks_nothing_and_is_bounded(odd: ProcessRunner) -> None:
    assert rows(await ask(odd, "print")) == []
    assert rows(await ask(odd, "坏")) == [(0, "mine.bad", 0, 3, 0.9)]
    async with asyncio.timeout(60):  # its printing comes another way than its answers
        while not all(word in odd.last_words for word in ("hello", "shell")):  # noqa: ASYNC110 - the worker's
            await asyncio.sleep(0.01)
    assert rows(await ask(odd, "chatter")) == []
    assert len(odd.last_words) <= 8192


async def test_a_plug_in_reads_no_input_and_no_secret(
    odd: ProcessRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rows(await ask(odd, "read"))[0][4] == 0.0
    monkeypatch.setenv("UPSTREAM_KEY", "s")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = ProcessRunner("odd_plugin:Odd", deadline_ms=60_000)
    await made.start()
    assert rows(await ask(made, "secret"))[0][4] == 0.0
    await made.close()


async def test_a_score_that_is_no_number_is_passed_on_for_the_engine_to_refuse(
    odd: ProcessRunner,
) -> None:
    ((*_, score),) = rows(await ask(odd, "nan"))
    assert score != score  # noqa: PLR0124 - that is what NaN is


@pytest.mark.parametrize(
    ("plugin", "says"),
    [
        ("odd_plugin:Nothing", "Nothing"),
        ("odd_plugin:Wordy", "TypeError"),
        ("odd_plugin:crash", "crashed"),
        ("no_such_module:X", "no_such_module"),
        ("no-such-entry-point", "hegui.detectors"),
        ("json:loads", "TypeError"),
    ],
)
async def test_a_plug_in_that_cannot_be_loaded_stops_the_start(
    plugin: str, says: str, tmp_path: Path
) -> None:
    runner(tmp_path, "Mine")
    made = ProcessRunner(plugin, environ={"PYTHONPATH": str(tmp_path)})
    with pytest.raises(Misconfigured) as caught:
        await made.start()
    assert says in caught.value.words.en
    assert says in caught.value.words.zh
    assert await ask(made, "x") == Fault(plugin, "not-started")
    await made.close()


async def test_a_plug_in_that_never_finishes_loading_stops_the_start(tmp_path: Path) -> None:
    runner(tmp_path, "Slow")
    made = ProcessRunner("odd_plugin:Slow", start_ms=500, environ={"PYTHONPATH": str(tmp_path)})
    with pytest.raises(Misconfigured, match="timeout"):
        await made.start()


async def test_asks_take_turns_and_the_last_in_a_long_line_are_told_so(odd: ProcessRunner) -> None:
    with hasty(odd, 2.0):
        asks = [asyncio.ensure_future(ask(odd, text)) for text in ("hang", "坏", "坏")]
        first, *others = await asyncio.gather(*asks)
    assert first == Fault("mine", "timeout")
    for other in others:
        assert isinstance(other, Findings) or other.reason in ("busy", "restarting")
    many = await asyncio.gather(*[settled(lambda: ask(odd, "坏")) for _ in range(5)])
    assert all(many)


async def test_a_cancelled_ask_does_not_mix_up_the_answers(odd: ProcessRunner) -> None:
    for _ in range(5):
        waiting = asyncio.ensure_future(ask(odd, "坏", "坏", "坏"))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert rows(await ask(odd, "坏")) == [(0, "mine.bad", 0, 3, 0.9)]


async def test_closing_answers_what_is_open_and_leaves_no_process(tmp_path: Path) -> None:
    made = runner(tmp_path, "Odd")
    await made.start()
    ((_, _, _, _, pid),) = rows(await ask(made, "pid"))
    waiting = asyncio.ensure_future(ask(made, "hang"))
    await asyncio.sleep(0.05)
    await made.close()
    assert isinstance(await waiting, Fault)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    assert await ask(made, "坏") == Fault("mine", "not-started")
    await made.close()


async def test_a_plug_in_that_changed_on_disk_is_not_taken_up_by_a_restart(tmp_path: Path) -> None:
    made = runner(tmp_path, "Odd")
    await made.start()
    source = tmp_path / "odd_plugin.py"
    source.write_text(source.read_text("utf-8") + "\n# changed\n", "utf-8")
    assert await ask(made, "die") == Fault("mine", "crashed")
    for _ in range(3):
        assert await ask(made, "坏") == Fault("mine", "restarting")
    await made.close()


def test_all_of_this_holds_under_uvloop(tmp_path: Path) -> None:
    async def tour() -> None:
        made = runner(tmp_path, "Odd")
        await made.start()
        assert rows(await ask(made, "坏"))
        for text, reason in (("hang", "timeout"), ("die", "crashed"), ("raise", "ValueError")):
            with hasty(made) if reason == "timeout" else nullcontext():
                assert await ask(made, text) == Fault("mine", reason)
            assert await settled(lambda: ask(made, "坏"))
        assert rows(await ask(made, "chatter")) == []
        await made.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(tour())


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")  # nobody may be there to collect an orphan in a container
    return stat.exists() and stat.read_text("ascii").rpartition(")")[2].split()[0] == "Z"


async def test_a_worker_whose_parent_is_gone_leaves_even_if_it_hangs(tmp_path: Path) -> None:
    runner(tmp_path, "Odd")
    script = textwrap.dedent("""
        import asyncio, os, sys
        from hegui.runners.process import ProcessRunner
        from hegui.terms import TextColumn
        async def main():
            made = ProcessRunner("odd_plugin:Odd", {}, 60000, environ=dict(os.environ))
            await made.start()
            found = await made.inspect(TextColumn.of(["pid"]))
            print(int(found.score[0]), flush=True)
            await made.inspect(TextColumn.of(["hang"]))
        asyncio.run(main())
    """)
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert parent.stdout
    pid = int(await parent.stdout.readline())
    await asyncio.sleep(0.2)
    parent.kill()
    await parent.wait()
    for _ in range(1_200):
        if gone(pid):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the worker is still there")
