"""The catalogue holds every field that Intercom documents."""

from collections import defaultdict

import pytest

from intercom_assets.catalog import CATALOG, NEWEST, ApiVersion, Resource
from intercom_assets.catalog.endpoints import Export, Listing, ReportExport
from intercom_assets.catalog.types import ColumnType
from intercom_assets_tests.conformance.facts import (
    SPECS,
    TABLE,
    VERSIONS,
    address,
    answer,
    committed_facts,
    descend,
    example_records,
    find_operation,
    generate,
    load_spec,
    render,
)
from intercom_assets_tests.conformance.holding import is_flattened, misfits, objection
from intercom_assets_tests.conformance.reviewed import (
    NOT_YET_LISTED,
    RECORDS_ELSEWHERE,
    UNDOCUMENTED,
)

needs_specs = pytest.mark.skipif(
    not all((SPECS / f"{version}.yaml").is_file() for version in VERSIONS),
    reason=f"Intercom's OpenAPI specs are not in {SPECS}; INTERCOM_OPENAPI_DIR says where",
)

every_resource = pytest.mark.parametrize("resource", CATALOG.resources, ids=CATALOG.names)

every_version = pytest.mark.parametrize("version", VERSIONS, ids=str)


@every_version
@every_resource
def test_every_documented_field_has_a_column_that_takes_its_type(
    resource: Resource, version: ApiVersion
) -> None:
    """A field that a version documents is held by a column that takes each of its types."""
    facts = [
        fact
        for fact in committed_facts()
        if fact.resource == resource.name and version in fact.versions
    ]

    objections = [
        f"{'.'.join(fact.path)} ({fact.type}): {reason}"
        for fact in facts
        if (reason := objection(resource, fact))
    ]

    assert objections == []
    assert not is_described(resource) or (version >= resource.since) == bool(facts)


@every_resource
def test_every_column_is_documented_or_reviewed(resource: Resource) -> None:
    """A column that no spec documents is a listed one, and the list holds no others."""
    paths = {fact.path for fact in committed_facts() if fact.resource == resource.name}

    undocumented = {column.name for column in resource.columns if column.path not in paths}

    if not is_described(resource):
        undocumented.clear()
    assert set(UNDOCUMENTED.get(resource.name, {})) == undocumented


def is_described(resource: Resource) -> bool:
    """Say whether the specs describe a resource at all: of the files of exports they do one."""
    match resource.endpoint:
        case Export(file):
            return file == "receipt"
        case ReportExport():
            return False
        case _:
            return True


def is_named_as_instant(resource: Resource, column: str) -> bool:
    """Say whether a column has the name of a time; `first_open` is when."""
    exported = isinstance(resource.endpoint, Export)
    return column.endswith(("_at", "action_time")) or (exported and column.startswith("first_"))


def test_reviewed_columns_belong_to_resources() -> None:
    """The list of undocumented columns names only resources of the catalogue."""
    assert set() == set(UNDOCUMENTED) - set(CATALOG.names)


@every_resource
def test_every_documented_instant_is_a_timestamp(resource: Resource) -> None:
    """A column is a timestamp where a spec documents a time, or where its name says so."""
    documented = {
        fact.path
        for fact in committed_facts()
        if fact.resource == resource.name and fact.type.startswith(("integer:", "string:date-time"))
    }

    wrong = [
        column.name
        for column in resource.columns
        if (column.path in documented or is_named_as_instant(resource, column.name))
        != (column.type is ColumnType.TIMESTAMP)
    ]

    assert wrong == []


@every_resource
def test_every_identifier_is_text(resource: Resource) -> None:
    """A column that identifies something is text, whatever type a version documents."""
    wrong = [
        column.name
        for column in resource.columns
        if (column.path[-1] == "id" or column.path[-1].endswith("_id"))
        and column.type is not ColumnType.TEXT
    ]

    assert wrong == []


@every_resource
def test_json_is_for_lists_and_maps_and_for_nothing_simpler(resource: Resource) -> None:
    """A list or a map of any keys is held whole; a field that is always simple is no JSON."""
    types = defaultdict(set)
    for fact in committed_facts():
        if fact.resource == resource.name:
            types[fact.path].add(fact.type.partition(":")[0])

    torn = [
        ".".join(path)
        for path, kinds in types.items()
        if kinds & {"array", "map", "any"} and is_flattened(resource, path)
    ]
    wrapped = [
        column.name
        for column in resource.columns
        if column.type is ColumnType.JSON
        and types[column.path]
        and types[column.path] <= {"string", "integer", "number", "boolean"}
    ]

    assert torn == []
    assert wrapped == []


@needs_specs
def test_the_table_of_facts_is_what_the_specs_say() -> None:
    """The committed table equals what is read from the specs."""
    assert render(generate()) == TABLE.read_text(encoding="utf-8")


@needs_specs
@every_version
@every_resource
def test_every_endpoint_is_documented_from_its_first_version_on(
    resource: Resource, version: ApiVersion
) -> None:
    """A spec has the endpoint exactly if its version has the resource."""
    method, path, _ = address(resource.endpoint)

    operation = find_operation(load_spec(version), method, path)

    is_other = (resource.name, version) in NOT_YET_LISTED
    assert (version >= resource.since or is_other) == (operation is not None)


@needs_specs
@pytest.mark.parametrize(("name", "version"), list(NOT_YET_LISTED))
def test_a_request_that_lists_nothing_yet_has_no_pages(name: str, version: ApiVersion) -> None:
    """What a version answers otherwise is the same request, and knows no pages."""
    method, path, _ = address(CATALOG[name].endpoint)

    operation = find_operation(load_spec(version), method, path)

    assert operation is not None
    assert "page" not in {one.get("name") for one in operation["parameters"]}


@needs_specs
@every_version
@every_resource
def test_every_field_of_an_example_fits_its_column(resource: Resource, version: ApiVersion) -> None:
    """The records in the examples of a spec, more than its schemas know, are held as well."""
    method, path, records = address(resource.endpoint)
    operation = find_operation(load_spec(version), method, path)
    examples = example_records(operation, records) if operation else ()

    found = {problem for record in examples for problem in misfits(resource, record)}

    assert found == set()


@needs_specs
@every_resource
def test_every_parameter_and_nested_list_is_documented(resource: Resource) -> None:
    """The newest spec has each query parameter and the endpoint of each nested list."""
    spec = load_spec(NEWEST)
    sent = set(resource.endpoint.params) if isinstance(resource.endpoint, Listing) else set()
    method, path, _ = address(resource.endpoint)
    operation = find_operation(spec, method, path)
    assert operation is not None

    known = {parameter.get("name") for parameter in operation.get("parameters", ())}
    missing = [one.path for one in resource.nested if find_operation(spec, "get", one.path) is None]

    assert set() == sent - known
    assert missing == []


@needs_specs
def test_every_nested_list_is_where_the_specs_put_it() -> None:
    """One of the keys of a nested list leads to its records, in every version."""
    missing = []
    for version in VERSIONS:
        spec = load_spec(version)
        for nested in CATALOG["contacts"].nested:
            operation = find_operation(spec, "get", nested.path)
            assert operation is not None
            if not any(descend(spec, answer(operation), (key,)) for key in nested.records):
                missing.append(f"{nested.name} in {version}")

    assert missing == []


@needs_specs
@pytest.mark.parametrize(("name", "version"), list(RECORDS_ELSEWHERE))
def test_reviewed_places_of_records_are_still_needed(name: str, version: ApiVersion) -> None:
    """A spec that is listed as naming other keys does name them, and not the catalogue's."""
    spec = load_spec(version)
    method, path, records = address(CATALOG[name].endpoint)
    operation = find_operation(spec, method, path)
    assert operation is not None

    as_declared = descend(spec, answer(operation), records)
    as_reviewed = descend(spec, answer(operation), RECORDS_ELSEWHERE[name, version].records)

    assert not as_declared
    assert as_reviewed
