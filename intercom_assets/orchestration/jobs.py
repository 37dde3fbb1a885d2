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


def build_jobs(specs: SourceSpecs) -> list[Any]:
    """Build the jobs that sync and reconcile, then one for each resource with its own schedule."""
    settings, everything = specs.settings, specs.keys()
    reconciles = dg.RunConfig(
        resources={options_key(settings.name): SharedSyncConfig(reconcile=True)}
    )
    return [
        _job(
            specs,
            "sync",
            everything,
            f"Sync every selected resource of the Intercom source {settings.name}, then its "
            "models.",
        ),
        _job(
            specs,
            "reconcile",
            everything,
            f"Sync the Intercom source {settings.name}, then compare every stored row with "
            "Intercom: fetch what syncs missed, mark what Intercom confirms as gone, and read the "
            "segments of all companies again.",
            config=reconciles,
        ),
        *(
            _job(
                specs,
                f"{name}_sync",
                specs.tables(name),
                f"Sync {name} of the Intercom source {settings.name}, and what is read per record.",
            )
            for name in settings.schedules
        ),
    ]


def _job(
    specs: SourceSpecs,
    name: str,
    keys: Sequence[dg.AssetKey],
    description: str,
    *,
    config: dg.RunConfig | None = None,
) -> Any:  # noqa: ANN401 - its type is private
    source = specs.settings.name
    return dg.define_asset_job(
        f"{source}_{name}",
        selection=dg.AssetSelection.assets(*keys),
        executor_def=dg.in_process_executor,
        description=description,
        tags={SOURCE_TAG: source},
        config=config,
    )
