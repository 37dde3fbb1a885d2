"""The JSON schemas of settings, for editors and `dg check yaml`.

A setting whose value is any text needs none. What is allowed within a text is judged when the
settings are read.
"""

from pydantic import WithJsonSchema

from intercom_assets.intercom.retry import LARGEST
from intercom_assets.settings.schedule import EVERY

_TEXT = {"type": "string"}
_LISTED = {"type": "array", "items": _TEXT}
_COLUMNS = {"type": "object", "additionalProperties": {"anyOf": [_TEXT, _LISTED]}}
_AT = {"cron": _TEXT, "timezone": _TEXT}
_EVERY = {"every": {"enum": [*EVERY]}, "starting_at": _TEXT}

VERSION = WithJsonSchema(_TEXT | {"pattern": r"^\s*\d+\.\d+\s*$"})
DURATION = WithJsonSchema(_TEXT | {"pattern": r"^\s*\d{1,6}\s*[smhd]\s*$"})
SHARE = WithJsonSchema({"type": ["number", "string"], "exclusiveMinimum": 0, "maximum": 1})
PAGE_SIZE = WithJsonSchema({"type": ["integer", "string"], "minimum": 1, "maximum": LARGEST})
DAYS = WithJsonSchema({"type": ["integer", "string"], "minimum": 1})
TYPES = WithJsonSchema({"anyOf": [_TEXT, _LISTED]})
SWITCH = WithJsonSchema({"enum": [True, False, "true", "false"]})
OWNER_LIST = WithJsonSchema({"anyOf": [_TEXT, _LISTED]})
TAG_MAP = WithJsonSchema({"anyOf": [_TEXT, {"type": "object", "additionalProperties": _TEXT}]})
COLUMN_LIST = WithJsonSchema({"anyOf": [_TEXT, _LISTED, _COLUMNS]})
_SCHEDULE = {
    "anyOf": [
        _TEXT | {"pattern": r"^\s*([Mm]anual|[Ee]very\s|[Cc]ron\s)"},
        {"type": "object", "properties": _EVERY, "required": ["every"]},
        {"type": "object", "properties": _AT, "required": ["cron"]},
    ]
}
SCHEDULE = WithJsonSchema(_SCHEDULE)
SCHEDULES = WithJsonSchema(
    {"anyOf": [_TEXT, {"type": "object", "additionalProperties": _SCHEDULE}]}
)


def names_of(*allowed: str) -> WithJsonSchema:
    """Return the JSON schema of one of some names, a list of them, or several with commas."""
    name = {"enum": [*allowed]}
    several = _TEXT | {"pattern": ","}
    return WithJsonSchema({"anyOf": [name, several, {"type": "array", "items": name}]})
