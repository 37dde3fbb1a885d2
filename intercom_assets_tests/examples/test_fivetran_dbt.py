"""`examples/fivetran_dbt`: its files, with models of ours that join as Fivetran's package does."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median

import duckdb
import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.fivetran import TABLES, fivetran_models
from intercom_assets.views.build import make_views
from intercom_assets_tests.dagster_project.running import ROOT
from intercom_assets_tests.world import World, make_world

EXAMPLE = ROOT / "examples" / "fivetran_dbt"

DBT = next(
    (found for place in (str(Path(sys.executable).parent), None)
     if (found := shutil.which("dbt", path=place))), None,
)  # fmt: skip

SOURCES = {
    "version": 2,
    "sources": [
        {
            "name": "intercom",
            "schema": "{{ var('intercom_schema') }}",
            "database": "{{ var('intercom_database') }}",
            "tables": [{"name": name} for name in TABLES],
        }
    ],
    "models": [
        {"name": name, "columns": [{"name": "id", "data_tests": ["not_null", "unique"]}]}
        if name == "conversations"
        else {"name": name}
        for name in ("conversations", "admins", "contacts")
    ],
}

CONVERSATIONS = """
with parts as (
    select conversation_id, count(*) as parts,
        min(case when part_type = 'close' then created_at end) as closed_at
    from {{ source('intercom', 'conversation_part_history') }}
    where coalesce(_fivetran_active, true)
    group by conversation_id
), tags as (
    select conversation_id, {{ dbt.listagg('t.name', "','") }} as tags
    from {{ source('intercom', 'conversation_tag_history') }} as c
    join {{ source('intercom', 'tag') }} as t on t.id = c.tag_id and not t._fivetran_deleted
    group by conversation_id
)
select c.id, a.name as assignee, parts.parts, tags.tags,
    {{ dbt.datediff('cast(c.created_at as timestamp)', 'parts.closed_at', 'second') }} as seconds
from {{ source('intercom', 'conversation_history') }} as c
left join parts on parts.conversation_id = c.id
left join tags on tags.conversation_id = c.id
left join {{ source('intercom', 'admin') }} as a on a.id = c.assignee_id
where coalesce(c._fivetran_active, true)
"""

ADMINS = """
select distinct assignee,
    {{ adapter.dispatch('percentile', 'fivetran_utils')('seconds', 'assignee', '0.5') }} as seconds
from {{ ref('conversations') }}
where assignee is not null and seconds is not null
"""

CONTACTS = """
select c.id, c.custom_seats, count(distinct t.tag_id) as tags, count(distinct h.company_id) as held
from {{ source('intercom', 'contact_history') }} as c
left join {{ source('intercom', 'contact_tag_history') }} as t on t.contact_id = c.id
left join {{ source('intercom', 'contact_company_history') }} as m on m.contact_id = c.id
left join {{ source('intercom', 'company_history') }} as h on h.id = m.company_id
group by c.id, c.custom_seats
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name the DuckDB file."""
    return tmp_path_factory.mktemp("fivetran_dbt") / "warehouse.duckdb"


@pytest.fixture(scope="module")
def world(database: Path) -> World:
    """Sync a workspace, and make the views in the schema that the example names."""
    world = make_world(database, contacts=40, companies=6, conversations=30)
    models = fivetran_models("intercom_fivetran", CATALOG)
    read = {name for model in models for name in model.sources}
    world.sync_all(*(name for name in CATALOG.names if name in read))
    make_views(models, world.source, world.warehouse)
    return world


@pytest.mark.skipif(DBT is None, reason="dbt is not installed")
def test_models_that_join_fivetrans_tables_are_true(
    world: World, database: Path, tmp_path: Path
) -> None:
    """In the example's project, models over the views build while the file is attached to read."""
    project = tmp_path / "fivetran_dbt"
    shutil.copytree(EXAMPLE, project)
    (project / "packages.yml").unlink()  # needs dbt's hub
    (project / "models").mkdir()
    (project / "models" / "schema.yml").write_text(json.dumps(SOURCES))
    for name, sql in (("conversations", CONVERSATIONS), ("admins", ADMINS), ("contacts", CONTACTS)):
        (project / "models" / f"{name}.sql").write_text(sql)

    variables = {"PATH": "/usr/bin:/bin", "DUCKDB_DATABASE": str(database)}
    built = subprocess.run(
        [str(DBT), "build", "--profiles-dir", "."],
        cwd=project, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert 0 == built.returncode, built.stdout
    with duckdb.connect(str(project / "dbt.duckdb")) as connection:
        connection.execute(f"ATTACH '{database}' AS warehouse (READ_ONLY)")
        shown = {row[0]: row for row in connection.execute("FROM conversations").fetchall()}
        admins = dict(connection.execute("FROM admins").fetchall())
        contacts = {row[0]: row for row in connection.execute("FROM contacts").fetchall()}
    truth = world.workspace
    names = {str(one["id"]): one["name"] for one in truth.truth("admins")}
    assert {str(one["id"]) for one in truth.truth("conversations")} == set(shown)
    for one in truth.truth("conversations"):
        _, assignee, parts, _, seconds = shown[str(one["id"])]
        assert (names.get(str(one["admin_assignee_id"])), len(truth.parts[one["id"]])) == (
            assignee,
            parts or 0,
        )
        closed = [part["created_at"] for part in truth.parts[one["id"]]
                  if part["part_type"] == "close"]  # fmt: skip
        assert (min(closed) - one["created_at"] if closed else None) == seconds
    by_admin: dict[str, list[int]] = {}
    for _, assignee, _, _, seconds in shown.values():
        if assignee is not None and seconds is not None:
            by_admin.setdefault(assignee, []).append(seconds)
    assert {name: median(found) for name, found in by_admin.items()} == admins
    assert {str(one["id"]) for one in truth.truth("contacts")} == set(contacts)


def test_the_example_names_what_there_is() -> None:
    """Its schema is that of the page, and its variable that of the settings."""
    page = (ROOT / "docs" / "fivetran.md").read_text()
    project = (EXAMPLE / "dbt_project.yml").read_text()

    assert "intercom_schema: intercom_fivetran #" in project
    assert "fivetran_schema: intercom_fivetran\n" in page
    for file in ("packages.yml", "dbt_project.yml", "profiles.yml", "macros/percentile.sql"):
        assert (EXAMPLE / file).is_file()
        assert f"`{file}`" in page
