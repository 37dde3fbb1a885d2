"""What a history costs: a commit with one against a commit without, and a look at a past time.

`python -m benchmarks.history` is the process that is measured.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.cases import Series
from benchmarks.processes import ROOT, run
from intercom_assets.catalog import CATALOG
from intercom_assets.catalog.types import Record
from intercom_assets.catalog.views import VERSIONS
from intercom_assets.engine.cursor import Source
from intercom_assets.engine.rows import RowSpool, Shaper
from intercom_assets.views.build import make_views
from intercom_assets.warehouse.base import Commit, StoredCursor
from intercom_assets.warehouse.duckdb import DuckDBWarehouse, connect
from intercom_simulator import generate

ROWS, CHANGED, ROUNDS = 100_000, 6_000, 5
TIMES_REPLACED = 5
_CONTACTS = CATALOG["contacts"]
_SOURCE = Source(name="b", schema="b", prefix="")
_FORMER = """INSERT INTO b.rudder_contacts_history BY NAME
SELECT * REPLACE (_synced_at - to_hours($1) AS _synced_at), _synced_at - to_hours($2) AS _valid_to
FROM b.rudder_contacts"""
_AS_OF = "_valid_from <= $1 AND (_valid_to > $1 OR _valid_to IS NULL) AND _deleted_at IS NULL"


def measure(series: Series) -> None:
    """Measure a process, whose facts are seconds of CPU."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "output.log"
        command = [sys.executable, "-m", "benchmarks.history", folder]
        done = run(command, environment=dict(os.environ), folder=ROOT, log=log)
        facts = json.loads(log.read_text("utf-8").splitlines()[-1])
    series.add(
        "history", f"{ROWS:,} contacts, {ROWS * TIMES_REPLACED:,} former versions", done, **facts
    )


@dataclass
class _Table:
    """Contacts in a file of their own, every version of which differs from the one before."""

    file: Path
    archives: bool
    commits: int = 0
    templates: list[Record] = field(
        default_factory=lambda: generate(contacts=50, companies=3, conversations=1).truth(
            "contacts"
        )
    )

    def commit(self, every: int = 1) -> float:
        """Commit a new version of each n-th contact; give how long that took."""
        self.commits += 1
        shaper = Shaper(_CONTACTS.table)
        spool = RowSpool(self.file.with_suffix(".jsonl"), shaper.columns)
        # In no order of theirs, as searches return them.
        for number in range(0, ROWS, every):
            key = number * 7_919 % ROWS
            record = {**self.templates[key % 50], "id": str(key), "referrer": str(self.commits)}
            spool.add(shaper.lines([record]))
        cursor = StoredCursor(resource="contacts", version=self.commits)
        target = _SOURCE.target(_CONTACTS)
        commit = Commit(target=target, cursor=cursor, rows=spool.close(), archives=self.archives)
        took = _seconds(lambda: DuckDBWarehouse(self.file).commit("", commit))
        spool.discard()
        return took


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main(folder: Path) -> None:
    """Measure in turns, and print the medians."""
    tables = [_Table(folder / f"{name}.duckdb", name == "with") for name in ("with", "without")]
    for table in tables:
        table.commit()
    taken = [[table.commit(ROWS // CHANGED) for table in tables] for _ in range(ROUNDS)]
    [view] = (one for one in VERSIONS if one.sources == ("contacts",))
    make_views([view], _SOURCE, DuckDBWarehouse(tables[0].file))
    figures = "count(*), count(DISTINCT email_domain), max(updated_at)"
    scan = f"SELECT {figures} FROM b.rudder_contacts"  # noqa: S608 - of constants
    look = f"SELECT {figures} FROM b.rudder_contacts_versions WHERE {_AS_OF}"  # noqa: S608
    with connect(tables[0].file) as connection:
        for hour in range(TIMES_REPLACED):
            connection.execute(_FORMER, [hour + 1, hour])
        [(past,)] = connection.execute("SELECT now() - INTERVAL 3 HOUR").fetchall()
        queries = [
            [
                _seconds(lambda: connection.execute(scan).fetchall()),
                _seconds(lambda: connection.execute(look, [past]).fetchall()),
            ]
            for _ in range(ROUNDS)
        ]
    medians = [median(times) for times in (*zip(*taken, strict=True), *zip(*queries, strict=True))]
    names = ("commit_with", "commit_without", "scan", "as_of")
    sys.stdout.write(json.dumps(dict(zip(names, medians, strict=True))) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
