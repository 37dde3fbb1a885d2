"""Where a resource or model is declared, so that the UI opens that line in an editor.

Found in the text of the catalogue: the value itself does not know its line.
"""

import re
import warnings
from functools import cache
from pathlib import Path

import dagster as dg

import intercom_assets.catalog

_DECLARATION = re.compile(r'(?:Resource|Model)\(\n\s+(?:name=)?"(\w+)"')


def code_reference(declared: str) -> dict[str, dg.CodeReferencesMetadataValue]:
    """Give the metadata that leads to a resource's or model's declaration, where that is there."""
    place = _places().get(declared)
    if place is None:
        return {}
    file, line = place
    with warnings.catch_warnings():
        # Dagster warns of its own beta classes, once an asset.
        warnings.simplefilter("ignore", dg.BetaWarning)
        reference = dg.LocalFileCodeReference(
            file_path=str(file), line_number=line, label=f"{file.name}:{line}"
        )
        return {
            "dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])
        }


@cache
def _places() -> dict[str, tuple[Path, int]]:
    places = {}
    try:
        for file in Path(intercom_assets.catalog.__file__).parent.glob("*.py"):
            text = file.read_text(encoding="utf-8")
            for found in _DECLARATION.finditer(text):
                places[found[1]] = (file, text.count("\n", 0, found.start()) + 1)
    except OSError:
        # Installed without its source.
        return {}
    return places
