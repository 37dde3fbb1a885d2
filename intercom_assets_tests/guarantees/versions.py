"""What a history must be: every version that a commit replaced, each ending where one begins."""

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from intercom_assets.catalog import CATALOG
from intercom_assets.warehouse.base import Commit, Committed, Target
from intercom_assets.warehouse.warehouse import Warehouse
from intercom_assets_tests.world import Row, World


@dataclass
class Shadow:
    """A warehouse that is watched: it remembers what each commit replaced.

    Attributes:
        inner: The warehouse.
        rows: The rows of each table after its last commit, by key.
        replaced: What a perfect history of each table holds.
    """

    inner: Warehouse
    rows: dict[str, dict[tuple[str, ...], Row]] = field(default_factory=dict)
    replaced: dict[str, list[Row]] = field(default_factory=dict)

    def commit(self, prefix: str, commit: Commit) -> Committed:
        """Commit, and compare the table with what it was."""
        done = self.inner.commit(prefix, commit)
        target = commit.target
        before, now = self.rows.get(target.name, {}), self.by_key(target)
        changed = [row for key, row in before.items() if now[key] != row]
        assert done.archived == len(changed)
        kept = [{**row, "_valid_to": done.synced_at} for row in changed]
        self.replaced.setdefault(target.name, []).extend(kept)
        self.rows[target.name] = now
        return done

    def by_key(self, target: Target) -> dict[tuple[str, ...], Row]:
        """Read a table by its key."""
        keys = target.table.primary_key
        rows = self.inner.read(target).to_pylist()
        return {tuple(row[key] for key in keys): row for row in rows}

    def differences(self) -> list[str]:
        """Name the tables whose history is not what commits replaced."""
        return [name for name in self.replaced if self.expected(name) != self.stored(name)]

    def expected(self, name: str) -> dict[tuple[str, ...], Row]:
        """Give what the history of a table has to hold."""
        keys = self._target(name).table.primary_key
        return {tuple(row[key] for key in keys): row for row in self.replaced[name]}

    def stored(self, name: str) -> dict[tuple[str, ...], Row]:
        """Read the history of a table."""
        return self.by_key(self._target(name))

    def _target(self, name: str) -> Target:
        resource = CATALOG[name.partition("rudder_")[2]]
        return Target("main_", name, resource.table).history

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the warehouse's
        return getattr(self.inner, name)


def versions(world: World, name: str) -> dict[tuple[str, ...], list[Row]]:
    """Read all versions of the rows of a resource, oldest first, by key."""
    resource, target = CATALOG[name], world.source.target(CATALOG[name])
    kept = world.warehouse.read(target.history).to_pylist()
    everything = [*kept, *({**row, "_valid_to": None} for row in world.rows(name))]

    def key(row: Row) -> tuple[str, ...]:
        return tuple(str(row[one]) for one in resource.primary_key)

    everything.sort(key=lambda row: (key(row), row["_synced_at"]))
    return {one: list(rows) for one, rows in groupby(everything, key)}


def broken(world: World, name: str) -> list[tuple[str, ...]]:
    """Give the keys whose versions do not touch, or of which not one is current."""
    return [
        key
        for key, rows in versions(world, name).items()
        if [row["_valid_to"] for row in rows] != [*(row["_synced_at"] for row in rows[1:]), None]
    ]
