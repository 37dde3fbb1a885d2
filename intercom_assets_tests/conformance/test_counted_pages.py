"""Three pages of every declared list are read, in each envelope that says how it continues."""

from collections.abc import Callable

import anyio
import httpx
import pytest

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.endpoints import Child, Scroll, Search, StartingAfter
from intercom_assets.catalog.replication import Exported
from intercom_assets.catalog.types import Record
from intercom_assets.intercom.client import Call, ResourceSession
from intercom_assets.intercom.pagination import paged, read_pages
from intercom_assets_tests.conformance.facts import address
from intercom_assets_tests.unit.talking import made_up

Envelope = Callable[[int], Record]

ENVELOPES: dict[str, Envelope] = {
    "counted": lambda number: {"pages": {"type": "pages", "page": number, "total_pages": 3}},
    "counted outside": lambda number: {"page": number, "total_pages": 3, "total_count": 6},
    "linked": lambda number: {"pages": {"next": f"/x?page={number + 1}" if number < 3 else None}},
}
CURSORS: dict[str, Envelope] = {
    "cursor": lambda number: {
        "pages": {"next": {"starting_after": str(number + 1)} if number < 3 else None}
    }
}


def is_paged(resource: Resource) -> bool:
    """Say whether a resource is a list of pages; parts lie inside one record."""
    child = resource.endpoint
    one_record = isinstance(child, Child) and (len(child.records) > 1 or child.single)
    is_file = isinstance(resource.replication, Exported)
    return not isinstance(resource.pagination, Scroll) and not one_record and not is_file


LISTS = [resource for resource in CATALOG if is_paged(resource)]


@pytest.mark.parametrize(
    ("resource", "envelope"),
    [
        pytest.param(resource, envelope, id=f"{resource.name}: {label}")
        for resource in LISTS
        for by_cursor in [
            isinstance(resource.endpoint, Search) or isinstance(resource.pagination, StartingAfter)
        ]
        for label, envelope in (CURSORS if by_cursor else ENVELOPES).items()
    ],
)
def test_three_pages_are_read(resource: Resource, envelope: Envelope) -> None:
    """A list that goes on in any of its forms is read to its end, though it was one page so far."""
    method, path, (key,) = address(resource.endpoint)

    def answer(request: httpx.Request) -> httpx.Response:
        position = request.url.params.get("page") or request.url.params.get("starting_after") or "1"
        if b'"starting_after":"' in request.content:
            position = request.content.partition(b'"starting_after":"')[2][:1].decode()
        records = [{"id": f"{position}-{number}"} for number in range(2)]
        return httpx.Response(200, json={key: records} | envelope(int(position)))

    async def count(session: ResourceSession) -> int:
        body: Record | None = {"query": {}} if method == "post" else None
        call = Call(method=method.upper(), path=path, body=body, needs=((key,),))
        pages = read_pages(session, call, paged(resource.pagination))
        return len({str(one["id"]) async for page in pages for one in page.records})

    async def read() -> int:
        async with made_up(answer).session() as session:
            return await count(session)

    assert 6 == anyio.run(read)
