"""Forwards a sync's progress to Dagster's log, throttled, and to a watching terminal.

The messages come from `engine.progress`; the CLI decides how they look on a terminal.
"""

from contextvars import ContextVar

import dagster as dg

from intercom_assets.engine.progress import Listener, Pace, Progress, Report

WATCHER: ContextVar[Listener | None] = ContextVar("watcher", default=None)
"""A listener for runs in the same thread: the command line's progress display."""

_LOG_SECONDS = 5.0


class LogListener:
    """Logs the progress of a resource's step."""

    def __init__(self, log: dg.DagsterLogManager, resource: str) -> None:
        self._log = log
        self._resource = resource
        self._pace = Pace(_LOG_SECONDS)
        self._watcher = WATCHER.get()

    def on_start(self, report: Report) -> None:
        """Pass the report, which is still filling, to the terminal; the log gets it at the end."""
        if self._watcher is not None:
            self._watcher.on_start(report)

    def on_progress(self, progress: Progress) -> None:
        """Log progress every few seconds."""
        if self._pace.due():
            self._log.info(str(progress))
        if self._watcher is not None:
            self._watcher.on_progress(progress)

    def info(self, line: str) -> None:
        """Log a line."""
        self._log.info(f"{self._resource}: {line}")
        if self._watcher is not None:
            self._watcher.info(f"{self._resource}: {line}")

    def warning(self, line: str) -> None:
        """Log a warning."""
        self._log.warning(f"{self._resource}: {line}")
        if self._watcher is not None:
            self._watcher.warning(f"{self._resource}: {line}")

    def on_finish(self, report: Report) -> None:
        """Log the final report."""
        self._log.info(str(report))
        if self._watcher is not None:
            self._watcher.on_finish(report)
