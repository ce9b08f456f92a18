"""A TLS server whose certificate no machine trusts: `python -m emulator.tls FOLDER [--expired]`.

It answers every request as sts:GetCallerIdentity would. The authority's certificate is written to
FOLDER/authority.pem, and a line of JSON tells the endpoint. It ends with standard input.
"""

from __future__ import annotations

import argparse
import http.server
import ipaddress
import json
import ssl
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .__main__ import end_with_stdin

ANSWER = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/mary</Arn><UserId>AIDA</UserId>
<Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificates(folder: Path, expired: bool) -> Path:
    """Writes an authority and a certificate for 127.0.0.1 with its key; returns the latter."""
    now = datetime.now(timezone.utc)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    unsigned = (
        x509.CertificateBuilder()
        .issuer_name(name("an authority nobody knows"))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
    )
    authority = (
        unsigned.subject_name(name("an authority nobody knows"))
        .public_key(authority_key.public_key())
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        unsigned.subject_name(name("127.0.0.1"))
        .public_key(key.public_key())
        .not_valid_after(now + timedelta(days=-1 if expired else 1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    own = folder / "server.pem"
    own.write_bytes(
        key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(pem)
    )
    return own


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *args: object) -> None:
        """Quiet."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust us is what this is for."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="emulator.tls")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--expired", action="store_true")
    arguments = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates(arguments.folder, arguments.expired))
    server = Server(("127.0.0.1", 0), Handler)
    # The handshake is made by the thread that answers, not by the one that accepts.
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    print(json.dumps({"endpoint": f"https://127.0.0.1:{server.server_address[1]}"}), flush=True)
    threading.Thread(target=end_with_stdin, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
