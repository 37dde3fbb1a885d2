"""The jobs of a source: sync and reconcile. `schedules` decides when they run.

Jobs set the in-process executor, because a process per asset costs seconds and DuckDB allows only
one writing process.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from intercom_assets.orchestration.assets import SharedSyncConfig
from intercom_assets.orchestration.specs import SourceSpecs, options_key

SOURCE_TAG = "intercom/source"
"""Tag that finds the runs of a source's jobs in the UI."""


def build_sync_job(specs: SourceSpecs) -> Any:  # noqa: ANN401 - its type is private
    """Build the job that reads what changed."""
    return _job(
        specs,
        "sync",
        specs.keys(),
        f"Sync every selected resource of the Intercom source {specs.settings.name}, then its "
        "models.",
    )


def build_reconcile_job(specs: SourceSpecs) -> Any:  # noqa: ANN401 - its type is private
    """Build the job that syncs and then compares every stored row with Intercom."""
    settings = specs.settings
    return _job(
        specs,
        "reconcile",
        specs.keys(),
        f"Sync the Intercom source {settings.name}, then compare every stored row with Intercom: "
        "fetch what syncs missed, mark what Intercom confirms as gone, and read the segments of "
        "all companies again.",
        config=dg.RunConfig(
            resources={options_key(settings.name): SharedSyncConfig(reconcile=True)}
        ),
    )


def build_resource_jobs(specs: SourceSpecs) -> list[Any]:
    """Build a job for each resource that has a schedule of its own."""
    return [
        _job(
            specs,
            f"{name}_sync",
            specs.tables(name),
            f"Sync {name} of the Intercom source {specs.settings.name}, and what is read per "
            "record.",
        )
        for name in specs.settings.schedules
    ]


def _job(
    specs: SourceSpecs,
    name: str,
    keys: Sequence[dg.AssetKey],
    description: str,
    *,
    config: dg.RunConfig | None = None,
) -> Any:  # noqa: ANN401 - as above
    source = specs.settings.name
    return dg.define_asset_job(
        f"{source}_{name}",
        selection=dg.AssetSelection.assets(*keys),
        executor_def=dg.in_process_executor,
        description=description,
        tags={SOURCE_TAG: source},
        config=config,
    )
