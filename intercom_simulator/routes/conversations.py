"""Conversations: list, search, one conversation with its parts, the deleted ones."""

import html
import re

from intercom_simulator.calls import Call
from intercom_simulator.contents import PARTS_CAP
from intercom_simulator.paging import PageRequest, cursor_page
from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import ApiError, not_found
from intercom_simulator.routes.cursors import FoundPage, found_page, listed_page

_PER_PAGE = 20
_MAX_DELETED = 60
_REFUSALS = {
    401: ("token_unauthorized", "Not authorized to access resource"),
    403: ("forbidden", "You do not have the required scope to access this resource"),
    404: ("not_found", "Resource Not Found"),
    500: ("server_error", "Sorry, something went wrong"),
}


def conversations(call: Call) -> Json:
    """Answers conversations, by cursor from version 2.6 on, before by page number."""
    if call.version < (2, 6):
        return _numbered(call)
    return _page(call, listed_page(call, "conversations", _PER_PAGE))


def search(call: Call) -> Json:
    """Answers the conversations that match a query, with what was asked for of their quality."""
    answer = _page(call, found_page(call, "conversations", _PER_PAGE))
    shown = [one | _quality(call, str(one["id"])) for one in answer["conversations"]]
    return answer | {"conversations": shown}


def _quality(call: Call, key: str) -> Record:
    held = {
        "include_monitors": ("monitor_evaluations", call.workspace.monitor_evaluations),
        "include_scorecards": ("scorecards", call.workspace.scorecards),
    }
    asked = {param for param in held if call.flag(param) and call.version >= (2, 16)}
    return {name: by.get(key, []) for param, (name, by) in held.items() if param in asked}


def conversation(call: Call) -> Json:
    """Answers a conversation with its most recent 500 parts."""
    conversation_id = call.path["id"]
    record = call.workspace.collection("conversations").find(conversation_id)
    if record is None:
        raise not_found("Resource Not Found", "conversation_not_found")
    parts = call.workspace.parts.get(conversation_id, [])
    shown = [call.shaped("conversation_parts", part) for part in parts[-PARTS_CAP:]]
    detail = call.shaped("conversations", record)
    if call.query.get("display_as") == "plaintext":
        detail, shown = _in_plain_text(detail, shown)
    return {
        **detail,
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": shown,
            "total_count": len(parts),
        },
    }


def deleted(call: Call) -> Json:
    """Answers ids of deleted conversations, newest first, from version 2.16 on."""
    call.requires((2, 16))
    workspace, behaviour = call.workspace, call.workspace.behaviour
    if behaviour.deletions_status in _REFUSALS:
        raise ApiError(behaviour.deletions_status, *_REFUSALS[behaviour.deletions_status])
    shown = workspace.clock() - behaviour.deletions_delay
    found = [one for one in workspace.deleted_conversations if (one["deleted_at"] or 0) <= shown]
    ordered = found if call.query.get("order") == "asc" else found[::-1]
    records, pages = call.numbered(ordered, _PER_PAGE, _MAX_DELETED)
    return {
        "type": "conversations.list",
        "conversations": records,
        "total_count": len(found),
        "pages": pages,
    }


def _numbered(call: Call) -> Json:
    collection = call.workspace.collection("conversations")
    keys = collection.ordered(call.query.get("sort", "updated_at"))
    asked = PageRequest(max(len(keys), 1), descending=call.query.get("order", "desc") != "asc")
    ids, _ = cursor_page(keys, asked)
    page, pages = call.numbered([collection.searchable(each) for each in ids], _PER_PAGE, 60)
    return _page(call, (page, pages, len(keys)))


def _page(call: Call, found: FoundPage) -> Record:
    records, pages, total_count = found
    return {
        "type": "conversation.list",
        "pages": pages,
        "total_count": total_count,
        "conversations": [call.shaped("conversations", record) for record in records],
    }


def _in_plain_text(detail: Record, parts: list[Record]) -> tuple[Record, list[Record]]:
    source = detail.get("source")
    if isinstance(source, dict):
        texts = {name: _plain(source[name]) for name in ("body", "subject") if source.get(name)}
        detail = detail | {"source": source | texts}
    return detail, [
        part | {"body": _plain(part["body"])} if part.get("body") else part for part in parts
    ]


def _plain(markup: str) -> str:
    """Strips HTML; a link becomes `label (url)`."""
    linked = re.sub(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', r"\2 (\1)", markup)
    broken = re.sub(r"<br\s*/?>|</p>\s*<p[^>]*>", "\n", linked)
    return html.unescape(re.sub(r"<[^>]+>", "", broken))
