"""Which rows a sync left behind, compared with what the workspace holds."""

from typing import Any

from intercom_assets_tests.dagster_project.processes import Machine
from intercom_assets_tests.dagster_project.running import query
from intercom_simulator import Workspace


def assert_landed(machine: Machine, workspace: Workspace, *resources: str) -> None:
    """Compare the keys of tables with what the workspace holds."""
    for resource in resources:
        assert stored(machine, resource) == workspace_ids(workspace, resource), resource


def stored(machine: Machine, resource: str) -> set[str]:
    """Read the keys of a table."""
    rows = query(machine.database, f"SELECT * FROM intercom.rudder_{resource}")
    return {key_of(resource, row) for row in rows}


def workspace_ids(workspace: Workspace, resource: str) -> set[str]:
    """Give the keys that a perfect sync sees."""
    return {key_of(resource, one) for one in workspace.truth(resource, include_archived=True)}


def key_of(resource: str, record: dict[str, Any]) -> str:
    """Give what identifies a record of a resource."""
    if resource.endswith("_attributes"):
        return str(record["full_name"])
    parent = record.get("conversation_id") or record.get("company_id")
    has_parent = resource in {"conversation_parts", "company_segments"}
    return f"{parent}/{record['id']}" if has_parent else str(record["id"])
