"""Exports of content: a job, its state, and its file."""

import gzip
import io
import zipfile
from datetime import UTC, datetime

from starlette.responses import Response

from intercom_simulator.calls import Call
from intercom_simulator.exports import KEPT_SECONDS, Job
from intercom_simulator.outbound import exported
from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import ApiError, parameter_invalid

_DAY = 86_400
_LONGEST = 90 * _DAY


def create(call: Call) -> Json:
    """Starts a job for what was sent between two times, both included."""
    body = call.body if isinstance(call.body, dict) else {}
    after, before = (_seconds(body, name) for name in ("created_at_after", "created_at_before"))
    if before - after > _LONGEST:
        raise parameter_invalid("The date range must be 90 days or less")
    workspace = call.workspace
    job = workspace.exports.begin(
        after,
        before,
        workspace.clock(),
        seconds=workspace.behaviour.export_seconds,
        empty=not exported(workspace.outbound, after, before),
    )
    return _shown(call, job)


def state(call: Call) -> Json:
    """Answers the state of a job."""
    return _shown(call, call.workspace.exports.find(call.path["job"]))


def cancel(call: Call) -> Json:
    """Cancels a job."""
    return _shown(call, call.workspace.exports.cancel(call.path["job"]))


def download(call: Call) -> Json:
    """Answers the file of a job: a ZIP of CSVs, or the receipts alone."""
    workspace = call.workspace
    if not call.octets:
        raise ApiError(406, "media_type_not_acceptable", "Accept application/octet-stream")
    job = workspace.exports.file_of(call.path["job"], workspace.clock())
    files = exported(workspace.outbound, job.after, job.before)
    stamp = f"{datetime.fromtimestamp(job.began, UTC):%Y%m%d-%H%M%S}"
    match workspace.behaviour.export_form:
        case "zip":
            content = _zipped({f"{name}_{stamp}.csv": text for name, text in files.items()})
        case "plural_zip":
            content = _zipped({f"data/{name}s_{stamp}.csv": files[name] for name in files})
        case "gzip":
            content = gzip.compress(files["receipt"].encode())
        case "csv":
            content = files["receipt"].encode()
    return Response(content, media_type="application/octet-stream")


def _zipped(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def _shown(call: Call, job: Job) -> Record:
    now = call.workspace.clock()
    ready = job.state(now) == "completed"
    host = call.url.partition("/export/")[0]
    # Specifications up to 2.13, except 2.11, spell it without an i.
    correct = call.version >= (2, 14) or call.version == (2, 11)
    return {
        "job_identifier" if correct else "job_identfier": job.id,
        "status": job.state(now),
        "download_url": f"{host}/download/content/data/{job.id}" if ready else "",
        "download_expires_at": str(int(job.done) + KEPT_SECONDS) if ready else "",
    }


def _seconds(body: Record, name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise parameter_invalid(f"{name} must be a UNIX timestamp")
    return value
