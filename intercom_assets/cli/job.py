"""Runs jobs in a child process, which loads the project, and records their events on boards.

Ctrl-C reaches only this process, which forwards it until the job ends. A second Ctrl-C kills the
child, which is safe: rows and cursor are committed in one transaction.
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
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from types import FrameType
from typing import Any, Self, TypeAlias
from uuid import uuid4

from intercom_assets.cli.display.board import Board, State
from intercom_assets.cli.display.metrics import SourceDetails
from intercom_assets.cli.display.screen import Screen
from intercom_assets.cli.project import Project
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
        whole: Whether everything in the source is selected, so that the job's other assets are
            materialized too.
        config: Run config of each sync.
    """

    source: str
    resources: Sequence[str] = ()
    models: Sequence[str] = ()
    whole: bool
    config: Mapping[str, object]
    dagster_home: str
    run_id: str = field(default_factory=lambda: str(uuid4()))


class Worker:
    """The child process: it loads a project's definitions once, then runs jobs of its sources."""

    def __init__(self, project: Project, environment: Mapping[str, str]) -> None:
        self._project = project
        self._environment = environment
        # A file, since a pipe that nobody reads would fill up and block the child.
        self._printed = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - see __exit__
        self._shown = 0
        self._process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "intercom_assets.cli.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._printed,
            env=self._environment,
            text=True,
            encoding="utf-8",
            process_group=0,  # Ctrl-C is for this process, which forwards it
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What it committed is kept.
        self._process.kill()
        with self._process, self._printed:
            pass

    def sources(self) -> list[SourceDetails]:
        """Load the definitions and return the sources in them."""
        self._send({"home": str(self._project.home), "module": self._project.module})
        for event in self._events():
            match event:
                case {"kind": "sources", "sources": sources}:
                    return [SourceDetails(**source) for source in sources]
                case {"kind": "refused", "text": text}:
                    raise ConfigurationError(text)
                case {"kind": "interrupted"}:
                    raise KeyboardInterrupt
                case _:
                    pass
        self._show_printed()
        raise ConfigurationError(
            f"The project's definitions, {self._project.module}, ended the process that loaded "
            f"them with code {self._process.wait()}. Remove what ends it"
        )

    def execute(self, request: JobRequest, board: Board, screen: Screen) -> None:
        """Run a job and record the outcome of each asset on the board."""
        board.run_id = request.run_id
        if self._process.poll() is not None:
            # The job before ended the process; this one has nothing to do with that.
            with self._process:
                self._process = self._start()
            self.sources()
        with self._interrupts(board, screen):
            self._send(asdict(request))
            code = 0 if self._follow(board, screen) else self._process.wait()
        # Tracebacks caused by Ctrl-C help nobody.
        if not board.heard and not board.interrupted:
            self._show_printed()
            if code:
                board.error = board.error or f"the process of the run ended with code {code}"
        # Anything that failed after Ctrl-C failed because of it.
        board.interrupted = board.interrupted or bool(board.heard and (board.failed or code))
        _close(board)

    def _follow(self, board: Board, screen: Screen) -> bool:
        """Record events until the job ends; return whether the process said so."""
        recorded = RunEvents(board, screen)
        for event in self._events(board):
            if event["kind"] == "ended":
                return True
            recorded.take(event)
        return False

    def _send(self, request: Mapping[str, object]) -> None:
        assert self._process.stdin is not None
        # The end of a process that is gone is reported with its code.
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{json.dumps(request)}\n")
            self._process.stdin.flush()

    def _events(self, board: Board | None = None) -> Iterator[Event]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                # Only an interrupted or killed worker leaves half a line.
                if line.endswith("\n") and not (board and board.heard):
                    raise

    def _show_printed(self) -> None:
        self._printed.seek(self._shown)
        shutil.copyfileobj(self._printed, sys.stderr)
        self._shown = self._printed.tell()

    @contextmanager
    def _interrupts(self, board: Board, screen: Screen) -> Iterator[None]:
        asked, over = threading.Event(), threading.Event()

        def interrupt(_number: int, _frame: FrameType | None) -> None:
            board.heard += 1
            if board.heard > 1:
                self._process.kill()
            else:
                screen.stop()
                asked.set()

        def send_interrupts() -> None:
            asked.wait()
            while not over.is_set() and self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)
                # A library may swallow KeyboardInterrupt in its callbacks, so send it again.
                over.wait(_AGAIN_SECONDS)

        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, interrupt) for number in numbers}
        threading.Thread(target=send_interrupts, daemon=True).start()
        try:
            yield
        finally:
            over.set()
            asked.set()
            for number, handler in before.items():
                signal.signal(number, handler)


def _close(board: Board) -> None:
    """Record why the assets that did not finish did not."""
    reason = "interrupted" if board.interrupted else board.error or "what it depends on failed"
    for line in board.failed:
        if line.state is State.RUNNING:
            line.seconds = time.monotonic() - line.since
            line.state = State.FAILED
        line.error = line.error or reason


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
