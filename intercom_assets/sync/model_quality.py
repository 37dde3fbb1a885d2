"""What makes a model right: the checks of its view, without Dagster."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.models import Flat, Members, Model
from intercom_assets.errors import IntercomAssetsError
from intercom_assets.sync.evidence import SAMPLES
from intercom_assets.sync.extract import Source
from intercom_assets.sync.models import ModelReport
from intercom_assets.sync.quality import Severity, Verdict
from intercom_assets.warehouse.queries import MissingMembers
from intercom_assets.warehouse.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """One thing that can be wrong with a model.

    Attributes:
        name: Name in the UI, under the asset.
        description: When it fails and what to do then.
        severity: How bad that is.
        judge: Looks at a view that was made.
    """

    name: str
    description: str
    severity: Severity
    judge: Callable[[ModelReport, Source, Warehouse], Verdict]

    def verdict(self, report: ModelReport, source: Source, warehouse: Warehouse) -> Verdict:
        """Look, and say why where that is not possible; never raises."""
        try:
            return self.judge(report, source, warehouse)
        except IntercomAssetsError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 - the view is made: no check may fail its run
            reason = f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
        return Verdict(passed=False, summary=f"Not evaluated: {reason}", evaluated=False)


def model_checks_of(model: Model, start_date: datetime | None) -> tuple[ModelCheck, ...]:
    """Give the checks of a model.

    Args:
        model: The model.
        start_date: The setting; with one, rows may rightly name what is older and not stored.
    """
    match model.shape:
        case Flat():
            return (ROWS,)
        case Members(of=of):
            return () if start_date is not None and CATALOG[of].cursor else (MEMBERS,)


def _judge_rows(report: ModelReport, source: Source, warehouse: Warehouse) -> Verdict:
    del source, warehouse
    shown, live = report.row_count, report.live
    return Verdict(
        passed=shown == live,
        summary=f"{shown:,} rows are shown, the table has {live:,} that are not deleted",
        figures={"shown": shown, "in_table": live},
    )


def _judge_members(report: ModelReport, source: Source, warehouse: Warehouse) -> Verdict:
    shape = report.model.shape
    if not isinstance(shape, Members):
        raise TypeError(f"{report.model.name} has no members")
    stored = source.target(CATALOG[shape.of])
    found = warehouse.run(MissingMembers(report.target, shape.member, stored), SAMPLES)
    return Verdict(
        passed=found.total == 0,
        summary=f"{found.total:,} {shape.of} that are named are not stored"
        if found.total
        else f"Every {shape.member} is one of the stored {shape.of}",
        query=found.statement,
        figures={"not_stored": found.total, "sample": [str(row[0]) for row in found.rows]},
    )


ROWS = ModelCheck(
    name="rows_are_the_tables",
    description="Fails where the view shows more or fewer rows than its table has that are not "
    "marked as deleted. Materialize it again; a sync of the table meanwhile explains it.",
    severity=Severity.ERROR,
    judge=_judge_rows,
)

MEMBERS = ModelCheck(
    name="members_are_stored",
    description="Fails where the view names records that are not stored: they were deleted before "
    "the first sync, or came after the last one of their table. Joins leave them out. Not made "
    "where a start date leaves out such records.",
    severity=Severity.WARN,
    judge=_judge_members,
)
