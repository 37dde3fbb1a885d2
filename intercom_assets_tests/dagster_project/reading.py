"""How tests of settings read them: with a token's variable, without an environment."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.rules import DAGSTER_RULES
from intercom_assets.settings.source import Settings, read_settings
from intercom_assets_tests.dagster_project.running import with_types

TOKEN = {"access_token": {"env": "MY_TOKEN"}}
ROOT = Path("/srv/project")


def read(environment: Mapping[str, str] | None = None, /, **raw: object) -> Settings:
    """Read settings of a source in a folder named `intercom`."""
    return read_settings(
        with_types({**TOKEN, **raw}),
        name="intercom",
        project_root=ROOT,
        environment=environment or {},
        rules=DAGSTER_RULES,
    )


def problems(environment: Mapping[str, str] | None = None, /, **raw: object) -> list[str]:
    """Give the problems of settings that are refused."""
    with pytest.raises(ConfigurationError) as refused:
        read(environment, **raw)
    headline, *listed = str(refused.value).split("\n")
    assert headline == (
        "Settings of the Intercom source 'intercom' are wrong. Change each one below:"
    )
    return [line.removeprefix("  * ") for line in listed]
