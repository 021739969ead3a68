import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.vault.conftest import YEAR, House

from hegui.app import parts
from hegui.app.upkeep import sinks_of
from hegui.ledger.restored import Acceptance, accept_restored
from hegui.settings import KeyDirectory
from hegui.store import open_database
from hegui.terms import (
    BadRequest,
    Corrupt,
    Erasure,
    Misconfigured,
    SinkState,
    Unavailable,
    Words,
)
from hegui.vault import Vault, sealing
from hegui.vault.epochs import LOOK_MS
from hegui.vault.erasing import Erasures
from hegui.vault.opening import Permission
from hegui.vault.rotating import Rotation
from hegui.vault.sinks import FORGOTTEN_MS, receivers
from hegui.vault.vault import Place

SECRET = "我的身份证号是一一零一零一"


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def holding(folder: Path, needle: bytes) -> list[str]:
    return [name for name, content in files(folder).items() if needle in content]


def test_after_the_epoch_is_closed_neither_text_nor_key_stands_in_any_file(
    house: House, tmp_path: Path
) -> None:
    for n in range(40):  # others' pages around it
        house.keep(f"person {n}", f"other-{n}", "别人的话" * 50)
    alice = house.keep("alice", "mine", SECRET)
    for n in range(40, 60):
        house.keep(f"person {n}", f"other-{n}", "别人的话" * 50)
    folder = house.settings.data_dir
    ((wrapped, sealed),) = house.query(
        "SELECT wrapped, sealed FROM subject_key JOIN content USING (key_id) WHERE exchange = ?",
        "mine",
    )
    epoch_key = (folder / "keys" / "epoch-00001").read_bytes()
    needles = {
        "the wrapped key": wrapped,
        "sealed content": sealed,
        "the epoch's key": epoch_key,
        "the row": alice.row or b"?",
    }
    for what, needle in needles.items():
        assert holding(folder, needle), f"{what} is looked for in the wrong way"
    copy = tmp_path / "copy.db"
    backup = open_database(house.settings.database)
    backup.execute("VACUUM INTO ?", (str(copy),))
    backup.close()
    copy.chmod(0o600)

    house.erase("alice")
    house.rotate()
    house.clock.forward(FORGOTTEN_MS)
    assert [done.state for done in house.tend().completed] == ["complete"]

    needles |= {"the plaintext": SECRET.encode(), "the key": alice.key, "the id": alice.key_id}
    del needles["the id"]  # the id of a key that is gone stays, so that it can never come back
    for what, needle in needles.items():
        assert holding(folder, needle) == [], what
    assert house.vault.open("default", "other-7", "prompt") == ("别人的话" * 50).encode()
    with pytest.raises(Corrupt, match="destroyed on purpose"):
        Vault(copy, KeyDirectory(folder / "keys"), house.clock)
    assert sealing.unwrap((folder / "keys" / "epoch-00002").read_bytes(), wrapped) is None


def test_states_follow_one_another_and_each_is_on_record_without_a_name(house: House) -> None:
    alice = house.keep("alice@example.test", "x1", SECRET)
    standing = house.erase("alice@example.test", "consent-withdrawn")
    assert standing.state == "erased"
    assert standing.subjects == (alice.pseudonym,)
    house.rotate()
    house.clock.forward(FORGOTTEN_MS)
    (done,) = house.tend().completed
    assert (done.id, done.state, done.epoch) == (standing.id, "complete", 1)
    told = house.records("subject.restricted", "subject.erased", "erasure.completed")
    assert [record["kind"] for record in told] == [
        "subject.restricted",
        "subject.erased",
        "erasure.completed",
    ]
    assert {tuple(record["subjects"]) for record in told} == {(alice.pseudonym,)}
    assert (told[0]["by"], told[0]["ground"]) == ("staff 7", "consent-withdrawn")
    assert (told[1]["keys"], told[1]["content"]) == (1, 1)
    sinks = ("vault", "gateway-memory", "exports", "media")
    assert told[2]["sinks"] == dict.fromkeys(sinks, "done")
    assert "alice" not in str(house.records())
    assert house.query("SELECT subject_row FROM erasure") == [(None,)]


def test_it_is_not_complete_before_the_epoch_is_closed(house: House) -> None:
    house.tend()  # as a gateway does when it starts
    house.keep("alice", "x1", SECRET)
    standing = house.erase("alice")
    house.clock.forward(FORGOTTEN_MS)
    assert house.tend().completed == []
    week = 7 * 86_400_000
    assert house.clock() < standing.due < house.clock() + week + 86_400_000
    house.clock.forward(week - FORGOTTEN_MS)
    assert [done.id for done in house.tend().completed] == [standing.id]
    assert house.clock() <= standing.due


def test_a_person_who_comes_again_is_a_new_person_and_can_be_erased_again(house: House) -> None:
    before = house.keep("alice", "x1", SECRET)
    house.erase("alice")
    house.clock.forward(LOOK_MS)
    after = house.keep("alice", "x2", "新的")
    assert after.pseudonym != before.pseudonym
    assert after.key != before.key
    assert house.vault.open("default", "x2", "prompt") == "新的".encode()
    house.erase("alice")
    with pytest.raises(BadRequest, match="not kept"):
        house.vault.open("default", "x2", "prompt")
    assert house.query("SELECT count(*) FROM subject_key") == [(0,)]


def test_what_a_process_still_writes_for_an_erased_person_comes_to_nothing(
    house: House, again: Callable[[], House]
) -> None:
    gateway = again()
    first = gateway.keep("alice", "x1", SECRET)
    alice = gateway.vault.subject("default", "alice")
    house.erase("alice")
    for write in first.writes:  # on their way since before
        house.query(write.sql, *write.cells)
    entries = len(house.records())
    late = gateway.keep("alice", "x2", SECRET)
    assert late.key == alice.key
    assert len(house.records()) == entries + 1  # the evidence goes on
    assert house.query("SELECT count(*) FROM content") == [(0,)]
    assert house.query("SELECT count(*) FROM subject_key") == [(0,)]
    assert house.query("SELECT count(*) FROM subject") == [(0,)]
    house.clock.forward(LOOK_MS)
    assert gateway.keep("alice", "x3", "新的").key != alice.key


def test_an_appeal_that_must_be_kept_is_restricted_until_its_term_ends(house: House) -> None:
    alice = house.keep("alice", "x1", SECRET)
    house.keep("alice", "a1", "申诉", "appeal", term=3 * YEAR)
    commitment = house.vault.commitment(alice, "a1", "prompt", "申诉".encode())
    standing = house.erase("alice")
    assert standing.state == "restricted"
    assert standing.kept_until == house.clock() + 3 * YEAR
    assert standing.due > standing.kept_until
    with pytest.raises(BadRequest, match="not kept"):
        house.vault.open("default", "x1", "prompt")
    with pytest.raises(BadRequest, match="restricted") as refused:
        house.vault.open("default", "a1", "prompt")
    assert refused.value.status == 403
    assert house.query("SELECT count(*) FROM subject_key WHERE key_id = ?", alice.key_id) == [(0,)]
    house.rotate()
    house.clock.forward(3 * YEAR - 60_000)
    assert house.tend().completed == []
    assert house.vault.open("default", "a1", "prompt", restricted=True) == "申诉".encode()
    salt, content = house.vault._opened(Place("default", "a1", "prompt"), restricted=True)
    assert hashlib.sha256(salt + content).hexdigest() == commitment, "the proof holds all the same"
    with pytest.raises(BadRequest, match="restricted"):
        house.vault.reveal("default", "a1", "prompt")
    house.clock.forward(120_000)
    house.tend()
    house.clock.forward(FORGOTTEN_MS)
    house.rotate()
    assert house.query("SELECT count(*) FROM content") == [(0,)]
    assert house.query("SELECT count(*) FROM subject_key") == [(0,)]
    kinds = [record["kind"] for record in house.records("erasure.deferred", "subject.erased")]
    assert kinds == ["erasure.deferred", "subject.erased"]
    (deferred,) = house.records("erasure.deferred")
    assert (deferred["kept"], deferred["content"]) == ({"appeal": 1}, 1)
    assert len(house.records("erasure.completed")) == 1


def test_content_of_two_persons_opens_for_the_other_when_one_is_erased(house: House) -> None:
    alice, bob = house.keep("alice", "x1", "一"), house.keep("bob", "x2", "二")
    house.keep("alice", "both", "甲和乙", also=house.vault.known("default", bob.pseudonym or ""))
    assert house.vault.open("default", "both", "prompt") == "甲和乙".encode()
    ((sealed,),) = house.query("SELECT sealed FROM content WHERE exchange = 'both'")
    assert sealed[:1] == b"\x02"
    commitment = house.vault.commitment(alice, "both", "prompt", "甲和乙".encode())
    house.erase("alice")
    content, salt = house.vault.reveal("default", "both", "prompt")
    assert hashlib.sha256(salt + content).hexdigest() == commitment
    (record,) = house.records("subject.erased")
    assert (record["content"], record["shared"]) == (1, 1)
    assert house.vault.open("default", "both", "prompt") == "甲和乙".encode()
    ((left,),) = house.query("SELECT key_id FROM content_key")
    assert left == bob.key_id != alice.key_id
    house.erase("bob")
    with pytest.raises(BadRequest, match="not kept"):
        house.vault.open("default", "both", "prompt")
    assert house.query("SELECT count(*) FROM content_key") == [(0,)]


def test_the_second_of_two_persons_can_be_erased_first(house: House) -> None:
    house.keep("alice", "x1", "一")
    bob = house.keep("bob", "x2", "二")
    house.keep("alice", "both", "甲和乙", also=bob)
    house.erase("bob")
    assert house.vault.open("default", "both", "prompt") == "甲和乙".encode()
    house.rotate()
    assert house.vault.open("default", "both", "prompt") == "甲和乙".encode()


def test_shared_content_that_must_be_kept_is_moved_when_the_last_person_is_erased(
    house: House,
) -> None:
    bob = house.keep("bob", "x2", "二")
    house.keep("alice", "a1", "申诉", "appeal", also=bob, term=3 * YEAR)
    assert house.erase("alice").state == "erased"
    assert house.vault.open("default", "a1", "prompt") == "申诉".encode()
    assert house.erase("bob").state == "restricted"
    with pytest.raises(BadRequest, match="restricted"):
        house.vault.open("default", "a1", "prompt")
    assert house.vault.open("default", "a1", "prompt", restricted=True) == "申诉".encode()


def test_moved_or_altered_shared_content_does_not_open(house: House) -> None:
    bob = house.keep("bob", "x2", "二")
    house.keep("alice", "both", "甲和乙", also=bob)
    house.query("UPDATE content SET exchange = 'elsewhere' WHERE exchange = 'both'")
    with pytest.raises(Corrupt):
        house.vault.open("default", "elsewhere", "prompt")
    house.query("UPDATE content SET exchange = 'both' WHERE exchange = 'elsewhere'")
    for size in (30, 13, 5, 1):
        house.query(
            "UPDATE content SET sealed = substr(sealed, 1, ?) WHERE exchange = 'both'", size
        )
        with pytest.raises(Corrupt):
            house.vault.open("default", "both", "prompt")


def accept_the_older_copy(house: House) -> None:
    """Go on with a restored backup, on record, as ``hegui ledger accept-restored`` does."""
    ledger = parts.open_ledger(house.settings, accepting=True)
    why = Acceptance("staff-1", "the disk was lost")
    accept_restored(ledger, house.settings.database, "default", why, house.clock)
    ledger.close()


def test_a_person_whom_an_older_database_brings_back_is_erased_again(
    house: House, again: Callable[[], House], tmp_path: Path
) -> None:
    alice = house.keep("alice", "x1", SECRET)
    house.keep("bob", "x2", "二")
    connection = open_database(house.settings.database)
    connection.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))
    connection.close()
    house.erase("alice")
    listed = house.settings.data_dir / "erasures"
    assert listed.read_text(encoding="ascii").split() == [alice.key_id.hex()]
    assert listed.stat().st_mode & 0o777 == 0o600
    house.close()
    for name in ("hegui.db", "hegui.db-wal", "hegui.db-shm"):
        (house.settings.data_dir / name).unlink(missing_ok=True)
    (tmp_path / "copy.db").rename(house.settings.database)
    house.settings.database.chmod(0o600)
    accept_the_older_copy(house)
    anew = again()
    assert anew.vault.open("default", "x1", "prompt") == SECRET.encode(), "so it must be done"
    anew.tend()
    with pytest.raises(BadRequest, match="not kept"):
        anew.vault.open("default", "x1", "prompt")
    assert anew.vault.open("default", "x2", "prompt") == "二".encode()
    (record,) = anew.records("subject.restricted")
    assert "older database" in record["by"]
    anew.rotate()
    anew.clock.forward(FORGOTTEN_MS)
    anew.tend()
    assert listed.read_text(encoding="ascii") == ""


@pytest.mark.parametrize("held", [b"zz", b"00" * 15, b"\xff" * 32, b"z" * 32])
def test_a_damaged_list_of_erasures_is_refused(house: House, held: bytes) -> None:
    listed = house.settings.data_dir / "erasures"
    listed.write_bytes(held + b"\n")
    listed.chmod(0o600)
    with pytest.raises(Misconfigured, match="list of erasures"):
        house.tend()
    listed.write_bytes(b"00" * 16)
    listed.chmod(0o644)
    with pytest.raises(Misconfigured, match="mode 0644"):
        house.tend()


class Index:
    """A sink of somebody's own: a search index that is away at first."""

    name, words = "search-index", Words("a search index", "搜索索引")

    def __init__(self) -> None:
        self.asked: list[Erasure] = []
        self.away = True

    def erase(self, erasure: Erasure, now_ms: int) -> SinkState:
        assert now_ms >= erasure.since
        self.asked.append(erasure)
        if self.away:
            raise Unavailable(Words("away", "不可用"))
        return "done"


def with_index(house: House, index: Index) -> Callable[[], list[object]]:
    def advance() -> list[object]:
        with house.upkeep() as upkeep:
            plain = upkeep.erasures()
            erasures = Erasures(
                plain.rows,
                plain.epochs,
                plain.record,
                (*sinks_of(upkeep.rows), index),
                house.clock,
                7,
                plain.remembered,
            )
            return list(erasures.advance())

    return advance


def test_no_erasure_is_complete_before_every_sink_has_answered(house: House) -> None:
    index = Index()
    advance = with_index(house, index)
    alice = house.keep("alice", "x1", SECRET)
    house.erase("alice")
    with house.upkeep() as upkeep:
        assert isinstance(upkeep._rotation(), Rotation)
        upkeep._rotation().run("file")
    house.clock.forward(FORGOTTEN_MS)
    assert advance() == []
    index.away = False
    assert len(advance()) == 1
    assert index.asked[0].keys == (alice.key_id,)
    asked = len(index.asked)
    assert advance() == []
    assert len(index.asked) == asked


def test_what_was_handed_over_is_told_and_not_called_erased(house: House) -> None:
    house.keep("alice", "x1", SECRET)
    place = Place("default", "x1", "prompt")
    for write in house.vault.handing_over(place, "inspector 3", house.clock()):
        house.query(write.sql, *write.cells)
    standing = house.erase("alice")
    assert standing.sinks["exports"] == "handed-over"
    with house.upkeep() as upkeep:
        assert receivers(upkeep.rows, standing.id) == ["inspector 3"]


def test_opening_content_is_on_record_before_it_is_shown(house: House) -> None:
    house.keep("alice", "x1", SECRET)
    place = Place("default", "x1", "prompt")
    with house.upkeep() as upkeep:
        opening = upkeep.opening(house.vault)
        assert opening.open(place, "staff 7", "appeal AP-1") == SECRET.encode()
        for by, purpose in (("", "x"), ("x", " ")):
            with pytest.raises(BadRequest, match="on record"):
                opening.open(place, by, purpose)
    (record,) = house.records("content.opened")
    assert (record["exchange"], record["part"], record["by"]) == ("x1", "prompt", "staff 7")
    house.ledger.close()
    with house.upkeep() as upkeep, pytest.raises(Unavailable):
        upkeep.opening(house.vault).open(place, "staff 7", "appeal AP-1")


def test_breaking_the_glass_takes_two_persons_a_basis_and_ends(house: House) -> None:
    house.keep("alice", "a1", "申诉", "appeal", term=3 * YEAR)
    house.erase("alice")
    place = Place("default", "a1", "prompt")
    with house.upkeep() as upkeep:
        opening = upkeep.opening(house.vault)
        with pytest.raises(BadRequest, match="restricted"):
            opening.open(place, "staff 7", "report")
        for permission in (
            Permission("", "staff 9"),
            Permission("Art. 14", ""),
            Permission("Art. 14", " Staff 7 "),
            Permission("Art. 14", "staff 9", 0),
            Permission("Art. 14", "staff 9", 1_441),
        ):
            with pytest.raises(BadRequest):
                opening.open(place, "staff 7", "report", permission)
        assert house.records("glass.broken", "content.opened") == []
        permission = Permission("Art. 14", "staff 9", 30)
        assert opening.open(place, "staff 7", "report", permission) == "申诉".encode()
        assert opening.open(place, "staff 9", "report") == "申诉".encode()
        with pytest.raises(BadRequest, match="restricted"):
            opening.open(place, "staff 8", "report")
        house.clock.forward(30 * 60_000)
        with pytest.raises(BadRequest, match="restricted"):
            opening.open(place, "staff 7", "report")
    kinds = [record["kind"] for record in house.records("glass.broken", "content.opened")]
    assert kinds == ["glass.broken", "content.opened", "content.opened"]
    glass = house.records("glass.broken")[0]
    assert (glass["by"], glass["other"], glass["basis"]) == ("staff 7", "staff 9", "Art. 14")
    assert {r["glass"] for r in house.records("content.opened")} == {glass["glass"]}


def test_a_stranger_cannot_be_erased_and_says_so(house: House) -> None:
    house.keep("alice", "x1", SECRET)
    with pytest.raises(BadRequest, match="Nothing is kept"):
        house.erase("nobody")
    house.erase("alice")
    with pytest.raises(BadRequest, match="Nothing is kept"):
        house.erase("alice")


@pytest.mark.parametrize("cut", ["subject.erased", "erasure.completed"])
def test_an_erasure_that_is_cut_off_is_carried_on(
    house: House, again: Callable[[], House], cut: str
) -> None:
    house.keep("alice", "x1", SECRET)
    with house.upkeep() as upkeep:
        plain = upkeep.erasures()

        def record(tenant: str, kind: str, fields: object, writes: object) -> None:
            if kind == cut:
                raise Unavailable(Words("cut", "中断"))
            plain.record(tenant, kind, fields, writes)  # type: ignore[arg-type]

        broken = replace(plain, record=record)
        row = house.vault.subject_row("default", "alice")
        person = broken.person("default", row=row)
        if cut == "subject.erased":
            with pytest.raises(Unavailable):
                broken.ask(person, "requested", "staff 7")
            with pytest.raises(BadRequest, match="restricted"):
                house.vault.open("default", "x1", "prompt")
        else:
            broken.ask(person, "requested", "staff 7")
    anew = again()
    anew.tend()
    with pytest.raises(BadRequest, match="not kept"):
        anew.vault.open("default", "x1", "prompt")
    anew.rotate()
    anew.clock.forward(FORGOTTEN_MS)
    anew.tend()
    assert len(anew.records("erasure.completed")) == 1
