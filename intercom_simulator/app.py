"""Puts the API and the control API together into one ASGI application."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from intercom_simulator.calls import error_response
from intercom_simulator.control import control_routes
from intercom_simulator.gateway import CONTROL_PREFIX, Gateway
from intercom_simulator.oauth_door import OAuthDoor
from intercom_simulator.refusals import ApiError, not_found
from intercom_simulator.routes import api_routes
from intercom_simulator.workspace import Workspace


def create_app(workspace: Workspace) -> Starlette:
    """Builds the application that serves a workspace; `app.state.workspace` is it."""
    app = Starlette(
        routes=[Mount(CONTROL_PREFIX, routes=control_routes(workspace)), *api_routes()],
        middleware=[
            Middleware(OAuthDoor, workspace=workspace),
            Middleware(Gateway, workspace=workspace),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=1),
        ],
        exception_handlers={ApiError: _refused, HTTPException: _unknown},
    )
    app.router.redirect_slashes = False
    app.state.workspace = workspace
    return app


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(error)


async def _unknown(_request: Request, _error: Exception) -> Response:
    """Answers an unknown path, and a wrong method alike, with 404."""
    return error_response(not_found())
