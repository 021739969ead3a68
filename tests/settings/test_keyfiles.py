import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hegui.settings import KeyDirectory
from hegui.terms import Misconfigured


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_directory_and_its_keys_are_ours_alone(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "data" / "keys")
    key = keys.load_or_create("epoch-00001", 32)
    assert len(key) == 32
    assert keys.load("epoch-00001") == key
    assert KeyDirectory(tmp_path / "data" / "keys").load_or_create("epoch-00001", 32) == key
    assert mode(tmp_path / "data" / "keys") == 0o700
    assert mode(tmp_path / "data" / "keys" / "epoch-00001") == 0o600
    assert keys.names() == ["epoch-00001"]


def test_a_wrong_mode_says_the_command_to_run(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "keys")
    keys.create("pepper", b"x" * 32)
    (tmp_path / "keys" / "pepper").chmod(0o644)
    with pytest.raises(Misconfigured, match=r"chmod 600 .*pepper") as caught:
        keys.load("pepper")
    assert "chmod 600" in caught.value.words.zh
    (tmp_path / "keys").chmod(0o755)
    with pytest.raises(Misconfigured, match=r"chmod 700 .*keys"):
        KeyDirectory(tmp_path / "keys")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "keys")
    keys.create("signing", b"first")
    with pytest.raises(Misconfigured, match="never overwritten"):
        keys.create("signing", b"second")
    assert keys.load("signing") == b"first"


def test_a_missing_empty_or_cut_key_stops_the_start(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "keys")
    with pytest.raises(Misconfigured, match="absent"):
        keys.load("absent")
    keys.create("empty", b"")
    with pytest.raises(Misconfigured, match="backup"):
        keys.load("empty")
    keys.create("cut", b"x" * 16)
    with pytest.raises(Misconfigured, match="16 bytes instead of 32"):
        keys.load_or_create("cut", 32)


def test_a_link_is_not_a_key(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "keys")
    outside = tmp_path / "outside"
    outside.write_bytes(b"x" * 32)
    outside.chmod(0o600)
    (tmp_path / "keys" / "linked").symlink_to(outside)
    with pytest.raises(Misconfigured):
        keys.load_or_create("linked", 32)


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b", "A"])
def test_a_name_cannot_leave_the_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name of a key"):
        KeyDirectory(tmp_path / "keys").load(name)


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(Misconfigured, match="not a directory"):
        KeyDirectory(tmp_path / "keys")


def test_all_who_start_at_once_get_one_key(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "keys")
    with ThreadPoolExecutor(8) as pool:
        got = set(pool.map(lambda _: keys.load_or_create("pepper", 32), range(32)))
    assert len(got) == 1
    assert [entry.name for entry in (tmp_path / "keys").iterdir()] == ["pepper"]
