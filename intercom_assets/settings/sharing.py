"""What sources of one project share, and what they must not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from intercom_assets.errors import ConfigurationError
from intercom_assets.settings.source import Settings


def refuse_shared_tables(sources: Sequence[Settings]) -> None:
    """Reject sources that would write the same tables and mark each other's rows.

    Raises:
        ConfigurationError: Names both sources and the table, or the name that they share.
    """
    owners: dict[str, Settings] = {}
    for source in sources:
        table = f"{source.table_prefix}rudder_"
        other = owners.setdefault(source.warehouse.place(table), source)
        if other is not source:
            raise ConfigurationError(
                f"The Intercom sources {other.name!r} and {source.name!r} would both write the "
                f"tables {source.warehouse.table_name(table)}…. Give one of them another "
                "table_prefix or warehouse_schema"
            )
        if source.fivetran_schema:
            views = replace(source.warehouse, schema=source.fivetran_schema).place("")
            other = owners.setdefault(views, source)
            if other is not source:
                raise ConfigurationError(
                    f"The Intercom sources {other.name!r} and {source.name!r} would both make "
                    "Fivetran's views in one schema. Give one of them another fivetran_schema"
                )
    for name, count in Counter(source.name for source in sources).items():
        if count > 1:
            raise ConfigurationError(
                f"Two Intercom sources are named {name!r}. Give one of them another name"
            )


def is_united(source: Settings, other: Settings) -> bool:
    """Return whether a source's rows are shown together with those of its warehouse and schema."""
    return source.union_views and source.warehouse.place("") == other.warehouse.place("")
