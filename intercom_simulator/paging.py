"""How lists are cut into pages: by cursor, and by page number.

The scroll over companies keeps state and lives in `scroll.py`.
"""

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec

from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import ApiError, parameter_invalid
from intercom_simulator.store import SortKey

T = TypeVar("T")

# Bytes that base64 spells with "+" and "/", because the real cursors carry both.
_MARK = b"\xfb\xff\xbf\xfe"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a cursor request asked for."""

    per_page: int
    starting_after: str | None = None
    descending: bool = True


@dataclass(frozen=True, slots=True)
class _Position:
    page: int = 1
    offset: int | None = None
    key: SortKey | None = None


def encode_cursor(page: int, offset: int, key: SortKey) -> str:
    """Encodes a position; wraps lines as Ruby does, and always pads with `=`."""
    text = _MARK + msgspec.json.encode([page, offset, key])
    text += b" " * (2 - len(text) % 3)
    return base64.encodebytes(text).decode().removesuffix("\n")


def _decode_cursor(cursor: str) -> _Position:
    try:
        text = base64.b64decode("".join(cursor.split()), validate=True)
        page, offset, key = msgspec.json.decode(text.removeprefix(_MARK))
        return _Position(page, offset, (key[0], key[1], key[2]))
    except (binascii.Error, ValueError, TypeError, IndexError) as error:
        raise ApiError(400, "client_error", "The starting_after cursor is invalid") from error


def cursor_page(
    keys: Sequence[SortKey], asked: PageRequest, *, by_offset: bool = False
) -> tuple[list[str], Record]:
    """Cuts one page out of ascending keys; returns its ids and its `pages`."""
    position = _decode_cursor(asked.starting_after) if asked.starting_after else _Position()
    start = _start(keys, position, descending=asked.descending, by_offset=by_offset)
    chosen = _slice(keys, start, asked.per_page, descending=asked.descending)
    pages: Record = {
        "type": "pages",
        "page": position.page,
        "per_page": asked.per_page,
        "total_pages": -(-len(keys) // asked.per_page),
    }
    end = start + len(chosen)
    if chosen and end < len(keys):
        following = position.page + 1
        pages["next"] = {
            "page": following,
            "starting_after": encode_cursor(following, end, chosen[-1]),
        }
    return [key[2] for key in chosen], pages


def _start(
    keys: Sequence[SortKey], position: _Position, *, descending: bool, by_offset: bool
) -> int:
    if position.key is None or position.offset is None:
        return 0
    if by_offset:
        return position.offset
    if descending:
        return len(keys) - bisect_left(keys, position.key)
    return bisect_right(keys, position.key)


def _slice(
    keys: Sequence[SortKey], start: int, size: int, *, descending: bool
) -> Sequence[SortKey]:
    if not descending:
        return keys[start : start + size]
    top = max(len(keys) - start, 0)
    return keys[max(top - size, 0) : top][::-1]


def numbered_page(
    items: Sequence[T], page: int, per_page: int, *, link: str, query: Mapping[str, str]
) -> tuple[list[T], Record]:
    """Cuts page number `page`; `pages.next` is a URL, or null on the last."""
    total_pages = -(-len(items) // per_page)
    following = urlencode({**query, "per_page": per_page, "page": page + 1})
    pages = {
        "type": "pages",
        "next": f"{link}?{following}" if page < total_pages else None,
        "page": page,
        "per_page": per_page,
        "total_pages": total_pages,
    }
    return list(items[(page - 1) * per_page : page * per_page]), pages


def whole_number(value: Json, name: str, default: int, maximum: int | None = None) -> int:
    """Reads a positive whole number; refuses one above the maximum."""
    if value is None:
        return default
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise parameter_invalid(f"{name} must be a number") from error
    if number < 1 or (maximum is not None and number > maximum):
        limit = "at least 1" if maximum is None else f"from 1 to {maximum}"
        raise parameter_invalid(f"{name} must be a number {limit}")
    return number


def asked_page(query: str, body: Json) -> tuple[int, int]:
    """Reads which page a request asks for, and how many records; 0 where it does not say."""
    asked = dict(parse_qsl(query))
    if isinstance(body, dict) and isinstance(body.get("pagination"), dict):
        asked |= body["pagination"]
    try:
        if cursor := asked.get("starting_after"):
            return _decode_cursor(cursor).page, int(asked.get("per_page", 0))
        return int(asked.get("page", 1)), int(asked.get("per_page", 0))
    except (ApiError, TypeError, ValueError):
        return 1, 0
