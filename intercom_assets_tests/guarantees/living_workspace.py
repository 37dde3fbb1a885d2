"""A workspace that lives while it is synced, as a machine that hypothesis drives.

Rules are what people, time and the user do; the invariants hold after each sync, and at the end
one quiet sync makes the warehouse equal to the truth.
"""

import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Literal, cast

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from intercom_assets.catalog import CATALOG
from intercom_assets.engine.cursor import BatchLimits
from intercom_assets.intercom.connection import Connection
from intercom_assets.warehouse.duckdb import connect
from intercom_assets.warehouse.warehouse import Warehouse
from intercom_assets_tests.guarantees.figures import count
from intercom_assets_tests.guarantees.people import People
from intercom_assets_tests.guarantees.versions import Shadow, broken
from intercom_assets_tests.guarantees.worlds import PARENTS, differences, small_pages
from intercom_assets_tests.world import DAY, HOUR, NOON, nothing

NAMES = ("tags", "segments", "contact_attributes", "companies", "company_segments",
         "contacts", "conversations", "conversation_parts", "tickets", "ticket_parts",
         "activity_logs", "deleted_conversations")  # fmt: skip
"""Resources that people change here; the others are lists like tags."""

DATED = ("contacts", "conversations", "activity_logs", "deleted_conversations")
"""Those of them that have a window."""

ZONES = ("UTC", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati")


class LivingWorkspace(RuleBasedStateMachine):
    """After any history one quiet sync makes every row equal to the truth."""

    @initialize(
        seed=st.integers(0, 2**16),
        paging=st.sampled_from(("keyset", "offset")),
        inclusive=st.booleans(),
        zone=st.sampled_from(ZONES),
        skew=st.sampled_from((0.0, -2 * HOUR, 2 * HOUR, -3 * DAY)),
        start_date=st.sampled_from((None, None, 400 * DAY, 30 * DAY)),
        lookback=st.sampled_from((0, 60, 3600, 86_400)),
        slice_records=st.sampled_from((3, 7, 1_500)),
        started=st.integers(0, 86_399),
    )
    def begin(
        self,
        *,
        seed: int,
        paging: Literal["keyset", "offset"],
        zone: str,
        skew: float,
        start_date: float | None,
        lookback: int,
        slice_records: int,
        started: int,
        inclusive: bool,
    ) -> None:
        """Open a workspace with a history, and a warehouse without one."""
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.stack.enter_context(connect(folder / "test.duckdb"))
        self.world = small_pages(
            folder / "test.duckdb",
            skew=skew,
            portions=BatchLimits(slice_records=slice_records, commit_rows=9, ahead_rows=23),
            contacts=13,
            companies=5,
            conversations=11,
            parts_per_conversation=2,
            tags=4,
            segments=3,
            activity_logs=20,
            tickets=5,
            long_tickets=0,
        )
        self.world.clock.forward(started)
        workspace = self.world.workspace
        workspace.timezone, behaviour = zone, workspace.behaviour
        behaviour.paging, behaviour.inclusive_bounds = paging, inclusive
        kept_from = None if start_date is None else datetime.fromtimestamp(NOON - start_date, UTC)
        self.world.source = type(self.world.source)(
            name="test",
            schema="main_",
            prefix="p_",
            start_date=kept_from,
            lookback=timedelta(seconds=lookback),
            history=frozenset(NAMES),
        )
        self.shadow = Shadow(self.world.warehouse)
        self.world.warehouse = cast("Warehouse", self.shadow)
        self.people = People(workspace, Random(seed))
        self.line: ExitStack | None = None
        self.stack.callback(self.connect_again)
        self.told: list[str] = []
        self.reached: dict[str, float] = {}
        self.versions: dict[str, dict[tuple[object, ...], tuple[str, datetime]]] = {}

    @rule(count=st.integers(1, 4))
    def work(self, count: int) -> None:
        """Let people work."""
        self.told += [self.people.act() for _ in range(count)]

    @rule(seconds=st.sampled_from((1, 1, 59, HOUR, DAY, 9 * DAY)))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.world.clock.forward(seconds)

    @rule(share=st.sampled_from((0.0, 0.5, 1.0)))
    def index_late(self, share: float) -> None:
        """Let search index late, within the lookback; what is under way arrives first."""
        workspace = self.world.workspace
        self.world.clock.forward(workspace.index_delay + 1)
        for kind in ("contacts", "conversations", "tickets"):
            workspace.collection(kind)
        workspace.index_delay = int(self.world.source.lookback.total_seconds() * share)

    @rule(share=st.sampled_from((0.0, 0.5, 1.0)))
    def list_deletions_late(self, share: float) -> None:
        """List what was deleted late, within the lookback."""
        lookback = self.world.source.lookback.total_seconds()
        self.world.workspace.behaviour.deletions_delay = int(lookback * share)

    @rule(zone=st.sampled_from(ZONES))
    def move_office(self, zone: str) -> None:
        """Change the time zone of the workspace; an open connection does not notice."""
        self.world.workspace.timezone = zone

    @rule()
    def connect_again(self) -> None:
        """Close the connection; the next sync opens another."""
        if self.line is not None:
            self.line.close()
        self.line = None

    @rule()
    def sync_all(self) -> None:
        """Sync everything."""
        self.sync(*NAMES)

    @rule(
        name=st.sampled_from(("companies", "contacts", "conversations", "tickets", "activity_logs"))
    )
    def sync_one(self, name: str) -> None:
        """Sync one resource."""
        self.sync(name)

    @rule(seed=st.integers(0, 2**16), name=st.sampled_from((None, "contacts", "conversations")))
    def sync_moving(self, seed: int, name: str | None) -> None:
        """Sync while people work between the requests."""
        chance = Random(seed)

        def before(_request: httpx.Request) -> None:
            if chance.random() < 0.2:
                self.world.clock.forward(chance.choice((0, 1, 2)))
                self.told.append(f"(while paging) {self.people.act()}")

        self.world.before = before
        self.sync(*([name] if name else NAMES))
        self.world.before = nothing

    @rule(name=st.sampled_from(("contacts", "conversations", "tickets", "ticket_parts")))
    def refresh(self, name: str) -> None:
        """Refresh a resource in full."""
        self.reached.pop(name, None)
        if name == "ticket_parts":
            self.sync("tickets")
        self.sync(name, full_refresh=True)

    @rule(name=st.sampled_from(("contacts", "conversations", "company_segments", "tickets")))
    def reconcile(self, name: str) -> None:
        """Compare a resource with Intercom."""
        if name == "company_segments":
            self.sync("companies")
        self.sync(name, reconcile=True, force=True)

    @rule(days=st.integers(1, 900), name=st.sampled_from(DATED))
    def read_since(self, days: int, name: str) -> None:
        """Widen a window."""
        self.sync(name, since=self.world.clock.moment() - timedelta(days=days))

    @rule(
        back=st.integers(0, 900),
        width=st.integers(1, 900),
        seconds=st.integers(0, 86_399),
        kind=st.sampled_from(("contacts", "conversations", "tickets", "activity_logs")),
    )
    def backfill(self, back: int, width: int, seconds: int, kind: str) -> None:
        """Backfill a range, and the parts of its conversations or tickets."""
        until = self.world.clock.moment() - timedelta(days=back, seconds=seconds)
        start_date = self.world.source.start_date
        if start_date is None or start_date < until:
            since = until - timedelta(days=width)
            for name in (kind, *(one for one, (_, of) in PARENTS.items() if of == kind)):
                self.sync(name, since=since, until=until)

    def sync(self, *names: str, full_refresh: bool = False, **request: object) -> None:
        """Sync over the open connection, and look at what it left."""
        self.told.append(f"sync {names} {request or ''}{' full' if full_refresh else ''}")
        connection = self.connection()
        for name in names:
            self.world.sync_over(connection, name, full_refresh=full_refresh, **request)
            self.look(name)

    def connection(self) -> Connection:
        """Give the open connection, or open one."""
        if self.line is None:
            self.line = ExitStack()
            self.open = self.line.enter_context(self.world.connection())
        return self.open

    def look(self, name: str) -> None:
        """Check what holds after each sync of a resource, whatever happened during it."""
        moment = self.world.moment_of_cursor(name)
        assert self.reached.get(name, 0.0) <= moment, f"the cursor moved back: {self.told}"
        self.reached[name] = moment
        keys = CATALOG[name].primary_key
        rows = self.world.rows(name)
        now = {
            tuple(row[key] for key in keys): (
                f"{row['_row_hash']} {row['_deleted_at']}",
                row["_synced_at"],
            )
            for row in rows
        }
        assert len(rows) == len(now), f"{name}: a key twice: {self.told}"
        before = self.versions.get(name, {})
        assert before.keys() <= now.keys(), f"{name}: a row is gone: {self.told}"
        newest = max((synced_at for _, synced_at in before.values()), default=None)
        for key, (version, synced_at) in now.items():
            if before.get(key) != (version, synced_at):
                assert newest is None or newest < synced_at, f"{name} {key}: {self.told}"
        self.versions[name] = now
        if name in PARENTS:
            column, parent = PARENTS[name]
            parents = {row["id"] for row in self.world.rows(parent)}
            assert {row[column] for row in rows} <= parents, f"{name}: orphans: {self.told}"

    def teardown(self) -> None:
        """Let the workspace be quiet, sync once more, and compare every row with the truth."""
        if not hasattr(self, "world"):
            return
        with self.stack:
            workspace = self.world.workspace
            delays = (workspace.index_delay, workspace.behaviour.deletions_delay)
            self.world.clock.forward(max(delays) + 1)
            self.sync(*NAMES)
            if self.people.silent:
                self.sync(*NAMES, reconcile=True, force=True)
            count("histories of a living workspace")
            found = differences(self.world, *NAMES)
            assert not found, f"{found}, after {self.told}"
            lost = [*self.shadow.differences(), *filter(partial(broken, self.world), NAMES)]
            assert not lost, f"{lost}: not what commits replaced, after {self.told}"
