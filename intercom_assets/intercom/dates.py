"""Dates of HTTP headers: Intercom's clock."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache


# Answers of the same second carry the same text, and parsing it costs as much as the rest of
# what the headers say.
@lru_cache(maxsize=16)
def http_date(text: str) -> datetime | None:
    """Read a `Date` header; None where it is none."""
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
