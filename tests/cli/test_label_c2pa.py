"""``hegui label --c2pa``, what ``label read`` says of a manifest, and ``check`` of its key."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from hegui.testing import pictures
from hegui.testing.certificates import Chain, chain
from hegui.testing.labelled import CODE

Hegui = Callable[..., Result]
CHAIN = chain()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(pictures.png())
    return path


def set_up(settings: Path, made: Chain = CHAIN, key: Chain = CHAIN, more: str = "") -> None:
    (settings.parent / "chain.pem").write_bytes(made.pem)
    secret = settings.parent / "c2pa.key"
    secret.write_bytes(key.key_pem)
    secret.chmod(0o600)
    table = f'[labels.c2pa]\ncertificates = "chain.pem"\nkey = "file:c2pa.key"\n{more}'
    settings.write_text(f"{settings.read_text()}\n{table}\n")


def label(hegui: Hegui, photo: Path, *args: str) -> Result:
    return hegui("label", str(photo), "--in-place", "--producer", CODE, *args)


def test_a_signed_file_is_on_record_as_such_and_read_as_such(
    hegui: Hegui, settings: Path, photo: Path
) -> None:
    set_up(settings)
    made = label(hegui, photo, "--c2pa", "--lang", "en")
    assert made.exit_code == 0, made.output
    assert "C2PA manifest was put into it last" in made.output
    with closing(sqlite3.connect(settings.parent / "hegui-data" / "hegui.db")) as connection:
        (leaf,) = connection.execute("SELECT leaf FROM entry").fetchone()
    assert json.loads(leaf)["layers"] == ["tc260", "c2pa"]
    read = json.loads(hegui("label", "read", "--json", str(photo)).stdout)
    assert len(read["labels"]) == 1
    assert read["c2pa"]["state"] == "valid"
    told = hegui("label", "read", str(photo), "--lang", "en")
    assert "signed by Test signer, hegui test" in told.output
    assert "takes no label's place" in told.output


def test_the_settings_can_want_it_for_every_file(hegui: Hegui, settings: Path, photo: Path) -> None:
    set_up(settings, more="always = true\n")
    assert json.loads(label(hegui, photo, "--json").stdout)["signed"] is True
    again = label(hegui, photo)
    assert again.exit_code == 0, again.output
    assert "kept in it" in hegui("label", "read", str(photo), "--lang", "en").output


def test_a_manifest_is_never_broken_without_a_word(
    hegui: Hegui, settings: Path, photo: Path
) -> None:
    set_up(settings)
    label(hegui, photo, "--c2pa")
    before = photo.read_bytes()
    told = label(hegui, photo)
    assert told.exit_code == 3
    assert "hegui[c2pa]" in told.output
    assert photo.read_bytes() == before


def test_without_a_certificate_it_says_what_to_set(hegui: Hegui, photo: Path) -> None:
    told = label(hegui, photo, "--c2pa")
    assert told.exit_code == 3
    assert "[labels.c2pa]" in told.output
    assert photo.read_bytes() == pictures.png()


def test_a_time_stamp_that_was_not_had_is_told(hegui: Hegui, settings: Path, photo: Path) -> None:
    set_up(settings, more='time_stamps = "http://127.0.0.1:9/"\n')
    refused = label(hegui, photo, "--c2pa", "--lang", "en")
    assert refused.exit_code == 2
    assert "time_stamp_required = false" in refused.output
    assert photo.read_bytes() == pictures.png()
    settings.write_text(f"{settings.read_text()}time_stamp_required = false\n")
    made = label(hegui, photo, "--c2pa", "--lang", "en")
    assert made.exit_code == 0, made.output
    assert "The manifest has no time stamp" in made.output


def test_check_says_that_the_key_is_another_ones(hegui: Hegui, settings: Path) -> None:
    set_up(settings)
    assert "labels.c2pa" not in hegui("check").output
    (settings.parent / "c2pa.key").write_bytes(chain().key_pem)
    told = hegui("check", "--lang", "en")
    assert told.exit_code == 3
    assert "does not belong to the first certificate" in told.output


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("always = true", "labels.c2pa.certificates"),
        ('certificates = "chain.pem"', "labels.c2pa.key"),
        ('certificates = "chain.pem"\nkey_service = "http://signer.example/"', "https://"),
        ('certificates = "chain.pem"\nkey_service = "https://a:b@signer.example/"', "https://"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(
    lines: str, said: str, hegui: Hegui, settings: Path
) -> None:
    settings.write_text(f"{settings.read_text()}\n[labels.c2pa]\n{lines}\n")
    told = hegui("check", "--lang", "en")
    assert told.exit_code == 3
    assert said in told.output


def test_a_manifest_that_breaks_its_reader_is_inconclusive_and_labels_are_told(
    hegui: Hegui, settings: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(settings)
    label(hegui, photo, "--c2pa")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "c2pa.py").write_text("import os\nos.abort()\n")
    monkeypatch.syspath_prepend(tmp_path / "other")
    told = hegui("label", "read", str(photo), "--lang", "en")
    assert told.exit_code == 2
    assert "inconclusive" in told.output
    assert "ContentProducer" in told.output
    there = json.loads(hegui("label", "read", "--json", str(photo)).stdout)
    assert there["c2pa"] == {
        "state": "inconclusive",
        "signer": "",
        "at": "",
        "parents": 0,
        "faults": ["crashed"],
    }
    assert hegui("label", "verify", str(photo)).exit_code == 0


def test_check_says_that_the_propagators_key_is_none(hegui: Hegui, settings: Path) -> None:
    key = settings.parent / "sm2.key"
    key.touch(0o600)
    settings.write_text(f'{settings.read_text()}\n[label_page]\nsm2_key = "file:sm2.key"\n')
    key.write_text("7" * 64)
    assert "sm2_key" not in hegui("check").output
    key.write_text("no key at all")
    for lang, said in (("en", "no SM2 private key"), ("zh", "不是有效的 SM2 私钥")):
        told = hegui("check", "--lang", lang)
        assert told.exit_code == 3
        assert said in told.output
        assert "no key at all" not in told.output
