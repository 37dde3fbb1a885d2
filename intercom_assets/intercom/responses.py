"""Responses read as a JSON object, or as one of our errors with a remedy.

Decoding keeps every digit, and replaces text that no warehouse can store.
"""

import json
import math
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

import httpx
import msgspec

from intercom_assets.catalog.resource import NEWEST
from intercom_assets.catalog.types import Json, Record, value_at
from intercom_assets.errors import (
    IntercomError,
    NotFound,
    PermanentError,
    RateLimited,
    RequestInfo,
    TransientError,
    Unauthorized,
)

_RUN_LATER = "Run again when https://www.intercomstatus.com shows no incident"
_HOST = "Check base_url, and the proxy if there is one, then run again"
_PLAN = "The workspace's plan does not include this"
_LEAVE_OUT = "Leave the resource out of the setting resources, then run again"
_HUB = "Intercom's Developer Hub (your app > Configure > Authentication)"
_A_SCOPE = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")

WRONG_TOKEN = frozenset({"unauthorized", "token_revoked", "token_not_found", "token_expired"})
"""Intercom's codes for a token that is unknown, revoked or expired."""


Places = tuple[tuple[str, ...], ...]
"""Paths of keys at which a response may contain its list of records."""


@dataclass(frozen=True, slots=True)
class Response:
    """A successful response, and Intercom's clock when it answered, if it said."""

    body: Record
    date: datetime | None
    size: int = 0


def read_response(
    request: RequestInfo, response: httpx.Response, content: bytes, scope: str | None
) -> Response:
    """Return a successful response's content.

    Raises:
        TransientError: The same request may succeed later.
        PermanentError: It will not.
    """
    try:
        body = decode(content)
    except ValueError:
        body = None
    if not response.is_success:
        error = read_error(_described(request, response, body), scope, enveloped=_is_error(body))
        if isinstance(error, NotFound):
            # A merged contact links to the one it was merged into.
            error.merged_into = response.links.get("canonical", {}).get("url")
        raise error
    if not isinstance(body, dict) or _is_error(body):
        told = "empty" if not content.strip() else "not the JSON that was asked for"
        raise TransientError(
            _described(request, response, body),
            f"Intercom's answer is {told}",
            _HOST,
        )
    date = response.headers.get("date")
    return Response(body, http_date(date) if date else None, len(content))


def records_at(body: Record, places: Places) -> list[Json] | None:
    """Return the list of records in a response, or None.

    A response of type `list` may have its records under another key, if it contains no other list,
    and null for a list if it counts none. An empty list under another key proves nothing.
    """
    for keys in places:
        value = value_at(body, keys)
        if isinstance(value, list):
            return value
    if not str(body.get("type")).endswith("list"):
        return None
    lists = [value for value in body.values() if isinstance(value, list)]
    nothing = body.get("total_count") == 0 and not lists
    if len(lists) == 1 and any(isinstance(record, dict) for record in lists[0]):
        return lists[0]
    return [] if nothing else None


def came_without(request: RequestInfo, keys: tuple[str, ...]) -> TransientError:
    """Return the error for a response that lacks its records."""
    return TransientError(
        request,
        f"An answer of Intercom came without {'.'.join(keys)!r}, so it may have been cut off",
        "Run again; if it persists, report the request in brackets",
    )


def read_error(request: RequestInfo, scope: str | None, *, enveloped: bool) -> IntercomError:
    """Return the error for a response, by what the caller must do.

    Only Intercom's own error envelope is trusted: a proxy's page has none.
    """
    error: IntercomError
    match request.status:
        case 429:
            error = RateLimited(request, retry_after=None)
        case 401 | 403:
            error = _unauthorized(request, scope) if enveloped else _shut_out(request)
        case 404 | 410 if enveloped:
            error = _not_found(request)
        case 400 | 404 if not enveloped:
            error = TransientError(
                request, "Intercom's answer is a proxy's page, or cut off", _HOST
            )
        case int() as status if status >= 500 or status in {408, 409}:
            error = TransientError(request, "Intercom cannot answer at the moment", _RUN_LATER)
        case _:
            error = _refused(request)
    return error


def _unauthorized(request: RequestInfo, scope: str | None) -> Unauthorized:
    match request.code:
        case "api_plan_restricted":
            return Unauthorized(request, _PLAN, _LEAVE_OUT)
        case "token_suspended" | "token_blocked":
            return Unauthorized(
                request,
                "Intercom has suspended or blocked the access token's app, or its whole workspace",
                "Ask who administers the workspace whether it was closed or is unpaid; if it was "
                "not, ask Intercom's support, and give them the request in brackets",
            )
        case "missing_authorization":
            return Unauthorized(
                request,
                "The access token did not arrive at Intercom",
                "Check base_url, and whether a proxy takes the header Authorization away",
            )
        case code if code in WRONG_TOKEN:
            return Unauthorized(
                request,
                "The access token is wrong or was revoked",
                f"Copy it again from {_HUB} into the variable of access_token, then run again",
            )
        case _:
            return _lacking(request, scope)


def _lacking(request: RequestInfo, scope: str | None) -> Unauthorized:
    named = _named_scope(request.message or "", scope)
    needed = f'the permission "{named}"' if named else "a permission"
    leave_out = ", or leave the resource out of the setting resources" if scope else ""
    return Unauthorized(
        request,
        f"The access token lacks {needed}",
        f"Grant it in {_HUB}{leave_out}, then run again",
    )


def _named_scope(said: str, scope: str | None) -> str | None:
    """Return the permission that Intercom's message names, or else the request's."""
    found = _A_SCOPE.search(said) if "scope" in said.lower() else None
    # The Developer Hub writes read_tags as "Read tags".
    if found is None or (scope and found[0] == scope.lower().replace(" ", "_")):
        return scope
    return found[0]


def _shut_out(request: RequestInfo) -> Unauthorized:
    return Unauthorized(
        request,
        "Access was refused, though not in Intercom's own words: perhaps by a proxy or a firewall",
        "Check base_url, the proxy if there is one, and the access token, then run again",
    )


def _not_found(request: RequestInfo) -> NotFound:
    if request.status == 410:
        return NotFound(
            request,
            "Intercom has merged this record into another one",
            "Run again, which reads the other one",
        )
    return NotFound(
        request,
        "Intercom does not have what was asked for",
        "Check api_version and base_url, then run again",
    )


def _refused(request: RequestInfo) -> PermanentError:
    if request.status == 402:
        return PermanentError(request, _PLAN, _LEAVE_OUT)
    if request.code == "intercom_version_invalid":
        return PermanentError(
            request,
            f"Version {request.version} of Intercom's API does not have the resource",
            f"Set a newer api_version, up to {NEWEST}, or leave the resource out of the setting "
            "resources",
        )
    if request.status in {301, 302, 303, 307, 308}:
        return PermanentError(
            request,
            "Intercom's address leads elsewhere, which is not followed: the access token stays "
            "with its host",
            "Check base_url, then run again",
        )
    return PermanentError(
        request,
        "Intercom does not accept what the sync asks",
        "Unset api_version, so that the default is used; if that does not help, report the "
        "request in brackets",
    )


def _is_error(body: Json) -> bool:
    return isinstance(body, dict) and body.get("type") == "error.list"


def _described(request: RequestInfo, response: httpx.Response, body: Json) -> RequestInfo:
    code = message = request_id = None
    if isinstance(body, dict) and _is_error(body):
        errors = body.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else None
        if isinstance(first, dict):
            code, message = _text(first.get("code")), _text(first.get("message"))
        request_id = _text(body.get("request_id"))
    return replace(
        request,
        status=response.status_code,
        code=code,
        message=message,
        request_id=request_id or response.headers.get("x-request-id"),
    )


def _text(value: Json) -> str | None:
    return value[:500] if isinstance(value, str) else None


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that a response asks to wait, None if it does not say them."""
    seconds = response.headers.get("retry-after", "")
    return float(seconds) if re.fullmatch(r"\d{1,6}", seconds) else None


_REPLACEMENT = "\ufffd"


def decode(body: bytes) -> Json:
    r"""Decode JSON; integers keep every digit, NUL and lone surrogates become U+FFFD.

    msgspec refuses lone surrogates (`"\ud83d"` alone), which Intercom can send where a text was
    cut inside an emoji; the standard library decodes those bodies.

    Raises:
        ValueError: The body is not JSON.
    """
    try:
        value: Json = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return scrub(_decode_leniently(body))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return scrub(value) if rb"\u0000" in body else value


def _decode_leniently(body: bytes) -> Json:
    text = body.decode("utf-8", errors="surrogatepass")
    try:
        value: Json = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _refuse(constant: str) -> Json:
    raise ValueError(f"{constant} is no JSON")


def _finite(literal: str) -> float | str:
    number = float(literal)
    return number if math.isfinite(number) else literal


def scrub(value: Json) -> Json:
    """Replace what a warehouse cannot store in all texts and keys of a JSON value."""
    match value:
        case str():
            return _scrub_text(value)
        case list():
            return [scrub(item) for item in value]
        case dict():
            return _scrub_object(value)
        case _:
            return value


def _scrub_object(fields: Record) -> Record:
    # Keys that differ only in replaced characters stay distinct, so that no field is lost.
    scrubbed: Record = {}
    for key, item in fields.items():
        name = _scrub_text(key)
        while name in scrubbed or (name != key and name in fields):
            name += _REPLACEMENT
        scrubbed[name] = scrub(item)
    return scrubbed


def _scrub_text(text: str) -> str:
    if "\x00" in text:
        text = text.replace("\x00", _REPLACEMENT)
    try:
        text.encode()
    except UnicodeEncodeError:
        paired = text.encode("utf-16", errors="surrogatepass")
        return paired.decode("utf-16", errors="replace")
    return text


# Responses of one second share this text, and parsing it costs as much as all other headers.
@lru_cache(maxsize=16)
def http_date(text: str) -> datetime | None:
    """Parse a `Date` header; return None if it is invalid."""
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
