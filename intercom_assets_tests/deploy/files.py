"""What stands in the files under deploy/, read as Docker Compose and Helm read them."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from intercom_assets_tests.dagster_project.running import ROOT

DEPLOY = ROOT / "deploy"

PROJECT = yaml.safe_load((ROOT / "dagster.yaml").read_text())
"""The project's own instance: what every deployment has in common."""

VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")
"""What Compose replaces: ${NAME}, ${NAME:-default}, ${NAME:?message}."""


def instance(name: str) -> dict[str, Any]:
    """Read the dagster.yaml of a deployment."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / name / "dagster.yaml").read_text())
    return found


def values() -> dict[str, Any]:
    """Read the values of the Helm chart."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text())
    return found


def services(*names: str) -> dict[str, dict[str, Any]]:
    """Read the services of Compose files that are given one after the other.

    A later file adds to mappings, replaces a volume with the same target, and replaces the rest.
    """
    merged: dict[str, dict[str, Any]] = {}
    for name in names:
        read = yaml.safe_load((DEPLOY / name / "compose.yaml").read_text())
        for service, given in read["services"].items():
            found = merged.setdefault(service, {})
            for key, value in given.items():
                match found.get(key), value:
                    case dict() as old, dict():
                        found[key] = old | value
                    case list() as old, list() if key == "volumes":
                        by_target = {target(one): one for one in [*old, *value]}
                        found[key] = list(by_target.values())
                    case _:
                        found[key] = value
    return merged


def target(volume: str) -> str:
    """Give the path in the container of `source:target[:ro]`."""
    return volume.split(":")[1]


def interpolated(text: str, environment: Mapping[str, str]) -> str:
    """Replace variables as Compose does.

    Raises:
        KeyError: A variable that is needed is missing.
    """

    def replace(match: re.Match[str]) -> str:
        name, operator, rest = match.groups()
        if environment.get(name):
            return environment[name]
        if operator == "-":
            return str(rest)
        raise KeyError(f"{name}: {rest}")

    return VARIABLE.sub(replace, text).replace("$$", "$")


def stages() -> list[list[tuple[str, str]]]:
    """Read the Dockerfile: per stage its instructions with their arguments."""
    text = (DEPLOY / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found: list[list[tuple[str, str]]] = [[]]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, arguments = line.partition(" ")
        if name == "FROM":
            found.append([])
        found[-1].append((name, " ".join(arguments.split())))
    return found


def rendered(given: Mapping[str, Any]) -> dict[str, Any]:
    """Make the part of dagster.yaml that the chart makes of our values.

    Every key must be one that the chart's template for K8sRunLauncher knows.

    Raises:
        AssertionError: A value is left over, such as one that is misspelt.
    """
    assert given["runLauncher"]["type"] == "K8sRunLauncher"
    launcher = dict(given["runLauncher"]["config"]["k8sRunLauncher"])
    raw = dict(launcher.pop("runK8sConfig"))
    config = {
        "load_incluster_config": launcher.pop("loadInclusterConfig", True),
        "job_namespace": "dagster",
        "image_pull_policy": launcher.pop("imagePullPolicy"),
        "service_account_name": "dagster",
        "dagster_home": "/opt/dagster/dagster_home",
        "instance_config_map": "dagster-instance",
        "postgres_password_secret": given["global"]["postgresqlSecretName"],
        "run_k8s_config": {
            "container_config": raw.pop("containerConfig"),
            "pod_spec_config": raw.pop("podSpecConfig"),
            "job_spec_config": raw.pop("jobSpecConfig"),
        },
    }
    assert (launcher, raw) == ({}, {})
    return {
        "run_launcher": {"module": "dagster_k8s", "class": "K8sRunLauncher", "config": config},
        "telemetry": given["telemetry"],
        **given["additionalInstanceConfig"],
    }


def container_context(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """Make what the chart tells a code server about the pods of its runs."""
    return {
        "k8s": {
            "image_pull_policy": deployment["image"]["pullPolicy"],
            "env_config_maps": [f"dagster-{deployment['name']}-user-env"],
            "env_secrets": [secret["name"] for secret in deployment["envSecrets"]],
            "resources": deployment["resources"],
            "namespace": "dagster",
            "service_account_name": "dagster-user-deployments",
            "env": deployment["env"],
        }
    }
