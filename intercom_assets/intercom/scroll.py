"""The scroll over all companies: one per app, expires after a minute, cannot be resumed.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/scrolloverallcompanies

| form of a response | taken for |
|---|---|
| an empty page, with or without a token | the end, as documented |
| a token that changes from page to page | the token of the next page |
| a page of records without a token | the end if it is twice at the same place; else lost |
| 404, 410, 400 or a null list instead of a next page | the same |
| 5xx, a time-out, a lost connection, a cut-off response | lost: start again |
| 400 `scroll_exists` | another client's, or our own lost one: wait for it |

An undocumented end counts only after a page that was not full: companies come by the hundred, and
nothing follows the last few. After a full page it may be a loss, and is an error when it happens
three times at the same place.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from intercom_assets.errors import (
    IntercomError,
    NotFound,
    PermanentError,
    RateLimited,
    RequestInfo,
    TransientError,
)
from intercom_assets.intercom.client import Call, ResourceSession
from intercom_assets.intercom.pagination import Page, read_page
from intercom_assets.intercom.responses import Response, records_at

EXISTS = "scroll_exists"
_FULL = 100
"""Companies per page; no request can change that."""

_STOPS = 3
_RESTARTS = 10
_EXISTS_SECONDS = 15 * 60.0
"""How long to wait for another client's scroll."""

_FIRST_POLL = 1.0
_LONGEST_POLL = 15.0


@dataclass(frozen=True, slots=True)
class Restarted:
    """The scroll was lost and starts again: what it returned before does not count."""


class _Stopped(Exception):  # noqa: N818 - reads as what happened
    """The scroll stops without saying that it ended.

    Attributes:
        came: Companies returned so far.
        may_be_the_end: Whether the last page was not full.
    """

    def __init__(self, request: RequestInfo, came: int, last: int) -> None:
        self.request = request
        self.came = came
        self.may_be_the_end = 0 < last < _FULL
        super().__init__(f"stops after {came:,} companies")


async def read_scroll(session: ResourceSession, call: Call) -> AsyncIterator[Page | Restarted]:
    """Yield the pages of a scroll, starting over whenever it is lost.

    Using a token moves the server forward, so a request whose response was lost must not be
    resent: the next response would skip a page.

    Raises:
        TransientError: The scroll was lost too often.
        PermanentError: It stops at the same place each time, or another client's stays open.
    """
    lost = 0
    stops: Counter[int] = Counter()
    while True:
        try:
            async for page in _read_once(session, call):
                yield page
        except _Stopped as stop:
            stops[stop.came] += 1
            if stop.may_be_the_end and stops[stop.came] > 1:
                return
            error: IntercomError = _stopping(stop)
        except (TransientError, NotFound) as failure:
            error = failure
        else:
            return
        lost += 1
        if lost > _RESTARTS or max(stops.values(), default=0) >= _STOPS:
            raise _lost(error, lost) from None
        session.note(error.but("the scroll begins again"))
        session.meter.retries += 1
        await session.client.retry_policy.sleep(min(2.0**lost, 30.0))
        yield Restarted()


def _stopping(stop: _Stopped) -> PermanentError:
    return PermanentError(
        stop.request,
        f"Intercom's scroll of companies stops after {stop.came:,}, though there may be more",
        "Run again; if it persists, report the request to Intercom's support; nothing was changed",
    )


def _lost(error: IntercomError, times: int) -> IntercomError:
    if not isinstance(error, NotFound):
        return error
    return NotFound(
        error.request,
        f"Intercom lost the scroll of companies {times} times before it was read to its end",
        "Run again when https://www.intercomstatus.com shows no incident",
    )


async def _read_once(session: ResourceSession, call: Call) -> AsyncIterator[Page]:
    came = last = 0
    page = _page(await _open(session, call), call, came, last)
    while page.records:
        yield page
        last = len(page.records)
        came += last
        page = _page(await _after(session, page, call, came), call, came, last)


async def _after(session: ResourceSession, page: Page, call: Call, came: int) -> Response:
    token = page.body.get("scroll_param")
    if not isinstance(token, str) or not token:
        raise _Stopped(call.answered("no scroll_param"), came, len(page.records))
    following = Call(path=call.path, params={"scroll_param": token})
    try:
        return await session.ask(following, retry=RateLimited)
    except PermanentError as error:
        if error.status not in {400, 404, 410}:
            raise
        raise _Stopped(error.request, came, len(page.records)) from None


def _page(answer: Response, call: Call, came: int, last: int) -> Page:
    if records_at(answer.body, call.needs) is not None:
        return read_page(answer, call.needs)
    told = call.answered("no list of companies")
    if call.needs[0][0] in answer.body:
        raise _Stopped(told, came, last)
    raise TransientError(
        told,
        "An answer of Intercom came without companies, so it may have been cut off",
        "Run again; if it persists, report the request in brackets",
    )


async def _open(session: ResourceSession, call: Call) -> Response:
    waited, pause = 0.0, _FIRST_POLL
    while True:
        try:
            return await session.ask(replace(call, needs=()), retry=RateLimited)
        except PermanentError as error:
            if error.code != EXISTS:
                raise
            if waited >= _EXISTS_SECONDS:
                raise PermanentError(
                    error.request,
                    "Another client of this Intercom app keeps a scroll of companies open, and "
                    "Intercom allows one",
                    "Let it finish, or use an app of your own for this sync, then run again",
                ) from None
        session.note(f"another scroll of companies is open; waiting for it ({waited:.0f} s so far)")
        await session.client.retry_policy.sleep(pause)
        waited += pause
        pause = min(pause * 2, _LONGEST_POLL)
