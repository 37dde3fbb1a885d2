"""One request: what is sent, what each answer means, what is sent again."""

import logging
import subprocess
import sys
import traceback

import httpx
import pytest

from intercom_assets.catalog import NEWEST
from intercom_assets.errors import (
    ConfigurationError,
    IntercomError,
    NotFound,
    PermanentError,
    RateLimited,
    TransientError,
    Unauthorized,
)
from intercom_assets.intercom.client import Call
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.transport import check_address
from intercom_assets_tests.unit.talking import TOKEN, envelope, in_turn

TAGS = Call(path="/tags", needs=(("data",),))
FINE = httpx.Response(200, json={"type": "list", "data": [{"id": "1"}]})
PAGE = "<html><body>nginx</body></html>"


def test_every_request_names_token_version_and_form() -> None:
    """A request carries the token, the version and the form of answer that it wants."""
    talk, asked = in_turn(FINE)

    talk.ask(TAGS)

    sent = asked[0].headers
    assert f"Bearer {TOKEN}" == sent["authorization"]
    assert ("2.16", "application/json") == (sent["intercom-version"], sent["accept"])


@pytest.mark.parametrize(
    "failure",
    [
        envelope(401, "unauthorized"),
        envelope(500, "server_error"),
        httpx.Response(200, text=PAGE),
        httpx.ConnectError(f"could not send Bearer {TOKEN}"),
        httpx.LocalProtocolError(f"illegal header {TOKEN}"),
    ],
)
def test_the_token_is_in_no_error_log_or_repr(
    failure: httpx.Response | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """No error, traceback, log line or repr shows the token."""
    caplog.set_level(logging.DEBUG)
    talk, _ = in_turn(failure)

    with pytest.raises(IntercomError) as caught:
        talk.ask(TAGS)

    shown = "".join(traceback.format_exception(caught.value))
    assert TOKEN not in shown + repr(caught.value) + caplog.text + "".join(talk.notes)
    assert TOKEN not in repr(talk.transport)


_INTERRUPTED = """\
import signal, sys, threading, anyio
from intercom_assets.catalog import NEWEST
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.transport import check_address

ended = threading.Event()

async def endless():
    await anyio.sleep(0.3)
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    try:
        await anyio.sleep_forever()
    finally:
        ended.set()

with Connection(token="dG9rOmV4YW1wbGU", region="eu", version=NEWEST) as connection:
    try:
        connection.call(endless)
    except KeyboardInterrupt:
        print(ended.wait(10))
"""


def test_what_is_not_waited_for_is_cancelled() -> None:
    """Ctrl-C ends the wait in the main thread, and with it the work on the event loop."""
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED], capture_output=True, text=True, timeout=60, check=True
    )

    assert ("True\n", "") == (done.stdout, done.stderr)


def test_a_connection_does_not_show_its_token() -> None:
    """The repr of a connection names the host alone."""
    connection = Connection(token=TOKEN, region="eu", version=NEWEST)

    assert "Connection('https://api.eu.intercom.io')" == repr(connection)


@pytest.mark.parametrize("token", ["", "  ", "two words", "ünïcode", "line\nbreak"])
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    """A token with characters that no token has is refused without showing it."""
    with pytest.raises(ConfigurationError, match="Copy it again") as caught:
        Connection(token=token, region="us", version=NEWEST)

    assert not token.strip() or token not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.intercom.io",
        "http://127.evil.example",
        "http://10.0.0.1",
        "ftp://x",
        "",
        "https://",
    ],
)
def test_the_token_does_not_travel_in_the_clear(url: str) -> None:
    """A base URL is https, or http on loopback; a name that looks like loopback is none."""
    assert check_address(url) is not None


@pytest.mark.parametrize(
    "url", ["https://api.intercom.io", "http://localhost:1", "http://127.0.0.1:8", "http://[::1]:8"]
)
def test_a_safe_base_url_is_taken(url: str) -> None:
    """Https and loopback are safe."""
    assert check_address(url) is None


@pytest.mark.parametrize(
    "bad",
    [
        httpx.Response(200, content=b""),
        httpx.Response(200, text=PAGE),
        httpx.Response(200, content=b'{"type": "list", "data": [{"id": "1"'),
        httpx.Response(200, json={"type": "list"}),
        httpx.Response(200, json={"type": "list", "data": None}),
        httpx.Response(200, json=[1]),
        httpx.Response(204),
        envelope(500, "server_error"),
        httpx.Response(502, text=PAGE),
        httpx.Response(404, text=PAGE),
        envelope(408, "request_timeout"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
    ],
)
def test_an_answer_that_may_get_better_is_asked_for_again(bad: httpx.Response | Exception) -> None:
    """Empty, foreign, cut-off, failing and missing answers are retried until a good one comes."""
    talk, asked = in_turn(bad, bad, FINE)

    answer = talk.ask(TAGS)

    assert [{"id": "1"}] == answer.body["data"]
    assert (3, 2, 2) == (len(asked), talk.meter.retries, len(talk.notes))


@pytest.mark.parametrize("bad", [httpx.Response(200, content=b""), envelope(503, "unavailable")])
def test_retries_end_and_name_the_request(bad: httpx.Response) -> None:
    """After the last attempt the error names method, path and status."""
    talk, asked = in_turn(bad)

    with pytest.raises(TransientError, match=rf"GET /tags → HTTP {bad.status_code}"):
        talk.ask(TAGS)

    assert 4 == len(asked)
    assert all(pause <= 30 for pause in talk.slept)


@pytest.mark.parametrize(
    ("refusal", "kind", "told"),
    [
        (envelope(401, "unauthorized"), Unauthorized, "Copy it again"),
        (envelope(401, "token_unauthorized"), Unauthorized, 'permission "Read tags"'),
        (envelope(403, "forbidden"), Unauthorized, 'permission "Read tags"'),
        (envelope(403, "action_forbidden"), Unauthorized, 'permission "Read tags"'),
        (envelope(403, "unauthorized"), Unauthorized, "Copy it again"),
        (envelope(401, "token_suspended"), Unauthorized, "suspended or blocked"),
        (envelope(401, "token_blocked"), Unauthorized, "suspended or blocked"),
        (envelope(401, "missing_authorization"), Unauthorized, "did not arrive at Intercom"),
        (envelope(403, "api_plan_restricted"), Unauthorized, "plan"),
        (httpx.Response(401, text=PAGE), Unauthorized, "proxy or a firewall"),
        (httpx.Response(403, text=PAGE), Unauthorized, "proxy or a firewall"),
        (envelope(404, "not_found"), NotFound, "not_found"),
        (envelope(410, "contact_merged"), NotFound, "contact_merged"),
        (
            envelope(400, "intercom_version_invalid"),
            PermanentError,
            "Version 2.16 of .* Set a newer",
        ),
        (envelope(422, "parameter_invalid", "bad field"), PermanentError, "bad field"),
        (
            httpx.Response(301, headers={"Location": "https://x.example/"}),
            PermanentError,
            "base_url",
        ),
    ],
)
def test_a_refusal_is_final(refusal: httpx.Response, kind: type[IntercomError], told: str) -> None:
    """What will be refused again is asked once, and the message says what to do."""
    talk, asked = in_turn(refusal)

    with pytest.raises(kind, match=told) as caught:
        talk.ask(TAGS)

    assert 1 == len(asked)
    assert refusal.status_code == caught.value.status


LACKING = "You do not have the required scope ({}) to access this resource"


@pytest.mark.parametrize(
    ("call", "said", "shown"),
    [
        (TAGS, "No.", "Read tags"),
        (TAGS, "Not authorized to access resource_type", "Read tags"),
        (TAGS, LACKING.format("read_tags"), "Read tags"),
        (TAGS, LACKING.format("read_companies"), "read_companies"),
        (TAGS, "OAuth token lacks read_write_articles_scope", "read_write_articles_scope"),
        (Call(path="/contacts/1/notes", scope="Read notes"), "No.", "Read notes"),
        (Call(path="/contacts/1/notes", scope="Read notes"), LACKING.format("read_x"), "read_x"),
    ],
)
def test_the_permission_that_is_named_is_the_requests(call: Call, said: str, shown: str) -> None:
    """The permission that Intercom names is shown, else the request's own, else the resource's."""
    talk, _ = in_turn(envelope(403, "forbidden", said))

    with pytest.raises(Unauthorized) as caught:
        talk.ask(call)

    assert f'The access token lacks the permission "{shown}"' == caught.value.wrong


def test_redirects_are_not_followed() -> None:
    """A redirect is an error: the token stays with its host."""
    talk, asked = in_turn(httpx.Response(302, headers={"Location": "https://x.example/"}), FINE)

    with pytest.raises(PermanentError, match="leads elsewhere, which is not followed"):
        talk.ask(TAGS)

    assert {"127.0.0.1"} == {request.url.host for request in asked}


def test_an_error_names_intercoms_own_words_and_request_id() -> None:
    """An error quotes Intercom's code, message and request id."""
    talk, _ = in_turn(envelope(422, "data_invalid", "No such thing"))

    with pytest.raises(PermanentError, match=r"data_invalid: No such thing \(request id req-1\)"):
        talk.ask(TAGS)


def too_many(*, reset_in: float | None, now: float) -> httpx.Response:
    """Make a 429 whose window resets after some seconds, or that does not say."""
    headers = {}
    if reset_in is not None:
        headers = {
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(int(now + reset_in)),
            "Date": "Mon, 05 Jan 2026 12:00:00 GMT",
        }
    return httpx.Response(429, headers=headers, json={"type": "error.list", "errors": []})


def test_a_429_waits_for_the_reset() -> None:
    """A refused request is sent again after the window that Intercom names."""
    talk, asked = in_turn(FINE)
    began = talk.clock.now
    talk, asked = in_turn(too_many(reset_in=7, now=began), FINE)

    talk.ask(TAGS)

    assert 2 == len(asked)
    assert 7 <= talk.clock.now - began < 10


def test_a_429_without_headers_backs_off() -> None:
    """Where nothing says when the quota resets, pauses grow and stay bounded."""
    talk, asked = in_turn(too_many(reset_in=None, now=0), FINE)

    talk.ask(TAGS)

    assert 2 == len(asked)
    assert all(pause <= 30 for pause in talk.slept)


def test_a_quota_that_never_frees_up_is_named() -> None:
    """Waiting for the quota is bounded too, and the error says who may be using it."""
    talk, asked = in_turn(too_many(reset_in=None, now=0))

    with pytest.raises(RateLimited, match="rate_limit_share"):
        talk.ask(TAGS)

    assert 60 == len(asked)


def test_hostile_text_becomes_text_that_warehouses_hold() -> None:
    """NUL and lone surrogates are replaced; integers keep all digits; pairs stay."""
    body = (
        rb'{"data": [{"id": 123456789012345678901, "a\u0000": "x\u0000",'
        rb' "s": "\ud83d", "p": "\ud83d\ude00"}]}'
    )
    talk, _ = in_turn(httpx.Response(200, content=body))

    answer = talk.ask(TAGS)

    assert [
        {"id": 123456789012345678901, "a\ufffd": "x\ufffd", "s": "\ufffd", "p": "\U0001f600"}
    ] == answer.body["data"]
