"""Jobs that export content or a report: asked for, waited for, and downloaded.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-export
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/reporting-data-export

| state of a job | taken for |
|---|---|
| `pending`, `in_progress`, any other | not done: asked for again, in the end once a minute |
| `completed`, `complete` | its file can be downloaded, for two days |
| `no_data` | done, and there is no file |
| `failed`, `canceled`, 404 or 410 | lost: another job is asked for |
| 429 instead of a job | others of the workspace, or a lost one of ours: waited for |

A workspace has one job for content at a time, whose file all who ask for the same share. One that
is not waited for any longer is cancelled, so that it does not stand in the way of the next. Of
reports there may be five, one for each table, and none can be cancelled.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import quote

import anyio
import anyio.to_thread

from intercom_assets.catalog.endpoints import Export, ReportExport
from intercom_assets.catalog.types import Record
from intercom_assets.errors import (
    IntercomError,
    NotFound,
    PermanentError,
    RateLimited,
    RequestInfo,
    TransientError,
)
from intercom_assets.intercom.client import Call, ResourceSession
from intercom_assets.intercom.exports.files import CONTENT, ExportFile
from intercom_assets.intercom.responses import Response, came_without

_DONE = frozenset({"completed", "complete"})
_NOTHING = "no_data"
_LOST = frozenset({"failed", "canceled", "cancelled"})
_IDENTIFIERS = ("job_identifier", "job_identfier")
"""The second is how Intercom spells it in versions up to 2.13."""

_REPORTS = 5
"""Jobs for reports that a workspace may have at once."""

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_CANCEL_SECONDS = 10.0


class Span(NamedTuple):
    """From when to when a window lasts that is exported; both ends are part of it."""

    since: datetime
    until: datetime

    def __str__(self) -> str:
        """Return two UTC times."""
        return f"{self.since:%Y-%m-%d %H:%M:%S} to {self.until:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """A job to ask for.

    Attributes:
        path: Path of the POST that creates it.
        state: Path of its state, to which its identifier is added, as to the paths `download` and,
            where it can be cancelled, `cancel`.
        params: Query of the requests for its state and file.
        only: Name of the CSV that a file is which is no archive.
        csvs: Names of the CSVs that tables read.
        shared: Whether several tables read its file. One without content is then `no_data`, and
            has no empty file.
        crowded: What is wrong if others stay pending.
    """

    span: Span
    path: str
    body: Record
    state: str
    download: str
    cancel: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    only: str
    csvs: frozenset[str]
    shared: bool
    crowded: str


def content_job(export: Export, span: Span) -> ExportRequest:
    """Return the job for everything that was sent in a span."""
    since, until = _seconds(span)
    return ExportRequest(
        span=span,
        path=export.path,
        body={"created_at_after": since, "created_at_before": until},
        state=export.path,
        download=export.download,
        cancel=export.cancel,
        only="receipt",
        csvs=CONTENT,
        shared=True,
        crowded="Another export of this workspace's content is pending, and Intercom allows one",
    )


def report_job(
    report: ReportExport, span: Span, attributes: list[str], app_id: str
) -> ExportRequest:
    """Return the job for a dataset; `client_id`, documented as well, is known to no token."""
    since, until = _seconds(span)
    return ExportRequest(
        span=span,
        path=report.path,
        body={
            "dataset_id": report.dataset,
            "attribute_ids": [*attributes],
            "start_time": since,
            "end_time": until,
        },
        state=report.state,
        download=report.download,
        params={"app_id": app_id},
        only=report.dataset,
        csvs=frozenset({report.dataset}),
        shared=False,
        crowded=f"Other exports of this workspace's reports are pending, and Intercom allows "
        f"{_REPORTS}",
    )


def _seconds(span: Span) -> tuple[int, int]:
    return int(span.since.timestamp()), int(span.until.timestamp())


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
    """The exports of a connection: of content one after the other, and each made once."""

    policy: ExportPolicy
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _reports: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_REPORTS))
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

    async def export(self, session: ResourceSession, request: ExportRequest) -> ExportFile | None:
        """Return the file of a job, which is there until the next one of its kind; None if empty.

        Raises:
            IntercomError: The export could not be made, or a job of somebody else stays pending.
        """
        if not request.shared:
            async with self._reports:
                return await self._make(_Jobs(self.policy, session, request), request.only)
        span = request.span
        if self._lock.locked():
            session.note("waiting for an export that another table asked for")
        async with self._lock:
            if span not in self._made:
                try:
                    jobs = _Jobs(self.policy, session, request)
                    self._made[span] = await self._make(jobs, f"export-{len(self._made)}")
                except PermanentError as error:
                    # The others need not wait as long, to be refused as well.
                    self._made[span] = error
        if isinstance(found := self._made[span], PermanentError):
            raise found
        return found

    async def _make(self, jobs: "_Jobs", name: str) -> ExportFile | None:
        for made in range(self.policy.jobs):
            job = await jobs.create()
            state = await jobs.state_reached(job)
            if state == _NOTHING:
                return None
            if state in _DONE:
                try:
                    return await jobs.download(job, self._path(name))
                except NotFound:
                    state = "expired"
            span = jobs.request.span
            jobs.session.note(f"the export of {span} is {state}; asking for another one")
            jobs.session.meter.retries += 1
            await self.policy.sleep(min(2.0**made, _LONGEST_PAUSE))
        raise PermanentError(
            RequestInfo(method="POST", path=jobs.request.path, status=200, message=state),
            f"Intercom did not finish an export, {self.policy.jobs} times",
            "Run again when https://www.intercomstatus.com shows no incident; if it persists, "
            "report the request in brackets",
        )

    def _path(self, name: str) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="intercom_assets_")
        return Path(self._folder.name) / name


@dataclass(frozen=True, slots=True)
class _Jobs:
    """The jobs that are needed to export a span: one, unless it is lost."""

    policy: ExportPolicy
    session: ResourceSession
    request: ExportRequest

    async def create(self) -> str:
        """Ask for a job as soon as not too many are pending, and return its identifier."""
        waited, pause = 0.0, _FIRST_PAUSE
        request = self.request
        call = Call(method="POST", path=request.path, body=request.body, exclusive=True)
        while True:
            try:
                return _identifier(await self.session.ask(call), call)
            except RateLimited as error:
                if waited >= self.policy.pending_seconds:
                    raise PermanentError(
                        error.request,
                        request.crowded,
                        "Let it finish or cancel it where it was started, then run again"
                        if request.cancel
                        else "Let one finish, then run again",
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
            return await self._waited(self._call(self.request.state, job))
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
                f"waiting for the export of {self.request.span} ({state}, {waited:,.0f} s so far)"
            )
            pause = min(pause * 2, _LONGEST_PAUSE)
        raise PermanentError(
            call.answered(state),
            f"Intercom is still working on an export after {waited / 3600:.0f} hours",
            "Run again; if it persists, report the request to Intercom's support",
        )

    async def download(self, job: str, path: Path) -> ExportFile:
        """Download the file of a job, again if it is damaged."""
        session, wanted = self.session, self.request
        call = replace(self._call(wanted.download, job), to=path)
        request = call.answered()
        conceal = session.client.without_token
        file = ExportFile(
            path,
            request,
            conceal,
            only=wanted.only,
            csvs=wanted.csvs,
            may_be_empty=not wanted.shared,
        )
        sizes = set[int]()
        for left in reversed(range(self.policy.jobs)):
            await session.ask(call)
            check = partial(file.checked, as_before=file.size in sizes)
            try:
                checked = await anyio.to_thread.run_sync(check)
            except TransientError as error:
                if not left:
                    raise
                sizes.add(file.size)
                session.note(error.but("downloading it again"))
                session.meter.retries += 1
            else:
                if names := ", ".join(checked.unknown):
                    session.note(f"an export holds what no table reads: {names}")
                return checked
        raise AssertionError("a policy allows at least one job")

    def _call(self, path: str, job: str) -> Call:
        return Call(path=f"{path}/{quote(job, safe='')}", params=self.request.params)

    async def _cancel(self, job: str) -> None:
        if self.request.cancel is None:
            return
        call = replace(self._call(self.request.cancel, job), method="POST")
        with anyio.move_on_after(_CANCEL_SECONDS, shield=True), suppress(IntercomError):
            await self.session.client.send(call, self.session.scope, self.session.meter)


def _identifier(answer: Response, call: Call) -> str:
    for name in _IDENTIFIERS:
        if isinstance(job := answer.body.get(name), str) and job:
            return job
    raise came_without(call.answered(), (_IDENTIFIERS[0],))
