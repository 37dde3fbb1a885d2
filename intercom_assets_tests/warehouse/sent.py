"""Every statement that a warehouse may be sent, for a table of each kind and for every view.

`python -m intercom_assets_tests.warehouse.sent` writes them where they are reviewed.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.fivetran import fivetran_models
from intercom_assets.catalog.shapes import Entries, Fivetran, Flat, Model, Versions
from intercom_assets.catalog.table import (
    EXTRA,
    Column,
    Table,
    boolean,
    integer,
    text,
    timestamp,
)
from intercom_assets.catalog.types import ColumnType
from intercom_assets.catalog.views import MODELS, VERSIONS
from intercom_assets.engine.cursor import Source
from intercom_assets.views.build import view_target
from intercom_assets.warehouse.base import Childless, Target
from intercom_assets.warehouse.cursors import CursorStatements
from intercom_assets.warehouse.dialects import Dialect, DuckDBDialect, SnowflakeDialect
from intercom_assets.warehouse.erasure import Erasing, Erasure, Naming, Replacement
from intercom_assets.warehouse.queries import (
    BrokenVersions,
    Cells,
    Copies,
    Counting,
    DuplicateKeys,
    ExtraFields,
    IncompleteChildren,
    MissingMembers,
    MissingParents,
    sampled,
)
from intercom_assets.warehouse.snowflake.lease import LeaseStatements
from intercom_assets.warehouse.snowflake.staging import Staging
from intercom_assets.warehouse.statements import Statements, qualified, rename
from intercom_assets.warehouse.views import (
    Definition,
    SourceTable,
    UnionView,
    mark_of,
    select,
)
from intercom_assets.warehouse.views import View as WarehouseView

DIALECTS: dict[str, Dialect] = {"duckdb": DuckDBDialect(), "snowflake": SnowflakeDialect()}

THINGS = Table(
    columns=(
        *text(id="Key.", parent_id="The parent's key."),
        *integer(size="Size."),
        *timestamp(updated_at="When it last changed."),
        Column(name="tags", type=ColumnType.JSON, path=("tags",), description="Tags."),
    ),
    primary_key=("parent_id", "id"),
    version="updated_at",
)

SOURCE = Source(name="eu", schema="intercom", prefix="eu_")


def typed_column(name: str, key: str, kind: ColumnType) -> Column:
    """Make a column of a view that is read from a key of a map."""
    return Column(name=name, type=kind, path=(key,), description="Of a map.")


TYPED = (
    typed_column("custom_plan_tier", "plan_tier", ColumnType.TEXT),
    typed_column("custom_seats", "Seats", ColumnType.INTEGER),
    typed_column("custom_arr", "ARR €", ColumnType.DOUBLE),
    typed_column("custom_is_beta", "is.beta", ColumnType.BOOLEAN),
    typed_column("custom_trial_ends_at", "trial_ends_at", ColumnType.TIMESTAMP),
    typed_column("custom_it_s_odd", 'it\'s / "odd" ~ \\', ColumnType.TEXT),
    typed_column("custom_会社名", "会社名", ColumnType.TEXT),
)
"""A column of each type, and keys that have to be quoted."""

STAGED, READ = "STAGED_ROWS", "OTHER_STAGED_ROWS"


def reviewed(dialect: str) -> Path:
    """Name the file in which the statements of a dialect are reviewed."""
    return Path(__file__).with_name(f"statements_{dialect}.sql")


def statements(dialect: Dialect) -> Iterator[tuple[str, str]]:
    """Give each statement with what it is for."""
    table = Statements(Target("intercom", "eu_rudder_things", THINGS), dialect)
    yield from _changes(table)
    yield from _reads(table)
    yield from _queries(table.target, dialect)
    yield from _cursors(CursorStatements("intercom", "eu_", dialect))
    if isinstance(dialect, SnowflakeDialect):
        yield from _staging()
        yield from _leases(LeaseStatements("intercom"))
    for model in (*MODELS, *fivetran_models("intercom_fivetran", CATALOG)):
        yield from _view(model, dialect, new=False)
    yield from _view(MODELS[-1], dialect, new=True)
    yield from _history(table)
    yield from _union(dialect)
    yield from _erasures(table.target, dialect)
    odd = Statements(Target('two "words"', "12_rudder_things", THINGS), dialect)
    yield "names that are not plain", odd.count()


def _changes(one: Statements) -> Iterator[tuple[str, str]]:
    yield "create", one.create()
    yield "rename", rename(one.target, one.dialect)
    for number, statement in enumerate(one.stage("STAGED_ROWS", "STAGED_FILE"), 1):
        yield f"stage {number}", statement
    yield "compare", one.compare(STAGED)
    yield "update", one.update(STAGED)
    yield "unmark", one.unmark(STAGED)
    yield "insert", one.insert(STAGED)
    yield "mark", one.mark(one.unseen_rows(STAGED))
    yield "mark of unseen_in", one.mark(one.unseen_in(STAGED, READ, "parent_id"))
    missing = one.missing_children(STAGED, "parent_id", None, None)
    yield "mark of missing_children", one.mark(missing)
    cut = one.missing_children(STAGED, "parent_id", "updated_at", READ)
    yield "mark of missing_children of a cut list", one.mark(cut)
    yield "merged", one.merged(STAGED, READ)
    yield "replace_extra", one.replace_extra()
    yield "mark of gone_rows", one.mark(one.gone_rows(STAGED, None))
    yield "mark of gone_rows that were not read", one.mark(one.gone_rows(STAGED, READ))
    yield "rewrite", one.rewrite(THINGS.columns[2:], STAGED)
    yield "add_column", one.add_column(THINGS.columns[2])
    yield "fill", one.fill(THINGS.columns[2:], STAGED)
    yield "name_column", one.name_column(THINGS.columns[2])


def _history(one: Statements) -> Iterator[tuple[str, str]]:
    """Give what is sent only where a history is kept."""
    [flag] = boolean(redacted="Whether it was redacted.")
    former = Statements(one.target.history, one.dialect)
    yield "create of the history", former.create()
    yield "archive_replaced", one.archive_replaced(STAGED)
    yield "archive", one.archive(one.unseen_rows(STAGED))
    yield (
        "erase_redacted",
        one.erase_redacted(flag, (THINGS.columns[4], THINGS.column(EXTRA))),
    )
    yield "expire", one.expire()
    yield "rewrite of the history", former.rewrite(THINGS.columns[2:3], STAGED)
    versions = view_target(SOURCE, VERSIONS[0])
    yield "query BrokenVersions", sampled(BrokenVersions(versions), one.dialect, 10)
    yield from _view(VERSIONS[0], one.dialect, new=True)


def _union(dialect: Dialect) -> Iterator[tuple[str, str]]:
    """Give the view of two sources, of which one lacks a column and a known workspace."""
    names = frozenset({"parent_id", "id", "size", "tags"})
    eu = SourceTable(Target("intercom", "eu_rudder_things", THINGS), "eu", "it's \\ w1", names)
    us = SourceTable(Target("intercom", "rudder_things", THINGS), "us", None, names - {"tags"})
    columns = tuple(one for one in THINGS.columns if one.name in names)
    target = Target("intercom", "intercom_things_all", THINGS)
    view = WarehouseView(target, 'Of "eu", "us".', UnionView((eu, us), columns))
    yield from _sent("things_all", view, dialect, new=True)


def _erasures(things: Target, dialect: Dialect) -> Iterator[tuple[str, str]]:
    """Give what is sent to forget somebody."""
    rows = Erasure(things, "parent_id", ("1",))
    values = Erasure(things.history, "parent_id", ("1",), ("tags", EXTRA))
    yield "query Naming", Naming(things, "parent_id").query(dialect)
    yield "query Naming in a list", Naming(things, "tags", ("tags",)).query(dialect)
    lists = Replacement(things, "tags", {"[1]": "[]"})
    erasures: dict[str, Erasing] = {
        "rows": rows,
        "values in the history": values,
        "members of lists": lists,
    }
    for what, one in erasures.items():
        yield f"erasure of {what}, counted", one.found(dialect)[0]
        yield f"erasure of {what}", next(iter(one.statements(dialect)))[0]


def _reads(one: Statements) -> Iterator[tuple[str, str]]:
    yield "unseen", one.unseen(until=True)
    yield "unseen without an end", one.unseen(until=False)
    yield "due", one.due(after=True, limit=500)
    yield "due from the beginning", one.due(after=False, limit=500)
    children = replace(one.target, name="eu_rudder_children")
    childless = Childless("tags", ("total_count",), children, "parent_id")
    yield "due with counts", one.due(after=True, limit=500, childless=childless)
    first = replace(childless, children=None)
    yield "due with counts, the first time", one.due(after=False, limit=500, childless=first)
    yield "count_due", one.count_due(after=True)
    yield "select", one.select({column.name: column.type for column in THINGS.columns})
    yield "count", one.count(live=True)


def _queries(things: Target, dialect: Dialect) -> Iterator[tuple[str, str]]:
    parents = Target("intercom", "eu_rudder_parents", replace(THINGS, primary_key=("id",)))
    key, counted = "parent_id", "size"
    incomplete = IncompleteChildren(
        target=things, key=key, parent=parents, counted=counted, cap=500
    )
    originals = replace(parents, name="eu_rudder_originals")
    same = ("size", "updated_at", "tags")
    copies = Copies(target=things, original=originals, key="id", columns=same)
    cells = Cells(things, (*THINGS.columns[2:], THINGS.column(EXTRA)))
    yield "query DuplicateKeys", sampled(DuplicateKeys(things), dialect, 10)
    yield "query Counting", sampled(Counting(things, counted), dialect, 1)
    yield "query MissingParents", sampled(MissingParents(things, key, parents), dialect, 10)
    yield "query IncompleteChildren", sampled(incomplete, dialect, 10)
    yield "query ExtraFields", sampled(ExtraFields(things), dialect, 100)
    yield "query MissingMembers", sampled(MissingMembers(things, key, parents), dialect, 10)
    within = ExtraFields(things, ("source", "author"))
    yield "query ExtraFields within objects", sampled(within, dialect, 100)
    yield "query Copies", copies.query(dialect)
    yield "query Cells", cells.query(dialect)


def _cursors(cursors: CursorStatements) -> Iterator[tuple[str, str]]:
    yield "cursors create", cursors.create()
    yield "cursors add_columns", cursors.add_columns(set())[-1]
    yield "cursors enter", cursors.enter()
    yield "cursors select", cursors.select()
    yield "cursors insert", cursors.insert()
    yield "cursors swap", cursors.swap()


def _staging() -> Iterator[tuple[str, str]]:
    columns = {one.name: one.type for one in THINGS.columns}
    staging = Staging('"INTERCOM"."RUDDER__STAGED_A"', columns)
    yield "staging create", staging.create()
    yield "staging put", staging.put("/tmp/it's here/rows-1.parquet")  # noqa: S108 - never opened
    yield "staging copy", staging.copy()
    yield "staging typed", f"SELECT * FROM {staging.typed()} AS r"


def _leases(leases: LeaseStatements) -> Iterator[tuple[str, str]]:
    yield "leases create", leases.create()
    yield "leases enter", leases.enter()
    yield "leases holder", leases.holder()
    yield "leases clear", leases.clear()
    yield "leases take", leases.take()
    yield "leases renew", leases.renew()
    yield "leases release", leases.release()


def _view(model: Model, dialect: Dialect, *, new: bool) -> Iterator[tuple[str, str]]:
    return _sent(model.name, view_of(model), dialect, new=new)


def _sent(
    what: str, view: WarehouseView, dialect: Dialect, *, new: bool
) -> Iterator[tuple[str, str]]:
    shown, name = select(view.definition, dialect), qualified(view.target, dialect)
    sent = dialect.view(name, shown, about=view.about, mark=mark_of(view, shown), new=new)
    for number, statement in enumerate(sent, 1):
        yield f"view {what} {'create' if new else 'replace'} {number}", statement


def view_of(model: Model) -> WarehouseView:
    """Define the view of a model, with few columns of its table."""
    shape = model.shape
    definition = Definition(table=SOURCE.target(CATALOG[shape.resource]), shape=shape)
    if isinstance(shape, Flat):
        definition = replace(definition, columns=("id", "name"), typed=TYPED)
    elif isinstance(shape, Entries):
        definition = replace(definition, typed=shape.columns)
    elif isinstance(shape, Versions):
        definition = replace(definition, columns=("id", "name", "_synced_at", "_deleted_at"))
    elif isinstance(shape, Fivetran):
        other = SOURCE.target(CATALOG[shape.lookup.resource]) if shape.lookup else None
        definition = replace(definition, mapped=shape.columns, joined=other)
    return WarehouseView(view_target(SOURCE, model), model.description, definition)


def rendered(dialect: Dialect) -> str:
    """Give all statements as they are reviewed."""
    sent = statements(dialect)
    return "\n".join(f"-- {what}\n{statement.rstrip(';')};\n" for what, statement in sent)


if __name__ == "__main__":
    for dialect_name, value in DIALECTS.items():
        reviewed(dialect_name).write_text(rendered(value))
