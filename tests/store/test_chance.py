import os
from concurrent.futures import ThreadPoolExecutor

from hegui.store import random_bytes


def test_no_bytes_are_given_twice_within_or_across_threads() -> None:
    with ThreadPoolExecutor(4) as threads:
        drawn = list(threads.map(random_bytes, [16] * 4_000))
    assert {len(each) for each in drawn} == {16}
    assert len(set(drawn)) == len(drawn)


def test_more_than_the_pool_holds_is_drawn_at_once() -> None:
    assert len(random_bytes(10_000)) == 10_000
    assert random_bytes(0) == b""


def test_a_forked_child_draws_its_own() -> None:
    random_bytes(1)  # there is a pool to inherit
    inner, outer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(outer, random_bytes(32))
        os._exit(0)
    os.close(outer)
    with os.fdopen(inner, "rb") as pipe:
        theirs = pipe.read()
    os.waitpid(child, 0)
    assert len(theirs) == 32
    assert theirs != random_bytes(32)
