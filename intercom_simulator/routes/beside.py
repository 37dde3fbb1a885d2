"""What lies beside a conversation: pauses of its handling, and side conversations."""

from intercom_simulator.calls import Call
from intercom_simulator.records import Json
from intercom_simulator.refusals import not_found

_SIZE, _MAXIMUM = 25, 50


def handling_events(call: Call) -> Json:
    """Answers the pauses of a conversation's handling, from version 2.15 on."""
    call.requires((2, 15))
    return {"handling_events": call.workspace.handling_events.get(_key(call), [])}


def side_conversations(call: Call) -> Json:
    """Answers a page of a conversation's side conversations, from version 2.16 on."""
    call.requires((2, 16))
    found = call.workspace.side_conversations.get(_key(call), [])
    records, pages = call.numbered(found, _SIZE, _MAXIMUM)
    return {
        "type": "side_conversation.list",
        "side_conversations": records,
        "total_count": len(found),
        # The documents name no next page here, only how many there are.
        "pages": {name: pages[name] for name in ("type", "page", "per_page", "total_pages")},
    }


def _key(call: Call) -> str:
    key = call.path["id"]
    if call.workspace.collection("conversations").find(key) is None:
        raise not_found()
    return key
