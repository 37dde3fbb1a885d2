"""Where in an order the records can be that a query matches, so that not all are looked at.

The span is never too narrow: what lies outside of it cannot match, what lies within may.
"""

import math
from typing import TypeAlias

from intercom_simulator.records import Json

Span: TypeAlias = tuple[float, float]
"""The least and the greatest value of the field."""

EVERYWHERE: Span = (-math.inf, math.inf)
_DAYS = 2 * 86_400.0
"""Dates of contacts are compared by local days, so a bound may reach this far."""


def span_of(query: Json, field: str) -> Span:
    """Narrows a query down to values of one field."""
    if not isinstance(query, dict):
        return EVERYWHERE
    operator, value = query.get("operator"), query.get("value")
    if operator in {"AND", "OR"} and isinstance(value, list):
        spans = [span_of(item, field) for item in value] or [EVERYWHERE]
        return _common(spans) if operator == "AND" else _whole(spans)
    if query.get("field") != field:
        return EVERYWHERE
    return _bounded(str(operator), value)


def _bounded(operator: str, value: Json) -> Span:
    try:
        bound = float(value)
    except (TypeError, ValueError):
        return EVERYWHERE
    match operator:
        case ">" | ">=":
            return (bound - _DAYS, math.inf)
        case "<" | "<=":
            return (-math.inf, bound + _DAYS)
        case "=":
            return (bound - _DAYS, bound + _DAYS)
        case _:
            return EVERYWHERE


def _common(spans: list[Span]) -> Span:
    return max(low for low, _ in spans), min(high for _, high in spans)


def _whole(spans: list[Span]) -> Span:
    return min(low for low, _ in spans), max(high for _, high in spans)
