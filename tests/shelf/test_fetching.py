import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hegui.shelf.fetching import Fetcher, Limits, resolve
from hegui.shelf.hosts import Hosts, NotFetched
from hegui.testing.media_host import FILES, MediaHost
from hegui.testing.serve import running

SMALL = Limits(size=300_000, seconds=60.0, at_a_time=2)


class Bench:
    def __init__(self, host: MediaHost, base: str) -> None:
        self.host, self.base = host, base
        self.hosts = Hosts((base.removeprefix("http://"),), private=True)
        self.fetcher = Fetcher(SMALL)

    async def refused(self, path: str) -> NotFetched:
        with pytest.raises(NotFetched) as caught:
            await self.fetcher.fetch(f"{self.base}{path}?Signature=s3cr3t", self.hosts)
        for said in (caught.value.words.en, caught.value.words.zh):
            assert "s3cr3t" not in said
            assert "png" not in said
        return caught.value


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[Bench]:
    host = MediaHost()
    async with running(host) as base:
        yield Bench(host, base)


@pytest.mark.parametrize(
    ("path", "family"),
    [("/picture.png", "image"), ("/film.mp4", "video"), ("/sound.mp3", "audio")],
)
async def test_a_file_of_a_listed_host_is_fetched_byte_for_byte(
    bench: Bench, path: str, family: str
) -> None:
    fetched = await bench.fetcher.fetch(f"{bench.base}{path}", bench.hosts)
    assert fetched.data == FILES[path][1]
    assert fetched.family == family


async def test_a_type_that_says_nothing_is_told_by_the_content(bench: Bench) -> None:
    fetched = await bench.fetcher.fetch(f"{bench.base}/unsaid.png", bench.hosts)
    assert fetched.form.name == "png"


async def test_a_redirect_to_a_listed_host_is_followed(bench: Bench) -> None:
    fetched = await bench.fetcher.fetch(f"{bench.base}/moved.png", bench.hosts)
    assert fetched.data == FILES["/picture.png"][1]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/round.png", "redirects"),
        ("/away.png", "host"),
        ("/elsewhere.png", "host"),
        ("/file.png", "address"),
        ("/packed.png", "encoding"),
        ("/short.png", "broken-off"),
        ("/large.png", "too-large"),
        ("/endless.png", "too-large"),
        ("/gone.png", "status"),
        ("/page.png", "not-media"),
        ("/page.html", "not-media"),
        ("/film-said-to-be-a-picture.png", "other-type"),
    ],
)
async def test_a_host_that_misbehaves_gives_nothing(bench: Bench, path: str, reason: str) -> None:
    assert (await bench.refused(path)).reason == reason


async def test_a_slow_host_is_left_at_the_time_limit(bench: Bench) -> None:
    bench.fetcher = Fetcher(Limits(size=300_000, seconds=0.2, at_a_time=1))
    assert (await bench.refused("/slow.png")).reason == "slow"


async def test_an_endless_file_is_not_read_beyond_the_limit(bench: Bench) -> None:
    await bench.refused("/endless.png")
    assert bench.host.sent < 10 * SMALL.size


async def test_no_credential_and_no_cookie_goes_along(bench: Bench) -> None:
    await bench.fetcher.fetch(f"{bench.base}/moved.png", bench.hosts)
    for _, headers in bench.host.seen:
        assert set(headers) == {"host", "user-agent", "accept", "accept-encoding", "connection"}
        assert headers["accept-encoding"] == "identity"


async def test_a_key_for_the_model_server_itself_ends_at_the_first_redirect(bench: Bench) -> None:
    port = bench.base.rpartition(":")[2]
    own = Hosts((f"localhost:{port}",), private=True)
    await bench.fetcher.fetch(
        f"http://localhost:{port}/moved.png",
        Hosts((f"localhost:{port}",), private=True),
        own=own,
        headers={"authorization": "Bearer k"},
    )
    assert [headers.get("authorization") for _, headers in bench.host.seen] == ["Bearer k", None]


async def test_a_name_is_resolved_once_and_that_very_address_is_connected_to(bench: Bench) -> None:
    asked: list[str] = []

    async def turns(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    port = bench.base.rpartition(":")[2]
    hosts = Hosts((f"media.example.com:{port}",), private=True)
    fetcher = Fetcher(SMALL, turns)
    address = f"http://media.example.com:{port}/picture.png"
    assert (await fetcher.fetch(address, hosts)).data == FILES["/picture.png"][1]
    assert asked == ["media.example.com"]
    with pytest.raises(NotFetched) as caught:
        await fetcher.fetch(address, hosts)
    assert caught.value.reason == "private-address"


async def test_a_public_name_that_leads_home_is_not_connected_to(bench: Bench) -> None:
    async def home(host: str, port: int) -> Sequence[str]:
        del host, port
        return ["127.0.0.1"]

    port = bench.base.rpartition(":")[2]
    with pytest.raises(NotFetched) as caught:
        await Fetcher(SMALL, home).fetch(
            f"https://media.example.com:{port}/picture.png", Hosts((f"media.example.com:{port}",))
        )
    assert caught.value.reason == "private-address"
    assert bench.host.seen == []


async def seen(bench: Bench, count: int) -> None:
    async with asyncio.timeout(60):
        while len(bench.host.seen) < count:  # noqa: ASYNC110 - a server tells nobody
            await asyncio.sleep(0.005)


async def test_no_more_than_so_many_are_fetched_at_a_time(bench: Bench) -> None:
    bench.fetcher = Fetcher(Limits(size=300_000, seconds=60.0, at_a_time=2))
    tasks = [asyncio.ensure_future(bench.refused("/slow.png")) for _ in range(4)]
    await seen(bench, 2)
    await asyncio.sleep(0.15)
    assert len(bench.host.seen) == 2
    for task in tasks[:2]:
        task.cancel()
    await seen(bench, 4)  # whoever waits has a turn when another has ended
    for task in tasks[2:]:
        task.cancel()
    await asyncio.wait(tasks)


async def test_an_unknown_host_has_no_address() -> None:
    assert list(await resolve("nobody.invalid", 443)) == []


async def test_the_certificate_must_be_that_of_the_host_that_is_named(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path, "media.example.com"))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        writer.close()

    async def home(host: str, port: int) -> Sequence[str]:
        del host, port
        return ["127.0.0.1"]

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    hosts = Hosts((f"media.example.com:{port}",), private=True)
    try:
        with pytest.raises(NotFetched, match="Certificate"):
            await Fetcher(SMALL, home).fetch(f"https://media.example.com:{port}/a.png", hosts)
    finally:
        server.close()
        await server.wait_closed()


def self_signed(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(pem))
    return path
