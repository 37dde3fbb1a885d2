"""Companies: the scroll, the page-numbered list, one company, its segments."""

from intercom_simulator.calls import Call
from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import ApiError, not_found

_LIST_CAP = 10_000
_NOTES, _MAX_NOTES = 50, 60
_SCROLL_ENDS = {
    "gone": not_found("scroll parameter not found"),
    "refused": ApiError(400, "bad_request", "scroll parameter has expired"),
}


def scroll(call: Call) -> Json:
    """Answers the next hundred companies of the only scroll."""
    workspace, token = call.workspace, call.query.get("scroll_param")
    now, behaviour = workspace.clock(), workspace.behaviour
    if token:
        token, records = workspace.scroll.advance(token, now, renew=behaviour.scroll_renews)
        if not records and behaviour.scroll_end in _SCROLL_ENDS:
            raise _SCROLL_ENDS[behaviour.scroll_end]
    else:
        token, records = workspace.scroll.begin(workspace.collection("companies"), now)
    shown = [call.shaped("companies", record) for record in records]
    ended = behaviour.scroll_end == "no_token" and workspace.scroll.is_used_up
    return {
        "type": "list",
        "data": None if behaviour.scroll_end == "null_list" and not shown else shown,
        "pages": None,
        "total_count": None,
        "scroll_param": None if ended else token,
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
    return call.listed(call.workspace.segments_of_company(company_id))


def notes(call: Call) -> Json:
    """Answers the notes of a company, by page number."""
    call.requires((2, 15))
    found = call.workspace.company_notes.get(str(_company(call)["id"]), [])
    page, pages = call.numbered(found, _NOTES, _MAX_NOTES)
    return {"type": "list", "data": page, "pages": pages, "total_count": len(found)}


def _company(call: Call) -> Record:
    record = call.workspace.collection("companies").find(call.path["id"])
    if record is None:
        raise not_found("Company Not Found", "company_not_found")
    return record
