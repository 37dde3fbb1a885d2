"""What makes stored rows right, and how one finds out: the checks of a resource, without Dagster.

A check asks the warehouse, and two ask Intercom a little. What it finds is a `Verdict`; what keeps
it from finding anything is one too, so that no check ever stands in the way of a sync.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from intercom_assets.catalog.resource import (
    ByParent,
    Child,
    FullRefresh,
    Incremental,
    Resource,
    Scroll,
    Search,
    record_path,
)
from intercom_assets.catalog.types import EPOCH, Json, value_at
from intercom_assets.errors import ConfigurationError, IntercomAssetsError, NotFound
from intercom_assets.intercom.client import Call, ResourceSession
from intercom_assets.intercom.pagination import paged, read_page
from intercom_assets.intercom.responses import records_at
from intercom_assets.intercom.search import count_found, count_records, count_since
from intercom_assets.sync.evidence import SAMPLES, Evidence
from intercom_assets.sync.fields import SeenField
from intercom_assets.warehouse import queries
from intercom_assets.warehouse.queries import Answer

SLACK = timedelta(minutes=10)
"""How far a cursor may be ahead of this machine's clock, which may be slow."""

_NAMED = 5
_USERS = "user_count"


class Severity(Enum):
    """How bad it is that a check fails."""

    ERROR = "error"
    WARN = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check found.

    Attributes:
        passed: Whether all is well.
        summary: What was found, in one sentence.
        query: The query that shows the rows; empty where there is none.
        figures: Numbers, instants and samples that help, by name.
        evaluated: Whether anything could be found out.
    """

    passed: bool
    summary: str
    query: str = ""
    figures: Mapping[str, Json | datetime] = field(default_factory=dict)
    evaluated: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that can be wrong with a table.

    Attributes:
        name: Name in the UI, under the asset.
        description: When it fails and what to do then.
        severity: How bad that is.
        judge: Looks.
        asks_intercom: Whether it needs more than the warehouse.
    """

    name: str
    description: str
    severity: Severity
    judge: Callable[[Evidence], Verdict]
    asks_intercom: bool = False

    def verdict(self, evidence: Evidence) -> Verdict:
        """Look, and say why where that is not possible; never raises."""
        try:
            return self.judge(evidence)
        except IntercomAssetsError as error:
            reason = str(error)
        except TimeoutError:
            reason = f"Intercom gave no answer within {evidence.scene.patience:.0f} s"
        except Exception as error:  # noqa: BLE001 - rows have landed: no check may fail their run
            reason = f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
        return Verdict(passed=False, summary=f"Not evaluated: {reason}", evaluated=False)


def checks_of(resource: Resource, start_date: datetime | None) -> tuple[Check, ...]:
    """Give the checks that follow from a resource's declaration.

    Args:
        resource: The declaration.
        start_date: The setting; with one a table holds less than Intercom counts.
    """
    link = resource.replication
    chosen = (
        (KEY, True),
        (PARENTS, isinstance(link, ByParent)),
        (PARTS, isinstance(link, ByParent) and link.count_column is not None),
        (ROW_COUNT, is_counted(resource) and start_date is None),
        (UNDECLARED, True),
        (MISFITS, True),
        (UNREAD, isinstance(link, ByParent | Incremental)),
        (CURSOR, not isinstance(link, FullRefresh)),
    )
    return tuple(check for check, applies in chosen if applies)


def is_counted(resource: Resource) -> bool:
    """Tell whether one cheap request says how many of the stored records there are."""
    scrolled = isinstance(resource.pagination, Scroll)
    return isinstance(resource.endpoint, Search) or (
        scrolled and any(column.name == _USERS for column in resource.table.columns)
    )


def _judge_key(evidence: Evidence) -> Verdict:
    found = evidence.ask(queries.DuplicateKeys(evidence.target))
    key = ", ".join(evidence.resource.primary_key)
    return Verdict(
        passed=found.total == 0,
        summary=f"Values of {key} that are null or repeated: {found.total:,}"
        if found.total
        else f"The key ({key}) is unique and never null",
        query=found.statement,
        figures={"bad_keys": found.total, "sample": _keys(found)},
    )


def _judge_parents(evidence: Evidence) -> Verdict:
    link, parent = _link(evidence)
    found = evidence.ask(
        queries.MissingParents(evidence.target, link.key, evidence.scene.source.target(parent))
    )
    return Verdict(
        passed=found.total == 0,
        summary=f"{found.total:,} {parent.name} that rows belong to are not stored. "
        f"Sync {parent.name} with full_refresh"
        if found.total
        else f"Every row belongs to one of the stored {parent.name}",
        query=found.statement,
        figures={"missing_parents": found.total, "sample": _keys(found)},
    )


def _judge_parts(evidence: Evidence) -> Verdict:
    link, parent = _link(evidence)
    child, counted = evidence.resource.endpoint, link.count_column
    if not isinstance(child, Child) or counted is None:
        raise TypeError(f"{evidence.resource.name} is not listed per {parent.name}")
    question = queries.IncompleteChildren(
        target=evidence.target,
        key=link.key,
        parent=evidence.scene.source.target(parent),
        counted=counted,
        cap=child.cap,
    )
    found = evidence.ask(question)
    path = parent.table.column(counted).path
    short: list[str] = []
    if found.total:
        short = evidence.from_intercom(lambda session: _short(session, child, path, found))
    return Verdict(
        passed=not short,
        summary=_told_short(found, short, parent.name),
        query=found.statement,
        figures={"fewer_than_counted": found.total, "asked": len(found.rows), "sample": [*short]},
    )


async def _short(
    session: ResourceSession, child: Child, path: tuple[str, ...], found: Answer
) -> list[str]:
    """Keep the parents of which Intercom returns more children than are stored."""
    short = []
    for key, counted, stored, *_ in found.rows:
        try:
            answer = await session.ask(Call(path=record_path(child.path, key)))
        except NotFound:
            continue
        listed = records_at(answer.body, (child.records,)) or []
        # Where the count is another now, the conversation changed after it was synced.
        if value_at(answer.body, path) == counted and len(listed) > stored:
            short.append(key)
    return short


def _told_short(found: Answer, short: list[str], parents: str) -> str:
    if short:
        return (
            f"{len(short)} of {len(found.rows)} {parents} that were looked at lack parts that "
            f"Intercom returns ({found.total:,} store fewer than they count): sync the "
            "parts with full_refresh"
        )
    if found.total:
        return (
            f"{found.total:,} {parents} count more parts than are stored, but Intercom returns no "
            f"more of the {len(found.rows)} that were looked at"
        )
    return f"All {parents} have as many parts as they count"


def _judge_row_count(evidence: Evidence) -> Verdict:
    searched = isinstance(evidence.resource.endpoint, Search)
    # Intercom's list of companies, which has the count, leaves out those without users.
    users = queries.Counting(evidence.target, _USERS)
    stored = evidence.state.row_count if searched else evidence.ask(users, 1).total
    total, new = evidence.from_intercom(lambda session: _counts(session, evidence, stored))
    missing, gone = total - new - stored, stored - total
    told = f"{stored:,} rows are stored, Intercom counts {total:,}"
    if new:
        told += f", {new:,} of them new since the sync"
    if missing > 0:
        way = "a reconcile fetches" if searched else "a sync with full_refresh fetches"
        told += f": {missing:,} missing, which {way}"
    elif gone > 0:
        told += f": {gone:,} gone, which a {'reconcile' if searched else 'sync'} marks"
    return Verdict(
        passed=missing <= 0 and gone <= 0,
        summary=told,
        figures={"stored": stored, "in_intercom": total, "new_since": new},
    )


async def _counts(session: ResourceSession, evidence: Evidence, stored: int) -> tuple[int, int]:
    """Count Intercom's records, and those of them that came after the last sync."""
    search = evidence.resource.endpoint
    if not isinstance(search, Search):
        # Opening the one scroll of the app would make a sync wait for a minute.
        call = Call(method="POST", path="/companies/list", params={"per_page": "1"}, body={})
        total = read_page(await session.ask(call), ()).total_count
        if total is None:
            raise ConfigurationError(
                f"Intercom does not say how many {evidence.resource.name} there are. Run the check "
                f"again later. [{call.method} {call.path}: no total_count]"
            )
        return total, 0
    total = await count_records(session, search) or 0
    if total < stored:
        # The documents do not say that lists and searches return the same records.
        total = max(total, await count_found(session, search, created=None, updated=True))
    if total <= stored:
        return total, 0
    since = evidence.cursor.at or evidence.cursor.synced_at or EPOCH
    until, pagination = evidence.scene.now() + SLACK, paged(evidence.resource.pagination)
    return total, await count_since(session, search, pagination, since=since, until=until)


def _judge_undeclared(evidence: Evidence) -> Verdict:
    seen = evidence.survey.undeclared
    return Verdict(
        passed=not seen,
        summary=f"Fields that no column declares, kept in _extra: {_named(seen)}"
        if seen
        else "Every field has its column",
        query=evidence.survey.statement,
        figures={"undeclared_fields": len(seen), "fields": [one.shown() for one in seen]},
    )


def _judge_misfits(evidence: Evidence) -> Verdict:
    seen = evidence.survey.misfits
    return Verdict(
        passed=not seen,
        summary=f"Fields with values that do not fit, kept in _extra: {_named(seen)}"
        if seen
        else "Every value fits its column",
        query=evidence.survey.statement,
        figures={"fields_that_did_not_fit": len(seen), "fields": [one.shown() for one in seen]},
    )


def _judge_unread(evidence: Evidence) -> Verdict:
    unread, resource = evidence.cursor.unread, evidence.resource
    name = resource.parent or resource.name
    return Verdict(
        passed=not unread,
        summary=f"{len(unread):,} {name} could not be read whole so far, and are asked for again "
        "at each sync; the log of the last one says why"
        if unread
        else f"All {name} were read whole",
        figures={"still_due": len(unread), "sample": [*unread[:SAMPLES]]},
    )


def _judge_cursor(evidence: Evidence) -> Verdict:
    cursor, now = evidence.cursor, evidence.scene.now()
    instants = {
        "cursor": cursor.at,
        "parent_cursor": cursor.parent_synced_at,
        "synced_at": cursor.synced_at,
    }
    known = {name: instant for name, instant in instants.items() if instant is not None}
    ahead = [f"{name} {at.isoformat()}" for name, at in known.items() if at > now + SLACK]
    return Verdict(
        passed=not ahead,
        summary=f"Ahead of this machine's clock: {', '.join(ahead)}. Set the clock right, or run "
        "a full_refresh"
        if ahead
        else "The cursor is not ahead of the clock",
        figures=known,
    )


def _link(evidence: Evidence) -> tuple[ByParent, Resource]:
    link, parent = evidence.resource.replication, evidence.scene.parent
    if not isinstance(link, ByParent) or parent is None:
        raise TypeError(f"{evidence.resource.name} has no parent")
    return link, parent


def _keys(found: Answer) -> list[Json]:
    # The last column is the number of rows.
    return ["/".join(map(str, row[:-1])) for row in found.rows]


def _named(seen: list[SeenField]) -> str:
    first = ", ".join(map(str, seen[:_NAMED]))
    return f"{first} and more" if len(seen) > _NAMED else first


KEY = Check(
    name="key_is_unique",
    description="Fails where a primary key is null or held by several rows. Rename the table and "
    "sync again to rebuild it.",
    severity=Severity.ERROR,
    judge=_judge_key,
)

PARENTS = Check(
    name="parents_exist",
    description="Fails where a row that is not marked as deleted belongs to a parent that is not "
    "stored. Sync the parents with full_refresh.",
    severity=Severity.ERROR,
    judge=_judge_parents,
)

PARTS = Check(
    name="parts_are_complete",
    description="Fails where a conversation stores fewer parts than it counts (at most the 500 "
    "that Intercom returns) and Intercom, asked for ten such conversations, returns more. Sync "
    "the parts with full_refresh.",
    severity=Severity.WARN,
    judge=_judge_parts,
    asks_intercom=True,
)

ROW_COUNT = Check(
    name="row_count_is_intercoms",
    description="Fails where the rows that are not marked as deleted are fewer or more than "
    "Intercom counts now, by one. What was created after the newest contact or conversation that "
    "was synced may be missing; of companies those with users are compared. A reconcile fetches "
    "what is missing and marks what is gone. Not made where there is a start date.",
    severity=Severity.WARN,
    judge=_judge_row_count,
    asks_intercom=True,
)

UNDECLARED = Check(
    name="no_undeclared_fields",
    description="Fails where Intercom sends fields that no column declares. They are kept in "
    "_extra; a newer release may declare them, and fills the columns from there.",
    severity=Severity.WARN,
    judge=_judge_undeclared,
)

MISFITS = Check(
    name="values_fit",
    description="Fails where values did not fit the type of their column. The column is null "
    "there, and the value is kept in _extra.",
    severity=Severity.WARN,
    judge=_judge_misfits,
)

UNREAD = Check(
    name="all_were_read",
    description="Fails where a record could not be read whole, by one: the parts of a "
    "conversation, the segments of a company, a list inside of a contact. It is asked for again at "
    "each sync, until it is read or marked as deleted.",
    severity=Severity.WARN,
    judge=_judge_unread,
)

CURSOR = Check(
    name="cursor_is_not_ahead",
    description="Fails where the stored cursor is ahead of the clock: records updated until then "
    "would not be asked for. Set the clock right, or sync with full_refresh.",
    severity=Severity.ERROR,
    judge=_judge_cursor,
)
