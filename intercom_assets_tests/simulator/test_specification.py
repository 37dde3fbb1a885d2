"""Every answer has the shape that Intercom's own description gives it."""

import pytest

from intercom_assets_tests.simulator import specification
from intercom_assets_tests.simulator.asking import Clock, ask
from intercom_simulator import Record, Workspace, generate

ANYTHING: Record = {"query": {"field": "created_at", "operator": ">", "value": 0}}
CONVERSATIONS: Record = {"conversation_ids": [str(number) for number in range(20)]}

LISTS: list[tuple[str, str, str, Record | None]] = [
    ("GET", "/me", "/me", None),
    ("GET", "/admins", "/admins", None),
    ("GET", "/admins", "/admins?display_avatar=true", None),
    ("GET", "/admins/activity_logs", "/admins/activity_logs?created_at_after=0", None),
    ("GET", "/teams", "/teams", None),
    ("GET", "/tags", "/tags", None),
    ("GET", "/data_attributes", "/data_attributes?model=contact", None),
    ("GET", "/data_attributes", "/data_attributes?model=company&include_archived=true", None),
    ("GET", "/segments", "/segments?include_count=true", None),
    ("GET", "/companies/scroll", "/companies/scroll", None),
    ("POST", "/companies/list", "/companies/list?per_page=3", None),
    ("GET", "/contacts", "/contacts?per_page=100", None),
    ("POST", "/contacts/search", "/contacts/search", ANYTHING),
    ("GET", "/conversations", "/conversations?per_page=100", None),
    ("POST", "/conversations/search", "/conversations/search", ANYTHING),
    (
        "POST",
        "/conversations/search",
        "/conversations/search?include_monitors=true&include_scorecards=true",
        ANYTHING,
    ),
    ("POST", "/contacts/search", "/contacts/search?include_merge_history=true", ANYTHING),
    ("GET", "/conversations/deleted", "/conversations/deleted", None),
    ("GET", "/office_hours_schedules", "/office_hours_schedules", None),
    *(
        ("GET", "/custom_object_instances/{custom_object_type_identifier}", path, None)
        for kind in ("Order", "Subscription")
        for path in [f"/custom_object_instances/{kind}?per_page=150"]
    ),
    ("GET", "/ticket_types", "/ticket_types", None),
    ("GET", "/ticket_states", "/ticket_states", None),
    ("POST", "/tickets/search", "/tickets/search", ANYTHING),
    ("POST", "/calls/search", "/calls/search", CONVERSATIONS),
    (
        "POST",
        "/export/content/data",
        "/export/content/data",
        {"created_at_after": 1_700_000_000, "created_at_before": 1_707_000_000},
    ),
]
CHILDREN = [
    ("/companies/{company_id}", "companies", ""),
    ("/companies/{company_id}/segments", "companies", "/segments"),
    ("/contacts/{contact_id}", "contacts", ""),
    ("/contacts/{contact_id}/tags", "contacts", "/tags"),
    ("/contacts/{contact_id}/companies", "contacts", "/companies"),
    ("/contacts/{contact_id}/notes", "contacts", "/notes"),
    ("/contacts/{contact_id}/segments", "contacts", "/segments"),
    ("/contacts/{contact_id}/subscriptions", "contacts", "/subscriptions"),
    ("/companies/{company_id}/notes", "companies", "/notes"),
    ("/conversations/{conversation_id}", "conversations", ""),
    ("/conversations/{id}/handling_events", "conversations", "/handling_events"),
    ("/conversations/{id}/side_conversations", "conversations", "/side_conversations"),
    (
        "/data_connectors/{data_connector_id}/execution_results",
        "data_connectors",
        "/execution_results?start_ts=0",
    ),
    ("/teams/{team_id}/metrics", "teams", "/metrics"),
    (
        "/office_hours_schedules/{office_hours_schedule_id}/office_hours_exceptions",
        "office_hours_schedules",
        "/office_hours_exceptions",
    ),
    ("/tickets/{ticket_id}", "tickets", ""),
    ("/articles/{article_id}", "articles", ""),
    ("/articles/{article_id}/versions", "articles", "/versions"),
]
UNMADE_FIELDS = {
    "contacts": {"merge_history"},
    "conversations": {"sales_agent", "monitor_evaluations", "scorecards"},
}


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    """Makes a workspace that shows every shape, deleted conversations included."""
    made = generate(
        seed=11, contacts=120, companies=40, conversations=60, workspace=Workspace(clock=Clock())
    )
    made.delete("conversations", made.collection("conversations").ids()[-1])
    made.reply(made.collection("conversations").ids()[0])
    made.answer_ticket(made.collection("tickets").ids()[0])
    return made


@pytest.mark.parametrize(("method", "template", "path", "body"), LISTS)
def test_list_answers_match_the_description(  # noqa: PLR0917
    workspace: Workspace, method: str, template: str, path: str, body: Record | None
) -> None:
    """A list answer validates against the response schema of its endpoint."""
    workspace.scroll.expire()

    response = ask(workspace, method, path, json=body)

    assert response.status_code == 200
    assert specification.problems(method, template, 200, response.json()) == []


@pytest.mark.parametrize(("template", "kind", "rest"), CHILDREN)
def test_answers_about_one_record_match_the_description(
    workspace: Workspace, template: str, kind: str, rest: str
) -> None:
    """The answer about any one record validates against its endpoint's schema."""
    for record_id in workspace.collection(kind).ids()[:25]:
        response = ask(workspace, "GET", f"/{kind}/{record_id}{rest}")

        assert response.status_code == 200
        assert specification.problems("GET", template, 200, response.json()) == []


def test_redirects_match_the_description(workspace: Workspace) -> None:
    """Each page of a help center's redirects validates against the schema of the list."""
    template = "/help_center/help_centers/{help_center_id}/redirects"
    for record_id in workspace.collection("help_centers").ids():
        for page in (1, 2):
            path = f"/help_center/help_centers/{record_id}/redirects?page={page}&per_page=250"
            response = ask(workspace, "GET", path)

            assert response.status_code == 200
            assert specification.problems("GET", template, 200, response.json()) == []


@pytest.mark.parametrize(
    ("template", "path", "status"),
    [
        ("/companies/{company_id}", "/companies/none", 404),
        ("/companies/{company_id}/segments", "/companies/none/segments", 404),
        ("/contacts/{contact_id}/tags", "/contacts/none/tags", 404),
        ("/conversations/{conversation_id}", "/conversations/0", 404),
        ("/data_attributes", "/data_attributes?model=conversation", 422),
    ],
)
def test_refusals_match_the_description(
    workspace: Workspace, template: str, path: str, status: int
) -> None:
    """A refusal validates against the error schema of its endpoint."""
    response = ask(workspace, "GET", path)

    assert response.status_code == status
    assert specification.problems("GET", template, status, response.json()) == []


@pytest.mark.parametrize(
    ("resource", "schema"),
    [
        ("admins", "admin"),
        ("activity_logs", "activity_log"),
        ("events", "data_event"),
        ("event_summaries", "data_event_summary_item"),
        ("deleted_conversations", "deleted_conversation_item"),
        ("teams", "team"),
        ("segments", "segment"),
        ("companies", "company"),
        ("contacts", "contact"),
        ("conversations", "conversation_list_item"),
        ("conversation_parts", "conversation_part"),
        ("contact_attributes", "data_attribute"),
        ("custom_objects", "custom_object_instance"),
        ("tickets", "ticket"),
        ("ticket_parts", "ticket_part"),
    ],
)
def test_records_show_every_documented_field(
    workspace: Workspace, resource: str, schema: str
) -> None:
    """Every field that the description lists occurs in made records, or is named as unmade."""
    made = {name for record in workspace.truth(resource) for name in record}

    missing = specification.fields_of(schema) - made

    assert missing - {"options"} == UNMADE_FIELDS.get(resource, set())


def test_an_answer_that_contradicts_the_description_is_found(workspace: Workspace) -> None:
    """The validation has teeth: a name that is a number is a problem."""
    record = {**workspace.truth("contacts")[0], "name": 5}

    assert specification.problems("GET", "/contacts/{contact_id}", 200, record) != []
