"""The scroll over all companies: one per app, a minute to live, no way to continue.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/scrolloverallcompanies
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import anyio

from intercom_assets.errors import NotFound, PermanentError, RateLimited, Request, TransientError
from intercom_assets.intercom.answers import Answer
from intercom_assets.intercom.client import Call, Session
from intercom_assets.intercom.pagination import Page, read_page

EXISTS = "scroll_exists"
_FIRST_POLL = 1.0
_LONGEST_POLL = 15.0


@dataclass(frozen=True, slots=True)
class Restarted:
    """The scroll was lost and begins again: what it returned before does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrollPatience:
    """How long the scroll is tried.

    Attributes:
        restarts: How often a lost scroll begins again.
        exists_seconds: How long another client's scroll is waited out.
        sleep: Waits; a seam for tests.
    """

    restarts: int = 10
    exists_seconds: float = 15 * 60.0
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep


async def read_scroll(
    session: Session, call: Call, patience: ScrollPatience
) -> AsyncIterator[Page | Restarted]:
    """Read all pages of a scroll, from its beginning again whenever it is lost.

    The token is the same on every page and the server moves on when it is asked, so a request
    whose answer was lost must not be sent again: the next answer would skip a page. The end is
    an empty page; a 404 means that the scroll expired.

    Raises:
        TransientError: The scroll was lost too often.
        PermanentError: Another client's scroll stayed open for too long.
    """
    lost = 0
    while True:
        try:
            async for page in _read_once(session, call, patience):
                yield page
        except (TransientError, NotFound) as error:
            lost += 1
            if lost > patience.restarts:
                raise _lost(error, lost) from None
            session.note(error.but("the scroll begins again"))
            session.meter.retries += 1
            await patience.sleep(min(2.0**lost, 30.0))
            yield Restarted()
        else:
            return


def _lost(error: TransientError | NotFound, times: int) -> TransientError | NotFound:
    if isinstance(error, TransientError):
        return error
    return NotFound(
        error.request,
        f"Intercom lost the scroll of companies {times} times before it was read to its end",
        "Run again when https://www.intercomstatus.com shows no incident",
    )


async def _read_once(session: Session, call: Call, patience: ScrollPatience) -> AsyncIterator[Page]:
    answer = await _open(session, call, patience)
    page = read_page(answer, call.needs)
    while page.records:
        yield page
        token = answer.body.get("scroll_param")
        if not isinstance(token, str) or not token:
            raise TransientError(
                Request(method=call.method, path=call.path, status=200),
                "An answer of Intercom came without scroll_param, so it may have been cut off",
                "Run again; if it stays, report the request in brackets",
            )
        following = Call(path=call.path, params={"scroll_param": token}, needs=call.needs)
        answer = await session.ask(following, retry=RateLimited)
        page = read_page(answer, call.needs)


async def _open(session: Session, call: Call, patience: ScrollPatience) -> Answer:
    waited, pause = 0.0, _FIRST_POLL
    while True:
        try:
            return await session.ask(call, retry=RateLimited)
        except PermanentError as error:
            if error.code != EXISTS:
                raise
            if waited >= patience.exists_seconds:
                raise PermanentError(
                    error.request,
                    "Another client of this Intercom app keeps a scroll of companies open, and "
                    "Intercom allows one",
                    "Let it finish, or use an app of your own for this sync, then run again",
                ) from None
        session.note(f"another scroll of companies is open; waiting for it ({waited:.0f} s so far)")
        await patience.sleep(pause)
        waited += pause
        pause = min(pause * 2, _LONGEST_POLL)
