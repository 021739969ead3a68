"""Epoch keys in a token: SoftHSM, a real PKCS#11 module, made anew for every test run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.vault.conftest import INTERNAL, House, settings_in

from hegui.settings import Secret, inspect
from hegui.terms import Corrupt, Misconfigured
from hegui.vault.pkcs11 import TokenHolder

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
)
PIN = "1234"


def install() -> str:
    """Install SoftHSM where that is ours to do: in CI, as root, from the system's packages."""
    if os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get"):
        for args in (["update", "-qq"], ["install", "-y", "-qq", "softhsm2"]):
            subprocess.run(["apt-get", *args], check=False, capture_output=True, timeout=100)  # noqa: S603, S607 - our own words, in CI only
    return next((path for path in MODULES if Path(path).exists()), "")


@pytest.fixture(scope="module")
def module() -> str:
    found = next((path for path in MODULES if Path(path).exists()), "") or install()
    try:
        import pkcs11  # noqa: F401 - only whether it is there
    except ImportError:
        found = ""
    if not found and os.environ.get("CI"):
        pytest.fail("CI must have softhsm2 and python-pkcs11")
    if not found:
        sys.stderr.write("\nNOT RUN: epoch keys in PKCS#11 (install softhsm2, hegui[pkcs11])\n")
        pytest.skip("needs softhsm2 and python-pkcs11")
    return found


@pytest.fixture(scope="module")
def token(module: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A fresh token called ``hegui``. The module reads its place once per process."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    conf = folder / "softhsm2.conf"
    conf.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n",
        encoding="utf-8",
    )
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(conf)
    words = ["softhsm2-util", "--init-token", "--free", "--label", "hegui"]
    subprocess.run([*words, "--pin", PIN, "--so-pin", "5678"], check=True, capture_output=True)  # noqa: S603 - our own words
    yield module
    if before is None:
        del os.environ["SOFTHSM2_CONF"]


@pytest.fixture
def holder(token: str) -> Iterator[TokenHolder]:
    made = TokenHolder(token, "hegui", Secret("env:PIN", PIN))
    yield made
    for epoch in range(10):
        made.destroy(epoch)
    made.close()


def test_a_key_that_was_wrapped_in_the_token_opens_until_the_epoch_is_destroyed(
    holder: TokenHolder,
) -> None:
    holder.create(1)
    holder.create(1)
    holder.create(2)
    wrapped = holder.wrap(1, b"k" * 32)
    assert b"k" * 32 not in wrapped
    assert holder.wrap(1, b"k" * 32) != wrapped
    holder.forget(2)
    assert holder.unwrap(1, wrapped) == b"k" * 32
    assert holder.unwrap(2, wrapped) is None
    assert holder.unwrap(1, wrapped[:-1] + bytes([wrapped[-1] ^ 1])) is None
    assert holder.unwrap(1, b"") is holder.unwrap(1, wrapped[:5]) is None
    holder.destroy(1)
    holder.destroy(1)
    assert holder.unwrap(1, wrapped) is None
    with pytest.raises(Misconfigured, match="no key hegui-epoch-00001"):
        holder.wrap(1, b"k" * 32)


def test_the_key_never_leaves_the_token(holder: TokenHolder) -> None:
    import pkcs11

    holder.create(3)
    key = holder._key(3)
    assert key[pkcs11.Attribute.SENSITIVE]
    assert not key[pkcs11.Attribute.EXTRACTABLE]
    with pytest.raises(pkcs11.exceptions.PKCS11Error):
        key[pkcs11.Attribute.VALUE]


def test_a_wrong_pin_or_token_stops_the_start_and_shows_no_pin(token: str) -> None:
    for label, pin in (("hegui", "9999"), ("another", PIN)):
        with pytest.raises(Misconfigured, match="pkcs11_pin") as refused:
            TokenHolder(token, label, Secret("env:PIN", pin))
        assert pin not in refused.value.words.en + refused.value.words.zh
    with pytest.raises(Misconfigured, match="pkcs11_token"):
        TokenHolder("/nowhere/module.so", "hegui", Secret("env:PIN", PIN))


def test_a_service_moves_from_a_key_file_into_the_token_and_erases_there(
    token: str, tmp_path: Path
) -> None:
    plain = House(settings_in(tmp_path))
    plain.keep("alice", "x1", "一")
    plain.keep("bob", "x2", "二")
    plain.close()
    more = f'[vault]\npkcs11 = "{token}"\npkcs11_token = "hegui"\npkcs11_pin = "env:PIN"\n'
    house = House(settings_in(tmp_path, more, PIN=PIN), plain.clock)
    assert house.vault.open("default", "x1", "prompt") == "一".encode()
    house.rotate()
    keys = house.settings.key_directory
    assert not list(keys.glob("epoch-*"))
    assert house.query("SELECT number, holder FROM epoch") == [(1, "file"), (2, "pkcs11")]
    assert house.vault.open("default", "x1", "prompt") == "一".encode()
    house.erase("alice")
    house.rotate()
    house.clock.forward(300_000)
    assert [done.state for done in house.tend().completed] == ["complete"]
    assert house.vault.open("default", "x2", "prompt") == "二".encode()
    assert house.records("epoch.closed")[-1]["holder"] == "pkcs11"
    token_holder = house.holders["pkcs11"]
    house.close()
    assert isinstance(token_holder, TokenHolder)
    token_holder.close()
    with pytest.raises(Misconfigured, match="held by pkcs11"):
        House(settings_in(tmp_path), plain.clock)
    again = House(settings_in(tmp_path, more, PIN=PIN), plain.clock)
    again.holders["pkcs11"].destroy(3)
    with pytest.raises(Corrupt):
        again.vault.open("default", "x2", "prompt")
    again.close()


def test_module_token_and_pin_belong_together() -> None:
    table = '[vault]\npkcs11 = "/x.so"\n'
    _, problems = inspect(INTERNAL + table)
    assert [problem.sentence.en for problem in problems]
    assert "belong together" in problems[0].sentence.en
