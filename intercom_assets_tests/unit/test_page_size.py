"""Sizes of pages: when they shrink, when they grow, and that a numbered page keeps its place."""

from urllib.parse import parse_qs

import httpx
import pytest

from intercom_assets.catalog.endpoints import Numbered
from intercom_assets.intercom.client import Call
from intercom_assets.intercom.pagination import read_list
from intercom_assets.intercom.retry import PageSize
from intercom_assets_tests.unit.talking import made_up, run_in


@pytest.mark.parametrize(
    ("largest", "sizes"),
    [(150, [50, 10, 1, 1]), (20, [10, 1, 1, 1]), (7, [1, 1, 1, 1]), (1, [1, 1, 1, 1])],
)
def test_a_page_shrinks_to_one_record(largest: int, sizes: list[int]) -> None:
    """Each failure leads to the next smaller size, down to a single record."""
    pages = PageSize(largest, largest)

    assert sizes == [pages.failed(pages.size) for _ in range(4)]


def test_a_page_that_others_shrank_is_not_shrunk_again() -> None:
    """Several readers whose large pages fail at once shrink the page once."""
    pages = PageSize(150, 150)

    assert [50, 50] == [pages.failed(150), pages.failed(150)]
    assert 50 == pages.size


def test_a_larger_page_that_keeps_failing_is_tried_ever_more_rarely() -> None:
    """Of a thousand pages a dozen try the size that does not work."""
    pages = PageSize(150, 150)
    tried = 0
    for _ in range(1_000):
        if pages.size > 50:
            tried += 1
            pages.failed(pages.size)
        else:
            pages.came(pages.size)

    assert 2 <= tried <= 12


@pytest.mark.parametrize("most", [50, 25, 7])
@pytest.mark.parametrize("answered", [30, 10, 1])
def test_numbered_pages_of_changing_size_pass_over_nothing(most: int, answered: int) -> None:
    """Pages are numbered by their size, so that a smaller one begins where the last one ended."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        query = parse_qs(request.url.query.decode())
        page, per_page = int(query["page"][0]), int(query["per_page"][0])
        if page * per_page > 60 and per_page > answered:
            return httpx.Response(504)
        asked.append((page - 1) * per_page)
        listed = [{"id": str(one)} for one in range(143)][(page - 1) * per_page : page * per_page]
        pages = {"page": page, "total_pages": -(-143 // per_page), "next": None}
        return httpx.Response(200, json={"data": listed, "pages": pages})

    call = Call(path="/things", needs=(("data",),))
    page = run_in(made_up(answer), lambda session: read_list(session, call, Numbered(most)))

    assert [str(one) for one in range(143)] == [one["id"] for one in page.records]
    assert asked == sorted(asked)
