"""Custom objects, a list for each type."""

from intercom_simulator.calls import Call
from intercom_simulator.records import Json
from intercom_simulator.refusals import not_found

_SIZE, _MAXIMUM = 20, 150


def instances(call: Call) -> Json:
    """Answers the custom objects of a type, those that changed last first."""
    call.requires((2, 16))
    asked = call.path["id"]
    if asked not in call.workspace.custom_object_types:
        raise not_found(f"Custom object type `{asked}` not found")
    held = [one for one in call.workspace.collection("custom_objects") if one["type"] == asked]
    found = sorted(held, key=lambda one: one["updated_at"], reverse=True)
    records, pages = call.numbered(found, _SIZE, _MAXIMUM)
    shown = [call.shaped("custom_objects", one) for one in records]
    return {"type": "list", "pages": pages, "total_count": len(found), "data": shown}
