"""Dagster's records of runs in SQLite, whose files stay open between events.

Dagster's own storage opens the file anew for each event and closes it after: each time the file is
the only one's, so SQLite moves the event from its log into the file and waits for the disk, twice.
A sync without changes has 250 events, and spent a quarter of its time on that.
"""

import os
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import EventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData

_KEPT = 4


class OpenEventLog(SqliteEventLogStorage):
    """Events of runs: a file per run and one for all, kept open.

    Args:
        base_dir: Folder of the files.
        inst_data: How Dagster names the storage.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._files: OrderedDict[str, sa.Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    def store_event(self, event: dg.EventLogEntry) -> None:
        """Store an event, and tell who watches the run's file.

        The UI follows a run by the times of its file, which SQLite's log leaves as they are.
        """
        super().store_event(event)
        os.utime(self.path_for_shard(event.run_id))

    def wipe(self) -> None:
        """Remove all events."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close the files."""
        super().dispose()
        self._close()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        # The lock of the base class: a connection serves one thread at a time.
        with self._db_lock, self._opened(shard).begin() as connection:
            yield connection

    def _opened(self, shard: str) -> sa.Engine:
        engine = self._files.pop(shard, None)
        if engine is None:
            engine = _engine(self.conn_string_for_shard(shard))
        self._files[shard] = engine
        if shard not in self._initialized_dbs:
            self._initdb(engine, for_index_shard=shard == INDEX_SHARD_NAME)
            self._initialized_dbs.add(shard)
        if len(self._files) > _KEPT:
            _, oldest = self._files.popitem(last=False)
            oldest.dispose()
        return engine

    def _close(self) -> None:
        with self._db_lock:
            while self._files:
                self._files.popitem()[1].dispose()


class Instance(dg.DagsterInstance):
    """Dagster's instance, with an `OpenEventLog` where its events are in SQLite's files.

    `instance_class` in `dagster.yaml` names it. Everything is where Dagster itself puts it, so that
    it can be left out again; storage in PostgreSQL or MySQL stays as it is.
    """

    def __init__(self, *, event_storage: EventLogStorage, **others: Any) -> None:  # noqa: ANN401 - Dagster's
        # Not a subclass of it: whoever named one wants that one.
        if type(event_storage) is SqliteEventLogStorage:
            folder = Path(event_storage.path_for_shard(INDEX_SHARD_NAME)).parent
            event_storage = OpenEventLog(str(folder), event_storage.inst_data)
        super().__init__(event_storage=event_storage, **others)

    @classmethod
    def config_schema(cls) -> dict[str, dg.Field]:
        """Add no settings to those of `dagster.yaml`."""
        return {}

    @classmethod
    def config_defaults(cls, base_dir: str) -> Mapping[str, ConfigurableClassData | None]:
        """Keep Dagster's defaults."""
        return InstanceRef.config_defaults(base_dir)


def _engine(url: str) -> sa.Engine:
    engine = sa.create_engine(
        url,
        poolclass=sa.StaticPool,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )
    sa.event.listen(engine, "connect", _trust_the_log)
    return engine


def _trust_the_log(connection: sqlite3.Connection, _: object) -> None:
    # With its log, SQLite's file stays whole without waiting for the disk at each event; what a
    # crash of the machine can take is the last events of a run that it ended anyway.
    connection.execute("PRAGMA synchronous = NORMAL")
