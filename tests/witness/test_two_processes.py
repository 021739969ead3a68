import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.witness.log import Log

from hegui.app import witness as app
from hegui.ledger.cosignature import Key, seen_by


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "hegui-witness"


@pytest.fixture
def keys(folder: Path) -> tuple[Key, ...]:
    made = app.init(folder, "w.test/1", ml_dsa=False)
    app.follow(folder, Log().signer.vkey, "")
    return made


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Run ``hegui witness serve`` in a process of its own; give its address."""
    command = [sys.executable, "-m", "hegui", "witness", "serve", "--dir", str(folder)]
    command += ["--listen", "127.0.0.1:0", "--lang", "en"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        assert "logs followed: 1" in line
        yield line.partition("http://")[2].partition(";")[0]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert "stopped" in process.stderr.read()
        process.stderr.close()


def post(address: str, body: bytes) -> tuple[int, str]:
    asked = urllib.request.Request(f"http://{address}/add-checkpoint", data=body)
    try:
        with urllib.request.urlopen(asked, timeout=60) as response:  # noqa: S310 - loopback
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_two_servers_of_one_witness_never_sign_two_histories(
    folder: Path, keys: tuple[Key, ...]
) -> None:
    log = Log(10)
    logs = [log.fork(10, 5), Log(10).grow(5, "other")]
    with served(folder) as one, served(folder) as other:
        assert post(one, log.request(0))[0] == 200
        with ThreadPoolExecutor(8) as pool:
            sent = [(one, logs[0].request(10)), (other, logs[1].request(10))] * 4
            said = list(pool.map(lambda each: post(*each), sent))
    assert sum(status == 200 for status, _ in said) == 1
    assert {body for status, body in said if status == 409} <= {"15\n"}
    place = next(n for n, (status, _) in enumerate(said) if status == 200)
    won = place % 2
    assert len(seen_by(logs[won].head() + said[place][1], keys)) == 1
    with served(folder) as again:
        assert post(again, logs[won].request(15))[0] == 200
        assert post(again, logs[1 - won].request(15))[0] == 422


def test_a_witness_that_is_killed_has_not_forgotten_what_it_gave_out(
    folder: Path, keys: tuple[Key, ...]
) -> None:
    log, held = Log(3), 0
    command = [sys.executable, "-m", "hegui", "witness", "serve", "--dir", str(folder)]
    command += ["--listen", "127.0.0.1:0"]
    for _ in range(2):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own
        assert process.stderr is not None
        address = process.stderr.readline().partition("http://")[2].split("；")[0].split(";")[0]
        for _ in range(3):
            status, lines = post(address, log.request(held))
            assert (status, len(seen_by(log.head() + lines, keys))) == (200, 1)
            held = log.size
            log.grow(4)
        process.kill()
        process.wait()
        process.stderr.close()
    with served(folder) as address:
        assert post(address, log.request(0)) == (409, f"{held}\n")
