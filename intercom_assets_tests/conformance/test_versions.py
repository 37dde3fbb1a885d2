"""The table of changes and the requests agree with the official specifications."""

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from intercom_assets.catalog import CATALOG, NEWEST, OLDEST, ApiVersion, Resource
from intercom_assets.catalog.endpoints import Child, Listing, Search
from intercom_assets.catalog.replication import Windowed
from intercom_assets.intercom.search import Order, parents_call, search_call
from intercom_assets_tests.conformance.facts import (
    VERSIONS,
    address,
    committed_facts,
    find_operation,
    load_spec,
)
from intercom_assets_tests.conformance.reviewed import NOT_YET_LISTED, UNDATED
from intercom_assets_tests.conformance.test_documented_fields import (
    every_resource,
    every_version,
    needs_specs,
)
from intercom_assets_tests.docs.api_changes import CHANGES, lacking

LISTS = [one for one in CATALOG if isinstance(one.endpoint, Listing)]


@every_resource
def test_the_table_of_changes_says_which_columns_a_version_lacks(resource: Resource) -> None:
    """A column that some specs document and others do not is in the table, or reviewed."""
    documented = documented_columns(resource)
    specified = [version for version in VERSIONS if version >= resource.since]

    wrong = {
        column
        for column, versions in documented.items()
        for version in specified
        if (version in versions) == lacking(resource.name, column, version)
    }

    assert set(UNDATED.get(resource.name, {})) == wrong


def test_each_change_concerns_columns_that_exist() -> None:
    """A pattern of the table that fits no column is a mistake; so is a column that never was."""
    for change in CHANGES:
        if change.resource is None:
            assert () == change.added + change.partial + change.dropped + change.respelled
            continue
        columns = {column.name for column in CATALOG[change.resource].columns}
        assert {*change.partial, *change.dropped, *change.respelled} <= columns
        for pattern in change.added:
            assert [one for one in columns if matches(change.resource, one, pattern)], pattern


def test_changes_are_in_order_and_within_the_versions_that_are_served() -> None:
    """The table reads from the oldest version to the newest."""
    versions = [change.since for change in CHANGES]

    assert sorted(versions) == versions
    assert OLDEST < versions[0]
    assert NEWEST == versions[-1]
    assert {change.since for change in CHANGES if not change.is_verified} == {
        ApiVersion(2, 2),
        ApiVersion(2, 6),
    }


@needs_specs
@every_version
@every_resource
def test_every_request_is_specified(resource: Resource, version: ApiVersion) -> None:
    """A version has the endpoints that it is asked for, and lacks what it is said to lack."""
    spec = load_spec(version)

    found = {
        line: find_operation(spec, *line.split(" ", 1)) is not None for line in requests(resource)
    }

    main = " ".join(address(resource.endpoint)[:2])
    is_other = (resource.name, version) in NOT_YET_LISTED
    assert (version >= resource.since or is_other) == found[main]
    assert version < resource.since or all(found.values()), found


@needs_specs
@every_version
@pytest.mark.parametrize("resource", LISTS, ids=[one.name for one in LISTS])
def test_every_parameter_is_specified(resource: Resource, version: ApiVersion) -> None:
    """A version that has a list documents each query parameter that it is asked with."""
    operation = find_operation(load_spec(version), "get", resource.endpoint.path) or {}

    documented = {one.get("name") for one in operation.get("parameters", ())}
    assert version < resource.since or set(parameters(resource)) <= documented


@needs_specs
@every_version
def test_a_search_for_parents_is_specified(version: ApiVersion) -> None:
    """Where a version has the search, it documents that it takes a list of ids."""
    for resource in CATALOG:
        search = resource.endpoint.search if isinstance(resource.endpoint, Child) else None
        operation = search and find_operation(load_spec(version), "post", search.path)
        if search is None or not operation:
            continue
        told = operation["description"]
        assert re.search(r"\| id +\| String", told)
        assert re.search(r"\| IN +\| All", told)
        assert {"query"} == set(parents_call(search, ["1"]).body or ())


@needs_specs
@every_version
@pytest.mark.parametrize(
    "resource",
    [one for one in CATALOG if isinstance(one.endpoint, Search)],
    ids=lambda one: one.name,
)
def test_every_search_body_is_specified(resource: Resource, version: ApiVersion) -> None:
    """A version documents the query that a search is asked with; `sort` only where it says so."""
    search = resource.endpoint
    assert isinstance(search, Search)
    operation = find_operation(load_spec(version), "post", search.path)
    body = search_call(search, 0, 1, Order.NEWEST_FIRST).body

    assert (operation is not None) == (version >= resource.since)
    if operation is None:
        return
    schemas = load_spec(version)["components"]["schemas"]
    given = operation["requestBody"]["content"]["application/json"]["schema"]
    name = given["$ref"].rpartition("/")[2]
    undocumented = set(body or ()) - set(schemas[name]["properties"])
    sorts = version >= ApiVersion(2, 16) and search.path == "/contacts/search"
    assert (set() if sorts else {"sort"}) == undocumented


def parameters(resource: Resource) -> Iterator[str]:
    """List the query parameters that a list is asked with, those of its pages apart."""
    if isinstance(resource.endpoint, Listing):
        yield from resource.endpoint.params
    if isinstance(resource.replication, Windowed):
        yield from (resource.replication.after, resource.replication.before)


def requests(resource: Resource) -> Iterator[str]:
    """List the endpoints that a resource is read by: method and path."""
    method, path, _ = address(resource.endpoint)
    yield f"{method} {path}"
    if resource.lookup:
        yield f"get {resource.lookup.path}"
    for one in resource.nested:
        yield f"get {one.path}"


def documented_columns(resource: Resource) -> dict[str, set[ApiVersion]]:
    """Say which versions document a column."""
    former = {
        (one.legacy.field,): one.name
        for one in resource.columns
        if one.legacy and one.legacy.type is None
    }
    paths = former | {column.path: column.name for column in resource.columns}
    documented: dict[str, set[ApiVersion]] = defaultdict(set)
    for fact in committed_facts():
        if fact.resource == resource.name and fact.path in paths:
            documented[paths[fact.path]] |= set(fact.versions)
    return documented


def matches(resource: str, column: str, pattern: str) -> bool:
    """Tell whether a pattern of the table makes a column lack in the oldest version."""
    prefix = pattern.removesuffix("*")
    named = column.startswith(prefix) if pattern.endswith("*") else column == pattern
    return named and lacking(resource, column, OLDEST)
