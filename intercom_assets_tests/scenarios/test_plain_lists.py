"""What is peculiar to the lists that are read whole and have no children."""

import json

from intercom_assets_tests.world import World


def test_no_secret_of_a_data_connector_is_stored(world: World) -> None:
    """How a connector is called stays with Intercom, even if the list should tell one day."""
    connector = world.workspace.collection("data_connectors").ids()[0]
    told = {
        "url": "https://shop.example/?key=hunter2",
        "headers": [{"name": "Authorization", "value": "Bearer hunter2"}],
        "body": "hunter2",
        "data_inputs": [{"name": "key", "default_value": "hunter2"}],
        "token_ids": ["hunter2"],
        "execution_type": "server_side",
    }
    world.workspace.patch("data_connectors", connector, told, bump=False)

    world.sync("data_connectors")

    row = world.row("data_connectors", connector)
    assert "hunter2" not in repr(row)
    assert {"execution_type": "server_side"} == json.loads(row["_extra"])


def test_a_deleted_reason_for_being_away_stays_listed(world: World) -> None:
    """Intercom lists deleted reasons with a flag of its own: their rows are not marked."""
    world.sync("away_status_reasons")

    assert [True] == [row["deleted"] for row in world.live("away_status_reasons") if row["deleted"]]
    assert set() == world.marked("away_status_reasons")


def test_a_large_page_in_every_language_arrives_whole(world: World) -> None:
    """An article of 37 languages and a page of five megabytes are stored as they are."""
    article = world.workspace.find("articles", "4204")
    page = world.workspace.collection("external_pages").ids()[0]
    world.workspace.patch("external_pages", page, {"html": "<p>Größe</p>" * 400_000})

    world.sync("articles")
    world.sync("external_pages")

    assert 38 == len(json.loads(world.row("articles", "4204")["translated_content"]))
    assert article["translated_content"] == json.loads(
        world.row("articles", "4204")["translated_content"]
    )
    assert 4_800_000 == len(world.row("external_pages", page)["html"])


def test_ids_may_be_numbers_or_text(world: World) -> None:
    """The same record keeps its row when Intercom spells its id otherwise."""
    world.sync("content_import_sources")
    for record in list(world.workspace.collection("content_import_sources")):
        world.workspace.patch(
            "content_import_sources", str(record["id"]), {"id": str(record["id"])}, bump=False
        )

    report = world.sync("content_import_sources")

    assert (0, 0) == (report.inserted, report.deleted)
    assert ["33", "34"] == sorted(row["id"] for row in world.live("content_import_sources"))


def test_lists_that_were_never_used_are_empty_tables(world: World) -> None:
    """A workspace without news, brands or articles is synced without a warning."""
    for name in ("articles", "news_items", "brands", "macros", "audiences"):
        for record_id in world.workspace.collection(name).ids():
            world.workspace.delete(name, record_id)

        report = world.sync(name)

        assert (0, []) == (report.row_count, world.ear.warnings)
