"""What a sync tells goes to Dagster's log at human pace, and to a terminal that watches.

What is told is the engine's to say (`sync.progress`); how it looks on a terminal is the CLI's.
"""

from contextvars import ContextVar

import dagster as dg

from intercom_assets.sync.progress import Listener, Pace, Progress, Report

WATCHER: ContextVar[Listener | None] = ContextVar("watcher", default=None)
"""A listener in the same thread as the run: the command line's progress display."""

_LOG_SECONDS = 5.0


class LogListener:
    """Tells the log of a resource's step."""

    def __init__(self, log: dg.DagsterLogManager, resource: str) -> None:
        self._log = log
        self._resource = resource
        self._pace = Pace(_LOG_SECONDS)
        self._watcher = WATCHER.get()

    def on_start(self, report: Report) -> None:
        """Let the terminal watch the report as it fills; the log gets it when it is whole."""
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
        """Log what the sync did."""
        self._log.info(str(report))
        if self._watcher is not None:
            self._watcher.on_finish(report)
