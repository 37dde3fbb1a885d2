"""Turns a search body into a predicate over records, with Intercom's rules.

Contacts compare dates by calendar day of the workspace's time zone,
conversations by the second. What Intercom refuses is refused here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from intercom_simulator.records import Json, Record
from intercom_simulator.refusals import ApiError, parameter_invalid
from intercom_simulator.search_fields import Field, FieldType, find_field
from intercom_simulator.workspace import Workspace

Predicate: TypeAlias = Callable[[Record], bool]
Test: TypeAlias = Callable[[Json], bool]

MAX_DEPTH = 2
MAX_FILTERS = 15

_EQUALITY = frozenset({"=", "!=", "IN", "NIN"})
_ORDER = frozenset({">", "<", ">=", "<="})
_PATTERNS = frozenset({"~", "!~", "^", "$"})
_OPERATORS = {
    FieldType.TEXT: _EQUALITY | _PATTERNS,
    FieldType.BOOLEAN: _EQUALITY,
    FieldType.INTEGER: _EQUALITY | _ORDER,
    FieldType.MEMBER: frozenset({"=", "!="}),
}
_CONTACT_DATE = frozenset({"=", ">", "<"})
# The table of conversations lists neither ">=" nor "<=", but they are in use and answered.
_CONVERSATION_DATE = _EQUALITY | _ORDER


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides how a query of one kind is read."""

    workspace: Workspace
    kind: str

    def operators(self, field_type: FieldType) -> frozenset[str]:
        """Returns the operators that the field type allows."""
        if field_type is FieldType.DATE:
            return _CONTACT_DATE if self.kind == "contacts" else _CONVERSATION_DATE
        return _OPERATORS[field_type]


def compile_query(workspace: Workspace, kind: str, query: Json) -> Predicate:
    """Builds the predicate of a search body's `query`."""
    if not isinstance(query, dict):
        raise ApiError(400, "parameter_not_found", "query is required")
    return _compile(Rules(workspace, kind), query, depth=1)


def sort_order(sort: Json) -> tuple[str, bool]:
    """Reads `sort`; returns the field and whether the order is descending."""
    if sort is None:
        return "updated_at", True
    if not isinstance(sort, dict):
        raise parameter_invalid("sort must be an object with field and order")
    order = sort.get("order", "descending")
    if order not in {"ascending", "descending"}:
        raise ApiError(
            400,
            "invalid_sort_order",
            f"Invalid sort order '{order}'. Must be one of: ascending, descending",
        )
    return str(sort.get("field", "updated_at")), order == "descending"


def _compile(rules: Rules, query: Json, depth: int) -> Predicate:
    if not isinstance(query, dict):
        raise parameter_invalid("a filter must be an object")
    if query.get("operator") in {"AND", "OR"} and "field" not in query:
        return _group(rules, query, depth)
    return _single(rules, query)


def _group(rules: Rules, query: Record, depth: int) -> Predicate:
    filters = query.get("value")
    if not isinstance(filters, list) or not filters:
        raise parameter_invalid("value of an AND or OR must be a list of filters")
    if depth > MAX_DEPTH:
        raise parameter_invalid(f"filters can be nested {MAX_DEPTH} levels deep")
    if len(filters) > MAX_FILTERS:
        raise parameter_invalid(f"an AND or OR takes at most {MAX_FILTERS} filters")
    predicates = [_compile(rules, item, depth + 1) for item in filters]
    if query["operator"] == "AND":
        return lambda record: all(predicate(record) for predicate in predicates)
    return lambda record: any(predicate(record) for predicate in predicates)


def _single(rules: Rules, query: Record) -> Predicate:
    name, operator = query.get("field"), query.get("operator")
    field = find_field(rules.workspace, rules.kind, str(name))
    if field is None:
        raise ApiError(400, "invalid_field", f"{name} is not a searchable field")
    if operator not in rules.operators(field.type):
        raise parameter_invalid(f"operator {operator} is not supported on {name}")
    if operator in {"IN", "NIN"}:
        return _one_of(field, query.get("value"), negated=operator == "NIN")
    test = _test(rules, field, str(operator), query.get("value"))
    if operator in {"!=", "!~"}:
        return lambda record: not any(map(test, field.values(record)))
    return lambda record: any(map(test, field.values(record)))


def _one_of(field: Field, wanted: Json, *, negated: bool) -> Predicate:
    if not isinstance(wanted, list):
        raise parameter_invalid(f"value of {field.name} must be a list")
    allowed = {_value(field, item) for item in wanted}
    return lambda record: (
        any(_comparable(field, value) in allowed for value in field.values(record)) != negated
    )


def _test(rules: Rules, field: Field, operator: str, wanted: Json) -> Test:
    value = _value(field, wanted)
    if field.type is FieldType.DATE and rules.kind == "contacts":
        return _day_test(operator, int(value), ZoneInfo(rules.workspace.timezone))
    if operator in _PATTERNS:
        return _pattern_test(operator, str(value).casefold())
    if operator in _ORDER:
        inclusive = field.type is FieldType.DATE and rules.workspace.behaviour.inclusive_bounds
        return _order_test(operator, value, inclusive=inclusive)
    return lambda found: _comparable(field, found) == value


def _value(field: Field, wanted: Json) -> Json:
    """Reads a filter's value as the field's type; numbers may be text."""
    if field.type in {FieldType.DATE, FieldType.INTEGER}:
        try:
            return float(wanted) if field.type is FieldType.INTEGER else int(wanted)
        except (TypeError, ValueError) as error:
            raise parameter_invalid(f"value of {field.name} must be a number") from error
    if field.type is FieldType.BOOLEAN:
        return str(wanted).lower() == "true"
    return None if wanted is None else str(wanted).casefold()


def _comparable(field: Field, found: Json) -> Json:
    if field.type in {FieldType.TEXT, FieldType.MEMBER} and found is not None:
        return str(found).casefold()
    return found


def _order_test(operator: str, bound: float, *, inclusive: bool) -> Test:
    include = inclusive or operator in {">=", "<="}
    if operator.startswith(">"):
        return lambda found: _is_number(found) and (found > bound or (include and found == bound))
    return lambda found: _is_number(found) and (found < bound or (include and found == bound))


def _is_number(found: Json) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool)


def _pattern_test(operator: str, text: str) -> Test:
    if operator == "^":
        return lambda found: found is not None and str(found).casefold().startswith(text)
    if operator == "$":
        return lambda found: found is not None and str(found).casefold().endswith(text)
    return lambda found: found is not None and text in str(found).casefold()


def _day_test(operator: str, moment: int, zone: ZoneInfo) -> Test:
    start, following = day_bounds(moment, zone)
    if operator == "=":
        return lambda found: _is_number(found) and start <= found < following
    if operator == ">":
        return lambda found: _is_number(found) and found >= following
    return lambda found: _is_number(found) and found < start


def day_bounds(moment: int, zone: ZoneInfo) -> tuple[float, float]:
    """Returns the first second of the moment's local day and of the next day."""
    try:
        day = datetime.fromtimestamp(moment, zone).date()
        days: Sequence[datetime] = [
            datetime(each.year, each.month, each.day, tzinfo=zone)
            for each in (day, day + timedelta(days=1))
        ]
    except (ValueError, OverflowError, OSError) as error:
        raise parameter_invalid(f"{moment} is not a date") from error
    return days[0].timestamp(), days[1].timestamp()
