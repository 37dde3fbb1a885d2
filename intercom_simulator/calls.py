"""One API call as the handlers see it, and the answer as the wire shows it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from intercom_simulator.faults import Form
from intercom_simulator.paging import numbered_page, whole_number
from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import ApiError, envelope, version_invalid
from intercom_simulator.versions import Version
from intercom_simulator.workspace import Workspace

EXCHANGE = "intercom_simulator.exchange"
"""Where a request has its exchange, in its scope."""


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, after it was let in."""

    workspace: Workspace
    version: Version
    url: str
    query: Mapping[str, str]
    path: Mapping[str, str]
    body: Json
    octets: bool = False

    def requires(self, version: Version) -> None:
        """Refuses the call below the version that introduced the endpoint."""
        if self.version < version:
            raise version_invalid()

    def shaped(self, kind: str, record: Record) -> Record:
        """Returns a record as the call's version shows it."""
        return self.workspace.shaped(kind, record, self.version)

    def flag(self, name: str) -> bool:
        """Reads a true-or-false query parameter."""
        return self.query.get(name, "").lower() == "true"

    def numbered(
        self, items: list[Record], default: int, maximum: int
    ) -> tuple[list[Record], Record]:
        """Cuts the page that `page` and `per_page` ask for."""
        page = whole_number(self.query.get("page"), "page", 1)
        per_page = whole_number(self.query.get("per_page"), "per_page", default, maximum)
        return numbered_page(items, page, per_page, link=self.url, query=self.query)

    def listed(self, records: list[Record], *, kind: str = "list", key: str = "data") -> Record:
        """Answers a list that is documented as one page; in pages where the workspace says so."""
        size = self.workspace.behaviour.list_pages
        if not size:
            return {"type": kind, key: records}
        number = whole_number(self.query.get("page"), "page", 1)
        page, pages = numbered_page(records, number, size, link=self.url, query=self.query)
        return {"type": kind, key: page, "pages": pages, "total_count": len(records)}


Handler: TypeAlias = Callable[[Call], Json]


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the gateway passes on to the handler of a request."""

    workspace: Workspace
    version: Version
    body: Json
    form: Form | None = None

    def call(self, request: Request) -> Call:
        """Reads what the request asks for."""
        url = request.url
        return Call(
            workspace=self.workspace,
            version=self.version,
            url=f"{url.scheme}://{url.netloc}{url.path}",
            query=request.query_params,
            path=request.path_params,
            body=self.body,
            octets=request.headers.get("accept") == "application/octet-stream",
        )


class JsonResponse(Response):
    """Encodes records fast."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Json) -> bytes:
        """Encodes the answer as compact JSON, also what only JSON's letter allows."""
        try:
            return msgspec.json.encode(content)
        except (OverflowError, UnicodeEncodeError):
            # Integers beyond 64 bits and lone surrogates: rare, legal, and worth serving.
            return json.dumps(content, separators=(",", ":")).encode()


def error_response(error: ApiError) -> JsonResponse:
    """Builds the response of a refused call."""
    return JsonResponse(envelope(error.code, error.message), error.status, dict(error.headers))
