"""OAuth: the page that grants access, the exchange of a code, and the token's permissions.

https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import anyio
import httpx

from intercom_assets.catalog.resource import ApiVersion, Resource
from intercom_assets.catalog.types import Json
from intercom_assets.errors import IntercomError, PermanentError, RequestInfo, Unauthorized
from intercom_assets.intercom import REGIONS
from intercom_assets.intercom.client import Call, Client, read_body, unanswered
from intercom_assets.intercom.rate_limit import RateLimiter
from intercom_assets.intercom.responses import decode, read_response
from intercom_assets.intercom.retry import RetryPolicy
from intercom_assets.intercom.secrets import Secret
from intercom_assets.intercom.transport import transport_to
from intercom_assets.intercom.workspace import Workspace, probe, read_workspace

PAGES = {
    "us": "https://app.intercom.com",
    "eu": "https://app.eu.intercom.com",
    "au": "https://app.au.intercom.com",
}
"""Hosts of the pages that grant access, by region."""

_EXCHANGE_HOST = REGIONS["us"]
"""Exchanges the codes of all regions."""

CLIENT_ID = "INTERCOM_CLIENT_ID"
CLIENT_SECRET = "INTERCOM_CLIENT_SECRET"  # noqa: S105 - the name of a variable

_AUTHORIZE = "/oauth"
_EXCHANGE = "/auth/eagle/token"
_TOKEN = re.compile(r"(?=.{8,4096}$)[A-Za-z0-9._~+/-]+=*")
"""A bearer token, as RFC 6750 defines it."""

_LARGEST = 1_000_000
_DEADLINE = 30.0
_RETRY_POLICY = RetryPolicy(attempts=3, quota_attempts=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An Intercom app that requests access to a workspace, expected in `region`."""

    client_id: str
    client_secret: str = field(repr=False)
    region: str
    version: ApiVersion
    base_url: str | None = None
    transport: httpx.AsyncBaseTransport | None = field(default=None, repr=False)

    @property
    def pages(self) -> str:
        """Scheme and host of the page that grants access."""
        return self.base_url or PAGES[self.region]

    def authorize_url(self, *, state: str, redirect_url: str) -> str:
        """Return the URL at which a person grants access."""
        query = {"client_id": self.client_id, "state": state, "redirect_uri": redirect_url}
        return f"{self.pages}{_AUTHORIZE}?{urlencode(query)}"

    async def exchange(self, code: str) -> str:
        """Exchange a code for an access token; never retried, since a code works once.

        Raises:
            Unauthorized: The code, the client id or the client secret is refused.
            IntercomError: No usable response came.
            ConfigurationError: The environment's proxy or certificates are unusable.
        """
        request = RequestInfo(method="POST", path=_EXCHANGE)
        response, content = await self._post(request, code)
        try:
            body = read_response(request, response, content, None).body
        except IntercomError as error:
            if response.is_client_error and response.status_code not in {408, 429}:
                raise Unauthorized(
                    _with_reason(error.request, content),
                    "The code expired or was used before, or the client id or secret is wrong",
                    "Connect again, and do not wait for minutes; if that does not help, copy "
                    f"{CLIENT_ID} and {CLIENT_SECRET} again from Intercom's Developer Hub "
                    "(your app > Configure > Basic information)",
                ) from None
            raise
        token = body.get("access_token") or body.get("token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise PermanentError(
                replace(request, status=response.status_code),
                "The answer to the code holds no access token",
                "Check INTERCOM_BASE_URL, if it is set, then connect again",
            )
        return token

    async def ask_about(self, token: str, resources: Iterable[Resource]) -> "Grant":
        """Return the token's workspace and permissions.

        Raises:
            Unauthorized: No region accepts the token.
            ConfigurationError: The token belongs to no workspace.
            IntercomError: Intercom does not answer.
        """
        workspace = await self._find(token)
        async with self._client(token, self._host(workspace.region or self.region)) as client:
            return Grant(workspace, await _permissions(client, resources))

    async def _find(self, token: str) -> Workspace:
        refusal: IntercomError | None = None
        for region in dict.fromkeys((self.region, *REGIONS)):
            async with self._client(token, self._host(region)) as client:
                session = client.session()
                try:
                    answer = await session.ask(Call(path="/me"))
                except Unauthorized as error:
                    refusal = refusal or error
                    continue
                return await read_workspace(session, _region(answer.body.get("app")) or region)
        assert refusal is not None
        raise refusal

    def _host(self, region: str) -> str:
        return self.base_url or REGIONS.get(region, REGIONS[self.region])

    def _client(self, token: str, base_url: str) -> Client:
        return Client(
            base_url=base_url,
            token=token,
            version=self.version,
            limiter=RateLimiter(),
            retry_policy=_RETRY_POLICY,
            transport=self.transport,
        )

    async def _post(self, request: RequestInfo, code: str) -> tuple[httpx.Response, bytes]:
        host = self.base_url or _EXCHANGE_HOST
        form = {"code": code, "client_id": self.client_id, "client_secret": self.client_secret}
        headers = {"Accept": "application/json", "User-Agent": "intercom_assets"}
        hidden = [Secret(self.client_secret), Secret(code)]
        try:
            with ExitStack() as stack, anyio.fail_after(_DEADLINE):
                for secret in hidden:
                    stack.enter_context(secret.kept_from_logs())
                async with (
                    httpx.AsyncClient(
                        base_url=host,
                        transport=self.transport or transport_to(host, limits=httpx.Limits()),
                        timeout=_DEADLINE,
                        follow_redirects=False,
                        trust_env=False,
                    ) as http,
                    http.stream("POST", request.path, data=form, headers=headers) as response,
                ):
                    content = await read_body(response, request, _LARGEST)
        except (httpx.HTTPError, TimeoutError) as error:
            # Report only the kind of failure, no context: a transport error may quote the request.
            failure = unanswered(request, error, "INTERCOM_BASE_URL", host)
        else:
            for secret in hidden:
                secret.conceal_headers(response)
                content = secret.without_escaped(content)
            return response, content
        raise failure


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission by its name in the Developer Hub; whether it is granted may stay unknown."""

    scope: str
    resources: tuple[str, ...]
    granted: bool | None


@dataclass(frozen=True, slots=True)
class Grant:
    """A token's workspace, and the permissions that the resources need."""

    workspace: Workspace
    permissions: tuple[Permission, ...]

    @property
    def granted(self) -> tuple[Permission, ...]:
        """The permissions that the token has."""
        return tuple(permission for permission in self.permissions if permission.granted)

    @property
    def refused(self) -> tuple[Permission, ...]:
        """The permissions that the token lacks."""
        return tuple(permission for permission in self.permissions if permission.granted is False)


async def _permissions(client: Client, resources: Iterable[Resource]) -> tuple[Permission, ...]:
    # Intercom does not list a token's permissions, so each is tried.
    needing: dict[str, list[Resource]] = {}
    for resource in resources:
        needing.setdefault(resource.scope, []).append(resource)
    return tuple(
        [
            Permission(
                scope, tuple(resource.name for resource in group), await _granted(client, group)
            )
            for scope, group in needing.items()
        ]
    )


async def _granted(client: Client, resources: Iterable[Resource]) -> bool | None:
    # One readable resource is enough: another may lack something else, such as a plan.
    granted: bool | None = False
    for resource in resources:
        try:
            await probe(client.session(scope=resource.scope), resource)
        except Unauthorized:
            continue
        except IntercomError:
            granted = None
        else:
            return True
    return granted


def _region(app: Json) -> str:
    region = app.get("region") if isinstance(app, Mapping) else None
    return region.lower() if isinstance(region, str) else ""


def _with_reason(request: RequestInfo, content: bytes) -> RequestInfo:
    """Add the two fields of OAuth's own errors, if the response is not Intercom's envelope."""
    try:
        body = decode(content)
    except ValueError:
        return request
    if request.code or not isinstance(body, dict):
        return request
    code, message = body.get("error"), body.get("error_description")
    return replace(
        request,
        code=code[:100] if isinstance(code, str) else None,
        message=message[:500] if isinstance(message, str) else None,
    )
