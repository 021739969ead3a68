import hashlib
import hmac
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hegui.settings.keyfiles import KeyDirectory
from hegui.store import open_database
from hegui.terms import BadRequest, Corrupt, Misconfigured, Write
from hegui.vault import Vault, sealing
from hegui.vault.subjects import FRESH_MS

NOW = 1_780_000_000_000
RAW = "13800138000@example.test"
TEXT = "我的身份证号是多少".encode()


class Hand:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "hegui.db"


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def opened(db: Path, tmp_path: Path, hand: Hand) -> Iterator[Callable[[], Vault]]:
    """Open vaults on the same file, as several processes would."""
    vaults: list[Vault] = []

    def another() -> Vault:
        vaults.append(Vault(db, KeyDirectory(tmp_path / "keys"), hand))
        return vaults[-1]

    yield another
    for vault in vaults:
        vault.close()


@pytest.fixture
def vault(opened: Callable[[], Vault]) -> Vault:
    return opened()


@pytest.fixture
def write(db: Path) -> Callable[..., None]:
    def make_durable(*writes: Write) -> None:
        connection = open_database(db)
        with connection:
            for sql, cells in writes:
                connection.execute(sql, cells)
        connection.close()

    return make_durable


@pytest.fixture
def sealed(vault: Vault, write: Callable[..., None]) -> None:
    """One text is kept for a person, under exchange ``x``, part ``prompt``."""
    subject = vault.subject("t", RAW)
    content = vault.seal(subject, "t", "x", "prompt", "findings", TEXT, NOW + 1_000)
    write(*subject.writes, *content)


def query(db: Path, sql: str) -> list[tuple[object, ...]]:
    connection = open_database(db)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_a_person_has_one_pseudonym_and_one_key_in_every_process(
    opened: Callable[[], Vault], write: Callable[..., None]
) -> None:
    first = opened().subject("t", RAW)
    write(*first.writes)
    again = opened().subject("t", RAW)
    assert (again.pseudonym, again.key_id, again.key, again.row) == (
        first.pseudonym,
        first.key_id,
        first.key,
        first.row,
    )
    assert again.writes == ()


def test_the_rows_of_a_new_person_are_given_until_they_are_durable(
    vault: Vault, write: Callable[..., None], db: Path
) -> None:
    first, second = vault.subject("t", RAW), vault.subject("t", RAW)
    assert first.writes == second.writes != ()
    write(*first.writes)
    write(*second.writes)  # an entry that was in flight at the same moment
    assert vault.subject("t", RAW).writes == ()
    assert query(db, "SELECT count(*) FROM subject") == [(1,)]
    assert query(db, "SELECT count(*) FROM subject_key") == [(1,)]


def test_two_processes_that_meet_a_person_at_once_agree_afterwards(
    opened: Callable[[], Vault], write: Callable[..., None], db: Path
) -> None:
    one, other = opened(), opened()
    mine, theirs = one.subject("t", RAW), other.subject("t", RAW)
    assert mine.pseudonym != theirs.pseudonym
    content = other.seal(theirs, "t", "x", "prompt", "findings", TEXT, NOW + 1)
    write(*mine.writes)
    write(*theirs.writes, *content)
    assert one.subject("t", RAW).pseudonym == other.subject("t", RAW).pseudonym == mine.pseudonym
    assert one.open("t", "x", "prompt") == TEXT
    assert query(db, "SELECT count(DISTINCT row), count(*) FROM subject") == [(1, 2)]


def test_the_same_name_at_two_tenants_is_two_persons(vault: Vault) -> None:
    mine, theirs = vault.subject("t", RAW), vault.subject("u", RAW)
    assert mine.row != theirs.row
    assert mine.pseudonym != theirs.pseudonym
    assert vault.subject_row("t", RAW) == mine.row


def test_without_a_name_every_exchange_has_a_key_of_its_own(
    vault: Vault, write: Callable[..., None]
) -> None:
    one, other = vault.subject("t", None), vault.subject("t", None)
    assert one.pseudonym is None
    assert one.row is None
    assert one.key != other.key
    write(*one.writes, *vault.seal(one, "t", "x", "prompt", "all", TEXT, NOW + 1))
    assert vault.open("t", "x", "prompt") == TEXT


@pytest.mark.parametrize("tenant", ["租户", "../../etc", "A", "x" * 300, "", "\ud800"])
def test_any_tenant_name_has_a_key_file_inside_the_directory(
    vault: Vault, tmp_path: Path, tenant: str
) -> None:
    assert vault.subject(tenant, "\ud800 odd").pseudonym
    assert len(list((tmp_path / "keys").iterdir())) == 2
    assert {file.name for file in tmp_path.iterdir()} >= {"keys", "hegui.db"}


@pytest.mark.usefixtures("sealed")
def test_neither_name_nor_text_nor_key_lies_in_any_file_of_the_database(
    vault: Vault, db: Path
) -> None:
    subject = vault.subject("t", RAW)
    query(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    stored = b"".join(file.read_bytes() for file in db.parent.iterdir() if file.is_file())
    assert subject.key_id in stored
    assert RAW.encode() not in stored
    assert TEXT not in stored
    assert subject.key not in stored
    plain_hash = hashlib.sha256(RAW.encode()).digest()
    assert plain_hash not in stored
    assert RAW not in repr(subject)
    assert repr(subject.key) not in repr(subject)


def test_a_commitment_is_what_it_says_and_differs_between_persons_exchanges_and_parts(
    vault: Vault,
) -> None:
    mine, theirs = vault.subject("t", "a"), vault.subject("t", "b")
    made = {
        vault.commitment(who, exchange, part, TEXT)
        for who in (mine, theirs, vault.subject("t", None))
        for exchange in ("x", "y")
        for part in ("prompt", "reply")
    }
    assert len(made) == 12
    salt = hmac.new(mine.key, b"commit\x00x\x00prompt\x00", "sha256").digest()
    expected = hashlib.sha256(salt + TEXT).hexdigest()
    assert vault.commitment(mine, "x", "prompt", TEXT) == expected
    assert vault.commitment(mine, "x", "prompt", TEXT + b".") not in made


def test_names_cannot_be_joined_into_others(vault: Vault) -> None:
    subject = vault.subject("t", "a")
    assert vault.commitment(subject, "xy", "z", b"") != vault.commitment(subject, "x", "yz", b"")
    with pytest.raises(ValueError, match="zero byte"):
        vault.commitment(subject, "x\x00y", "z", b"")


@pytest.mark.usefixtures("sealed")
def test_what_is_kept_opens_for_its_tenant_exchange_and_part_only(vault: Vault) -> None:
    assert vault.open("t", "x", "prompt") == TEXT
    for place in (("u", "x", "prompt"), ("t", "y", "prompt"), ("t", "x", "reply")):
        with pytest.raises(BadRequest, match="not kept") as caught:
            vault.open(*place)
        assert caught.value.status == 404


@pytest.mark.usefixtures("sealed")
def test_sealed_content_moved_to_another_record_does_not_open(vault: Vault, db: Path) -> None:
    query(db, "UPDATE content SET exchange = 'y'")
    with pytest.raises(Corrupt, match="changed or moved"):
        vault.open("t", "y", "prompt")


@pytest.mark.usefixtures("sealed")
def test_every_changed_byte_of_sealed_content_is_noticed(vault: Vault, db: Path) -> None:
    ((good,),) = query(db, "SELECT sealed FROM content")
    assert isinstance(good, bytes)
    connection = open_database(db)
    for at in range(len(good)):
        changed = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        connection.execute("UPDATE content SET sealed = ?", (changed,))
        with pytest.raises(Corrupt):
            vault.open("t", "x", "prompt")
    connection.close()


@pytest.mark.usefixtures("sealed")
def test_content_cannot_be_opened_after_its_key_row_is_gone(vault: Vault, db: Path) -> None:
    ((kept,),) = query(db, "SELECT sealed FROM content")
    assert isinstance(kept, bytes)
    query(db, "PRAGMA foreign_keys = OFF")
    connection = open_database(db)
    connection.pragma("foreign_keys", "OFF")
    connection.execute("DELETE FROM subject_key")
    assert connection.execute("SELECT count(*) FROM content").get == 1
    connection.close()
    with pytest.raises(BadRequest, match="erased"):
        vault.open("t", "x", "prompt")


@pytest.mark.usefixtures("sealed")
def test_a_key_takes_its_content_along_and_leaves_no_byte_in_the_file(
    vault: Vault, db: Path
) -> None:
    ((wrapped, sealed_text),) = query(
        db, "SELECT wrapped, sealed FROM subject_key JOIN content USING (key_id)"
    )
    query(db, "DELETE FROM subject_key")
    assert query(db, "SELECT count(*) FROM content") == [(0,)]
    query(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    stored = b"".join(file.read_bytes() for file in db.parent.iterdir() if file.is_file())
    assert isinstance(wrapped, bytes)
    assert isinstance(sealed_text, bytes)
    assert wrapped not in stored
    assert sealed_text not in stored
    vault.forget(vault.subject_row("t", RAW))
    assert vault.subject("t", RAW).writes


@pytest.mark.usefixtures("sealed")
def test_a_person_erased_elsewhere_is_a_new_person_within_a_minute(
    vault: Vault, db: Path, hand: Hand
) -> None:
    before = vault.subject("t", RAW)
    assert not before.writes
    query(db, "DELETE FROM subject_key")
    query(db, "DELETE FROM subject")
    hand.now += FRESH_MS
    after = vault.subject("t", RAW)
    assert after.writes
    assert after.pseudonym != before.pseudonym
    assert after.key != before.key


@pytest.mark.usefixtures("sealed")
def test_content_whose_term_has_ended_does_not_open_even_before_it_is_deleted(
    vault: Vault, db: Path, hand: Hand, write: Callable[..., None]
) -> None:
    assert vault.expired(NOW + 999) == {}
    assert vault.expire(NOW + 999, "t") == (0, ())
    hand.now = NOW + 1_000
    with pytest.raises(BadRequest, match="term has ended"):
        vault.open("t", "x", "prompt")
    assert vault.expired(hand.now) == {"t": {"findings": 1}}
    assert vault.expire(hand.now, "another") == (0, ())
    count, writes = vault.expire(hand.now, "t")
    write(*writes)
    assert count == 1
    assert query(db, "SELECT count(*) FROM content") == [(0,)]


def test_memory_holds_so_many_persons_and_no_more(db: Path, tmp_path: Path, hand: Hand) -> None:
    vault = Vault(db, KeyDirectory(tmp_path / "keys"), hand, most_subjects=10)
    for n in range(100):
        vault.subject("t", f"person {n}")
    assert len(vault._subjects._held) == 10
    vault.close()


@pytest.mark.usefixtures("sealed")
def test_a_lost_epoch_key_stops_the_start(
    db: Path, tmp_path: Path, hand: Hand, vault: Vault
) -> None:
    assert vault.subject("t", RAW)
    (tmp_path / "keys" / "epoch-00001").unlink()
    with pytest.raises(Corrupt, match="epoch-00001"):
        Vault(db, KeyDirectory(tmp_path / "keys"), hand)


def test_a_key_file_or_database_that_others_can_read_stops_the_start(
    db: Path, tmp_path: Path, hand: Hand, vault: Vault
) -> None:
    key = tmp_path / "keys" / "epoch-00001"
    key.chmod(0o640)
    with pytest.raises(Misconfigured, match="chmod"):
        Vault(db, KeyDirectory(tmp_path / "keys"), hand)
    key.chmod(0o600)
    db.chmod(0o640)
    with pytest.raises(Misconfigured, match="chmod 600"):
        Vault(db, KeyDirectory(tmp_path / "keys"), hand)
    assert vault.subject("t", None)


def test_the_subjects_of_two_processes_started_at_once_share_the_tenant_key(
    tmp_path: Path,
) -> None:
    code = (
        "import sys; from pathlib import Path; from hegui.vault import Vault;"
        "from hegui.settings.keyfiles import KeyDirectory; p = Path(sys.argv[1]);"
        "print(Vault(p / 'hegui.db', KeyDirectory(p / 'keys'), int).subject_row('t', 'a').hex())"
    )
    running = [
        subprocess.Popen(  # noqa: S603 - our own code
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    rows = {process.communicate(timeout=60)[0] for process in running}
    assert len(rows) == 1
    assert len(rows.pop()) == 65


def test_sealed_content_that_was_cut_off_is_named_and_no_crash() -> None:
    key, place = bytes(32), sealing.place_of("t", "x", "prompt", bytes(16))
    whole = sealing.seal(key, place, "x", "prompt", TEXT)
    for end in range(len(whole)):
        assert sealing.unseal(key, place, "x", "prompt", whole[:end]) is None
    own = bytes(32)
    shared = sealing.seal_shared(own, place, bytes(32) + TEXT)
    for end in range(len(shared)):
        assert sealing.unseal_shared(own, place, shared[:end]) is None
