"""Jobs that export content: asked for, waited for, downloaded, and shared by who asks for the same.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-export

| state of a job | taken for |
|---|---|
| `pending`, `in_progress`, any other | not done: asked for again, in the end once a minute |
| `completed` | its file can be downloaded, for two days |
| `no_data` | done, and there is no file |
| `failed`, `canceled`, 404 or 410 | lost: another job is asked for |
| 429 instead of a job | another one of the workspace, or a lost one of ours: waited for |

A workspace has one job at a time. One that is not waited for any longer is cancelled, so that it
does not stand in the way of the next.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import quote

import anyio
import anyio.to_thread

from intercom_assets.catalog.endpoints import Export
from intercom_assets.errors import (
    IntercomError,
    NotFound,
    PermanentError,
    RateLimited,
    RequestInfo,
    TransientError,
)
from intercom_assets.intercom.client import Call, ResourceSession
from intercom_assets.intercom.exports.files import ExportFile
from intercom_assets.intercom.responses import Response, came_without

_DONE = frozenset({"completed", "complete"})
_NOTHING = "no_data"
_LOST = frozenset({"failed", "canceled", "cancelled"})
_IDENTIFIERS = ("job_identifier", "job_identfier")
"""The second is how Intercom spells it in versions up to 2.13."""

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_CANCEL_SECONDS = 10.0


class Span(NamedTuple):
    """When the messages of an export were sent; both ends are part of it."""

    since: datetime
    until: datetime

    def __str__(self) -> str:
        """Return two UTC times."""
        return f"{self.since:%Y-%m-%d %H:%M:%S} to {self.until:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPolicy:
    """How persistently an export is made.

    Attributes:
        jobs: Jobs that may be lost, and downloads of a job that may be damaged.
        pending_seconds: How long to wait for a job of somebody else.
        job_seconds: How long to wait for one of ours.
        most_lines: Lines of a file that Intercom does not exceed, leaving out the rest.
    """

    jobs: int = 3
    pending_seconds: float = 15 * 60.0
    job_seconds: float = 24 * 3600.0
    most_lines: int = 10_000_000
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep


@dataclass(slots=True)
class Exports:
    """The exports of a connection, one after the other, each made once for all who ask for it."""

    policy: ExportPolicy
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _folder: "tempfile.TemporaryDirectory[str] | None" = None
    _made: dict[Span, ExportFile | PermanentError | None] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        """Return the exports."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait until a job that was given up is cancelled, and remove the files."""
        with anyio.move_on_after(_CANCEL_SECONDS):
            await self._lock.acquire()
        if self._folder is not None:
            self._folder.cleanup()

    async def export(
        self, session: ResourceSession, export: Export, span: Span
    ) -> ExportFile | None:
        """Return the file of a span; None if nothing was sent in it. A refusal is remembered.

        Raises:
            IntercomError: The export could not be made, or a job of somebody else stays pending.
        """
        if self._lock.locked():
            session.note("waiting for an export that another table asked for")
        async with self._lock:
            if span not in self._made:
                try:
                    self._made[span] = await self._make(_Jobs(self.policy, session, export, span))
                except PermanentError as error:
                    # The others need not wait as long, to be refused as well.
                    self._made[span] = error
        if isinstance(found := self._made[span], PermanentError):
            raise found
        return found

    async def _make(self, jobs: "_Jobs") -> ExportFile | None:
        for made in range(self.policy.jobs):
            job = await jobs.create()
            state = await jobs.state_reached(job)
            if state == _NOTHING:
                return None
            if state in _DONE:
                try:
                    return await jobs.download(job, self._path())
                except NotFound:
                    state = "expired"
            jobs.session.note(f"the export of {jobs.span} is {state}; asking for another one")
            jobs.session.meter.retries += 1
            await self.policy.sleep(min(2.0**made, _LONGEST_PAUSE))
        raise PermanentError(
            RequestInfo(method="POST", path=jobs.export.path, status=200, message=state),
            f"Intercom did not finish an export, {self.policy.jobs} times",
            "Run again when https://www.intercomstatus.com shows no incident; if it persists, "
            "report the request in brackets",
        )

    def _path(self) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="intercom_assets_")
        return Path(self._folder.name) / f"export-{len(self._made)}"


@dataclass(frozen=True, slots=True)
class _Jobs:
    """The jobs that are needed to export a span: one, unless it is lost."""

    policy: ExportPolicy
    session: ResourceSession
    export: Export
    span: Span

    async def create(self) -> str:
        """Ask for a job as soon as no other is pending, and return its identifier."""
        waited, pause = 0.0, _FIRST_PAUSE
        since, until = (int(moment.timestamp()) for moment in self.span)
        body = {"created_at_after": since, "created_at_before": until}
        call = Call(method="POST", path=self.export.path, body={**body}, exclusive=True)
        while True:
            try:
                return _identifier(await self.session.ask(call), call)
            except RateLimited as error:
                if waited >= self.policy.pending_seconds:
                    raise PermanentError(
                        error.request,
                        "Another export of this workspace's content is pending, and Intercom "
                        "allows one",
                        "Let it finish or cancel it where it was started, then run again",
                    ) from None
                pause = error.retry_after or pause
            self.session.note(
                f"another export of this workspace is pending; waiting for it ({waited:.0f} s "
                "so far)"
            )
            await self.policy.sleep(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def state_reached(self, job: str) -> str:
        """Wait until a job is done or lost; cancel it if it is not waited for any longer."""
        try:
            return await self._waited(Call(path=f"{self.export.path}/{quote(job, safe='')}"))
        except NotFound:
            return "expired"
        except BaseException:
            await self._cancel(job)
            raise

    async def _waited(self, call: Call) -> str:
        waited, pause, state = 0.0, _FIRST_PAUSE, "pending"
        while waited < self.policy.job_seconds:
            await self.policy.sleep(pause)
            waited += pause
            state = str((await self.session.ask(call)).body.get("status"))
            if state in _DONE or state in _LOST or state == _NOTHING:
                return state
            self.session.note(
                f"waiting for the export of {self.span} ({state}, {waited:,.0f} s so far)"
            )
            pause = min(pause * 2, _LONGEST_PAUSE)
        raise PermanentError(
            RequestInfo(method="GET", path=call.path, status=200, message=state),
            f"Intercom is still working on an export after {waited / 3600:.0f} hours",
            "Run again; if it persists, report the request to Intercom's support",
        )

    async def download(self, job: str, path: Path) -> ExportFile:
        """Download the file of a job, again if it is damaged."""
        session = self.session
        call = Call(path=f"{self.export.download}/{quote(job, safe='')}", to=path)
        request = RequestInfo(method="GET", path=call.path, status=200)
        file = ExportFile(path, request, session.client.without_token)
        for left in reversed(range(self.policy.jobs)):
            await session.ask(call)
            try:
                checked = await anyio.to_thread.run_sync(file.checked)
            except TransientError as error:
                if not left:
                    raise
                session.note(error.but("downloading it again"))
                session.meter.retries += 1
            else:
                if names := ", ".join(checked.unknown):
                    session.note(f"an export holds what no table reads: {names}")
                return checked
        raise AssertionError("a policy allows at least one job")

    async def _cancel(self, job: str) -> None:
        call = Call(method="POST", path=f"{self.export.cancel}/{quote(job, safe='')}")
        with anyio.move_on_after(_CANCEL_SECONDS, shield=True), suppress(IntercomError):
            await self.session.client.send(call, self.session.scope, self.session.meter)


def _identifier(answer: Response, call: Call) -> str:
    for name in _IDENTIFIERS:
        if isinstance(job := answer.body.get(name), str) and job:
            return job
    request = RequestInfo(method=call.method, path=call.path, status=200)
    raise came_without(request, (_IDENTIFIERS[0],))
