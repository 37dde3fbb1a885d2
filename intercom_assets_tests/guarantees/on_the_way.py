"""What stands between this machine and Intercom: certificates of any kind, and a proxy."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Authority:
    """Issues certificates that only who is given its root trusts.

    Attributes:
        folder: Where its files are.
    """

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def root(self) -> Path:
        """The file of its own certificate."""
        path = self.folder / "root.pem"
        path.write_bytes(self._certificate("Inspector", self.key, 0, 1).public_bytes(_PEM))
        return path

    def secure(self, name: str, *, begins: int = -1, ends: int = 1) -> ssl.SSLContext:
        """Give a server the certificate of a name, good from one day of now to another."""
        key = ec.generate_private_key(ec.SECP256R1())
        path = self.folder / "server.pem"
        path.write_bytes(
            self._certificate(name, key, begins, ends).public_bytes(_PEM)
            + key.private_bytes(
                _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _certificate(
        self, name: str, key: ec.EllipticCurvePrivateKey, begins: int, ends: int
    ) -> x509.Certificate:
        now = datetime.now(UTC) - timedelta(minutes=1)
        own = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named("Inspector"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=begins))
            .not_valid_after(now + timedelta(days=ends))
            .add_extension(
                x509.BasicConstraints(ca=key is self.key, path_length=None), critical=True
            )
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@dataclass
class Proxy:
    """A proxy that leads every host to one port of this machine.

    Attributes:
        url: Where it listens.
        hosts: The host and port of each request.
        logins: What each request said for itself, empty where it said nothing.
    """

    url: str
    hosts: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)


@contextmanager
def proxying(port: int, *, status: int = 200) -> Iterator[Proxy]:
    """Pass on what comes until the block ends, or refuse it with a status."""

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            proxy.hosts.append(self.path)
            proxy.logins.append(self.headers.get("Proxy-Authorization", ""))
            self.send_response(status)
            self.end_headers()
            if status == 200:
                with socket.create_connection(("127.0.0.1", port)) as beyond:
                    back = threading.Thread(target=_pass_on, args=(beyond, self.connection))
                    back.start()
                    _pass_on(self.connection, beyond)
                    back.join()

        def log_message(self, *_: object) -> None:
            """Keep still."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        proxy = Proxy(f"http://127.0.0.1:{http.server_address[1]}")
        thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            http.shutdown()
            thread.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
