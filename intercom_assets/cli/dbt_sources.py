"""`intercom-assets dbt-sources`: the tables and models as sources of a dbt project."""

import json
from collections.abc import Iterator

import click

from intercom_assets.catalog.shapes import Fivetran, Model
from intercom_assets.catalog.table import Column
from intercom_assets.cli.project import find_project
from intercom_assets.orchestration.specs import SourceSpecs
from intercom_assets.views.build import view_target


def print_sources() -> None:
    """Print YAML for dbt, in which each table has the key of its asset."""
    for line in _lines(find_project().specs()):
        click.echo(line)


def _lines(sources: list[SourceSpecs]) -> Iterator[str]:
    yield "version: 2"
    yield "sources:"
    for specs in sources:
        settings = specs.settings
        yield f"  - name: {settings.name}"
        yield f"    schema: {json.dumps(settings.schema)}"
        yield "    tables:"
        for resource in settings.resources:
            table = settings.source.target(resource).name
            yield from _table(specs, resource.name, table, resource.description)
            yield "        columns:"
            for column in resource.table.all_columns:
                yield from _column(column)
        for model in settings.views:
            if not isinstance(model.shape, Fivetran):
                yield from _view(specs, model)


def _view(specs: SourceSpecs, model: Model) -> Iterator[str]:
    # The columns of a flat view are known once it is made.
    name = view_target(specs.settings.source, model).name
    yield from _table(specs, model.name, name, model.description)


def _table(specs: SourceSpecs, name: str, table: str, description: str) -> Iterator[str]:
    yield f"      - name: {name}"
    yield f"        identifier: {json.dumps(table)}"
    # JSON is YAML, whatever is in the text.
    yield f"        description: {json.dumps(description, ensure_ascii=False)}"
    meta = {"meta": {"dagster": {"asset_key": specs.key(name).path}}}
    yield f"        config: {json.dumps(meta, ensure_ascii=False)}"


def _column(column: Column) -> Iterator[str]:
    yield f"          - name: {column.name}"
    yield f"            description: {json.dumps(column.description, ensure_ascii=False)}"
