"""Somebody is told of each failure once, whatever the receiver does, and nobody learns where."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from intercom_assets.component import build_definitions
from intercom_assets.intercom.transport import check_address
from intercom_assets.intercom.webhook import is_slack, post
from intercom_assets.orchestration.alerts import (
    PATIENCE,
    Alert,
    Problem,
    as_json,
    build_alerts,
    for_slack,
)
from intercom_assets.orchestration.specs import SourceSpecs
from intercom_assets.settings.source import Settings
from intercom_assets_tests.dagster_project.reading import problems, read
from intercom_assets_tests.dagster_project.running import Project, execute, serving_app

SECRET = "T0000-B0000-dG9wLXNlY3JldA"
VARIABLE = "MY_ALERTS"


@dataclass
class Receiver:
    """A webhook that notes what it is told.

    Attributes:
        url: Its address, of which the end is secret.
        told: The messages that came, refused ones included.
        answers: Statuses of the next answers; 200 when there are no more.
    """

    url: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        """Take a message."""
        self.told.append(json.loads(await request.body()))
        status = self.answers.pop(0) if self.answers else 200
        return Response(status_code=status, headers={"Location": "/elsewhere"})


@pytest.fixture(scope="module")
def served() -> Iterator[Receiver]:
    """Serve a webhook on loopback."""
    receiver = Receiver()
    app = Starlette(routes=[Route("/{rest:path}", receiver.take, methods=["POST", "GET"])])
    with serving_app(app) as url:
        receiver.url = f"{url}/services/{SECRET}"
        yield receiver


@pytest.fixture
def receiver(served: Receiver, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """Give a webhook that heard nothing, and name it in a variable."""
    served.told.clear()
    served.answers.clear()
    monkeypatch.setenv(VARIABLE, served.url)
    return served


class Watch:
    """The sensor of a source, ticked by hand.

    Args:
        instance: Dagster's storage.
        settings: The source, with its webhook.
    """

    def __init__(self, instance: dg.DagsterInstance, settings: Settings) -> None:
        self.instance = instance
        self.now = datetime.now(UTC)
        [self._sensor] = build_alerts(SourceSpecs(settings), now=lambda: self.now)
        self._cursor: str | None = None
        self.tick()

    def tick(self) -> str:
        """Evaluate a tick; gives what stands in the UI."""
        with dg.build_sensor_context(instance=self.instance, cursor=self._cursor) as context:
            told = self._sensor.evaluate_tick(context)
        self._cursor = told.cursor
        return str(told.skip_message)

    def forget_fields(self) -> None:
        """Make the cursor one of the first release."""
        position = json.loads(self._cursor or "{}")
        self._cursor = json.dumps({kind: position[kind] for kind in ("failed", "ended")})

    def fails(self, message: str = "The worker was killed", **run: Any) -> dg.DagsterRun:  # noqa: ANN401 - fields of a run
        """Store a run of the source that failed."""
        given = {"job_name": "intercom_sync", "tags": {"intercom/source": "intercom"}, **run}
        added = self.instance.add_run(dg.DagsterRun(**given))
        self.instance.report_run_failed(added, message)
        return added


@pytest.fixture
def watch(receiver: Receiver) -> Iterator[Watch]:
    """Watch a source whose UI is known."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield Watch(instance, settings(receiver, ui_url="http://dagster.example/"))


def settings(receiver: Receiver, **raw: object) -> Settings:
    """Read settings with a webhook."""
    return read({VARIABLE: receiver.url}, alerts={"env": VARIABLE}, **raw)


def test_a_failed_sync_is_told_with_its_reason(
    project: Project, watch: Watch, receiver: Receiver
) -> None:
    """Source, job, resources with the first line of what went wrong, and the run's page."""
    project.workspace.access.tokens.clear()

    run = run_sync(project, watch.instance, "tags", "admins")

    assert "Alerts sent: 1." == watch.tick()
    assert "Nothing has failed." == watch.tick()
    [told] = receiver.told
    assert ("run_failed", "intercom", "intercom_sync") == (
        told["event"],
        told["source"],
        told["job"],
    )
    assert f"http://dagster.example/runs/{run.run_id}" == told["run_url"]
    assert {"admins", "tags"} == {one["resource"] for one in told["failed"]}
    assert all("HTTP 401" in one["reason"] for one in told["failed"])
    assert told["text"].startswith("Intercom source intercom: intercom_sync failed\n• ")
    assert told["text"].endswith(told["run_url"])


def test_rows_that_are_wrong_are_told(project: Project, watch: Watch, receiver: Receiver) -> None:
    """A run that ends well is told of where a check of severity ERROR failed, and only then."""
    run_sync(project, watch.instance, "tags")
    assert "Nothing has failed." == watch.tick()
    execute(
        project.database,
        "INSERT INTO intercom.rudder_tags SELECT * FROM intercom.rudder_tags LIMIT 1",
    )

    run_sync(project, watch.instance, "tags")

    assert "Alerts sent: 1." == watch.tick()
    [told] = receiver.told
    assert "check_failed" == told["event"]
    [failed] = told["failed"]
    assert ("tags", "key_is_unique") == (failed["resource"], failed["check"])
    assert failed["reason"].startswith("Values of id that are null or repeated: 1")


def test_a_new_field_is_told_once_by_name(
    project: Project, watch: Watch, receiver: Receiver
) -> None:
    """A field that no column declares is told when it first comes, without any value."""
    ids = project.workspace.collection("tags").ids()
    project.workspace.patch("tags", ids[0], {"mood": "secret-value"}, bump=False)
    run_sync(project, watch.instance, "tags")
    receiver.answers = [500]

    refused, sent = watch.tick(), watch.tick()

    assert refused.endswith("It is sent again at the next tick.")
    assert "Alerts sent: 1." == sent
    told = receiver.told[-1]
    assert ("new_fields", []) == (told["event"], told["failed"])
    assert [{"resource": "tags", "field": "mood"}] == told["new_fields"]
    assert "• tags: new field mood, kept in _extra" in told["text"]
    assert "secret-value" not in json.dumps(receiver.told)

    project.workspace.patch("tags", ids[1], {"mood": "again", "weather": "wet"}, bump=False)
    run_sync(project, watch.instance, "tags")
    assert "Alerts sent: 1." == watch.tick()
    assert [{"resource": "tags", "field": "weather"}] == receiver.told[-1]["new_fields"]
    run_sync(project, watch.instance, "tags")
    assert "Nothing has failed." == watch.tick()


def test_new_fields_are_told_with_what_else_is_wrong(
    project: Project, watch: Watch, receiver: Receiver
) -> None:
    """One run is one message, whose kind is that of the worst."""
    tag = project.workspace.collection("tags").ids()[0]
    project.workspace.patch("tags", tag, {"mood": "x"}, bump=False)
    project.workspace.access.missing_scopes.add("read_admins")

    run_sync(project, watch.instance, "tags", "admins")

    assert "Alerts sent: 1." == watch.tick()
    [told] = receiver.told
    assert "run_failed" == told["event"]
    assert ["admins"] == [one["resource"] for one in told["failed"]]
    assert [{"resource": "tags", "field": "mood"}] == told["new_fields"]


def test_a_cursor_of_an_older_release_is_understood(watch: Watch, receiver: Receiver) -> None:
    """A sensor that was running before it knew of fields goes on from its position."""
    watch.forget_fields()
    watch.fails()

    assert "Alerts sent: 1." == watch.tick()
    assert 1 == len(receiver.told)


def run_sync(project: Project, instance: dg.DagsterInstance, *select: str) -> dg.DagsterRun:
    """Run the sync of some resources, and keep its events."""
    job = project.definitions().resolve_job_def("intercom_sync")
    keys = [dg.AssetKey(["intercom", name]) for name in select]
    done = job.execute_in_process(instance=instance, asset_selection=keys, raise_on_error=False)
    return done.dagster_run


def test_what_failed_before_the_sensor_was_switched_on_is_not_told(receiver: Receiver) -> None:
    """The first tick only remembers where it begins."""
    with dg.DagsterInstance.ephemeral() as instance:
        earlier = Watch(instance, settings(receiver))
        earlier.fails()

        later = Watch(instance, settings(receiver))

        assert "Nothing has failed." == later.tick()
        assert "Alerts sent: 1." == earlier.tick()
    assert 1 == len(receiver.told)


@pytest.mark.parametrize("status", [302, 404, 429, 500])
def test_an_alert_is_sent_until_it_is_taken(watch: Watch, receiver: Receiver, status: int) -> None:
    """A receiver that refuses, or points elsewhere, gets the same alert at the next tick."""
    receiver.answers = [status, status]
    run = watch.fails()
    second = watch.fails()

    waiting = [watch.tick(), watch.tick()]

    for one in waiting:
        assert f"did not take the alert of run {run.run_id}: HTTP {status}" in one
        assert one.endswith("It is sent again at the next tick.")
    assert "Alerts sent: 2." == watch.tick()
    runs = [run.run_id, run.run_id, run.run_id, second.run_id]
    assert runs == [told["run_id"] for told in receiver.told]


def test_a_receiver_that_is_down_loses_nothing(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens, then somebody does."""
    watch.fails()
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv(VARIABLE, f"http://127.0.0.1:9/{SECRET}")
        assert "no answer (ConnectError)" in watch.tick()
    with monkeypatch.context() as nowhere:
        nowhere.delenv(VARIABLE)
        assert "the webhook's address is not a URL" in watch.tick()

    assert "Alerts sent: 1." == watch.tick()


def test_an_alert_that_nobody_takes_for_a_day_is_given_up(watch: Watch, receiver: Receiver) -> None:
    """Later alerts do not wait behind it for ever."""
    receiver.answers = [500, 500]
    watch.fails()
    assert watch.tick().endswith("It is sent again at the next tick.")
    watch.now += PATIENCE + timedelta(minutes=1)

    assert "Nothing has failed." == watch.tick()
    watch.fails()
    watch.now = datetime.now(UTC)
    assert "Alerts sent: 1." == watch.tick()


def test_an_alert_that_is_refused_itself_does_not_hold_up_the_next(
    watch: Watch, receiver: Receiver
) -> None:
    """A message that the receiver calls wrong is logged and not sent again."""
    receiver.answers = [400]
    watch.fails()
    good = watch.fails()

    assert "Alerts sent: 1." == watch.tick()
    assert good.run_id == receiver.told[-1]["run_id"]
    assert 2 == len(receiver.told)


def test_only_runs_of_the_source_are_told(watch: Watch, receiver: Receiver) -> None:
    """Neither another source's run, nor one that was ended by a person or is tried again."""
    watch.fails(tags={"intercom/source": "eu"}, job_name="eu_sync")
    watch.fails(tags={}, asset_selection=frozenset({dg.AssetKey(["eu", "tags"])}))
    watch.fails(tags={"intercom/source": "intercom", "dagster/will_retry": "true"})
    run = watch.instance.add_run(
        dg.DagsterRun("intercom_sync", tags={"intercom/source": "intercom"})
    )
    watch.instance.report_run_canceled(run)
    assert "Nothing has failed." == watch.tick()

    by_hand = frozenset({dg.AssetKey(["intercom", "tags"])})
    watch.fails(
        "Out of memory\nat line 1", job_name="__ASSET_JOB", tags={}, asset_selection=by_hand
    )

    assert "Alerts sent: 1." == watch.tick()
    [told] = receiver.told
    assert "Materialize" == told["job"]
    assert [{"resource": "Materialize", "check": None, "reason": "Out of memory"}] == told["failed"]


def test_the_address_is_in_no_log_event_or_repr(
    watch: Watch, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """Who knows a webhook can post there, so that nobody who reads Dagster learns it."""
    caplog.set_level(logging.DEBUG)
    receiver.answers = [500]
    watch.fails()
    made = build_definitions(settings(receiver))

    seen = [watch.tick(), watch.tick(), repr(made), repr(settings(receiver)), caplog.text]
    seen += [repr(one) for one in made.get_repository_def().sensor_defs]

    assert 2 == len(receiver.told)
    assert not [text for text in seen if SECRET in text]


def test_the_sensor_is_there_when_the_setting_is() -> None:
    """Without a webhook there is no sensor; with one it runs from the start."""
    there = {VARIABLE: "https://hooks.slack.com/services/x"}
    [sensor] = build_definitions(read(there, alerts={"env": VARIABLE}, name="eu")).sensors or []

    assert "eu_alerts" == sensor.name
    assert dg.DefaultSensorStatus.RUNNING == sensor.default_status
    assert [] == list(build_definitions(read(alerts={"env": VARIABLE})).sensors or [])


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (f"http://hooks.example/{SECRET}", "must be https (http is allowed on loopback only)"),
        (f"http://127.0.0.1.evil.example/{SECRET}", "must be https"),
        (f"https://ada:{SECRET}@hooks.example/", "must not hold a name or password"),
        (f"ftp://127.0.0.1/{SECRET}", "must be https"),
        (SECRET, "is not a URL"),
        (f"https:///{SECRET}", "is not a URL"),
        (f"https://[{SECRET}]/", "is not a URL"),
    ],
)
def test_a_wrong_address_is_refused_and_not_repeated(address: str, told: str) -> None:
    """It is checked when definitions load, like every other setting."""
    (problem,) = problems({VARIABLE: address}, alerts={"env": VARIABLE})

    assert problem.startswith(f"alerts (variable {VARIABLE}) {told}")
    assert SECRET not in problem
    refusal = post(address, {})
    assert refusal is not None
    assert SECRET not in refusal.reason


def test_an_address_in_the_file_is_refused() -> None:
    """A webhook is a secret: the file names its variable."""
    (problem,) = problems(alerts=f"https://hooks.slack.com/{SECRET}")

    assert problem.startswith("alerts must name a variable, {env: NAME}")
    assert SECRET not in problem


@pytest.mark.parametrize(
    "address", ["ftp://x", "dagster.example", "http://", "http://a b/", "http://a/?x=1"]
)
def test_the_address_of_the_ui_is_checked(address: str) -> None:
    """Links lead to a page, or the setting is refused."""
    (problem,) = problems(ui_url=address)

    assert problem.startswith(f"ui_url is {address!r}: the address of Dagster's UI is allowed")


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:1/x", "http://localhost/x", "http://[::1]/x", "https://a.example/x"],
)
def test_loopback_may_be_plain_http(address: str) -> None:
    """Elsewhere the address would travel in the clear."""
    assert check_address(address) is None


def test_slack_is_known_by_its_host() -> None:
    """A host that only looks like Slack's gets plain JSON."""
    assert is_slack("https://hooks.slack.com/services/x")
    assert not is_slack("https://hooks.slack.com.example/services/x")


ALERT = Alert(
    source="intercom",
    job="intercom_sync",
    run_id="0123456789",
    failed=True,
    ended_at=datetime(2026, 11, 23, 8, 30, tzinfo=UTC),
    problems=(Problem("contacts", "GET <https://evil|x> & more"),),
    url="https://dagster.example/runs/0123456789",
)


def test_slack_shows_what_failed_and_a_link() -> None:
    """Text and blocks; what Intercom said is text there and no link."""
    message = for_slack(ALERT)

    assert "Intercom source intercom: intercom_sync failed" == message["text"]
    shown = json.dumps(message, ensure_ascii=False)
    assert "• contacts: GET &lt;https://evil|x&gt; &amp; more" in shown
    assert "<https://dagster.example/runs/0123456789|run 01234567, 2026-11-23 08:30 UTC>" in shown


def test_a_long_alert_is_cut() -> None:
    """Slack refuses more than 3,000 characters; six resources are named, and how many more."""
    many = tuple(Problem(f"r{number}", "<" * 5_000) for number in range(14))
    alert = Alert(**{**{name: getattr(ALERT, name) for name in ALERT.__slots__}, "problems": many})

    section: Any = for_slack(alert)["blocks"]

    assert len(section[0]["text"]["text"]) <= 3_000
    assert str(as_json(alert)["text"]).split("\n")[-2] == "• and 8 more"
    assert 14 == len(as_json(alert)["failed"])  # type: ignore[arg-type]  # a list of JSON
