import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.ledger.tsa import Authority, make_authority

from hegui.ledger.timestamps import question, time_of

NOTE = "log.test/a\n3\nroot\n\n— log.test/a AAAAAAAA\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tsa"))


def test_an_answer_tells_when_the_head_was_there(authority: Authority) -> None:
    asked = question(NOTE)
    told = time_of(authority.answer(asked.data), NOTE, authority.ca, asked.nonce)
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=5)  # noqa: TID251 - the authority's own clock is the machine's


def test_an_answer_can_be_checked_with_openssl(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "answer").write_bytes(authority.answer(question(NOTE).data))
    (tmp_path / "checkpoint").write_text(NOTE, encoding="utf-8")
    command = ["openssl", "ts", "-verify", "-data", "checkpoint", "-in", "answer"]
    command += ["-CAfile", str(authority.folder / "ca.pem")]
    ended = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)  # noqa: S603 - a test's tool
    assert ended.returncode == 0, ended.stderr


def test_an_answer_for_another_head_another_nonce_or_another_root_proves_nothing(
    authority: Authority, tmp_path: Path
) -> None:
    asked = question(NOTE)
    answer = authority.answer(asked.data)
    other = make_authority(tmp_path / "other")
    for note, ca, nonce in (
        (NOTE.replace("3", "4"), authority.ca, asked.nonce),
        (NOTE, authority.ca, 7),
        (NOTE, other.ca, asked.nonce),
        (NOTE, b"", asked.nonce),
    ):
        with pytest.raises(ValueError, match=r"verify|certificate"):
            time_of(answer, note, ca, nonce)


def test_a_changed_answer_is_refused_or_tells_the_same(authority: Authority) -> None:
    """What frames the token, and is not signed, may change: that changes nothing."""
    answer = authority.answer(question(NOTE).data)
    told, same = time_of(answer, NOTE, authority.ca), 0
    for place in range(len(answer)):
        changed = bytearray(answer)
        changed[place] ^= 0x01
        try:
            assert time_of(bytes(changed), NOTE, authority.ca) == told
        except ValueError:
            continue
        same += 1
    assert same < 40


@pytest.mark.parametrize("answer", [b"", b"\x30", b"junk" * 10, b"\x30\x80" * 500, b"x" * 70_000])
def test_what_is_no_answer_is_refused(authority: Authority, answer: bytes) -> None:
    with pytest.raises(ValueError, match="answer"):
        time_of(answer, NOTE, authority.ca)
