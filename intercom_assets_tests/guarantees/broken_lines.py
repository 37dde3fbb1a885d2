"""Lines that break answers in ways that the simulator's dial does not know."""

import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from itertools import count

import httpx

_PIECE = bytes(4_000_000)


@dataclass(frozen=True, slots=True)
class GoneMessage:
    """Makes every search page 404 that holds a conversation with a deleted message.

    Attributes:
        hidden: Id of the conversation; empty for none.
    """

    hidden: str

    def __call__(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        """Answer as Intercom does."""
        if not self.hidden or request.url.path != "/conversations/search":
            return response
        if all(record["id"] != self.hidden for record in response.json()["conversations"]):
            return response
        error = {"code": "not_found", "message": "Conversation not found. Message deleted."}
        return httpx.Response(404, json={"type": "error.list", "errors": [error]})


def endless_pages(records: int) -> Callable[[httpx.Request, httpx.Response], httpx.Response]:
    """Name a next page on every page: the same one again, or ever new ones without records."""
    numbers = count()

    def after(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("/search"):
            return response
        position = "again" if records else f"new{next(numbers)}"
        listed = [{"id": "c1", "type": "contact", "updated_at": 1_767_614_400}] * records
        body = {"data": listed, "pages": {"next": {"starting_after": position}}}
        return httpx.Response(200, json=body)

    return after


def endless_gzip() -> httpx.AsyncBaseTransport:
    """Answer everything with compressed zeros without end."""

    async def zeros() -> AsyncIterator[bytes]:
        unfolding = zlib.compressobj(wbits=31)
        while True:
            yield unfolding.compress(_PIECE) + unfolding.flush(zlib.Z_SYNC_FLUSH)

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-encoding": "gzip"}, content=zeros())

    return httpx.MockTransport(answer)
