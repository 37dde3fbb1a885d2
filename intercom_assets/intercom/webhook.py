"""Post a message to a webhook: once, without redirects, and without its address in any log.

Not Intercom's API, but only this package speaks HTTP. A webhook's address is its password, so no
message contains it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from intercom_assets.catalog.types import Record
from intercom_assets.errors import ConfigurationError

if TYPE_CHECKING:
    import httpx

_SLACK = ("https://hooks.slack.com/", "https://hooks.slack-gov.com/")
_SECONDS = 5.0
_FINAL = {400, 413, 422}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message was not accepted; if final, resending it would not help."""

    reason: str
    final: bool = False


def is_slack(address: str) -> bool:
    """Return whether the webhook is Slack's, which expects its own message format."""
    return address.lower().startswith(_SLACK)


def post(address: str, message: Record) -> Refusal | None:
    """Send a message as JSON; return why it was not accepted. Never raises."""
    import httpx  # noqa: PLC0415 - slow to import, and few sources have a webhook

    # These import httpx, too.
    from intercom_assets.intercom.secrets import Secret  # noqa: PLC0415
    from intercom_assets.intercom.transport import (  # noqa: PLC0415
        check_address,
        distrust,
        proxy_to,
        trusted,
    )

    if problem := check_address(address):
        return Refusal(f"the webhook's address {problem}")
    url = httpx.URL(address)
    try:
        with (
            # httpx logs each request with its address.
            Secret(url.raw_path.decode("ascii")).kept_from_logs(),
            httpx.Client(
                timeout=_SECONDS, trust_env=False, proxy=proxy_to(address), verify=trusted()
            ) as client,
            client.stream("POST", url, json=message) as answer,
        ):
            return _refusal(answer)
    except ConfigurationError as error:
        return Refusal(str(error))
    except (httpx.HTTPError, OSError) as error:
        if distrust(error):
            return Refusal("its certificate is not trusted: SSL_CERT_FILE may name another file")
        # Report only the kind of failure: a transport error may quote the address.
        return Refusal(f"no answer ({type(error).__name__})")


def _refusal(answer: "httpx.Response") -> Refusal | None:
    if answer.is_success:
        return None
    if answer.is_redirect:
        return Refusal(f"HTTP {answer.status_code}: it points elsewhere, which is not followed")
    return Refusal(f"HTTP {answer.status_code}", final=answer.status_code in _FINAL)
