"""Another client of the same app, which eats half of the quota while a sync runs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

from benchmarks.simulator import OTHER, WINDOW

_HEADERS = {"Authorization": "Bearer simulated-token", "Intercom-Version": "2.16"}
_THREADS = 16


@contextmanager
def half_the_quota(url: str, limit: int) -> Iterator[None]:
    """Send requests evenly, so that each window sees half of its quota used."""
    ended = threading.Event()
    pause = WINDOW * _THREADS / (limit / 2)
    threads = [
        threading.Thread(target=_ask, args=(urlsplit(url).netloc, pause, ended), daemon=True)
        for _ in range(_THREADS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _ask(host: str, pause: float, ended: threading.Event) -> None:
    connection = HTTPConnection(host, timeout=60)
    following = time.monotonic()
    while not ended.wait(max(following - time.monotonic(), 0)):
        following += pause
        connection.request("GET", f"/me?{OTHER}=1", headers=_HEADERS)
        connection.getresponse().read()
    connection.close()
