"""A time-stamping authority of our own for tests: `openssl ts` behind a small HTTP server, which can also misbehave.

openssl is the independent implementation: it makes every token, and checks those that we store.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[stamping]
basicConstraints = CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[serving]
basicConstraints = CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,serverAuth
[tsa]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.2
digests = sha256
accuracy = secs:1
tsa_name = yes
ess_cert_id_alg = sha256
"""


def openssl(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["openssl", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False
    )


class Office:
    """A CA `root`, an intermediate under it, `tsa` under the root, `chained` under the intermediate, `other` apart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "openssl.cnf").write_text(CONFIG.format(folder=folder))
        (folder / "serial").write_text("01")
        for name in ("root", "other"):
            self._do(
                "req", "-x509", *self._key(name), "-out", f"{name}.pem", "-days", "3650", "-extensions", "ca"
            )
        self._issue("between", issuer="root", extensions="ca")
        self._issue("tsa", issuer="root", extensions="stamping")
        self._issue("chained", issuer="between", extensions="stamping")
        self._issue("web", issuer="root", extensions="serving")
        both = (folder / "root.pem").read_text() + (folder / "between.pem").read_text()
        (folder / "chain.pem").write_text(both)
        self._lock = threading.Lock()

    def _key(self, name: str) -> tuple[str, ...]:
        make = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key")
        return (*make, "-subj", f"/CN=Test {name}", "-config", "openssl.cnf")

    def _issue(self, name: str, *, issuer: str, extensions: str) -> None:
        self._do("req", *self._key(name), "-out", f"{name}.csr")
        self._do(
            "x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key",
            "-CAcreateserial", "-days", "3650", "-extfile", "openssl.cnf", "-extensions", extensions,
            "-out", f"{name}.pem",
        )  # fmt: skip

    def _do(self, *arguments: str) -> None:
        done = openssl(*arguments, cwd=self.folder)
        assert done.returncode == 0, done.stderr

    def reply(self, query: bytes, *, signer: str = "tsa", chain: str = "") -> bytes:
        """The TimeStampResp of `openssl ts -reply`."""
        with self._lock:
            (self.folder / "query").write_bytes(query)
            extra = ("-chain", chain) if chain else ()
            done = openssl(
                "ts", "-reply", "-config", "openssl.cnf", "-section", "tsa", "-queryfile", "query",
                "-signer", f"{signer}.pem", "-inkey", f"{signer}.key", *extra, "-out", "reply",
                cwd=self.folder,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return (self.folder / "reply").read_bytes()

    def query(self, data: bytes) -> bytes:
        (self.folder / "data").write_bytes(data)
        self._do("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "own-query")
        return (self.folder / "own-query").read_bytes()

    def accepts(self, token: bytes, data: bytes, *, root: str = "root", untrusted: str = "") -> bool:
        """What `openssl ts -verify` says about a token over `data`."""
        (self.folder / "token").write_bytes(token)
        (self.folder / "data").write_bytes(data)
        extra = ("-untrusted", untrusted) if untrusted else ()
        done = openssl(
            "ts", "-verify", "-token_in", "-in", "token", "-data", "data", "-CAfile", f"{root}.pem", *extra,
            cwd=self.folder,
        )  # fmt: skip
        return done.returncode == 0 and "OK" in done.stdout


class TsaServer:
    """`mode` says what it does with the next requests."""

    def __init__(self, office: Office) -> None:
        self.office, self.mode, self.asked = office, "good", 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked += 1
                outer._answer(self, query)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/tsa"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _answer(self, handler: BaseHTTPRequestHandler, query: bytes) -> None:
        office = self.office
        match self.mode:
            case "good":
                body = office.reply(query)
            case "chained":
                body = office.reply(query, signer="chained", chain="chain.pem")
            case "another nonce":
                body = office.reply(_same_imprint_other_nonce(query))
            case "other bytes":
                body = office.reply(office.query(b"something else"))
            case "altered":
                whole = bytearray(office.reply(query))
                whole[-5] ^= 1
                body = bytes(whole)
            case "cut off":
                body = office.reply(query)[:-100]
            case "rejection":
                body = office.reply(
                    query.replace(
                        bytes.fromhex("0609608648016503040201"), bytes.fromhex("0609608648016503040203")
                    )
                )
            case "a page":
                body = b"<html>Welcome to the hotel's network</html>"
            case "a flood":
                body = b"\x30" * 10_000_000
            case "busy":
                handler.send_error(503)
                return
            case "drip":
                handler.send_response(200)
                handler.send_header("Content-Length", "1000")
                handler.end_headers()
                try:
                    while self.mode == "drip":
                        handler.wfile.write(b"0")
                        time.sleep(0.05)
                except OSError:
                    pass
                return
            case _:
                raise AssertionError(self.mode)
        handler.send_response(200)
        handler.send_header("Content-Type", "application/timestamp-reply")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        with contextlib.suppress(OSError):
            handler.wfile.write(body)

    def stop(self) -> None:
        self.mode = "busy"
        self._server.shutdown()
        self._server.server_close()


def _same_imprint_other_nonce(query: bytes) -> bytes:
    """A request for the same bytes whose nonce differs in its last bit (certReq, `01 01 ff`, follows the nonce)."""
    assert query.endswith(b"\x01\x01\xff")
    return query[:-4] + bytes([query[-4] ^ 1]) + query[-3:]
