"""`run --dry-run` and `check` ask for all resources at once."""

import anyio
import httpx

from intercom_assets.cli.plan import plan
from intercom_assets.intercom.connection import Connection
from intercom_assets_tests.dagster_project.reading import read
from intercom_assets_tests.in_process import InProcess
from intercom_simulator import create_app, generate


class Gate(httpx.AsyncBaseTransport):
    """Lets nobody through before so many are there, but waits no longer than a while."""

    def __init__(self, guests: int) -> None:
        self._inner = InProcess(create_app(generate(contacts=3)))
        self._lacking = guests
        self.open = anyio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Wait for the others, then send the request."""
        self._lacking -= 1
        if self._lacking == 0:
            self.open.set()
        with anyio.move_on_after(1):
            await self.open.wait()
        self._lacking += 1
        return await self._inner.handle_async_request(request)


def test_no_request_waits_for_the_answer_to_another() -> None:
    """Answers come in the order of the catalogue, a parent that is not selected not among them."""
    settings = read(resources="tags,teams,admins,company_segments", region="us")
    gate = Gate(5)
    with Connection(
        token="simulated-token", region="us", version=settings.api_version, transport=gate
    ) as connection:
        planned = list(plan(settings, connection, settings.resources))

    assert gate.open.is_set()
    assert [one.name for one in settings.resources] == [one.resource.name for one in planned]
    assert {"ok"} == {one.state for one in planned}
