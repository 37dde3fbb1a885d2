"""Redirects of a help center."""

from intercom_simulator.calls import Call
from intercom_simulator.records import Json
from intercom_simulator.refusals import not_found

_SIZE, _MAXIMUM = 50, 250


def redirects(call: Call) -> Json:
    """Answers the redirects of a help center, those that changed last first."""
    call.requires((2, 16))
    key = call.path["id"]
    if call.workspace.collection("help_centers").find(key) is None:
        raise not_found()
    held = call.workspace.redirects.get(key, [])
    found = sorted(held, key=lambda one: one["updated_at"], reverse=True)
    records, pages = call.numbered(found, _SIZE, _MAXIMUM)
    # The documents name no next page here, only how many there are.
    counted = {name: pages[name] for name in ("type", "page", "per_page", "total_pages")}
    return {"type": "list", "data": records, "total_count": len(found), "pages": counted}
