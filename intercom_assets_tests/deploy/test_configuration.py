"""The files under deploy/ are valid, agree with each other, and hold no secret."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster_celery.launcher import CeleryRunLauncher
from dagster_k8s import K8sRunLauncher
from dagster_k8s.container_context import K8sContainerContext
from dagster_k8s.job import construct_dagster_k8s_job

from intercom_assets_tests.dagster_project.processes import BIN, free_port
from intercom_assets_tests.dagster_project.running import ROOT
from intercom_assets_tests.deploy.files import (
    DEPLOY,
    PROJECT,
    container_context,
    instance,
    interpolated,
    rendered,
    services,
    stages,
    values,
)

PACKAGE = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if not line.startswith("#")
)
COMPOSE = [("compose",), ("compose", "celery")]
PROJECT_FILES = ROOT / "intercom_assets"
GIVEN = {"POSTGRES_PASSWORD": "a-password", "REDIS_PASSWORD": "another"}
SECRET = re.compile(r"TOKEN|PASSWORD|PASSPHRASE|SECRET|_KEY\b", re.IGNORECASE)
NAMES_OF_SECRETS = {"postgresqlSecretName", "generatePostgresqlPasswordSecret"}
OURS = "${INTERCOM_ASSETS_IMAGE:-intercom-assets:"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables that the files name; at the addresses nothing listens."""
    port = str(free_port())
    for name, value in {
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": port,
        "POSTGRES_USER": "dagster",
        "POSTGRES_PASSWORD": "a-password",
        "POSTGRES_DB": "dagster",
        "CELERY_BROKER_URL": f"redis://:another@127.0.0.1:{port}/0",
        "CELERY_RESULT_BACKEND": f"redis://:another@127.0.0.1:{port}/1",
    }.items():
        monkeypatch.setenv(name, value)


@contextmanager
def made(config: dict[str, Any], folder: Path) -> Iterator[dg.DagsterInstance]:
    """Let Dagster make an instance of a dagster.yaml."""
    for one in config.get("storage", {}).values():
        # Or it would connect here.
        one["should_autocreate_tables"] = False
    (folder / "dagster.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        yield instance


INSTANCES = {
    "compose": dg.DefaultRunLauncher,
    "celery": CeleryRunLauncher,
    "kubernetes": K8sRunLauncher,
}
"""The deployments, and what starts their runs."""


def configured(name: str) -> dict[str, Any]:
    """Give the dagster.yaml of a deployment: our file, or what the chart makes of our values."""
    return rendered(values()) if name == "kubernetes" else instance(name)


@pytest.mark.parametrize("name", INSTANCES)
def test_dagster_takes_the_instance(name: str, tmp_path: Path) -> None:
    """Dagster loads each instance's launcher and queue from the configuration."""
    with made(launching(name, tmp_path), tmp_path) as instance:
        loaded: list[type] = [type(instance.run_launcher), type(instance.run_coordinator)]

    assert [INSTANCES[name], dg.QueuedRunCoordinator] == loaded


def launching(name: str, folder: Path) -> dict[str, Any]:
    """Give an instance whose launcher loads here: a pod's service account becomes a kubeconfig."""
    config = configured(name)
    if name == "kubernetes":
        cluster = {"name": "here", "cluster": {"server": "https://127.0.0.1:1"}}
        context = {"name": "here", "context": {"cluster": "here", "user": "here"}}
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(
            yaml.safe_dump(
                {
                    "clusters": [cluster],
                    "contexts": [context],
                    "users": [{"name": "here", "user": {}}],
                    "current-context": "here",
                }
            ),
            encoding="utf-8",
        )
        config["run_launcher"]["config"] |= {
            "load_incluster_config": False,
            "kubeconfig_file": str(kubeconfig),
        }
    return config


@pytest.mark.parametrize("name", ["compose", "celery"])
def test_the_storage_is_postgresql(name: str, tmp_path: Path) -> None:
    """Dagster loads the storage, and its driver, from the configuration."""
    with made(instance(name), tmp_path) as loaded:
        storages = (loaded.run_storage, loaded.event_log_storage, loaded.schedule_storage)
        urls = [getattr(storage, "postgres_url", "") for storage in storages]

    for url in urls:
        assert url.startswith("postgresql+psycopg2://dagster:a-password@127.0.0.1:")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("compose", ("run_monitoring",)),
        ("compose", ("concurrency", "pools")),
        ("celery", ("concurrency", "runs")),
    ],
)
def test_a_misspelt_key_is_refused(name: str, path: tuple[str, ...], tmp_path: Path) -> None:
    """Dagster refuses a key that it does not know, so that these files hold none."""
    config = instance(name)
    place = config
    for part in path:
        place = place[part]
    place["misspelt"] = 1

    with (
        pytest.raises(dg.DagsterInvalidConfigError, match="misspelt"),
        made(config, tmp_path),
    ):
        pass


@pytest.mark.parametrize("name", ["celery", "kubernetes"])
def test_a_misspelt_key_of_a_launcher_is_refused(name: str, tmp_path: Path) -> None:
    """The launchers refuse a key that they do not know."""
    config = configured(name)
    config["run_launcher"]["config"]["misspelt"] = 1

    with (
        made(config, tmp_path) as loaded,
        pytest.raises(dg.DagsterInvalidConfigError, match="misspelt"),
    ):
        assert loaded.run_launcher is not None


@pytest.mark.parametrize("name", INSTANCES)
def test_deployments_keep_the_rules_of_the_project(name: str) -> None:
    """Queue, monitoring, retries and retention are those of the project's own dagster.yaml."""
    own = {"storage", "run_launcher"}
    kept = {key: value for key, value in configured(name).items() if key not in own}
    if name == "celery":
        assert 2 == kept["concurrency"].pop("runs")["max_concurrent_runs"]
    if name == "kubernetes":
        slower = {"start_timeout_seconds": 600}
        assert {**PROJECT["run_monitoring"], **slower} == kept.pop("run_monitoring")

    assert {key: PROJECT[key] for key in kept} == kept
    # The class is for records in SQLite; a deployment's are in PostgreSQL.
    assert set(PROJECT) - {"run_monitoring"} <= set(kept)


def test_celery_starts_as_many_runs_as_there_are_workers() -> None:
    """A run that Dagster starts finds a free worker, or it would time out while it waits."""
    worker = services("compose", "celery")["worker"]
    options = yaml.safe_load((DEPLOY / "celery" / "worker.yaml").read_text())
    source = options["execution"]["config"]["config_source"]
    config = instance("celery")

    slots = worker["deploy"]["replicas"] * source["worker_concurrency"]

    assert slots == config["concurrency"]["runs"]["max_concurrent_runs"]
    assert config["run_launcher"]["config"]["config_source"].items() <= source.items()


@pytest.mark.parametrize("names", COMPOSE)
def test_compose_names_what_exists(names: tuple[str, ...]) -> None:
    """Programs, mounted files, and services that others wait for are there."""
    found = services(*names)

    for name, service in found.items():
        for other in service.get("depends_on", {}):
            assert "healthcheck" in found[other], name
        if service["image"].startswith(OURS):
            assert (BIN / service["command"][0]).exists(), name
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert not source.startswith(".") or (DEPLOY / "compose" / source).exists(), volume


@pytest.mark.parametrize("names", COMPOSE)
def test_compose_gives_each_service_what_its_instance_reads(names: tuple[str, ...]) -> None:
    """Every variable of a service's dagster.yaml is set for it, and storage is one for all."""
    wanted = set(re.findall(r"env: (\w+)", (DEPLOY / names[-1] / "dagster.yaml").read_text()))

    for name, service in services(*names).items():
        if service["image"].startswith(OURS):
            assert wanted <= set(service["environment"]), name
            [mounted] = [one for one in service["volumes"] if "/dagster.yaml:" in one]
            source = DEPLOY / "compose" / mounted.split(":")[0]
            assert DEPLOY / names[-1] == source.resolve().parent, name


@pytest.mark.parametrize("names", COMPOSE)
def test_compose_is_closed(names: tuple[str, ...]) -> None:
    """Ports are open on loopback only; programs of ours have no privileges; all are watched."""
    for name, service in services(*names).items():
        assert service["healthcheck"]["test"], name
        assert "unless-stopped" == service["restart"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        if service["image"].startswith(OURS):
            assert (["ALL"], ["no-new-privileges:true"]) == (
                service["cap_drop"],
                service["security_opt"],
            ), name


def test_only_what_runs_sources_gets_their_tokens() -> None:
    """The file with the tokens goes to the code server and the workers, to nobody else."""
    found = services("compose", "celery")

    assert {"code", "worker"} == {name for name, one in found.items() if "env_file" in one}


@pytest.mark.parametrize("names", COMPOSE)
def test_compose_refuses_to_start_without_its_passwords(names: tuple[str, ...]) -> None:
    """No password has a default: what needs one names its variable, and Compose stops."""
    for name, service in services(*names).items():
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable):
                assert str(value).startswith("${"), f"{name}: {variable}"
                with pytest.raises(KeyError, match=r"set \w+ in \.env"):
                    interpolated(value, {})
                assert interpolated(value, GIVEN) in GIVEN.values()


def test_no_file_holds_a_secret() -> None:
    """What is named like a secret is a reference in every YAML file under deploy/."""
    for file in sorted(DEPLOY.rglob("*.yaml")):
        for key, value in re.findall(
            r"^\s*-?\s*([\w-]+): *(\S.*)$", file.read_text(), re.MULTILINE
        ):
            if SECRET.search(key) and key not in NAMES_OF_SECRETS:
                assert value.startswith(("${", "{env:")), f"{file}: {key}"


def test_kubernetes_takes_secrets_by_reference() -> None:
    """The chart gets names of Secrets, and makes none itself."""
    given = values()
    (deployment,) = given["dagster-user-deployments"]["deployments"]

    assert [] == [one["name"] for one in deployment["env"] if SECRET.search(one["name"])]
    assert ["intercom", "snowflake"] == [one["name"] for one in deployment["envSecrets"]]
    assert given["generatePostgresqlPasswordSecret"] is False
    assert "postgresqlPassword" not in given["postgresql"]


def test_kubernetes_sets_variables_that_the_project_reads() -> None:
    """Every variable of the code server is one that a setting of the project reads."""
    (deployment,) = values()["dagster-user-deployments"]["deployments"]
    shown = [
        path.read_text() for kind in ("py", "yaml") for path in PROJECT_FILES.rglob(f"*.{kind}")
    ]

    unread = [
        one["name"] for one in deployment["env"] if not any(one["name"] in text for text in shown)
    ]

    assert [] == unread


def test_kubernetes_runs_one_image_of_this_version() -> None:
    """Webserver, daemon and code server are the same image, and its tag is the version."""
    given = values()
    (deployment,) = given["dagster-user-deployments"]["deployments"]
    images = [
        one["image"] for one in (deployment, given["dagsterWebserver"], given["dagsterDaemon"])
    ]

    assert images[0] == images[1] == images[2]
    assert PACKAGE["version"] == images[0]["tag"]


def test_a_run_becomes_a_pod_that_may_do_little(tmp_path: Path) -> None:
    """The Job that Dagster makes of our values syncs into Snowflake, unprivileged, with limits."""
    with made(launching("kubernetes", tmp_path), tmp_path) as loaded:
        launcher = loaded.run_launcher
    assert isinstance(launcher, K8sRunLauncher)
    (deployment,) = values()["dagster-user-deployments"]["deployments"]
    run = dg.DagsterRun(job_name="intercom_sync", tags={})
    context = K8sContainerContext.create_for_run(run, launcher, include_run_tags=True).merge(
        K8sContainerContext.create_from_config(container_context(deployment))
    )

    job = construct_dagster_k8s_job(
        context.get_k8s_job_config("registry/intercom-assets:0.1.0", launcher),
        ["dagster", "api", "execute_run"],
        "a-run",
        user_defined_k8s_config=context.run_k8s_config,
    )

    pod = job.spec.template.spec
    (container,) = pod.containers
    assert 86400 == job.spec.ttl_seconds_after_finished
    assert (True, 10001) == (pod.security_context.run_as_non_root, pod.security_context.run_as_user)
    assert ["ALL"] == container.security_context.capabilities.drop
    environment = {one.name: one for one in container.env}
    assert "snowflake" == environment["INTERCOM_WAREHOUSE"].value
    secret = environment["DAGSTER_PG_PASSWORD"].value_from.secret_key_ref
    assert ("dagster-postgresql", "postgresql-password") == (secret.name, secret.key)
    assert {"intercom", "snowflake"} == {
        one.secret_ref.name for one in container.env_from if one.secret_ref is not None
    }
    assert {"memory": "2Gi", "ephemeral-storage": "20Gi"} == container.resources.limits


def test_the_image_copies_what_is_there_and_no_more() -> None:
    """What the Dockerfile copies exists, and .dockerignore lets through that and nothing else."""
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in ignored if not line.startswith("#")]
    copied = {
        source
        for stage in stages()
        for name, arguments in stage
        if name == "COPY" and not arguments.startswith("--from")
        for source in arguments.split()[:-1]
    }

    assert "*" == rules[0]
    assert {f"!{source}" for source in copied} == {rule for rule in rules if rule.startswith("!")}
    assert all((ROOT / source).exists() for source in copied)
    assert "**/.env" in rules


def test_the_last_stage_builds_nothing_and_is_not_root() -> None:
    """What runs has no build tools, a numeric user, a check, and starts as compose starts it."""
    last = dict(stages()[-1])
    shown = " ".join(arguments for _, arguments in stages()[-1])

    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", last["USER"])
    assert not re.search(r"\b(pip|apt-get|gcc|curl)\b", shown)
    code = services("compose")["code"]
    assert yaml.safe_load(last["CMD"]) == code["command"]
    assert yaml.safe_load(last["HEALTHCHECK"].split("CMD ")[1]) == code["healthcheck"]["test"][1:]
    mounted = {volume.split(":")[1] for volume in code["volumes"]}
    assert set(yaml.safe_load(last["VOLUME"])) <= mounted


def test_the_image_installs_the_versions_that_were_tested() -> None:
    """The wheel is installed with constraints.txt, and each package for it is pinned there."""
    (install,) = [arguments for name, arguments in stages()[2] if name == "RUN"]
    extras = PACKAGE["optional-dependencies"]
    wanted = {re.split(r"[\[>=<]", one)[0] for name in ("deploy", "celery") for one in extras[name]}

    assert "--constraint constraints.txt" in install
    assert wanted <= set(PINS)
    assert set(extras["deploy"]) | set(extras["celery"]) <= set(extras["dev"])


def test_files_name_the_version_of_this_release() -> None:
    """Image tags and the chart's version are those of the package and of Dagster."""
    shown = [one.read_text() for one in (*DEPLOY.rglob("*.yaml"), DEPLOY / "Dockerfile")]
    shown.append((ROOT / "docs" / "deploy.md").read_text())

    tags = {tag for text in shown for tag in re.findall(r"intercom-assets:(\d[\w.]*\d)", text)}
    charts = {tag for text in shown for tag in re.findall(r"--version (\S+)", text)}

    assert ({PACKAGE["version"]}, {PINS["dagster"]}) == (tags, charts)
