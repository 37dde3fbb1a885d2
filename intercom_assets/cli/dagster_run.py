"""One run of a source's job in this process, with what happens in it put on a board."""

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import dagster as dg

from intercom_assets.cli.board import Board, State
from intercom_assets.cli.interrupts import Interrupts, Unheard
from intercom_assets.cli.project import Project
from intercom_assets.orchestration.assets import op_name
from intercom_assets.orchestration.listener import WATCHER

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

_INTERRUPT = dg.DagsterExecutionInterruptedError.__name__


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run.

    Attributes:
        source: Name of the source.
        resources: Resources of the source that are synced.
        whole: Whether these are all, so that the job's other assets are made too.
        config: What each sync is asked beyond its settings.
        models: Models that are made of them.
    """

    source: str
    resources: tuple[str, ...]
    whole: bool
    config: Mapping[str, object]
    models: tuple[str, ...] = ()


def execute(project: Project, order: Order, board: Board) -> None:
    """Run the source's job, and note on the board what became of each asset.

    What Ctrl-C leaves undone is noted there, too.
    """
    board.run_id = str(uuid4())
    interrupts = Interrupts(board.screen.stopping)
    try:
        with interrupts.counted():
            _run(project, order, board, interrupts)
    except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
        board.interrupted = True
    board.heard = bool(interrupts.heard)
    # Whatever failed after Ctrl-C failed of it.
    board.interrupted = board.interrupted or bool(board.heard and board.failed)
    board.closed()


def _run(project: Project, order: Order, board: Board, interrupts: Interrupts) -> None:
    job = _definitions(project).resolve_job_def(f"{order.source}_sync")
    keys = [dg.AssetKey([order.source, name]) for name in (*order.resources, *order.models)]
    ops = {op_name(order.source, name): {"config": order.config} for name in order.resources}
    token = WATCHER.set(board)
    try:
        with dg.DagsterInstance.get() as instance, Unheard() as unheard:
            instance.add_event_listener(
                board.run_id, _Ear(order.source, board, unheard, interrupts)
            )
            job.execute_in_process(
                run_config={
                    "ops": ops,
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
                instance=instance,
                raise_on_error=False,
                asset_selection=None if order.whole else keys,
                run_id=board.run_id,
            )
    finally:
        WATCHER.reset(token)


def _definitions(project: Project) -> dg.Definitions:
    sys.path.insert(0, str(project.home))
    found = importlib.import_module(project.module).defs
    definitions: dg.Definitions = found() if callable(found) else found
    return definitions


@dataclass(slots=True)
class _Ear:
    """Hears the events of a run.

    Attributes:
        source: Name of the source.
        board: Where they are noted.
        unheard: Ended when Dagster has started its helpers.
        interrupts: What Ctrl-C sent.
        steps: Assets of each step.
    """

    source: str
    board: Board
    unheard: Unheard
    interrupts: Interrupts
    steps: dict[str, list[str]] = field(default_factory=dict)

    def __call__(self, entry: dg.EventLogEntry) -> None:
        """Note an event."""
        event = entry.dagster_event
        kind = dg.DagsterEventType
        heard = {
            kind.ASSET_MATERIALIZATION_PLANNED: self._planned,
            kind.LOGS_CAPTURED: self._helped,
            kind.STEP_START: self._started,
            kind.ASSET_MATERIALIZATION: self._materialized,
            kind.STEP_SUCCESS: self._succeeded,
            kind.STEP_FAILURE: self._failed,
            kind.ASSET_CHECK_EVALUATION: self._checked,
            kind.RUN_FAILURE: self._ended,
        }
        if event is not None and event.event_type in heard:
            heard[event.event_type](event)

    def _helped(self, _: dg.DagsterEvent) -> None:
        self.unheard.end()

    def _started(self, event: dg.DagsterEvent) -> None:
        if self.interrupts.heard:
            self.interrupts.again()
        self._begin_next(event)

    def _begin_next(self, event: dg.DagsterEvent) -> None:
        for name in self._waiting(event)[:1]:
            self.board.started(name)

    def _succeeded(self, event: dg.DagsterEvent) -> None:
        for name in self._unfinished(event):
            self.board.skipped(name)

    def _planned(self, event: dg.DagsterEvent) -> None:
        if event.step_key is None or event.asset_key is None:
            return
        name = self._name(event.asset_key)
        self.steps.setdefault(event.step_key, []).append(name)
        self.board.planned([name])

    def _materialized(self, event: dg.DagsterEvent) -> None:
        if event.asset_key is None:
            return
        name = self._name(event.asset_key)
        rows = event.step_materialization_data.materialization.metadata.get("dagster/row_count")
        value = rows.value if rows is not None else None
        self.board.succeeded(name, value if isinstance(value, int) else None)
        self._begin_next(event)

    def _failed(self, event: dg.DagsterEvent) -> None:
        told = event.step_failure_data.user_failure_data
        error = event.step_failure_data.error
        reason = (told.description if told else None) or (_cause(error) if error else "failed")
        # Where all assets of a step stand, and yet it failed, the last of them has it.
        for name in self._unfinished(event) or self.steps.get(str(event.step_key), [])[-1:]:
            self.board.fell(name, reason)

    def _checked(self, event: dg.DagsterEvent) -> None:
        found = event.asset_check_evaluation_data
        if not found.passed:
            name = self._name(found.asset_key)
            self.board.findings.append(f"{name}: {found.check_name}: {found.description}")

    def _ended(self, event: dg.DagsterEvent) -> None:
        error = event.job_failure_data.error
        if error is not None and error.cls_name == _INTERRUPT:
            self.board.interrupted = True
        elif error is not None and not any(
            line.state is State.FAILED for line in self.board.lines.values()
        ):
            self.board.error = _cause(error)

    def _name(self, key: dg.AssetKey) -> str:
        path = key.path
        own = len(path) > 1 and path[0] == self.source
        return "/".join(path[1:] if own else path)

    def _waiting(self, event: dg.DagsterEvent) -> list[str]:
        return self._among(event, {State.WAITING})

    def _unfinished(self, event: dg.DagsterEvent) -> list[str]:
        return self._among(event, {State.WAITING, State.RUNNING})

    def _among(self, event: dg.DagsterEvent, states: set[State]) -> list[str]:
        names = self.steps.get(str(event.step_key), [])
        return [name for name in names if self.board.line(name).state in states]


def _cause(error: "SerializableErrorInfo") -> str:
    """Give the message of what went wrong first: Dagster wraps it."""
    while error.cause is not None:
        error = error.cause
    return error.message.strip()
