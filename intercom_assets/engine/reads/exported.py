"""Reads of exports: one of the CSV files that each window of time is exported into.

What happens to a message later, such as an open, is only in an export of the time when it was sent.
So a window begins some days, `export_rewind`, before the cursor, and where a first read takes
several windows they overlap by as much. A report says how its records stand now: its windows
overlap by a day, as Intercom does not say whether their ends are part of them.
"""

import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import assert_never

from intercom_assets.catalog.endpoints import Export, ReportExport
from intercom_assets.catalog.replication import Exported
from intercom_assets.catalog.types import EPOCH, ColumnType, Json, Record
from intercom_assets.engine.cursor import Batch, Checkpoint, reached
from intercom_assets.engine.extract import ReadContext, local_now
from intercom_assets.engine.rows import hash_record
from intercom_assets.errors import PermanentError
from intercom_assets.intercom.exports.datasets import datasets_call, find_dataset
from intercom_assets.intercom.exports.files import ExportFile
from intercom_assets.intercom.exports.job import ExportRequest, Span, content_job, report_job

_PAGE = 500
_RECEIPT = "receipt_id"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: ?UTC)?")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Form:
    """How windows are asked for, and what is in their files.

    Attributes:
        file: Name of the CSV.
        names: What holds a cell, by the name of its column in lower case.
        needed: Columns without which a CSV is damaged.
        key: What tells records apart.
        overlap: By how much windows overlap.
    """

    job: Callable[[Span], ExportRequest]
    file: str
    names: Mapping[str, str]
    key: tuple[str, ...]
    rest: str | None
    overlap: timedelta
    needed: frozenset[str] = frozenset()
    numbered: bool = False


async def read_exported(
    context: ReadContext, export: Export | ReportExport, link: Exported
) -> AsyncGenerator[Batch]:
    """Read windows oldest first, with a checkpoint after each, and a full file in parts.

    The end is the same for all resources of a run, so that they share jobs and files.
    """
    end, done = context.workspace.date or local_now(), 0
    begin, form = _begin(context), await _form_of(context, export)
    pending = spans(begin, end, form.overlap, longest := timedelta(days=link.days))
    while (span := next(pending, None)) is not None:
        file = await context.exports.export(context.session, form.job(span))
        if file is not None and file.lines >= context.exports.policy.most_lines:
            longest = _shorter(context, file, span, longest, overlap=form.overlap)
            pending = spans(span.since, end, form.overlap, longest)
            continue
        for records in _pages(context, form, file) if file else ():
            done += len(records)
            rows = context.shaper.lines(records, masked=True)
            yield Batch(rows=rows, returned=len(records), done=done)
        yield Batch(checkpoint=Checkpoint(at=reached(context.window, span.until, end)), done=done)


async def _form_of(context: ReadContext, export: Export | ReportExport) -> _Form:
    columns = _types(context, export.rest)
    match export:
        case Export(file, key, rest):
            names = {name.lower(): name for name in columns}
            return _Form(partial(content_job, export), file, names, key, rest, context.rewind)
        case ReportExport(dataset, key, numbered, rest):
            answer = await context.session.ask(datasets_call(export))
            found = find_dataset(export, answer, columns)
            if found.left_out:
                context.note(
                    f"not asked for is {', '.join(found.left_out)}: a CSV calls another attribute "
                    "the same"
                )
            key = (*key, found.time) if numbered else key
            app_id = context.workspace.id
            return _Form(
                lambda span: report_job(export, span, found.asked, app_id),
                dataset,
                found.names,
                key,
                rest,
                _DAY,
                needed=frozenset(key),
                numbered=numbered,
            )
        case _:
            assert_never(export)


def spans(begin: datetime, end: datetime, rewind: timedelta, longest: timedelta) -> Iterator[Span]:
    """Cover a window by spans that overlap by `rewind`.

    Several of them end at the same moments whenever they are asked for: a message that is exported
    again comes with no fewer events than the last time.
    """
    if begin >= end:
        return
    if end - begin <= longest:
        yield Span(begin, end)
        return
    start = begin - (begin - EPOCH) % (longest - rewind)
    while start + longest < end:
        yield Span(max(start, begin), start + longest)
        start += longest - rewind
    yield Span(max(start, begin), end)


def _begin(context: ReadContext) -> datetime:
    start_date = context.window.start_date
    begin = context.beginning
    # Resources with cursors of one day share their exports.
    midnight = datetime.combine(begin.astimezone(UTC).date(), time.min, UTC)
    return midnight if start_date is None else max(midnight, start_date)


def _shorter(
    context: ReadContext, file: ExportFile, span: Span, longest: timedelta, *, overlap: timedelta
) -> timedelta:
    shorter = min(longest, span.until - span.since) / 2
    if shorter < overlap + _DAY:
        raise PermanentError(
            file.request,
            f"The export of {span} has {file.lines:,} lines, and Intercom leaves out what exceeds "
            f"{context.exports.policy.most_lines:,}",
            "Set export_rewind to fewer days, then run again",
        )
    context.note(f"the export of {span} is as large as Intercom makes one: reading it in parts")
    return shorter


def _types(context: ReadContext, rest: str | None) -> dict[str, ColumnType]:
    """Return the types of declared columns, by what a CSV calls them."""
    columns = [column for column in context.declared if column.name != rest]
    types = {column.path[0]: column.type for column in columns}
    return types | {column.legacy.field: column.type for column in columns if column.legacy}


def _pages(context: ReadContext, form: _Form, file: ExportFile) -> Iterator[list[Record]]:
    """Yield the records of a CSV, as many at a time as are shaped at once."""
    types = _types(context, form.rest)
    lines = file.records(form.file, form.names, form.needed)
    records = context.shaper.masked(_gathered(line, form.rest, types) for line in lines)
    if "id" in context.resource.primary_key:
        # The key is made of what is not hidden, and before anything is converted: a release that
        # declares more columns must not change it.
        records = keyed(records, form.key, form.rest, numbered=form.numbered)
    pages = iter(records)
    while page := list(islice(pages, _PAGE)):
        yield [_typed(one, types) for one in page]


def _gathered(line: Record, rest: str | None, types: Mapping[str, ColumnType]) -> Record:
    if rest is None:
        return {**line}
    others: Record = {name: line[name] for name in line if name not in types}
    return {name: line[name] for name in line if name in types} | {rest: others}


def keyed(
    records: Iterable[Record],
    key: tuple[str, ...],
    rest: str | None = None,
    *,
    numbered: bool = False,
) -> Iterator[Record]:
    """Add an `id` to records, which the same records have in a later export.

    Where no declared column tells the records of a receipt apart, their first time does, and their
    place among equals: a hash of all columns would change, and each row come twice, when Intercom
    adds one.
    """
    places = Counter[str]()
    for one in records:
        others = one.get(rest) if rest else None
        cells = {**others, **one} if isinstance(others, dict) else one
        known = {name: cells[name] for name in key or (_RECEIPT,) if name in cells}
        if numbered and key[-1] not in known:
            # Files are cut by this time: without it, a place among equals is one of the file.
            known = {}
        if known and not key:
            texts = (cell for cell in one.values() if isinstance(cell, str))
            known["at"] = next(filter(_TIME.fullmatch, texts), None)
        made = hash_record(known or one)
        if known and (numbered or not key):
            places[made] += 1
            made = f"{made}-{places[made]}"
        yield {**one, "id": made}


def _typed(record: Record, types: Mapping[str, ColumnType]) -> Record:
    return {
        name: _FROM_TEXT[types[name]](cell) if name in types and isinstance(cell, str) else cell
        for name, cell in record.items()
    }


def _instant(cell: str) -> Json:
    if cell.isdecimal():
        return int(cell)
    # Times without an offset are UTC.
    found = _TIME.fullmatch(cell)
    return f"{found[1]}T{found[2]}Z" if found else cell


def _integer(cell: str) -> Json:
    return int(cell) if re.fullmatch(r"-?\d{1,18}", cell) else cell


def _double(cell: str) -> Json:
    return float(cell) if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?", cell) else cell


def _boolean(cell: str) -> Json:
    return {"true": True, "false": False}.get(cell.lower(), cell)


def _as_it_is(cell: str) -> Json:
    return cell


_FROM_TEXT: Mapping[ColumnType, Callable[[str], Json]] = MappingProxyType({
    ColumnType.TEXT: _as_it_is,
    ColumnType.JSON: _as_it_is,
    ColumnType.INTEGER: _integer,
    ColumnType.DOUBLE: _double,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.TIMESTAMP: _instant,
})  # fmt: skip
