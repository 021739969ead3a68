"""SoftHSM, a real PKCS#11 module, with a token made anew for every run of tests.

For several rooms: the module reads once per process where its tokens lie, so there is one of them.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

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


@pytest.fixture(scope="session")
def module() -> str:
    found = next((path for path in MODULES if Path(path).exists()), "") or install()
    try:
        import pkcs11  # noqa: F401 - only whether it is there
    except ImportError:
        found = ""
    if not found and os.environ.get("CI"):
        pytest.fail("CI must have softhsm2 and python-pkcs11")
    if not found:
        sys.stderr.write("\nNOT RUN: keys in PKCS#11 (install softhsm2, hegui[pkcs11])\n")
        pytest.skip("needs softhsm2 and python-pkcs11")
    return found


@pytest.fixture(scope="session")
def token(module: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A fresh token called ``hegui``; the path of the module that finds it."""
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


def imported(folder: Path, label: str, number: str, pem: bytes) -> None:
    """Put a private key (PKCS#8, PEM) into the token, under a label and a number of its own."""
    path = folder / f"{label}.pem"
    path.write_bytes(pem)
    words = ["softhsm2-util", "--import", str(path), "--token", "hegui", "--pin", PIN]
    subprocess.run([*words, "--label", label, "--id", number], check=True, capture_output=True)  # noqa: S603 - our own words
    path.unlink()
