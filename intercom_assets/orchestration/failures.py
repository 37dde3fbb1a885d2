"""Our errors reach the user as one clear line, in the asset and in the IO manager alike."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from intercom_assets.errors import IntercomAssetsError, IntercomError


@contextmanager
def explained() -> Iterator[None]:
    """Turn our errors into a Dagster failure whose description is the message.

    Dagster does not try again: the client has done so, and rows up to the last commit are kept.
    """
    try:
        yield
    except IntercomAssetsError as error:
        # Without the cause: the message says what to do, and sixty lines of trace do not.
        raise dg.Failure(
            description=str(error), metadata=_metadata(error), allow_retries=False
        ) from None


def _metadata(error: IntercomAssetsError) -> dict[str, str]:
    told = {"error": type(error).__name__}
    if isinstance(error, IntercomError):
        request = error.request
        told["request"] = f"{request.method} {request.path}"
        told["status"] = str(request.status or "no answer")
        if request.code:
            told["intercom_code"] = request.code
        if request.request_id:
            told["request_id"] = request.request_id
    return told
