import asyncio
from hashlib import sha256
from pathlib import Path

import pytest
from tests.witness.conftest import COSIGNERS, Post
from tests.witness.log import Log

from hegui.ledger.cosignature import ED25519, ML_DSA_44, seen_by
from hegui.ledger.cosigning import Cosigner
from hegui.ledger.note import Checkpoint, Signer, open_note
from hegui.terms import Unavailable
from hegui.testing.clock import FixedClock
from hegui.testing.serve import running
from hegui.witness.asking import write
from hegui.witness.server import witness_app
from hegui.witness.signing import Witness
from hegui.witness.state import Held, State

KEYS = [each.key for each in COSIGNERS]


async def test_a_head_gets_a_line_by_each_key_at_the_witnesss_own_time(
    post: Post, log: Log, clock: FixedClock
) -> None:
    said = await post(log.request(0))
    assert (said.status, said.body.count("\n")) == (200, 2)
    assert all(line.startswith("— w.test/1 ") for line in said.body.splitlines())
    seen = seen_by(log.head() + said.body, KEYS)
    assert [(one.kind, one.time) for one in seen] == [
        (ED25519, clock() // 1_000),
        (ML_DSA_44, clock() // 1_000),
    ]


async def test_a_log_grows_from_size_to_size_with_proofs(post: Post, log: Log) -> None:
    assert (await post(log.request(0))).status == 200
    for by in (1, 2, 3, 7, 250, 1_000):
        old = log.size
        assert (await post(log.grow(by).request(old))).status == 200
    assert (await post(log.request(log.size))).status == 200


async def test_an_old_size_that_is_not_the_one_held_is_told_the_size_as_specified(
    post: Post, log: Log
) -> None:
    await post(log.request(0))
    log.grow(4)
    for old in (0, 3, 7):
        said = await post(log.request(old))
        assert (said.status, said.body, said.content_type) == (409, "5\n", "text/x.tlog.size")


async def test_a_log_that_forks_gets_no_signature_for_its_other_history(
    post: Post, log: Log, state: State
) -> None:
    log.grow(15)
    await post(log.request(0))
    fork = log.fork(10, 30)
    refused = [
        await post(fork.request(20)),
        await post(write(20, fork.proof(10), fork.head())),
        await post(write(20, [], fork.head())),
        await post(write(20, log.grow(20).proof(20), fork.head())),
    ]
    assert {said.status for said in refused} == {422}
    assert not any("—" in said.body for said in refused)
    with state.transaction() as file:
        (found,) = file.evidence()
    assert (found.kind, found.times, found.shown) == ("unproven", 4, fork.head())
    assert open_note(found.held, log.signer.vkey) == log.text(20)


@pytest.mark.parametrize("old", [0, 4, 5])
async def test_two_heads_of_one_size_are_refused_and_kept_as_evidence(
    post: Post, log: Log, state: State, old: int
) -> None:
    await post(log.request(0))
    fork = log.fork(3, 2)
    assert fork.size == log.size
    said = [await post(write(old, [], fork.head())) for _ in range(3)]
    assert {each.status for each in said} == ({422} if old == 5 else {409})
    with state.transaction() as file:
        (found,) = file.evidence()
        assert file.logs()[0].splits == 1
    assert (found.kind, found.times) == ("split", 3)
    held, shown = (open_note(note, log.signer.vkey) for note in (found.held, found.shown))
    assert (held, shown) == (log.text(), fork.text())


async def test_evidence_of_a_hostile_log_does_not_grow_without_end(post: Post, log: Log) -> None:
    await post(log.request(0))
    for n in range(70):
        head = log.signer.sign(Checkpoint(log.origin, 5, bytes([n]) * 32).text())
        assert (await post(write(5, [], head))).status == 422
    assert (await post(log.request(5))).status == 200


async def test_a_log_that_is_not_followed_is_not_found(post: Post, log: Log) -> None:
    assert (await post(Log(3, origin="other.test").request(0))).status == 404
    assert (await post(log.request(0))).status == 200


async def test_a_head_that_the_log_did_not_sign_is_forbidden(post: Post, log: Log) -> None:
    forged = Signer(log.origin, b"f" * 32).sign(log.text())
    name, _, coded = log.head().splitlines()[-1].rpartition(" ")
    changed = log.text() + f"\n{name} {coded[:8]}{'A' * 8}{coded[16:]}\n"
    twice = log.head() + changed.splitlines()[-1] + "\n"
    for note in (forged, changed, twice):
        assert (await post(write(0, [], note))).status == 403


async def test_strangers_lines_are_passed_over_and_not_handed_on(post: Post, log: Log) -> None:
    stranger = Cosigner("stranger.test", b"s" * 32).line(log.text(), 1)
    assert (await post(write(0, [], log.head() + stranger))).status == 200
    place = sha256(log.origin.encode()).hexdigest()
    async with post.http.get(f"{post.base}/{place}/checkpoint") as response:
        note = await response.text()
    assert "stranger" not in note
    assert open_note(note, log.signer.vkey) == log.text()
    assert len(seen_by(note, KEYS)) == 2


async def test_an_old_size_beyond_the_head_is_a_bad_request(post: Post, log: Log) -> None:
    assert (await post(write(6, [], log.head()))).status == 400


async def test_a_log_of_no_entries_must_have_the_root_of_nothing(post: Post, log: Log) -> None:
    odd = log.signer.sign(Checkpoint(log.origin, 0, b"x" * 32).text())
    assert (await post(write(0, [], odd))).status == 422
    assert (await post(write(0, [], log.head(0)))).status == 200
    assert (await post(log.request(0))).status == 200


async def test_a_first_head_comes_without_proof(post: Post, log: Log) -> None:
    assert (await post(write(0, [b"x" * 32], log.head()))).status == 422
    assert (await post(log.request(0))).status == 200


async def test_a_replayed_request_gains_nothing(post: Post, log: Log) -> None:
    first, second = log.request(0), None
    assert (await post(first)).status == 200
    second = log.grow(3).request(5)
    assert (await post(second)).status == 200
    assert [(await post(each)).body for each in (first, second)] == ["8\n", "8\n"]


async def test_of_two_posts_at_once_one_wins(post: Post, log: Log) -> None:
    await post(log.request(0))
    log.grow(20)
    said = await asyncio.gather(*(post(log.request(5, size)) for size in range(6, 26)))
    assert sorted(each.status for each in said) == [200] + [409] * 19
    signed = next(n for n, each in zip(range(6, 26), said, strict=True) if each.status == 200)
    assert {each.body for each in said if each.status == 409} == {f"{signed}\n"}


async def test_ml_dsa_leaves_out_a_head_with_extension_lines(post: Post, log: Log) -> None:
    text = log.text() + "extension\n"
    said = await post(write(0, [], log.signer.sign(text)))
    assert [one.kind for one in seen_by(log.signer.sign(text) + said.body, KEYS)] == [ED25519]


async def test_what_was_signed_is_found_under_the_hash_of_the_origin(post: Post, log: Log) -> None:
    place = sha256(log.origin.encode()).hexdigest()
    for path, status in ((place, 404), ("x", 404), (place.upper(), 404)):
        async with post.http.get(f"{post.base}/{path}/checkpoint") as response:
            assert response.status == status
    said = await post(log.request(0))
    async with post.http.get(f"{post.base}/{place}/checkpoint") as response:
        assert response.status == 200
        assert await response.text() == log.head() + said.body


async def test_a_store_that_cannot_be_read_is_told_with_words(
    post: Post, log: Log, state: State
) -> None:
    await post(log.request(0))
    place = sha256(log.origin.encode()).hexdigest()
    state._connection.execute("ALTER TABLE head RENAME TO gone")
    async with post.http.get(f"{post.base}/{place}/checkpoint") as response:
        said = await response.text()
        assert (response.status, response.headers["retry-after"]) == (503, "10")
    assert "witness.db" in said
    assert "无法使用" in said


async def test_a_body_that_is_too_large_or_no_request_is_refused(post: Post, log: Log) -> None:
    assert (await post(b"x" * 300_000)).status == 413
    assert (await post(b"")).status == 400
    assert (await post(log.request(0).replace(b"old", b"new"))).status == 400
    async with post.http.get(f"{post.base}/add-checkpoint") as response:
        assert response.status == 405
    async with post.http.get(f"{post.base}/healthz") as response:
        assert await response.text() == "ok\n"


async def test_a_body_that_never_ends_is_given_up(witness: Witness) -> None:
    async with running(witness_app(witness, body_seconds=0.05)) as base:
        host, port = base.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = b"POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n"
        writer.write(head + b"old")
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.close()


def test_a_restart_forgets_nothing(
    state: State, log: Log, witness: Witness, clock: FixedClock
) -> None:
    assert witness.add(log.request(0)).status == 200
    again = State(state._path)
    other = Witness(again, COSIGNERS, clock)
    assert other.add(log.request(0)).body == "5\n"
    assert other.add(log.grow(1).request(5)).status == 200
    assert witness.add(log.request(5)).body == "6\n"
    again.close()


def test_a_log_that_is_followed_again_goes_on_where_it_was(
    state: State, log: Log, witness: Witness
) -> None:
    assert witness.add(log.request(0)).status == 200
    with state.transaction() as file:
        assert file.unfollow(log.signer.vkey) == 1
    assert witness.add(log.request(5)).status == 404
    with state.transaction() as file:
        file.follow(log.origin, log.signer.vkey, 0)
    assert witness.add(log.request(0)).body == "5\n"


async def test_a_file_that_cannot_be_read_is_told_to_who_asks_for_a_head(
    post: Post, state: State
) -> None:
    state._connection.execute("DROP TABLE head")
    async with post.http.get(f"{post.base}/{'0' * 64}/checkpoint") as response:
        assert (response.status, response.headers["retry-after"]) == (503, "10")
        assert "cannot be used" in await response.text()


def test_a_full_disk_is_named_and_nothing_is_signed(tmp_path: Path) -> None:
    state = State(tmp_path / "full.db", make=True)
    pages = state._connection.execute("PRAGMA page_count").get
    state._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable, match="is full"), state.transaction() as file:
        file.hold("log.test/x", Held(1, bytes(32), "x" * 60_000, 1))
    state.close()
