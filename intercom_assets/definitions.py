"""The composition root that workspace.yaml loads: all sources and the project's defaults."""

import os
import warnings
from functools import lru_cache
from pathlib import Path

import dagster as dg

from intercom_assets.standalone import with_defaults

PROJECT_ROOT = Path(__file__).resolve().parent.parent


@dg.definitions
def defs() -> dg.Definitions:
    """Load every source under `defs/`, with the project's executor and IO manager."""
    # A Dagster command calls this five times.
    return _built(hash(frozenset(os.environ.items())))


@lru_cache(maxsize=1)
def _built(_environment: int) -> dg.Definitions:
    tree = dg.ComponentTree.for_project(PROJECT_ROOT)
    # Dagster warns about using its own beta and preview classes, twice per asset.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        # Build only the folder: `dg.load_from_defs_folder` builds the whole tree, which imports
        # every installed component library, and Snowflake's takes seconds. For the same reason the
        # definitions do not name the tree, which a code server would describe.
        sources = tree.build_defs(Path())
    return with_defaults(sources, PROJECT_ROOT)
