"""Companies: the scroll, the page-numbered list, one company, its segments."""

from intercom_assets.simulator.calls import Call
from intercom_assets.simulator.records import Json, Record
from intercom_assets.simulator.refusals import ApiError, not_found

_LIST_CAP = 10_000


def scroll(call: Call) -> Json:
    """Answers the next hundred companies of the only scroll."""
    workspace, token = call.workspace, call.query.get("scroll_param")
    now = workspace.clock()
    if token:
        token, records = workspace.scroll.advance(token, now)
    else:
        token, records = workspace.scroll.begin(workspace.collection("companies"), now)
    return {
        "type": "list",
        "data": [call.shaped("companies", record) for record in records],
        "pages": None,
        "total_count": None,
        "scroll_param": token,
    }


def listing(call: Call) -> Json:
    """Answers companies with users, most recently seen first, at most 10,000."""
    found = sorted(
        (record for record in call.workspace.collection("companies") if record.get("user_count")),
        key=lambda record: record.get("last_request_at") or 0,
        reverse=call.query.get("order", "desc") != "asc",
    )
    records, pages = call.numbered(found, default=15, maximum=60)
    if pages["page"] * pages["per_page"] > _LIST_CAP:
        raise ApiError(400, "bad_request", "page limit reached, please use scroll API")
    return {
        "type": "list",
        "data": [call.shaped("companies", record) for record in records],
        "pages": pages,
        "total_count": len(found),
    }


def company(call: Call) -> Json:
    """Answers one company."""
    return call.shaped("companies", _company(call))


def segments(call: Call) -> Json:
    """Answers the segments of a company; the rows do not name the company."""
    call.requires((2, 2))
    company_id = str(_company(call)["id"])
    return {"type": "list", "data": call.workspace.segments_of_company(company_id)}


def _company(call: Call) -> Record:
    record = call.workspace.collection("companies").find(call.path["id"])
    if record is None:
        raise not_found("Company Not Found", "company_not_found")
    return record
