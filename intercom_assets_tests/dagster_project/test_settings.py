"""Settings of a source: every problem at once, every form understood, no value bent."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from intercom_assets.catalog import CATALOG, ApiVersion, Level
from intercom_assets.catalog.endpoints import Search
from intercom_assets.settings.scaffold import from_variables
from intercom_assets.settings.source import read_settings
from intercom_assets.settings.warehouse import DuckDBSettings
from intercom_assets_tests.dagster_project.reading import ROOT, TOKEN, problems, read

VARIABLES = {
    setting: f"INTERCOM_{setting.upper()}"
    for setting in (
        "region",
        "base_url",
        "api_version",
        "start_date",
        "table_prefix",
        "resources",
        "schedule",
        "reconcile",
        "lookback",
        "lock_timeout",
        "rate_limit_share",
        "page_size",
        "history",
        "history_days",
        "warehouse",
        "database",
        "warehouse_schema",
    )
}

LOGIN = {"account": "acme", "user": "loader", "database": "raw"}


def from_environment(values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, object]]:
    """Put values of settings into variables, and name these in the settings."""
    environment = {VARIABLES[setting]: value for setting, value in values.items()}
    return environment, {setting: {"env": VARIABLES[setting]} for setting in values}


@pytest.mark.parametrize(
    ("setting", "value", "allowed"),
    [
        ("api_version", "1.4", "2.1 or newer"),
        ("api_version", "2.0", "2.1 or newer"),
        ("api_version", "banana", "2.1 or newer"),
        ("resources", "contacts,unicorns", "unknown; allowed are all, everything, admins"),
        ("start_date", "31.01.2024", "2024-01-31"),
        ("start_date", "2024-02-30", "2024-01-31"),
        ("start_date", "1969-12-31", "between 1970 and today"),
        ("start_date", "2999-01-01", "between 1970 and today"),
        ("schedule", "every 7h", "5m, 10m, 15m, 30m, 1h, 3h, 6h, 12h, 24h"),
        ("schedule", "every 1h starting 25:00", "02:30"),
        ("schedule", "cron 61 * * * *", "five fields"),
        ("schedule", "hourly", "manual"),
        ("reconcile", "weekly", "manual"),
        ("region", "uk", "us, eu, au"),
        ("rate_limit_share", "0", "over 0 up to 1"),
        ("rate_limit_share", "2", "over 0 up to 1"),
        ("rate_limit_share", "nan", "over 0 up to 1"),
        ("rate_limit_share", "most", "over 0 up to 1"),
        ("page_size", "0", "from 1 to 150"),
        ("page_size", "151", "from 1 to 150"),
        ("page_size", "1.5", "from 1 to 150"),
        ("page_size", "all", "from 1 to 150"),
        ("history", "contact", "did you mean contacts? allowed are all, admins"),
        ("history", "tickets", "not selected: add it to the setting resources"),
        ("history", ",", "`all` or a list of names is allowed"),
        ("history_days", "0", "a whole number of days, 1 or more"),
        ("history_days", "-1", "a whole number of days, 1 or more"),
        ("history_days", "a year", "a whole number of days, 1 or more"),
        ("lookback", "soon", "90s, 30m, 1h or 2d"),
        ("lock_timeout", "60", "90s, 30m, 1h or 2d"),
        ("base_url", "http://intercom.example", "https"),
        ("base_url", "ftp://127.0.0.1", "https"),
        ("table_prefix", "a\0b", "no NUL"),
        ("table_prefix", "x" * 101, "at most 100 characters"),
        ("warehouse_schema", "a\0b", "no NUL"),
        ("warehouse", "postgres", "duckdb"),
        ("database", "a\0b", "a path"),
    ],
)
def test_a_bad_value_is_named(setting: str, value: str, allowed: str) -> None:
    """A problem names the setting, its variable, its value and what is allowed."""
    environment, raw = from_environment({setting: value})

    (problem,) = problems(environment, **raw)

    assert problem.startswith(f"{setting} (variable {VARIABLES[setting]}) is ")
    shown = "unicorns" if setting == "resources" else value
    assert repr(shown) in problem
    assert allowed in problem


@pytest.mark.parametrize("excluded", ["conversations.source_redacted", "conversations.source"])
def test_a_history_needs_to_know_what_was_redacted(excluded: str) -> None:
    """Without the column that says what was redacted, a history would keep it for good."""
    (problem,) = problems(history="all", exclude_columns=excluded)

    assert problem.startswith("history is 'conversations': source_redacted tells what its history")
    assert read(history="contacts", exclude_columns=excluded).history == {"contacts"}


def test_all_problems_are_told_at_once() -> None:
    """A file with several mistakes is mended in one go."""
    environment, raw = from_environment(
        {"region": "uk", "api_version": "1.4", "start_date": "soon", "rate_limit_share": "2"}
    )

    told = problems(environment, **raw, name="1st", schedule="daily", access_token="dG9r")

    assert sorted(problem.split()[0] for problem in told) == [
        "access_token",
        "api_version",
        "name",
        "rate_limit_share",
        "region",
        "schedule",
        "start_date",
    ]


@pytest.mark.parametrize("name", ["1st", "eu-prod", "a b", "x" * 64, "naïve"])
def test_a_name_is_a_word(name: str) -> None:
    """Dagster's groups and keys take letters, digits and _ only."""
    (problem,) = problems(name=name)

    assert problem.startswith(f"name is {name!r}: letters, digits and _")


def test_the_folder_names_the_source() -> None:
    """Without a name the folder's is taken, characters that Dagster refuses as _."""
    read_as = read_settings(TOKEN, name="eu-prød.2", project_root=ROOT, environment={})

    assert read_as.name == "eu_pr_d_2"


@pytest.mark.parametrize("token", ["dG9rZW4=", {"env": "A", "default": "B"}, {"env": 3}, None])
def test_a_token_is_named_never_written(token: object) -> None:
    """The token is given as a variable only, and what was written is not repeated."""
    (problem,) = problems(access_token=token)

    assert problem.startswith("access_token must name a variable, {env: INTERCOM_ACCESS_TOKEN}")
    assert "dG9r" not in problem


def duckdb(database: Path) -> DuckDBSettings:
    """Settings of a file with the default schema."""
    return DuckDBSettings(database=database, schema="intercom")


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_variable_means_the_default(value: str) -> None:
    """Unset and empty are the same."""
    environment, raw = from_environment(dict.fromkeys(VARIABLES, value))

    assert read(environment, **raw) == read({}, **raw) == read()


def test_the_defaults() -> None:
    """Without settings everything is synced by hand into the project's DuckDB file."""
    settings = read()

    assert (settings.name, settings.region, settings.token_variable) == (
        "intercom",
        "us",
        "MY_TOKEN",
    )
    assert str(settings.api_version) == "2.16"
    assert settings.resources == CATALOG.up_to(Level.CORE, ApiVersion(2, 16))
    assert isinstance(settings.warehouse, DuckDBSettings)
    assert settings.warehouse.database.is_relative_to(ROOT)
    assert (settings.schema, settings.table_prefix) == ("intercom", "")
    assert (settings.start_date, settings.schedule, settings.base_url) == (None, None, None)
    assert settings.lookback == timedelta(hours=1)
    assert settings.rate_limit_share == 0.9
    assert settings.page_size == 150
    assert settings.warnings == ()


@pytest.mark.parametrize(
    ("setting", "value", "attribute", "expected"),
    [
        ("region", "EU", "region", "eu"),
        ("base_url", "http://127.0.0.1:8765/", "base_url", "http://127.0.0.1:8765"),
        ("base_url", "https://proxy.example/x", "base_url", "https://proxy.example/x"),
        ("api_version", "2.10", "api_version", ApiVersion(2, 10)),
        ("table_prefix", "12_3", "table_prefix", "12_3"),
        ("table_prefix", "2024", "table_prefix", "2024"),
        ("table_prefix", 'a"; drop table x; --', "table_prefix", 'a"; drop table x; --'),
        ("lookback", "90s", "lookback", timedelta(seconds=90)),
        ("lookback", "30m", "lookback", timedelta(minutes=30)),
        ("lookback", "0h", "lookback", timedelta(0)),
        ("lookback", "2 d", "lookback", timedelta(days=2)),
        ("lock_timeout", "5m", "lock_timeout", timedelta(minutes=5)),
        ("rate_limit_share", "0.5", "rate_limit_share", 0.5),
        ("rate_limit_share", "1", "rate_limit_share", 1.0),
        ("page_size", "20", "page_size", 20),
        ("history_days", "365", "history_days", 365),
        ("history", "tags, contacts", "history", {"contacts", "tags"}),
        ("warehouse", "DuckDB", "schema", "intercom"),
        ("database", "here/x.duckdb", "warehouse", duckdb(ROOT / "here/x.duckdb")),
        ("database", "/elsewhere/x.duckdb", "warehouse", duckdb(Path("/elsewhere/x.duckdb"))),
        ("warehouse_schema", "2024", "schema", "2024"),
        ("start_date", "2024-01-31", "start_date", datetime(2024, 1, 31, tzinfo=UTC)),
        ("start_date", "2024-01-31T12:00:00Z", "start_date", datetime(2024, 1, 31, 12, tzinfo=UTC)),
        ("start_date", "2024-01-31 01:00", "start_date", datetime(2024, 1, 31, 1, tzinfo=UTC)),
        (
            "start_date",
            "2024-01-31T01:00:00+02:00",
            "start_date",
            datetime(2024, 1, 30, 23, tzinfo=UTC),
        ),
    ],
)
def test_a_value_is_read_alike_in_place_and_from_a_variable(
    setting: str, value: str, attribute: str, expected: object
) -> None:
    """A literal and a variable mean the same, and text stays text."""
    environment, raw = from_environment({setting: value})

    assert getattr(read(**{setting: value}), attribute) == expected
    assert getattr(read(environment, **raw), attribute) == expected


@pytest.mark.parametrize(
    ("setting", "value"), [("api_version", 2.1), ("table_prefix", 123), ("table_prefix", 2024)]
)
def test_a_number_where_text_belongs_is_refused(setting: str, value: float) -> None:
    """YAML reads 2.10 and 12_3 as other numbers, so the hint is to write quotes."""
    (problem,) = problems(**{setting: value})

    assert problem == f"{setting} is {value!r}: write it in quotes, so that YAML keeps it as text"


def test_a_date_that_yaml_has_read_is_a_date() -> None:
    """An unquoted date in YAML is understood."""
    day = datetime(2024, 1, 31, tzinfo=UTC).date()

    assert read(start_date=day).start_date == datetime(2024, 1, 31, tzinfo=UTC)


def test_a_newer_version_warns() -> None:
    """A version that this release was not compared with works, with a warning."""
    settings = read(api_version="2.17")

    assert settings.api_version == ApiVersion(2, 17)
    (warning,) = settings.warnings
    assert warning.startswith("api_version 2.17 is newer than 2.16, the newest that this release")
    assert warning.endswith("new fields land in _extra")


@pytest.mark.parametrize("value", ["conversation_parts, contacts ,tags", ["tags", "contacts"]])
def test_resources_are_synced_in_the_order_of_the_catalogue(value: object) -> None:
    """Parents come before children, whatever order they were listed in."""
    names = [resource.name for resource in read(resources=value).resources]

    assert names == [name for name in CATALOG.names if name in names]
    assert set(names) >= {"tags", "contacts"}


@pytest.mark.parametrize("value", ["all", ["all"], None])
def test_all_means_what_the_version_has(value: object) -> None:
    """An older version lacks resources, and `all` leaves them out."""
    names = [one.name for one in read(resources=value, api_version="2.1").resources]

    assert "company_segments" not in names
    assert "ticket_types" not in names
    assert {"contacts", "companies", "conversations"} <= set(names)


def test_a_resource_that_the_version_lacks_is_refused_by_name() -> None:
    """What was asked for explicitly is not left out in silence."""
    (problem,) = problems(resources="companies,company_segments", api_version="2.1")

    assert problem == (
        "resources is 'company_segments': needs api_version 2.2 or newer, but api_version is 2.1"
    )


@pytest.mark.parametrize("value", ["everything", "everything,all", ["tags", "everything"]])
def test_everything_adds_what_costs_a_few_requests(value: object) -> None:
    """`everything` selects the core and what is cheap, and what is costly only if it is named."""
    selection = read(resources=value)

    levels = {one.level for one in CATALOG if one in selection.resources}
    assert levels == {Level.CORE, Level.CHEAP}
    assert [one.name for one in CATALOG if one.level is Level.CHEAP] == [
        one.name for one in CATALOG if one.name in selection.optional
    ]


@pytest.mark.parametrize(
    ("value", "optional"),
    [
        ("all,ticket_types", []),
        ("tags", []),
        ("everything,ticket_types", ["ticket_states"]),
        (["ticket_states", "everything"], ["ticket_types"]),
    ],
)
def test_what_is_named_is_not_optional(value: object, optional: list[str]) -> None:
    """Only what `everything` alone selects may be skipped; the core and named resources may not."""
    found = read(resources=value, api_version="2.12").optional & {"ticket_types", "ticket_states"}

    assert set(optional) == found


def test_everything_means_what_the_version_has() -> None:
    """`everything` leaves out what an older version lacks."""
    names = [one.name for one in read(resources="everything", api_version="2.11").resources]

    assert "ticket_types" in names
    assert "ticket_states" not in names


def test_what_is_included_is_asked_for_and_has_views() -> None:
    """Only what is named has its parameter, and its view among `models: all`."""
    plain, settings = read(), read(include="merge_history, scorecards")

    searches = [one.endpoint for one in settings.resources if isinstance(one.endpoint, Search)]
    assert [{"include_merge_history": "true"}, {"include_scorecards": "true"}] == [
        one.params for one in searches
    ]
    assert {"merged_contacts", "conversation_scorecards"} == {
        one.name for one in settings.models
    } - {one.name for one in plain.models}


def test_what_cannot_be_included_is_refused() -> None:
    """An older version is refused with the one it needs, a wrong name with the right ones."""
    assert [
        "include is 'monitors': needs api_version 2.16 or newer, but api_version is 2.14",
        "include is 'scorecards': needs api_version 2.16 or newer, but api_version is 2.14",
    ] == problems(include="scorecards,monitors", api_version="2.14")
    (unknown,) = problems(include="scorecard")
    assert unknown.startswith("include is 'scorecard': unknown; did you mean scorecards? allowed")
    (left_out,) = problems(models="merged_contacts")
    assert left_out.endswith("is made of merge_history, so add it to the setting include")


def test_a_misspelt_name_is_refused_with_a_suggestion() -> None:
    """The refusal names the closest resource or word."""
    (problem,) = problems(resources="everythin,Contact")

    assert "is 'Contact, everythin': unknown; did you mean contacts, everything? allowed" in problem


@pytest.mark.parametrize("value", [",", [], [3], {"contacts": True}])
def test_a_selection_of_nothing_is_refused(value: object) -> None:
    """A source that would sync nothing, or cannot be read, is a mistake."""
    (problem,) = problems(resources=value)

    assert problem.startswith("resources is ")


@pytest.mark.parametrize(
    ("raw", "setting"),
    [
        ({"acces_token": "dG9rZW4="}, "acces_token"),
        ({"selected": "tags"}, "selected"),
        (
            {"warehouse": "snowflake", "snowflake": {**LOGIN, "pasword": "dG9r"}},
            "snowflake.pasword",
        ),
    ],
)
def test_an_unknown_setting_is_refused_and_its_value_not_repeated(
    raw: dict[str, object], setting: str
) -> None:
    """A misspelt name would leave the default in force; its value may be a secret."""
    told = problems(**raw)

    assert [f"{setting} is no setting; docs/settings.md lists those that there are"] == told


def test_a_part_of_a_refused_setting_counts_for_the_others() -> None:
    """What is right of a setting is compared with the others, though other parts are wrong."""
    told = problems(hash_columns="contacts.email, contacts.nope", exclude_columns="contacts.email")

    assert ["hash_columns", "hash_columns", "hash_salt"] == [line.split()[0] for line in told]


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("start_dates", "tags=2024-01-31", "is 'tags': allowed are the resources "),
        ("start_dates", {"contacts": "soon"}, "is 'contacts=soon': a UTC date or time is allowed"),
        ("start_dates", ["contacts"], "resource=value is allowed"),
        ("schedules", "unicorns=every 1h", "is 'unicorns': allowed are the resources "),
        ("schedules", "contacts=daily", "is 'contacts=daily': allowed are manual; every "),
        ("schedules", {"contacts": {"cron": "0 6"}}, "cron has five fields"),
    ],
)
def test_a_bad_value_of_one_resource_is_named(setting: str, value: object, said: str) -> None:
    """Settings by resource name what is wrong: the resource, or its value."""
    (problem,) = problems(**{setting: value})

    assert problem.startswith(f"{setting} is ")
    assert said in problem


def test_a_start_date_of_a_resource_goes_before_the_one_of_all() -> None:
    """Children have the start date of their parent, and others the one of all."""
    settings = read(start_date="2024-01-31", start_dates="conversations=2025-01-01")

    starts = {
        name: start and f"{start:%Y-%m-%d}"
        for name in ("contacts", "conversations", "conversation_parts")
        for start in [settings.start_of(name)]
    }
    assert {
        "contacts": "2024-01-31",
        "conversations": "2025-01-01",
        "conversation_parts": "2025-01-01",
    } == starts


def test_a_manual_schedule_of_a_resource_is_none() -> None:
    """`manual` switches off what a shared file sets."""
    settings = read(schedules={"contacts": "manual", "tags": "every 24h"})

    assert ["tags"] == list(settings.schedules)


@pytest.mark.parametrize("value", ["Order, Line item,Order", ["Order", "Line item"]])
def test_types_of_custom_objects_are_identifiers(value: object) -> None:
    """They are named as a list or as one text, each once, in their spelling."""
    settings = read(resources="custom_objects", custom_object_types=value)

    assert ("Order", "Line item") == settings.source.custom_object_types
    assert () == settings.warnings


@pytest.mark.parametrize("value", [None, "", []])
def test_custom_objects_need_types(value: object) -> None:
    """Selected without a type, they are refused, with what to do; all else does without."""
    (problem,) = problems(resources="custom_objects", custom_object_types=value)

    assert problem.startswith("custom_object_types must name the types to read, such as ")
    assert () == read(resources="everything", custom_object_types=value or "").warnings


@pytest.mark.parametrize("value", ["../me", "a/b", ".", ["Order", 5], {"Order": 1}, ","])
def test_other_types_are_refused(value: object) -> None:
    """What cannot be an identifier would lead to another path of Intercom's."""
    (problem,) = problems(resources="custom_objects", custom_object_types=value)

    assert problem.startswith("custom_object_types is ")
    assert "identifiers of types of custom objects are allowed" in problem


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("INTERCOM_RESORCES", "INTERCOM_RESOURCES"),
        ("INTERCOM_HISTROY", "INTERCOM_HISTORY"),
        ("SNOWFLAKE_ACOUNT", "SNOWFLAKE_ACCOUNT"),
    ],
)
def test_a_mistyped_variable_is_told(variable: str, meant: str) -> None:
    """A variable that no setting reads, nearly one that is not set, is a warning."""
    settings = read({variable: "x"}, **from_variables())

    assert f"{variable} is set, but no setting reads it: did you mean {meant}?" in settings.warnings


@pytest.mark.parametrize(
    "variable", ["INTERCOM_REGION2", "INTERCOM_EU_REGION", "INTERCOM_APP_ID", "HOME"]
)
def test_a_variable_of_somebody_else_is_not_told(variable: str) -> None:
    """Another source's or program's variable is no mistake."""
    settings = read({variable: "x", "INTERCOM_ACCESS_TOKEN": "x"}, **from_variables())

    assert [] == [warning for warning in settings.warnings if variable in warning]


def test_types_without_custom_objects_are_told() -> None:
    """A setting without effect is a warning."""
    told = read(custom_object_types="Order").warnings

    assert told == (
        "custom_object_types is set, but the setting resources leaves out custom_objects",
    )
