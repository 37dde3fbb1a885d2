"""Everything under `defs/`, as `create-dagster` writes this file."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Load the project."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
