"""What data connectors did within a time, and how busy a team is now."""

from datetime import datetime
from operator import ge, gt

from intercom_simulator.calls import Call
from intercom_simulator.paging import PageRequest, cursor_page, whole_number
from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import not_found, parameter_invalid

_SINCE = (2, 16)
_SIZE, _MAXIMUM = 10, 30
_HOUR = 3_600


def executions(call: Call) -> Json:
    """Answers the requests of a data connector, newest first; by default of the last hour."""
    call.requires(_SINCE)
    if call.workspace.collection("data_connectors").find(call.path["id"]) is None:
        raise not_found("Data connector not found", "data_connector_not_found")
    now = call.workspace.now()
    start, end = _seconds(call, "start_ts", now - _HOUR), _seconds(call, "end_ts", now)
    late = ge if call.workspace.behaviour.inclusive_bounds else gt
    found = {
        (1, float(moment), str(one["id"])): one
        for one in call.workspace.connector_executions.get(call.path["id"], [])
        if late(moment := _moment(one), start) and moment <= end
    }
    by_id = {key[2]: one for key, one in found.items()}
    per_page = whole_number(call.query.get("per_page"), "per_page", _SIZE, _MAXIMUM)
    asked = PageRequest(per_page, call.query.get("starting_after"))
    ids, cut = cursor_page(sorted(found), asked)
    following = {"starting_after": cut["next"]["starting_after"]} if "next" in cut else None
    return {
        "type": "list",
        "data": [by_id[one] for one in ids],
        "pages": {"type": "pages", "per_page": per_page, "next": following},
    }


def metrics(call: Call) -> Json:
    """Answers how many conversations each teammate of a team has."""
    call.requires(_SINCE)
    if call.workspace.collection("teams").find(call.path["id"]) is None:
        raise not_found("Team not found", "team_not_found")
    found = call.workspace.team_loads.get(call.path["id"], [])
    return {"type": "team_metric.list", "data": found}


def _seconds(call: Call, name: str, default: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise parameter_invalid(f"{name} must be a Unix timestamp (integer)")
    return int(text)


def _moment(record: Record) -> int:
    return int(datetime.fromisoformat(record["created_at"]).timestamp())
