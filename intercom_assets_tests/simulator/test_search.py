"""What searches find, and what they refuse."""

from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intercom_assets_tests.simulator.asking import Clock, error_code, found_ids, search
from intercom_simulator import Access, Record, Workspace, generate
from intercom_simulator.search import compile_query

ZONES = (
    "UTC",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Pacific/Kiritimati",
    "America/Sao_Paulo",
    "Africa/Cairo",
)
# The second before and after midnights, daylight saving changes among them.
DAYS = ("2024-01-01", "2024-02-29", "2024-03-10", "2024-11-03", "2024-04-26", "2024-10-31")


def _contacts_around(zone: str, day: str) -> tuple[Workspace, int, int]:
    """Makes contacts at the edges of a local day; returns its first and last second."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    start = int(midnight.timestamp())
    following = int(midnight.replace(day=midnight.day).timestamp())
    local = datetime.fromtimestamp(start, ZoneInfo(zone)).date()
    while datetime.fromtimestamp(following, ZoneInfo(zone)).date() == local:
        following += 900
    workspace = Workspace(clock=Clock(), timezone=zone)
    for name, moment in {
        "before": start - 1,
        "first": start,
        "last": following - 1,
        "after": following,
    }.items():
        workspace.add("contacts", {"id": name, "created_at": 1, "updated_at": moment})
    return workspace, start, following - 1


def _updated(operator: str, value: object) -> Record:
    return {"field": "updated_at", "operator": operator, "value": value}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", DAYS)
def test_contact_dates_compare_by_local_day(zone: str, day: str) -> None:
    """`=` is the whole local day, `>` what follows it, `<` what precedes it."""
    workspace, first, last = _contacts_around(zone, day)
    for value in (first, (first + last) // 2, last):
        assert set(found_ids(workspace, "contacts", _updated("=", value))) == {"first", "last"}
        assert set(found_ids(workspace, "contacts", _updated(">", value))) == {"after"}
        assert set(found_ids(workspace, "contacts", _updated("<", value))) == {"before"}


@settings(deadline=None, max_examples=60)
@given(moment=st.integers(1_672_531_200, 1_767_225_599), zone=st.sampled_from(ZONES))
def test_a_moment_is_on_before_or_after_a_day(moment: int, zone: str) -> None:
    """`<`, `=` and `>` divide all contacts: each is found by exactly one."""
    workspace = Workspace(timezone=zone, access=Access(rate_limit=0))
    for away in range(-200_000, 200_000, 20_011):
        workspace.add("contacts", {"id": str(away), "updated_at": moment + away})

    found = [found_ids(workspace, "contacts", _updated(sign, moment)) for sign in "<=>"]

    assert sorted(chain.from_iterable(found)) == sorted(workspace.collection("contacts").ids())


def test_the_same_query_differs_by_zone() -> None:
    """The day that a moment belongs to depends on the workspace's time zone."""
    workspace = Workspace(clock=Clock(), timezone="UTC")
    workspace.add("contacts", {"id": "late", "updated_at": 1_704_067_199})
    midnight = _updated("=", 1_704_067_200)

    in_utc = found_ids(workspace, "contacts", midnight)
    workspace.timezone = "America/Los_Angeles"
    in_los_angeles = found_ids(workspace, "contacts", midnight)

    assert (in_utc, in_los_angeles) == ([], ["late"])


@pytest.mark.parametrize("operator", [">=", "<=", "!=", "IN", "NIN", "~", "^"])
def test_contact_dates_refuse_other_operators(operator: str) -> None:
    """Dates of contacts know `=`, `>` and `<` only."""
    response = search(Workspace(), "contacts", _updated(operator, 1_700_000_000))

    assert (response.status_code, error_code(response)) == (400, "parameter_invalid")


def test_date_attributes_compare_by_day_too() -> None:
    """A custom attribute of type date has the operators of dates."""
    workspace = generate(contacts=20, companies=0, conversations=0)
    query = {"field": "custom_attributes.trial_ends_at", "operator": ">=", "value": 0}

    assert search(workspace, "contacts", query).status_code == 400
    assert search(workspace, "contacts", {**query, "operator": ">"}).json()["total_count"] == 16


def _conversations() -> Workspace:
    workspace = Workspace(clock=Clock())
    for moment in (99, 100, 101):
        workspace.add("conversations", {"id": str(moment), "updated_at": moment, "open": True})
    return workspace


@pytest.mark.parametrize(
    ("operator", "exclusive", "inclusive"),
    [
        (">", {"101"}, {"100", "101"}),
        ("<", {"99"}, {"99", "100"}),
        (">=", {"100", "101"}, {"100", "101"}),
        ("<=", {"99", "100"}, {"99", "100"}),
        ("=", {"100"}, {"100"}),
        ("!=", {"99", "101"}, {"99", "101"}),
    ],
)
def test_conversation_dates_compare_by_second(
    operator: str, exclusive: set[str], inclusive: set[str]
) -> None:
    """Conversations compare by the second; a switch makes `>` and `<` include the bound."""
    workspace = _conversations()
    query = _updated(operator, 100)

    assert set(found_ids(workspace, "conversations", query)) == exclusive
    workspace.behaviour.inclusive_bounds = True
    assert set(found_ids(workspace, "conversations", query)) == inclusive


def test_times_may_be_text() -> None:
    """A timestamp may be an integer or its text."""
    assert found_ids(_conversations(), "conversations", _updated(">", "100")) == ["101"]


@pytest.mark.parametrize("value", ["foobar", None, "1.5x", []])
def test_a_date_must_be_a_number(value: object) -> None:
    """A value that does not fit the field's type fails the query."""
    assert search(_conversations(), "conversations", _updated(">", value)).status_code == 400


def test_lists_of_dates_are_allowed_on_conversations() -> None:
    """`IN` and `NIN` take lists."""
    workspace = _conversations()

    assert set(found_ids(workspace, "conversations", _updated("IN", [99, 101]))) == {"99", "101"}
    assert found_ids(workspace, "conversations", _updated("NIN", [99, 101])) == ["100"]
    assert search(workspace, "conversations", _updated("IN", 99)).status_code == 400


def test_groups_combine_filters() -> None:
    """AND and OR combine filters, one inside the other."""
    either = {"operator": "OR", "value": [_updated("=", 99), _updated(">", 100)]}
    query = {"operator": "AND", "value": [either, _updated("<", 101)]}

    assert found_ids(_conversations(), "conversations", query) == ["99"]


def _nested(depth: int) -> Record:
    query = _updated(">", 0)
    for _ in range(depth):
        query = {"operator": "AND", "value": [query]}
    return query


@pytest.mark.parametrize(("depth", "status"), [(0, 200), (1, 200), (2, 200), (3, 400)])
def test_groups_nest_two_levels(depth: int, status: int) -> None:
    """A third level of groups is refused."""
    assert search(_conversations(), "conversations", _nested(depth)).status_code == status


@pytest.mark.parametrize(("count", "status"), [(15, 200), (16, 400), (0, 400)])
def test_groups_hold_fifteen_filters(count: int, status: int) -> None:
    """A group has 1 to 15 filters."""
    query = {"operator": "OR", "value": [_updated("=", 99)] * count}

    assert search(_conversations(), "conversations", query).status_code == status


@pytest.mark.parametrize("order", ["desc", "asc", "DESCENDING", None])
def test_unknown_orders_are_refused(order: object) -> None:
    """An order is `ascending` or `descending`."""
    sort = {"field": "updated_at", "order": order}

    response = search(_conversations(), "conversations", _updated(">", 0), sort=sort)

    assert (response.status_code, error_code(response)) == (400, "invalid_sort_order")


_FILTERS = st.builds(
    _updated, st.sampled_from(["=", ">", "<"]), st.integers(1_700_000_000, 1_701_000_000)
)
_GROUPED = st.builds(
    lambda operator, value: {"operator": operator, "value": value},
    st.sampled_from(["AND", "OR"]),
    st.lists(
        _FILTERS | st.just({"field": "role", "operator": "=", "value": "user"}),
        min_size=1,
        max_size=4,
    ),
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(_GROUPED | _FILTERS, min_size=1, max_size=3),
    st.sampled_from(["AND", "OR"]),
    st.sampled_from(ZONES),
)
def test_an_ordered_search_finds_what_its_filters_match(
    filters: list[Record], operator: str, zone: str
) -> None:
    """Looking only where a date can be finds the same as looking everywhere."""
    workspace = Workspace(clock=Clock(), timezone=zone)
    for number in range(40):
        workspace.add("contacts", {"id": f"c{number}", "updated_at": 1_700_000_000 + number * 9_973,
                                   "role": ("user", "lead")[number % 2]})  # fmt: skip
    workspace.add("contacts", {"id": "undated", "role": "user"})
    query = {"operator": operator, "value": filters}

    matches = compile_query(workspace, "contacts", query)

    everywhere = {one["id"] for one in workspace.collection("contacts") if matches(one)}
    assert everywhere == set(found_ids(workspace, "contacts", query))


def test_the_default_order_is_newest_update_first() -> None:
    """Without `sort`, the most recently updated come first."""
    assert found_ids(_conversations(), "conversations", _updated(">", 0)) == ["101", "100", "99"]


def test_ties_are_broken_by_id() -> None:
    """Records of one second come in the order of their ids."""
    workspace = Workspace(clock=Clock())
    for name in ("b", "c", "a"):
        workspace.add("contacts", {"id": name, "updated_at": 200_000})
    sort = {"field": "updated_at", "order": "ascending"}

    answer = search(workspace, "contacts", _updated(">", 0), sort=sort).json()

    assert [record["id"] for record in answer["data"]] == ["a", "b", "c"]


def test_unknown_fields_are_refused() -> None:
    """A field outside Intercom's table is refused."""
    query = {"field": "shoe_size", "operator": "=", "value": 43}

    assert error_code(search(Workspace(), "contacts", query)) == "invalid_field"


def test_a_query_is_required() -> None:
    """A search without `query` is refused."""
    assert error_code(search(Workspace(), "contacts", None)) == "parameter_not_found"  # type: ignore[arg-type]


def test_tags_are_searched_whole() -> None:
    """`tag_id` looks at all tags, also at those that the contact's list cuts off."""
    workspace = generate(contacts=20, companies=0, conversations=0)
    record = workspace.truth("contacts")[3]
    last = record["tags"]["data"][-1]["id"]

    query = {"field": "tag_id", "operator": "=", "value": last}

    assert len(record["tags"]["data"]) > 10
    assert record["id"] in found_ids(workspace, "contacts", query)


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [("=", "ada@x.io", True), ("~", "DA@", True), ("^", "ada", True), ("$", ".io", True),
     ("!~", "ada", False), ("^", "x", False), ("IN", ["ada@x.io"], True)],
)  # fmt: skip
def test_text_operators(operator: str, value: object, found: bool) -> None:  # noqa: FBT001
    """Text is compared without regard to case: equal, contained, at either end."""
    workspace = Workspace(clock=Clock())
    workspace.add("contacts", {"id": "1", "email": "Ada@x.io"})
    query = {"field": "email", "operator": operator, "value": value}

    assert found_ids(workspace, "contacts", query) == (["1"] if found else [])
