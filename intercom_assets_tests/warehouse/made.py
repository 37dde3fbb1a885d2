"""Every view that a source can have, as it is written for each warehouse.

`python -m intercom_assets_tests.warehouse.made` writes them where they are reviewed.
"""

from collections.abc import Iterator
from pathlib import Path

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.views import MODELS, Flat, Model
from intercom_assets.schema.types import ColumnType
from intercom_assets.sync.source import Source
from intercom_assets.views.build import view_target
from intercom_assets.warehouse import duckdb_views
from intercom_assets.warehouse.snowflake import views as snowflake_views
from intercom_assets.warehouse.views import FlatView, MembersView, Pick, View

REVIEWED = {
    dialect: Path(__file__).with_name(f"views_{dialect}.sql") for dialect in ("duckdb", "snowflake")
}

SOURCE = Source(name="eu", schema="intercom", prefix="eu_")

PICKS = (
    Pick("custom_plan_tier", "plan_tier", ColumnType.TEXT),
    Pick("custom_seats", "Seats", ColumnType.INTEGER),
    Pick("custom_arr", "ARR €", ColumnType.DOUBLE),
    Pick("custom_is_beta", "is.beta", ColumnType.BOOLEAN),
    Pick("custom_trial_ends_at", "trial_ends_at", ColumnType.TIMESTAMP),
    Pick("custom_it_s_odd", 'it\'s / "odd" ~ \\', ColumnType.TEXT),
    Pick("custom_会社名", "会社名", ColumnType.TEXT),
)
"""A column of each type, and keys that have to be quoted."""


def view_of(model: Model) -> View:
    """Define the view of a model, with few columns of its table."""
    shape = model.shape
    table = SOURCE.target(CATALOG[shape.resource])
    target = view_target(SOURCE, model)
    if isinstance(shape, Flat):
        flat = FlatView(table=table, columns=("id", "name"), map=shape.column, picks=PICKS)
        return View(target, model.description, flat)
    members = MembersView(
        table=table,
        column=shape.column,
        path=shape.path,
        field=shape.field,
        key=shape.key,
        member=shape.member,
    )
    return View(target, model.description, members)


def statements(dialect: str) -> Iterator[tuple[str, str]]:
    """Give each statement with what it is for."""
    if dialect == "duckdb":
        for model in MODELS:
            one = duckdb_views.ViewStatements(view_of(model))
            yield f"{model.name} replace", one.replace()
            yield f"{model.name} comment", one.comment()
        yield "rename", one.rename("VIEW")
        return
    for model in MODELS:
        other = snowflake_views.ViewStatements(view_of(model))
        yield f"{model.name} replace", other.replace()
    yield f"{model.name} create", other.create()
    yield "rename", other.rename("TABLE")
    yield "show_views", snowflake_views.show_views("intercom", "eu_it's_rudder_")
    yield "show_objects", snowflake_views.show_objects("intercom", "eu_rudder_")


def rendered(dialect: str) -> str:
    """Give all statements as they are reviewed."""
    parts = statements(dialect)
    return "\n".join(f"-- {what}\n{statement.rstrip(';')};\n" for what, statement in parts)


if __name__ == "__main__":
    for name, file in REVIEWED.items():
        file.write_text(rendered(name))
