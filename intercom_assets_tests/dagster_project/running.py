"""How these tests run a source: a simulator on loopback, real definitions, a real DuckDB file."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import uvicorn
from starlette.applications import Starlette

from intercom_assets.catalog import CATALOG
from intercom_assets.component import build_definitions
from intercom_assets.orchestration.rules import DAGSTER_RULES
from intercom_assets.settings.source import Settings, read_settings
from intercom_assets.warehouse.duckdb import connect
from intercom_assets_tests.world import CUSTOM_OBJECT_TYPES
from intercom_simulator import Workspace, create_app

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""

TOKEN_VARIABLE = "INTERCOM_ACCESS_TOKEN"
TOKEN = "simulated-token"

Row = dict[str, Any]


def with_types(raw: Mapping[str, object]) -> dict[str, object]:
    """Add the setting that settings need which select custom objects."""
    needed = "custom_objects" in str(raw.get("resources"))
    return ({"custom_object_types": ",".join(CUSTOM_OBJECT_TYPES)} if needed else {}) | {**raw}


@contextmanager
def serving(workspace: Workspace) -> Iterator[str]:
    """Serve a workspace on a free port of loopback; gives the base URL."""
    with serving_app(create_app(workspace)) as url:
        yield url


@contextmanager
def serving_app(app: Starlette) -> Iterator[str]:
    """Serve an application on a free port of loopback; gives its URL."""
    config = uvicorn.Config(
        app,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # As the simulator's own server does: no part of a response waits for another.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


@dataclass(frozen=True, kw_only=True)
class Project:
    """A source whose Intercom is simulated and whose warehouse is a DuckDB file.

    Attributes:
        workspace: The simulated Intercom.
        url: Where it is served.
        folder: The project root: relative database paths start here.
        raw: Settings beyond the ones that make the test run.
    """

    workspace: Workspace
    url: str
    folder: Path
    raw: Mapping[str, object] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.folder / "test.duckdb"

    def settings(self, **raw: object) -> Settings:
        """Check the settings of the source as its file would give them."""
        given: dict[str, object] = {
            "access_token": {"env": TOKEN_VARIABLE},
            "base_url": self.url,
            "database": str(self.database),
        }
        return read_settings(
            with_types({**given, **self.raw, **raw}),
            name="intercom",
            rules=DAGSTER_RULES,
            project_root=self.folder,
            environment={},
        )

    def definitions(self, **raw: object) -> dg.Definitions:
        """Build the source's definitions."""
        return build_definitions(self.settings(**raw))

    def run(
        self, *select: str, config: Mapping[str, object] | None = None, **raw: object
    ) -> dg.ExecuteInProcessResult:
        """Run the source's job, or the named resources of it; a failure is told, not raised."""
        settings = self.settings(**raw)
        return run_job(build_definitions(settings), *select, source=settings.name, config=config)

    def rows(self, table: str, schema: str = "intercom") -> list[Row]:
        """Read a table, JSON columns as text."""
        quoted = ".".join('"' + part.replace('"', '""') + '"' for part in (schema, table))
        return query(self.database, f"SELECT * FROM {quoted}")

    def ids(self, table: str, schema: str = "intercom") -> set[str]:
        """Read the ids of a table's rows that are not marked as gone."""
        return {row["id"] for row in self.rows(table, schema) if row["_deleted_at"] is None}

    def tables(self) -> set[tuple[str, str]]:
        """List schema and name of every table."""
        listed = query(self.database, "SELECT schema_name, table_name FROM duckdb_tables()")
        return {(row["schema_name"], row["table_name"]) for row in listed}


@cache
def records() -> dg.DagsterInstance:
    """Make Dagster's records of this process's runs, which read none of them."""
    return dg.DagsterInstance.ephemeral()


def run_job(
    definitions: dg.Definitions,
    *select: str,
    source: str = "intercom",
    config: Mapping[str, object] | None = None,
    job: str | None = None,
    instance: dg.DagsterInstance | None = None,
) -> dg.ExecuteInProcessResult:
    """Run a source's job in this process, with the same config for every asset."""
    resolved = definitions.resolve_job_def(job or f"{source}_sync")
    keys = [dg.AssetKey([source, name]) for name in select] or None
    ops = [
        name
        for name in resolved.graph.node_dict
        if (not keys or name.split("__")[1] in select) and not name.endswith("__models")
    ]
    return resolved.execute_in_process(
        run_config={"ops": {name: {"config": dict(config)} for name in ops}} if config else {},
        asset_selection=keys,
        raise_on_error=False,
        instance=instance or records(),
    )


def query(database: Path, statement: str) -> list[Row]:
    """Ask the database, instants in UTC."""
    with connect(database) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        answer = connection.execute(statement)
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def execute(database: Path, *statements: str) -> None:
    """Change the database, as a person could."""
    with connect(database) as connection:
        for statement in statements:
            connection.execute(statement)


def failures(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Say why assets failed, by resource: what the reader of the run sees first."""
    told = {}
    for event in result.get_step_failure_events():
        data = event.step_failure_data
        assert data.user_failure_data is not None, f"not our failure: {data.error}"
        assert data.error is not None
        told[str(event.step_key).split("__")[1]] = str(data.user_failure_data.description)
    return told


def figures(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """Give the metadata of each materialization of a resource, by its name."""
    return {name: told for name, told in _metadata(result).items() if name in CATALOG.names}


def model_figures(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """Give the metadata of each materialization of a model, by its name."""
    return {name: told for name, told in _metadata(result).items() if name not in CATALOG.names}


def _metadata(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    return {
        event.asset_key.path[-1]: {
            name: value.value
            for name, value in event.step_materialization_data.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }


def is_missing(database: Path, table: str) -> bool:
    """Tell whether a table of the default schema does not exist."""
    try:
        query(database, f'SELECT 1 FROM intercom."{table}"')
    except duckdb.CatalogException:
        return True
    return False
