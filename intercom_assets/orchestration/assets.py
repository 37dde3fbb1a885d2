"""Builds one asset per resource from its declaration.

An asset returns an `Extract`, which says what to read. The IO manager does the reading, because
reading and loading overlap. Views are in `views`, checks in `checks`.
"""

from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, TypeAlias

import dagster as dg
from pydantic import Field

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.engine import SYNC_OPTIONS
from intercom_assets.engine.cursor import SyncOptions
from intercom_assets.engine.extract import Extract
from intercom_assets.engine.mask import Mask
from intercom_assets.engine.progress import Listener, LogListener
from intercom_assets.orchestration.checks import check_specs, check_table
from intercom_assets.orchestration.connections import explained
from intercom_assets.orchestration.specs import (
    SourceSpecs,
    connection_key,
    io_manager_key,
    options_key,
    pool_name,
)
from intercom_assets.quality.checks import checks_of
from intercom_assets.settings.fields import option_instant
from intercom_assets.settings.privacy import Privacy, hash_key
from intercom_assets.settings.source import Settings

_Result: TypeAlias = dg.MaterializeResult[Extract] | dg.AssetCheckResult

WATCHER: ContextVar[Listener | None] = ContextVar("watcher", default=None)
"""A listener for runs in the same thread: the command line's progress display."""


class SharedSyncConfig(dg.ConfigurableResource):  # type: ignore[type-arg]  # no value of its own
    """What all assets of a run are asked beyond their settings; one's own config goes first."""

    full_refresh: bool = Field(default=False, description=SYNC_OPTIONS["full_refresh"])
    since: str = Field(default="", description=SYNC_OPTIONS["since"])
    until: str = Field(default="", description=SYNC_OPTIONS["until"])
    reconcile: bool = Field(default=False, description=SYNC_OPTIONS["reconcile"])
    force: bool = Field(default=False, description=SYNC_OPTIONS["force"])


def _own(option: str) -> Any:  # noqa: ANN401 - as pydantic's `Field`
    return Field(default=None, description=SYNC_OPTIONS[option])


class SyncConfig(dg.Config):
    """The same for one asset; what is not set is as for the whole run."""

    full_refresh: bool | None = _own("full_refresh")
    since: str | None = _own("since")
    until: str | None = _own("until")
    reconcile: bool | None = _own("reconcile")
    force: bool | None = _own("force")


def build_assets(specs: SourceSpecs) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Build an asset per selected resource, and a spec per parent that is not selected."""
    return [
        *(_asset(specs, resource) for resource in specs.settings.resources),
        *(specs[parent] for parent in specs.unselected),
    ]


def _asset(specs: SourceSpecs, resource: Resource) -> dg.AssetsDefinition:
    settings = specs.settings
    key, source = specs.key(resource.name), settings.name
    keys = {connection_key(source), io_manager_key(source), options_key(source)}

    # A multi-asset of one asset, because only subsetting lets a check be executed alone.
    @dg.multi_asset(
        name=op_name(source, resource.name),
        specs=[specs[resource.name]],
        check_specs=check_specs(key, checks_of(resource, settings.start_of(resource.name))),
        can_subset=True,
        op_tags={"dagster/priority": str(_priority(resource))},
        required_resource_keys=keys,
        pool=pool_name(source),
    )
    def sync(context: dg.AssetExecutionContext, config: SyncConfig) -> Iterator[_Result]:
        if context.selected_asset_keys:
            extract = _extract(context, config, settings, resource)
            yield dg.MaterializeResult(asset_key=key, value=extract)
        # Dagster resumes here once the IO manager has stored the rows.
        yield from check_table(context, key, settings, resource)

    return sync


def op_name(source: str, resource: str) -> str:
    """Return the name of an asset's op, by which run config addresses it."""
    return f"{source}__{resource}"


def _extract(
    context: dg.AssetExecutionContext, config: SyncConfig, settings: Settings, resource: Resource
) -> Extract:
    shared = getattr(context.resources, options_key(settings.name))
    with explained():
        return Extract(
            source=replace(settings.source, start_date=settings.start_of(resource.name)),
            resource=resource,
            parent=CATALOG[resource.parent] if resource.parent else None,
            connection=getattr(context.resources, connection_key(settings.name)).open(),
            request=_request(config, shared, context.run),
            listener=LogListener(context.log, resource.name, WATCHER.get()),
            optional=resource.name in settings.optional,
            mask=_mask(settings.privacy, resource.name),
            preview=settings.preview,
        )


def _mask(privacy: Privacy, resource: str) -> Mask | None:
    hidden = privacy.of(resource)
    # Read here, so that Dagster has the salt nowhere.
    key = hash_key(privacy) if hidden.hashed else b""
    return Mask(CATALOG[resource].table, hidden, key) if hidden else None


def _priority(resource: Resource) -> int:
    # Steps run in catalogue order, each child right after its parent. Children need the most
    # requests: if they all ran at the end, they would wait for quota after earlier windows went
    # almost unused. Models have no priority and run last.
    return len(CATALOG.names) - CATALOG.names.index(resource.name)


def _request(config: SyncConfig, shared: SharedSyncConfig, run: dg.DagsterRun) -> SyncOptions:
    asked = {**dict(shared), **config.model_dump(exclude_none=True)}
    return SyncOptions(
        full_refresh=asked["full_refresh"],
        since=option_instant("since", asked["since"]),
        until=option_instant("until", asked["until"]),
        reconcile=asked["reconcile"],
        force=asked["force"],
        run_id=run.run_id,
        first_run_id=run.root_run_id or "",
    )
