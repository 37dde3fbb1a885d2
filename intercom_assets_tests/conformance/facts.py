"""What Intercom's OpenAPI specs document about the fields of each resource.

The specs are large and not part of the repository; what the tests need of them is the table
`facts.tsv` beside this file, one line per field and type. With the specs at hand,
`python -m intercom_assets_tests.conformance.facts --write` writes it anew.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from intercom_assets.catalog import CATALOG, ApiVersion, Resource
from intercom_assets.catalog.endpoints import (
    Child,
    ChildSearch,
    Endpoint,
    Export,
    Listing,
    ReportExport,
    Search,
)
from intercom_assets.catalog.types import Json
from intercom_assets_tests.conformance.reviewed import ANSWERS, RECORD_TYPES, RECORDS_ELSEWHERE

TABLE = Path(__file__).with_name("facts.tsv")
SPECS = Path(
    os.environ.get("INTERCOM_OPENAPI_DIR")
    or Path(__file__).parents[2].parent / "shared" / "openapi"
)
VERSIONS = tuple(ApiVersion.parse(one) for one in ("2.7", "2.11", "2.14", "2.16"))
"""Versions whose specs the catalogue is compared with."""

_MANY = 10

_CSV = "data_export_csv"
"""What the specs call the only file of an export that they describe, apart from any answer."""

Schema: TypeAlias = dict[str, Any]
"""A part of a spec."""

FieldPath: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A field of a resource has a type in some versions.

    Attributes:
        resource: Name of the resource.
        path: Keys that lead from the record to the field.
        type: JSON type, with the format where one is given; `map` is an object of any keys,
            `any` has no type, `unresolved` is a reference that leads nowhere.
        versions: Versions that document this type.
    """

    resource: str
    path: FieldPath
    type: str
    versions: tuple[ApiVersion, ...]

    @classmethod
    def parse(cls, line: str) -> "Fact":
        """Read a line of the table."""
        resource, path, kind, versions = line.split("\t")
        return cls(
            resource=resource,
            path=tuple(path.split(".")),
            type=kind,
            versions=tuple(ApiVersion.parse(one) for one in versions.split()),
        )

    def __str__(self) -> str:
        """Write it as a line of the table."""
        versions = " ".join(str(version) for version in self.versions)
        return f"{self.resource}\t{'.'.join(self.path)}\t{self.type}\t{versions}"


@cache
def committed_facts() -> tuple[Fact, ...]:
    """Read the committed table."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return tuple(Fact.parse(line) for line in lines if not line.startswith("#"))


@cache
def load_spec(version: ApiVersion) -> Schema:
    """Load the spec of a version."""
    with (SPECS / f"{version}.yaml").open(encoding="utf-8") as file:
        spec: Schema = yaml.load(file, Loader=yaml.CSafeLoader)
    return spec


def generate(resources: Iterable[Resource] = CATALOG) -> Iterator[Fact]:
    """Read the facts from the specs, sorted by resource and path."""
    for resource in resources:
        found: dict[tuple[FieldPath, str], list[ApiVersion]] = {}
        for version in VERSIONS:
            for field in sorted(set(_fields(load_spec(version), resource, version))):
                found.setdefault(field, []).append(version)
        for (path, kind), versions in sorted(found.items()):
            yield Fact(resource.name, path, kind, tuple(versions))


def find_operation(spec: Schema, method: str, path: str) -> Schema | None:
    """Find an operation, whatever the spec calls the parameters of its path."""
    for candidate, operations in spec["paths"].items():
        if _shape(candidate) == _shape(path):
            operation: Schema | None = operations.get(method)
            return operation
    return None


def address(endpoint: Endpoint) -> tuple[str, str, tuple[str, ...]]:
    """Say the method and path of an endpoint and the keys that lead to its records."""
    match endpoint:
        case Listing(path, records):
            return "get", path, (records,)
        case Search(path, records):
            return "post", path, (records,)
        case Child(path, records):
            return "get", path, records
        case ChildSearch(path, records):
            return "post", path, (records,)
        case Export(path=path) | ReportExport(path=path):
            return "post", path, (_CSV,)


def answer(operation: Schema) -> Schema:
    """Find the schema of an operation's successful answer."""
    schema: Schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return schema


def example_records(operation: Schema, keys: Iterable[str]) -> Iterator[Json]:
    """Find the records in the examples of an operation's successful answer."""
    content = operation["responses"]["200"]["content"]["application/json"]
    for example in content.get("examples", {}).values():
        found = example["value"]
        for key in keys:
            found = found.get(key) or {}
        # Of an export, the examples show the job and not the file.
        yield from [found] if isinstance(found, dict) and keys != (_CSV,) else found


def descend(spec: Schema, schema: Schema, keys: Iterable[str]) -> list[Schema]:
    """Follow keys through objects, then enter the list that they lead to, if it is one."""
    schemas = list(_variants(spec, schema))
    for key in keys:
        fields = [one["properties"][key] for one in schemas if key in one.get("properties", {})]
        schemas = [variant for field in fields for variant in _variants(spec, field)]
    return [one.get("items", one) for one in schemas if "items" in one or "properties" in one]


def _fields(
    spec: Schema, resource: Resource, version: ApiVersion
) -> Iterator[tuple[FieldPath, str]]:
    method, path, records = address(resource.endpoint)
    operation = find_operation(spec, method, path)
    if operation is None:
        return
    if (resource.name, version) in RECORDS_ELSEWHERE:
        records = RECORDS_ELSEWHERE[resource.name, version].records
    if records == (_CSV,) and resource.name != "content_receipts":
        return
    kinds = RECORD_TYPES.get(resource.name)
    schema = answer(operation)
    if records == (_CSV,):
        schema, records = spec["components"]["schemas"][_CSV], ()
    if resource.name in ANSWERS:
        schema = spec["components"]["schemas"][ANSWERS[resource.name]]
    described = (
        one
        for record in descend(spec, schema, records)
        for one in _variants(spec, record)
        if kinds is None or one["properties"]["type"].get("enum") == [kinds]
    )
    for record in described:
        for field, kind in _walk(spec, record, ()):
            if field:
                yield field, kind


def _walk(spec: Schema, schema: Schema, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    # Lists are not entered: one JSON column holds a list whole.
    for variant in _variants(spec, schema):
        properties: Schema = variant.get("properties", {})
        yield path, _kind(variant)
        for name, field in properties.items() if not _is_map(properties) else ():
            yield from _walk(spec, field, (*path, name))


def _is_map(properties: Schema) -> bool:
    """Say whether an object has many keys of one kind, such as its languages."""
    alike = {str(field.get("$ref")) for name, field in properties.items() if name != "type"}
    return len(properties) > _MANY and alike != {"None"} and len(alike) == 1


def _kind(schema: Schema) -> str:
    kind: str = schema.get("type", "object" if "properties" in schema else "any")
    if _is_map(schema.get("properties", {})):
        return "map"
    if kind == "object":
        fixed = "properties" in schema and not schema.get("additionalProperties")
        return "object" if fixed else "map"
    return f"{kind}:{schema['format']}" if "format" in schema else kind


def _variants(spec: Schema, schema: Schema) -> Iterator[Schema]:
    if "$ref" in schema:
        yield from _variants(spec, _resolve(spec, schema["$ref"]))
        return
    parts = [part for word in ("allOf", "oneOf", "anyOf") for part in schema.get(word, ())]
    if "properties" in schema or not parts:
        yield schema
    for part in parts:
        yield from _variants(spec, part)


def _resolve(spec: Schema, reference: str) -> Schema:
    found: Schema = spec
    for key in reference.removeprefix("#/").split("/"):
        if key not in found:
            return {"type": "unresolved"}
        found = found[key]
    return found


def _shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def render(facts: Iterable[Fact]) -> str:
    """Write the table."""
    heading = "# resource\tfield\ttype\tversions of the API that document it"
    return "\n".join((heading, *map(str, facts), ""))


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        TABLE.write_text(render(generate()), encoding="utf-8")
    else:
        sys.stdout.write(render(generate()))
