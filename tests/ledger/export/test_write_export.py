"""Writing exports: complete or not there, what is in them, and for whom."""

import io
import json
import resource
import stat
import tarfile
import tracemalloc
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import pyrage
import pytest
from tests.ledger.conftest import FIELDS
from tests.ledger.export.folders import (
    NOW,
    SIGNER,
    MemoryLog,
    a_record,
    check,
    named,
    nothing,
    own_record,
    replaced,
    restore_manifest,
)

from hegui.ledger import proof
from hegui.ledger.export import (
    Content,
    FolderSink,
    Keys,
    Opened,
    Period,
    Scope,
    SealedSink,
    write_export,
)
from hegui.ledger.export.clauses import clause_of
from hegui.ledger.kinds import all_kinds
from hegui.terms import BadRequest, Unavailable, Words

Write = Callable[..., Path]
TEXT = "内容 that was asked".encode()
SALT = b"s" * 32


def asked(name: str = "01KSR49200AAAAAAAAAAAAAAAA", at_ms: int = NOW) -> bytes:
    commit = sha256(SALT + TEXT).hexdigest()
    fields = {**FIELDS["exchange.asked"], "exchange": name, "commit": commit}
    return a_record(at_ms, "exchange.asked", **fields)


def opens(exchange: str, part: str) -> Opened | None:
    kept = exchange.startswith("01KSR") and part == "prompt"
    return Opened(TEXT, SALT) if kept else None


def write_all(sink: FolderSink | SealedSink, log: MemoryLog, scope: Scope) -> None:
    with sink:
        write_export(log, scope, log.size - 1, Keys([SIGNER.vkey]), sink, nothing)


def test_an_export_holds_what_its_pages_say(kept_export: Path) -> None:
    names = {
        str(file.relative_to(kept_export)) for file in kept_export.rglob("*") if file.is_file()
    }
    assert names == {
        *("checkpoint", "vkey", "export.json", "clauses.json", "SHA256SUMS"),
        *("README.md", "README.zh.md", "verify.py", "verify.html"),
        *("tile/0/000", "tile/0/001", "tile/0/002.p/89", "tile/1/000.p/2"),
        *("tile/entries/000", "tile/entries/001", "tile/entries/002.p/89"),
        *("proof/003.tlog-proof", "proof/300.tlog-proof", "proof/600.tlog-proof"),
    }


def test_only_its_owner_reads_an_export(kept_export: Path) -> None:
    modes = {stat.S_IMODE(each.stat().st_mode) for each in [kept_export, *kept_export.rglob("*")]}
    assert modes == {0o700, 0o600}


def test_the_manifest_is_one_that_sha256sum_reads(kept_export: Path) -> None:
    lines = (kept_export / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    files = [line[66:] for line in lines if (kept_export / line[66:]).is_file()]
    assert len(files) == len(lines) == len(set(files))
    assert all(
        line[:64] == sha256((kept_export / line[66:]).read_bytes()).hexdigest() for line in lines
    )


def test_proofs_are_those_of_the_public_format_and_carry_their_record(
    kept_export: Path, some_leaves: list[bytes]
) -> None:
    found = proof.read((kept_export / "proof/300.tlog-proof").read_text(encoding="utf-8"))
    assert found.extra == some_leaves[300]
    assert found.check(found.extra, SIGNER.vkey).size == 601


def test_every_record_that_is_shown_has_a_proof_when_all_are_asked_for(write: Write) -> None:
    folder = write(Scope("x", "y", Period(NOW + 300_000, NOW + 310_000), all_proofs=True))
    numbers = {int(file.name.partition(".")[0]) for file in (folder / "proof").iterdir()}
    assert numbers == {*range(300, 310), 600}
    assert named(check(folder)) == ""


def test_an_export_proves_its_own_record(kept_export: Path) -> None:
    found = json.loads((kept_export / "export.json").read_bytes())
    own = proof.read((kept_export / "proof/600.tlog-proof").read_text(encoding="utf-8"))
    record = json.loads(own.extra)
    assert (found["record"], record["kind"], record["size"]) == (600, "ledger.exported", 600)
    assert record["by"] == "staff-1"


def test_where_the_clock_stepped_back_no_record_of_the_period_is_lost(write: Write) -> None:
    times = [NOW + at for at in range(300)] + [NOW - 5_000 + at for at in range(300)]
    folder = write(Scope("x", "y", Period(NOW - 4_990, NOW - 4_980)), [a_record(t) for t in times])
    assert [p.name for p in sorted((folder / "tile/entries").iterdir())] == ["001"]


def test_content_goes_along_only_with_a_purpose_and_fits_its_commitment(write: Write) -> None:
    leaves = [asked(), asked("01KSR4920000000000000000ZZ"), a_record(NOW)]
    assert not (write(leaves=leaves, name="without") / "content.json").exists()
    folder = write(Scope("x", "y", content=Content("complaint 17", opens)), leaves)
    assert (folder / "content/01KSR49200AAAAAAAAAAAAAAAA.prompt").read_bytes() == TEXT
    assert json.loads((folder / "content.json").read_bytes())["purpose"] == "complaint 17"
    assert named(check(folder)) == ""
    for purpose in ("", " ", "x" * 501, "a\nb"):
        with pytest.raises(BadRequest):
            Content(purpose, opens)


def test_changed_content_is_named_with_its_entry(write: Write) -> None:
    folder = write(Scope("x", "y", content=Content("z", opens)), [a_record(NOW), asked()])
    (path,) = (folder / "content").iterdir()
    path.write_bytes(TEXT + b"!")
    restore_manifest(folder)
    assert f"content/{path.name}: is not the content that entry 1 committed to" in named(
        check(folder)
    )
    path.write_bytes(TEXT)
    found = (folder / "content.json").read_text(encoding="utf-8")
    for old, new in (
        ('"z"', '"another"'),
        (SALT.hex(), "00"),
        ("content/", "../"),
        ('"index": 1', '"index": 0'),
    ):
        assert old in found
        (folder / "content.json").write_text(found.replace(old, new, 1), encoding="utf-8")
        restore_manifest(folder)
        assert check(folder).code == 1, new
    (folder / "content.json").unlink()
    restore_manifest(folder)
    assert "content.json: does not say of content" in named(check(folder))


def test_content_is_all_that_was_committed_to_and_nothing_else(write: Write) -> None:
    folder = write(Scope("x", "y", content=Content("z", opens)), [asked(), a_record(NOW)])
    (path,) = (folder / "content").iterdir()
    # the salt takes the content's beginning in: the same commitment, and half the sentence
    replaced(folder / "content.json", SALT.hex(), (SALT + TEXT[:7]).hex())
    path.write_bytes(TEXT[7:])
    restore_manifest(folder)
    assert "is not the content that entry 0 committed to" in named(check(folder))
    replaced(folder / "content.json", (SALT + TEXT[:7]).hex(), SALT.hex())
    path.rename(folder / "content/01KSR49200AAAAAAAAAAAAAAAA.reply")  # said by another
    (folder / "content/01KSR49200AAAAAAAAAAAAAAAA.reply").write_bytes(TEXT)
    replaced(folder / "content.json", ".prompt", ".reply")
    restore_manifest(folder)
    assert "content.json: names an impossible file" in named(check(folder))
    replaced(folder / "content.json", '"prompt"', '"reply"')
    restore_manifest(folder)
    assert ".reply: is not the content that entry 0 committed to" in named(check(folder))


def test_a_file_that_nothing_in_the_log_speaks_of_is_named(write: Write) -> None:
    folder = write(Scope("x", "y", content=Content("z", opens)), [asked(), a_record(NOW)])
    for name in ("content/01KSR49200AAAAAAAAAAAAAAAA.reply", "report.pdf"):
        (folder / name).write_bytes(b"made up")
        restore_manifest(folder)  # anybody can add a line
        assert named(check(folder)).startswith(f"{name}: does not belong to this export"), name
        (folder / name).unlink()


def test_a_bundle_with_a_pruned_record_is_left_out_and_that_is_said(write: Write) -> None:
    folder = write(pruned=frozenset({5}))
    assert not (folder / "tile/entries/000").exists()
    assert json.loads((folder / "export.json").read_bytes())["pruned"] == [[0, 1]]
    report = check(folder)
    assert named(report) == ""
    assert any("256 of 601 records are not here" in en for en, _ in report.gaps)


@pytest.mark.parametrize(
    ("since", "until", "wanted"),
    [
        (0, 100, [[0, 2]]),  # the run lies between the records of second 99 and second 301
        (50, 99, [[0, 1]]),  # these records are there, and their bundle cannot be
        (200, 210, [[0, 2]]),
        (302, 400, [[1, 2]]),
        (520, 540, []),
        (301, 302, [[0, 2]]),
    ],
)
def test_pruned_records_count_as_of_the_period_unless_their_neighbours_say_otherwise(
    write: Write, since: int, until: int, wanted: list[list[int]]
) -> None:
    period = Period(NOW + 1000 * since, NOW + 1000 * until)
    folder = write(Scope("x", "y", period), pruned=frozenset(range(100, 301)))
    assert json.loads((folder / "export.json").read_bytes())["pruned"] == wanted
    assert named(check(folder)) == ""


def test_records_pruned_to_the_end_may_be_of_any_later_time(write: Write) -> None:
    folder = write(Scope("x", "y", Period(NOW + 10**9)), pruned=frozenset(range(512, 600)))
    assert json.loads((folder / "export.json").read_bytes())["pruned"] == []
    folder = write(Scope("x", "y"), pruned=frozenset({0, 256}), name="first")
    assert json.loads((folder / "export.json").read_bytes())["pruned"] == [[0, 2]]


def test_nothing_is_left_of_an_export_that_fails(tmp_path: Path, some_leaves: list[bytes]) -> None:
    scope = Scope("x", "y")
    log = MemoryLog([*some_leaves, own_record(scope, some_leaves, NOW)], broken_at=300)
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    for sink in (FolderSink(tmp_path / "out"), SealedSink(tmp_path / "out.age", recipient, "n", 0)):
        with pytest.raises(Unavailable) as told:
            write_all(sink, log, scope)
        assert "No space left on device" in told.value.words.en
    assert list(tmp_path.iterdir()) == []


def fill(sink: SealedSink, size: int) -> None:
    with sink:
        for number in range(size // 1_000):
            sink.put(f"{number}", bytes(1_000))
        sink.finish()


@pytest.mark.parametrize("most", [3_000, 100_000])
def test_a_sealed_export_says_what_the_disk_said(tmp_path: Path, most: int) -> None:
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    sink = SealedSink(tmp_path / "out.age", recipient, "n", 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        with pytest.raises(Unavailable) as told:
            fill(sink, 2 * most)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "File too large" in told.value.words.en
    assert str(tmp_path / "out.age") in told.value.words.zh
    assert list(tmp_path.iterdir()) == []


def test_what_exists_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    identity = str(pyrage.x25519.Identity.generate().to_public())
    for name in ("folder", "link"):
        with pytest.raises(BadRequest):
            FolderSink(tmp_path / name)
        with pytest.raises(BadRequest):
            SealedSink(tmp_path / name, identity, "n", 0)
    with pytest.raises(BadRequest):
        FolderSink(tmp_path / "no" / "parent")
    late = MemoryLog([own_record(Scope("x", "y"), [], NOW)])
    sink = FolderSink(tmp_path / "late")
    (tmp_path / "late").write_text("mine", encoding="utf-8")
    with pytest.raises(BadRequest):
        write_all(sink, late, Scope("x", "y"))
    assert (tmp_path / "late").read_text(encoding="utf-8") == "mine"


def test_only_the_recipient_opens_a_sealed_export(tmp_path: Path, some_leaves: list[bytes]) -> None:
    scope = Scope("x", "y")
    log = MemoryLog([*some_leaves, own_record(scope, some_leaves, NOW)])
    identity, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    out = tmp_path / "case.tar.age"
    with SealedSink(out, str(identity.to_public()), "case", NOW) as sink:
        write_export(log, scope, 600, Keys([SIGNER.vkey]), sink, nothing)
    assert [each.name for each in tmp_path.iterdir()] == ["case.tar.age"]
    sealed = out.read_bytes()
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert sealed.startswith(b"age-encryption.org/v1\n")
    assert b"ledger.test" not in sealed
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [other])
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(sealed, [identity]))) as tar:
        tar.extractall(tmp_path, filter="data")
    assert named(check(tmp_path / "case")) == ""


@pytest.mark.parametrize("said", ["age1", "x", "ssh-ed25519 AAAA", "age1" + "q" * 58])
def test_a_recipient_that_is_none_is_refused(tmp_path: Path, said: str) -> None:
    with pytest.raises(BadRequest):
        SealedSink(tmp_path / "out", said, "n", 0)
    assert list(tmp_path.iterdir()) == []


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(BadRequest):
        Period(2, 2)


def test_a_named_record_that_is_not_there_is_refused_and_nothing_is_written(
    write: Write, tmp_path: Path
) -> None:
    with pytest.raises(BadRequest):
        write(Scope("x", "y", named=frozenset({10_000})))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("duty", "en", "zh"),
    [
        ("a14-2b", "Art. 14 para. 2", "第十四条第二款"),
        ("a4-1", "Art. 4(1)", "第四条第一项"),
        ("a22-2", "Art. 22(2)", "第二十二条第二项"),
        ("a15-3", "Art. 15", "第十五条"),
        ("a12", "Art. 12", "第十二条"),
        ("a8-rules", "Art. 8", "第八条"),
        ("a10-1", "Art. 10", "第十条"),
        ("pipl-47", "pipl-47", "pipl-47"),
    ],
)
def test_a_duty_is_told_as_the_clause_it_stands_in(duty: str, en: str, zh: str) -> None:
    assert clause_of(duty) == Words(en, zh)


def test_every_kind_that_is_written_stands_in_the_list_of_clauses(kept_export: Path) -> None:
    listed = json.loads((kept_export / "clauses.json").read_bytes())
    assert {f"{kind.name}/{kind.version}" for kind in all_kinds()} <= set(listed["kinds"])
    for kind in all_kinds():
        said = listed["kinds"][f"{kind.name}/{kind.version}"]["duties"]
        assert said == list(kind.duties)
        assert set(said) <= set(listed["clauses"])


class Counting:
    """A sink that keeps nothing."""

    def __init__(self) -> None:
        self.files = 0

    def put(self, path: str, data: bytes) -> None:
        assert path
        assert data
        self.files += 1

    def finish(self) -> None:
        assert self.files


class Repeated(Sequence[bytes]):
    """The same leaf again and again: a long log that takes no room."""

    def __init__(self, leaf: bytes, last: bytes, size: int) -> None:
        self._leaf, self._last, self._size = leaf, last, size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, at: int) -> bytes:  # type: ignore[override] # one at a time
        if at >= self._size:
            raise IndexError
        return self._last if at == self._size - 1 else self._leaf


def test_memory_does_not_grow_with_the_log() -> None:
    scope, peaks = Scope("x", "y"), []
    own = own_record(scope, [], NOW)
    for size in (2_000, 20_000):
        log = MemoryLog(Repeated(a_record(NOW), own, size))
        tracemalloc.start()
        write_export(log, scope, size - 1, Keys([SIGNER.vkey]), Counting(), nothing)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5
