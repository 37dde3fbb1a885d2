"""What is read of each article: its statistics, an object that may be null, and its versions."""

from pathlib import Path

import httpx

from intercom_assets_tests.guarantees.worlds import as_it_came, small_pages
from intercom_assets_tests.world import World

ARTICLE = "4201"
CALL = "GET /articles/{id}"


def synced(world: World) -> World:
    """Sync articles and their statistics."""
    world.sync_all("articles", "article_statistics")
    world.workspace.log.clear()
    return world


def figures(world: World) -> dict[str, object]:
    """Read the row of the article's statistics."""
    rows = [row for row in world.rows("article_statistics") if row["article_id"] == ARTICLE]
    assert len(rows) == 1
    return rows[0]


def test_statistics_are_read_where_an_article_changed(world: World) -> None:
    """A quiet sync asks nothing, a reconcile every article: figures move without their article."""
    synced(world)
    shown = world.workspace.article_statistics[ARTICLE]
    assert shown is not None
    world.workspace.article_statistics[ARTICLE] = {**shown, "views": 123_456}

    world.sync("article_statistics")
    quiet, stale = world.workspace.log.counts[CALL], figures(world)["views"]
    world.sync("article_statistics", reconcile=True)

    assert (0, shown["views"]) == (quiet, stale)
    assert 123_456 == figures(world)["views"]
    assert 64 == world.workspace.log.counts[CALL]
    assert world.expected("article_statistics") == world.stored("article_statistics")


def test_conversations_have_two_names(world: World) -> None:
    """Intercom's schema says `conversions` where its example says `conversations`: one column."""
    synced(world)

    for row in world.rows("article_statistics"):
        shown = world.workspace.article_statistics[row["article_id"]]
        assert shown is not None
        assert row["conversations"] == shown.get("conversations", shown.get("conversions"))
        assert row["_extra"] is None


def test_an_article_without_statistics_has_no_row(world: World) -> None:
    """Null is an answer: it marks the row, and nothing stays due."""
    synced(world)
    world.workspace.article_statistics[ARTICLE] = None
    world.workspace.touch("articles", ARTICLE)

    world.sync_all("articles", "article_statistics")

    assert {ARTICLE} == world.marked("article_statistics", "article_id")
    assert () == world.cursor("article_statistics").unread


def test_an_answer_without_the_field_marks_nothing(duckdb_file: Path) -> None:
    """An article that comes without `statistics` is due until it comes with them."""
    world = small_pages(duckdb_file)
    synced(world)
    world.workspace.touch("articles", ARTICLE)
    world.sync("articles")

    world.after = _without_statistics
    world.sync("article_statistics")
    due = world.cursor("article_statistics").unread
    world.after = as_it_came
    world.sync("article_statistics")

    assert (ARTICLE,) == due
    assert () == world.cursor("article_statistics").unread
    assert set() == world.marked("article_statistics", "article_id")


def test_statistics_of_a_deleted_article_are_marked(world: World) -> None:
    """They are gone with their article."""
    synced(world)
    world.workspace.delete("articles", ARTICLE)

    world.sync_all("articles", "article_statistics")

    assert {ARTICLE} == world.marked("article_statistics", "article_id")


def test_versions_are_read_to_the_last_page(world: World) -> None:
    """The list of an article counts its pages without naming the next; all are read."""
    world.sync_all("articles", "article_versions")
    first = len([row for row in world.rows("article_versions") if row["article_id"] == "4200"])
    world.workspace.log.clear()

    world.sync("article_versions")

    assert 31 == first
    assert world.expected("article_versions") == world.stored("article_versions")
    assert 0 == world.workspace.log.counts["GET /articles/{id}/versions"]


def test_a_version_comes_with_its_article(world: World) -> None:
    """A new version changes its article, whose versions are read again; lost ones are marked."""
    world.sync_all("articles", "article_versions")
    versions = world.workspace.article_versions
    newest, *rest = versions["4200"]
    versions["4200"] = [{**newest, "id": "99999"}, newest, *rest[:-1]]
    world.workspace.touch("articles", "4200")

    world.sync_all("articles", "article_versions")

    assert world.expected("article_versions") == world.stored("article_versions")
    assert {rest[-1]["id"]} == world.marked("article_versions")


def _without_statistics(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    if request.url.path != f"/articles/{ARTICLE}":
        return response
    body = {name: value for name, value in response.json().items() if name != "statistics"}
    return httpx.Response(200, headers={"Date": response.headers["date"]}, json=body)
