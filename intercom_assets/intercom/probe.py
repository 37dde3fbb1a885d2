"""The cheapest request that tells whether a token may read a resource."""

from dataclasses import replace
from typing import assert_never

from intercom_assets.catalog.resource import Child, Listing, Resource, Scroll, Search
from intercom_assets.errors import NotFound
from intercom_assets.intercom.client import Call, Session
from intercom_assets.intercom.search import Order, search_call

_NOBODY = "0"


async def probe(session: Session, resource: Resource) -> None:
    """Ask for next to nothing of a resource.

    Raises:
        Unauthorized: The token lacks the permission; names it.
        IntercomError: The resource cannot be read for another reason.
    """
    try:
        await session.ask(_probe_call(resource))
    except NotFound:
        # A child of no parent: Intercom looked for it, so the token may.
        if not isinstance(resource.endpoint, Child):
            raise


def _probe_call(resource: Resource) -> Call:
    match resource.endpoint:
        case Listing() if isinstance(resource.pagination, Scroll):
            # Opening the one scroll of the app would make a sync wait for a minute.
            return Call(method="POST", path="/companies/list", params={"per_page": "1"}, body={})
        case Listing(path, records, params):
            return Call(path=path, params=params, needs=((records,),))
        case Search() as search:
            call = search_call(search, 0, None, Order.NEWEST_FIRST)
            return replace(call, body={**(call.body or {}), "pagination": {"per_page": 1}})
        case Child(path):
            return Call(path=path.replace("{id}", _NOBODY))
        case _:
            assert_never(resource.endpoint)
