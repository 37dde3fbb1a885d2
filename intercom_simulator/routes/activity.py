"""What teammates did, limited by time."""

from collections.abc import Callable
from operator import ge, gt, le, lt

from intercom_simulator.calls import Call
from intercom_simulator.paging import numbered_page, whole_number
from intercom_simulator.records import Json
from intercom_simulator.refusals import parameter_invalid

_PER_PAGE = 20


def activity_logs(call: Call) -> Json:
    """Answers the logs after one time and, where asked, before another, twenty a page."""
    inclusive = call.workspace.behaviour.inclusive_bounds
    after, before = _seconds(call, "created_at_after"), _seconds(call, "created_at_before")
    if after is None:
        raise parameter_invalid("created_at_after is required")
    late: Callable[[int, int], bool] = ge if inclusive else gt
    early: Callable[[int, int], bool] = le if inclusive else lt
    found = [
        log
        for log in call.workspace.collection("activity_logs")
        if late(log["created_at"], after) and (before is None or early(log["created_at"], before))
    ]
    descending = call.workspace.behaviour.activity_order == "desc"
    found.sort(key=lambda log: (log["created_at"], log["id"]), reverse=descending)
    page = whole_number(call.query.get("page"), "page", 1)
    logs, pages = numbered_page(found, page, _PER_PAGE, link=call.url, query=call.query)
    return {"type": "activity_log.list", "pages": pages, "activity_logs": logs}


def _seconds(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise parameter_invalid(f"{name} must be a UNIX timestamp")
    return int(text)
