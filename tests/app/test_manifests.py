"""C2PA manifests: put in last, read back, kept, and never broken without a word."""

import io
import shutil
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import c2pa
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from hegui.app import labelling, manifest_reading, manifests
from hegui.app.manifest_keys import ManifestKey
from hegui.app.manifests import Signs
from hegui.labels import judging
from hegui.labels.value import Implicit
from hegui.settings.c2pa import C2pa
from hegui.settings.secret import Secret
from hegui.terms import BadRequest, Corrupt, Misconfigured, Unavailable, Words
from hegui.testing import pictures
from hegui.testing.certificates import SINCE, Chain, Key, chain
from hegui.testing.labelled import LABEL, OTHER
from hegui.testing.samples import samples

NOW = 1_795_000_000_000  # in November 2026
CHAIN = chain()
# what the library cannot parse, or would change besides
REFUSED = {
    "wav streamed",
    "wav of 64 bits",
    "mov of old",
    "heic base",
    "mp3 with ID3v2.4",
    "avi of many parts",
}
SAMPLES = {one.name: one for one in samples() if one.form.name in manifests.HOLDING}
ONE_OF_EACH = {one.form.name: name for name, one in SAMPLES.items() if name not in REFUSED}


def table(folder: Path, made: Chain = CHAIN, *, key: Chain | None = None, url: str = "") -> C2pa:
    path = folder / "chain.pem"
    path.write_bytes(made.pem)
    secret = Secret() if url else Secret("env:KEY", (key or made).key_pem.decode())
    return C2pa(certificates=path, key=secret, key_service=url)


@pytest.fixture
def signs(tmp_path_factory: pytest.TempPathFactory) -> Signs:
    return Signs(ManifestKey(table(tmp_path_factory.mktemp("keys")), NOW), NOW, required=True)


def put(folder: Path, name: str) -> Path:
    one = SAMPLES[name]
    path = folder / f"a{one.form.suffixes[0]}"
    path.write_bytes(one.data)
    return path


def look(path: Path) -> manifest_reading.Shown:
    with labelling.opened(path) as source:
        return manifest_reading.read(labelling.format_of(source, path.name), source.handle)


@pytest.mark.parametrize("name", [one for one in SAMPLES if one not in REFUSED])
def test_the_manifest_holds_and_the_label_and_content_are_as_without_it(
    name: str, signs: Signs, tmp_path: Path
) -> None:
    path = put(tmp_path, name)
    before = labelling.seen(path, content=True)
    written = labelling.label(path, path, LABEL, "present", signs=signs)
    after = labelling.seen(path, content=True)
    assert written.signed
    assert after.payload == before.payload == written.payload
    assert [one.raw for one in after.found] == [LABEL.inner()]
    assert judging.judged(after.found, after.form).state == "compliant"
    assert look(path) == manifest_reading.Shown("valid", "Test signer, hegui test")
    assert sorted(one.name for one in tmp_path.iterdir()) == [path.name]


@pytest.mark.parametrize("name", ONE_OF_EACH.values())
def test_a_file_with_a_manifest_is_refused_without_a_signer_and_kept_with_one(
    name: str, signs: Signs, tmp_path: Path
) -> None:
    path = put(tmp_path, name)
    labelling.label(path, path, LABEL, "present", signs=signs)
    signed = path.read_bytes()
    with pytest.raises(BadRequest, match="manifest") as told:
        labelling.label(path, path, OTHER, "present")
    assert told.value.code == "manifest"
    assert path.read_bytes() == signed
    labelling.label(path, path, OTHER, "present", signs=signs)
    assert look(path) == manifest_reading.Shown("valid", "Test signer, hegui test", parents=1)
    assert len(labelling.seen(path).found) == 1


@pytest.mark.parametrize("name", sorted(REFUSED & set(SAMPLES)))
def test_what_cannot_be_signed_without_other_changes_is_refused_and_stays(
    name: str, signs: Signs, tmp_path: Path
) -> None:
    path = put(tmp_path, name)
    with pytest.raises(BadRequest):
        labelling.label(path, path, LABEL, "present", signs=signs)
    assert path.read_bytes() == SAMPLES[name].data
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def actions(path: Path) -> list[dict[str, object]]:
    c2pa = manifest_reading.library()
    with c2pa.Reader("image/jpeg", io.BytesIO(path.read_bytes())) as reader:
        (one,) = reader.get_active_manifest()["assertions"]
    there: list[dict[str, object]] = one["data"]["actions"]
    return there


def photo(folder: Path) -> Path:
    path = folder / "photo.jpg"
    path.write_bytes(pictures.jpeg())
    return path


def test_what_is_surely_generated_is_said_to_be_created_so(signs: Signs, tmp_path: Path) -> None:
    path = photo(tmp_path)
    labelling.label(path, path, LABEL, "present", signs=signs)
    (one,) = actions(path)
    assert one["action"] == "c2pa.created"
    assert one["digitalSourceType"] == manifests.GENERATED
    assert one["when"] == "2026-11-18T11:06:40Z"


def test_the_manifest_says_no_more_than_a_label_that_is_not_sure(
    signs: Signs, tmp_path: Path
) -> None:
    path = photo(tmp_path)
    suspected = Implicit("3", *[getattr(LABEL, one) for one in LABEL.__struct_fields__[1:]])
    labelling.label(path, path, suspected, "present", signs=signs)
    said = actions(path)
    assert [one["action"] for one in said] == ["c2pa.opened", "c2pa.edited.metadata"]
    assert not any("digitalSourceType" in one for one in said)


def test_no_thumbnail_is_put_in(signs: Signs, tmp_path: Path) -> None:
    path = photo(tmp_path)
    labelling.label(path, tmp_path / "plain.jpg", LABEL, "present")
    labelling.label(path, path, LABEL, "present", signs=signs)
    assert path.stat().st_size - (tmp_path / "plain.jpg").stat().st_size < 5_000


def test_a_byte_that_is_changed_afterwards_is_seen(signs: Signs, tmp_path: Path) -> None:
    path = photo(tmp_path)
    labelling.label(path, path, LABEL, "present", signs=signs)
    path.write_bytes(path.read_bytes().replace(b"a-1", b"b-1"))
    there = look(path)
    assert (there.state, there.faults) == ("invalid", ("assertion.dataHash.mismatch",))


def test_another_program_sees_the_manifest(signs: Signs, tmp_path: Path) -> None:
    exiftool = shutil.which("exiftool")
    assert exiftool is not None, "apt-get install libimage-exiftool-perl"
    path = photo(tmp_path)
    labelling.label(path, path, LABEL, "present", signs=signs)
    told = subprocess.run(  # noqa: S603 - a fixed command
        [exiftool, "-G", "-a", str(path)], capture_output=True, check=True, text=True
    )
    assert "[JUMBF]" in told.stdout
    assert "c2pa.claim" in told.stdout


def test_a_format_that_holds_none_is_refused_or_left_without(signs: Signs, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("# text\n")
    with pytest.raises(BadRequest, match="markdown") as told:
        labelling.label(path, path, LABEL, "present", signs=signs)
    assert told.value.code == "no_manifest_place"
    lax = signs._replace(required=False)
    assert not labelling.label(path, path, LABEL, "present", signs=lax).signed


EXPIRED = chain(until=SINCE.replace(year=2026))
SERVER = chain(mail=False)


@pytest.mark.parametrize(
    ("made", "key", "said"),
    [
        (EXPIRED, EXPIRED, "in force from 2025-01-01 to 2026-01-01 only"),
        (SERVER, SERVER, "not fit for C2PA"),
        (CHAIN, SERVER, "does not belong"),
        (Chain(CHAIN.pem[:-400], CHAIN.key), CHAIN, "whole PEM"),
        (Chain(CHAIN.pem.split(b"-\n-")[0] + b"-\n" + SERVER.pem, CHAIN.key), CHAIN, "not issued"),
        (Chain(b"", CHAIN.key), CHAIN, "whole PEM"),
    ],
)
def test_a_certificate_that_will_not_do_says_so_at_once(
    made: Chain, key: Chain, said: str, tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured, match=said):
        ManifestKey(table(tmp_path, made, key=key), NOW)


@pytest.fixture
def service() -> Iterator[Callable[[bytes], str]]:
    """Serve a signing service that answers with what it is given, or signs where it is nothing."""
    servers = []

    def start(answer: bytes) -> str:
        class Service(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["content-length"]))
                assert isinstance(CHAIN.key, ec.EllipticCurvePrivateKey)
                body = answer or CHAIN.key.sign(data, ec.ECDSA(hashes.SHA256()))
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Service)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/sign"

    yield start
    for one in servers:
        one.shutdown()
        one.server_close()


def test_a_service_may_hold_the_key(service: Callable[[bytes], str], tmp_path: Path) -> None:
    key = ManifestKey(table(tmp_path, url=service(b"")), NOW)
    path = photo(tmp_path)
    labelling.label(path, path, LABEL, "present", signs=Signs(key, NOW, required=True))
    there = look(path)
    assert there is not None
    assert there.state == "valid"


def test_a_service_that_signs_with_another_key_is_not_used(
    service: Callable[[bytes], str], tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured, match="does not belong"):
        ManifestKey(table(tmp_path, url=service(b"x" * 64)), NOW)
    with pytest.raises(Unavailable, match="too-large"):
        ManifestKey(table(tmp_path, url=service(b"x" * 5_000)), NOW)
    with pytest.raises(Unavailable, match="unreachable"):
        ManifestKey(table(tmp_path, url="http://127.0.0.1:9/"), NOW)


@pytest.mark.parametrize(
    ("made", "algorithm"),
    [
        (rsa.generate_private_key(65_537, 2_048), "ps256"),
        (ec.generate_private_key(ec.SECP384R1()), "es384"),
        (ec.generate_private_key(ec.SECP521R1()), "es512"),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_the_kind_of_key_says_the_algorithm(made: Key, algorithm: str, tmp_path: Path) -> None:
    key = ManifestKey(table(tmp_path, chain(made)), NOW)
    assert key.algorithm == algorithm
    path = photo(tmp_path)
    labelling.label(path, path, LABEL, "present", signs=Signs(key, NOW, required=True))
    there = look(path)
    assert there is not None
    assert there.state == "valid"


class RelabellingBuilder(c2pa.Builder):  # type: ignore[misc] # the library has no types
    """A library's builder that signs a file with another label than it was given."""

    def sign(self, signer: object, mime: str, before: io.BufferedReader, after: object) -> bytes:
        """Sign it."""
        changed = io.BytesIO(before.read().replace(b"a-1", b"b-1"))
        made: bytes = super().sign(signer, mime, changed, after)
        return made


def test_a_library_that_does_otherwise_than_it_says_is_not_believed(
    signs: Signs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = photo(tmp_path)
    labelling.label(path, path, OTHER, "present", signs=signs)
    before = path.read_bytes()
    monkeypatch.setattr(c2pa, "Builder", RelabellingBuilder)
    with pytest.raises(Corrupt):
        labelling.label(path, path, LABEL, "present", signs=signs)
    assert path.read_bytes() == before


BREAKS = "import os\nos.abort()\n"
HANGS = "import time\ntime.sleep(600)\n"
BABBLES = "print('{', flush=True)\nraise SystemExit(0)\n"


def test_what_hindered_one_file_is_not_said_of_the_next(signs: Signs, tmp_path: Path) -> None:
    signs.key.failed = Unavailable(Words("the service was away", "签名服务不可用"))
    path = put(tmp_path, "wav streamed")
    with pytest.raises(BadRequest) as told:
        labelling.label(path, path, LABEL, "present", signs=signs)
    assert told.value.code == "not_signed"


def test_a_process_of_its_own_says_the_same(signs: Signs, tmp_path: Path) -> None:
    path = photo(tmp_path)
    labelling.label(path, path, LABEL, "present", signs=signs)
    for data in (path.read_bytes(), path.read_bytes().replace(b"a-1", b"b-1")):
        path.write_bytes(data)
        with labelling.opened(path) as source:
            form = labelling.format_of(source, path.name)
            assert manifest_reading.shown(form, source) == look(path)
    path.write_bytes(pictures.jpeg())
    with labelling.opened(path) as source:
        assert manifest_reading.shown(form, source) is None


def another_library(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
    """Have a library in the place of c2pa that does what it says as soon as it is loaded."""
    folder.mkdir()
    (folder / "c2pa.py").write_text(code)
    monkeypatch.syspath_prepend(folder)


@pytest.mark.parametrize(
    ("code", "fault", "seconds"),
    [(BREAKS, "crashed", 60.0), (BABBLES, "crashed", 60.0), (HANGS, "late", 2.0)],
)
def test_a_library_that_breaks_over_a_file_breaks_nothing_here(
    code: str,
    fault: str,
    seconds: float,
    signs: Signs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = photo(tmp_path)
    labelling.label(path, path, LABEL, "present", signs=signs)
    another_library(monkeypatch, tmp_path / "other", code)
    with labelling.opened(path) as source:
        told = manifest_reading.shown(labelling.format_of(source, path.name), source, seconds)
    assert told == manifest_reading.Shown("inconclusive", faults=(fault,))


def test_what_could_not_be_read_apart_is_not_read_here_to_be_kept(
    signs: Signs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = photo(tmp_path)
    labelling.label(path, path, LABEL, "present", signs=signs)
    before = path.read_bytes()
    another_library(monkeypatch, tmp_path / "other", BREAKS)  # this process has the right one
    with pytest.raises(BadRequest, match="broke over") as told:
        labelling.label(path, path, OTHER, "present", signs=signs)
    assert told.value.code == "manifest"
    assert path.read_bytes() == before
