"""What is hidden, as settings say it and as Dagster shows it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pytest
import yaml

from intercom_assets.catalog import CATALOG, Level
from intercom_assets.catalog.hidden import HASHED
from intercom_assets_tests.dagster_project.reading import problems, read
from intercom_assets_tests.dagster_project.running import (
    ROOT,
    TOKEN,
    TOKEN_VARIABLE,
    Project,
    Row,
    failures,
    serving,
)
from intercom_assets_tests.hiding import hash_of
from intercom_simulator import Workspace, generate

SALT_VARIABLE = "INTERCOM_HASH_SALT"
SALT = "s4lt-that-nobody-may-see-0123456789"
NAMED = {"hash_salt": {"env": SALT_VARIABLE}}
PLANTED = "pl4nt3d"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("contacts.email, contacts.location_city,contacts.custom_attributes.Phone number", "text"),
        ({"contacts": ["email", "location.city", "custom_attributes.Phone number"]}, "a map"),
        ({"contacts": "email, location.city, custom_attributes.Phone number"}, "a map of text"),
    ],
)
def test_every_form_is_understood(value: object, place: str) -> None:
    """Text and maps mean the same; columns go by name or path, fields in JSON by path."""
    expected = (("email",), ("location", "city"), ("custom_attributes", "Phone number"))

    excluded = read(exclude_columns=value)
    hashed = read({SALT_VARIABLE: SALT}, hash_columns=value, **NAMED)

    assert expected == excluded.privacy.of("contacts").excluded, place
    assert expected == hashed.privacy.of("contacts").hashed
    assert (None, SALT_VARIABLE) == (excluded.privacy.salt_variable, hashed.privacy.salt_variable)
    assert () == excluded.warnings == hashed.warnings


def test_a_field_is_found_by_where_it_was_kept() -> None:
    """What a newer release declares may still be named as a field of `_extra`."""
    settings = read(exclude_columns="contacts._extra.nickname, contacts._extra.location.city")

    assert (("nickname",), ("location", "city")) == settings.privacy.of("contacts").excluded
    assert {"contacts": ["location_city"]} == settings.privacy.excluded_columns


def test_variables_hold_it_as_text() -> None:
    """Both settings can stand in variables; an empty one hides nothing."""
    raw = {"exclude_columns": {"env": "A"}, "hash_columns": {"env": "B"}, **NAMED}

    settings = read({"A": "contacts.location, ", "B": ""}, **raw)

    assert (("location",),) == settings.privacy.of("contacts").excluded
    assert settings.privacy.salt_variable is None


@pytest.mark.parametrize(
    ("setting", "entry", "allowed"),
    [
        ("exclude_columns", "people.email", "no such resource; there are admins, teams"),
        ("exclude_columns", "contacts", "a name is empty"),
        ("exclude_columns", "contacts.emial", "is email meant? A field that no column declares is"),
        ("exclude_columns", "tags.zzz", "there are type, id, name"),
        ("exclude_columns", "contacts.id", "id is needed as Intercom sends it: rows are told"),
        ("hash_columns", "conversation_parts.conversation_id", "joined and found again by it"),
        ("hash_columns", "contacts.updated_at", "it tells what changed"),
        ("exclude_columns", "segments.updated_at", "which version is newer"),
        ("exclude_columns", "conversation_parts.created_at", "list that Intercom cut off"),
        ("exclude_columns", "company_attributes.full_name", "is needed"),
        ("exclude_columns", "conversations.statistics", "a check counts conversation_parts by it"),
        ("exclude_columns", "calls.conversation_id", "call_transcripts are asked for by it"),
        ("exclude_columns", "contacts._row_hash", "the sync needs it"),
        ("exclude_columns", "contacts._extra", "field by field: _extra.nickname"),
        ("exclude_columns", "contacts._extra.email.x", "email is text: there are no fields in it"),
        ("exclude_columns", "contacts._extra.", "a name is empty between its dots"),
        ("exclude_columns", "contacts.email.x", "email is text: there are no fields in it"),
        ("exclude_columns", "contacts.location..city", "a name is empty between its dots"),
        ("hash_columns", "contacts.created_at", "it is timestamp: only text and JSON are hashed"),
        ("hash_columns", "contacts.location", "hash these: location_type, location_country"),
    ],
)
def test_what_cannot_be_hidden_is_refused(setting: str, entry: str, allowed: str) -> None:
    """Unknown names are told with what there is, needed ones with the reason."""
    (problem,) = problems({SALT_VARIABLE: SALT}, **{setting: entry}, **NAMED)

    assert problem.startswith(f"{setting} is '{entry.rstrip('.')}")
    assert allowed in problem


@pytest.mark.parametrize("value", [7, ["contacts.email"], {"contacts": 7}, {"contacts": [7]}])
def test_another_form_is_refused(value: object) -> None:
    """What is neither text nor a map of lists is refused with both forms."""
    (problem,) = problems(exclude_columns=value)

    assert "`contacts.email, contacts.name` as text" in problem


def test_all_problems_are_told_at_once() -> None:
    """Both settings are read to their ends, and hold no column twice."""
    told = problems(
        exclude_columns="contacts.email, contacts.location, contacts.nope, contacts.location.city",
        hash_columns="contacts.email, contacts.custom_attributes.x, contacts.custom_attributes",
        hash_salt="a salt that is written down",
    )

    assert 5 == len(told)
    assert not any("written down" in problem for problem in told)
    for part in (
        "contacts.nope",
        "'contacts.email': exclude_columns names it too",
        "'contacts.location.city': it is a part of contacts.location, which is hidden whole",
        "'contacts.custom_attributes.x': it is a part of contacts.custom_attributes",
        "hash_salt must name a variable",
    ):
        assert any(part in problem for problem in told), part


@pytest.mark.parametrize("salt", [None, "a salt that is written down", {"env": 7}])
def test_a_salt_is_named_never_written(salt: object) -> None:
    """A salt is given as a variable only, and what was written is not repeated."""
    (problem,) = problems(hash_columns="contacts.email", hash_salt=salt)

    assert problem.startswith("hash_salt must name a variable, {env: INTERCOM_HASH_SALT}")
    assert "written" not in problem


def test_what_is_not_selected_and_a_salt_to_come_are_warnings() -> None:
    """Definitions load without the salt, and columns of other resources wait for them."""
    settings = read(
        resources="tags", hash_columns="contacts.email, tags.name", exclude_columns={}, **NAMED
    )

    told = "\n".join(settings.warnings)
    assert "hash_columns names contacts.email, but contacts is not selected" in told
    assert f"the variable {SALT_VARIABLE} is not set" in told


def test_the_document_names_what_there_is() -> None:
    """The example of docs/privacy.md is accepted, and each column that it lists exists."""
    document = (ROOT / "docs" / "privacy.md").read_text()
    example = yaml.safe_load(document.split("```yaml\n")[1].split("```")[0])
    listed = re.findall(r"`([a-z_]+)`\s+\(((?:`[a-z_.]+`,?\s*)+)\)", document)
    entries = [
        f"{resource}.{column}"
        for resource, columns in listed
        for column in re.findall(r"`([a-z_.]+)`", columns)
    ]

    settings = read({SALT_VARIABLE: SALT}, **example["attributes"])

    assert settings.privacy.of("conversations").hashed
    assert {
        "contacts",
        "conversations",
        "conversation_parts",
        "admins",
        "activity_logs",
        "tickets",
        "ticket_parts",
        "calls",
        "contact_notes",
        "company_notes",
        "call_transcripts",
        "handling_events",
        "side_conversations",
        "data_connector_executions",
        "custom_objects",
        "events",
        "content_receipts",
        "content_survey_responses",
        "reporting_conversation",
        "reporting_conversation_rating_sent",
        "reporting_tickets",
    } == {r for r, _ in listed}
    assert len(entries) > 35
    chosen = ["everything", *{r for r, _ in listed if CATALOG[r].level is Level.COSTLY}]
    assert () == read(resources=chosen, exclude_columns=", ".join(entries)).warnings


@dataclass(frozen=True)
class Ran:
    """A job that ran with something hidden, and all that it told.

    Attributes:
        project: The source.
        result: The run.
        definitions: What ran.
        kept: What Dagster kept of it: events, metadata, checks and lines of the log.
    """

    project: Project
    result: dg.ExecuteInProcessResult
    definitions: dg.Definitions
    kept: str


SELECTED = ("admins", "contacts", "conversations")

SETTINGS: dict[str, object] = {
    "exclude_columns": {
        "contacts": ["name", "avatar", "_extra.nickname", "custom_attributes.note"],
        "admins": ["email"],
    },
    "hash_columns": "contacts.email, contacts.location_city, conversations.source_author_email",
    **NAMED,
}


def planted() -> Workspace:
    """Make a workspace with something to hide."""
    workspace = generate(contacts=3, companies=1, conversations=2)
    workspace.add(
        "contacts",
        {
            "id": "zoe",
            "role": "user",
            "name": {"odd": PLANTED},
            "email": f"{PLANTED}@x.y",
            "avatar": {"image_url": [PLANTED]},
            "location": {"city": f"{PLANTED}ville", "country": "Norway"},
            "nickname": PLANTED,
            "custom_attributes": {"note": PLANTED, "plan": "pro"},
        },
    )
    author = {"email": f"{PLANTED}@x.y", "type": "user"}
    workspace.add("conversations", {"id": "1", "source": {"author": author}})
    return workspace


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Run the job once."""
    with pytest.MonkeyPatch.context() as patch, serving(planted()) as url:
        patch.setenv(TOKEN_VARIABLE, TOKEN)
        patch.setenv(SALT_VARIABLE, f" {SALT}\n")
        folder = tmp_path_factory.mktemp("p")
        project = Project(workspace=planted(), url=url, folder=folder, raw=SETTINGS)
        definitions = project.definitions()
        selected = [dg.AssetKey(["intercom", name]) for name in SELECTED]
        with dg.DagsterInstance.ephemeral() as instance:
            result = definitions.resolve_job_def("intercom_sync").execute_in_process(
                instance=instance, asset_selection=selected
            )
            kept = [dg.serialize_value(one) for one in instance.all_logs(result.run_id)]
        yield Ran(project, result, definitions, "\n".join(kept))


def zoe(ran: Ran) -> Row:
    """Read the row of the person who hides."""
    (row,) = (row for row in ran.project.rows("rudder_contacts") if row["id"] == "zoe")
    return row


def test_a_job_hides_what_the_settings_say(ran: Ran) -> None:
    """Excluded columns are not in the table, hashed ones can be joined on."""
    assert ran.result.success
    row = zoe(ran)
    conversations = {row["id"]: row for row in ran.project.rows("rudder_conversations")}
    assert not {"name", "avatar_image_url"} & set(row)
    assert hash_of(f"{PLANTED}@x.y", SALT.encode()) == row["email"]
    assert row["email"] == conversations["1"]["source_author_email"]
    assert ("Norway", '{"plan":"pro"}') == (row["location_country"], row["custom_attributes"])


def test_nothing_that_dagster_keeps_shows_a_hidden_value_or_the_salt(ran: Ran) -> None:
    """Events, metadata, checks, logs, reprs and the database know neither value nor salt."""
    told = [ran.kept, repr(ran.definitions), repr(ran.definitions.resources)]
    told.append(repr(ran.project.settings()))

    assert "contacts: reading everything" in ran.kept
    assert "records_returned" in ran.kept
    assert "no_undeclared_fields" in ran.kept
    for text in told:
        assert PLANTED not in text
        assert SALT not in text
    for file in ran.project.folder.rglob("*"):
        held = file.read_bytes() if file.is_file() else b""
        assert PLANTED.encode() not in held
        assert SALT.encode() not in held


def test_the_column_schema_says_what_is_hidden(ran: Ran) -> None:
    """Excluded columns are not shown; hashed ones say that they are hashed."""
    graph = ran.definitions.resolve_asset_graph()
    metadata: Any = graph.get(dg.AssetKey(["intercom", "contacts"])).metadata
    shown = {column.name: column for column in metadata["dagster/column_schema"].columns}

    assert not {"name", "avatar_image_url", "avatar_type"} & set(shown)
    assert "phone" in shown
    assert shown["email"].description.startswith(HASHED)
    assert not shown["phone"].description.startswith(HASHED)


def test_a_frame_has_no_excluded_columns(ran: Ran) -> None:
    """An asset downstream gets the table as it is; an excluded column is refused by name."""
    frames: list[Any] = []

    def reading(columns: list[str] | None) -> dg.AssetsDefinition:
        key = dg.AssetIn(key=["intercom", "contacts"], metadata={"columns": columns})

        @dg.asset(ins={"contacts": key})
        def report(contacts: Any) -> None:  # noqa: ANN401 - a frame
            frames.append(contacts)

        return report

    spec = dg.AssetSpec(["intercom", "contacts"]).with_io_manager_key("intercom_io_manager")
    resources = {"intercom_io_manager": (ran.definitions.resources or {})["intercom_io_manager"]}
    dg.materialize([reading(None), spec], resources=resources)
    refused = dg.materialize([reading(["name"]), spec], resources=resources, raise_on_error=False)

    assert "email" in frames[0].columns
    assert "name" not in frames[0].columns
    assert not refused.success


@pytest.mark.parametrize("salt", [None, "", "too short"])
def test_a_salt_that_is_none_stops_before_anything_is_read(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, salt: str | None
) -> None:
    """A missing, empty or short salt is named by its variable; Intercom is not asked."""
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    monkeypatch.delenv(SALT_VARIABLE, raising=False)
    if salt is not None:
        monkeypatch.setenv(SALT_VARIABLE, salt)
    workspace = planted()
    with serving(workspace) as url:
        folder = tmp_path_factory.mktemp("p")
        project = Project(workspace=workspace, url=url, folder=folder, raw=SETTINGS)
        told = failures(project.run("contacts"))["contacts"]

    assert SALT_VARIABLE in told
    assert "openssl rand -hex 32" in told
    assert not salt or salt not in told
    assert 0 == workspace.log.total()
    assert not project.database.exists()
