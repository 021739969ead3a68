"""Ask a guard model over the network: within a deadline, a few at a time, and never twice at once.

Equal questions that are under way at the same time are one request: the same system prompt in
many exchanges, one text in several choices. Nothing is held back to be sent together: the chat
API takes one conversation per request, and servers batch what runs at the same time by themselves.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from hegui.detectors.guards import Answer, Guard, Question, Unreadable
from hegui.runners.breaker import Breaker
from hegui.runners.remote_call import Failed, Server, before
from hegui.terms import DetectorCard, Fault, Findings, Misconfigured, Role, TextColumn, Words

Observe = Callable[[str, str, float], None]
"""Is told of each request: the detector, how it ended (a short word), and seconds."""

START_SECONDS: Final = 10.0
_MOST_NAMED: Final = 12
_PAUSE: Final = 0.02  # seconds before a second try, at least; at most twice that
_log = logging.getLogger(__name__)

_UNREACHABLE: Final = Words(
    "the guard model {name!r} cannot be asked at {url}: {reason}. Start its server, or put "
    "base_url or key right in [[screen.guard]]. With required = false hegui starts without it, "
    "and what it should judge is a fault until it is there",
    "无法在 {url} 访问护栏模型 {name!r}：{reason}。请启动它的服务，或修正 [[screen.guard]] 中的 "
    "base_url 或 key。设置 required = false 时，hegui 可以先启动；"
    "在它可用之前，须由它判断的内容按故障处理",
)
_NO_MODEL: Final = Words(
    "the server of the guard model {name!r} at {url} has no model {model!r}; it has {listed}. Put "
    "model right in [[screen.guard]]",
    "护栏模型 {name!r} 的服务（{url}）没有模型 {model!r}；现有：{listed}。"
    "请修正 [[screen.guard]] 中的 model",
)


def unobserved(_detector: str, _outcome: str, _seconds: float) -> None:
    """Count nothing."""


class RemoteRunner:
    """Answers asks with a guard model behind an OpenAI-compatible server.

    ``deadline_ms`` is what one ask may take, waiting included; at most ``concurrency`` requests run
    at a time. Whatever the server does, an ask is answered with Findings or a Fault; after several
    failures in a row it is left alone for a while (``circuit-open``).
    """

    def __init__(
        self,
        guard: Guard,
        server: Server,
        *,
        deadline_ms: int = 2000,
        concurrency: int = 8,
        required: bool = True,
        observe: Observe = unobserved,
    ) -> None:
        self._guard, self._server = guard, server
        self._deadline = deadline_ms / 1000
        self._slots = asyncio.Semaphore(concurrency)
        self._required, self._observe = required, observe
        self._breaker: Breaker | None = None
        self._under_way: dict[bytes, asyncio.Task[Answer]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def name(self) -> str:
        """The detector's name."""
        return self._guard.name

    async def start(self) -> DetectorCard:
        """Look whether the server has the model, and return the card.

        Raises ``Misconfigured`` when it has not, or cannot be asked, and the guard is required.
        """
        self._breaker = Breaker(asyncio.get_running_loop().time, random.random)
        trouble = await self._trouble()
        if trouble is not None:
            if self._required:
                await self.close()
                raise Misconfigured(trouble)
            _log.warning("guard %s: not there at the start", self.name)
        return self._guard.card

    async def _trouble(self) -> Words | None:
        told = {"name": self.name, "url": self._server.url}
        try:
            async with asyncio.timeout(START_SECONDS):
                listed = await self._server.models()
        except TimeoutError:
            return _UNREACHABLE.fill(**told, reason="timeout")
        except Failed as failed:
            return _UNREACHABLE.fill(**told, reason=failed.reason)
        model = self._guard.choices.model
        if model in listed:
            return None
        return _NO_MODEL.fill(**told, model=model, listed=", ".join(listed[:_MOST_NAMED]) or "-")

    async def inspect(self, column: TextColumn, roles: Sequence[Role] = ()) -> Findings | Fault:
        """Put a column before the model. ``roles`` says where each text stands; empty: unknown.

        A caller that is cancelled disturbs nobody: the answer is waited for and dropped.
        """
        if self._closed or self._breaker is None:
            return Fault(self.name, "not-started")
        return await asyncio.shield(self._keep(self._inspect(column, roles)))

    async def close(self) -> None:
        """Break off what is under way, and close the connections. Open asks become Faults."""
        self._closed = True
        for task in self._under_way.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._server.close()

    def _keep(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _inspect(self, column: TextColumn, roles: Sequence[Role]) -> Findings | Fault:
        asked: list[tuple[int, Question]] = []
        for row in range(len(column)):
            role = roles[row] if roles else None
            if not self._guard.asked_about(role):
                continue
            questions = self._guard.questions(column.row_text(row), role)
            if questions is None:
                return Fault(self.name, "too-long")
            asked += [(row, question) for question in questions]
        if not asked:
            return Findings()
        until = asyncio.get_running_loop().time() + self._deadline
        answers = await asyncio.gather(
            *(self._answered(question, until) for _, question in asked), return_exceptions=True
        )
        found = Findings()
        for (row, question), answer in zip(asked, answers, strict=True):
            if isinstance(answer, BaseException):
                return Fault(self.name, _reason(answer))
            for rule, score in answer:
                found.add(row, rule, question.start, question.end, score)
        return found

    async def _answered(self, question: Question, until: float) -> list[tuple[str, float]]:
        """Ask, or wait for the same question that is under way; if that had less time, ask anew."""
        task = self._under_way.get(question.digest)
        while task is not None and not task.done():
            try:
                async with asyncio.timeout_at(until):
                    return self._guard.read(question, await asyncio.shield(task))
            except TimeoutError:
                raise Failed("timeout") from None
            except Failed as failed:
                if failed.reason not in ("timeout", "busy"):
                    raise
            task = self._under_way.get(question.digest)
        answer = await asyncio.shield(self._asking(question, until))
        return self._guard.read(question, answer)

    def _asking(self, question: Question, until: float) -> "asyncio.Task[Answer]":
        def ended(task: "asyncio.Task[Answer]") -> None:
            if self._under_way.get(question.digest) is task:
                del self._under_way[question.digest]
            if not task.cancelled():
                task.exception()  # those who waited were told; if none did, nobody need be

        task = self._keep(self._ask(question, until))
        self._under_way[question.digest] = task
        task.add_done_callback(ended)
        return task

    async def _ask(self, question: Question, until: float) -> Answer:
        """Ask once, and once more where that is safe and there is time; count how it ended."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        outcome = "cancelled"
        try:
            answer = await self._try(question, until)
            outcome = self._outcome(question, answer)
        except Failed as failed:
            outcome = failed.reason
            raise
        finally:
            self._observe(self.name, outcome, loop.time() - began)
        return answer

    def _outcome(self, question: Question, answer: Answer) -> str:
        try:
            found = self._guard.read(question, answer)
        except Unreadable:
            return "protocol"
        if found:
            return "found"
        return "refusal" if self._guard.refused(answer) else "clean"

    async def _try(self, question: Question, until: float) -> Answer:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(until):
                await self._slots.acquire()
        except TimeoutError:
            raise Failed("busy", server=False) from None
        try:
            try:
                return await self._admitted(question, until)
            except Failed as failed:
                pause = _PAUSE * (1 + random.random())
                late = loop.time() + pause >= until
                if late or not failed.again or self._circuit().state != "closed":
                    raise
                await asyncio.sleep(pause)
                return await self._admitted(question, until)
        finally:
            self._slots.release()

    def _circuit(self) -> Breaker:
        assert self._breaker is not None
        return self._breaker

    async def _admitted(self, question: Question, until: float) -> Answer:
        breaker = self._circuit()
        if not breaker.admits():
            raise Failed("circuit-open", server=False)
        told = False
        try:
            seconds = until - asyncio.get_running_loop().time()
            answer = await before(seconds, self._server, question.body)
            told = True
            if breaker.succeeded():
                _log.warning("guard %s: the circuit is closed again", self.name)
        except Failed as failed:
            told = True
            if not failed.server:
                breaker.undecided()
            elif breaker.failed():
                _log.warning("guard %s: the circuit is open (%s)", self.name, failed.reason)
            raise
        finally:
            if not told:
                breaker.undecided()
        return answer


def _reason(error: BaseException) -> str:
    if isinstance(error, Failed):
        return error.reason
    if isinstance(error, Unreadable):
        return "protocol"
    if isinstance(error, asyncio.CancelledError):
        return "stopped"
    return type(error).__name__
