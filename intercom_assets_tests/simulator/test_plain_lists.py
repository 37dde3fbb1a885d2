"""The lists that are read and nothing else are served as documented."""

import pytest

from intercom_assets_tests.simulator import specification
from intercom_assets_tests.simulator.asking import ask, read
from intercom_simulator import Record, Workspace, generate
from intercom_simulator.routes.lists import LISTS
from intercom_simulator.store import PLAIN

every_list = pytest.mark.parametrize("path", LISTS)


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    """Makes a workspace with nothing but what needs no size."""
    return generate(seed=3, contacts=0, companies=0, conversations=0)


def pages(workspace: Workspace, path: str, query: str = "") -> list[Record]:
    """Reads a list to its end, as the documents say to."""
    found = [read(workspace, f"{path}?{query}")]
    while True:
        answer, number = found[-1], len(found) + 1
        following = (answer.get("pages") or {}).get("next")
        if isinstance(following, dict):
            found.append(read(workspace, f"{path}?{query}&starting_after={_quoted(following)}"))
        elif following or answer.get("page", 0) < answer.get("total_pages", 0):
            found.append(read(workspace, f"{path}?{query}&page={number}"))
        else:
            return found


def _quoted(following: Record) -> str:
    return str(following["starting_after"]).replace("+", "%2B").replace("\n", "%0A")


@every_list
def test_answers_match_the_description(workspace: Workspace, path: str) -> None:
    """Every page validates against the response schema of its endpoint."""
    problems = [
        problem
        for answer in pages(workspace, path)
        for problem in specification.problems("GET", path, 200, answer)
    ]

    assert problems == []


@every_list
@pytest.mark.parametrize("per_page", [1, 7])
def test_pages_hold_every_record_once(workspace: Workspace, path: str, per_page: int) -> None:
    """Whatever the size of a page, the pages hold every record that is not archived once."""
    listed = [one["id"] for page in pages(workspace, path, f"per_page={per_page}")
              for one in page["data"]]  # fmt: skip

    truth = [one["id"] for one in workspace.truth(LISTS[path].kind)]
    assert sorted(map(str, truth)) == sorted(map(str, listed))
    assert LISTS[path].kind in PLAIN


@every_list
def test_no_page_is_larger_than_documented(workspace: Workspace, path: str) -> None:
    """More records than a page may have are refused; a list of one page has no size."""
    plain = LISTS[path]

    response = ask(workspace, "GET", f"{path}?per_page={plain.maximum + 1}")

    assert response.status_code == (200 if plain.paging == "one" else 400)


@every_list
def test_a_list_comes_with_its_version(workspace: Workspace, path: str) -> None:
    """Below its first version a list is `intercom_version_invalid`."""
    major, minor = LISTS[path].since
    if minor:
        response = ask(workspace, "GET", path, version=f"{major}.{minor - 1}")
        assert response.json()["errors"][0]["code"] == "intercom_version_invalid"
    assert ask(workspace, "GET", path, version=f"{major}.{minor}").status_code == 200


def test_articles_had_one_parent(workspace: Workspace) -> None:
    """Before 2.16 an article names its first parent beside all of them."""
    old = read(workspace, "/articles", "2.15")["data"]
    new = read(workspace, "/articles")["data"]

    assert [(one["parent_ids"] or [None])[0] for one in new] == [one["parent_id"] for one in old]
    assert not [one for one in new if "parent_id" in one or "parent_type" in one]
