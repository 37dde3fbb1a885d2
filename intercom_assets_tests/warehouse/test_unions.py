"""Views of the rows of several sources, in any warehouse."""

from dataclasses import replace

from intercom_assets.warehouse.base import Target
from intercom_assets.warehouse.views import Made, SourceTable, UnionView, View
from intercom_assets_tests.places import Place
from intercom_assets_tests.unit.storing import THINGS, Store, thing

ODD = "it's \\ odd"


def test_rows_of_two_tables_are_shown_together(store: Store, place: Place) -> None:
    """A column that a table lacks is null, whatever its type; a marked row is shown.

    Only views of ours that mention a source are dropped.
    """
    folder = store.folder / "eu"
    folder.mkdir()
    other = replace(store, target=Target("s", "eu_t", THINGS), prefix="eu_", folder=folder)
    store.commit([thing("1"), thing("2")])
    store.commit(seen=[thing("1")])
    other.commit([thing("1", "b")])
    missing, us, eu = store.warehouse.stored_columns(
        [Target("s", "no", THINGS), store.target, other.target]
    )
    hidden = frozenset(eu) - {"size", "name", "updated_at"}
    tables = (
        SourceTable(other.target, "eu", None, hidden),
        SourceTable(store.target, "us", ODD, frozenset(us)),
    )
    target = Target("s", "intercom_things_all", THINGS)
    view = View(target, 'Of "eu", "us".', UnionView(tables, THINGS.all_columns))

    made = [store.warehouse.make_views([view])[0].made for _ in range(2)]

    assert not missing
    assert [Made.CREATED, Made.UNCHANGED] == made
    rows = store.warehouse.read_view(target, ["_source", "_workspace_id", "id", "name", "size"])
    assert [
        ("eu", None, "1", None, None), ("us", ODD, "1", "a", 1), ("us", ODD, "2", "a", 1),
    ] == sorted(tuple(row.values()) for row in rows.to_pylist())  # fmt: skip
    place.execute("CREATE VIEW s.intercom_other_all AS SELECT 'us' AS mine")
    names = ["intercom_things_all", "intercom_other_all", "intercom_none_all"]
    dropped = [
        store.warehouse.drop_views("s", names, mention) for mention in (("'ap'",), ('"us"', "'us'"))
    ]
    assert [[], ["intercom_things_all"]] == dropped
    assert [("us",)] == place.execute("SELECT * FROM s.intercom_other_all")
