"""What an HTTP answer means: a JSON object, or one of our errors with a remedy."""

from dataclasses import dataclass
from datetime import datetime

import httpx

from intercom_assets.errors import (
    IntercomError,
    NotFound,
    PermanentError,
    RateLimited,
    Request,
    TransientError,
    Unauthorized,
)
from intercom_assets.intercom.dates import http_date
from intercom_assets.intercom.decode import decode
from intercom_assets.schema.types import Json, Record

_TOKEN_CODES = frozenset({"unauthorized", "token_revoked", "token_blocked", "token_not_found",
                          "token_expired", "missing_authorization"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer.

    Attributes:
        body: The JSON object.
        date: Intercom's clock when it answered, None if it did not say.
    """

    body: Record
    date: datetime | None


def read_answer(
    request: Request, response: httpx.Response, content: bytes, scope: str | None
) -> Answer:
    """Turn a response into an answer.

    Args:
        request: What was asked, for messages.
        response: Status and headers of what came back.
        content: Its body, whole.
        scope: The permission that the request needs, for messages.

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
            # A merged contact names the one that it lives on in.
            error.merged_into = response.links.get("canonical", {}).get("url")
        raise error
    if not isinstance(body, dict) or _is_error(body):
        told = "an empty body" if not content.strip() else "something other than JSON"
        raise TransientError(
            _described(request, response, body),
            f"Intercom answered with {told}; a proxy may stand between",
        )
    return Answer(body, _date(response))


def read_error(request: Request, scope: str | None, *, enveloped: bool) -> IntercomError:
    """Sort an error answer by what the runner must do.

    Args:
        request: The request with status, code and message.
        scope: The permission that the request needs.
        enveloped: Whether the body is Intercom's error envelope; a proxy's page is not.
    """
    error: IntercomError
    match request.status:
        case 429:
            error = RateLimited(request, retry_after=None)
        case 401 | 403:
            error = Unauthorized(request, _permission(request, scope))
        case 404 | 410 if enveloped:
            error = NotFound(request)
        case 400 | 404 if not enveloped:
            error = TransientError(request, "The answer is a proxy's page or cut off")
        case int() as status if status >= 500 or status in {408, 409}:
            error = TransientError(request, "See https://www.intercomstatus.com")
        case _:
            error = PermanentError(request, _remedy(request))
    return error


def _permission(request: Request, scope: str | None) -> str:
    if request.code == "api_plan_restricted":
        return "The workspace's plan does not include this; deselect the resource"
    if request.status == 401 and request.code in _TOKEN_CODES:
        return (
            "The access token is wrong or was revoked: copy it again from Intercom's Developer Hub "
            "(your app > Configure > Authentication) into the variable of access_token"
        )
    needed = f' "{scope}"' if scope else ""
    return (
        f"The access token lacks the permission{needed}: tick it in Intercom's Developer Hub "
        "(your app > Configure > Authentication), or deselect the resource"
    )


def _remedy(request: Request) -> str:
    if request.code == "intercom_version_invalid":
        return "This API version lacks the endpoint: raise api_version, or deselect the resource"
    if request.status in {301, 302, 303, 307, 308}:
        return "Redirects are not followed, so that the token stays with the host: check base_url"
    return ""


def _is_error(body: Json) -> bool:
    return isinstance(body, dict) and body.get("type") == "error.list"


def _described(request: Request, response: httpx.Response, body: Json) -> Request:
    code = message = request_id = None
    if isinstance(body, dict) and _is_error(body):
        errors = body.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else None
        if isinstance(first, dict):
            code, message = _text(first.get("code")), _text(first.get("message"))
        request_id = _text(body.get("request_id"))
    return Request(
        method=request.method,
        path=request.path,
        status=response.status_code,
        code=code,
        message=message,
        request_id=request_id or response.headers.get("x-request-id"),
    )


def _text(value: Json) -> str | None:
    return value[:500] if isinstance(value, str) else None


def _date(response: httpx.Response) -> datetime | None:
    date = response.headers.get("date")
    return None if date is None else http_date(date)
