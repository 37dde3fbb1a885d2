"""Serves a workspace over HTTP on loopback, until a signal or the parent's end."""

import asyncio
import os
import signal
import socket
import sys
import threading
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from intercom_simulator.app import create_app
from intercom_simulator.workspace import Workspace

HOST = "127.0.0.1"


class _CuttableProtocol(HttpToolsProtocol):
    """Lets a fault close or abort the connection of a request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # A body must not wait until the client has acknowledged the head, which takes 40 ms.
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {
            **self.app_state,
            "close": transport.close,
            "abort": transport.abort,
        }


class _Server(uvicorn.Server):
    """Says on stdout where it listens, once it accepts requests."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets:
            port = sockets[0].getsockname()[1]
            sys.stdout.write(f"simulator ready http://{HOST}:{port}\n")
            sys.stdout.flush()


def serve(workspace: Workspace, *, port: int = 0, exit_with_parent: bool = False) -> None:
    """Serves until SIGTERM or SIGINT; optionally until stdin is closed.

    Args:
        workspace: What to serve.
        port: Port on 127.0.0.1; 0 picks a free one.
        exit_with_parent: Stop when stdin ends, as the pipe of a dead parent does.
    """
    server = _Server(_config(create_app(workspace)))
    if exit_with_parent:
        threading.Thread(target=_stop_at_end_of_stdin, args=(server,), daemon=True).start()
    _end_quietly()
    with socket.create_server((HOST, port)) as listener:
        server.run(sockets=[listener])


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_CuttableProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )


def _stop_at_end_of_stdin(server: uvicorn.Server) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    server.should_exit = True


def _end_quietly() -> None:
    """Makes a stop by signal an exit with 0: uvicorn raises the signal again."""

    def ignore(_signal: int, _frame: FrameType | None) -> None:
        return None

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ignore)
