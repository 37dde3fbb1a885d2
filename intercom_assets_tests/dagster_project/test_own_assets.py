"""Assets of users beside a source: the forms in which they read tables, and where theirs land."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from dagster_duckdb_pandas import DuckDBPandasIOManager

from intercom_assets_tests.dagster_project.hosting import Host
from intercom_assets_tests.dagster_project.running import Project, query

CONTACTS = dg.AssetKey(["intercom", "contacts"])
MINE = dg.AssetKey(["mine"])

ROWS: dict[str, Callable[[Any], int]] = {
    "pandas.DataFrame": len,
    "polars.DataFrame": lambda frame: int(frame.height),
    "polars.LazyFrame": lambda frame: int(frame.collect().height),
    "pyarrow.Table": lambda table: int(table.num_rows),
    "ibis.Table": lambda table: int(table.count().execute()),
    "duckdb.DuckDBPyRelation": len,
}
"""How rows are counted in each form."""


def reading(kind: object) -> dg.AssetsDefinition:
    """Make an asset that reads contacts as what an annotation says."""

    def mine(context: dg.AssetExecutionContext, contacts: Any) -> None:  # noqa: ANN401 - set below
        form = next((form for form in ROWS if isinstance(contacts, class_of(form))), "")
        context.add_output_metadata({"form": form, "rows": ROWS[form](contacts)})

    mine.__annotations__["contacts"] = kind
    columns = {"columns": ["id", "updated_at", "tags"]}
    return dg.asset(ins={"contacts": dg.AssetIn(key=CONTACTS, metadata=columns)})(mine)


def class_of(form: str) -> type:
    """Import a class, or give one that nothing is an instance of where its package is missing."""
    package, _, name = form.partition(".")
    try:
        found: type = getattr(importlib.import_module(package), name)
    except ImportError:
        return type(form, (), {})
    return found


def run(project: Project, mine: dg.AssetsDefinition) -> dg.ExecuteInProcessResult:
    """Run contacts, then the user's asset."""
    job = dg.define_asset_job("both", selection=[CONTACTS, MINE])
    definitions = dg.Definitions.merge(
        project.definitions(), dg.Definitions(assets=[mine], jobs=[job])
    )
    return definitions.resolve_job_def("both").execute_in_process(raise_on_error=False)


def told(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    """Give the metadata of the user's asset."""
    [event] = result.asset_materializations_for_node("mine")
    return {name: value.value for name, value in event.metadata.items()}


@pytest.mark.parametrize("form", ROWS)
def test_an_input_has_the_form_that_it_is_annotated_with(project: Project, form: str) -> None:
    """Each form holds all rows; the packages that a project does not use are not needed."""
    pytest.importorskip(form.partition(".")[0])

    result = run(project, reading(class_of(form)))

    assert result.success
    assert (form, 30) == (told(result)["form"], told(result)["rows"])


def test_an_input_without_an_annotation_is_a_pandas_frame(project: Project) -> None:
    """What was always loaded is loaded still."""
    assert "pandas.DataFrame" == told(run(project, reading(Any)))["form"]


@pytest.mark.parametrize("kind", [int, dict[str, int], pd.Series])
def test_another_annotation_is_refused_with_those_that_are_allowed(
    project: Project, kind: type
) -> None:
    """The failure names what is wrong and every form that there is."""
    [event] = run(project, reading(kind)).get_step_failure_events()

    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert str(failure.description).startswith("An input is annotated with ")
    assert all(form in str(failure.description) for form in ROWS)


@pytest.fixture
def host(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Make somebody else's project with a source."""
    host = Host(folder=tmp_path / "host")
    host.add("intercom", base_url=project.url, database=str(project.database), resources="contacts")
    monkeypatch.syspath_prepend(str(host.home))
    return host


def landed(host: Host, storage: Path, **resources: object) -> bool:
    """Run an asset that returns a frame in a host's project; tells whether it succeeded."""

    @dg.asset
    def mine() -> pd.DataFrame:
        return pd.DataFrame({"a": [1, 2]})

    own = dg.Definitions(
        assets=[mine], jobs=[dg.define_asset_job("mine_job", [MINE])], resources=resources
    )
    job = dg.Definitions.merge(host.load(), own).resolve_job_def("mine_job")
    with dg.DagsterInstance.ephemeral(tempdir=str(storage)) as instance:
        return job.execute_in_process(instance=instance).success


def test_without_an_io_manager_of_its_own_a_hosts_frames_are_pickled(
    project: Project, host: Host, tmp_path: Path
) -> None:
    """A source brings no `io_manager`: Dagster stores the value in a file, not in the warehouse."""
    assert landed(host, tmp_path / "storage")

    assert [file.name for file in (tmp_path / "storage").rglob("mine")] == ["mine"]
    assert not project.database.exists()


def test_with_an_io_manager_of_its_own_a_hosts_frames_land_where_it_says(
    project: Project, host: Host, tmp_path: Path
) -> None:
    """The host's `io_manager` stores what its assets return."""
    stock = DuckDBPandasIOManager(database=str(project.database), schema="reports")

    assert landed(host, tmp_path / "storage", io_manager=stock)

    assert [{"a": 1}, {"a": 2}] == query(project.database, "FROM reports.mine ORDER BY a")
