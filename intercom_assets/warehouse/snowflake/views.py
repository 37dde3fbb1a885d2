"""Views in Snowflake's dialect.

Ours carry their mark in a condition that is always true: it comes and goes with the definition in
one statement, which a comment that is set afterwards would not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os.path import commonprefix
from typing import assert_never

import pyarrow as pa

from intercom_assets.catalog.table import DELETED_AT
from intercom_assets.catalog.types import ColumnType
from intercom_assets.warehouse.snowflake.answers import shaped
from intercom_assets.warehouse.snowflake.session import Runner
from intercom_assets.warehouse.snowflake.statements import (
    DESCRIBED_TYPES,
    EPOCH,
    described_type,
    identifier,
    qualified,
    read_as,
)
from intercom_assets.warehouse.sql import folded, known_columns, unfolded
from intercom_assets.warehouse.views import (
    DOUBLE,
    INSTANT,
    INTEGER,
    SECONDS,
    FlatView,
    Made,
    MembersView,
    Outcome,
    Pick,
    View,
    is_ours,
    mark_of,
)
from intercom_assets.warehouse.warehouse import Target

_KINDS = {written: kind for kind, written in DESCRIBED_TYPES.items()}


@dataclass(frozen=True, slots=True)
class ViewStatements:
    """The statements of one view.

    Attributes:
        view: The view.
    """

    view: View

    @property
    def mark(self) -> str:
        """What tells this definition from others, and from views that are not ours."""
        return mark_of(self.view, self._select())

    @property
    def name(self) -> str:
        """The view's quoted full name."""
        return qualified(self.view.target.schema, self.view.target.name)

    def create(self) -> str:
        """Create the view, where nothing has its name."""
        return f"CREATE VIEW {self.name}{self._body()}"

    def replace(self) -> str:
        """Replace the view; who may read it stays who may."""
        return f"CREATE OR REPLACE VIEW {self.name} COPY GRANTS{self._body()}"

    def rename(self, kind: str) -> str:
        """Put a view or table that is not ours out of the way."""
        before = qualified(self.view.target.schema, f"{self.view.target.name}_before")
        return f"ALTER {kind} {self.name} RENAME TO {before};"

    def _body(self) -> str:
        about = _text(self.view.about)
        return f" COMMENT = {about} AS\n{self._select()}\n  AND '{self.mark}' <> ''"

    def _select(self) -> str:
        match self.view.definition:
            case FlatView() as flat:
                return _flat(flat)
            case MembersView() as members:
                return _members(members)
            case _:
                assert_never(self.view.definition)


def make_views(running: Runner, views: Sequence[View]) -> list[Outcome]:
    """Create views of one schema, and replace those of ours whose definition changed."""
    schema = views[0].target.schema
    begin = commonprefix([view.target.name for view in views])  # noqa: RUF071 - of characters
    texts = {row[1]: str(row[7]) for row in running.rows(show_views(schema, begin))}
    kinds: dict[str, str] = {}
    if any(folded(view.target.name) not in texts for view in views):
        kinds = {row[1]: str(row[2]) for row in running.rows(show_objects(schema, begin))}
    return [_made(running, ViewStatements(view), texts, kinds) for view in views]


def _made(
    running: Runner, statements: ViewStatements, texts: Mapping[str, str], kinds: Mapping[str, str]
) -> Outcome:
    name = folded(statements.view.target.name)
    if name in texts:
        if not is_ours(texts[name]):
            return Outcome(Made.REFUSED, statements.rename("VIEW"))
        if statements.mark in texts[name]:
            return Outcome(Made.UNCHANGED)
        running.run(statements.replace())
        return Outcome(Made.REPLACED)
    if name in kinds:
        return Outcome(Made.REFUSED, statements.rename(kinds[name]))
    running.run(statements.create())
    return Outcome(Made.CREATED)


def read_view(running: Runner, target: Target, columns: Sequence[str] | None) -> pa.Table:
    """Read a view as it is, whatever columns it was made with.

    Raises:
        SchemaError: It lacks one of the columns.
    """
    described = running.rows(f"DESCRIBE VIEW {qualified(target.schema, target.name)}")
    types = {unfolded(row[0]): _KINDS.get(described_type(row[1])) for row in described}
    chosen = known_columns(target, types, columns)
    kinds = {name: types[name] or ColumnType.TEXT for name in chosen}
    selected = ", ".join(read_as(identifier(name), kinds[name]) for name in chosen)
    name = qualified(target.schema, target.name)
    return shaped(running.table(f"SELECT {selected} FROM {name}"), kinds)


def show_views(schema: str, begin: str) -> str:
    """List the views whose names may begin so, with the text of each; needs no warehouse."""
    return f"SHOW VIEWS LIKE {_text(f'{begin}%')} IN SCHEMA {identifier(schema)}"


def show_objects(schema: str, begin: str) -> str:
    """List the tables and views whose names may begin so; needs no warehouse."""
    return f"SHOW TERSE OBJECTS LIKE {_text(f'{begin}%')} IN SCHEMA {identifier(schema)}"


def _flat(view: FlatView) -> str:
    columns = [identifier(name) for name in view.columns]
    columns += [f"{_typed(view.map, pick)} AS {identifier(pick.name)}" for pick in view.picks]
    listed = ",\n  ".join(columns)
    return f"SELECT\n  {listed}\nFROM {_table(view)}\nWHERE {identifier(DELETED_AT)} IS NULL"


def _members(view: MembersView) -> str:
    held = f"t.{identifier(view.column)}{_path(view.path)}"
    value = f"m.VALUE{_path((view.field,))}" if view.field is not None else "m.VALUE"
    member = f"CAST({value} AS TEXT)"
    key = identifier(view.table.table.primary_key[0])
    # Of an object FLATTEN would list the fields.
    return (
        f"SELECT DISTINCT t.{key} AS {identifier(view.key)}, {member} AS "
        f"{identifier(view.member)}\nFROM {_table(view)} AS t, LATERAL FLATTEN(INPUT => "
        f"CASE WHEN IS_ARRAY({held}) THEN {held} END) AS m\n"
        f"WHERE t.{identifier(DELETED_AT)} IS NULL AND {member} IS NOT NULL"
    )


def _table(view: FlatView | MembersView) -> str:
    return qualified(view.table.schema, view.table.name)


def _typed(column: str, pick: Pick) -> str:
    """Read a value of a map as its type; null where it is of another."""
    found = [f"CAST({identifier(column)}{_path(path)} AS TEXT)" for path in pick.paths]
    text = f"COALESCE({', '.join(found)})" if len(found) > 1 else found[0]
    match pick.type:
        case ColumnType.TEXT | ColumnType.JSON:
            return text
        case ColumnType.INTEGER:
            return _whole(text, INTEGER)
        case ColumnType.DOUBLE:
            return f"TRY_TO_DOUBLE(REGEXP_SUBSTR({text}, '{DOUBLE}'))"
        case ColumnType.BOOLEAN:
            return f"CASE LOWER({text}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
        case ColumnType.TIMESTAMP:
            return (
                f"COALESCE(DATEADD(microsecond, {_whole(text, SECONDS)} * 1000000, {EPOCH}),\n"
                f"    TRY_CAST(REGEXP_SUBSTR({text}, '{INSTANT}') AS TIMESTAMP_TZ))"
            )
        case _:
            assert_never(pick.type)


def _whole(text: str, pattern: str) -> str:
    return f"TRY_TO_NUMBER(REGEXP_SUBSTR({text}, '{pattern}', 1, 1, 'e', 1), 38, 0)"


def _path(steps: tuple[str, ...]) -> str:
    return "".join(f"[{_text(step)}]" for step in steps)


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
