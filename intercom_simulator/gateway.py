"""What happens to every API request before its handler runs, and to every answer.

Order: log, fault, latency, credentials, quota, version, scope. An answer gets the
workspace's `Date` and the quota headers.
"""

import asyncio
from dataclasses import dataclass
from email.utils import formatdate

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from intercom_simulator.access import QuotaReading
from intercom_simulator.calls import EXCHANGE, Exchange, error_response
from intercom_simulator.faults import FORMS, Form
from intercom_simulator.faulty_answers import Wire, perform
from intercom_simulator.paging import asked_page
from intercom_simulator.records import Json
from intercom_simulator.refusals import ApiError, version_invalid
from intercom_simulator.request_log import LoggedRequest
from intercom_simulator.versions import parse_version
from intercom_simulator.workspace import Workspace

CONTROL_PREFIX = "/_simulator"


class Gateway:
    """Lets API requests in; control requests pass untouched."""

    def __init__(self, app: ASGIApp, workspace: Workspace) -> None:
        self._app = app
        self._workspace = workspace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            await self._app(scope, receive, send)
            return
        entry = await _logged(scope, receive)
        entry.at = self._workspace.clock()
        self._workspace.log.add(entry)
        passage = _Passage(self._app, self._workspace, entry, Wire(scope, receive, send))
        await passage.serve()


@dataclass(slots=True)
class _Passage:
    """One request on its way in, and its answer on the way out."""

    app: ASGIApp
    workspace: Workspace
    entry: LoggedRequest
    wire: Wire
    reading: QuotaReading | None = None
    form: Form | None = None

    async def serve(self) -> None:
        """Answers truly, unless the dial or a target says otherwise."""
        faults = self.workspace.faults
        asked = asked_page(self.entry.query, self.entry.body) if faults.targets else ()
        fault = faults.choose(self.entry.method, self.entry.path, *asked)
        self.entry.fault = fault
        if fault is None or fault in FORMS:
            self.form = fault
            await self.answer(self.stamp)
        else:
            stamped = Wire(self.wire.scope, self.wire.receive, self.stamp)
            await perform(fault, self.workspace, stamped, self.answer)

    async def answer(self, send: Send) -> None:
        """Gives the true answer."""
        if latency := self.workspace.behaviour.latency:
            await asyncio.sleep(latency)
        scope, receive = self.wire.scope, self.wire.receive
        try:
            self._admit(scope)
        except ApiError as error:
            await error_response(error)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def stamp(self, message: Message) -> None:
        """Passes an answer on with its date and quota, and notes its status."""
        if message["type"] == "http.response.start":
            self.entry.status = message["status"]
            headers = [*message.get("headers", [])]
            if self.workspace.behaviour.date_header:
                headers.append((b"date", formatdate(self.workspace.now(), usegmt=True).encode()))
            headers += self.reading.headers() if self.reading else []
            message = {**message, "headers": headers}
        await self.wire.send(message)

    def _admit(self, scope: Scope) -> None:
        headers, access = Headers(scope=scope), self.workspace.access
        token = access.authenticate(headers.get("authorization"))
        self.reading = access.meter(token, self.workspace.clock())
        if self.reading is not None:
            self.reading.refuse_excess()
        asked = headers.get("intercom-version") or self.workspace.behaviour.default_version
        version = parse_version(asked)
        if version is None:
            raise version_invalid()
        access.check_scope(scope["path"])
        scope[EXCHANGE] = Exchange(self.workspace, version, self.entry.body, self.form)


async def _logged(scope: Scope, receive: Receive) -> LoggedRequest:
    raw = await Request(scope, receive).body() if scope["method"] == "POST" else b""
    query = scope["query_string"].decode("latin-1")
    return LoggedRequest(scope["method"], scope["path"], query, _decoded(raw))


def _decoded(raw: bytes) -> Json:
    """Reads a body; one that is not JSON stays text, which every handler refuses."""
    try:
        return msgspec.json.decode(raw) if raw else None
    except msgspec.DecodeError:
        return raw.decode(errors="replace")
