"""Tickets, each with its parts: search, and one ticket, from version 2.10 on."""

from intercom_simulator.calls import Call
from intercom_simulator.records import Json
from intercom_simulator.refusals import ApiError, not_found
from intercom_simulator.routes.cursors import found_page

_SINCE = (2, 10)
_PER_PAGE = 20


def search(call: Call) -> Json:
    """Answers the tickets that match a query."""
    call.requires(_SINCE)
    try:
        records, pages, total_count = found_page(call, "tickets", _PER_PAGE)
    except ApiError as error:
        if error.code != "client_error":
            raise
        # Users report that a wrong cursor is answered like this, each time.
        raise ApiError(500, "server_error", "Sorry, something went wrong") from error
    return {
        "type": "ticket.list",
        "pages": pages,
        "total_count": total_count,
        "tickets": [call.shaped("tickets", record) for record in records],
    }


def ticket(call: Call) -> Json:
    """Answers one ticket."""
    call.requires(_SINCE)
    record = call.workspace.collection("tickets").find(call.path["id"])
    if record is None:
        # What Intercom says here is documented for no version.
        raise not_found("Resource Not Found", "ticket_not_found")
    return call.shaped("tickets", record)
