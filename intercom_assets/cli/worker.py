"""The process in which `intercom-assets run` executes a job; it writes a JSON line per event.

`cli.job` starts it, displays its events and stops it. It reads one request from stdin and exits
when stdin closes, because its parent is gone. Secrets reach it through the environment only.
"""

import importlib
import json
import os
import signal
import sys
import threading
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING

import dagster as dg

from intercom_assets.cli.job import JobRequest
from intercom_assets.engine.progress import Progress, Report
from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.assets import op_name
from intercom_assets.orchestration.listener import WATCHER

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

_INTERRUPTED = dg.DagsterExecutionInterruptedError.__name__
_ROWS = "sample"
"""The field of a report that is not sent: rows belong in the warehouse only."""


def main() -> None:
    """Execute the job requested on stdin and write its events to stdout."""
    # Anything the job prints goes to stderr, so that stdout carries events only.
    events = Events(os.dup(1))
    os.dup2(2, 1)
    try:
        request = JobRequest(**json.loads(sys.stdin.readline()))
        threading.Thread(target=_end_with_parent, daemon=True).start()
        events.write("ready")
        _execute(request, events)
    except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
        events.write("interrupted")
    except ConfigurationError as error:
        events.write("refused", text=str(error))
    finally:
        # All events are written; an interrupt now would only print a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


class Events:
    """Writes events to a pipe, a whole line at a time.

    The event loop writes notes while the job's thread writes progress, and the system may split
    what is longer than a pipe's buffer.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._writing = threading.Lock()
        self._report: Report | None = None

    def write(self, kind: str, **values: object) -> None:
        """Write an event."""
        line = json.dumps({"kind": kind, **values}, default=_plain)
        rest = f"{line}\n".encode()
        with self._writing:
            while rest:
                rest = rest[os.write(self._pipe, rest) :]

    def on_start(self, report: Report) -> None:
        """Write the start of a sync; its report accompanies the events that follow."""
        self._report = report
        self.write("began", report=report)

    def on_progress(self, progress: Progress) -> None:
        """Write the progress of a sync."""
        self.write("progressed", progress=progress, report=self._report)

    def info(self, line: str) -> None:
        """Write a note."""
        self.write("noted", text=line, report=self._report)

    def warning(self, line: str) -> None:
        """Write a warning."""
        self.write("warned", text=line)

    def on_finish(self, report: Report) -> None:
        """Write the final report of a sync."""
        self._report = None
        self.write("finished", report=report)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    public = [field.name for field in fields(value) if field.init and field.name != _ROWS]  # type: ignore[arg-type] # only dataclasses are left
    return {name: getattr(value, name) for name in public if not name.startswith("_")}


def _end_with_parent() -> None:
    # Killing is safe: rows and cursor are committed in one transaction.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


def _execute(request: JobRequest, events: Events) -> None:
    job = _definitions(request).resolve_job_def(f"{request.source}_sync")
    names = (*request.resources, *request.models)
    keys = [dg.AssetKey([request.source, name]) for name in names]
    ops = {op_name(request.source, name): {"config": request.config} for name in request.resources}
    WATCHER.set(events)
    with dg.DagsterInstance.get() as instance:
        instance.add_event_listener(request.run_id, _DagsterEvents(request.source, events))
        job.execute_in_process(
            run_config={
                "ops": ops,
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            instance=instance,
            raise_on_error=False,
            asset_selection=None if request.whole else keys,
            run_id=request.run_id,
        )


def _definitions(request: JobRequest) -> dg.Definitions:
    sys.path.insert(0, request.home)
    found = importlib.import_module(request.module).defs
    definitions: dg.Definitions = found() if callable(found) else found
    return definitions


class _DagsterEvents:
    """Writes the Dagster events that the display of a run needs."""

    def __init__(self, source: str, events: Events) -> None:
        self._source = source
        self._events = events

    def __call__(self, entry: dg.EventLogEntry) -> None:
        """Write the event if the display needs it."""
        event = entry.dagster_event
        kind = dg.DagsterEventType
        handlers = {
            kind.ASSET_MATERIALIZATION_PLANNED: self._on_planned,
            kind.STEP_START: self._on_start,
            kind.STEP_RESTARTED: self._on_start,
            kind.ASSET_MATERIALIZATION: self._on_materialization,
            kind.STEP_SUCCESS: self._on_success,
            kind.STEP_FAILURE: self._on_failure,
            kind.ASSET_CHECK_EVALUATION: self._on_check,
            kind.RUN_FAILURE: self._on_run_failure,
        }
        if event is not None and event.event_type in handlers:
            handlers[event.event_type](event)

    def _on_planned(self, event: dg.DagsterEvent) -> None:
        if event.step_key is not None and event.asset_key is not None:
            self._events.write("planned", step=event.step_key, name=self._name(event.asset_key))

    def _on_start(self, event: dg.DagsterEvent) -> None:
        self._events.write("step_started", step=event.step_key)

    def _on_materialization(self, event: dg.DagsterEvent) -> None:
        if event.asset_key is None:
            return
        rows = event.step_materialization_data.materialization.metadata.get("dagster/row_count")
        value = rows.value if rows is not None else None
        count = value if isinstance(value, int) else None
        name = self._name(event.asset_key)
        self._events.write("materialized", step=event.step_key, name=name, rows=count)

    def _on_success(self, event: dg.DagsterEvent) -> None:
        self._events.write("step_succeeded", step=event.step_key)

    def _on_failure(self, event: dg.DagsterEvent) -> None:
        own = event.step_failure_data.user_failure_data
        error = event.step_failure_data.error
        reason = (own.description if own else None) or (_cause(error) if error else "failed")
        self._events.write("step_failed", step=event.step_key, text=reason)

    def _on_check(self, event: dg.DagsterEvent) -> None:
        result = event.asset_check_evaluation_data
        if not result.passed:
            name = self._name(result.asset_key)
            text = f"{name}: {result.check_name}: {result.description}"
            self._events.write("check_failed", text=text)

    def _on_run_failure(self, event: dg.DagsterEvent) -> None:
        error = event.job_failure_data.error
        if error is not None and error.cls_name == _INTERRUPTED:
            self._events.write("interrupted")
        elif error is not None:
            self._events.write("run_failed", text=_cause(error))

    def _name(self, key: dg.AssetKey) -> str:
        path = key.path
        own = len(path) > 1 and path[0] == self._source
        return "/".join(path[1:] if own else path)


def _cause(error: "SerializableErrorInfo") -> str:
    """Return the message of the original error, which Dagster wraps."""
    while error.cause is not None:
        error = error.cause
    return error.message.strip()


if __name__ == "__main__":
    main()
