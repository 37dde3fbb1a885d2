"""How tests sync while something is hidden, and look for it afterwards."""

import hmac
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from intercom_assets.catalog import CATALOG, Resource
from intercom_assets.catalog.hidden import HiddenPaths, hide, path_of
from intercom_assets.engine.extract import Extract
from intercom_assets.engine.mask import Mask
from intercom_assets.engine.progress import Report
from intercom_assets.warehouse.warehouse import Warehouse
from intercom_assets_tests.world import Row, World

KEY = b"a salt of 32 characters or more."


def hidden_of(name: str, exclude: Iterable[str], hashed: Iterable[str]) -> HiddenPaths:
    """Say what is hidden of a resource, by the names of the settings."""
    resource = CATALOG[name]
    return HiddenPaths(
        tuple(path_of(resource, one) for one in exclude),
        tuple(path_of(resource, one) for one in hashed),
    )


def hiding(extract: Extract, hidden: HiddenPaths, key: bytes = KEY) -> Extract:
    """Prepare the same sync with something hidden."""
    resource = extract.resource
    mask = Mask(resource.table, hidden, key) if hidden else None
    return replace(extract, resource=hide(resource, hidden), mask=mask)


def sync_hiding(
    world: World,
    name: str,
    *,
    exclude: Iterable[str] = (),
    hashed: Iterable[str] = (),
    key: bytes = KEY,
    warehouse: Warehouse | None = None,
    **request: Any,  # noqa: ANN401 - fields of Request
) -> Report:
    """Sync a resource with some of its fields hidden."""
    with world.connection() as connection:
        world.ear = type(world.ear)()
        extract = world.extract(connection, name, **request)
        prepared = hiding(extract, hidden_of(name, exclude, hashed), key)
        return replace(world, warehouse=warehouse or world.warehouse).sync_extract(prepared)


def hash_of(text: str, key: bytes = KEY) -> str:
    """Hash a text as a user would who knows the salt: by a few lines of their own."""
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def stored_text(world: World, name: str, resource: Resource | None = None) -> str:
    """Write all that a table holds, as a person would look through it."""
    rows: list[Row] = world.rows_of(resource or CATALOG[name])
    return json.dumps(rows, default=str, ensure_ascii=False)
