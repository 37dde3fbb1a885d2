"""The checks of the views of models."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.shapes import Bridge, Entries, Fivetran, Flat, Model, Versions
from intercom_assets.engine.cursor import Source
from intercom_assets.quality.checks import (
    Check,
    CheckResult,
    Severity,
    check,
    duplicate_keys,
    none_of,
)
from intercom_assets.quality.context import SAMPLES
from intercom_assets.views.build import ViewReport
from intercom_assets.warehouse.queries import BrokenVersions, DuplicateKeys, MissingMembers
from intercom_assets.warehouse.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class ViewContext:
    """The view to check, and where its rows are stored."""

    report: ViewReport
    source: Source
    warehouse: Warehouse


ViewCheck = Check[ViewContext]


def view_checks_of(
    model: Model, start_of: Callable[[str], datetime | None] = lambda _: None
) -> tuple[ViewCheck, ...]:
    """Return the checks that apply to a model.

    With a start date, rows may reference records that are too old to be stored.
    """
    match model.shape:
        case Flat():
            return (rows_are_the_tables,)
        case Entries():
            return (entries_are_unique,)
        case Versions():
            return (versions_do_not_overlap,)
        case Fivetran():
            return ()
        case Bridge(of=of):
            # Words have no table of their own.
            if of is None or (CATALOG[of].cursor and start_of(of) is not None):
                return ()
            return (members_are_stored,)


@check(Severity.ERROR)
def rows_are_the_tables(context: ViewContext) -> CheckResult:
    """Fails where the view shows more or fewer rows than its table has that are not marked.

    Materialize it again; a sync of the table meanwhile explains it.
    """
    shown, live = context.report.row_count, context.report.live
    return CheckResult(
        passed=shown == live,
        summary=f"{shown:,} rows are shown, the table has {live:,} that are not deleted",
        figures={"shown": shown, "in_table": live},
    )


@check(Severity.WARN)
def members_are_stored(context: ViewContext) -> CheckResult:
    """Fails where the view names records that are not stored.

    They were deleted before the first sync, or came after the last one of their table. Joins leave
    them out. Not made where a start date leaves out such records.
    """
    report = context.report
    shape = report.model.shape
    if not isinstance(shape, Bridge) or shape.of is None:
        raise TypeError(f"{report.model.name} has no members")
    stored = context.source.target(CATALOG[shape.of])
    answer = context.warehouse.run(MissingMembers(report.target, shape.member, stored), SAMPLES)
    return none_of(
        answer,
        good=f"Every {shape.member} is one of the stored {shape.of}",
        bad=f"{answer.total:,} {shape.of} that are named are not stored",
        not_stored=answer.total,
        sample=[str(row[0]) for row in answer.rows],
    )


@check(Severity.WARN)
def entries_are_unique(context: ViewContext) -> CheckResult:
    """Fails where an entry of the list has no key or comes twice: Intercom sent it so.

    Joins would repeat it.
    """
    target = context.report.target
    return duplicate_keys(context.warehouse.run(DuplicateKeys(target), SAMPLES), target)


@check(Severity.ERROR)
def versions_do_not_overlap(context: ViewContext) -> CheckResult:
    """Fails where two versions of a row are valid at once, or one ends before it begins.

    Somebody changed the tables. Rename the history; the next sync begins another.
    """
    answer = context.warehouse.run(BrokenVersions(context.report.target), SAMPLES)
    return none_of(
        answer,
        good="Each version of a row ends before the next one begins",
        bad=f"Versions that overlap, or end before they begin: {answer.total:,}",
        bad_versions=answer.total,
        sample=[str(row[0]) for row in answer.rows],
    )
