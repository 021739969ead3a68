"""Compiling in a child: cached by what was compiled, never trusted blindly, never for ever."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hegui.detectors.pattern import literal, parse
from hegui.detectors.targets import Target
from hegui.runners.compiling import Shelf, matcher
from hegui.runners.keeping import KEPT, SPACE, Drawer
from hegui.terms import Misconfigured, TextColumn
from hegui.testing.stopwatch import Stopwatch

TARGETS = [Target("r", literal("炸弹")), Target("s", parse(r"[1１]\d{3}"))]
COLUMN = TextColumn.of(["一颗炸弹", "１999"])
FOUND = [(0, "r", 6, 12, 1.0), (1, "s", 0, 6, 1.0)]


def only_file(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def test_what_was_compiled_is_kept_for_the_owner_alone_and_used_again(tmp_path: Path) -> None:
    cache = tmp_path / "compiled"
    assert list(matcher(TARGETS, cache=cache).find(COLUMN)) == FOUND
    kept = only_file(cache)  # nothing half-written beside it
    assert kept.stat().st_mode & 0o777 == 0o600
    written = kept.stat().st_ino  # a file that is made anew takes its place: another one
    assert list(matcher(TARGETS, cache=cache).find(COLUMN)) == FOUND
    assert kept.stat().st_ino == written
    matcher(TARGETS[:1], cache=cache)
    matcher(TARGETS[:1], TARGETS[1:], cache=cache)
    assert len(list(cache.iterdir())) == 2  # the same expressions: exceptions are decided on hits


def cut_short(data: bytes) -> bytes:
    return data[:-1]


def one_bit_changed(data: bytes) -> bytes:
    return data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]


def of_another_key(data: bytes) -> bytes:
    return data.replace(data[55:60], b"00000", 1)


def empty(_data: bytes) -> bytes:
    return b""


def test_a_file_that_is_not_whole_or_of_other_rules_is_compiled_anew(tmp_path: Path) -> None:
    matcher(TARGETS, cache=tmp_path)
    kept = only_file(tmp_path)
    good = kept.read_bytes()
    for spoil in (cut_short, one_bit_changed, of_another_key, empty):
        kept.write_bytes(spoil(good))
        assert list(matcher(TARGETS, cache=tmp_path).find(COLUMN)) == FOUND
        assert kept.read_bytes() == good, spoil


def test_a_file_that_others_may_write_is_not_believed(tmp_path: Path) -> None:
    matcher(TARGETS, cache=tmp_path)
    kept = only_file(tmp_path)
    kept.chmod(0o666)
    assert list(matcher(TARGETS, cache=tmp_path).find(COLUMN)) == FOUND
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert list(matcher(TARGETS, cache=blocked / "compiled").find(COLUMN)) == FOUND


NAME = "0" * 64


def test_what_was_made_is_kept_for_the_owner_alone(tmp_path: Path) -> None:
    cache = tmp_path / "made"
    shelf = Shelf(cache)
    assert shelf.get(NAME) is None
    shelf.put(NAME, b"a detector")
    kept = only_file(cache)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert shelf.get(NAME) == b"a detector"
    assert shelf.get("1" * 64) is None
    kept.rename(kept.with_name("1" * 64 + ".made"))
    assert shelf.get("1" * 64) is None, "a file says itself what it is"


def test_what_was_made_and_is_not_whole_or_not_ours_alone_is_not_there(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(NAME, b"a detector of twelve rules")
    kept = only_file(tmp_path)
    good = kept.read_bytes()
    for spoil in (cut_short, one_bit_changed, of_another_key, empty):
        kept.write_bytes(spoil(good))
        assert shelf.get(NAME) is None, spoil
    kept.write_bytes(good)
    assert shelf.get(NAME) is not None
    for mode in (0o620, 0o602, 0o604):
        kept.chmod(mode)
        assert shelf.get(NAME) is None, oct(mode)


def test_a_cache_that_is_no_folder_keeps_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    shelf = Shelf(blocked / "made")
    shelf.put(NAME, b"a detector")
    assert shelf.get(NAME) is None
    Shelf(None).put(NAME, b"a detector")
    assert Shelf(None).get(NAME) is None


def test_only_the_latest_used_are_kept(tmp_path: Path) -> None:
    drawer = Drawer(tmp_path, "made", b"a form\n")
    names = [f"{number:064}" for number in range(KEPT + 2)]
    for number, name in enumerate(names[:-1]):
        (tmp_path / f"{name}.made").write_bytes(b"")
        os.utime(tmp_path / f"{name}.made", (number, number))
    drawer.put(names[-1], b"a detector")
    assert sorted(path.stem for path in tmp_path.iterdir()) == names[2:]


def test_what_takes_too_much_room_pushes_out_the_oldest_and_never_itself(tmp_path: Path) -> None:
    drawer = Drawer(tmp_path, "made", b"a form\n")
    for number, size in enumerate((1, SPACE - 10_000, 5_000)):
        with (tmp_path / f"{number:064}.made").open("wb") as file:
            file.truncate(size)
        os.utime(tmp_path / f"{number:064}.made", (number, number))
    drawer.put(NAME.replace("0", "f"), b"x" * 4_000)
    assert sorted(path.stem[-1] for path in tmp_path.iterdir()) == ["0", "1", "2", "f"]
    drawer.put(NAME.replace("0", "e"), b"x" * 4_000)
    assert sorted(path.stem[-1] for path in tmp_path.iterdir()) == ["2", "e", "f"]


@pytest.fixture
def children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have every child process leave a line in this file."""
    told, program = tmp_path / "children", tmp_path / "python"
    program.write_text(f'#!/bin/sh\necho x >> "{told}"\nexec "{sys.executable}" "$@"\n')
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    return told


def test_of_several_that_need_the_same_rules_one_compiles_them(
    tmp_path: Path, children: Path
) -> None:
    cache = tmp_path / "cache"
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(matcher, TARGETS, cache=cache) for _ in range(3)]
        assert [list(one.result().find(COLUMN)) for one in asked] == [FOUND] * 3
    assert children.read_text() == "x\n"
    only_file(cache)  # and no lock stays


def test_whoever_waits_in_vain_compiles_all_the_same(tmp_path: Path, children: Path) -> None:
    cache = tmp_path / "cache"
    matcher(TARGETS, cache=cache)
    kept = only_file(cache)
    kept.unlink()
    drawer = Drawer(cache, "rules", b"")
    with drawer.alone(kept.stem):
        found, _ = Shelf(cache, wait=0.01).matcher(TARGETS, [])
        assert list(found.find(COLUMN)) == FOUND
    assert children.read_text() == "x\nx\n"


def test_a_lock_whose_holder_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from hegui.runners.keeping import Drawer\n"
        "with Drawer(pathlib.Path(sys.argv[1]), 'rules', b'').alone('0' * 64):\n"
        "    print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-P", "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        drawer, waited = Drawer(tmp_path, "rules", b""), threading.Event()
        with drawer.alone(NAME, 0, waited.set):
            assert waited.is_set()
        child.kill()
    only_file(tmp_path)
    again = threading.Event()
    with drawer.alone(NAME, 0, again.set):
        assert not again.is_set()
    assert list(tmp_path.iterdir()) == []


def test_what_was_half_written_when_a_process_was_killed_is_removed_after_an_hour(
    tmp_path: Path,
) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(NAME, b"a detector")
    kept = only_file(tmp_path)
    now = kept.stat().st_mtime
    half, lock = f".{NAME}.rules.0123456789abcdef", f".{NAME}.made.lock"
    strangers = (
        "notes.txt",
        f".{NAME}.rules",
        ".cache.rules.0123456789abcdef",
        f".{NAME[1:]}0.a.b",
    )
    for name in (half, lock, *strangers):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (now - 4_000, now - 4_000))
    fresh = half.replace("f", "e")
    (tmp_path / fresh).write_bytes(b"x")
    assert Shelf(tmp_path).get(NAME) is not None, "a start that finds everything there"
    assert {one.name for one in tmp_path.iterdir()} == {kept.name, fresh, *strangers}
    os.utime(tmp_path / fresh, (now - 4_000, now - 4_000))
    Shelf(tmp_path).put(NAME, b"another")
    assert {one.name for one in tmp_path.iterdir()} == {kept.name, *strangers}


def test_rules_that_take_too_long_are_refused_in_words() -> None:
    with Stopwatch() as watch:
        with pytest.raises(Misconfigured) as caught:
            matcher(TARGETS, deadline=0.01)
        assert watch.seconds < 5
    assert "0.01 seconds" in caught.value.words.en
    assert "0.01 秒" in caught.value.words.zh


def test_rules_that_the_engine_refuses_are_refused_in_words() -> None:
    wide = parse("(?:[一-龥][a-z0-9]?){40,120}")
    with pytest.raises(Misconfigured) as caught:
        matcher([Target("r", wide)] * 3)
    assert "engine refuses" in caught.value.words.en
