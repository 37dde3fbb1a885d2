"""How the simulator says no: one exception, one envelope."""

import uuid
from collections.abc import Mapping
from types import MappingProxyType

from intercom_simulator.records import Record


class ApiError(Exception):
    """Ends a request with a status, an Intercom error code and a message."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


def envelope(code: str, message: str) -> Record:
    """Wraps one error the way that every Intercom error is wrapped."""
    return {
        "type": "error.list",
        "request_id": str(uuid.uuid4()),
        "errors": [{"code": code, "message": message}],
    }


def parameter_invalid(message: str) -> ApiError:
    """Builds the 400 for a parameter that cannot be used."""
    return ApiError(400, "parameter_invalid", message)


def not_found(message: str = "Resource Not Found", code: str = "not_found") -> ApiError:
    """Builds the 404 for something that is not there."""
    return ApiError(404, code, message)


def version_invalid() -> ApiError:
    """Builds the 400 for a resource that the asked version lacks."""
    return ApiError(
        400,
        "intercom_version_invalid",
        "Requested resource is not available in current API version.",
    )
