"""Proxies and certificates of the environment are used, or told in one line; no password is."""

import os
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from intercom_assets.catalog import NEWEST
from intercom_assets.errors import ConfigurationError, PermanentError, TransientError
from intercom_assets.intercom.connection import Connection
from intercom_assets.intercom.metrics import RequestMetrics
from intercom_assets.intercom.oauth import App
from intercom_assets.intercom.retry import RetryPolicy
from intercom_assets.intercom.transport import proxy_to
from intercom_assets.intercom.webhook import post
from intercom_assets.intercom.workspace import Workspace
from intercom_assets_tests.guarantees.hostile_server import ME, listening, say
from intercom_assets_tests.guarantees.on_the_way import Authority, Proxy, proxying
from intercom_assets_tests.guarantees.test_security import chain
from intercom_assets_tests.telling import parts_of

HOST = "intercom.test"
INTERCOM = "https://api.intercom.io"
PASSWORD = "Tr0ub4dor-3"
GOOD = "http://proxy.example:8080"

Variables = dict[str, str]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Begin without any variable of proxies or certificates."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in {"SSL_CERT_FILE", "SSL_CERT_DIR"}:
            monkeypatch.delenv(name)
    return monkeypatch


def chosen(environment: pytest.MonkeyPatch, variables: Variables, url: str = INTERCOM) -> str:
    """Name the proxy that leads to a host, empty where none does."""
    for name, value in variables.items():
        environment.setenv(name, value)
    proxy = proxy_to(url)
    return "" if proxy is None else str(proxy.url)


@pytest.mark.parametrize(
    ("variables", "proxy"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": GOOD}, GOOD),
        ({"https_proxy": GOOD}, GOOD),
        ({"https_proxy": GOOD, "HTTPS_PROXY": "http://other.example"}, GOOD),
        ({"https_proxy": "", "HTTPS_PROXY": GOOD}, ""),
        ({"HTTPS_PROXY": ""}, ""),
        ({"HTTPS_PROXY": "  "}, ""),
        ({"HTTPS_PROXY": "proxy.example:8080"}, GOOD),
        ({"HTTPS_PROXY": f" {GOOD} "}, GOOD),
        ({"HTTP_PROXY": GOOD}, ""),
        ({"HTTP_PROXY": "socks://x:1"}, ""),
        ({"ALL_PROXY": GOOD}, GOOD),
        ({"all_proxy": GOOD}, GOOD),
        ({"HTTPS_PROXY": "http://[fd00::1]:3128"}, "http://[fd00::1]:3128"),
        ({"HTTPS_PROXY": "https://proxy.example"}, "https://proxy.example"),
        # What GNOME sets.
        ({"HTTPS_PROXY": GOOD, "ALL_PROXY": "socks://proxy.example:1080/"}, GOOD),
        ({"HTTPS_PROXY": GOOD, "ALL_PROXY": "socks5://proxy.example:1080"}, GOOD),
        ({"HTTPS_PROXY": "socks://proxy.example:1080", "ALL_PROXY": GOOD}, GOOD),
        ({"HTTPS_PROXY": "http://h:1:2", "ALL_PROXY": GOOD}, GOOD),
    ],
)
def test_the_usable_proxy_is_used(
    environment: pytest.MonkeyPatch, variables: Variables, proxy: str
) -> None:
    """The scheme's own proxy is asked, else that of all; in small letters first, and usable."""
    assert proxy == chosen(environment, variables)


@pytest.mark.parametrize(
    ("exceptions", "url", "proxied"),
    [
        ("", INTERCOM, True),
        (" , ", INTERCOM, True),
        ("localhost,127.0.0.1,[::1],fe80::/10", INTERCOM, True),
        ("example.com", INTERCOM, True),
        ("intercom.io.example", INTERCOM, True),
        ("com.io", INTERCOM, True),
        ("tercom.io", INTERCOM, True),
        ("[", INTERCOM, True),
        ("10.0.0.0/99,::/x", INTERCOM, True),
        ("http://[::1", INTERCOM, True),
        ("*", INTERCOM, False),
        ("localhost, *", INTERCOM, False),
        ("intercom.io", INTERCOM, False),
        (".intercom.io", INTERCOM, False),
        ("*.intercom.io", INTERCOM, False),
        ("API.Intercom.IO", INTERCOM, False),
        ("localhost api.intercom.io", INTERCOM, False),
        ("api.intercom.io:443", INTERCOM, False),
        ("api.intercom.io:8443", INTERCOM, True),
        ("10.0.0.0/8", "https://10.1.2.3", False),
        ("10.1.2.3", "https://10.1.2.3", False),
        ("10.0.0.1/8", "https://11.1.2.3", True),
        ("fe80::/10", "https://[fe80::1]:8443", False),
        ("[fe80::1]", "https://[fe80::1]", False),
        ("fe80:0::1", "https://[fe80::1]", False),
        ("fe80::/10", "https://[fd00::1]", True),
    ],
)
def test_what_no_proxy_names_is_asked_directly(
    environment: pytest.MonkeyPatch, exceptions: str, url: str, *, proxied: bool
) -> None:
    """NO_PROXY names hosts, what is below them, addresses and networks; what is none is ignored."""
    assert (GOOD if proxied else "") == chosen(
        environment, {"HTTPS_PROXY": GOOD, "NO_PROXY": exceptions}, url
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://localhost", "https://[::1]:8"])
def test_this_machine_is_asked_directly(environment: pytest.MonkeyPatch, url: str) -> None:
    """No proxy leads to loopback, and one that cannot be used does not matter there."""
    assert "" == chosen(environment, {"ALL_PROXY": "socks://x:1", "HTTPS_PROXY": "http://"}, url)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize(
    "address",
    [
        f"socks://me:{PASSWORD}@proxy.example:1080/",
        f"socks4://me:{PASSWORD}@proxy.example:1080",
        f"socks5://me:{PASSWORD}@proxy.example:1080",
        f"ftp://me:{PASSWORD}@proxy.example",
        f"http://me:{PASSWORD}@",
        f"http://me:{PASSWORD}@[::1",
        f"http://me:{PASSWORD}@proxy.example:99999",
        f"http://me:{PASSWORD}@proxy example:1",
        f"http://me:{PASSWORD}@proxy.example:port",
        f"'http://me:{PASSWORD}@proxy.example:1'",
        f"me:{PASSWORD}@proxy.example:1:2",
        f"http://{PASSWORD}\x7f@proxy.example",
        "http://",
        "://",
    ],
)
def test_a_proxy_that_cannot_be_used_is_told_in_a_line(
    environment: pytest.MonkeyPatch, name: str, address: str
) -> None:
    """One line names the variable and what to set; neither address nor password is in it."""
    environment.setenv(name, address)

    with (
        pytest.raises(ConfigurationError) as caught,
        Connection(token="t" * 20, region="us", version=NEWEST),
    ):
        pass

    told = parts_of(str(caught.value))
    assert f"The proxy that {name} names cannot be used" == told.wrong
    assert f"Set {name} to http://" in told.remedy
    assert "\n" not in str(caught.value)
    assert not any(PASSWORD in one or "proxy.example" in one for one in chain(caught.value))


@dataclass
class Way:
    """A way to a server that speaks as Intercom does.

    Attributes:
        url: Where Intercom is, as settings say it.
        root: The certificate that its own goes back to.
        proxy: What leads there, None where nothing has to.
        slept: The pauses that the client made.
    """

    url: str
    root: Path
    proxy: Proxy | None
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        """Remember a pause instead of making it."""
        self.slept.append(seconds)

    def workspace(self) -> Workspace:
        """Ask whose token this is."""
        with Connection(
            token="secret-token-value",
            region="us",
            version=NEWEST,
            base_url=self.url,
            retry_policy=RetryPolicy(sleep=self.sleep),
        ) as connection:
            session = connection.session(meter=RequestMetrics(), scope="x", note=lambda _: None)
            return connection.workspace(session)


@contextmanager
def leading(
    environment: pytest.MonkeyPatch,
    folder: Path,
    *,
    proxied: bool,
    name: str | None = None,
    begins: int = -1,
    ends: int = 1,
    status: int = 200,
) -> Iterator[Way]:
    """Lead to a server with a certificate that nobody trusts yet."""
    authority = Authority(folder)
    host = HOST if proxied else "localhost"
    secured = authority.secure(name or host, begins=begins, ends=ends)
    with listening(lambda handler, _: say(handler, 200, ME), secured) as server:
        port = int(server.url.rpartition(":")[2])
        if not proxied:
            yield Way(f"https://{host}:{port}", authority.root, None)
            return
        with proxying(port, status=status) as proxy:
            environment.setenv("HTTPS_PROXY", proxy.url.replace("//", f"//me:{PASSWORD}@"))
            yield Way(f"https://{host}", authority.root, proxy)


BOTH_WAYS = pytest.mark.parametrize("proxied", [False, True], ids=["direct", "proxied"])


@BOTH_WAYS
def test_own_certificates_are_trusted(
    environment: pytest.MonkeyPatch, tmp_path: Path, *, proxied: bool
) -> None:
    """What goes back to a certificate of SSL_CERT_FILE is trusted; a proxy gets its password."""
    with leading(environment, tmp_path, proxied=proxied) as way:
        environment.setenv("SSL_CERT_FILE", str(way.root))

        assert "Hostile" == way.workspace().name

    login = b64encode(f"me:{PASSWORD}".encode()).decode()
    assert way.proxy is None or [f"Basic {login}"] == way.proxy.logins
    assert way.proxy is None or [f"{HOST}:443"] == way.proxy.hosts


@BOTH_WAYS
@pytest.mark.parametrize(
    ("certificate", "own_root"),
    [
        ({}, False),
        ({"name": "else.test"}, True),
        ({"begins": -9, "ends": -2}, True),
        ({"begins": 2, "ends": 9}, True),
    ],
    ids=["unknown", "of another name", "expired", "not yet valid"],
)
def test_an_untrusted_certificate_is_told_at_once(
    environment: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    proxied: bool,
    certificate: dict[str, Any],
    own_root: bool,
) -> None:
    """Whatever is wrong with a certificate, it is told as that, with a way out, and not retried."""
    with leading(environment, tmp_path, proxied=proxied, **certificate) as way:
        if own_root:
            environment.setenv("SSL_CERT_FILE", str(way.root))
        with pytest.raises(PermanentError) as caught:
            way.workspace()

    told = parts_of(str(caught.value))
    host = HOST if proxied else "localhost"
    assert f"The certificate of {host}, or of a proxy before it, is not trusted" == told.wrong
    assert "SSL_CERT_FILE" in told.remedy
    assert re.fullmatch(r"GET /me → no answer: .{12,}", told.said)
    assert [] == way.slept
    assert way.proxy is None or 1 == len(way.proxy.hosts)


@BOTH_WAYS
@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\0"])
def test_certificates_that_cannot_be_read_are_told(
    environment: pytest.MonkeyPatch, tmp_path: Path, *, proxied: bool, content: bytes | None
) -> None:
    """A file that is missing, or holds no certificate, is named by its variable."""
    file = tmp_path / "mine.pem"
    if content is not None:
        file.write_bytes(content)
    with leading(environment, tmp_path, proxied=proxied) as way:
        environment.setenv("SSL_CERT_FILE", str(file))
        with pytest.raises(ConfigurationError) as caught:
            way.workspace()

    told = parts_of(str(caught.value))
    assert "The certificates in the file that SSL_CERT_FILE names cannot be read" == told.wrong
    assert told.said
    assert "\n" not in str(caught.value)


def test_a_proxy_that_refuses_is_told(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A proxy that does not let anyone through is told as that, without its password."""
    with (
        leading(environment, tmp_path, proxied=True, status=407) as way,
        pytest.raises(TransientError, match="proxy refuses to connect") as caught,
    ):
        way.workspace()

    assert "proxy with its name and password" in caught.value.remedy
    assert not any(PASSWORD in one for one in chain(caught.value))


@BOTH_WAYS
def test_connecting_takes_the_same_way(
    environment: pytest.MonkeyPatch, tmp_path: Path, *, proxied: bool
) -> None:
    """A code is exchanged over the proxy and with the certificates of the environment."""
    with leading(environment, tmp_path, proxied=proxied) as way:
        app = App(
            client_id="x", client_secret="y" * 20, region="us", version=NEWEST, base_url=way.url
        )
        with pytest.raises(PermanentError, match=r"is not trusted.*SSL_CERT_FILE"):
            anyio.run(app.exchange, "code")
        environment.setenv("SSL_CERT_FILE", str(way.root))
        with pytest.raises(PermanentError, match="holds no access token"):
            anyio.run(app.exchange, "code")

    environment.setenv("HTTPS_PROXY", "socks://x:1")
    elsewhere = replace(app, base_url=None)
    with pytest.raises(ConfigurationError, match="The proxy that HTTPS_PROXY names"):
        anyio.run(elsewhere.exchange, "code")


@BOTH_WAYS
def test_alerts_take_the_same_way(
    environment: pytest.MonkeyPatch, tmp_path: Path, *, proxied: bool
) -> None:
    """A webhook is told over the proxy and with the certificates of the environment."""
    with leading(environment, tmp_path, proxied=proxied) as way:
        untrusted = post(way.url, {})
        environment.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
        unread = post(way.url, {})
        environment.setenv("SSL_CERT_FILE", str(way.root))
        taken = post(way.url, {})
    environment.setenv("HTTPS_PROXY", "socks://x:1")
    unusable = post("https://hooks.example/secret", {})

    assert untrusted is not None
    assert unread is not None
    assert unusable is not None
    assert taken is None
    assert "certificate is not trusted" in untrusted.reason
    assert "SSL_CERT_FILE names cannot be read" in unread.reason
    assert "The proxy that HTTPS_PROXY names cannot be used" in unusable.reason
    assert HOST not in untrusted.reason
    assert "hooks.example" not in unusable.reason
