"""What holds for every declared resource, and for the versions of Intercom's API."""

import ast
import inspect
import re

import pytest

from intercom_assets.catalog import CATALOG, NEWEST, OLDEST, ApiVersion, Level, Resource
from intercom_assets.catalog.endpoints import Child
from intercom_assets.catalog.families import tickets
from intercom_assets.catalog.replication import AddedByParent
from intercom_assets_tests.conformance.facts import VERSIONS

every_resource = pytest.mark.parametrize("resource", CATALOG.resources, ids=CATALOG.names)


@every_resource
def test_every_column_says_what_it_means(resource: Resource) -> None:
    """Each column is described in one line that ends like a sentence."""
    wrong = [
        column.name
        for column in resource.columns
        if not re.fullmatch(r"\S.{2,93}[^\s.]\.", column.description)
    ]

    assert wrong == []


@every_resource
def test_every_resource_says_what_a_row_is(resource: Resource) -> None:
    """A resource states its grain, the permission that it needs, and Intercom's page about it."""
    assert resource.description.startswith("One row per ")
    assert resource.scope.startswith(("Read ", "Export "))
    assert resource.docs.startswith("https://developers.intercom.com/docs/references/rest-api/")


@every_resource
def test_names_need_no_quotes(resource: Resource) -> None:
    """Resources and columns have lower-case names that any warehouse takes."""
    names = [resource.name, *(column.name for column in resource.columns)]

    assert [name for name in names if not re.fullmatch(r"[a-z_][a-z0-9_]*", name)] == []


@every_resource
def test_a_flattened_column_is_named_by_its_path(resource: Resource) -> None:
    """The name of a column is its path joined by underscores."""
    assert [column.name for column in resource.columns] == [
        "_".join(column.path) for column in resource.columns
    ]


@every_resource
def test_no_column_lies_inside_another(resource: Resource) -> None:
    """A value has one column: no path leads through the path of another column."""
    paths = {column.path for column in resource.columns}

    inside = [path for path in paths for end in range(1, len(path)) if path[:end] in paths]

    assert inside == []


@every_resource
def test_the_key_names_the_parent_first(resource: Resource) -> None:
    """A child is identified by its parent's id and its own, or is the only one of its parent."""
    child = resource.endpoint
    expected = 2 if resource.each or (isinstance(child, Child) and not child.single) else 1
    link = resource.replication
    if isinstance(link, AddedByParent) and link.after is None:
        expected += 1  # and when it was read

    assert expected == len(resource.primary_key)


def test_names_of_resources_are_unique() -> None:
    """No two resources share a name, whatever its case."""
    names = [resource.name.lower() for resource in CATALOG]

    assert sorted(set(names)) == sorted(names)


def test_all_means_the_resources_that_the_version_has() -> None:
    """`resources: all` leaves out optional resources and those that the version lacks."""
    newest = [resource.name for resource in CATALOG.up_to(Level.CORE, NEWEST)]
    oldest = [resource.name for resource in CATALOG.up_to(Level.CORE, OLDEST)]

    assert len(newest) == 11
    assert {"company_segments"} == set(newest) - set(oldest)


@pytest.mark.parametrize("name", ["ticket_types", "ticket_states"])
def test_a_simple_resource_is_one_short_declaration(name: str) -> None:
    """A simple resource is declared in one file, in 15 lines or fewer."""
    calls = [
        node
        for node in ast.walk(ast.parse(inspect.getsource(tickets)))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Resource"
    ]

    lengths = [
        (call.end_lineno or call.lineno) - call.lineno + 1
        for call in calls
        if any(
            word.arg == "name" and repr(name) == ast.unparse(word.value) for word in call.keywords
        )
    ]

    assert len(lengths) == 1
    assert lengths[0] <= 15


def test_versions_are_ordered_by_number() -> None:
    """Version 2.9 comes before 2.10, and the newest is the newest that was compared."""
    texts = ["2.1", "2.2", "2.9", "2.10", "2.16"]

    versions = [ApiVersion.parse(text) for text in texts]

    assert versions == sorted(versions)
    assert texts == [str(version) for version in versions]
    assert min(VERSIONS) > OLDEST
    assert max(VERSIONS) == NEWEST


@pytest.mark.parametrize("text", ["", "2", "2.x", "2.16.1", "v2.16", "-2.1", "Preview", " 2.1"])
def test_other_words_are_no_versions(text: str) -> None:
    """A version is two numbers joined by a dot."""
    with pytest.raises(ValueError, match=r"is not a version such as 2\.16$"):
        ApiVersion.parse(text)
