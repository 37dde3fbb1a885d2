"""PostgreSQL and Redis of this machine, started for a test on free ports of loopback."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, create_engine, text

from intercom_assets_tests.dagster_project.processes import free_port, until

PASSWORD = "a-password of a test: /?@"
"""It has characters that a URL cannot hold as they are."""

_DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
POSTGRES = str(_DEBIAN[-1]) if _DEBIAN else shutil.which("postgres")
REDIS = shutil.which("redis-server")


def missing(*programs: tuple[str, str | None]) -> str | None:
    """Say what to install for these tests, None when everything is there."""
    packages = [package for package, found in programs if found is None]
    return f"apt-get install {' '.join(packages)}" if packages else None


@contextmanager
def postgres() -> Iterator[int]:
    """Run a PostgreSQL with a database `dagster` of the user `dagster`; gives its port."""
    assert POSTGRES is not None
    user = _user()
    # Not pytest's folder: its parents are closed to other users, and PostgreSQL refuses root.
    with tempfile.TemporaryDirectory(prefix="intercom_assets_postgres_") as name:
        folder, port = Path(name), free_port()
        password = folder / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        if user is not None:
            for path in (folder, password):
                shutil.chown(path, user, user)
        initialise = ["-U", "dagster", "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8"]
        data = str(folder / "data")
        subprocess.run(
            [str(Path(POSTGRES).parent / "initdb"), "-D", data, *initialise],
            check=True,
            capture_output=True,
            cwd="/",
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )
        address = ["-h", "127.0.0.1", "-p", str(port)]
        with _running([POSTGRES, "-D", data, *address, "-k", ""], folder / "log", user):
            until(lambda: _listens(port), "PostgreSQL's start")
            engine = create_engine(
                URL.create(
                    "postgresql+psycopg2", "dagster", PASSWORD, "127.0.0.1", port, "postgres"
                ),
                isolation_level="AUTOCOMMIT",
            )
            with engine.connect() as connection:
                connection.execute(text("CREATE DATABASE dagster"))
            engine.dispose()
            yield port


@contextmanager
def redis(password: str) -> Iterator[int]:
    """Run a Redis that keeps nothing; gives its port."""
    assert REDIS is not None
    with tempfile.TemporaryDirectory(prefix="intercom_assets_redis_") as name:
        port = free_port()
        command = [REDIS, "--bind", "127.0.0.1", "--port", str(port), "--requirepass", password]
        with _running([*command, "--save", "", "--dir", name], Path(name) / "log", None):
            until(lambda: _listens(port), "Redis's start")
            yield port


def _user() -> str | None:
    # Where the tests run as root: the one that Debian's package made.
    return "postgres" if os.getuid() == 0 else None


@contextmanager
def _running(command: Sequence[str], log: Path, user: str | None) -> Iterator[None]:
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd="/",
            user=user,
            group=user,
            extra_groups=[] if user else None,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield
        finally:
            # SIGINT is PostgreSQL's fast shutdown; Redis ends by it too.
            process.send_signal(2)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _listens(port: int) -> bool | None:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return None
    return True
