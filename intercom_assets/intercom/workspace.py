"""What a token may read: its workspace, requested before anything else, and its resources."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from intercom_assets.catalog.endpoints import (
    Child,
    ChildSearch,
    Export,
    Listing,
    ReportExport,
    Scroll,
    Search,
    SinglePage,
    record_params,
    record_path,
)
from intercom_assets.catalog.replication import Exported, Windowed
from intercom_assets.catalog.resource import Resource
from intercom_assets.catalog.types import Json, instant_at
from intercom_assets.errors import ConfigurationError, NotFound, Unauthorized
from intercom_assets.intercom import REGIONS
from intercom_assets.intercom.client import Call, ResourceSession
from intercom_assets.intercom.exports.datasets import datasets_call, find_dataset
from intercom_assets.intercom.pagination import read_page
from intercom_assets.intercom.position import page_numbers
from intercom_assets.intercom.responses import WRONG_TOKEN
from intercom_assets.intercom.search import Order, children_call, search_call


@dataclass(frozen=True, slots=True)
class Workspace:
    """What `GET /me` says about the workspace.

    Attributes:
        id: `app.id_code`, stored with cursors.
        region: `us`, `eu` or `au`; empty if Intercom did not say.
        zone: Time zone of the calendar days that contact search compares; None if unknown.
        created_at: When it was created, so that nothing in it is older; None if unknown.
        date: Intercom's clock when it was requested; None if unknown.
    """

    id: str
    name: str
    region: str
    zone: ZoneInfo | None
    created_at: datetime | None
    date: datetime | None


async def read_workspace(session: ResourceSession, region: str) -> Workspace:
    """Return the token's workspace, refusing a wrong region.

    https://developers.intercom.com/docs/references/rest-api/api.intercom.io/admins/identifyadmin

    Raises:
        Unauthorized: The token is refused; if it is unknown, the message names other regions,
            since a token is valid in one only.
        ConfigurationError: The workspace is in another region.
    """
    try:
        # Any resource may happen to ask first; its permission is irrelevant here.
        answer = await replace(session, scope=None).ask(Call(path="/me"))
    except Unauthorized as error:
        if error.code not in WRONG_TOKEN:
            raise
        others = ", ".join(one for one in REGIONS if one != region)
        raise Unauthorized(
            error.request,
            error.wrong,
            f"{error.remedy}. A token is valid in its workspace's region only: if that is not "
            f"{region!r}, set region to one of: {others}",
        ) from None
    app = answer.body.get("app")
    fields = app if isinstance(app, dict) else {}
    workspace = Workspace(
        id=_text(fields.get("id_code")),
        name=_text(fields.get("name")),
        region=_text(fields.get("region")).lower(),
        zone=_zone(_text(fields.get("timezone"))),
        created_at=instant_at(fields, ("created_at",)),
        date=answer.date,
    )
    if not workspace.id:
        raise ConfigurationError(
            "The access token belongs to no workspace, or base_url is not Intercom. Use the token "
            "of an app in a workspace, and check base_url. [GET /me names no app.id_code]"
        )
    if workspace.region and workspace.region != region:
        raise ConfigurationError(
            f"Workspace {workspace.id} lives in region {workspace.region!r}, but region is set to "
            f"{region!r}. Set region (INTERCOM_REGION in the shipped file) to {workspace.region!r}"
        )
    return workspace


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


_NOBODY = "0"


async def probe(
    session: ResourceSession, resource: Resource, values: Sequence[str] = ()
) -> int | None:
    """Request as little as possible of a resource, and count its records if that shows them.

    Where it has several lists, they are those of the values.

    Raises:
        Unauthorized: The token lacks the permission; names it.
        IntercomError: The resource cannot be read for another reason.
    """
    if resource.each is not None:
        return await _probe_each(session, resource, values)
    call = _probe_call(resource)
    try:
        answer = await session.ask(call)
        page = read_page(answer, call.needs)
    except NotFound:
        # No such parent or job, but Intercom looked for it, so the token has the permission.
        if not isinstance(resource.endpoint, Child | Export):
            raise
        return None
    if isinstance(resource.endpoint, ReportExport):
        find_dataset(resource.endpoint, answer, resource.table.names)
    if isinstance(resource.replication, Windowed | Exported):
        return None  # only what lies in the window was counted, or nothing
    if page.total_count is not None or isinstance(resource.endpoint, Child | ChildSearch):
        return page.total_count
    whole = isinstance(resource.pagination, SinglePage)
    return len(page.records) if whole else page_numbers(page.body)[1]


async def _probe_each(
    session: ResourceSession, resource: Resource, values: Sequence[str]
) -> int | None:
    """Count the records of all lists; without values only the permission is tried."""
    assert isinstance(resource.endpoint, Listing), "the catalogue holds that only lists are several"
    counts: list[int] = []
    for value in values or (_NOBODY,):
        one = replace(resource.endpoint, path=record_path(resource.endpoint.path, value), each=None)
        try:
            count = await probe(session, replace(resource, endpoint=one))
        except NotFound as error:
            if values:
                raise no_list(error, resource, value) from None
            count = None
        counts += [] if count is None else [count]
    return sum(counts) if counts and len(counts) == len(values) else None


def no_list(error: NotFound, resource: Resource, value: str) -> NotFound:
    """Say that a resource has no list of a value."""
    return NotFound(
        error.request,
        f"Intercom knows no {resource.each} {value!r} of {resource.name}",
        "Fix the setting custom_object_types, or take it out there; what is stored of it stays "
        "as it is",
    )


def _probe_call(resource: Resource) -> Call:
    match resource.endpoint:
        case Listing() if isinstance(resource.pagination, Scroll):
            # Opening the app's only scroll would make a sync wait for a minute.
            return Call(method="POST", path="/companies/list", params={"per_page": "1"}, body={})
        case Listing(path, records, params):
            if isinstance(resource.replication, Windowed):
                one = {resource.replication.after: str(int(time.time()))}
            else:
                one = {} if isinstance(resource.pagination, SinglePage) else {"per_page": "1"}
            return Call(path=path, params={**params, **one}, needs=((records,),))
        case Search() as search:
            call = search_call(search, 0, None, Order.NEWEST_FIRST)
            return replace(call, body={**(call.body or {}), "pagination": {"per_page": 1}})
        case ChildSearch() as search:
            return children_call(search, [_NOBODY])
        case Child(path, params=params):
            return Call(path=record_path(path, _NOBODY), params=record_params(params, _NOBODY))
        case Export(path=path):
            return Call(path=f"{path}/{_NOBODY}")
        case ReportExport():
            return datasets_call(resource.endpoint)
        case _:
            assert_never(resource.endpoint)
