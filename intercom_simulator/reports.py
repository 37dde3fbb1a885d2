"""The datasets of reports, made of a workspace's conversations, tickets and teammates.

Intercom documents how they are asked for, and hardly what they hold. Teammates and teams have their
names where an attribute is called an id.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from intercom_simulator.contents import Contents
from intercom_simulator.records import Json, Record, listed

ADDED = ("conversation.CX Score rating", "conversation.Größe", "people.channel")
"""Attributes that the workspace added, one of them under the name of Intercom's own."""

_TALK = ("standard.conversation_id", "standard.channel", *ADDED)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset.

    Attributes:
        time: The attribute by whose time rows are selected.
        attributes: Qualified ids; the last part of each is the key in a row, or all of it if the
            workspace added it.
    """

    name: str
    time: str
    attributes: tuple[str, ...]
    rows: Callable[[Contents], Iterator[Record]]

    def csv(
        self, contents: Contents, asked: list[str], after: int, before: int, *, form: str
    ) -> str:
        """Returns the rows of a range, with the attributes that were asked for."""
        text = io.StringIO()
        writer = csv.writer(text)
        known = {spelling: one for one in self.attributes for spelling in (one, simple(one))}
        names = [one if one in self.attributes else known[one] for one in asked]
        writer.writerow(simple(one) for one in names)
        for row in self.rows(contents):
            if after <= row[simple(self.time)] <= before:
                writer.writerow(_cell(one, row, form) for one in names)
        return text.getvalue()


def simple(attribute: str) -> str:
    """Returns an attribute's id without what qualifies it."""
    return attribute.partition(".")[2]


def _cell(attribute: str, row: Record, form: str) -> Json:
    value = row.get(attribute if attribute in ADDED else simple(attribute))
    if value is None or not attribute.startswith("timestamp.") or form == "unix":
        return str(value).lower() if isinstance(value, bool) else value
    return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S}"


def _talks(contents: Contents) -> Iterator[tuple[Record, Record]]:
    """Yields conversations, and what rows about each begin with."""
    for one in contents.collection("conversations"):
        added = one["custom_attributes"] or {}
        common: Record = {
            "conversation_id": one["id"],
            "channel": one["source"]["type"],
            "conversation_started_at": one["created_at"],
            **{name: added.get(simple(name)) for name in ADDED[:2]},
            "people.channel": "newsletter",
        }
        yield one, common


def _named(contents: Contents, kind: str, key: Json) -> Json:
    held = contents.collection(kind)
    return next((one["name"] for one in held if str(one["id"]) == str(key)), None)


def _conversation(contents: Contents) -> Iterator[Record]:
    for one, row in _talks(contents):
        figures, rating = one["statistics"] or {}, one["conversation_rating"] or {}
        yield row | {
            "current_conversation_state": one["state"].capitalize(),
            "currently_assigned_teammate_id": _named(contents, "admins", one["admin_assignee_id"]),
            "currently_assigned_team_id": _named(contents, "teams", one["team_assignee_id"]),
            "first_response_time": figures.get("time_to_admin_reply"),
            "conversation_rating": rating.get("rating"),
            "conversation_rating_remark": rating.get("remark"),
            "fin_ai_agent_participated": one["ai_agent_participated"],
        }


def _states(contents: Contents) -> Iterator[Record]:
    for one, row in _talks(contents):
        state, began = "Open", one["created_at"]
        before: Json = None
        for part in contents.parts.get(one["id"], []):
            after = str(part["state"]).capitalize()
            if after != state:
                yield row | _state(state, before, began, part["created_at"])
                state, before, began = after, state, part["created_at"]
        yield row | _state(state, before, began, None)


def _state(state: str, before: Json, began: int, ended: int | None) -> Record:
    return {
        "conversation_state": state,
        "previous_conversation_state": before,
        "conversation_state_started_at": began,
        "conversation_state_ended_at": ended,
    }


def _parts(contents: Contents) -> Iterator[Record]:
    for one, row in _talks(contents):
        for part in contents.parts.get(one["id"], []):
            author = part["author"]
            yield row | {
                "action_id": part["id"],
                "action_time": part["created_at"],
                "action_type": part["part_type"],
                "action_performed_by_teammate_id": author["name"]
                if author["type"] == "admin"
                else None,
            }


def _ratings(contents: Contents) -> Iterator[Record]:
    for one, row in _talks(contents):
        if rating := one["conversation_rating"]:
            yield row | {
                "conversation_rating_id": f"9{one['id']}",
                "conversation_rating": rating["rating"],
                "conversation_rating_remark": rating["remark"],
                "conversation_rating_updated_at": rating["created_at"],
            }


def _slas(contents: Contents) -> Iterator[Record]:
    for one, row in _talks(contents):
        if sla := one["sla_applied"]:
            for metric in ("First response time", "Next response time"):
                yield row | {
                    "sla_id": sla["sla_name"],
                    "sla_metric_type": metric,
                    "sla_state": sla["sla_status"].capitalize(),
                    "sla_started_at": one["created_at"],
                }


def _handled(contents: Contents) -> Iterator[Record]:
    for one, row in _talks(contents):
        for teammate in listed(one, "teammates", "teammates"):
            yield row | {
                "handling_teammate_id": _named(contents, "admins", teammate["id"]),
                "teammate_handling_time": (one["statistics"] or {}).get("handling_time"),
            }


def _ticket(contents: Contents) -> Iterator[Record]:
    for one in contents.collection("tickets"):
        yield {
            "ticket_id": one["ticket_id"],
            "ticket_created_at": one["created_at"],
            "ticket_title": one["ticket_attributes"].get("_default_title_"),
            "ticket_type_id": one["ticket_type"]["name"],
            "current_ticket_state_category": one["ticket_state"]["category"],
        }


def _ticket_states(contents: Contents) -> Iterator[Record]:
    for one in contents.collection("tickets"):
        for state in ("submitted", one["ticket_state"]["category"]):
            yield {
                "conversation_id": one["id"],
                "ticket_created_at": one["created_at"],
                "ticket_time_in_state_category": state,
                "ticket_time_in_state": one["updated_at"] - one["created_at"],
            }


def _statuses(contents: Contents) -> Iterator[Record]:
    for log in contents.collection("activity_logs"):
        if log["activity_type"] == "admin_away_mode_change":
            yield {
                "teammate_id": _named(contents, "admins", log["performed_by"]["id"]),
                "teammate_status_period_started_at": log["created_at"],
                "teammate_status": "Away",
                "teammate_away_reason": log["metadata"].get("away_status_reason"),
            }


DATASETS = {
    "conversation": Dataset(
        "Conversation",
        "timestamp.conversation_started_at",
        (
            *_TALK,
            "timestamp.conversation_started_at",
            "standard.current_conversation_state",
            "teammate.currently_assigned_teammate_id",
            "team.currently_assigned_team_id",
            "duration.first_response_time",
            "standard.conversation_rating",
            "standard.conversation_rating_remark",
            "standard.fin_ai_agent_participated",
        ),
        _conversation,
    ),
    "conversation_state": Dataset(
        "Conversation state",
        "timestamp.conversation_state_started_at",
        (
            *_TALK,
            "standard.conversation_state",
            "standard.previous_conversation_state",
            "timestamp.conversation_state_started_at",
            "timestamp.conversation_state_ended_at",
        ),
        _states,
    ),
    "consolidated_conversation_part": Dataset(
        "Conversation actions",
        "timestamp.action_time",
        (
            *_TALK,
            "standard.action_id",
            "standard.action_type",
            "timestamp.action_time",
            "teammate.action_performed_by_teammate_id",
        ),
        _parts,
    ),
    "conversation_rating_sent": Dataset(
        "Conversation rating",
        "timestamp.conversation_rating_updated_at",
        (
            *_TALK,
            "conversation-rating-sent.conversation_rating_id",
            "conversation-rating-sent.conversation_rating",
            "conversation-rating-sent.conversation_rating_remark",
            "timestamp.conversation_rating_updated_at",
        ),
        _ratings,
    ),
    "conversation_sla_status_log": Dataset(
        "Conversation SLAs",
        "timestamp.sla_started_at",
        (
            *_TALK,
            *("standard.sla_id", "standard.sla_metric_type", "standard.sla_state"),
            "timestamp.sla_started_at",
        ),
        _slas,
    ),
    "teammate_handling_conversation": Dataset(
        "Teammate handling time",
        "timestamp.conversation_started_at",
        (
            *_TALK,
            "timestamp.conversation_started_at",
            "teammate.handling_teammate_id",
            "duration.teammate_handling_time",
        ),
        _handled,
    ),
    "tickets": Dataset(
        "Tickets",
        "timestamp.ticket_created_at",
        (
            *("standard.ticket_id", "standard.ticket_title", "standard.ticket_type_id"),
            "standard.current_ticket_state_category",
            "timestamp.ticket_created_at",
        ),
        _ticket,
    ),
    "ticket_time_in_state": Dataset(
        "Ticket time in state",
        "timestamp.ticket_created_at",
        (
            *("standard.conversation_id", "standard.ticket_time_in_state_category"),
            "duration.ticket_time_in_state",
            "timestamp.ticket_created_at",
        ),
        _ticket_states,
    ),
    "admin_status_change": Dataset(
        "Teammate status",
        "timestamp.teammate_status_period_started_at",
        (
            *("teammate.teammate_id", "standard.teammate_status", "standard.teammate_away_reason"),
            "timestamp.teammate_status_period_started_at",
        ),
        _statuses,
    ),
}
