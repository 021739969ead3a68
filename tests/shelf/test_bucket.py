import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from starlette.types import Receive, Scope, Send

from hegui.settings.secret import Secret
from hegui.settings.shelf import S3
from hegui.shelf.bucket import Bucket
from hegui.shelf.sigv4 import path_of, signed
from hegui.terms import Unavailable
from hegui.testing.clock import FixedClock
from hegui.testing.line import Line
from hegui.testing.serve import running

# the examples of Amazon's documentation of S3, "Authenticating Requests: Using the Authorization
# Header", with the keys that it uses
ACCESS, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
MAY_2013 = 1_369_353_600_000
EMPTY = hashlib.sha256(b"").hexdigest()
EXAMPLES = {
    "get": (
        ("GET", "/test.txt", {"Range": "bytes=0-9"}, EMPTY),
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
    "put": (
        (
            "PUT",
            path_of("", "test$file.text"),
            {
                "Date": "Fri, 24 May 2013 00:00:00 GMT",
                "x-amz-storage-class": "REDUCED_REDUNDANCY",
            },
            hashlib.sha256(b"Welcome to Amazon S3.").hexdigest(),
        ),
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_request_is_signed_as_amazon_documents_it(name: str) -> None:
    (method, path, headers, digest), signature = EXAMPLES[name]
    whole = signed(
        method,
        "examplebucket.s3.amazonaws.com",
        path,
        headers,
        digest,
        region="us-east-1",
        access_key=ACCESS,
        secret_key=SECRET,
        at_ms=MAY_2013,
    )
    assert whole["authorization"].endswith(f"Signature={signature}")
    assert SECRET not in str(whole)


@dataclass
class Storage:
    """A storage in memory. ``fails`` are the statuses that it answers with first."""

    objects: dict[str, bytes] = field(default_factory=dict)
    fails: list[int] = field(default_factory=list)
    ranges: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        line, method, path = Line(receive, send), scope["method"], scope["path"]
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        body = await line.body()
        self.asked.append((method, path))
        if self.fails:
            status, data = self.fails.pop(0), b"<Error>the secret of the house</Error>"
        elif method == "PUT":
            assert hashlib.sha256(body).hexdigest() == headers["x-amz-content-sha256"]
            self.objects[path], status, data = body, 200, b""
        elif method == "DELETE":
            self.objects.pop(path, None)
            status, data = 204, b""
        elif path not in self.objects:
            status, data = 404, b"<Error/>"
        else:
            start, end = map(int, headers["range"].removeprefix("bytes=").split("-"))
            data = self.objects[path][start : end + 1] if self.ranges else self.objects[path]
            status = (206 if self.ranges else 200) if data else 416
        await line.start(status, "application/xml")
        await line.write(data, more=False)


@pytest_asyncio.fixture
async def storage() -> AsyncIterator[tuple[Storage, Bucket]]:
    there = Storage()
    async with running(there) as base:
        said = S3(
            endpoint=base,
            bucket="media",
            access_key=Secret("env:A", ACCESS),
            secret_key=Secret("env:B", SECRET),
            path_style=True,
        )
        bucket = Bucket(said, FixedClock())
        yield there, bucket
        await bucket.close()


async def test_files_are_put_read_in_stretches_and_deleted(storage: tuple[Storage, Bucket]) -> None:
    there, bucket = storage
    await bucket.put("M-1.png", b"0123456789", "image/png")
    assert there.objects == {"/media/hegui/M-1.png": b"0123456789"}
    assert await bucket.read("M-1.png", 2, 3) == b"234"
    assert await bucket.read("M-1.png", 8, 100) == b"89"
    assert await bucket.read("M-1.png", 10, 5) == b""
    await bucket.delete("M-1.png")
    await bucket.delete("M-1.png")
    with pytest.raises(Unavailable, match="404"):
        await bucket.read("M-1.png", 0, 1)


async def test_a_storage_that_fails_once_is_asked_again_and_its_words_are_not_repeated(
    storage: tuple[Storage, Bucket],
) -> None:
    there, bucket = storage
    there.fails = [503]
    await bucket.put("M-1.png", b"x", "image/png")
    assert len(there.asked) == 2
    for statuses in ([503, 503], [403]):
        there.fails = list(statuses)
        with pytest.raises(Unavailable) as caught:
            await bucket.put("M-1.png", b"x", "image/png")
        for said in (caught.value.words.en, caught.value.words.zh):
            assert str(statuses[-1]) in said
            assert "secret of the house" not in said
            assert SECRET not in said


async def test_a_storage_without_ranges_fills_no_memory(storage: tuple[Storage, Bucket]) -> None:
    there, bucket = storage
    there.ranges = False
    await bucket.put("M-1.png", bytes(100_000), "image/png")
    with pytest.raises(Unavailable, match="Range"):
        await bucket.read("M-1.png", 0, 10)


async def test_a_storage_that_is_away_is_unavailable() -> None:
    said = S3(endpoint="http://127.0.0.1:1", bucket="media", path_style=True)
    bucket = Bucket(said, FixedClock())
    with pytest.raises(Unavailable, match="cannot be reached"):
        await bucket.put("M-1.png", b"x", "image/png")
    await bucket.close()
