"""How answers continue, in every form that Intercom names a next page."""

from typing import Any

import anyio
import httpx
import pytest

from intercom_assets.catalog.endpoints import Numbered, SinglePage, StartingAfter
from intercom_assets.errors import CutOff
from intercom_assets.intercom.client import Call
from intercom_assets.intercom.pagination import read_pages
from intercom_assets.intercom.position import Paged
from intercom_assets_tests.unit.talking import in_turn

LIST = Call(path="/things", needs=(("data",),))
SEARCH = Call(method="POST", path="/search", body={"query": {}}, needs=(("data",),))


def page(*ids: str, **pages: Any) -> httpx.Response:  # noqa: ANN401 - any JSON
    """Make an answer with records and a `pages` object."""
    return httpx.Response(200, json={"data": [{"id": one} for one in ids], "pages": pages})


def read(
    call: Call, paged: Paged, *responses: httpx.Response
) -> tuple[list[list[str]], list[httpx.Request]]:
    """Read all pages; give the ids of each, and what was asked."""
    talk, asked = in_turn(*responses)

    async def reading() -> list[list[str]]:
        async with talk.session() as session:
            return [
                [str(record["id"]) for record in page.records]
                async for page in read_pages(session, call, paged)
            ]

    return anyio.run(reading), asked


@pytest.mark.parametrize(
    "last", [{}, *({"next": one} for one in (None, "", {}, {"page": None, "starting_after": ""}))]
)
def test_no_next_page_is_the_end(last: dict[str, Any]) -> None:
    """`next` that is absent, null or empty is the end, where nothing says that more follows."""
    pages, asked = read(LIST, StartingAfter(), page("1", **last))

    assert [["1"]] == pages
    assert 1 == len(asked)


def test_pages_may_be_null() -> None:
    """An answer whose `pages` is null is the last one."""
    pages, _ = read(LIST, StartingAfter(), httpx.Response(200, json={"data": [], "pages": None}))

    assert [[]] == pages


@pytest.mark.parametrize(
    "following",
    [
        {"page": 2, "starting_after": "a+/=\nb"},
        {"starting_after": "a+/=\nb"},
        "https://api.intercom.io/things?per_page=5&starting_after=a%2B%2F%3D%0Ab",
        "a+/=\nb",
    ],
)
def test_a_cursor_is_sent_as_it_came(following: object) -> None:
    """A cursor with characters that URLs spell otherwise comes back unchanged."""
    pages, asked = read(LIST, StartingAfter(5), page("1", next=following), page("2"))

    assert [["1"], ["2"]] == pages
    assert "a+/=\nb" == asked[1].url.params["starting_after"]


def test_a_search_sends_its_position_in_the_body() -> None:
    """The position of a search goes into the body, where Intercom reads it."""
    _, asked = read(SEARCH, StartingAfter(5), page("1", next={"starting_after": "x"}), page("2"))

    assert b'"starting_after":"x"' in asked[1].content
    assert b"starting_after" not in asked[0].content
    assert not asked[1].url.query


@pytest.mark.parametrize(
    "following",
    [
        "https://api.intercom.io/things?page=2&per_page=5",
        "/things?page=2",
        {"page": 2, "starting_after": "cursor"},
        2,
        "2",
    ],
)
def test_numbered_pages_go_on_by_number(following: object) -> None:
    """The next number is found in a URL, an object that also holds a cursor, or alone."""
    pages, asked = read(LIST, Numbered(5), page("1", next=following), page("2", next=None))

    assert [["1"], ["2"]] == pages
    assert ["1", "2"] == [request.url.params["page"] for request in asked]


@pytest.mark.parametrize("following", [True, "https://x.example/?offset=2", {"page": 2}])
def test_a_next_page_of_an_unknown_form_is_an_error(following: object) -> None:
    """A next page that cannot be asked for is an error: what follows would be lost."""
    with pytest.raises(CutOff, match="next page in a form that is not known"):
        read(LIST, StartingAfter(), page("1", next=following))


@pytest.mark.parametrize(
    ("following", "name"),
    [("https://x.example/?page=2", "page"), ({"starting_after": "x"}, "starting_after")],
)
def test_a_single_page_is_continued_where_a_next_one_is_named(following: object, name: str) -> None:
    """A list that is documented as one page is followed if Intercom names a second one."""
    pages, asked = read(LIST, SinglePage(), page("1", next=following), page("2"))

    assert [["1"], ["2"]] == pages
    assert name in asked[1].url.params
    assert "127.0.0.1" == asked[1].url.host


def test_an_empty_page_with_a_next_one_continues() -> None:
    """An empty page is not the end where a next one is named."""
    pages, _ = read(
        LIST, StartingAfter(), page("1", next={"starting_after": "x"}),
        page(next={"starting_after": "y"}), page("2"),
    )  # fmt: skip

    assert [["1"], [], ["2"]] == pages


def test_a_repeated_cursor_is_an_error() -> None:
    """A cursor that comes a second time would never end, so it is an error."""
    again = page("1", next={"starting_after": "same"})

    with pytest.raises(CutOff, match=r"'same' twice.*/things"):
        read(LIST, StartingAfter(), again)


def test_what_is_no_object_is_no_record() -> None:
    """Entries of a list that are no objects are passed over."""
    pages, _ = read(LIST, SinglePage(), httpx.Response(200, json={"data": [None, {"id": "1"}, 3]}))

    assert [["1"]] == pages


def counted(number: int | str | None, total: int | str | None, *ids: str) -> httpx.Response:
    """Make an answer that counts its pages outside of `pages`, and names no next one."""
    body: dict[str, Any] = {"data": [{"id": one} for one in ids], "total_pages": total}
    return httpx.Response(200, json=body if number is None else body | {"page": number})


@pytest.mark.parametrize("paged", [SinglePage(), Numbered(5)])
@pytest.mark.parametrize("numbers", [(1, 2), ("1", "2"), (None, None)])
def test_a_list_that_counts_its_pages_is_read_to_the_last(
    paged: Paged, numbers: tuple[int | str | None, int | str | None]
) -> None:
    """Where no next page is named and more are counted, the next number is asked for."""
    first, second = numbers
    pages, asked = read(LIST, paged, counted(first, "2", "1"), counted(second, 2, "2"))

    assert [["1"], ["2"]] == pages
    assert "2" == asked[1].url.params["page"]


@pytest.mark.parametrize("total", [0, None, "many", -1, 1])
def test_a_count_of_pages_that_says_nothing_is_the_end(total: int | str | None) -> None:
    """`total_pages` of 0, null or of no number asks for nothing more."""
    pages, asked = read(LIST, SinglePage(), counted(1, total, "1"))

    assert [["1"]] == pages
    assert 1 == len(asked)


def test_a_list_that_shrinks_while_it_is_read_ends_at_its_new_last_page() -> None:
    """An empty page past the new last one is the end."""
    pages, asked = read(LIST, Numbered(1), counted(1, 2, "1"), counted(2, 1))

    assert [["1"], []] == pages
    assert 2 == len(asked)


def test_a_list_that_counts_pages_without_end_is_ended_by_empty_ones() -> None:
    """One empty page loses nothing of the next; ten in a row end a list that names no page."""
    empty = [counted(None, 10**9) for _ in range(10)]
    pages, asked = read(
        LIST, SinglePage(), counted(None, 10**9, "1"), empty[0], counted(None, 10**9, "2"), *empty
    )

    assert ["1", "2"] == [one for page in pages for one in page]
    assert 13 == len(asked)


def test_a_smaller_page_than_asked_for_is_counted_as_it_came() -> None:
    """Where Intercom caps a page, the next one begins after the records that came."""
    first = page("1", "2", page=1, per_page=2, total_pages=2, next="/things?page=2&per_page=2")
    pages, asked = read(LIST, Numbered(50), first, page("3", page=2, per_page=2, total_pages=2))

    assert [["1", "2"], ["3"]] == pages
    assert [("1", "50"), ("2", "2")] == [
        (request.url.params["page"], request.url.params["per_page"]) for request in asked
    ]
