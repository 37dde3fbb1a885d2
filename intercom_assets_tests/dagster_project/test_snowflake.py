"""A source whose warehouse is Snowflake: its settings, each way to log in, runs and commands."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from intercom_assets.cli import main
from intercom_assets.component import build_definitions
from intercom_assets.settings.source import Settings, read_settings
from intercom_assets.settings.warehouse import SnowflakeSettings
from intercom_assets_tests.dagster_project.hosting import shipped_project
from intercom_assets_tests.dagster_project.reading import problems, read
from intercom_assets_tests.dagster_project.running import (
    ROOT,
    TOKEN,
    TOKEN_VARIABLE,
    failures,
    run_job,
    serving,
)
from intercom_assets_tests.places import SnowflakePlace
from intercom_assets_tests.warehouse.line import Line, line_to, refusal
from intercom_simulator import Workspace

SECRETS = {name: {"env": f"SNOWFLAKE_{name.upper()}"} for name in (
    "password", "private_key", "private_key_passphrase", "token",
)}  # fmt: skip
NAMED: dict[str, object] = {"account": "myorg-mine", "user": "loader", "database": "analytics"}
PASSPHRASE = "open sesame"


def snowflake(
    environment: Mapping[str, str] | None = None, /, **changed: object
) -> SnowflakeSettings:
    """Read the settings of a Snowflake."""
    group = {**NAMED, **SECRETS, **changed}
    settings = read(environment or {}, warehouse="snowflake", snowflake=group).warehouse
    assert isinstance(settings, SnowflakeSettings)
    return settings


def refused(environment: Mapping[str, str] | None = None, /, **changed: object) -> list[str]:
    """Give what is wrong with the settings of a Snowflake."""
    group = {**NAMED, **SECRETS, **changed}
    return problems(environment or {}, warehouse="snowflake", snowflake=group)


def test_a_run_waits_for_a_lease_as_long_as_the_setting_says() -> None:
    """`lock_timeout` reaches the IO manager in seconds."""
    group = {**NAMED, "authenticator": "externalbrowser"}
    settings = read({}, warehouse="snowflake", snowflake=group, lock_timeout="5m")

    resources = build_definitions(settings).resources or {}

    assert 300 == resources["intercom_io_manager"].lock_timeout


def test_a_secret_stays_the_name_of_its_variable() -> None:
    """Settings hold the variable of a secret that is set, never the secret."""
    settings = snowflake({"SNOWFLAKE_PASSWORD": "hunter2"})

    assert {"password": "SNOWFLAKE_PASSWORD"} == settings.login.secrets
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("setting", list(SECRETS))
def test_a_secret_in_the_file_is_refused(setting: str) -> None:
    """A secret may only name a variable; the refusal does not repeat it."""
    (problem,) = refused(**{setting: "hunter2"})

    assert problem.startswith(f"snowflake.{setting} must name a variable")
    assert "hunter2" not in problem


def test_two_ways_to_log_in_are_refused() -> None:
    """Which of two secrets counts would be a guess."""
    (problem,) = refused({"SNOWFLAKE_PASSWORD": "a", "SNOWFLAKE_TOKEN": "b"})

    assert "snowflake is 'password and token': set one way to log in" in problem


def test_no_way_to_log_in_is_a_warning() -> None:
    """Definitions load where the secrets are not, such as in CI; the warning names the ways."""
    (warning,) = read(warehouse="snowflake", snowflake={**NAMED, **SECRETS}).warnings

    assert "snowflake.private_key_path" in warning
    assert "externalbrowser" in warning
    browser = {**NAMED, "authenticator": "externalbrowser"}
    assert () == read(warehouse="snowflake", snowflake=browser).warnings


def test_all_that_is_missing_is_told_at_once() -> None:
    """Account, user and database have no default."""
    told = problems(warehouse="snowflake", snowflake={"account": {"env": "SNOWFLAKE_ACCOUNT"}})

    assert [
        "snowflake.account (variable SNOWFLAKE_ACCOUNT) is not set",
        "snowflake.user is not set",
        "snowflake.database is not set",
    ] == told


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("account", "https://x.snowflakecomputing.com", "the account identifier alone"),
        ("account", "x.snowflakecomputing.com", "the account identifier alone"),
        ("private_key_path", "/nowhere/key.p8", "there is no file /nowhere/key.p8"),
        ("url", "http://proxy.example", "must be https"),
    ],
)
def test_a_wrong_value_is_told(setting: str, value: str, told: str) -> None:
    """A wrong value is told with what is allowed, when definitions load."""
    (problem,) = refused(**{setting: value})

    assert problem.startswith(f"snowflake.{setting} is {value!r}: ")
    assert told in problem


@pytest.fixture
def place(fakesnow: int) -> Iterator[SnowflakePlace]:
    """Make a database of the test's own."""
    with closing(SnowflakePlace(fakesnow)) as place:
        yield place


@pytest.fixture
def line(place: SnowflakePlace) -> Iterator[Line]:
    """Lay a line to Snowflake."""
    with line_to(place.port) as line:
        yield line


@pytest.fixture
def intercom(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the workspace, and set the token that reads it."""
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    with serving(workspace) as url:
        yield url


def source(place: SnowflakePlace, line: Line, intercom: str, **changed: object) -> Settings:
    """Read the settings of a source of simulated Intercom and fake Snowflake."""
    group = {**NAMED, **SECRETS, "database": place.database, **changed}
    return read_settings(
        {
            "access_token": {"env": TOKEN_VARIABLE},
            "base_url": intercom,
            "warehouse": "snowflake",
            "table_prefix": "eu_",
            "snowflake": {**group, "url": f"http://127.0.0.1:{line.port}"},
        },
        name="intercom",
        project_root=ROOT,
    )


def test_a_run_lands_rows_and_a_second_one_writes_nothing(
    place: SnowflakePlace, line: Line, intercom: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync lands rows; the password is in no event; unquoted SQL finds the tables."""
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "hunter2")
    definitions = build_definitions(source(place, line, intercom))

    first = run_job(definitions, "contacts")
    second = run_job(definitions, "contacts")

    assert first.success
    assert second.success
    assert "hunter2" not in str(first.all_events)
    assert [(30,)] == place.execute("SELECT count(*) FROM intercom.eu_rudder_contacts")
    assert ["hunter2", "hunter2"] == [login["PASSWORD"] for login in line.logins]
    for event in second.get_asset_materialization_events():
        figures = event.step_materialization_data.materialization.metadata
        assert (0, 0) == (figures["rows_inserted"].value, figures["rows_updated"].value)


def test_an_asset_shows_where_its_table_is(
    place: SnowflakePlace, line: Line, intercom: str
) -> None:
    """The UI names the table as Snowflake does, and the kind of the warehouse."""
    graph = build_definitions(source(place, line, intercom)).resolve_asset_graph()
    tags = graph.get(dg.AssetKey(["intercom", "tags"]))

    assert f"{place.database}.INTERCOM.EU_RUDDER_TAGS" == tags.metadata["dagster/table_name"]
    assert {"intercom", "snowflake"} == tags.kinds


def test_a_table_is_read_back_as_a_frame(
    place: SnowflakePlace, line: Line, intercom: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A downstream asset gets a table of Snowflake with the columns that it asks for."""
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "hunter2")
    settings = source(place, line, intercom)
    definitions = build_definitions(settings)
    assert run_job(definitions, "contacts").success
    frames: list[Any] = []

    @dg.asset(
        ins={
            "contacts": dg.AssetIn(
                key=["intercom", "contacts"], metadata={"columns": ["id", "created_at"]}
            )
        }
    )
    def report(contacts: Any) -> None:  # noqa: ANN401 - pandas' own
        frames.append(contacts)

    merged = dg.Definitions.merge(definitions, dg.Definitions(assets=[report]))
    job = merged.resolve_implicit_global_asset_job_def()
    done = job.execute_in_process(asset_selection=[dg.AssetKey("report")])

    assert done.success
    assert ["id", "created_at"] == list(frames[0].columns)
    assert 30 == len(frames[0])
    assert "UTC" == str(frames[0]["created_at"].dt.tz)


def key(*, encrypted: bool) -> str:
    """Make a private key."""
    method = (
        serialization.BestAvailableEncryption(PASSPHRASE.encode())
        if encrypted
        else serialization.NoEncryption()
    )
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, method
    ).decode()


@pytest.mark.parametrize(("encrypted", "inline"), [(True, True), (False, False)])
def test_a_key_pair_logs_in(
    place: SnowflakePlace,
    line: Line,
    intercom: str,
    *,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    encrypted: bool,
    inline: bool,
) -> None:
    """A private key logs in, from a file or a variable, with a passphrase or without."""
    changed: dict[str, object] = {}
    if inline:
        monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY", key(encrypted=encrypted))
    else:
        changed["private_key_path"] = str(tmp_path / "key.p8")
        (tmp_path / "key.p8").write_text(key(encrypted=encrypted))
    if encrypted:
        monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", PASSPHRASE)

    done = run_job(build_definitions(source(place, line, intercom, **changed)), "tags")

    assert done.success
    assert {"SNOWFLAKE_JWT"} == {login["AUTHENTICATOR"] for login in line.logins}


@pytest.mark.parametrize("passphrase", ["", "guessed"])
def test_a_wrong_passphrase_is_told(
    place: SnowflakePlace,
    line: Line,
    intercom: str,
    *,
    monkeypatch: pytest.MonkeyPatch,
    passphrase: str,
) -> None:
    """A private key that cannot be read is told in the first line; nothing is asked of anyone."""
    monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY", key(encrypted=True))
    monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", passphrase)

    told = failures(run_job(build_definitions(source(place, line, intercom)), "tags"))["tags"]

    assert told.startswith("The private key in SNOWFLAKE_PRIVATE_KEY cannot be read")
    assert "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE" in told
    assert not line.logins


@pytest.mark.parametrize(
    ("authenticator", "sent"),
    [(None, "OAUTH"), ("PROGRAMMATIC_ACCESS_TOKEN", "PROGRAMMATIC_ACCESS_TOKEN")],
)
def test_a_token_logs_in(
    place: SnowflakePlace,
    line: Line,
    intercom: str,
    *,
    monkeypatch: pytest.MonkeyPatch,
    authenticator: str | None,
    sent: str,
) -> None:
    """A token logs in, as OAuth's unless its kind is set; it is in no event."""
    monkeypatch.setenv("SNOWFLAKE_TOKEN", "tok-12345")
    settings = source(place, line, intercom, authenticator=authenticator)

    done = run_job(build_definitions(settings), "tags")

    assert done.success
    assert {(sent, "tok-12345")} == {
        (login["AUTHENTICATOR"], login["TOKEN"]) for login in line.logins
    }
    assert "tok-12345" not in str(done.all_events)


def test_a_refused_login_is_told_before_anything_is_asked(
    place: SnowflakePlace,
    line: Line,
    workspace: Workspace,
    *,
    intercom: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A wrong password is the first line of the failure, and Intercom was not asked."""
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "hunter2")
    line.login = lambda: refusal("390100", "Incorrect username or password was specified.")

    told = failures(run_job(build_definitions(source(place, line, intercom)), "tags"))["tags"]

    assert "wrong user name or password" in told
    assert "hunter2" not in told
    assert 0 == workspace.log.total()


def test_a_role_without_grants_is_told_before_anything_is_asked(
    place: SnowflakePlace,
    line: Line,
    workspace: Workspace,
    *,
    intercom: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A schema that does not exist and may not be made is told, and Intercom was not asked."""
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "hunter2")
    denied = refusal("003001", "Insufficient privileges to operate on database 'ANALYTICS'.")
    line.before = lambda statement: denied if statement.startswith("CREATE SCHEMA") else None

    told = failures(run_job(build_definitions(source(place, line, intercom)), "tags"))["tags"]

    assert "schema intercom" in told
    assert "docs/snowflake.md" in told
    assert 0 == workspace.log.total()


@pytest.fixture
def call(
    place: SnowflakePlace,
    line: Line,
    intercom: str,
    tmp_path: Path,
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Result]:
    """Run commands where variables name the line as Snowflake; a run's worker is a process."""
    folder = shipped_project(tmp_path / "project", module=f"of_{place.database.lower()}")
    monkeypatch.chdir(folder)
    environment = {
        "DAGSTER_HOME": str(folder),
        TOKEN_VARIABLE: TOKEN,
        "INTERCOM_BASE_URL": intercom,
        "INTERCOM_WAREHOUSE": "snowflake",
        "INTERCOM_RESOURCES": "tags",
        "SNOWFLAKE_ACCOUNT": "fakesnow",
        "SNOWFLAKE_USER": "loader",
        "SNOWFLAKE_PASSWORD": "hunter2",
        "SNOWFLAKE_DATABASE": place.database,
        "SNOWFLAKE_URL": f"http://127.0.0.1:{line.port}",
    }

    def run(*arguments: str, **variables: str) -> Result:
        return CliRunner(env=environment | variables).invoke(main, arguments)

    return run


def test_a_demo_never_writes_to_snowflake(call: Callable[..., Result], line: Line) -> None:
    """Nobody logs in to Snowflake for a demo, which has a file of its own."""
    done = call("demo", "--select", "tags", **{TOKEN_VARIABLE: ""})

    assert 0 == done.exit_code, done.stderr
    assert Path("data/demo.duckdb").exists()
    assert "data/demo.duckdb" in done.stdout
    assert not line.logins


def test_commands_work_on_snowflake(place: SnowflakePlace, call: Callable[..., Result]) -> None:
    """`check`, `run`, `status` and `query` speak to Snowflake where that is the warehouse."""
    checked = call("check")
    ran = call("run")
    shown = call("status")
    asked = call("query", "SELECT count(*) AS n FROM intercom.rudder_tags")

    done = (checked, ran, shown, asked)
    assert (0, 0, 0, 0) == tuple(one.exit_code for one in done), [one.output for one in done]
    assert f"Snowflake account fakesnow, database {place.database}" in checked.stdout
    assert "tags" in ran.stdout
    assert f"database {place.database}" in shown.stdout
    assert "40" in asked.stdout
    assert "hunter2" not in "".join(one.stdout + one.stderr for one in done)
