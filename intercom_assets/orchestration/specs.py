"""The asset specs and keys of a source: what Dagster shows of it, and where users change that.

A translation may change any spec, its key included, so everything else looks keys up here.
"""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeAlias

import dagster as dg

from intercom_assets import catalog
from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.describe import how_synced, request_line, sync_type
from intercom_assets.catalog.replication import PerParent
from intercom_assets.catalog.shapes import Model
from intercom_assets.catalog.table import Column
from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.schedules import freshness_of
from intercom_assets.settings.source import Settings
from intercom_assets.views.build import view_target
from intercom_assets.warehouse.dialects import DUCKDB_TYPES

SQL_TYPES = {kind: name.lower() for kind, name in DUCKDB_TYPES.items()}
"""Column types as shown in the UI."""

FAMILY = "intercom/family"
"""Tag with the family of a resource, by which users filter and select assets."""

_DECLARATION = re.compile(r'(?:Resource|Model|_file|_dataset)\(\s*(?:name=)?"(\w+)"')


def connection_key(source: str) -> str:
    """Return the key of a source's connection to Intercom."""
    return f"{source}_intercom"


def io_manager_key(source: str) -> str:
    """Return the key of the IO manager that writes a source's tables."""
    return f"{source}_io_manager"


def options_key(source: str) -> str:
    """Return the key of the options of a run, which hold for all assets of a source."""
    return f"{source}_options"


def pool_name(source: str) -> str:
    """Return the pool of a source's steps, which dagster.yaml limits to one run at a time."""
    return f"intercom/{source}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetProps:
    """What a translation may use of a table or view, such as `{{ props.name }}`."""

    source: str
    name: str
    table: str
    is_view: bool
    spec: dg.AssetSpec
    """The spec as it is without a translation."""


Translation: TypeAlias = Callable[[AssetProps], dg.AssetSpec]
"""Returns the spec of an asset; the default is the spec that it is given."""


def untranslated(props: AssetProps) -> dg.AssetSpec:
    """Return the spec as it is."""
    return props.spec


class SourceSpecs:
    """The specs of a source's resources and models by name, parents before children.

    Attributes:
        unselected: Parents that the settings do not select, whose stored rows are read.
    """

    def __init__(self, settings: Settings, translation: Translation = untranslated) -> None:
        """Build the specs, and let the translation change each.

        Raises:
            ConfigurationError: Two assets would have one key.
        """
        self.settings = settings
        self._translation = translation
        self._specs: dict[str, dg.AssetSpec] = {}
        self._freshness = freshness_of(settings)
        selected = {resource.name for resource in settings.resources}
        parents = {resource.parent for resource in settings.resources if resource.parent}
        self.unselected = tuple(sorted(parents - selected))
        for parent in self.unselected:
            self._add(CATALOG[parent], self._external(parent))
        for resource in settings.resources:
            self._add(resource, self._table(resource))
        for model in settings.views:
            self._add(model, self._view(model))

    def __getitem__(self, name: str) -> dg.AssetSpec:
        """Return the spec of a resource or model."""
        return self._specs[name]

    def key(self, name: str) -> dg.AssetKey:
        """Return the key of a resource or model, or its default key if it is not in the source."""
        spec = self._specs.get(name)
        return spec.key if spec else self._default_key(name)

    def tables(self, of: str | None = None) -> list[dg.AssetKey]:
        """Return the keys of the selected resources, or of one with its children."""
        return [
            self.key(one.name)
            for one in self.settings.resources
            if of is None or of in (one.name, one.parent)
        ]

    def keys(self) -> list[dg.AssetKey]:
        """Return the keys of all selected resources and models."""
        return [*self.tables(), *(self.key(model.name) for model in self.settings.views)]

    def name_of(self, key: dg.AssetKey) -> str | None:
        """Return the name of the resource or model with a key, or None for a foreign key."""
        return next((name for name, spec in self._specs.items() if spec.key == key), None)

    @property
    def renamed(self) -> dict[str, str]:
        """The names of assets whose keys a translation changed, by key."""
        return {
            spec.key.to_user_string(): name
            for name, spec in self._specs.items()
            if spec.key != self._default_key(name)
        }

    def _default_key(self, name: str) -> dg.AssetKey:
        return dg.AssetKey([self.settings.name, name])

    def _add(self, one: Resource | Model, spec: dg.AssetSpec) -> None:
        source, is_view = self.settings.source, isinstance(one, Model)
        target = view_target(source, one) if isinstance(one, Model) else source.target(one)
        props = AssetProps(
            source=source.name, name=one.name, table=target.name, is_view=is_view, spec=spec
        )
        translated = self._translation(props)
        if other := self.name_of(translated.key):
            raise ConfigurationError(
                f"The translation of source {source.name} gives {other} and {one.name} the same "
                f"key, {translated.key.to_user_string()}. Use the name in it: "
                "key: support/{{ props.name }}"
            )
        self._specs[one.name] = translated

    def _external(self, parent: str) -> dg.AssetSpec:
        return dg.AssetSpec(
            self._default_key(parent),
            group_name=self.settings.name,
            description="Not selected in the settings; its stored rows are used as they are.",
        )

    def _tags(self, resource: str) -> dict[str, str]:
        return {FAMILY: CATALOG.family_of(resource), **dict(self.settings.tags)}

    def _table(self, resource: Resource) -> dg.AssetSpec:
        settings = self.settings
        columns = [_table_column(column, resource) for column in resource.table.all_columns]
        parent = self.key(resource.parent) if resource.parent else None
        return dg.AssetSpec(
            key=self._default_key(resource.name),
            deps=[parent] if parent else None,
            group_name=settings.name,
            kinds={"intercom", settings.warehouse.kind},
            owners=settings.owners,
            tags=self._tags(resource.name),
            freshness_policy=self._freshness,
            description=_description(resource),
            metadata={
                "dagster/table_name": settings.warehouse.table_name(
                    settings.source.target(resource).name
                ),
                "dagster/column_schema": dg.TableSchema(columns=columns),
                "sync_type": sync_type(resource),
                "primary_key": ", ".join(resource.primary_key),
                "endpoint": request_line(resource),
                **column_lineage(resource, parent),
                **_code_reference(resource.name),
            },
        ).with_io_manager_key(io_manager_key(settings.name))

    def _view(self, model: Model) -> dg.AssetSpec:
        settings = self.settings
        target = view_target(settings.source, model)
        with warnings.catch_warnings():
            # Dagster would warn every user of this package that virtual assets are a preview.
            warnings.simplefilter("ignore", dg.PreviewWarning)
            return dg.AssetSpec(
                key=self._default_key(model.name),
                deps=[self.key(resource) for resource in model.sources],
                # Left out if its tables were never synced.
                skippable=True,
                # A view is as new as its tables, whichever run synced them.
                is_virtual=True,
                group_name=settings.name,
                kinds={"intercom", settings.warehouse.kind, "view"},
                owners=settings.owners,
                tags=self._tags(model.shape.resource),
                freshness_policy=self._freshness,
                description=model.description,
                metadata={
                    "dagster/table_name": replace(
                        settings.warehouse, schema=target.schema
                    ).table_name(target.name),
                    **_code_reference(model.name),
                },
            ).with_io_manager_key(io_manager_key(settings.name))


def column_lineage(
    resource: Resource, parent: dg.AssetKey | None
) -> dict[str, dg.TableColumnLineage]:
    """Return lineage metadata: a child's parent key comes from the parent's table."""
    link = resource.replication
    if not isinstance(link, PerParent) or parent is None:
        return {}
    [key] = CATALOG[link.parent].primary_key
    origin = dg.TableColumnDep(asset_key=parent, column_name=key)
    return {"dagster/column_lineage": dg.TableColumnLineage(deps_by_column={link.key: [origin]})}


def _code_reference(declared: str) -> dict[str, dg.CodeReferencesMetadataValue]:
    """Return metadata that links to the file that declares a resource or model, if found."""
    file = _declaring_files().get(declared)
    if file is None:
        return {}
    with warnings.catch_warnings():
        # Dagster warns of its own beta classes, once per asset.
        warnings.simplefilter("ignore", dg.BetaWarning)
        reference = dg.LocalFileCodeReference(file_path=str(file), label=file.name)
        return {
            "dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])
        }


@cache
def _declaring_files() -> dict[str, Path]:
    folder = Path(catalog.__file__).parent
    if not (folder.parents[1] / "pyproject.toml").exists():
        return {}  # an installed wheel, whose files are nobody's to open
    # Searched in the source text, since a value does not know where it was declared.
    return {
        name: file
        for file in folder.rglob("*.py")
        for name in _DECLARATION.findall(file.read_text(encoding="utf-8"))
    }


def _description(resource: Resource) -> str:
    key = " and ".join(f"`{name}`" for name in resource.primary_key)
    return (
        f"{resource.description}\n\nA row is identified by {key}; what is gone from Intercom keeps "
        f"its row, with `_deleted_at` set. {how_synced(resource)}\n\n"
        f"[Intercom's documentation]({resource.docs})"
    )


def _table_column(column: Column, resource: Resource) -> dg.TableColumn:
    is_key = column.name in resource.primary_key
    return dg.TableColumn(
        name=column.name,
        type=SQL_TYPES[column.type],
        description=column.description,
        constraints=dg.TableColumnConstraints(
            nullable=not is_key, unique=is_key and len(resource.primary_key) == 1
        ),
    )
