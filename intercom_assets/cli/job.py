"""Runs a source's job in a child process and records its events on a board.

Ctrl-C reaches only this process, which forwards it until the child exits. A second Ctrl-C kills
the child, which is safe: rows and cursor are committed in one transaction.
"""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from types import FrameType
from typing import Any, TypeAlias
from uuid import uuid4

from intercom_assets.cli.display.board import Board, State
from intercom_assets.cli.display.screen import Screen
from intercom_assets.engine.progress import Progress, Report
from intercom_assets.errors import ConfigurationError
from intercom_assets.intercom.metrics import RequestMetrics

Event: TypeAlias = Mapping[str, Any]
"""An event from the worker: its `kind` and the values of that kind."""

_AGAIN_SECONDS = 3.0

_UNFINISHED = (State.WAITING, State.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What the worker should run.

    Attributes:
        home: Folder from which the project's module is imported.
        whole: Whether everything in the source is selected, so that the job's other assets are
            materialized too.
        config: Run config of each sync.
    """

    home: str
    module: str
    source: str
    resources: Sequence[str] = ()
    models: Sequence[str] = ()
    whole: bool
    config: Mapping[str, object]
    run_id: str = field(default_factory=lambda: str(uuid4()))


def execute(
    request: JobRequest, board: Board, screen: Screen, environment: Mapping[str, str]
) -> None:
    """Run the job and record the outcome of each asset on the board.

    Raises:
        ConfigurationError: The project's definitions reject its settings.
    """
    board.run_id = request.run_id
    with tempfile.TemporaryFile("w+", errors="replace") as printed:
        with subprocess.Popen(
            [sys.executable, "-m", "intercom_assets.cli.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=printed,
            env=environment,
            text=True,
            encoding="utf-8",
            process_group=0,  # Ctrl-C is for this process, which forwards it
        ) as process:
            code = _Run(process, board, screen).follow(request)
        # Tracebacks caused by Ctrl-C help nobody.
        if not board.heard and not board.interrupted:
            printed.seek(0)
            shutil.copyfileobj(printed, sys.stderr)
    if code and not board.heard and not board.interrupted:
        board.error = board.error or f"the process of the run ended with code {code}"
    # Anything that failed after Ctrl-C failed because of it.
    board.interrupted = board.interrupted or bool(board.heard and (board.failed or code))
    _close(board)


def _close(board: Board) -> None:
    """Record why the assets that did not finish did not."""
    reason = "interrupted" if board.interrupted else board.error or "what it depends on failed"
    for line in board.failed:
        if line.state is State.RUNNING:
            line.seconds = time.monotonic() - line.since
            line.state = State.FAILED
        line.error = line.error or reason


class _Run:
    """Follows a worker from its start to its end."""

    def __init__(self, process: subprocess.Popen[str], board: Board, screen: Screen) -> None:
        self._process = process
        self._board = board
        self._screen = screen
        self._is_ready = False
        self._stop = threading.Event()

    def follow(self, request: JobRequest) -> int:
        """Record events until the worker exits; return its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        events = RunEvents(self._board, self._screen)
        with self._interrupts():
            self._process.stdin.write(f"{json.dumps(asdict(request))}\n")
            self._process.stdin.flush()
            for line in self._process.stdout:
                try:
                    events.take(json.loads(line))
                except json.JSONDecodeError:
                    # Only an interrupted or killed worker leaves half a line.
                    if line.endswith("\n") and not self._board.heard:
                        raise
                self._is_ready = True
            return self._process.wait()

    @contextmanager
    def _interrupts(self) -> Iterator[None]:
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._interrupt) for number in numbers}
        threading.Thread(target=self._send_interrupts, daemon=True).start()
        try:
            yield
        finally:
            self._stop.set()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._board.heard += 1
        # Before the worker is ready nothing has been read, so it need not stop gracefully.
        if self._board.heard > 1 or not self._is_ready:
            self._process.kill()
        else:
            self._screen.stop()
            self._stop.set()

    def _send_interrupts(self) -> None:
        self._stop.wait()
        while self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            # A library may swallow KeyboardInterrupt in its callbacks, so send the signal again.
            time.sleep(_AGAIN_SECONDS)


class RunEvents:
    """Records the events of a run on its board, and tells the screen."""

    def __init__(self, board: Board, screen: Screen) -> None:
        self._board = board
        self._screen = screen
        self._steps: dict[str, list[str]] = {}

    def take(self, event: Event) -> None:
        """Record an event."""
        if event.get("report"):
            report = _report(event["report"])
            self._board.line(report.resource).report = report
        match event:
            case {"step": step}:
                self._take_of_step(step, event)
            case {"kind": "check_failed", "text": text}:
                self._board.findings.append(text)
            case {"kind": "interrupted"}:
                self._board.interrupted = True
            case {"kind": "run_failed", "text": text}:
                if not any(line.state is State.FAILED for line in self._board.lines.values()):
                    self._board.error = text
            case {"kind": "refused", "text": text}:
                raise ConfigurationError(text)
            case _:
                self._take_of_sync(event)

    def _take_of_step(self, step: str, event: Event) -> None:
        match event:
            case {"kind": "planned", "name": name}:
                self._steps.setdefault(step, []).append(name)
                self._board.line(name)
            case {"kind": "step_started"}:
                self._start_next(step)
            case {"kind": "materialized", "name": name, "rows": rows}:
                line = self._board.line(name)
                line.rows = rows
                self._end(name, _outcome(line.report))
                self._start_next(step)
            case {"kind": "step_succeeded"}:
                for name in self._among(step, *_UNFINISHED):
                    self._end(name, State.SKIPPED)
            case {"kind": "step_failed", "text": text}:
                # If a step failed after storing all its assets, blame the last one.
                for name in self._among(step, *_UNFINISHED) or self._steps.get(step, [])[-1:]:
                    self._board.line(name).error = text
                    self._end(name, State.FAILED)
            case _:
                pass

    def _take_of_sync(self, event: Event) -> None:
        match event:
            case {"kind": "began", "report": {"resource": name}}:
                self._start(name)
            case {"kind": "progressed", "progress": values}:
                progress = Progress(**values)
                line = self._board.line(progress.resource)
                line.done, line.total, line.note = progress.done, progress.total, ""
                self._screen.note(str(progress))
            case {"kind": "noted", "text": text}:
                name, _, note = text.partition(": ")
                self._board.line(name).note = note
                self._screen.note(text)
            case {"kind": "warned", "text": text}:
                self._screen.warn(text)
            case {"kind": "finished", "report": {"resource": name}}:
                line = self._board.line(name)
                assert line.report is not None
                line.done = line.report.records_returned
                self._end(name, _outcome(line.report), line.report.seconds)
            case _:
                pass

    def _start_next(self, step: str) -> None:
        for name in self._among(step, State.WAITING)[:1]:
            self._start(name)

    def _start(self, name: str) -> None:
        line = self._board.line(name)
        if line.state is not State.RUNNING:
            line.state, line.since = State.RUNNING, time.monotonic()

    def _end(self, name: str, state: State, seconds: float | None = None) -> None:
        line = self._board.line(name)
        if line.state is state:
            return
        if line.state is State.RUNNING:
            line.seconds = time.monotonic() - line.since
        line.seconds = line.seconds if seconds is None else seconds
        line.state, line.note = state, ""
        self._screen.end(line)

    def _among(self, step: str, *states: State) -> list[str]:
        names = self._steps.get(step, [])
        return [name for name in names if self._board.line(name).state in states]


def _outcome(report: Report | None) -> State:
    return State.SKIPPED if report and report.skipped else State.OK


def _report(values: Mapping[str, Any]) -> Report:
    cursors = {
        name: datetime.fromisoformat(values[name]) if values[name] else None
        for name in ("cursor_before", "cursor_after")
    }
    return Report(**{**values, **cursors, "meter": RequestMetrics(**values["meter"])})
