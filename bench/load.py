"""The load: raw sockets on uvloop, bounded in count and time, to loopback and nowhere else.

Run as ``python -m bench.load`` with a plan as JSON on its input; prints what it saw as JSON.
Every answer's status and end are checked; every tenth answer is parsed and its text compared.
Latency counts from the moment a request is written. Each request is unlike every other, so that
no cache answers it, and they come from a thousand different users.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from bench import stub
from bench.figures import milliseconds

LETTERS = "bcdfghjklmnpqrstvwxz"
PARSED = 10
PATIENCE = 20.0
PACED = ("live", "held")
SENDERS = 1000

SYSTEM = "你是一位耐心的学习伙伴，回答要简短清楚。"
QUESTION = (
    "请帮我安排一周的阅读计划。星期一到星期五放学以后有一个小时，星期六上午有两个小时，星期天休息。"
    "我喜欢自然和历史方面的书，也想练习写读书笔记。每天读多少页合适，笔记怎么写，怎样才能坚持下来，"
    "请一条一条地告诉我，最后再推荐几种适合初学者的记录方法，并说明每一种方法的好处和不足。练习 "
)


@dataclass(slots=True)
class Plan:
    """What to send: ``rate`` a second when it is set, else as fast as ``connections`` allow."""

    port: int
    key: str
    model: str
    stream: bool
    seconds: float
    connections: int = 64
    rate: float = 0.0
    count: int = 1_000_000
    seed: int = 1


@dataclass(slots=True)
class Seen:
    """What was seen. Times in seconds."""

    whole: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    good: int = 0
    asked: int = 0
    parsed: int = 0
    late: float = 0.0


class Requests:
    """Makes requests of one length, no two alike."""

    def __init__(self, plan: Plan) -> None:
        chance = random.Random(plan.seed)
        self.place = chance.randrange(len(LETTERS) ** 8)
        body: dict[str, Any] = {
            "model": plan.model,
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": QUESTION + "@" * 8},
            ],
            "stream": plan.stream,
            "user": "user-####",
        }
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{plan.port}\r\n"
            f"Content-Type: application/json\r\nAuthorization: Bearer {plan.key}\r\n"
            f"Content-Length: {len(data)}\r\n\r\n"
        )
        front, rest = (head.encode() + data).split(b"@" * 8)
        middle, back = rest.split(b"####")
        self.parts = (front, middle, back)

    def next(self) -> bytes:
        """Return the next request."""
        self.place += 7919  # a prime: neighbours do not look alike
        rest, letters = self.place, ""
        for _ in range(8):
            rest, which = divmod(rest, len(LETTERS))
            letters += LETTERS[which]
        front, middle, back = self.parts
        user = b"%04d" % (self.place % SENDERS)
        return front + letters.encode() + middle + user + back


def content_of(body: bytes, *, stream: bool) -> str:
    """Return the text of an answer, put together."""
    if not stream:
        return str(msgspec.json.decode(body)["choices"][0]["message"]["content"])
    text = ""
    for line in body.splitlines():
        if line.startswith(b"data: {"):
            for choice in msgspec.json.decode(line[6:]).get("choices", ()):
                text += choice["delta"].get("content") or ""
    return text


def unchunked(body: bytes) -> bytes:
    """Return the body of a chunked answer without its chunk lengths."""
    found, at = [], 0
    while (end := body.index(b"\r\n", at)) >= 0:
        size = int(body[at:end].split(b";")[0], 16)
        if not size:
            break
        found.append(body[end + 2 : end + 2 + size])
        at = end + 4 + size
    return b"".join(found)


class Talk(asyncio.Protocol):
    """One kept-alive connection; asks one thing at a time."""

    def __init__(self, run: "Run") -> None:
        self.run = run
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own, of the same shape

    def ask(self, request: bytes) -> None:
        """Send a request and start its clock."""
        self.busy = True
        self.heard = bytearray()
        self.start = -1
        self.size = -1
        self.last = 0.0
        self.spoke = False
        self.run.seen.asked += 1
        self.began = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Note when something came, and whether it was the end."""
        now = time.perf_counter()
        heard = self.heard
        heard += data
        if self.start < 0:
            end = heard.find(b"\r\n\r\n")
            if end < 0:
                return
            self.start = end + 4
            head = bytes(heard[:end]).lower()
            if b"content-length:" in head:
                self.size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if self.run.plan.stream:
            self._stamp(now, data)
        if self.size < 0:
            if heard.endswith(b"\r\n0\r\n\r\n"):
                self._close(now)
        elif len(heard) >= self.start + self.size:
            self._close(now)

    def _stamp(self, now: float, data: bytes) -> None:
        if not self.spoke:
            at = self.heard.find(b'"content":"', self.start)
            while at >= 0 and bytes(self.heard[at + 11 : at + 12]) in (b'"', b""):
                at = self.heard.find(b'"content":"', at + 11)
            if at >= 0:
                self.spoke = True
                self.run.seen.first.append(now - self.began)
                self.last = now
        elif b"data:" in data:
            self.run.seen.gaps.append(now - self.last)
            self.last = now

    def _close(self, now: float) -> None:
        seen = self.run.seen
        self.busy = False
        status = bytes(self.heard[9:12])
        trouble = f"status {status.decode()}" if status != b"200" else self._trouble()
        if trouble:
            seen.errors[trouble] += 1
        else:
            seen.good += 1
            seen.whole.append(now - self.began)
        self.run.done(self)

    def _trouble(self) -> str:
        plan, seen = self.run.plan, self.run.seen
        if plan.stream and (self.heard.find(b"data: [DONE]") < 0 or not self.spoke):
            return "stream without an end"
        if seen.good % PARSED:
            return ""
        seen.parsed += 1
        body = bytes(self.heard[self.start :])
        try:
            body = unchunked(body) if self.size < 0 else body
            text = content_of(body, stream=plan.stream)
        except (ValueError, KeyError, TypeError) as error:
            return f"not an answer: {type(error).__name__}"
        streamed = stub.HELD if plan.model == "held" else stub.STREAMED
        expected = streamed if plan.stream else stub.WHOLE
        return "" if text.startswith(expected) else "another text"

    def connection_lost(self, error: Exception | None) -> None:
        """Count an answer that was cut off."""
        del error
        if self.busy:
            self.run.seen.errors["connection lost"] += 1
        self.run.lost(self, busy=self.busy)
        self.busy = False


class Run:
    """One plan, carried out."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.seen = Seen()
        self.requests = Requests(plan)
        self.idle: list[Talk] = []
        self.talks: set[Talk] = set()
        self.busy = 0
        self.end = 0.0
        self.over = asyncio.Event()

    def ask(self, talk: Talk) -> None:
        """Ask the next thing on a connection."""
        self.busy += 1
        self.over.clear()
        talk.ask(self.requests.next())

    def done(self, talk: Talk) -> None:
        """Ask again, or put the connection aside."""
        self.busy -= 1
        if self.plan.rate:
            self.idle.append(talk)
        elif self.has_time():
            self.ask(talk)
        if not self.busy:
            self.over.set()

    def lost(self, talk: Talk, *, busy: bool) -> None:
        """Forget a closed connection."""
        self.talks.discard(talk)
        if talk in self.idle:
            self.idle.remove(talk)
        self.busy -= busy
        if not self.busy:
            self.over.set()

    def has_time(self) -> bool:
        """Tell whether there is time and something left to ask."""
        return time.perf_counter() < self.end and self.seen.asked < self.plan.count

    async def open(self) -> Talk:
        """Open one more connection."""
        loop = asyncio.get_running_loop()
        _, talk = await loop.create_connection(lambda: Talk(self), "127.0.0.1", self.plan.port)
        self.talks.add(talk)
        return talk

    async def closed_loop(self) -> None:
        """Keep every connection busy; live streams do not all start at once."""
        pause = 1.0 / self.plan.connections if self.plan.model in PACED else 0.0
        talks = [await self.open() for _ in range(self.plan.connections)]
        self.end = time.perf_counter() + self.plan.seconds
        for talk in talks:
            self.ask(talk)
            if pause:
                await asyncio.sleep(pause)
        await asyncio.wait_for(self.over.wait(), self.plan.seconds + PATIENCE)

    async def open_loop(self) -> None:
        """Send at a fixed rate, whatever has come back; the rate's lateness is noted."""
        self.idle = [await self.open() for _ in range(8)]
        began = time.perf_counter()
        number = 0
        while (number / self.plan.rate) < self.plan.seconds and self.seen.asked < self.plan.count:
            due = began + number / self.plan.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self.seen.late = max(self.seen.late, time.perf_counter() - due)
            self.ask(self.idle.pop() if self.idle else await self.open())
            number += 1
        await asyncio.wait_for(self.over.wait(), PATIENCE)


async def carry_out(plan: Plan) -> dict[str, Any]:
    """Carry out a plan; return what was seen, times in milliseconds."""
    run = Run(plan)
    began = time.perf_counter()
    try:
        await (run.open_loop() if plan.rate else run.closed_loop())
    except (TimeoutError, OSError) as error:
        run.seen.errors[type(error).__name__] += 1
    spent = time.perf_counter() - began
    if run.busy:
        run.seen.errors["never answered"] += run.busy
    for talk in list(run.talks):
        talk.busy = False
        talk.transport.close()
    seen = run.seen
    return {
        "good": seen.good,
        "errors": dict(seen.errors),
        "parsed": seen.parsed,
        "per_second": seen.good / spent,
        "late_ms": seen.late * 1000,
        "whole_ms": milliseconds(seen.whole),
        "first_ms": milliseconds(seen.first),
        "gap_ms": milliseconds(seen.gaps),
    }


if __name__ == "__main__":
    import uvloop

    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.write(json.dumps(uvloop.run(carry_out(wanted))))
