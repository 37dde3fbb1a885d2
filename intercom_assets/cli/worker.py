"""The process that loads a project and executes jobs; it writes a JSON line per event.

`cli.job` starts it, displays its events and stops it. It reads requests from stdin and exits when
stdin closes, because its parent is gone. Secrets reach it through the environment only.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, assert_never

import dagster as dg

from intercom_assets.cli.demo import require_token
from intercom_assets.cli.display.metrics import SourceDetails
from intercom_assets.cli.display.terminal import relative
from intercom_assets.cli.job import JobRequest
from intercom_assets.cli.project import load_definitions, specs_of
from intercom_assets.engine.progress import Progress, Report
from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.assets import WATCHER, op_name
from intercom_assets.orchestration.connections import IntercomConnection
from intercom_assets.orchestration.specs import connection_key
from intercom_assets.settings.privacy import hash_key
from intercom_assets.settings.source import Settings
from intercom_assets.settings.warehouse import DuckDBSettings, Snowflake, SnowflakeSettings

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

_INTERRUPTED = dg.DagsterExecutionInterruptedError.__name__
_ROWS = "sample"
"""The field of a report that is not sent: rows belong in the warehouse only."""


def main() -> None:
    """Load the project named on stdin, then execute the jobs requested there."""
    # Anything the job prints goes to stderr, so that stdout carries events only.
    events = Events(os.dup(1))
    os.dup2(2, 1)
    try:
        requests = _requests()
        project = requests.get()
        definitions = load_definitions(Path(project["home"]), project["module"])
        events.write("sources", sources=[_details(one.settings) for one in specs_of(definitions)])
        while True:
            _execute(definitions, JobRequest(**requests.get()), events)
            events.write("ended")
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


def _requests() -> SimpleQueue[dict[str, Any]]:
    requests: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def receive() -> None:
        for line in sys.stdin:
            requests.put(json.loads(line))
        # The parent is gone. Killing is safe: rows and cursor are committed in one transaction.
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=receive, daemon=True).start()
    return requests


def _details(settings: Settings) -> SourceDetails:
    tables = {
        resource.name: str(settings.source.target(resource)) for resource in settings.resources
    }
    return SourceDetails(
        name=settings.name,
        folder=settings.folder,
        tables=tables,
        models=[model.name for model in settings.views],
        base_url=settings.base_url,
        warehouse=settings.warehouse.kind,
        database=_database(settings),
        schema=settings.schema,
        problem=_problem(settings),
    )


def _problem(settings: Settings) -> str | None:
    try:
        require_token(settings)
        hash_key(settings.privacy)
    except ConfigurationError as error:
        return str(error)
    return None


def _database(settings: Settings) -> str:
    match settings.warehouse:
        case DuckDBSettings(database=database):
            return relative(database)
        case SnowflakeSettings(login=Snowflake(account=account, database=name)):
            return f"Snowflake account {account}, database {name}"
        case _:
            assert_never(settings.warehouse)


def _execute(definitions: dg.Definitions, request: JobRequest, events: Events) -> None:
    os.environ["DAGSTER_HOME"] = request.dagster_home
    job = definitions.resolve_job_def(f"{request.source}_sync")
    keys = _keys(definitions, request)
    ops = {op_name(request.source, name): {"config": request.config} for name in request.resources}
    WATCHER.set(events)
    with dg.DagsterInstance.get() as instance:
        instance.add_event_listener(request.run_id, _DagsterEvents(request.source, keys, events))
        job.execute_in_process(
            run_config={
                "ops": ops,
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            instance=instance,
            raise_on_error=False,
            asset_selection=None if request.whole else list(keys),
            run_id=request.run_id,
        )


def _keys(definitions: dg.Definitions, request: JobRequest) -> dict[dg.AssetKey, str]:
    """Return the names of the requested assets by key, which a translation may have changed."""
    names = (*request.resources, *request.models)
    connection = (definitions.resources or {}).get(connection_key(request.source))
    if isinstance(connection, IntercomConnection) and connection.specs:
        return {connection.specs.key(name): name for name in names}
    return {dg.AssetKey([request.source, name]): name for name in names}


class _DagsterEvents:
    """Writes the Dagster events that the display of a run needs."""

    def __init__(self, source: str, names: Mapping[dg.AssetKey, str], events: Events) -> None:
        self._source = source
        self._names = names
        self._events = events

    def __call__(self, entry: dg.EventLogEntry) -> None:
        if (event := entry.dagster_event) is None:
            return
        match event.event_type:
            case dg.DagsterEventType.STEP_START | dg.DagsterEventType.STEP_RESTARTED:
                self._events.write("step_started", step=event.step_key)
            case dg.DagsterEventType.STEP_SUCCESS:
                self._events.write("step_succeeded", step=event.step_key)
            case dg.DagsterEventType.STEP_FAILURE:
                self._events.write("step_failed", step=event.step_key, text=_reason(event))
            case dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                result = event.asset_check_evaluation_data
                text = f"{self._name(result.asset_key)}: {result.check_name}: {result.description}"
                if not result.passed:
                    self._events.write("check_failed", text=text)
            case dg.DagsterEventType.RUN_FAILURE if error := event.job_failure_data.error:
                interrupted = error.cls_name == _INTERRUPTED
                kind = "interrupted" if interrupted else "run_failed"
                self._events.write(kind, text=_cause(error))
            case _ if event.asset_key is not None and event.step_key is not None:
                self._write_of_asset(event, self._name(event.asset_key))
            case _:
                pass

    def _write_of_asset(self, event: dg.DagsterEvent, name: str) -> None:
        match event.event_type:
            case dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED:
                self._events.write("planned", step=event.step_key, name=name)
            case dg.DagsterEventType.ASSET_MATERIALIZATION:
                metadata = event.step_materialization_data.materialization.metadata
                rows = metadata.get("dagster/row_count")
                # Other people's assets may report anything.
                count = rows.value if rows is not None and isinstance(rows.value, int) else None
                self._events.write("materialized", step=event.step_key, name=name, rows=count)
            case _:
                pass

    def _name(self, key: dg.AssetKey) -> str:
        own = key.path[1:] if len(key.path) > 1 and key.path[0] == self._source else key.path
        return self._names.get(key, "/".join(own))


def _reason(event: dg.DagsterEvent) -> str:
    own = event.step_failure_data.user_failure_data
    error = event.step_failure_data.error
    return (own.description if own else None) or (_cause(error) if error else "failed")


def _cause(error: "SerializableErrorInfo") -> str:
    """Return the message of the original error, which Dagster wraps."""
    while error.cause is not None:
        error = error.cause
    return error.message.strip()


if __name__ == "__main__":
    main()
