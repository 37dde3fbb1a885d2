"""The checks of synced tables, independent of Dagster.

A check queries the warehouse, and two of them send a few requests to Intercom. A check that cannot
be evaluated returns a result too, so that none ever fails a sync.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Generic, TypeVar

from intercom_assets.catalog.endpoints import Child, Scroll, Search, record_path
from intercom_assets.catalog.replication import ByParent, FullRefresh, Incremental, PerParent
from intercom_assets.catalog.resource import Resource
from intercom_assets.catalog.types import EPOCH, Json, value_at
from intercom_assets.errors import ConfigurationError, IntercomAssetsError, NotFound
from intercom_assets.intercom.client import Call, ResourceSession
from intercom_assets.intercom.pagination import paged
from intercom_assets.intercom.responses import records_at
from intercom_assets.intercom.search import count_found, count_records, count_since
from intercom_assets.intercom.workspace import probe
from intercom_assets.quality.context import SAMPLES, CheckContext
from intercom_assets.quality.extra_fields import ExtraField
from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.queries import (
    Answer,
    Counting,
    DuplicateKeys,
    IncompleteChildren,
    MissingParents,
)

SLACK = timedelta(minutes=10)
"""How far a cursor may be ahead of this machine's clock, in case that is slow."""

_NAMED = 5
_USERS = "user_count"

C = TypeVar("C")


class Severity(Enum):
    """Severity of a failed check."""

    ERROR = "error"
    WARN = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The result of a check, with a summary, the query that shows the rows, and figures."""

    passed: bool
    summary: str
    query: str = ""
    figures: Mapping[str, Json | datetime] = field(default_factory=dict)
    evaluated: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Generic[C]):
    """A check of a table or view."""

    name: str
    description: str
    severity: Severity
    look: Callable[[C], CheckResult]

    def evaluate(self, context: C) -> CheckResult:
        """Run the check; never raises, but returns the reason if that is not possible."""
        try:
            return self.look(context)
        except (IntercomAssetsError, TimeoutError) as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 - rows have landed: no check may fail their run
            reason = f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
        return CheckResult(passed=False, summary=f"Not evaluated: {reason}", evaluated=False)


TableCheck = Check[CheckContext]


def check(severity: Severity) -> Callable[[Callable[[C], CheckResult]], Check[C]]:
    """Make a check of a function, whose name and docstring are the check's."""

    def made(look: Callable[[C], CheckResult]) -> Check[C]:
        description = " ".join((look.__doc__ or "").split())
        return Check(name=look.__name__, description=description, severity=severity, look=look)

    return made


def checks_of(resource: Resource, start_date: datetime | None) -> tuple[TableCheck, ...]:
    """Return the checks that apply to a resource.

    With a start date counts are not compared, as the table contains less than Intercom counts.
    """
    link = resource.replication
    chosen = (
        (key_is_unique, True),
        (parents_exist, isinstance(link, PerParent)),
        (parts_are_complete, isinstance(link, ByParent) and link.count_column is not None),
        (row_count_is_intercoms, is_counted(resource) and start_date is None),
        (no_undeclared_fields, True),
        (values_fit, True),
        (all_were_read, isinstance(link, PerParent | Incremental)),
        (cursor_is_not_ahead, not isinstance(link, FullRefresh)),
    )
    return tuple(one for one, applies in chosen if applies)


def is_counted(resource: Resource) -> bool:
    """Return whether one cheap request returns the number of records."""
    scrolled = isinstance(resource.pagination, Scroll)
    return isinstance(resource.endpoint, Search) or (
        scrolled and any(column.name == _USERS for column in resource.table.columns)
    )


def none_of(answer: Answer, *, good: str, bad: str, **figures: Json) -> CheckResult:
    """Return the result of a check that fails where its query finds rows."""
    return CheckResult(
        passed=answer.total == 0,
        summary=bad if answer.total else good,
        query=answer.statement,
        figures=figures,
    )


def duplicate_keys(answer: Answer, target: Target, **figures: Json) -> CheckResult:
    """Return the result of a check that fails where keys are null or repeated."""
    key = ", ".join(target.table.primary_key)
    return none_of(
        answer,
        good=f"The key ({key}) is unique and never null",
        bad=f"Values of {key} that are null or repeated: {answer.total:,}",
        bad_keys=answer.total,
        **figures,
    )


@check(Severity.ERROR)
def key_is_unique(context: CheckContext) -> CheckResult:
    """Fails where a primary key is null or held by several rows.

    Rename the table and sync again to rebuild it.
    """
    answer = context.run(DuplicateKeys(context.target))
    return duplicate_keys(answer, context.target, sample=_keys(answer))


@check(Severity.ERROR)
def parents_exist(context: CheckContext) -> CheckResult:
    """Fails where a row that is not marked as deleted belongs to a parent that is not stored.

    Sync the parents with full_refresh.
    """
    link, parent = _link(context)
    answer = context.run(MissingParents(context.target, link.key, context.source.target(parent)))
    return none_of(
        answer,
        good=f"Every row belongs to one of the stored {parent.name}",
        bad=f"{answer.total:,} {parent.name} that rows belong to are not stored. "
        f"Sync {parent.name} with full_refresh",
        missing_parents=answer.total,
        sample=_keys(answer),
    )


@check(Severity.WARN)
def parts_are_complete(context: CheckContext) -> CheckResult:
    """Fails where Intercom returns more parts of a conversation or ticket than are stored.

    It is asked for ten that store fewer than they count, at most the 500 that it returns. Sync the
    parts with full_refresh.
    """
    link, parent = _link(context)
    child = context.resource.endpoint
    counted = link.count_column if isinstance(link, ByParent) else None
    if not isinstance(child, Child) or counted is None:
        raise TypeError(f"{context.resource.name} is not listed per {parent.name}")
    query = IncompleteChildren(
        target=context.target,
        key=link.key,
        parent=context.source.target(parent),
        counted=counted,
        cap=child.cap,
    )
    answer = context.run(query)
    path = parent.table.column(counted).path
    lacking: list[str] = []
    if answer.total:
        lacking = context.from_intercom(lambda session: _lacking(session, child, path, answer))
    return CheckResult(
        passed=not lacking,
        summary=_parts_summary(answer, lacking, parent.name),
        query=answer.statement,
        figures={
            "fewer_than_counted": answer.total,
            "asked": len(answer.rows),
            "sample": [*lacking],
        },
    )


async def _lacking(
    session: ResourceSession, child: Child, path: tuple[str, ...], answer: Answer
) -> list[str]:
    """Return the parents for which Intercom returns more children than are stored."""
    lacking = []
    for key, counted, stored, *_ in answer.rows:
        try:
            response = await session.ask(Call(path=record_path(child.path, key)))
        except NotFound:
            continue
        listed = records_at(response.body, (child.records,)) or []
        # If the count differs now, the parent changed after it was synced.
        if value_at(response.body, path) == counted and len(listed) > stored:
            lacking.append(key)
    return lacking


def _parts_summary(answer: Answer, lacking: list[str], parents: str) -> str:
    if lacking:
        return (
            f"{len(lacking)} of {len(answer.rows)} {parents} that were looked at lack parts that "
            f"Intercom returns ({answer.total:,} store fewer than they count): sync the "
            "parts with full_refresh"
        )
    if answer.total:
        return (
            f"{answer.total:,} {parents} count more parts than are stored, but Intercom returns no "
            f"more of the {len(answer.rows)} that were looked at"
        )
    return f"All {parents} have as many parts as they count"


@check(Severity.WARN)
def row_count_is_intercoms(context: CheckContext) -> CheckResult:
    """Fails where the rows not marked as deleted are not as many as Intercom counts now.

    What was created after the newest contact or conversation that was synced may be missing; of
    companies those with users are compared. A reconcile fetches what is missing and marks what is
    gone. Not made where there is a start date.
    """
    if context.cursor.skipped:
        return CheckResult(passed=True, summary=f"Not compared: {context.cursor.skipped}")
    searched = isinstance(context.resource.endpoint, Search)
    # Intercom's list of companies, which returns the count, omits those without users.
    users = Counting(context.target, _USERS)
    stored = context.state.row_count if searched else context.run(users, 1).total
    total, new = context.from_intercom(lambda session: _counts(session, context, stored))
    missing, gone = total - new - stored, stored - total
    summary = f"{stored:,} rows are stored, Intercom counts {total:,}"
    if new:
        summary += f", {new:,} of them new since the sync"
    if missing > 0:
        way = "a reconcile fetches" if searched else "a sync with full_refresh fetches"
        summary += f": {missing:,} missing, which {way}"
    elif gone > 0:
        summary += f": {gone:,} gone, which a {'reconcile' if searched else 'sync'} marks"
    return CheckResult(
        passed=missing <= 0 and gone <= 0,
        summary=summary,
        figures={"stored": stored, "in_intercom": total, "new_since": new},
    )


async def _counts(session: ResourceSession, context: CheckContext, stored: int) -> tuple[int, int]:
    """Count Intercom's records, and those of them created after the last sync."""
    search = context.resource.endpoint
    if not isinstance(search, Search):
        counted = await probe(session, context.resource)
        if counted is None:
            raise ConfigurationError(
                f"Intercom does not say how many {context.resource.name} there are. Run the check "
                "again later. [POST /companies/list: no total_count]"
            )
        return counted, 0
    total = await count_records(session, search) or 0
    if total < stored:
        # Intercom does not document that lists and searches return the same records.
        total = max(total, await count_found(session, search, created=None, updated=True))
    if total <= stored:
        return total, 0
    since = context.cursor.at or context.cursor.synced_at or EPOCH
    until, pagination = context.now() + SLACK, paged(context.resource.pagination)
    return total, await count_since(session, search, pagination, since=since, until=until)


@check(Severity.WARN)
def no_undeclared_fields(context: CheckContext) -> CheckResult:
    """Fails where Intercom sends fields that no column declares.

    They are kept in _extra; a newer release may declare them, and fills the columns from there.
    """
    seen = context.extra_fields.undeclared
    what = "Fields that no column declares" if seen else "Every field has its column"
    return _extra(context, seen, what, undeclared_fields=len(seen))


@check(Severity.WARN)
def values_fit(context: CheckContext) -> CheckResult:
    """Fails where values did not fit the type of their column.

    The column is null there, and the value is kept in _extra.
    """
    seen = context.extra_fields.misfits
    what = "Fields with values that do not fit" if seen else "Every value fits its column"
    return _extra(context, seen, what, fields_that_did_not_fit=len(seen))


def _extra(context: CheckContext, seen: list[ExtraField], what: str, **count: Json) -> CheckResult:
    named = ", ".join(map(str, seen[:_NAMED])) + (" and more" if len(seen) > _NAMED else "")
    return CheckResult(
        passed=not seen,
        summary=f"{what}, kept in _extra: {named}" if seen else what,
        query=context.extra_fields.statement,
        figures={**count, "fields": [field.as_json() for field in seen]},
    )


@check(Severity.WARN)
def all_were_read(context: CheckContext) -> CheckResult:
    """Fails where even one record could not be read whole.

    Such are the parts of a conversation, the segments of a company or a list inside a contact. It
    is asked for again at each sync, until it is read or marked as deleted.
    """
    unread, resource = context.cursor.unread, context.resource
    name = resource.parent or resource.name
    return CheckResult(
        passed=not unread,
        summary=f"{len(unread):,} {name} could not be read whole so far, and are asked for again "
        "at each sync; the log of the last one says why"
        if unread
        else f"All {name} were read whole",
        figures={"still_due": len(unread), "sample": [*unread[:SAMPLES]]},
    )


@check(Severity.ERROR)
def cursor_is_not_ahead(context: CheckContext) -> CheckResult:
    """Fails where the stored cursor is ahead of the clock.

    Records updated until then would not be asked for. Set the clock right, or sync with
    full_refresh.
    """
    cursor, now = context.cursor, context.now()
    instants = {
        "cursor": cursor.at,
        "parent_cursor": cursor.parent_synced_at,
        "synced_at": cursor.synced_at,
    }
    known = {name: instant for name, instant in instants.items() if instant is not None}
    ahead = [f"{name} {at.isoformat()}" for name, at in known.items() if at > now + SLACK]
    return CheckResult(
        passed=not ahead,
        summary=f"Ahead of this machine's clock: {', '.join(ahead)}. Set the clock right, or run "
        "a full_refresh"
        if ahead
        else "The cursor is not ahead of the clock",
        figures=known,
    )


def _link(context: CheckContext) -> tuple[PerParent, Resource]:
    link, parent = context.resource.replication, context.parent
    if not isinstance(link, PerParent) or parent is None:
        raise TypeError(f"{context.resource.name} has no parent")
    return link, parent


def _keys(answer: Answer) -> list[Json]:
    # The last column is the number of rows.
    return ["/".join(map(str, row[:-1])) for row in answer.rows]
