"""Exports of reports: the datasets, a job for one of them, its state, and its file."""

from starlette.responses import Response

from intercom_simulator.calls import Call
from intercom_simulator.exports import KEPT_SECONDS, Job
from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import ApiError
from intercom_simulator.reports import DATASETS, simple

_SINCE = (2, 14)
_QUALIFIED = (2, 16)
"""The first version that asks with qualified ids."""


def datasets(call: Call) -> Json:
    """Lists the datasets, each with its attributes."""
    call.requires(_SINCE)
    shown = [
        {
            "id": key,
            "name": one.name,
            "description": f"{one.name}: a row each.",
            "default_time_attribute_id": simple(one.time),
            "attributes": [_attribute(call, name) for name in _offered(call, key)],
        }
        for key, one in DATASETS.items()
        if key not in call.workspace.behaviour.unreported
    ]
    return {"type": "list", "data": shown}


def enqueue(call: Call) -> Json:
    """Starts a job for the rows of a dataset between two times."""
    call.requires(_SINCE)
    body = call.body if isinstance(call.body, dict) else {}
    for name in ("dataset_id", "attribute_ids", "start_time", "end_time"):
        if name not in body:
            raise _bad(f"'{name}' is a required parameter")
    key, asked = body["dataset_id"], body["attribute_ids"]
    if key not in DATASETS or key in call.workspace.behaviour.unreported:
        raise _bad(f"{key} is not a valid dataset_id")
    if not isinstance(asked, list):
        raise _bad("'attribute_ids' not an array must be of type Array")
    if not asked:
        raise _bad("attribute_ids must contain at least one attribute_id")
    offered = _offered(call, key)
    known = offered if call.version >= _QUALIFIED else [simple(one) for one in offered]
    if unknown := [str(one) for one in asked if one not in known]:
        raise _bad(f"attribute_ids invalid for {key} dataset: {', '.join(unknown)}")
    workspace = call.workspace
    job = workspace.reports.begin(
        int(body["start_time"]),
        int(body["end_time"]),
        workspace.clock(),
        seconds=workspace.behaviour.export_seconds,
        asked={"dataset": key, "attributes": asked},
    )
    return _shown(call, job)


def state(call: Call) -> Json:
    """Answers the state of a job."""
    return _shown(call, _found(call))


def download(call: Call) -> Json:
    """Answers the CSV of a job."""
    if not call.octets:
        raise ApiError(406, "media_type_not_acceptable", "Accept application/octet-stream")
    workspace, job = call.workspace, _found(call)
    workspace.reports.file_of(job.id, workspace.clock())
    text = DATASETS[job.asked["dataset"]].csv(
        workspace,
        job.asked["attributes"],
        job.after,
        job.before,
        form=workspace.behaviour.report_times,
    )
    return Response(text.encode(), media_type="application/octet-stream")


def _found(call: Call) -> Job:
    call.requires(_SINCE)
    # `client_id` is documented as well; a token belongs to one app, which Intercom knows.
    if call.query.get("app_id") != call.workspace.id_code:
        raise _bad("app_id is required")
    return call.workspace.reports.find(call.path["job"])


def _offered(call: Call, key: str) -> list[str]:
    hidden = call.workspace.behaviour.unreported
    return [one for one in DATASETS[key].attributes if one not in hidden]


def _attribute(call: Call, name: str) -> Record:
    shown = {"id": simple(name), "name": simple(name).replace("_", " ").capitalize()}
    return shown | ({"qualified_id": name} if call.version >= _QUALIFIED else {})


def _shown(call: Call, job: Job) -> Record:
    now = call.workspace.clock()
    status = job.state(now)
    ready = status == "completed"
    host = call.url.partition("/export/")[0]
    return {
        "job_identifier": job.id,
        "status": "complete" if ready else status,
        "download_url": f"{host}/download/reporting_data/{job.id}" if ready else "",
        "download_expires_at": str(int(job.done) + KEPT_SECONDS) if ready else "",
    }


def _bad(message: str) -> ApiError:
    return ApiError(400, "bad_request", message)
