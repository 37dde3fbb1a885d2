"""Every statement that Snowflake may be sent, for a table of each kind.

`python -m intercom_assets_tests.warehouse.sent` writes them where they are reviewed.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from intercom_assets.catalog.table import EXTRA, Column, Table, integer, text, timestamp
from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.questions import (
    BadKeys,
    Cells,
    Copies,
    Counting,
    ExtraFields,
    Incomplete,
    Orphans,
    Strangers,
    sampled,
)
from intercom_assets.warehouse.snowflake.cursors import CursorStatements, LeaseStatements
from intercom_assets.warehouse.snowflake.dialect import SnowflakeDialect
from intercom_assets.warehouse.snowflake.staging import Staging
from intercom_assets.warehouse.snowflake.statements import Statements
from intercom_assets.warehouse.warehouse import Target

REVIEWED = Path(__file__).with_name("snowflake.sql")

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

STAGED = '"INTERCOM"."RUDDER__STAGED_B"'


def statements() -> Iterator[tuple[str, str]]:
    """Give each statement with what it is for."""
    one = Statements(Target("intercom", "eu_rudder_things", THINGS))
    yield "create", one.create()
    yield "describe", one.describe()
    yield "rename", one.rename()
    yield from _staging(one)
    yield "update", one.update(STAGED)
    yield "unmark", one.unmark(STAGED)
    yield "insert", one.insert(STAGED)
    yield "mark_unseen", one.mark_unseen(STAGED)
    yield "mark_missing_children", one.mark_missing_children(STAGED, "parent_id", None, None)
    yield (
        "mark_missing_children of a cut list",
        one.mark_missing_children(
            STAGED, "parent_id", "updated_at", '"INTERCOM"."RUDDER__STAGED_C"'
        ),
    )
    yield "gone", one.gone(STAGED)
    yield "mark_gone", one.mark_gone(STAGED, None)
    yield (
        "mark_gone of what was not read",
        one.mark_gone(STAGED, '"INTERCOM"."RUDDER__STAGED_C"'),
    )
    yield "replace_extra", one.replace_extra()
    yield "unseen", one.unseen(until=True)
    yield "unseen without an end", one.unseen(until=False)
    yield "due", one.due(after=True, limit=500)
    yield "due from the beginning", one.due(after=False, limit=500)
    yield "count_due", one.count_due(after=True)
    copies = Copies(
        target=one.target,
        original=Target("intercom", "eu_rudder_originals", replace(THINGS, primary_key=("id",))),
        key="id",
        columns=("size", "updated_at", "tags"),
    )
    yield "question Copies", copies.query(SnowflakeDialect())
    yield "select", one.select(THINGS.columns)
    cells = Cells(one.target, (*THINGS.columns[2:], THINGS.column(EXTRA)))
    yield "question Cells", cells.query(SnowflakeDialect())
    yield "rewrite", one.rewrite(THINGS.columns[2:], STAGED)
    yield "add_column", one.add_column(THINGS.columns[2])
    yield "fill", one.fill(THINGS.columns[2:], STAGED)
    yield "name_column", one.name_column(THINGS.columns[2])
    yield "count", one.count(live=True)
    yield from _questions(one.target)
    yield from _cursors(CursorStatements("intercom", "eu_"))
    yield from _leases(LeaseStatements("intercom"))
    odd = Statements(Target('two "words"', "12_rudder_things", THINGS))
    yield "names that are not plain", odd.count()


def _staging(one: Statements) -> Iterator[tuple[str, str]]:
    staging = Staging("intercom", "RUDDER__STAGED_A", one.raw)
    yield "staging create", staging.create()
    yield "staging put", staging.put("/tmp/it's here/rows-1.parquet")  # noqa: S108 - never opened
    yield "staging copy", staging.copy()
    yield "stage", one.stage(STAGED, staging.table)
    yield "staging drop", staging.drop()


def _questions(things: Target) -> Iterator[tuple[str, str]]:
    dialect = SnowflakeDialect()
    parents = Target("intercom", "eu_rudder_parents", replace(THINGS, primary_key=("id",)))
    incomplete = Incomplete(target=things, key="parent_id", parent=parents, counted="size", cap=500)
    yield "question BadKeys", sampled(BadKeys(things), dialect, 10)
    yield "question Counting", sampled(Counting(things, "size"), dialect, 1)
    yield "question Orphans", sampled(Orphans(things, "parent_id", parents), dialect, 10)
    yield "question Incomplete", sampled(incomplete, dialect, 10)
    yield "question ExtraFields", sampled(ExtraFields(things), dialect, 100)
    yield "question Strangers", sampled(Strangers(things, "parent_id", parents), dialect, 10)
    within = ExtraFields(things, ("source", "author"))
    yield "question ExtraFields within objects", sampled(within, dialect, 100)


def _cursors(cursors: CursorStatements) -> Iterator[tuple[str, str]]:
    yield "cursors create", cursors.create()
    yield "cursors describe", cursors.describe()
    yield "cursors add_columns", cursors.add_columns(set())[-1]
    yield "cursors enter", cursors.enter()
    yield "cursors select", cursors.select()
    yield "cursors insert", cursors.insert()
    yield "cursors swap", cursors.swap()


def _leases(leases: LeaseStatements) -> Iterator[tuple[str, str]]:
    yield "leases create", leases.create()
    yield "leases enter", leases.enter()
    yield "leases holder", leases.holder()
    yield "leases clear", leases.clear()
    yield "leases take", leases.take()
    yield "leases renew", leases.renew()
    yield "leases release", leases.release()


def rendered() -> str:
    """Give all statements as they are reviewed."""
    return "\n".join(f"-- {what}\n{statement.rstrip(';')};\n" for what, statement in statements())


if __name__ == "__main__":
    REVIEWED.write_text(rendered())
