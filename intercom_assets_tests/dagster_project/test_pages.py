"""What a person reads on an asset's page: whose it is, what a row is, where it is declared."""

import re
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.views import NAMES as MODELS
from intercom_assets.component import build_definitions
from intercom_assets.orchestration.schedules import neighbouring_ticks
from intercom_assets.settings.selection import ON_REQUEST
from intercom_assets_tests.dagster_project.reading import problems, read
from intercom_assets_tests.dagster_project.running import Project, figures

EVERYTHING = ",".join(CATALOG.names)


def nodes(**raw: object) -> dict[str, dg.AssetSpec]:
    """Give the specifications of a source's assets, those of views if asked for, by name."""
    given = {"resources": EVERYTHING, "models": "none", **raw}
    specs = build_definitions(read(**given)).resolve_all_asset_specs()
    return {spec.key.path[-1]: spec for spec in specs}


def test_each_page_says_what_a_row_is() -> None:
    """Grain, key, how it is synced and Intercom's own page stand in the description."""
    shown = nodes()

    assert set(CATALOG.names) == set(shown)
    for resource in CATALOG:
        told = str(shown[resource.name].description)
        assert told.startswith("One row per "), resource.name
        assert all(f"`{name}`" in told for name in resource.primary_key)
        assert "Each sync reads " in told
        assert f"({resource.docs})" in told


def test_each_column_of_the_catalogue_is_described() -> None:
    """No column of any resource stands on its page without its type and meaning."""
    for name, spec in nodes().items():
        columns = spec.metadata["dagster/column_schema"].columns
        assert not [one.name for one in columns if not (one.description and one.type)], name


def test_each_page_leads_to_the_declaration() -> None:
    """The code reference is the file in which the resource or model is declared."""
    shown = nodes(models="everything", include=list(ON_REQUEST))

    assert {*CATALOG.names, *MODELS} <= set(shown)
    for name in (*CATALOG.names, *MODELS):
        [reference] = shown[name].metadata["dagster/code_references"].code_references
        assert isinstance(reference, dg.LocalFileCodeReference)
        start = "Model" if name in MODELS else "(Resource|_file|_dataset)"
        declared = start + r"\(\s*(name=)?" + f'"{name}"'
        assert re.search(declared, Path(reference.file_path).read_text()), name


def test_columns_of_another_table_name_it(project: Project) -> None:
    """A child's key of its parent comes from the parent's table, all else from Intercom."""
    children = ("company_segments", "conversation_parts")
    reported = figures(project.run("companies", "conversations", *children))
    origins = {
        "company_segments": {"company_id": "intercom/companies.id"},
        "contact_notes": {"contact_id": "intercom/contacts.id"},
        "company_notes": {"company_id": "intercom/companies.id"},
        "contact_segments": {"contact_id": "intercom/contacts.id"},
        "contact_subscriptions": {"contact_id": "intercom/contacts.id"},
        "contact_taggings": {"contact_id": "intercom/contacts.id"},
        "conversation_parts": {"conversation_id": "intercom/conversations.id"},
        "ticket_parts": {"ticket_id": "intercom/tickets.id"},
        "events": {"contact_id": "intercom/contacts.id"},
        "event_summaries": {"contact_id": "intercom/contacts.id"},
        "handling_events": {"conversation_id": "intercom/conversations.id"},
        "side_conversations": {"conversation_id": "intercom/conversations.id"},
        "help_center_redirects": {"help_center_id": "intercom/help_centers.id"},
        "office_hours_exceptions": {
            "office_hours_schedule_id": "intercom/office_hours_schedules.id"
        },
        "data_connector_executions": {"data_connector_id": "intercom/data_connectors.id"},
        "team_metrics": {"team_id": "intercom/teams.id"},
        "call_transcripts": {"id": "intercom/calls.id"},
        "article_statistics": {"article_id": "intercom/articles.id"},
        "article_versions": {"article_id": "intercom/articles.id"},
    }

    for name, spec in nodes().items():
        assert origins.get(name) == lineage(spec.metadata), name
        if name in reported:
            assert origins.get(name) == lineage(reported[name]), name


def lineage(metadata: object) -> dict[str, str] | None:
    """Give which column comes from which."""
    assert isinstance(metadata, dict)
    if "dagster/column_lineage" not in metadata:
        return None
    found = metadata["dagster/column_lineage"]
    return {
        column: f"{origin.asset_key.to_user_string()}.{origin.column_name}"
        for column, [origin] in found.deps_by_column.items()
    }


@pytest.mark.parametrize("mode", [None, "plain", "none"])
def test_a_sync_shows_rows_as_the_setting_says(project: Project, mode: str | None) -> None:
    """Five rows stand in each materialization: no email of them, unless it is asked for."""
    shown = figures(project.run("contacts", preview=mode))["contacts"].get("preview")

    rows = [one.data for one in shown.records] if shown else []
    emails = {one["email"] for one in project.workspace.truth("contacts") if one.get("email")}
    assert len(rows) == (0 if mode == "none" else 5)
    assert any(row["email"] in emails for row in rows) == (mode == "plain")


def test_another_preview_is_refused() -> None:
    """A mode that is none is never taken for one that shows more."""
    assert ["preview is 'all': allowed are masked, plain, none"] == problems(preview="all")


@pytest.mark.parametrize(
    "owners", ["ada@example.com, team:support", ["ada@example.com", "team:support"]]
)
@pytest.mark.parametrize(
    "tags", ["domain=support, acme/tier=1", {"domain": "support", "acme/tier": "1"}]
)
def test_owners_and_tags_stand_on_each_page(owners: object, tags: object) -> None:
    """Both are given as YAML or as one text, and every asset shows them."""
    for spec in nodes(owners=owners, tags=tags).values():
        assert ["ada@example.com", "team:support"] == list(spec.owners)
        assert {"domain": "support", "acme/tier": "1"}.items() <= spec.tags.items()


def test_a_variable_holds_owners_and_tags() -> None:
    """`{env: NAME}` names a variable, and `env` in small letters is a tag like any other."""
    environment = {"MY_OWNERS": "team:data", "MY_TAGS": "domain=support"}
    settings = read(environment, owners={"env": "MY_OWNERS"}, tags={"env": "MY_TAGS"})

    assert (("team:data",), (("domain", "support"),)) == (settings.owners, settings.tags)
    assert ((), ()) == (read(tags={"env": "UNSET"}).tags, read(owners={"env": "UNSET"}).owners)
    assert (("env", "prod"),) == read(tags={"env": "prod"}).tags


def test_all_wrong_owners_and_tags_are_told_at_once() -> None:
    """Each is named with what is allowed, before Dagster would refuse the first of them."""
    told = problems(
        owners=["ada", "team:", "ada@example.com", 3],
        tags={"a b": "x", "tier": 1, "dagster/kind/x": "", "ok": "fine", "note": "no blanks"},
    )

    assert ["'ada'", "'team:'", "3", "'a b=x'", "1", "'dagster/kind/x='", "'note=no blanks'"] == [
        re.search(r" is (.*?): ", line)[1]  # type: ignore[index]  # a failed search fails the test
        for line in told
    ]
    assert all("allowed" in line or "in quotes" in line for line in told)
    assert ["tags is None: key=value"] == [line[:23] for line in problems(tags="tier")]
    assert ["owners is True: an email"] == [line[:24] for line in problems(owners=True)]


@pytest.mark.parametrize(
    ("cron", "gap"),
    [
        ("*/5 * * * *", timedelta(minutes=5)),
        ("30 2-23/6 * * *", timedelta(hours=6)),
        ("0 8,18 * * *", timedelta(hours=14)),
        ("0 8,18 * * 1-5", timedelta(hours=62)),
        ("0 3 * * 0", timedelta(days=7)),
        ("0 6 31 * *", timedelta(days=61)),
        ("0 6 29 2 *", timedelta(days=1461)),
    ],
)
def test_the_longest_time_between_ticks_is_known(cron: str, gap: timedelta) -> None:
    """Nights, weekends and short months count."""
    assert gap == max(later - earlier for earlier, later in neighbouring_ticks(cron))


@pytest.mark.parametrize(
    ("raw", "fail", "warn"),
    [
        ({"schedule": "every 5m"}, timedelta(minutes=35), timedelta(minutes=20)),
        ({"schedule": "every 3h"}, timedelta(hours=4.5), timedelta(hours=3.75)),
        ({"schedule": "every 24h"}, timedelta(hours=30), timedelta(hours=27)),
        ({"reconcile": "cron 0 3 * * 0"}, timedelta(hours=174), timedelta(hours=171)),
    ],
)
def test_an_asset_is_overdue_when_its_schedule_does_not_explain_its_age(
    raw: dict[str, object], fail: timedelta, warn: timedelta
) -> None:
    """It fails some time after the longest gap of the schedule, and warns before."""
    for spec in nodes(**raw).values():
        expected = dg.FreshnessPolicy.time_window(fail_window=fail, warn_window=warn)
        assert expected == spec.freshness_policy


def test_what_is_synced_by_hand_is_never_overdue() -> None:
    """Without a schedule nobody expects a sync."""
    assert {None} == {spec.freshness_policy for spec in nodes().values()}
