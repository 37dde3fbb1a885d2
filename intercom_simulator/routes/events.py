"""Events of one contact, newest first, and their counts by name."""

from urllib.parse import urlencode

from intercom_simulator.calls import Call
from intercom_simulator.events import summaries
from intercom_simulator.generation.chance import DAY
from intercom_simulator.paging import whole_number
from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import not_found, parameter_invalid

_PER_PAGE = 50


def events(call: Call) -> Json:
    """Answers a page of a contact's events before a moment, or their counts."""
    if call.query.get("type") != "user":
        raise parameter_invalid("type must be user")
    contact = _contact(call)
    found = call.workspace.events.get(str(contact["id"]), [])
    if call.flag("summary"):
        return {
            "type": "event.summary",
            "email": contact.get("email") or "",
            "intercom_user_id": contact["id"],
            "user_id": contact.get("external_id") or "",
            "events": summaries(found),
        }
    return _page(call, found)


def _contact(call: Call) -> Record:
    contacts, query = call.workspace.collection("contacts"), call.query
    if "intercom_user_id" in query:
        found = contacts.find(query["intercom_user_id"])
    elif "user_id" in query:
        found = next((one for one in contacts if one.get("external_id") == query["user_id"]), None)
    elif "email" in query:
        found = next((one for one in contacts if one.get("email") == query["email"]), None)
    else:
        raise parameter_invalid("user_id, intercom_user_id or email is required")
    if found is None:
        raise not_found("User Not Found")
    return found


def _page(call: Call, found: list[Record]) -> Record:
    days = call.workspace.behaviour.event_days
    oldest = call.workspace.now() - days * DAY if days else 0
    before = whole_number(call.query.get("before"), "before", 1 << 62)
    since = whole_number(call.query.get("since"), "since", 1)
    shown = [
        one
        for one in sorted(found, key=lambda one: int(one["created_at"]), reverse=True)
        if one["created_at"] >= oldest and since <= one["created_at"] * 1_000 < before
    ]
    size = whole_number(call.query.get("per_page"), "per_page", _PER_PAGE)
    # A link is by time, so that a page ends between two moments.
    page = [one for one in shown if one["created_at"] >= shown[:size][-1]["created_at"]]
    pages: Record = {}
    if page and len(page) < len(shown):
        pages["next"] = _link(call, before=page[-1]["created_at"] * 1_000, per_page=size)
    if page:
        pages["since"] = _link(call, since=page[0]["created_at"] * 1_000 + 1)
    return {"type": "event.list", "events": page, "pages": pages}


def _link(call: Call, **place: int) -> str:
    asked = {name: call.query[name] for name in call.query if name not in {"before", "since"}}
    return f"{call.url}?{urlencode(asked | place)}"
