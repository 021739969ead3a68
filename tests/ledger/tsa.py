"""A small time-stamping authority for the tests: OpenSSL's, with keys of its own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

CONFIG = """\
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = answering
[answering]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
default_policy = 1.2.3.4.1
signer_digest = sha256
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class Authority:
    """Answers requests, and has a root certificate."""

    folder: Path

    @property
    def ca(self) -> bytes:
        return (self.folder / "ca.pem").read_bytes()

    def answer(self, request: bytes) -> bytes:
        (self.folder / "request").write_bytes(request)
        self._run("ts", "-reply", "-queryfile", "request", "-out", "answer")
        return (self.folder / "answer").read_bytes()

    def _run(self, *words: str) -> None:
        command = ["openssl", *words, "-config", "openssl.cnf"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)  # noqa: S603 - a test's tool


def make_authority(folder: Path) -> Authority:
    folder.mkdir(exist_ok=True)
    (folder / "openssl.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    made = Authority(folder)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    root = ("-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test root", "-extensions", "ca")
    made._run("req", "-x509", *key, *root, "-days", "3650")
    signer = ("-keyout", "signer.key", "-out", "signer.pem", "-subj", "/CN=test authority")
    by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-extensions", "signer", "-days", "3650")
    made._run("req", "-x509", *key, *signer, *by)
    return made
