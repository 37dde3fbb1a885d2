"""A server on loopback that repeats what it was sent wherever an answer has room for it."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ME = {"type": "admin", "app": {"id_code": "hostile1", "name": "Hostile", "region": "US"}}

Talk = Callable[[BaseHTTPRequestHandler, str], None]
"""Answers a request; is given the value of its Authorization header."""


@dataclass
class Server:
    """A server that is running.

    Attributes:
        url: Where it listens.
        heard: The Authorization header of each request, empty where there was none.
    """

    url: str
    heard: list[str] = field(default_factory=list)


@contextmanager
def listening(talk: Talk, secured: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve until the block ends, over TLS where it is given a certificate."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told = self.headers.get("Authorization", "")
            server.heard.append(told)
            talk(self, told)

        do_GET = do_POST = answer  # noqa: N815 - names of the base class

        def log_message(self, *_: object) -> None:
            """Keep still."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        if secured is not None:
            http.socket = secured.wrap_socket(http.socket, server_side=True)
        scheme = "http" if secured is None else "https"
        server = Server(f"{scheme}://127.0.0.1:{http.server_address[1]}")
        thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def say(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes | dict[str, Any],
    reason: str | None = None,
    **headers: str,
) -> None:
    """Send an answer; `_` in the names of headers stands for `-`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status, reason)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def envelope(text: str) -> dict[str, Any]:
    """Make an error of Intercom's form whose every field is a text."""
    return {
        "type": "error.list",
        "request_id": text,
        "errors": [{"code": text, "message": f"Bad header: {text}"}],
    }


def in_message(handler: BaseHTTPRequestHandler, told: str) -> None:
    """Quote the header in an error of Intercom's form."""
    say(handler, 403, envelope(told))


def in_escapes(handler: BaseHTTPRequestHandler, told: str) -> None:
    """Quote the header in an error, each character written as an escape of JSON."""
    escaped = "".join(f"\\u{ord(one):04X}" for one in told)
    say(handler, 403, json.dumps(envelope("@")).replace("@", escaped).encode())


def in_page(handler: BaseHTTPRequestHandler, told: str) -> None:
    """Quote the header in a proxy's page."""
    say(handler, 502, f"<html>{told}</html>".encode())


def in_headers(handler: BaseHTTPRequestHandler, told: str) -> None:
    """Quote the header in every header and in the reason phrase."""
    say(
        handler, 404, envelope("x") | {"request_id": None}, told,
        X_Request_Id=told, Date=told, Link=f'<https://h/contacts/{told}>; rel="canonical"',
        X_RateLimit_Limit=told, X_RateLimit_Remaining=told, X_RateLimit_Reset=told,
    )  # fmt: skip


def in_no_http(handler: BaseHTTPRequestHandler, told: str) -> None:
    """Quote the header in a line that is no HTTP."""
    handler.wfile.write(f"HTTP/1.1 200 OK\r\n{told}\r\n\r\n".encode())
    handler.close_connection = True


def in_success(handler: BaseHTTPRequestHandler, told: str) -> None:
    """Quote the header in an answer that holds no list."""
    say(handler, 200, {"app": told, told: told})


def in_next_page(handler: BaseHTTPRequestHandler, told: str) -> None:
    """Quote the header where the next page is named."""
    page = {"data": [], "pages": {"next": {told: told}}}
    say(handler, 200, ME if handler.path == "/me" else page)


def in_workspace(handler: BaseHTTPRequestHandler, told: str) -> None:
    """Quote the header as the region of the workspace."""
    say(handler, 200, {"app": {"id_code": told, "name": told, "region": told}})


def in_records(handler: BaseHTTPRequestHandler, told: str) -> None:
    """Quote the header in values, keys and headers of good answers, and refuse admins with it."""
    if handler.path == "/me":
        say(handler, 200, ME, told, Server=told)
    elif handler.path.startswith("/tags"):
        record = {"type": "tag", "id": told, "name": told, told: {"a": told}, "applied_count": told}
        say(handler, 200, {"data": [record]}, told, X_Echo=told)
    else:
        in_message(handler, told)
