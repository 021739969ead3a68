import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest

from hegui.gateway.uploads import Body, Bounds, Upload, upload
from hegui.terms import BadRequest

BOUNDS = Bounds(10_000, 60.0)
FORM = "multipart/form-data; boundary=XX"
FILE = b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
FIELD = b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
END = b"\r\n--XX--\r\n"


def body_of(pieces: Sequence[bytes], *, leaves: bool = False, waits: float = 0.0) -> Body:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]
    messages.append({"type": "http.disconnect"} if leaves else {"type": "http.request"})

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(waits)
        return messages.pop(0)

    return Body(receive)


async def brought(data: bytes, kind: str = FORM, length: str = "") -> Upload:
    return await upload(body_of([data]), kind, length, BOUNDS)


async def refused(data: bytes, kind: str = FORM, length: str = "") -> tuple[int, str]:
    with pytest.raises(BadRequest) as error:
        await brought(data, kind, length)
    return error.value.status, error.value.code


async def test_a_file_and_fields_come_out_as_they_went_in_wherever_the_body_is_cut() -> None:
    chance = random.Random(7)
    content = b"\r\n--X\r\n--XY-- \r\n" + chance.randbytes(500) + b"\r\n-"
    field = b'--XX\r\nContent-Disposition: form-data; name="declared"\r\n\r\nyes\r\n'
    whole = field + FILE + content + END + b"epilogue"
    for _ in range(200):
        cuts = sorted(chance.randrange(len(whole)) for _ in range(chance.randrange(40)))
        pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
        done = await upload(body_of(pieces), FORM, "", BOUNDS)
        assert (done.name, done.data) == ("a.png", content)
        assert done.fields == {"declared": "yes"}


async def test_a_file_of_the_largest_size_is_taken_and_one_byte_more_is_not() -> None:
    assert len((await brought(FILE + bytes(10_000) + END)).data) == 10_000
    assert await refused(FILE + bytes(10_001) + END) == (413, "file_too_large")
    wide = Bounds(200_000, 60.0)
    done = await upload(body_of([FILE + bytes(200_000) + END]), FORM, "", wide)
    assert len(done.data) == 200_000, "though all of it comes at once"


async def test_a_body_that_says_it_is_too_large_is_refused_unread() -> None:
    body = body_of([b"x"])
    with pytest.raises(BadRequest) as error:
        await upload(body, FORM, "999999999", BOUNDS)
    assert error.value.status == 413
    assert not body.ended


async def test_an_endless_body_is_refused_at_the_bound() -> None:
    given = 0

    async def receive() -> dict[str, Any]:
        nonlocal given
        given += 1_000
        return {"type": "http.request", "body": bytes(1_000), "more_body": True}

    for start in (FILE, b""):
        given = -len(start)
        body = Body(receive)
        first = iter([{"type": "http.request", "body": start, "more_body": True}])

        async def begun(first: Any = first) -> Any:
            return next(first, None) or await receive()

        body = Body(begun)
        with pytest.raises(BadRequest):
            await upload(body, FORM, "", BOUNDS)
        assert given < 80_000, "and no further"


async def test_a_body_that_comes_too_slowly_is_given_up() -> None:
    body = body_of([b"x"] * 100, waits=0.05)
    with pytest.raises(BadRequest) as error:
        await upload(body, FORM, "", Bounds(10_000, 0.2))
    assert (error.value.status, error.value.code) == (408, "too_slow")


async def test_a_sender_who_leaves_is_noticed() -> None:
    with pytest.raises(BadRequest) as error:
        await upload(body_of([FILE], leaves=True), FORM, "", BOUNDS)
    assert error.value.code == "upload_incomplete"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "form_broken"),
        (FILE, "form_broken"),
        (FILE + b"x", "form_broken"),
        (FILE + b"x\r\n--XX", "form_broken"),
        (b"--XY" + FILE, "form_broken"),
        (b"--XXfile" + END, "form_broken"),
        (b"--XX\r\n\r\nx" + END, "form_broken"),
        (b"--XX\r\nContent-Disposition: form-data\r\n\r\nx" + END, "form_broken"),
        (b"--XX\r\n" + b"a: b\r\n" * 3_000 + b"\r\nx" + END, "form_broken"),
        (b"--XX--\r\n", "no_file"),
        (b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\nx' + END, "no_file"),
        (FILE.replace(b"a.png", b"") + END, "no_file"),
        (FILE + b"x\r\n" + FILE + b"y" + END, "several_files"),
        (
            b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 20 + END,
            "form_broken",
        ),
        (
            b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + bytes(5_000) + END,
            "field_too_large",
        ),
    ],
)
async def test_a_form_that_does_not_hold_together_is_refused(data: bytes, code: str) -> None:
    assert (await refused(data))[1] == code


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary=", "x" * 9_000]
)
async def test_what_is_no_form_is_refused_with_how_to_send_one(kind: str) -> None:
    assert await refused(FILE + b"x" + END, kind) == (415, "no_form")


async def test_a_name_loses_its_folders_and_is_cut() -> None:
    for name, left in (
        (b"C:\\\\x\\\\a.png", "a.png"),
        (b"../../etc/passwd", "passwd"),
        (b'a\\"b.png', 'a"b.png'),
        (b"n" * 900 + b".png", "n" * 251 + ".png"),
        ("照片.png".encode(), "照片.png"),
    ):
        done = await brought(FILE.replace(b"a.png", name) + b"x" + END)
        assert done.name == left


async def test_random_bytes_are_a_form_or_refused_and_nothing_else() -> None:
    chance = random.Random(3)
    whole = FILE + b"content" + END
    for _ in range(2_000):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.choice(b'\r\n-X";=\0\xff')
        try:
            await brought(bytes(data))
        except BadRequest:
            continue
