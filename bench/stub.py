"""The upstream of the benchmark: answers at once with canned text, as cheaply as Python can.

``model`` says how: ``burst`` all at once, ``live`` a chunk each 20 ms, ``leak`` with a telephone
number in it (to see that screening is on). A stream has 50 chunks of three characters. ``held`` is
``live`` with another text: one chunk of it, as a whole, begins a phrase that a shipped rule looks
for, so that a gateway that screens must wait for the next one. In the text of the others no chunk
is held back as a whole (``tests/bench/test_stub.py`` holds both to the shipped rules).
"""

import asyncio
import itertools
import re
import sys
from typing import cast

CHUNKS = 50
EVERY = 0.020
SENTENCE = "春天来了，校园里的花都开了，同学们常去图书馆里面读书，老师给大家讲故事。"
HOLDING = "春天来了，校园里的花都开了，同学们一起去图书馆读书，老师给大家讲故事。"
STREAMED = (SENTENCE * 6)[: CHUNKS * 3]
HELD = (HOLDING * 6)[: CHUNKS * 3]
WHOLE = (SENTENCE * 6)[:192]
NUMBER = "13800138000"
ID = "chatcmpl-00000000"  # each answer has a number of its own in this place
LEAK = f"请打电话{NUMBER}联系。"

_numbers = itertools.count(1)
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_STREAM = re.compile(rb'"stream"\s*:\s*true')
_MODEL = re.compile(rb'"model"\s*:\s*"(\w+)"')
_STAMP = '"created":1700000000,"model":"burst"'
_SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def _framed(body: str) -> bytes:
    data = body.encode()
    return b"%x\r\n%b\r\n" % (len(data), data)


def _event(delta: str, finish: str = "null") -> bytes:
    choice = f'{{"index":0,"delta":{delta},"finish_reason":{finish}}}'
    head = f'"id":"{ID}","object":"chat.completion.chunk",{_STAMP}'
    return _framed(f'data: {{{head},"choices":[{choice}]}}\n\n')


def _plain(text: str) -> bytes:
    message = f'{{"role":"assistant","content":"{text}"}}'
    choice = f'{{"index":0,"message":{message},"finish_reason":"stop"}}'
    usage = '"usage":{"prompt_tokens":20,"completion_tokens":100,"total_tokens":120}'
    body = (
        f'{{"id":"{ID}","object":"chat.completion",{_STAMP},"choices":[{choice}],{usage}}}'
    ).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


FIRST = _event('{"role":"assistant","content":""}')


def _pieces(text: str) -> list[bytes]:
    return [_event(f'{{"content":"{text[at * 3 : at * 3 + 3]}"}}') for at in range(CHUNKS)]


PIECES = _pieces(STREAMED)
PACED = {b"live": PIECES, b"held": _pieces(HELD)}
LAST = _event("{}", '"stop"') + _framed("data: [DONE]\n\n") + b"0\r\n\r\n"
BURST = [_SSE, FIRST, *PIECES, LAST]
PLAIN = {b"burst": _plain(WHOLE), b"leak": _plain(LEAK)}
MODELS = b'{"object":"list","data":[{"id":"burst","object":"model","created":0,"owned_by":"x"}]}'
LISTED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
    len(MODELS),
    MODELS,
)


def numbered(answer: bytes, number: bytes) -> bytes:
    """Return an answer, or a piece of one, with its own id in the place of ``ID``."""
    return answer.replace(ID.encode(), number)


class Stub(asyncio.Protocol):
    """One connection of the gateway's."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own, of the same shape
        self.heard = b""
        self.live: set[asyncio.Task[None]] = set()

    def data_received(self, data: bytes) -> None:
        """Answer each whole request in what has been heard."""
        self.heard += data
        while (end := self.heard.find(b"\r\n\r\n")) >= 0:
            head = self.heard[:end]
            found = _LENGTH.search(head)
            size = int(found.group(1)) if found else 0
            whole = end + 4 + size
            if not found and b"chunked" in head.lower():
                closing = self.heard.find(b"\r\n0\r\n\r\n", end)
                if closing < 0:
                    return
                whole = closing + 7
            if len(self.heard) < whole:
                return
            body, self.heard = self.heard[end + 4 : whole], self.heard[whole:]
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        """Answer one request."""
        if head.startswith(b"GET"):
            self.transport.write(LISTED)
            return
        number = b"chatcmpl-%08d" % next(_numbers)
        found = _MODEL.search(body)
        model = found.group(1) if found else b"burst"
        if not _STREAM.search(body):
            self.transport.write(numbered(PLAIN.get(model, PLAIN[b"burst"]), number))
        elif model in PACED:
            pieces = PACED[model]
            task = asyncio.get_running_loop().create_task(self.pace(number, pieces))
            self.live.add(task)
            task.add_done_callback(self.live.discard)
        else:
            for piece in BURST:  # a write each, as a model server makes them
                self.transport.write(numbered(piece, number))

    async def pace(self, number: bytes, pieces: list[bytes]) -> None:
        """Send a stream at the speed of speech."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        self.transport.write(numbered(_SSE + FIRST, number))
        for piece in pieces:
            if self.transport.is_closing():
                return
            self.transport.write(numbered(piece, number))
            due += EVERY
            await asyncio.sleep(max(0.0, due - loop.time()))
        self.transport.write(numbered(LAST, number))


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Stub, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve(int(sys.argv[1])))
