"""Whose tables a sync may write: those of its own source and workspace."""

from collections.abc import Mapping

from intercom_assets.engine.cursor import Source
from intercom_assets.engine.extract import Extract
from intercom_assets.errors import ConfigurationError
from intercom_assets.intercom.workspace import Workspace
from intercom_assets.warehouse.base import StoredCursor


def refuse_other_source(cursors: Mapping[str, StoredCursor], source: Source) -> None:
    """Refuse tables that another source wrote.

    Raises:
        ConfigurationError: They are not this source's; names the other one.
    """
    others = {cursor.source for cursor in cursors.values()} - {"", source.name}
    if not others:
        return
    owner = min(others)
    raise ConfigurationError(
        f"The tables {source.schema}.{source.prefix}rudder_… belong to the Intercom source "
        f"{owner!r}, but this one is named {source.name!r}. Write `name: {owner}` into its "
        "defs.yaml, if it is the same source under a new name; else give this one another "
        "table_prefix. Nothing was read"
    )


def refuse_other_workspace(
    cursors: Mapping[str, StoredCursor], workspace: Workspace, extract: Extract
) -> None:
    """Refuse tables of another workspace than the token's.

    Raises:
        ConfigurationError: They hold another one; names both.
    """
    for cursor in cursors.values():
        if cursor.workspace_id and cursor.workspace_id != workspace.id:
            raise ConfigurationError(
                f"The tables {extract.source.schema}.{extract.source.prefix}rudder_… hold "
                f"workspace {cursor.workspace_id} (region {cursor.region}), but the access token "
                f"belongs to workspace {workspace.id} ({workspace.name}). Use the token of that "
                "workspace, or another table_prefix for this one. Nothing was read"
            )
