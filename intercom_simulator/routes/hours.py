"""Office hours: the weekly schedules, and the days that are exceptions of each."""

from intercom_simulator.calls import Call
from intercom_simulator.records import Json
from intercom_simulator.refusals import not_found

_SINCE = (2, 16)


def schedules(call: Call) -> Json:
    """Answers all schedules, from version 2.16 on."""
    call.requires(_SINCE)
    return call.listed(
        list(call.workspace.collection("office_hours_schedules")),
        kind="office_hours_schedule.list",
    )


def exceptions(call: Call) -> Json:
    """Answers all exceptions of a schedule."""
    call.requires(_SINCE)
    key = call.path["id"]
    if call.workspace.collection("office_hours_schedules").find(key) is None:
        raise not_found()
    found = call.workspace.office_hours_exceptions.get(key, [])
    return call.listed(found, kind="office_hours_exception.list")
