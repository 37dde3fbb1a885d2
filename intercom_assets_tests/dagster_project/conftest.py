"""Fixtures: a small simulated workspace, and a project that syncs it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intercom_assets_tests.dagster_project.running import TOKEN, TOKEN_VARIABLE, Project, serving
from intercom_simulator import Workspace, generate


@pytest.fixture
def workspace() -> Workspace:
    """Generate a few records of each kind."""
    return generate(contacts=30, companies=6, conversations=8, parts_per_conversation=3)


@pytest.fixture
def project(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    """Serve the workspace and set the token that reads it."""
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    with serving(workspace) as url:
        yield Project(workspace=workspace, url=url, folder=tmp_path)
