"""A million contacts and a million parts from memory, or few long ones: syncs without HTTP.

Answers are put together from a few generated records, so that next to nothing of the time is the
transport's. `python -m benchmarks.replay` is the process that is measured.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import httpx

from benchmarks.cases import Series
from benchmarks.processes import ROOT, run
from intercom_assets.catalog import CATALOG, NEWEST
from intercom_assets.engine.cursor import Source, SyncOptions
from intercom_assets.engine.extract import Extract
from intercom_assets.engine.load import load
from intercom_assets.engine.progress import Progress, Report
from intercom_assets.intercom.connection import Connection
from intercom_assets.warehouse.duckdb import DuckDBWarehouse
from intercom_simulator import generate

MILLION = 1_000_000
LONG, FEW = 30_000, 5_000
PARTS = 12
_BEGAN, _ENDED = 1_704_067_200, 1_767_225_600
_DAY = 86_400
_TEMPLATES = 50
_ID, _TIME = b"@id@", 1_700_000_001
_UPDATED = b"%d" % _TIME


def measure(series: Series) -> None:
    """Measure processes: a million contacts and parts, then some as long as a long e-mail."""
    for case, count, longer, title in (
        ("replay", MILLION, 0, "a million contacts, a million parts, no HTTP"),
        ("long", FEW, LONG, f"{FEW:,} contacts, {FEW:,} parts of {LONG // 1000} kB, no HTTP"),
    ):
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "output.log"
            command = [sys.executable, "-m", "benchmarks.replay", folder, str(count), str(longer)]
            done = run(command, environment=_environment(), folder=ROOT, log=log)
            facts = json.loads(log.read_text("utf-8").splitlines()[-1])
        series.add(case, title, done, **facts)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONWARNINGS": "ignore"}


@dataclass(frozen=True, slots=True)
class Stock:
    """Records of a kind, evenly spread over two years, as encoded templates.

    Attributes:
        count: How many there are.
        key: Key of the list in an answer.
        templates: Encoded records, cut where their time goes, and each piece where their id goes.
    """

    count: int
    key: str
    templates: list[list[list[bytes]]]

    def at(self, index: int) -> int:
        """When a record was updated."""
        return _BEGAN + index * (_ENDED - _BEGAN) // self.count

    def first_from(self, second: int) -> int:
        """Give the first record that was updated at or after a second."""
        index = -(-(second - _BEGAN) * self.count // (_ENDED - _BEGAN))
        return min(max(index, 0), self.count)

    def record(self, index: int) -> bytes:
        """Encode a record."""
        template = self.templates[index % len(self.templates)]
        return _filled(template, b"%012d" % index, b"%d" % self.at(index))

    def page(self, body: dict[str, Any], *, by_day: bool) -> bytes:
        """Answer a search."""
        since, until = _bounds(body["query"]["value"], by_day=by_day)
        begin, end = self.first_from(since), self.first_from(until)
        size, total = body["pagination"]["per_page"], end - begin
        done = int(body["pagination"].get("starting_after", 0))
        taken = range(begin + done, min(begin + done + size, end))
        if body["sort"]["order"] == "descending":
            taken = range(end - done - 1, max(end - done - size, begin) - 1, -1)
        following = done + len(taken)
        pages = b"{}"
        if following < total:
            pages = b'{"next":{"starting_after":"%d"}}' % following
        records = b",".join(map(self.record, taken))
        return b'{"total_count":%d,"pages":%s,"%s":[%s]}' % (
            total,
            pages,
            self.key.encode(),
            records,
        )


def _bounds(filters: list[dict[str, Any]], *, by_day: bool) -> tuple[int, int]:
    values = [one["value"][0]["value"] if by_day else one["value"] for one in filters]
    since = values[0] if not by_day else values[0] // _DAY * _DAY
    if len(values) == 1:
        return since + (not by_day), _ENDED + 1
    return since + (not by_day), values[1] if not by_day else (values[1] // _DAY + 1) * _DAY


class Replay(httpx.AsyncBaseTransport):
    """Answers from memory.

    Args:
        contacts: How many contacts there are.
        conversations: How many conversations of twelve parts there are.
        longer: Characters by which a contact's attributes and a part's body are longer.
    """

    def __init__(self, contacts: int, conversations: int, longer: int) -> None:
        made = generate(
            contacts=_TEMPLATES, companies=3, conversations=_TEMPLATES, parts_per_conversation=PARTS
        )
        people = [
            one | {"tags": _NO_LIST, "custom_attributes": {**one["custom_attributes"], **more}}
            for one, more in zip(made.truth("contacts"), _fillers("about", longer), strict=False)
        ]
        self.contacts = Stock(contacts, "data", _cut(people))
        talks = [*made.collection("conversations")]
        self.conversations = Stock(conversations, "conversations", _cut(talks))
        parts = [one for each in talks for one in made.parts[each["id"]]]
        if longer:
            parts = [a | b for a, b in zip(parts, _fillers("body", longer), strict=False)]
        self._parts = _cut(parts)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        path = request.url.path
        if path == "/me":
            content = b'{"app":{"id_code":"replay","name":"Replay","region":"US","timezone":"UTC"}}'
        elif stock := {"/contacts": self.contacts, "/conversations": self.conversations}.get(path):
            content = b'{"total_count":%d,"%s":[]}' % (stock.count, stock.key.encode())
        elif path == "/conversations/deleted":
            content = b'{"total_count":0,"conversations":[]}'
        elif path == "/contacts/search":
            content = self.contacts.page(json.loads(request.content), by_day=True)
        elif path == "/conversations/search":
            content = self.conversations.page(json.loads(request.content), by_day=False)
        else:
            content = self._conversation(int(path.rpartition("/")[2]))
        return httpx.Response(200, headers=_headers(int(time.time())), stream=_Body(content))

    def _conversation(self, index: int) -> bytes:
        first = index * PARTS % len(self._parts)
        parts = b",".join(
            _filled(
                self._parts[(first + number) % len(self._parts)],
                b"%d" % (index * PARTS + number),
                _UPDATED,
            )
            for number in range(PARTS)
        )
        return b'{"id":"%d","conversation_parts":{"total_count":%d,"conversation_parts":[%s]}}' % (
            index,
            PARTS,
            parts,
        )


class _Body(httpx.AsyncByteStream):
    """A body that comes in one piece."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


def _fillers(field: str, length: int) -> Iterator[dict[str, str]]:
    """Give texts that compress as little as prose does, one after the other."""
    chance = Random(1)  # noqa: S311 - the same text each time
    while True:
        yield {field: "".join(chance.choices(_LETTERS, k=length))} if length else {}


_LETTERS = "eeeeeetttttaaaaooooiiinnnssshhhrrrddlluuccmmffyyww gg pp bb v k x q j z "
_NO_LIST = {"type": "list", "data": [], "has_more": False, "total_count": 0}


def _cut(records: list[dict[str, Any]]) -> list[list[list[bytes]]]:
    return [[part.split(_ID) for part in one.split(_UPDATED)] for one in _encoded(records)]


def _filled(template: list[list[bytes]], name: bytes, updated: bytes) -> bytes:
    return updated.join([name.join(piece) for piece in template])


def _encoded(records: list[dict[str, Any]]) -> list[bytes]:
    marked = [one | {"id": _ID.decode(), "updated_at": _TIME} for one in records]
    return [
        json.dumps(one, separators=(",", ":"))
        .replace('"has_more":true', '"has_more":false')
        .encode()
        for one in marked
    ]


@lru_cache(maxsize=1)
def _headers(now: int) -> httpx.Headers:
    return httpx.Headers(
        {
            "Date": formatdate(now, usegmt=True),
            "X-RateLimit-Limit": "1000000000",
            "X-RateLimit-Remaining": "999999999",
            "X-RateLimit-Reset": str(now // 10 * 10 + 10),
        }
    )


class _Quiet:
    """A listener that listens to nothing."""

    def on_start(self, report: Report) -> None:
        """Take no note."""

    def on_progress(self, progress: Progress) -> None:
        """Take no note."""

    def info(self, line: str) -> None:
        """Take no note."""

    def warning(self, line: str) -> None:
        """Say what needs attention."""
        sys.stderr.write(f"{line}\n")

    def on_finish(self, report: Report) -> None:
        """Take no note."""


def sync(folder: Path, million: int, longer: int) -> dict[str, float]:
    """Load everything into a fresh DuckDB file; give rows and CPU seconds."""
    warehouse = DuckDBWarehouse(folder / "benchmark.duckdb")
    transport = Replay(million, -(-million // PARTS), longer)
    facts: dict[str, float] = {}
    began, rows = time.process_time(), 0
    with Connection(
        token="no-token-at-all",  # noqa: S106 - the replay asks for none
        region="us",
        version=NEWEST,
        base_url="http://127.0.0.1:9",
        transport=transport,
    ) as connection:
        for name in ("contacts", "conversations", "conversation_parts"):
            resource, before = CATALOG[name], time.process_time()
            report = load(
                Extract(
                    source=Source(name="replay", schema="intercom", prefix=""),
                    resource=resource,
                    parent=CATALOG[resource.parent] if resource.parent else None,
                    connection=connection,
                    request=SyncOptions(run_id="replay"),
                    listener=_Quiet(),
                ),
                warehouse,
            )
            rows += report.row_count
            facts[f"{name}_rows"] = report.row_count
            facts[f"{name}_cpu"] = round(time.process_time() - before, 2)
    return facts | {"rows": rows, "cpu": round(time.process_time() - began, 2)}


if __name__ == "__main__":
    folder, count, longer = sys.argv[1:]
    sys.stdout.write(json.dumps(sync(Path(folder), int(count), int(longer))) + "\n")
