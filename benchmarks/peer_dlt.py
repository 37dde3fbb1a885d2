"""A sync by dlt's rest_api source, written as its documentation shows; runs in its own venv."""

import os
import sys
from typing import Any

_VERSION = {"Intercom-Version": "2.16"}


def config(url: str) -> dict[str, Any]:
    """Declare the five large resources."""

    def search(name: str, selector: str) -> dict[str, Any]:
        query = {"field": "updated_at", "operator": ">", "value": 0}
        return {
            "name": name,
            "primary_key": "id",
            "endpoint": {
                "path": f"{name}/search",
                "method": "POST",
                "json": {
                    "query": {"operator": "AND", "value": [query]},
                    "pagination": {"per_page": 150},
                },
                "data_selector": selector,
                "paginator": {
                    "type": "cursor",
                    "cursor_path": "pages.next.starting_after",
                    "cursor_body_path": "pagination.starting_after",
                },
            },
        }

    def child(name: str, path: str, selector: str) -> dict[str, Any]:
        return {
            "name": name,
            "endpoint": {"path": path, "data_selector": selector, "paginator": "single_page"},
        }

    return {
        "client": {
            "base_url": url,
            "headers": _VERSION,
            "auth": {"type": "bearer", "token": "simulated-token"},
        },
        "resource_defaults": {"write_disposition": "merge", "primary_key": "id"},
        "resources": [
            search("contacts", "data"),
            search("conversations", "conversations"),
            {
                "name": "companies",
                "endpoint": {
                    "path": "companies/scroll",
                    "data_selector": "data",
                    "paginator": {
                        "type": "cursor",
                        "cursor_path": "scroll_param",
                        "cursor_param": "scroll_param",
                        "stop_after_empty_page": True,
                    },
                },
            },
            child(
                "conversation_parts",
                "conversations/{resources.conversations.id}",
                "conversation_parts.conversation_parts",
            ),
            child("company_segments", "companies/{resources.companies.id}/segments", "data"),
        ],
    }


def main() -> None:
    """Load everything into a DuckDB file of a folder."""
    url, folder = sys.argv[1:]
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt  # type: ignore[import-not-found]  # noqa: PLC0415 - only in its own venv
    from dlt.sources.rest_api import (  # type: ignore[import-not-found]  # noqa: PLC0415
        rest_api_source,
    )

    pipeline = dlt.pipeline(
        "intercom",
        pipelines_dir=folder,
        destination=dlt.destinations.duckdb(f"{folder}/peer.duckdb"),
        dataset_name="intercom",
    )
    pipeline.run(rest_api_source(config(url)))


if __name__ == "__main__":
    main()
