"""Files on their way into Snowflake: each into a table of its own, dropped after the commit."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.json as pj
import pyarrow.parquet as pq
from snowflake.connector import errors

from intercom_assets.catalog.types import ColumnType
from intercom_assets.errors import WarehouseError
from intercom_assets.warehouse.snowflake.arrow import ARROW_TYPES
from intercom_assets.warehouse.snowflake.session import Runner
from intercom_assets.warehouse.snowflake.statements import (
    RAW_TYPES,
    Statements,
    identifier,
    qualified,
)
from intercom_assets.warehouse.sql import folded
from intercom_assets.warehouse.warehouse import Commit, StagedFile

_PHYSICAL = {**ARROW_TYPES, ColumnType.TIMESTAMP: pa.int64()}
_LEAST_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Staging:
    """The statements that bring a parquet file into a table of its own.

    Attributes:
        schema: Schema of the source.
        name: Name of the table; a plain identifier that no other sync uses.
        columns: Columns of the file and what they hold.
    """

    schema: str
    name: str
    columns: Mapping[str, ColumnType]

    @property
    def table(self) -> str:
        """The table's quoted full name."""
        return qualified(self.schema, self.name)

    def create(self) -> str:
        """Create the table; transient, because Time Travel of it would cost and serve nobody."""
        columns = ",\n  ".join(
            f"{identifier(name)} {RAW_TYPES[kind]}" for name, kind in self.columns.items()
        )
        return f"CREATE TRANSIENT TABLE {self.table} (\n  {columns}\n)"

    def put(self, file: str) -> str:
        """Upload the file to the table's own stage, which goes when the table goes."""
        path = file.replace("\\", "\\\\").replace("'", "\\'")
        return f"PUT 'file://{path}' @{self._stage} AUTO_COMPRESS = FALSE OVERWRITE = TRUE"

    def copy(self) -> str:
        r"""Load the file; no text is taken for null, as `\N` would be by default."""
        return (
            f"COPY INTO {self.table} FROM @{self._stage}\n"
            "FILE_FORMAT = (TYPE = PARQUET NULL_IF = ())\n"
            "MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE ON_ERROR = ABORT_STATEMENT"
        )

    def drop(self) -> str:
        """Drop the table and its stage."""
        return f"DROP TABLE IF EXISTS {self.table}"

    @property
    def _stage(self) -> str:
        return f"{identifier(self.schema)}.%{self.name}"


@contextmanager
def staged_files(running: Runner, commit: Commit) -> Iterator[dict[str, str]]:
    """Upload the files of a commit; give the quoted name of the table of each."""
    statements, schema = Statements(commit.target), commit.target.schema
    files = [
        ("rows", commit.rows),
        ("seen", commit.seen),
        ("whole", commit.whole.file if commit.whole else None),
        ("gone", commit.gone),
        ("rewrite", commit.rewrite.file if commit.rewrite else None),
    ]
    with ExitStack() as stack:
        tables = {
            name: stack.enter_context(uploaded(running, schema, file))
            for name, file in files
            if file is not None
        }
        if raw := tables.get("rows"):
            typed = qualified(schema, _unique())
            stack.callback(_drop, running, f"DROP TABLE IF EXISTS {typed}")
            running.run(statements.stage(typed, raw))
            tables["rows"] = typed
        yield tables


@contextmanager
def uploaded(running: Runner, schema: str, file: StagedFile) -> Iterator[str]:
    """Upload a file into a table of its own for a block; give the table's quoted name.

    Raises:
        WarehouseError: Not every row of the file arrived.
    """
    staging = Staging(schema, _unique(), file.columns)
    running.run(staging.create())
    physical = file.path.with_suffix(".parquet")
    try:
        if file.rows:
            _write_physical(file, physical)
            running.run(staging.put(str(physical)))
            loaded = sum(int(row[3]) for row in running.rows(staging.copy()))
            if loaded != file.rows:
                raise WarehouseError(
                    f"Snowflake lost rows on the way: {loaded} of {file.rows} staged rows were "
                    "loaded, so nothing of this commit was kept. Run the sync again. "
                    f"[{staging.table}]"
                )
        yield staging.table
    finally:
        physical.unlink(missing_ok=True)
        _drop(running, staging.drop())


def _write_physical(file: StagedFile, physical: Path) -> None:
    """Write a file as parquet under Snowflake's names, instants as plain numbers."""
    schema = pa.schema([(name, _PHYSICAL[kind]) for name, kind in file.columns.items()])
    reader = pj.open_json(
        file.path,
        # A block holds at least one line.
        read_options=pj.ReadOptions(block_size=max(file.longest + 1, _LEAST_BLOCK)),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
    )
    names = [folded(name) for name in schema.names]
    named = pa.schema([field.with_name(name) for field, name in zip(schema, names, strict=True)])
    with reader, pq.ParquetWriter(physical, named, compression="snappy") as writer:
        for batch in reader:
            writer.write_batch(batch.rename_columns(names))


def _unique() -> str:
    return f"RUDDER__STAGED_{secrets.token_hex(8).upper()}"


def _drop(running: Runner, statement: str) -> None:
    # A session that was lost cannot drop; what stays is named so that one sees what it is.
    try:
        running.run(statement)
    except errors.Error:
        return
