"""What is sent to which of Intercom's hosts, and what an answer may do to us."""

import logging
import traceback
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import pytest

from intercom_assets.catalog import CATALOG, NEWEST
from intercom_assets.errors import IntercomError, PermanentError, TransientError, Unauthorized
from intercom_assets.intercom.oauth import App, Grant

SECRET = "c1ient-s3cret/of=the+app"
CODE = "0ne-time-c0de-of-the-flow"
TOKEN = "dG9rOjE2Qz/kq+Zr9xWv_c4n4ry"
RESOURCES = CATALOG.select({"tags", "teams", "contacts"})

Answers = Callable[[httpx.Request], httpx.Response]


def app(answers: Answers, region: str = "us") -> App:
    """Make an app whose Intercom is a function."""
    return App(
        client_id="c1ient",
        client_secret=SECRET,
        region=region,
        version=NEWEST,
        transport=httpx.MockTransport(answers),
    )


def exchanged(answers: Answers) -> str:
    """Exchange the code."""
    return anyio.run(app(answers).exchange, CODE)


def asked(answers: Answers, region: str = "us") -> Grant:
    """Ask about the token."""
    return anyio.run(app(answers, region).ask_about, TOKEN, RESOURCES)


@pytest.mark.parametrize(
    ("region", "host"),
    [("us", "app.intercom.com"), ("eu", "app.eu.intercom.com"), ("au", "app.au.intercom.com")],
)
def test_access_is_granted_on_the_regions_page(region: str, host: str) -> None:
    """The address has the client id, the state and where to come back, and no secret."""
    made = app(lambda _: httpx.Response(500), region)

    address = urlsplit(made.authorize_url(state="a&b", redirect_url="https://x.example/?y"))

    assert ("https", host, "/oauth") == (address.scheme, address.netloc, address.path)
    assert {
        "client_id": ["c1ient"],
        "state": ["a&b"],
        "redirect_uri": ["https://x.example/?y"],
    } == parse_qs(address.query)
    assert SECRET not in repr(made)


def test_the_code_is_sent_once_in_a_form_to_the_one_host_that_exchanges() -> None:
    """The secret travels in the body of one request, whatever the answer."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(503)

    with pytest.raises(TransientError):
        exchanged(answer)

    [request] = seen
    assert "https://api.intercom.io/auth/eagle/token" == str(request.url)
    form = {"code": [CODE], "client_id": ["c1ient"], "client_secret": [SECRET]}
    assert form == parse_qs(request.content.decode())


def told(error: BaseException | None) -> Iterator[str]:
    """Give all that an exception says, and the ones that it came from."""
    while error is not None:
        yield from (str(error), repr(error), repr(vars(error)))
        yield "".join(traceback.format_exception(error))
        error = error.__cause__ or error.__context__


def envelope(text: str) -> dict[str, object]:
    """Say something as Intercom says errors."""
    return {"type": "error.list", "errors": [{"code": text, "message": text}], "request_id": text}


QUOTED = f"{SECRET} {CODE}"
QUOTING: dict[str, Answers] = {
    "envelope": lambda _: httpx.Response(401, json=envelope(QUOTED)),
    "oauth": lambda _: httpx.Response(400, json={"error": QUOTED, "error_description": QUOTED}),
    "escaped": lambda _: httpx.Response(
        400, content=('{"error":"' + "".join(f"\\u{ord(one):04x}" for one in QUOTED) + '"}')
    ),
    "header": lambda _: httpx.Response(401, headers={"X-Request-Id": QUOTED}, json={}),
    "page": lambda _: httpx.Response(404, text=QUOTED),
    "redirect": lambda _: httpx.Response(302, headers={"Location": f"http://evil/{QUOTED}"}),
    "outage": lambda _: httpx.Response(500, json=envelope(QUOTED)),
    "no object": lambda _: httpx.Response(200, json=[QUOTED]),
    "no token": lambda _: httpx.Response(200, json={"token": f"{QUOTED} with blanks"}),
    "large": lambda _: httpx.Response(200, content=QUOTED.encode() * 100_000),
}


@pytest.mark.parametrize("kind", QUOTING)
def test_an_answer_that_quotes_secrets_is_told_without_them(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """However Intercom or a proxy repeats the secret and the code, neither is told or logged."""
    caplog.set_level(logging.NOTSET)

    with pytest.raises(IntercomError) as caught:
        exchanged(QUOTING[kind])

    for text in (*told(caught.value), caplog.text):
        assert SECRET not in text
        assert CODE not in text


def test_an_answer_without_end_is_refused() -> None:
    """More than a megabyte is no answer to a code, even with a token in it."""
    body = {"token": TOKEN, "more": "x" * 1_000_000}

    with pytest.raises(PermanentError, match="larger"):
        exchanged(lambda _: httpx.Response(200, json=body))


def test_a_broken_line_quotes_nothing() -> None:
    """A failure of the transport is named by its kind only."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"{request.content.decode()} {SECRET}")

    with pytest.raises(TransientError, match="ConnectError") as caught:
        exchanged(fail)

    assert all(SECRET not in text for text in told(caught.value))


@pytest.mark.parametrize(
    "token", ["", "short", f"{TOKEN}\n{TOKEN}", f"{TOKEN} x", f"{TOKEN}é", "${HOME}/a-token", 5]
)
def test_what_cannot_be_a_token_is_refused(token: object) -> None:
    """Nothing that would break a line of `.env` or a header is taken for a token."""
    with pytest.raises(PermanentError, match="no access token"):
        exchanged(lambda _: httpx.Response(200, json={"access_token": token}))


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, {"error": "invalid_client", "error_description": "No."}, "invalid_client: No."),
        (400, {"error": "invalid_grant"}, "invalid_grant"),
        (404, {"nothing": "told"}, "HTTP 404"),
        (400, {}, "HTTP 400"),
    ],
)
def test_a_refusal_names_what_is_likely_and_what_was_said(
    status: int, body: dict[str, str], said: str
) -> None:
    """A refusal names both causes, then what Intercom says, since it documents no codes."""
    with pytest.raises(Unauthorized, match=rf"expired.*INTERCOM_CLIENT_SECRET.*\[.*{said}"):
        exchanged(lambda _: httpx.Response(status, json=body))


def intercom(home: str, hosts: list[str], refused: frozenset[str] = frozenset()) -> Answers:
    """Play three regions, of which one knows the token."""

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        if request.url.host != f"api{home}.intercom.io":
            return httpx.Response(401, json=envelope("unauthorized"))
        if request.url.path in refused:
            return httpx.Response(403, json=envelope("forbidden"))
        if request.url.path == "/me":
            region = home.removeprefix(".").upper() or "US"
            owner = {"id_code": "a1", "name": "Acme", "region": region}
            return httpx.Response(200, json={"type": "admin", "app": owner})
        lists: dict[str, list[object]] = {"data": [], "teams": [], "tags": [], "contacts": []}
        return httpx.Response(200, json={"type": "list", **lists})

    return answer


@pytest.mark.parametrize(("home", "region"), [("", "us"), (".eu", "eu"), (".au", "au")])
def test_the_workspace_is_found_in_any_region(home: str, region: str) -> None:
    """The region of the settings is asked first; what may be read is asked of the right one."""
    hosts: list[str] = []

    grant = asked(intercom(home, hosts), "us")

    assert ("a1", "Acme", region) == (
        grant.workspace.id,
        grant.workspace.name,
        grant.workspace.region,
    )
    assert "api.intercom.io" == hosts[0]
    assert f"api{home}.intercom.io" == hosts[-1]
    assert all(one.granted for one in grant.permissions)


def test_a_token_that_no_region_knows_is_refused() -> None:
    """Three refusals are one."""
    with pytest.raises(Unauthorized):
        asked(lambda _: httpx.Response(401, json=envelope("unauthorized")))


def test_a_permission_is_granted_where_one_of_its_resources_may_be_read() -> None:
    """A resource that needs more than its permission does not stand for the others."""
    some = asked(intercom("", [], frozenset({"/teams"})))
    none = asked(intercom("", [], frozenset({"/teams", "/contacts/search"})))

    shared = "Read and list users and companies"
    assert {shared, "Read tags"} == {one.scope for one in some.granted}
    assert [shared] == [one.scope for one in none.refused]


def test_what_could_not_be_tried_is_neither_granted_nor_refused() -> None:
    """Trouble on the way is not taken for a missing permission."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/tags":
            return httpx.Response(422, json=envelope("parameter_invalid"))
        return intercom("", [])(request)

    grant = asked(answer)

    assert [None] == [one.granted for one in grant.permissions if one.scope == "Read tags"]
    assert "Read tags" not in {one.scope for one in (*grant.granted, *grant.refused)}
