"""The official OpenAPI 2.16 description, read as JSON Schema.

`nullable` counts beside `$ref` too: OpenAPI 3.0 ignores it there, but the description
means it. Every other departure is an amendment below, with its reason.
"""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from intercom_simulator import Record

_DEFAULT = Path(__file__).resolve().parents[3] / "shared" / "openapi" / "2.16.yaml"


def _null_or(schema: Record) -> Record:
    return {"anyOf": [schema, {"type": "null"}]}


def _properties(schemas: Record, name: str) -> Record:
    properties: Record = schemas[name]["properties"]
    return properties


def _monthly_spend(schemas: Record) -> None:
    """The attribute `monthly_spend` has data_type float; the schema says integer."""
    _properties(schemas, "company")["monthly_spend"] = {"type": "number"}


def _company_custom_attributes(schemas: Record) -> None:
    """The schema says strings; its own example has booleans, floats and integers."""
    _properties(schemas, "company")["custom_attributes"] = {"type": "object"}


def _conversation_custom_attributes(schemas: Record) -> None:
    """Floats and booleans occur in examples; the schema lists text and integers."""
    schemas["custom_attributes"] = {"type": "object"}


def _next_page_link(schemas: Record) -> None:
    """Page-numbered lists answer a URL, as `pages_link` says; lists share `cursor_pages`."""
    following = _properties(schemas, "cursor_pages")
    following["next"] = {"anyOf": [following["next"], {"type": ["string", "null"]}]}


def _statistics_may_be_null(schemas: Record) -> None:
    """Recorded statistics hold null for whatever has not happened yet."""
    properties = _properties(schemas, "conversation_statistics")
    for name in properties:
        properties[name] = _null_or(properties[name])


def _avatar_object(schemas: Record) -> None:
    """`display_avatar` promises an avatar object; the schema says URI."""
    _properties(schemas, "admin")["avatar"] = {"type": ["object", "null"]}


def _activity_log_values(schemas: Record) -> None:
    """The schema says that values before and after are objects; its own examples have texts."""
    properties = _properties(schemas, "activity_log_metadata")
    properties["before"] = properties["after"] = {"type": ["object", "string", "null"]}


AMENDMENTS: list[Callable[[Record], None]] = [
    _monthly_spend,
    _company_custom_attributes,
    _conversation_custom_attributes,
    _next_page_link,
    _statistics_may_be_null,
    _avatar_object,
    _activity_log_values,
]


@cache
def specification() -> Record:
    """Loads the description, or skips the test where it is absent."""
    path = Path(os.environ.get("INTERCOM_OPENAPI", _DEFAULT))
    if not path.is_file():
        pytest.skip("no OpenAPI description: set INTERCOM_OPENAPI to the 2.16 YAML file")
    loaded: Record = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    schemas = loaded["components"]["schemas"]
    for amend in AMENDMENTS:
        amend(schemas)
    loaded["components"]["schemas"] = _with_nulls(schemas)
    return loaded


def fields_of(schema: str) -> set[str]:
    """Returns the names of the properties that a schema lists."""
    return set(specification()["components"]["schemas"][schema].get("properties", {}))


def problems(method: str, path: str, status: int, answer: object) -> list[str]:
    """Lists what in an answer contradicts the description of its endpoint."""
    described = specification()["paths"][path][method.lower()]["responses"][str(status)]
    schema = _with_nulls(described["content"]["application/json"]["schema"])
    rooted = {**schema, "components": specification()["components"]}
    validator = jsonschema.Draft202012Validator(rooted)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(answer)]


def _with_nulls(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    if isinstance(schema, list):
        return [_with_nulls(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _with_nulls(item) for name, item in schema.items() if name != "example"}
    if plain.pop("nullable", False) is True:
        return {**_null_or(plain), "properties": plain.get("properties", {})}
    return plain
