"""Lists that continue, end or break off in forms which the documents do not show.

Each was met by users of other connectors. A form changes a true answer, or refuses the page.
"""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from intercom_simulator.calls import Call
from intercom_simulator.faults import Form
from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import ApiError, not_found


def reshaped(call: Call, answer: Record, form: Form) -> Record:
    """Gives a list's answer in another form."""
    if form == "refused":
        raise ApiError(400, "client_error", "The position of this page is invalid")
    if form == "gone":
        raise not_found()
    return _RESHAPED[form](call, answer)


def _with_next(answer: Record, following: Json) -> Record:
    return answer | {"pages": (answer.get("pages") or {}) | {"next": following}}


def _no_pages(_call: Call, answer: Record) -> Record:
    return {name: value for name, value in answer.items() if name != "pages"}


def _flat_pages(call: Call, answer: Record) -> Record:
    pages = answer.get("pages") or {}
    counts = {name: pages[name] for name in ("page", "per_page", "total_pages") if name in pages}
    return _no_pages(call, answer) | counts


def _null_cursor(_call: Call, answer: Record) -> Record:
    following = _next(answer)
    page = following.get("page") if isinstance(following, dict) else None
    nothing = {"page": page, "starting_after": None}
    return answer if following is None else _with_next(answer, nothing)


def _odd_next(call: Call, answer: Record) -> Record:
    return answer if _next(answer) is None else _with_next(answer, f"{call.url}?offset=2")


def _next_url(call: Call, answer: Record) -> Record:
    match _next(answer):
        case {"starting_after": cursor}:
            query = urlencode({"per_page": 5, "starting_after": cursor})
            return _with_next(answer, f"{call.url}?{query}")
        case _:
            return answer


def _next_path(call: Call, answer: Record) -> Record:
    changed = _next_url(call, answer)
    following = _next(changed)
    if not isinstance(following, str):
        return answer
    url = urlsplit(following)
    return _with_next(changed, f"{url.path}?{url.query}")


def _next_text(call: Call, answer: Record) -> Record:
    match _next(answer):
        case {"starting_after": cursor}:
            return _with_next(answer, cursor)
        case str():
            return _with_next(answer, _page(call) + 1)
        case _:
            return answer


def _same_next(call: Call, answer: Record) -> Record:
    if (cursor := _cursor(call)) is not None:
        return _with_next(answer, {"page": 2, "starting_after": cursor})
    if "page" in call.query:
        return _with_next(answer, f"{call.url}?page={call.query['page']}")
    return answer


def _beyond_next(call: Call, answer: Record) -> Record:
    return _with_next(answer, _next(answer) or f"{call.url}?page={_page(call) + 1}")


def _empty_page(call: Call, answer: Record) -> Record:
    cursor = _cursor(call)
    if cursor is None or cursor.endswith("\n"):
        return answer
    # White space in a cursor means nothing: another text for the same place.
    following = {"page": 2, "starting_after": f"{cursor}\n"}
    return _with_next(answer, following) | {_list_key(answer): []}


def _other_key(call: Call, answer: Record) -> Record:
    key = _list_key(answer)
    other = call.url.rstrip("/").split("/")[3] if key == "data" else "data"
    return {other if name == key else name: value for name, value in answer.items()}


def _fewer(_call: Call, answer: Record) -> Record:
    key = _list_key(answer)
    return answer | {key: answer[key][:-1]}


def _next(answer: Record) -> Json:
    return (answer.get("pages") or {}).get("next")


def _list_key(answer: Record) -> str:
    return next(name for name, value in answer.items() if isinstance(value, list))


def _cursor(call: Call) -> str | None:
    body = call.body if isinstance(call.body, dict) else {}
    cursor: str | None = (body.get("pagination") or call.query).get("starting_after")
    return cursor


def _page(call: Call) -> int:
    return int(call.query.get("page", 1))


_RESHAPED: dict[Form, Callable[[Call, Record], Record]] = {
    "no_pages": _no_pages,
    "null_pages": lambda _call, answer: answer | {"pages": None},
    "flat_pages": _flat_pages,
    "null_next": lambda _call, answer: _with_next(answer, None),
    "empty_next": lambda _call, answer: _with_next(answer, ""),
    "null_cursor": _null_cursor,
    "odd_next": _odd_next,
    "next_url": _next_url,
    "next_path": _next_path,
    "next_text": _next_text,
    "same_next": _same_next,
    "beyond_next": _beyond_next,
    "empty_page": _empty_page,
    "null_list": lambda _call, answer: answer | {_list_key(answer): None},
    "other_key": _other_key,
    "fewer": _fewer,
}
