"""What the settings hide is in no row, and a setting that changes later changes the rows too."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.hidden import HiddenPaths
from intercom_assets.errors import ConfigurationError
from intercom_assets_tests.guarantees.budget import WAREHOUSE
from intercom_assets_tests.hiding import hash_of, hiding, stored_text, sync_hiding
from intercom_assets_tests.places import Fate
from intercom_assets_tests.world import DAY, HOUR, Row, World, nothing

SECRET = "zoe.secret@example.com"

PERSON: dict[str, Any] = {
    "name": "Zoe Secret",
    "email": SECRET,
    "phone": "+49 30 secret",
    "location": {"type": "location", "city": "Secretville", "country": "Norway"},
    "custom_attributes": {"phone": "+49 30 secret", "plan": "pro"},
    "nickname": "secretive",
}

EVERYTHING = (
    "name",
    "email",
    "phone",
    "location.city",
    "custom_attributes.phone",
    "_extra.nickname",
)


@pytest.fixture
def zoe(world: World) -> str:
    """Add a person with something to hide everywhere, whom later windows do not cover."""
    zoe = world.workspace.add("contacts", {"role": "user", **PERSON})
    world.clock.forward(5 * DAY)
    world.workspace.add("contacts", {"role": "user", "name": "Later"})
    return zoe


def hidden(way: str) -> dict[str, Any]:
    """Exclude everything, or hash it."""
    return {way: EVERYTHING}


def unplugged(_request: httpx.Request) -> None:
    """Fail every request."""
    raise RuntimeError("the plug was pulled")


def row_of(world: World, contact: str) -> Row:
    """Read a contact's row; the excluded columns of a new table are not there."""
    target = world.source.target(CATALOG["contacts"])
    there = [
        one.name
        for one in target.table.all_columns
        if one not in world.warehouse.inspect(target).missing
    ]
    rows: list[Row] = world.warehouse.read(target, there).to_pylist()
    (row,) = (row for row in rows if row["id"] == contact)
    return row


def test_excluded_columns_are_not_in_a_new_table(world: World, zoe: str) -> None:
    """A new table lacks the columns, and neither JSON nor `_extra` holds what is excluded."""
    sync_hiding(world, "contacts", exclude=EVERYTHING)

    row = row_of(world, zoe)
    assert set() == {"name", "email", "phone", "location_city"} & set(row)
    assert "ecret" not in str(row)
    assert ("Norway", {"plan": "pro"}) == (
        row["location_country"],
        json.loads(row["custom_attributes"]),
    )


def test_hashes_are_equal_across_tables_and_columns(world: World, zoe: str) -> None:
    """Equal values have one hash under one salt: in columns, in JSON, in `_extra`; null is null."""
    author = {"type": "user", "id": zoe, "email": SECRET, "name": None}
    conversation = world.workspace.add("conversations", {"source": {"author": author}})

    sync_hiding(world, "contacts", hashed=EVERYTHING)
    sync_hiding(world, "conversations", hashed=["source_author_email", "source_author_name"])

    row = row_of(world, zoe)
    assert hash_of(SECRET) == row["email"]
    assert hash_of(SECRET) == world.row("conversations", conversation)["source_author_email"]
    assert world.row("conversations", conversation)["source_author_name"] is None
    assert row["phone"] == json.loads(row["custom_attributes"])["phone"] == hash_of("+49 30 secret")
    assert hash_of("secretive") == json.loads(row["_extra"])["nickname"]
    assert "ecret" not in str(row)


def test_a_json_column_is_hashed_whole(world: World, zoe: str) -> None:
    """A JSON column becomes a JSON string: the hash of its text with sorted keys."""
    sync_hiding(world, "contacts", hashed=["custom_attributes"])

    text = json.dumps(PERSON["custom_attributes"], sort_keys=True, separators=(",", ":"))
    held = json.loads(row_of(world, zoe)["custom_attributes"])
    assert hash_of(text) == held


def test_misfits_of_hidden_columns_are_hidden(world: World) -> None:
    """A value of another type than declared, or in place of an object, is nowhere in the clear."""
    odd: list[dict[str, Any]] = [
        {"email": {"secret": 1}, "name": ["secret"], "location": "Secretville"},
        {"email": ["secret@x"], "name": True, "location": [{"city": "secret"}, "secret"]},
        {"custom_attributes": "secret", "nickname": {"secret": "secret"}},
    ]
    for fields in odd:
        world.workspace.add("contacts", {"role": "user", **fields})

    sync_hiding(world, "contacts", exclude=EVERYTHING[3:], hashed=EVERYTHING[:3])

    narrow = world.warehouse.read(world.source.target(CATALOG["contacts"]), ["email", "_extra"])
    assert "ecret" not in str(narrow.to_pylist())


def test_sync_twice_write_once(world: World, zoe: str) -> None:
    """A sync with something hidden writes nothing where nothing changed."""
    settings: dict[str, Any] = {"exclude": EVERYTHING[:3], "hashed": EVERYTHING[3:]}
    first = sync_hiding(world, "contacts", **settings)
    world.clock.forward(HOUR)

    again = sync_hiding(world, "contacts", **settings, full_refresh=True)

    assert zoe in world.workspace.collection("contacts").ids()
    assert (62, 0, 0) == (first.inserted, again.inserted, again.updated)


@pytest.mark.parametrize("way", ["exclude", "hashed"])
def test_stored_rows_follow_a_setting_that_comes_later(world: World, zoe: str, way: str) -> None:
    """The next sync hides what is stored, that of rows which it does not read again included."""
    world.sync("contacts")
    world.clock.forward(HOUR)
    before = world.row("contacts", zoe)["_synced_at"]

    report = sync_hiding(world, "contacts", **hidden(way))

    row = world.row("contacts", zoe)
    assert "ecret" not in str(row)
    assert row["email"] == (hash_of(SECRET) if way == "hashed" else None)
    assert (None, before) == (row["_row_hash"], row["_synced_at"])
    assert 0 == report.inserted
    assert any("stored rows now hide" in note for note in world.ear.notes)


def test_nothing_is_hashed_twice(world: World, zoe: str) -> None:
    """Syncs after the one that hashed leave the hashes; a second column is hashed by itself."""
    world.sync("contacts")
    world.clock.forward(HOUR)

    for _ in range(2):
        sync_hiding(world, "contacts", hashed=["email"])
    sync_hiding(world, "contacts", hashed=["email", "_extra.nickname", "custom_attributes.phone"])

    row = world.row("contacts", zoe)
    assert hash_of(SECRET) == row["email"]
    assert hash_of("secretive") == json.loads(row["_extra"])["nickname"]


@pytest.mark.skipif(WAREHOUSE == "snowflake", reason="statements are counted in a file")
def test_an_interruption_leaves_all_or_nothing(world: World, zoe: str) -> None:
    """Whichever statement fails, rows are as before or hidden, and the next sync ends it."""
    world.sync("contacts")
    world.clock.forward(HOUR)
    fatal, told = 1, set()
    while True:
        fate = Fate(fatal, interrupt=fatal % 2 == 0)
        warehouse = world.place.frail(fate, world.clock.moment)
        try:
            sync_hiding(world, "contacts", hashed=EVERYTHING, warehouse=warehouse)
        except BaseException as error:  # noqa: BLE001 - an interrupt is one
            told.add(type(error).__name__)
        email = world.row("contacts", zoe)["email"]
        assert email in {SECRET, hash_of(SECRET)}
        assert (email == SECRET) == ("Zoe Secret" == world.row("contacts", zoe)["name"])
        if not fate.met:
            break
        fatal += 1

    assert {"KeyboardInterrupt", "WarehouseError"} <= told
    assert hash_of(SECRET) == world.row("contacts", zoe)["email"]


@pytest.mark.parametrize("way", ["exclude", "hashed"])
def test_a_full_refresh_brings_back_what_is_shown_again(world: World, zoe: str, way: str) -> None:
    """Without a full refresh a column stays null; a full refresh fills it from Intercom."""
    sync_hiding(world, "contacts", **hidden(way))
    world.clock.forward(HOUR)

    sync_hiding(world, "contacts")
    assert world.row("contacts", zoe)["email"] is None
    assert any("email" in line and "full refresh" in line for line in world.ear.warnings)
    sync_hiding(world, "contacts", full_refresh=True)

    row = world.row("contacts", zoe)
    assert (SECRET, "Zoe Secret", "Secretville") == (
        row["email"],
        row["name"],
        row["location_city"],
    )
    assert "secretive" == json.loads(row["_extra"])["nickname"]
    assert world.expected("contacts") == world.stored("contacts")


def test_hidden_shown_and_hidden_again_is_hashed_once(world: World, zoe: str) -> None:
    """Hashes do not survive in a column that is shown, so none is hashed later."""
    for hashed in (["email"], [], ["email"]):
        sync_hiding(world, "contacts", hashed=hashed)
        world.clock.forward(HOUR)
        assert hash_of(hash_of(SECRET)) not in stored_text(world, "contacts")

    sync_hiding(world, "contacts", hashed=["email"], full_refresh=True)
    assert hash_of(SECRET) == world.row("contacts", zoe)["email"]


def test_what_was_excluded_is_hashed_by_a_full_refresh(world: World, zoe: str) -> None:
    """A setting that excludes less is told with what is still null, and how to fill it."""
    sync_hiding(world, "contacts", exclude=["email", "location"])
    world.clock.forward(HOUR)

    sync_hiding(world, "contacts", hashed=["email"])
    assert world.row("contacts", zoe)["email"] is None
    assert "email, location are no longer hidden as before" in world.ear.warnings[0]
    sync_hiding(world, "contacts", hashed=["email"], full_refresh=True)

    row = world.row("contacts", zoe)
    assert (hash_of(SECRET), "Secretville") == (row["email"], row["location_city"])


def test_a_field_that_gets_its_column_is_not_hashed_again(world: World) -> None:
    """A release that declares a hashed field fills its column with the hash that was kept."""
    tag = world.workspace.add("tags", {"type": "tag", "name": "secret"})
    tags = CATALOG["tags"]
    older = replace(tags, columns=tuple(one for one in tags.columns if one.name in {"id", "type"}))
    with world.connection() as connection:
        extract = replace(world.extract(connection, "tags"), resource=older)
        world.sync_extract(hiding(extract, HiddenPaths(hashed=(("name",),))))

    report = sync_hiding(world, "tags", hashed=["_extra.name"])

    assert (0, 0) == (report.inserted, report.updated)
    assert hash_of("secret") == world.row("tags", tag)["name"]


def test_an_object_of_which_all_is_excluded_is_no_field(world: World) -> None:
    """Excluding each column of an object leaves no empty object in `_extra`."""
    avatar = {"type": "avatar", "image_url": "secret"}
    world.workspace.add("contacts", {"role": "user", "avatar": avatar})

    report = sync_hiding(world, "contacts", exclude=["avatar_type", "avatar_image_url"])

    assert "avatar" not in report.unmodelled


def test_another_salt_is_refused_but_for_a_full_refresh(world: World, zoe: str) -> None:
    """Hashes of two salts never stand in one column, also where the full refresh is cut short."""
    other = b"another salt of many characters."
    sync_hiding(world, "contacts", hashed=["email"])
    world.clock.forward(HOUR)
    world.before = unplugged

    with pytest.raises(ConfigurationError, match="another hash_salt: email"):
        sync_hiding(world, "contacts", hashed=["email"], key=other)
    with pytest.raises(RuntimeError, match="the plug was pulled"):
        sync_hiding(world, "contacts", hashed=["email"], key=other, full_refresh=True)
    assert {None} == {row["email"] for row in world.rows("contacts")}
    world.before = nothing
    sync_hiding(world, "contacts", hashed=["email"], key=other)

    assert hash_of(SECRET, other) == world.row("contacts", zoe)["email"]


def test_older_shapes_are_hidden_too(world: World) -> None:
    """The teammate of a conversation is hidden where older versions keep it, too."""
    admin = world.workspace.collection("admins").ids()[0]
    conversation = world.workspace.add("conversations", {"admin_assignee_id": int(admin)})
    world.version = type(world.version)(2, 1)

    sync_hiding(world, "conversations", hashed=["admin_assignee_id"])

    row = world.row("conversations", conversation)
    assert hash_of(admin) == row["admin_assignee_id"]
    assert hash_of(admin) == json.loads(row["assignee"])["id"]


def test_nobody_is_no_one_to_hide(world: World) -> None:
    """The value that means "assigned to nobody" is null as ever, hashed or excluded."""
    nobody = world.workspace.add("conversations", {"admin_assignee_id": 0})

    excluded = sync_hiding(world, "conversations", exclude=["admin_assignee_id"])
    sync_hiding(world, "conversations", hashed=["admin_assignee_id"], full_refresh=True)

    assert world.row("conversations", nobody)["admin_assignee_id"] is None
    assert "admin_assignee_id" not in excluded.unmodelled


def test_children_are_hidden_and_stay_their_parents(world: World) -> None:
    """Parts are masked as well, and their keys are as they were."""
    conversation = world.workspace.collection("conversations").ids()[0]
    world.workspace.reply(conversation, body="secret words", part={"id": "77"})
    sync_hiding(world, "conversations", exclude=["source_body"])

    sync_hiding(world, "conversation_parts", hashed=["body"])

    (row,) = (row for row in world.rows("conversation_parts") if row["id"] == "77")
    assert (conversation, hash_of("secret words")) == (row["conversation_id"], row["body"])


def test_a_record_without_its_key_is_found_again(world: World) -> None:
    """The hash that stands in for a missing key is that of the masked record."""
    world.workspace.collection("tags").fill([{"id": "", "name": "secret"}])

    report = sync_hiding(world, "tags", hashed=["name"])
    again = sync_hiding(world, "tags", hashed=["name"])

    assert (0, 0, 0) == (again.inserted, again.updated, again.deleted)
    assert report.row_count == again.row_count
    assert "ecret" not in stored_text(world, "tags")
