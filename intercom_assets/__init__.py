"""Sync every Intercom resource into DuckDB or Snowflake as Dagster assets, or with `sync`.

Public names are imported when first used: the command line, the simulator and `sync` start
without Dagster, whose import takes seconds.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intercom_assets.catalog import CATALOG
    from intercom_assets.component import IntercomSource
    from intercom_assets.python import sync

__all__ = ["CATALOG", "IntercomSource", "sync"]

_HOMES = {
    "CATALOG": "intercom_assets.catalog",
    "IntercomSource": "intercom_assets.component",
    "sync": "intercom_assets.python",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only when a name is asked for

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names, which are not there yet: `dg` finds components by `dir()`."""
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])
