"""Calls of conversations, with what was said."""

from intercom_simulator.calls import Call
from intercom_simulator.records import Json
from intercom_simulator.refusals import ApiError

_AT_MOST = 20


def search(call: Call) -> Json:
    """Answers the calls of up to twenty conversations, from version 2.14 on."""
    call.requires((2, 14))
    asked = call.body.get("conversation_ids") if isinstance(call.body, dict) else None
    if not isinstance(asked, list) or not 0 < len(asked) <= _AT_MOST:
        message = "A list of up to 20 conversation IDs is required"
        raise ApiError(400, "conversation_id_limit_exceeded", message)
    found = [
        call.workspace.transcribed(call.shaped("calls", one))
        for one in call.workspace.collection("calls")
        if one["conversation_id"] in asked
    ]
    return {"type": "list", "data": found}
