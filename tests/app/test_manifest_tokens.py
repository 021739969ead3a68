"""Manifests signed by a key in a PKCS#11 token (SoftHSM), which never leaves it."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from tests.tokens import PIN, imported

from hegui.app import labelling, manifest_reading
from hegui.app.manifest_keys import ManifestKey
from hegui.app.manifests import Signs
from hegui.settings import inspect
from hegui.settings.c2pa import C2pa
from hegui.settings.secret import Secret
from hegui.terms import Misconfigured, Unavailable
from hegui.testing import pictures
from hegui.testing.certificates import Chain, Key, chain
from hegui.testing.labelled import LABEL

NOW = 1_795_000_000_000  # in November 2026
CHAIN = chain()
Table = Callable[..., C2pa]


@pytest.fixture(scope="module")
def held(token: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    imported(tmp_path_factory.mktemp("keys"), "c2pa", "c2", CHAIN.key_pem)
    return token


@pytest.fixture
def table(held: str, tmp_path: Path) -> Table:
    def make(made: Chain = CHAIN, *, module: str = held, pin: str = PIN, **more: str) -> C2pa:
        path = tmp_path / "chain.pem"
        path.write_bytes(made.pem)
        names = {"pkcs11_token": "hegui", "pkcs11_key": "c2pa", **more}
        secret = Secret("env:PIN", pin)
        return C2pa(certificates=path, pkcs11=module, pkcs11_pin=secret, **names)

    return make


@pytest.fixture
def opened() -> Iterator[Callable[[C2pa], ManifestKey]]:
    keys = []

    def open_key(chosen: C2pa) -> ManifestKey:
        keys.append(ManifestKey(chosen, NOW))
        return keys[-1]

    yield open_key
    for one in keys:
        one.close()


def photo(folder: Path) -> Path:
    path = folder / "photo.jpg"
    path.write_bytes(pictures.jpeg())
    return path


def state(path: Path) -> str:
    with labelling.opened(path) as source:
        there = manifest_reading.shown(labelling.format_of(source, path.name), source)
    return there.state if there is not None else ""


Opened = Callable[[C2pa], ManifestKey]


def test_a_key_in_a_token_signs_and_the_chain_on_disk_goes_with_it(
    table: Table, opened: Opened, tmp_path: Path
) -> None:
    path = photo(tmp_path)
    signs = Signs(opened(table()), NOW, required=True)
    assert labelling.label(path, path, LABEL, "present", signs=signs).signed
    assert state(path) == "valid"
    assert [one.raw for one in labelling.seen(path).found] == [LABEL.inner()]


@pytest.mark.parametrize(
    ("made", "number"),
    [
        (ec.generate_private_key(ec.SECP384R1()), "d1"),
        (ec.generate_private_key(ec.SECP521R1()), "d2"),
        (rsa.generate_private_key(65_537, 2_048), "d3"),
        (ed25519.Ed25519PrivateKey.generate(), "d4"),
    ],
    ids=["es384", "es512", "ps256", "ed25519"],
)
def test_each_kind_of_key_signs_in_the_token(
    made: Key, number: str, table: Table, opened: Opened, tmp_path: Path
) -> None:
    own, path = chain(made), photo(tmp_path)
    imported(tmp_path, f"c2pa-{number}", number, own.key_pem)
    signs = Signs(opened(table(own, pkcs11_key=f"c2pa-{number}")), NOW, required=True)
    labelling.label(path, path, LABEL, "present", signs=signs)
    assert state(path) == "valid"


def test_a_key_of_another_certificate_is_found_before_the_first_file(table: Table) -> None:
    with pytest.raises(Misconfigured, match="does not belong"):
        ManifestKey(table(chain()), NOW)


def test_a_wrong_pin_label_or_module_is_named_and_the_pin_is_never_shown(
    table: Table, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    broken = tmp_path / "module.so"
    broken.write_bytes(b"\x7fELF")
    wrong: list[tuple[C2pa, str]] = [
        (table(pin="987654"), "pkcs11_pin"),
        (table(pkcs11_key="other"), "exactly one private key with the label other"),
        (table(module="/nowhere/module.so"), "can be loaded"),
        (table(module=str(broken)), "can be loaded"),
    ]
    for chosen, said in wrong:
        with pytest.raises(Misconfigured, match=said) as told:
            ManifestKey(chosen, NOW)
        shown = f"{told.value} {told.value.words} {told.value.__cause__} {caplog.text} {chosen}"
        assert PIN not in shown.replace("0x", "")
        assert "987654" not in shown


def test_a_token_that_is_not_there_is_unavailable(table: Table) -> None:
    with pytest.raises(Unavailable, match="check that it is there and connected") as told:
        ManifestKey(table(pkcs11_token="another"), NOW)
    assert "请检查设备是否在位" in told.value.words.zh


def test_a_token_that_goes_away_leaves_the_file_and_is_used_again_when_it_is_back(
    table: Table, opened: Opened, tmp_path: Path
) -> None:
    key, path = opened(table()), photo(tmp_path)
    signs = Signs(key, NOW, required=True)
    assert key._token is not None
    key._token._session.close()  # as when the token was taken out
    with pytest.raises(Unavailable, match="gave no signature"):
        labelling.label(path, path, LABEL, "present", signs=signs)
    assert path.read_bytes() == pictures.jpeg()
    assert [one.name for one in tmp_path.glob("photo*")] == [path.name]
    labelling.label(path, path, LABEL, "present", signs=signs)
    assert state(path) == "valid"


def test_the_vault_may_use_the_same_token_at_the_same_time(
    table: Table, opened: Opened, held: str
) -> None:
    from hegui.vault.pkcs11 import TokenHolder

    key = opened(table())
    holder = TokenHolder(held, "hegui", Secret("env:PIN", PIN))
    holder.create(77)
    assert key.sign(b"text")
    holder.destroy(77)
    holder.close()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('pkcs11 = "/x.so"', "belong together"),
        ('pkcs11 = "/x.so"\nkey = "env:KEY"', "exclude each other"),
        ('pkcs11_token = "x"', "belong together"),
    ],
)
def test_settings_of_a_token_that_do_not_fit_together_are_refused(lines: str, said: str) -> None:
    text = f'[labels.c2pa]\ncertificates = "chain.pem"\n{lines}\n'
    _, problems = inspect(text, environ={"KEY": "x"})
    assert any(said in one.sentence.en for one in problems)
