"""How these tests ask: over ASGI, in process, against a clock that they turn."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import httpx

from intercom_assets_tests.in_process import InProcess
from intercom_simulator import Record, Workspace, create_app

TOKEN = "simulated-token"
NOON = 1_767_614_400.0
"""2026-01-05T12:00:00Z, after every moment in made records."""


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = NOON

    def __call__(self) -> float:
        """Tells the time."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Moves the clock."""
        self.now += seconds


def ask(
    workspace: Workspace,
    method: str,
    path: str,
    *,
    json: Any = None,  # noqa: ANN401 - a body may be any JSON
    version: str | None = "2.16",
    token: str | None = TOKEN,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """Sends one request to the workspace and returns the answer."""
    given = dict(headers or {})
    if version is not None:
        given["Intercom-Version"] = version
    if token is not None:
        given["Authorization"] = f"Bearer {token}"

    async def send() -> httpx.Response:
        transport = InProcess(create_app(workspace))
        async with httpx.AsyncClient(transport=transport, base_url="http://simulator") as client:
            return await client.request(method, path, json=json, headers=given)

    return anyio.run(send)


def read(workspace: Workspace, path: str, version: str = "2.16") -> Record:
    """Gets a path and returns its JSON; the answer must be 200."""
    response = ask(workspace, "GET", path, version=version)
    assert response.status_code == 200, response.text
    answer: Record = response.json()
    return answer


def control(workspace: Workspace, action: str, **arguments: object) -> httpx.Response:
    """Runs a control action over HTTP, without credentials."""
    return ask(workspace, "POST", f"/_simulator/{action}", json=arguments, token=None, version=None)


def search(workspace: Workspace, kind: str, query: Record, **body: object) -> httpx.Response:
    """Searches contacts or conversations."""
    return ask(workspace, "POST", f"/{kind}/search", json={"query": query, **body})


def found_ids(workspace: Workspace, kind: str, query: Record) -> list[str]:
    """Searches and returns the ids of the first page."""
    response = search(workspace, kind, query, pagination={"per_page": 150})
    assert response.status_code == 200, response.text
    return [record["id"] for record in records_of(response.json())]


def records_of(answer: Record) -> list[Record]:
    """Returns the records of a list answer, whatever their key."""
    found: list[Record] = answer["conversations" if "conversations" in answer else "data"]
    return found


def search_pages(
    workspace: Workspace, kind: str, query: Record, **body: object
) -> Iterator[Record]:
    """Walks a search by cursor and yields each answer."""
    pagination: Record = {"per_page": 7}
    while True:
        response = search(workspace, kind, query, pagination=pagination, **body)
        assert response.status_code == 200, response.text
        yield response.json()
        following = response.json()["pages"].get("next")
        if following is None:
            return
        pagination = {"per_page": 7, "starting_after": following["starting_after"]}


def error_code(response: httpx.Response) -> str:
    """Returns the code of an error answer."""
    code: str = response.json()["errors"][0]["code"]
    return code
