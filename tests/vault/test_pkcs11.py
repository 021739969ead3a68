"""Epoch keys in a token: SoftHSM, a real PKCS#11 module, made anew for every test run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.tokens import PIN
from tests.vault.conftest import INTERNAL, House, settings_in

from hegui.settings import Secret, inspect
from hegui.terms import Corrupt, Misconfigured, Unavailable
from hegui.vault.pkcs11 import TokenHolder


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


def test_a_session_that_was_lost_is_begun_again(holder: TokenHolder) -> None:
    holder.create(1)
    wrapped = holder.wrap(1, b"k" * 32)
    holder._session.close()  # as when the token was taken out
    with pytest.raises(Unavailable, match="does not answer"):
        holder.wrap(1, b"k" * 32)
    assert holder.unwrap(1, wrapped) == b"k" * 32
    holder.close()
    assert holder.unwrap(1, wrapped) == b"k" * 32


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
