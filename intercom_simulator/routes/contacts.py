"""Contacts: list, search, one contact, and the lists that a contact cuts at ten."""

from intercom_simulator.calls import Call
from intercom_simulator.records import Json, Record, listed
from intercom_simulator.refusals import ApiError, not_found
from intercom_simulator.routes.cursors import found_page, listed_page

NESTED_CAP = 10
_NESTED = ("tags", "notes", "companies")
_PER_PAGE = 50
_MAX_PER_PAGE = 60


def contacts(call: Call) -> Json:
    """Answers contacts, most recently updated first."""
    return _page(call, *listed_page(call, "contacts", _PER_PAGE))


def search(call: Call) -> Json:
    """Answers the contacts that match a query."""
    return _page(call, *found_page(call, "contacts", _PER_PAGE))


def contact(call: Call) -> Json:
    """Answers one contact; a merged one is gone, and the answer says where to."""
    return _served(call, _contact(call))


def tags(call: Call) -> Json:
    """Answers all tags of a contact, whole, with when and by whom each was applied."""
    return call.listed(call.workspace.tags_of(_contact(call)))


def companies(call: Call) -> Json:
    """Answers the companies of a contact, whole, by page number."""
    known = call.workspace.collection("companies")
    found = [
        known.find(str(item["id"])) or {"type": "company", "id": item["id"]}
        for item in listed(_contact(call), "companies")
    ]
    records, pages = call.numbered(found, _PER_PAGE, _MAX_PER_PAGE)
    return {
        "type": "list",
        call.workspace.behaviour.contact_companies_key: [
            call.shaped("companies", record) for record in records
        ],
        "pages": pages,
        "total_count": len(found),
    }


def notes(call: Call) -> Json:
    """Answers the notes of a contact, by page number."""
    record = _contact(call)
    known = {str(note["id"]): note for note in call.workspace.notes.get(record["id"], [])}
    found = [
        known.get(str(item["id"])) or {"type": "note", "id": item["id"]}
        for item in listed(record, "notes")
    ]
    page, pages = call.numbered(found, _PER_PAGE, _MAX_PER_PAGE)
    return {"type": "list", "data": page, "pages": pages, "total_count": len(found)}


def segments(call: Call) -> Json:
    """Answers the segments of a contact."""
    contact_id = str(_contact(call)["id"])
    return {"type": "list", "data": call.workspace.segments_of_contact(contact_id)}


def subscriptions(call: Call) -> Json:
    """Answers the kinds of messages that a contact chose or refused."""
    return call.listed(call.workspace.subscriptions_of(str(_contact(call)["id"])))


def _contact(call: Call) -> Record:
    contact_id = call.path["id"]
    record = call.workspace.collection("contacts").find(contact_id)
    if record is not None:
        return record
    canonical = call.workspace.canonical_contact(contact_id)
    if canonical is not None and call.version >= (2, 16):
        raise ApiError(
            410,
            "contact_merged",
            "This contact has been merged. See the 'Link' header for the canonical contact.",
            {"Link": f'</contacts/{canonical}>; rel="canonical"'},
        )
    raise not_found("User Not Found")


def _page(call: Call, records: list[Record], pages: Record, total_count: int) -> Record:
    return {
        "type": "list",
        "data": [_served(call, record) for record in records],
        "total_count": total_count,
        "pages": pages,
    }


def _served(call: Call, record: Record) -> Record:
    shown = call.shaped("contacts", record)
    for wrapper in _NESTED:
        items = listed(shown, wrapper)
        if len(items) > NESTED_CAP:
            shown = shown | {wrapper: _cut(shown[wrapper])}
    if call.flag("include_merge_history") and call.version >= (2, 16):
        return shown | _merge_history(call, record)
    return shown


def _cut(wrapped: Record) -> Record:
    items = wrapped["data"]
    return wrapped | {"data": items[:NESTED_CAP], "total_count": len(items), "has_more": True}


def _merge_history(call: Call, record: Record) -> Record:
    if record.get("role") != "user":
        return {}
    history = [
        {
            "type": "contact_merge",
            "source_contact_id": source,
            "source_contact_role": merge["role"],
            "merged_at": merge["merged_at"],
        }
        for source, merge in call.workspace.merges.items()
        if merge["target"] == record["id"]
    ]
    return {"merge_history": history}
