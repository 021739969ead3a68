"""Each tenant's log has a key of its own; one that another key signed goes on under that key."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from hegui.app import exporting, parts
from hegui.app.logkeys import LogKeys
from hegui.app.published import vkeys, vkeys_of
from hegui.ledger import kinds, leaf
from hegui.ledger.cosignature import ML_DSA_44
from hegui.ledger.cosigning import Cosigner
from hegui.ledger.export import Scope
from hegui.ledger.export.data import verify as verify_export
from hegui.ledger.log import Ledger
from hegui.ledger.note import Checkpoint, Signer, open_note, split_note
from hegui.ledger.tree import EMPTY_ROOT
from hegui.ledger.verify import verify
from hegui.settings import KeyDirectory, Settings, inspect
from hegui.store import open_database
from hegui.terms import BadRequest, Corrupt, Entry, Misconfigured

SERVICE = """
[service]
name = "test"
scope = "internal"
reason = "a test"

[[upstream]]
name = "own"
base_url = "http://127.0.0.1:9/v1"
role = "own"

[ledger]
origin = "log.test/all"
"""
NAMES = ("default", "a b", "a-b", "A-B", "a.b", "ml-dsa-44", "学校", "学 校", "x" * 99, "x" * 100)


def service(tmp_path: Path, more: str = "") -> Settings:
    settings, problems = inspect(SERVICE + more, path=tmp_path / "hegui.toml", environ={})
    assert settings is not None, problems
    return settings


def record(tenant: str) -> Entry:
    made = leaf.make(kinds.named("key.revoked"), parts.now(), tenant, {"key": "x"})
    return Entry(tenant, made)


def write(settings: Settings, *tenants: str) -> None:
    with closing(parts.open_ledger(settings)) as ledger:
        for tenant in tenants:
            ledger.add_blocking(record(tenant))


def written_before(settings: Settings, *tenants: str) -> None:
    """Write as versions did that had one key for all logs."""
    keys = KeyDirectory(settings.key_directory)
    private = keys.load_or_create("signing", 32)
    second = keys.load_or_create("signing-ml-dsa-44", 32) if settings.ledger.ml_dsa else b""

    def signer(tenant: str, _head: str) -> Signer:
        origin = settings.ledger.origin
        name = origin if tenant == "default" else f"{origin}/{tenant}"
        return Signer(name, private, Cosigner(name, second, ML_DSA_44) if second else None)

    with closing(Ledger(settings.database, signer)) as ledger:
        for tenant in tenants:
            ledger.add_blocking(record(tenant))


def head(settings: Settings, tenant: str) -> str:
    with closing(open_database(settings.database, read_only=True)) as connection:
        sql = "SELECT checkpoint FROM log WHERE tenant = ?"
        return str(connection.execute(sql, (tenant,)).get)


def files(settings: Settings) -> list[str]:
    return [name for name in KeyDirectory(settings.key_directory).names() if "signing" in name]


def test_the_head_of_one_tenant_does_not_verify_under_the_key_of_another(tmp_path: Path) -> None:
    settings = service(tmp_path)
    write(settings, "default", "a", "b")
    assert files(settings) == ["signing", "signing-a", "signing-b"]
    own = {tenant: keys[0] for tenant, keys in vkeys(settings).items()}
    publics = {vkey.split("+", 2)[2] for vkey in own.values()}
    assert len(publics) == 3
    for tenant, vkey in own.items():
        assert open_note(head(settings, tenant), vkey)
        for other in own.keys() - {tenant}:
            with pytest.raises(Corrupt):
                open_note(head(settings, other), vkey)
            # nor where the name was changed to fit: the key itself is another one
            forged = KeyDirectory(settings.key_directory).load(
                "signing" if other == "default" else f"signing-{other}"
            )
            with pytest.raises(Corrupt):
                open_note(Signer(vkey.partition("+")[0], forged).sign("a text\n"), vkey)
    assert verify(settings.database, own).ok
    assert not verify(settings.database, {"a": own["b"]}).ok


def test_an_export_names_the_key_of_its_own_log(tmp_path: Path) -> None:
    settings = service(tmp_path)
    write(settings, "default", "a")
    order = exporting.Order("a", tmp_path / "out", Scope("staff-1", "a test"))
    exporting.export(settings, order, lambda *_: None)
    (own,) = vkeys_of(settings, "a")
    assert (tmp_path / "out/vkey").read_text(encoding="utf-8").split() == [own]
    assert verify_export.Check(str(order.out), own, []).run().problems == []
    other = vkeys_of(settings, "default")[0]
    assert verify_export.Check(str(order.out), other, []).run().problems


def test_no_two_tenants_share_a_log_s_name_or_a_key_file(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "keys")
    signers = [LogKeys(keys, "log.test/all", ml_dsa=True)(name, "") for name in NAMES]
    assert len({signer.name for signer in signers}) == len(NAMES)
    assert len({vkey.split("+", 2)[2] for one in signers for vkey in one.vkeys}) == 2 * len(NAMES)
    assert len(keys.names()) == 2 * len(NAMES)


@pytest.mark.parametrize("twice", [False, True])
def test_a_log_that_one_key_for_all_signed_goes_on_under_it(tmp_path: Path, *, twice: bool) -> None:
    settings = service(tmp_path, "ml_dsa = true\n" if twice else "")
    written_before(settings, "default", "a")
    before = vkeys_of(settings, "a")
    write(settings, "a", "b")
    made = ["signing", "signing-b", "signing-b.ml-dsa-44", "signing-ml-dsa-44"]
    assert files(settings) == (made if twice else made[:2])
    assert vkeys_of(settings, "a") == before
    assert Checkpoint.parse(open_note(head(settings, "a"), before[0])).size == 2
    assert len(split_note(head(settings, "a"))[1]) == len(before) == 1 + twice
    own = {tenant: keys[0] for tenant, keys in vkeys(settings).items()}
    assert verify(settings.database, own).ok


def test_a_log_that_was_lost_goes_on_under_the_key_of_its_last_signed_head(tmp_path: Path) -> None:
    settings = service(tmp_path)
    written_before(settings, "a")
    (before,) = vkeys_of(settings, "a")
    for path in tmp_path.glob("hegui-data/hegui.db*"):
        path.unlink()
    with closing(parts.open_ledger(settings, accepting=True)) as ledger:
        ledger.add_blocking(record("a"))
    assert vkeys_of(settings, "a") == (before,)
    assert files(settings) == ["signing"]


def test_of_many_who_begin_a_log_at_once_all_get_the_same_key(tmp_path: Path) -> None:
    settings = service(tmp_path)
    many = 4
    together = Barrier(many)
    ledgers = [parts.open_ledger(settings) for _ in range(many)]

    def begin(ledger: Ledger) -> tuple[str, int | None]:
        own = parts.log_keys_of(settings)
        together.wait()
        receipt = ledger.add_blocking(record("a"))
        return own("a", "").vkey, receipt.index

    with ThreadPoolExecutor(many) as threads:
        begun = list(threads.map(begin, ledgers))
    for ledger in ledgers:
        ledger.close()
    assert {vkey for vkey, _ in begun} == set(vkeys_of(settings, "a"))
    assert sorted(index for _, index in begun if index is not None) == list(range(many))
    assert verify(settings.database, {"a": begun[0][0]}).ok


def test_of_two_processes_that_begin_a_log_at_once_both_get_the_same_key(tmp_path: Path) -> None:
    settings = service(tmp_path)
    (tmp_path / "hegui.toml").write_text(SERVICE, encoding="utf-8")
    words = [sys.executable, "-m", "hegui", "keys", "create", "--tenant", "a"]
    running = [
        subprocess.Popen([*words, "-c", str(tmp_path / "hegui.toml")], stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
        for _ in range(2)
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    assert files(settings) == ["signing-a"]
    own = {tenant: first for tenant, (first,) in vkeys(settings).items()}
    (log,) = verify(settings.database, own).logs
    assert (log.size, log.signed) == (2, True)


@pytest.mark.parametrize("lost", ["signing-a", "signing-a.ml-dsa-44"])
def test_a_lost_key_file_of_a_tenant_is_named_and_not_made_anew(tmp_path: Path, lost: str) -> None:
    settings = service(tmp_path, "ml_dsa = true\n")
    write(settings, "default", "a")
    (settings.key_directory / lost).unlink()
    with pytest.raises(Misconfigured, match=f"file {lost} is missing"):
        parts.open_ledger(settings)
    with pytest.raises(Misconfigured, match=lost):
        vkeys_of(settings, "a")
    with pytest.raises(Misconfigured, match=lost):
        parts.log_keys_of(settings)("a", head(settings, "a"))
    assert lost not in files(settings)


@pytest.mark.parametrize(
    "swapped", ["signing", "signing-ml-dsa-44", "signing-a", "signing-a.ml-dsa-44"]
)
def test_a_key_file_that_was_swapped_is_named(tmp_path: Path, swapped: str) -> None:
    settings = service(tmp_path, "ml_dsa = true\n")
    write(settings, "default", "a")
    path = settings.key_directory / swapped
    path.write_bytes(b"z" * 32)
    with pytest.raises(Misconfigured, match=rf"{path}\. ") as told:
        parts.open_ledger(settings)
    assert f"{path} 签名" in told.value.words.zh


def test_a_database_whose_keys_are_not_here_has_no_verifier_keys(tmp_path: Path) -> None:
    settings = service(tmp_path)
    assert vkeys(settings) == {}
    with pytest.raises(BadRequest, match="no log"):
        vkeys_of(settings, "a")
    write(settings, "a")
    (settings.key_directory / "signing-a").unlink()
    assert vkeys(settings) == {}


def test_what_is_no_head_is_signed_by_nobody(tmp_path: Path) -> None:
    keys = LogKeys(KeyDirectory(tmp_path / "keys"), "log.test/all", ml_dsa=False)
    signer = keys("a", "")
    empty = signer.sign(Checkpoint(signer.name, 0, EMPTY_ROOT).text())
    assert keys("a", empty).vkey == signer.vkey
    for damaged in ("nonsense", empty.replace("— ", "- "), empty.replace("log.test", "lag.test")):
        with pytest.raises(Misconfigured, match="signing-a"):
            keys("a", damaged)
        assert keys.vkeys("a", damaged) == (signer.vkey,)
