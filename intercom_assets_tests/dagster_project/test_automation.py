"""Somebody's own assets follow a sync by themselves, as Dagster's automation promises."""

import re
from collections.abc import Iterator

import dagster as dg
import pytest

from intercom_assets_tests.dagster_project.running import ROOT, Project

KEY = dg.AssetKey("open_conversations")


def example() -> dg.AssetsDefinition:
    """Give the asset that the document shows."""
    text = (ROOT / "docs" / "pages.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    namespace: dict[str, dg.AssetsDefinition] = {}
    exec(compile(code, "pages.md", "exec"), namespace)  # noqa: S102 - our own document
    return namespace["open_conversations"]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """Give Dagster a storage of its own."""
    with dg.instance_for_test() as instance:
        yield instance


def test_an_eager_asset_follows_each_scheduled_sync(
    project: Project, instance: dg.DagsterInstance
) -> None:
    """What a schedule's run updates is requested downstream, once for each sync and never else."""
    definitions = dg.Definitions.merge(
        project.definitions(schedule="every 1h"), dg.Definitions(assets=[example()])
    )
    cursor = None
    requested = []

    for scheduled in (False, True, False, True):
        if scheduled:
            sync(definitions, instance)
        told = dg.evaluate_automation_conditions(definitions, instance, cursor=cursor)
        requested.append(told.get_num_requested(KEY))
        cursor = told.cursor

    assert [0, 1, 0, 1] == requested


def sync(definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
    """Do what the schedule's tick asks for."""
    schedule = definitions.get_repository_def().get_schedule_def("intercom_schedule")
    with dg.build_schedule_context(instance=instance) as context:
        [request] = schedule.evaluate_tick(context).run_requests or []
    done = definitions.resolve_job_def(schedule.job_name).execute_in_process(
        instance=instance,
        tags=request.tags,
        asset_selection=[dg.AssetKey(["intercom", "conversations"])],
    )
    assert done.success
