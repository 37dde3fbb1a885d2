"""What Intercom's answers are told as: what is wrong, what to do, and the exchange at the end."""

import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercom_assets.errors import IntercomError, RequestInfo
from intercom_assets.intercom.responses import read_response
from intercom_assets_tests.simulator.specification import specification
from intercom_assets_tests.telling import parts_of
from intercom_assets_tests.unit.talking import in_turn
from intercom_assets_tests.unit.test_client import TAGS

STATUSES = (300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 415,
            422, 423, 429, 500, 501, 502, 503, 504)  # fmt: skip
"""What Intercom's descriptions name, its documents of errors, and proxies."""

CODES = (
    "action_forbidden", "already_linked_to_tracker", "api_plan_restricted", "bad_request",
    "client_error",
    "company_not_found", "conflict", "contact_merged", "data_invalid", "forbidden",
    "intercom_version_invalid", "invalid_sort_order", "missing_authorization", "not_found",
    "parameter_invalid", "parameter_not_found", "rate_limit_exceeded", "resource_conflict",
    "scroll_exists", "server_error", "service_unavailable", "token_blocked", "token_expired",
    "token_not_found", "token_revoked", "token_suspended", "token_unauthorized",
    "unauthorized", "validation_error",
)  # fmt: skip

ANSWERS = st.one_of(
    st.builds(
        lambda status, code, message: (
            httpx.Response(
                status,
                json={
                    "type": "error.list",
                    "request_id": "req-1",
                    "errors": [{"code": code, "message": message}],
                },
            ),
            f"{status} {code}{f': {message}' if message else ''} (request id req-1)",
        ),
        st.sampled_from(STATUSES),
        st.sampled_from(CODES),
        st.one_of(st.none(), st.text(max_size=40), st.just("Look. There [x] is. [y]")),
    ),
    st.builds(
        lambda status, text: (httpx.Response(status, text=text), f"{status}"),
        st.sampled_from((200, 204, *STATUSES)),
        st.sampled_from(("", "<html>No. Nothing here.</html>", "[1]", '{"type": "error.list"')),
    ),
)
"""Answers that are errors, and what of each must be in the exchange."""


@given(answer=ANSWERS, scope=st.sampled_from((None, "Read tags")))
def test_the_exchange_comes_last(answer: tuple[httpx.Response, str], scope: str | None) -> None:
    """Whatever is answered: what is wrong, then what to do, then the whole exchange."""
    response, exchange = answer

    with pytest.raises(IntercomError) as caught:
        read_response(RequestInfo(method="GET", path="/tags"), response, response.content, scope)

    told = parts_of(str(caught.value))
    assert f"GET /tags → HTTP {exchange}" == told.said
    assert (told.wrong, told.remedy) == (caught.value.wrong, caught.value.remedy)


def test_every_status_of_the_description_is_tried() -> None:
    """No status that Intercom's description of an endpoint names is missing above."""
    named = {
        status
        for operations in specification()["paths"].values()
        for operation in operations.values()
        if isinstance(operation, dict)
        for status in operation.get("responses", {})
    }

    assert {int(one) for one in named if re.fullmatch(r"[3-5]\d\d", str(one))} <= set(STATUSES)


@pytest.mark.parametrize(
    ("failure", "wrong"),
    [
        (httpx.ConnectError("x"), "Intercom cannot be reached from this machine"),
        (httpx.ConnectTimeout("x"), "Intercom cannot be reached from this machine"),
        (httpx.ReadTimeout("x"), "Intercom did not answer in time"),
        (TimeoutError("x"), "Intercom did not answer in time"),
        (httpx.ReadError("x"), "The connection to Intercom was lost"),
        (httpx.RemoteProtocolError("x"), "The connection to Intercom was lost"),
    ],
)
def test_a_missing_answer_is_told_by_its_kind(failure: Exception, wrong: str) -> None:
    """Where no answer comes, the first sentence says how, and the kind of failure comes last."""
    talk, _ = in_turn(failure)

    with pytest.raises(IntercomError) as caught:
        talk.ask(TAGS)

    told = parts_of(str(caught.value))
    assert wrong == told.wrong
    assert f"GET /tags → no answer: {type(failure).__name__}" == told.said
    assert talk.notes[0].startswith(f"{wrong}; trying again in ")
    assert talk.notes[0].endswith(f" s [{told.said}]")
