"""Bodies of answers to JSON, without losing a digit and without text that no warehouse holds."""

import json
import math

import msgspec

from intercom_assets.catalog.types import Json, Record

_REPLACEMENT = "\ufffd"


def decode(body: bytes) -> Json:
    r"""Read JSON; integers keep every digit, NUL and lone surrogates become U+FFFD.

    The fast decoder refuses lone surrogates (`"\ud83d"` alone), which Intercom can send where a
    text was cut in the middle of an emoji; then the standard library reads the body.

    Raises:
        ValueError: The body is no JSON.
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
    """Replace what a warehouse cannot hold in every text and key of a JSON value."""
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
    # Keys that differ only in what is replaced stay apart: no field disappears.
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
