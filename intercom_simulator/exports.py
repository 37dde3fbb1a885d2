"""Jobs that export: a few at a time, each done after a while, its file kept for two days."""

import uuid
from collections import deque
from dataclasses import dataclass, field

from intercom_simulator.records import Record
from intercom_simulator.refusals import ApiError, not_found

KEPT_SECONDS = 2 * 86_400


@dataclass(slots=True)
class Job:
    """A job for a range of times.

    Attributes:
        outcome: What it will be when it is done.
        asked: What it exports of what is there.
    """

    id: str
    after: int
    before: int
    began: float
    done: float
    outcome: str
    asked: Record

    def state(self, now: float) -> str:
        """Returns what Intercom calls the job's state."""
        if self.outcome == "canceled" or now >= self.done:
            return self.outcome
        return "pending" if now - self.began < (self.done - self.began) / 2 else "in_progress"

    def is_pending(self, now: float) -> bool:
        """Tells whether the job keeps others from starting."""
        return self.state(now) in {"pending", "in_progress"}


@dataclass(slots=True)
class Exports:
    """The jobs of a workspace.

    Attributes:
        of: What they export.
        most: How many may be pending.
        outcomes: What the next jobs become instead of done, `failed` for instance.
    """

    of: str = "message data"
    most: int = 1
    jobs: dict[str, Job] = field(default_factory=dict)
    outcomes: deque[str] = field(default_factory=deque)

    def begin(
        self,
        after: int,
        before: int,
        now: float,
        *,
        seconds: float = 0.0,
        empty: bool = False,
        asked: Record | None = None,
    ) -> Job:
        """Starts a job; refuses one while as many as may be are not done."""
        if sum(job.is_pending(now) for job in self.jobs.values()) >= self.most:
            message = f"Exceeded rate limit of {self.most} pending {self.of} export jobs"
            raise ApiError(429, "rate_limit_exceeded", message)
        usual = "no_data" if empty else "completed"
        outcome = self.outcomes.popleft() if self.outcomes else usual
        job = Job(uuid.uuid4().hex[:16], after, before, now, now + seconds, outcome, asked or {})
        self.jobs[job.id] = job
        return job

    def find(self, job_id: str) -> Job:
        """Returns a job."""
        if job_id not in self.jobs:
            raise not_found("Object not found.")
        return self.jobs[job_id]

    def cancel(self, job_id: str) -> Job:
        """Cancels a job, so that another may begin."""
        job = self.find(job_id)
        job.outcome = "canceled"
        return job

    def file_of(self, job_id: str, now: float) -> Job:
        """Returns a job whose file is there, for two days from when it was done."""
        job = self.find(job_id)
        if job.state(now) != "completed" or now > job.done + KEPT_SECONDS:
            raise not_found("The requested resource does not exist.")
        return job
