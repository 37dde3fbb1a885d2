"""Statistics of a made-up conversation, as its parts give them.

Intercom leaves out the hours in which an office is closed; this workspace's never is.
"""

from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from intercom_simulator.records import Record


def statistics(started: int, parts: list[Record]) -> Record:
    """Counts and times what happened after a contact began a conversation."""
    replies = [part["created_at"] for part in parts if _is_reply(part, admin=True)]
    answers = [part["created_at"] for part in parts if _is_reply(part, admin=False)]
    closes = [part for part in parts if part["part_type"] == "close"]
    waits = list(_waits(started, parts))
    return {
        "type": "conversation_statistics",
        "time_to_admin_reply": replies[0] - started if replies else None,
        "median_time_to_reply": int(median(waits)) if waits else None,
        "first_contact_reply_at": started,
        "first_admin_reply_at": replies[0] if replies else None,
        "last_contact_reply_at": answers[-1] if answers else started,
        "last_admin_reply_at": replies[-1] if replies else None,
        **_closing(started, closes),
        **_assigning(started, parts, replies),
        "count_reopens": _reopens(parts),
        "count_conversation_parts": len(parts),
        "assigned_team_first_response_time": [],
        "assigned_team_first_response_time_in_office_hours": [],
        "handling_time": len(parts) * 30,
        "adjusted_handling_time": None,
    }


def _is_reply(part: Record, *, admin: bool) -> bool:
    return part["part_type"] == "comment" and (part["author"]["type"] == "admin") is admin


def _waits(started: int, parts: list[Record]) -> Iterator[int]:
    """Gives the seconds from each first unanswered message of the other side to its answer."""
    since: int | None = started
    for part in parts:
        if since is None and _is_reply(part, admin=False):
            since = part["created_at"]
        elif since is not None and _is_reply(part, admin=True):
            yield part["created_at"] - since
            since = None


def _reopens(parts: list[Record]) -> int:
    states = [part["state"] for part in parts]
    return sum(pair == ("closed", "open") for pair in pairwise(states))


def _closing(started: int, closes: list[Record]) -> Record:
    by = closes[-1]["author"] if closes else None
    return {
        "time_to_first_close": closes[0]["created_at"] - started if closes else None,
        "time_to_last_close": closes[-1]["created_at"] - started if closes else None,
        "first_close_at": closes[0]["created_at"] if closes else None,
        "last_close_at": closes[-1]["created_at"] if closes else None,
        "last_closed_by_id": by["id"] if by and by["type"] == "admin" else None,
    }


def _assigning(started: int, parts: list[Record], replies: list[int]) -> Record:
    moments = [part["created_at"] for part in parts if part["part_type"] == "assignment"]
    before = [moment for moment in moments if not replies or moment <= replies[0]]
    since = [moment for moment in replies if moments and moment >= moments[-1]]
    return {
        "time_to_assignment": before[-1] - started if before else None,
        "first_assignment_at": moments[0] if moments else None,
        "last_assignment_at": moments[-1] if moments else None,
        "last_assignment_admin_reply_at": since[0] if since else None,
        "count_assignments": len(moments),
    }
