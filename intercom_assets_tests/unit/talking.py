"""How unit tests of the client talk: to the simulator, or to answers that they make up."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import anyio
import anyio.lowlevel
import httpx

from intercom_assets.catalog import NEWEST
from intercom_assets.intercom.client import Call, Client, ResourceSession
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.intercom.rate_limit import RateLimiter
from intercom_assets.intercom.responses import Response
from intercom_assets.intercom.retry import RetryPolicy
from intercom_assets_tests.world import Clock

T = TypeVar("T")

TOKEN = "secret-token-value"

Answers = Callable[[httpx.Request], httpx.Response]


@dataclass
class Talk:
    """A conversation with a transport, in which pauses only move the clock.

    Attributes:
        transport: Who answers.
        clock: The client's clock; pauses move it.
        share: Part of the quota that may be used.
        slept: Pauses that were asked for.
        notes: What the session told.
        meter: What the requests cost.
    """

    transport: httpx.AsyncBaseTransport
    clock: Clock = field(default_factory=Clock)
    share: float = 0.9
    attempts: int = 4
    slept: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    meter: RequestMetrics = field(default_factory=RequestMetrics)

    async def sleep(self, seconds: float) -> None:
        """Move the clock instead of waiting, and let others go on."""
        self.slept.append(seconds)
        self.clock.forward(seconds)
        await anyio.lowlevel.checkpoint()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[ResourceSession]:
        """Open a session of one resource."""
        client = Client(
            base_url="http://127.0.0.1:9",
            token=TOKEN,
            version=NEWEST,
            limiter=RateLimiter(self.share, clock=self.clock, sleep=self.sleep),
            retry_policy=RetryPolicy(attempts=self.attempts, sleep=self.sleep),
            transport=self.transport,
        )
        async with client:
            yield client.session(meter=self.meter, scope="Read tags", note=self.notes.append)

    def ask(self, call: Call) -> Response:
        """Ask once, with retries, and return the answer."""

        async def asking() -> Response:
            async with self.session() as session:
                return await session.ask(call)

        return anyio.run(asking)


def made_up(answers: Answers) -> Talk:
    """Talk to a function that makes answers up."""
    return Talk(httpx.MockTransport(answers))


def in_turn(*responses: httpx.Response | Exception) -> tuple[Talk, list[httpx.Request]]:
    """Talk to answers that come in turn, the last one again and again."""
    left = list(responses)
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        response = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(response, Exception):
            raise response
        return httpx.Response(
            response.status_code, headers=response.headers, content=response.content
        )

    return made_up(answer), asked


def envelope(status: int, code: str, message: str = "No.") -> httpx.Response:
    """Make an error answer of Intercom."""
    body = {
        "type": "error.list",
        "request_id": "req-1",
        "errors": [{"code": code, "message": message}],
    }
    return httpx.Response(status, json=body)


def run_in(talk: Talk, work: Callable[[ResourceSession], Awaitable[T]]) -> T:
    """Give what work makes of a session that is patient."""
    talk.attempts = 8

    async def working() -> T:
        async with talk.session() as session:
            return await work(session)

    return anyio.run(working)
