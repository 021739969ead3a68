import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hegui.app import parts
from hegui.callers.keys import revoke
from hegui.gateway.bodies import Bodies
from hegui.store import open_database
from hegui.terms import BadRequest
from hegui.testing.serve import running

LIMIT = "[limits]\nbody_bytes = 2000"


def sound(error: dict[str, Any], code: str) -> None:
    assert set(error) == {"error"}
    assert set(error["error"]) == {"message", "type", "param", "code"}
    assert error["error"]["code"] == code


async def bare(url: str, request: bytes) -> bytes:
    """Send bytes as they are; return everything that comes back."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()
    return answer


async def test_a_body_that_says_it_is_too_large_is_a_413(open_house: Any) -> None:
    async with open_house(LIMIT) as house:
        status, error = await house.ask(house.body("长" * 3_000))
        assert status == 413
        sound(error, "request_too_large")
        assert "2000" in error["error"]["message"]
        assert house.records() == []
        assert (await house.ask(house.body()))[0] == 200


async def test_a_body_that_does_not_say_how_large_it_is_is_a_413_too(open_house: Any) -> None:
    async def parts_of(size: int) -> AsyncIterator[bytes]:
        yield b'{"model":"practice","messages":[{"role":"user","content":"'
        for _ in range(size):
            yield b"a" * 100
        yield b'"}]}'

    async with open_house(LIMIT) as house:
        headers = {"authorization": f"Bearer {house.key}"}
        url = f"{house.url}/v1/chat/completions"
        async with house.http.post(url, data=parts_of(10), headers=headers) as reply:
            assert reply.status == 200
        for size in (30, 5_000):
            async with house.http.post(url, data=parts_of(size), headers=headers) as reply:
                assert reply.status == 413
                sound(await reply.json(), "request_too_large")


async def test_a_body_that_breaks_off_leaves_nothing_behind(house: Any) -> None:
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
        + house.key.encode()
        + b"\r\nContent-Length: 500\r\n\r\n{"
    )
    host, _, port = house.url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(head)
    await writer.drain()
    await house.until(lambda: len(house.gateway.gate.open) == 1)
    writer.close()
    await house.until(lambda: not house.gateway.gate.open)
    assert house.records() == []


KEYS = (
    "",
    "Bearer",
    "Bearer ",
    "Basic aGVndWk6aGVndWk=",
    "Bearer sk-1234567890",
    "Bearer hg-0000000000-00000000000000000000000000000000",
    "Bearer hg-' OR '1'='1-00000000000000000000000000000000",
    "Bearer hg-0000000000-'; DROP TABLE caller_key; --000000",
    "Bearer " + "a" * 5_000,
    "Bearer hg-０００００００００0-00000000000000000000000000000000",
    "bearer\thg-",
)


async def test_a_key_that_is_unknown_is_a_401_and_never_echoed(house: Any) -> None:
    for path in ("/v1/chat/completions", "/v1/moderations", "/v1/models"):
        send = house.http.get if path == "/v1/models" else house.http.post
        for key in KEYS:
            async with send(house.url + path, headers={"authorization": key}) as reply:
                text = await reply.text()
                assert reply.status == 401, key
            sound(json.loads(text), "invalid_api_key")
            assert json.loads(text)["error"]["type"] == "authentication_error"
            assert len(key) < 8 or key.removeprefix("Bearer ") not in text
        async with send(house.url + path) as reply:
            assert reply.status == 401
    assert (await house.ask(house.body()))[0] == 200


async def test_a_wrong_secret_is_told_no_more_than_an_unknown_key(house: Any) -> None:
    key_id = house.key.split("-")[1]
    forged = f"Bearer hg-{key_id}-{'0' * 32}"
    unknown = f"Bearer hg-{'0' * 10}-{'0' * 32}"
    answers = []
    for key in (forged, unknown):
        async with house.post(house.body(), headers={"authorization": key}) as reply:
            answers.append((reply.status, await reply.text()))
    assert answers[0] == answers[1]
    assert key_id not in answers[0][1]


async def test_a_key_counts_no_more_soon_after_it_is_revoked(house: Any) -> None:
    connection = open_database(house.database)
    revoke(connection, house.key.split("-")[1], parts.now())
    connection.close()
    await asyncio.sleep(0.6)  # the next request after half a second looks anew
    status, error = await house.ask(house.body())
    assert status == 401
    sound(error, "invalid_api_key")
    assert house.key not in json.dumps(error)
    assert house.records() == []


async def test_an_expired_key_is_a_401(open_house: Any) -> None:
    async with open_house(expires=parts.now() + 400) as house:
        await asyncio.sleep(0.41)
        status, error = await house.ask(house.body())
    assert status == 401
    sound(error, "invalid_api_key")


async def test_a_model_that_no_upstream_has_is_a_404(open_house: Any) -> None:
    async with open_house(upstream_more='models = ["practice", "own-*"]') as house:
        for model in ("gpt", "practice2", "own", "x" * 100_000, "practice\n", "[secret]"):
            status, error = await house.ask(house.body(model=model))
            assert status == 404
            sound(error, "model_not_found")
            assert model not in error["error"]["message"]
        assert house.records() == []
        assert not house.model.seen


async def test_paths_that_hegui_does_not_serve_are_404_and_never_proxied(house: Any) -> None:
    seen = len(house.model.seen)
    headers = {"authorization": f"Bearer {house.key}"}
    for path in (
        "/",
        "/v1",
        "/v1/",
        "/v1/chat/completions/",
        "/v1//chat/completions",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/files/x",
        "/elsewhere",
        "/metrics",
        "/readyz",
        "/V1/models",
        "/v1/models/practice/../x",
        "/%2e%2e/etc/passwd",
        "/v1/%00",
    ):
        for method in ("GET", "POST", "DELETE"):
            async with house.http.request(method, house.url + path, headers=headers) as reply:
                assert reply.status == 404, (method, path)
                sound(await reply.json(), "not_found")
    assert len(house.model.seen) == seen
    assert house.model.elsewhere == 0


async def test_other_methods_are_405_and_say_which_is_right(house: Any) -> None:
    served = {"/v1/chat/completions": "POST", "/v1/moderations": "POST", "/v1/models": "GET"}
    for path, right in served.items():
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"):
            if method == right:
                continue
            async with house.http.request(method, house.url + path) as reply:
                assert reply.status == 405, (method, path)
                assert reply.headers["allow"] == right
                body = await reply.read()
                if method != "HEAD":
                    sound(json.loads(body), "method_not_allowed")
    async with house.http.post(f"{house.url}/healthz") as reply:
        assert reply.status == 405
        sound(await reply.json(), "method_not_allowed")


async def test_odd_request_lines_and_hosts_change_nothing(house: Any) -> None:
    close = b"Connection: close\r\nAuthorization: Bearer " + house.key.encode() + b"\r\n\r\n"
    for target, host in (
        (b"/v1/models", b"Host: evil.example\r\n"),
        (b"/v1/models", b"Host: \r\n"),
        (b"/v1/models", b"Host: a\r\nHost: b\r\n"),
        (b"/v1/models", b"Host: [::1]:99999\r\nX-Forwarded-Host: evil.example\r\n"),
        (b"/v1/models", b"Host: \xff\xfe\r\n"),
        (b"/v1/models?x=%zz&y", b"Host: a\r\n"),
        (b"http://evil.example/v1/models", b"Host: a\r\n"),
    ):
        answer = await bare(house.url, b"GET " + target + b" HTTP/1.1\r\n" + host + close)
        assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400")), (target, host, answer[:80])
        assert b"evil" not in answer
    for line in (b"CONNECT evil.example:443 HTTP/1.1", b"GET http://evil.example/ HTTP/1.1"):
        answer = await bare(house.url, line + b"\r\nHost: a\r\n" + close)
        assert not answer.startswith(b"HTTP/1.1 200")
    assert (await bare(house.url, b"\x16\x03\x01\x02\x00\x01\r\n\r\n")).startswith(b"HTTP/1.1 400")
    assert (await house.ask(house.body()))[0] == 200


async def test_headers_of_any_kind_are_no_error_of_ours(house: Any) -> None:
    for name in ("accept-language", "x-hegui-audience", "x-hegui-assertion", "content-type"):
        for value in ("", "zh", "é" * 300, "*;q=0", "minor", "a, b; c=d", "x" * 4_000):
            async with house.post(house.body(), headers={name: value}) as reply:
                assert reply.status in (200, 400), (name, value)
                body = await reply.json()
            if reply.status == 400:
                assert (name, body["error"]["param"]) == ("x-hegui-audience", "X-Hegui-Audience")


async def test_who_sends_bodies_slowly_keeps_no_other_tenant_out() -> None:
    arrives = asyncio.Event()

    def slow() -> Any:
        first = iter([b"a" * 10])

        async def receive() -> dict[str, Any]:
            for part in first:
                return {"type": "http.request", "body": part, "more_body": True}
            waiting.release()
            await arrives.wait()
            return {"type": "http.request", "body": b"b", "more_body": False}

        return receive

    async def at_once() -> dict[str, Any]:
        return {"type": "http.request", "body": b"all", "more_body": False}

    waiting = asyncio.Semaphore(0)
    bodies = Bodies(places=64, most_bytes=200)
    open_now = [asyncio.ensure_future(bodies.read("one", slow(), 100)) for _ in range(16)]
    for _ in open_now:
        await waiting.acquire()
    with pytest.raises(BadRequest) as refused:
        await bodies.read("one", slow(), 100)
    assert refused.value.status == 429
    assert await bodies.read("one", at_once, 100) == b"all", "it waits for nobody"
    open_now.append(asyncio.ensure_future(bodies.read("other", slow(), 100)))
    await waiting.acquire()
    arrives.set()
    assert set(await asyncio.gather(*open_now)) == {b"a" * 10 + b"b"}
    arrives.clear()
    many = Bodies(places=6_400, most_bytes=35)
    held = [asyncio.ensure_future(many.read("one", slow(), 100)) for _ in range(3)]
    for _ in held:
        await waiting.acquire()
    with pytest.raises(BadRequest):
        await many.read("one", slow(), 100)
    arrives.set()
    await asyncio.gather(*held)


async def test_a_header_that_stands_twice_does_not_hide_the_second(house: Any) -> None:
    body = json.dumps(house.body()).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    head += b"Content-Length: %d\r\n" % len(body)
    key = b"Authorization: Bearer %b\r\n" % house.key.encode()
    audiences = b"X-Hegui-Audience: adult\r\nX-Hegui-Audience: minor\r\n"
    for more, status in ((key, 200), (key + audiences, 400), (key + key, 401)):
        answer = await bare(house.url, head + more + b"\r\n" + body)
        assert answer.startswith(b"HTTP/1.1 %d " % status)


async def test_errors_are_in_the_callers_language(house: Any) -> None:
    for language, word in (("zh-CN,zh;q=0.9", "模型"), ("en-GB", "model")):
        async with house.post(b'{"messages":[]}', headers={"accept-language": language}) as reply:
            assert word in (await reply.json())["error"]["message"]


async def test_the_two_listeners_are_two(open_house: Any) -> None:
    more = '[listen]\nadmin_key = "env:ADMIN"'
    async with open_house(more, environ={"ADMIN": "the admin's secret"}) as house:
        await house.ask(house.body())
        async with running(house.gateway.admin) as admin:
            for path in ("/metrics", "/readyz"):
                for key in ("", f"Bearer {house.key}", "Bearer é", "the admin's secret"):
                    headers = {"authorization": key}
                    async with house.http.get(admin + path, headers=headers) as reply:
                        assert reply.status == 401
                        assert "secret" not in await reply.text()
                headers = {"authorization": "Bearer the admin's secret"}
                async with house.http.get(admin + path, headers=headers) as reply:
                    assert reply.status == 200
                    text = await reply.text()
                    assert "secret" not in text
                    assert house.key not in text
            for path in ("/v1/chat/completions", "/v1/models", "/appeal"):
                async with house.http.get(admin + path, headers=headers) as reply:
                    assert reply.status == 404
            for url in (house.url, admin):
                async with house.http.get(f"{url}/healthz") as reply:
                    assert (reply.status, await reply.json()) == (200, {"status": "ok"})


async def test_more_exchanges_than_allowed_are_asked_to_come_back(open_house: Any) -> None:
    async with open_house("[limits]\nstreams = 3") as house:
        waiting = [house.begin(house.ask(house.body(model="practice-silent"))) for _ in range(3)]
        await house.until(lambda: len(house.model.seen) == 3)
        async with house.post(house.body()) as reply:
            assert reply.status == 503
            assert int(reply.headers["retry-after"]) >= 1
            sound(await reply.json(), "unavailable")
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await house.recorded("disconnected")
        await house.until(lambda: not house.gateway.gate.open)
        assert (await house.ask(house.body()))[0] == 200


async def test_many_requests_on_one_connection_are_answered_in_order(house: Any) -> None:
    body = json.dumps(house.body("repeat: one")).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
    head += house.key.encode() + b"\r\nContent-Length: %d\r\n" % len(body)
    many = (head + b"\r\n" + body) * 4 + head + b"Connection: close\r\n\r\n" + body
    answer = await bare(house.url, many)
    assert answer.count(b"HTTP/1.1 200") == 5
    assert len(house.records("exchange.answered")) == 5


@pytest.mark.parametrize("path", ["/v1/moderations"])
async def test_a_moderation_of_the_wrong_shape_is_a_400(house: Any, path: str) -> None:
    for held in (None, 5, {}, [], [5], [[]], [None], ["a"] * 300, [{"type": 5}], [{"text": []}]):
        async with house.post({"input": held}, path=path) as reply:
            assert reply.status == 400, held
            sound(await reply.json(), "invalid_request")
    for body in (b"", b"[" * 100_000, b'{"input":"\\ud800"}'):
        async with house.post(body, path=path) as reply:
            assert reply.status == 400


async def test_nobody_sees_another_callers_words(house: Any) -> None:
    async def one(number: int) -> None:
        word = f"caller{number:04}"
        body = house.body(f"repeat: {word}", stream=bool(number % 2))
        async with house.post(body) as reply:
            text = await reply.text()
        assert reply.status == 200
        others = {f"caller{n:04}" for n in range(60)} - {word}
        assert not any(other in text for other in others)

    await asyncio.gather(*map(one, range(60)))


async def test_without_a_key_no_page_of_another_site_can_ask(open_house: Any) -> None:
    async with open_house("[callers]\nanonymous = true") as house:
        url = f"{house.url}/v1/chat/completions"
        for site, wanted in (("cross-site", 403), ("same-origin", 200), ("none", 200)):
            headers = {"sec-fetch-site": site}
            async with house.http.post(url, json=house.body(), headers=headers) as reply:
                assert reply.status == wanted, site
                if wanted != 200:
                    sound(await reply.json(), "cross_site")
        keyed = {"authorization": f"Bearer {house.key}", "sec-fetch-site": "cross-site"}
        async with house.http.post(url, json=house.body(), headers=keyed) as reply:
            assert reply.status == 200, "who holds a key may be anywhere"
