from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Callable
from unittest import mock

from support import PATIENCE, ClientTest, Handler, Received, llm_call

from promptops import ClientConfig, PromptOpsClient
from promptops.transport import HttpTransport, TransportError

OPENSSL = shutil.which("openssl")


def saying(answer: bytes) -> Callable[[socket.socket], None]:
    def serve(peer: socket.socket) -> None:
        peer.recv(10_000)
        peer.sendall(answer)

    return serve


class TransportTest(ClientTest):
    def test_a_server_that_dribbles_cannot_stretch_a_request_beyond_its_timeout(self) -> None:
        stop = threading.Event()
        self.addCleanup(stop.set)

        def dribble(handler: Handler, received: Received) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            # Each byte comes well within the socket's own timeout.
            while not stop.wait(0.02):
                handler.wfile.write(b"X")
                handler.wfile.flush()

        collector = self.collector(dribble)
        transport = HttpTransport(collector.url, "k", None)
        start = time.monotonic()
        with self.assertRaises(TransportError) as caught:
            transport.post(b'{"events":[]}', False, 0.3)
        self.assertIn("timed out", str(caught.exception))
        self.assertLess(time.monotonic() - start, 5)

    def test_a_refusal_before_the_whole_body_was_read_is_heard(self) -> None:
        port = self.raw_server(saying(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
        # More than socket buffers hold, so that sending is cut off.
        answer = HttpTransport(f"http://127.0.0.1:{port}/log", "k", None).post(os.urandom(30_000_000), False, PATIENCE)
        self.assertEqual(answer.status, 413)

    def test_an_endless_answer_is_cut(self) -> None:
        def serve(peer: socket.socket) -> None:
            peer.recv(10_000)
            peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                while True:
                    peer.sendall(b"x" * 65_536)
            except OSError:
                return

        answer = HttpTransport(f"http://127.0.0.1:{self.raw_server(serve)}", "k", None).post(b"{}", False, PATIENCE)
        self.assertEqual(len(answer.body), 1024 * 1024)

    def test_http_1_0_and_connection_close_work(self) -> None:
        port = self.raw_server(saying(b"HTTP/1.0 200 OK\r\n\r\nhello"), times=2)
        transport = HttpTransport(f"http://127.0.0.1:{port}", "k", None)
        self.assertEqual(transport.post(b"{}", False, PATIENCE).body, b"hello")
        self.assertEqual(transport.post(b"{}", False, PATIENCE).body, b"hello")

    def test_a_proxy_of_the_environment_is_used_and_no_proxy_is_kept(self) -> None:
        proxy = self.collector()
        environment = {"http_proxy": f"http://user:p%40ss@127.0.0.1:{proxy.port}", "no_proxy": "direct.example"}
        with mock.patch.dict(os.environ, environment):
            config = ClientConfig(base_url="http://collector.example", api_key="k")
            client = PromptOpsClient(config)
            self.addCleanup(client.shutdown, 0)
            client.record(llm_call())
            self.assertEqual(client.flush(PATIENCE).sent, 1)
            self.assertIsNone(HttpTransport("http://direct.example/log", "k", None)._proxy())
        (request,) = proxy.requests
        self.assertEqual(request.path, "http://collector.example/v1/client/usage/log")
        self.assertEqual(request.headers["Host"], "collector.example")
        self.assertEqual(request.headers["Proxy-Authorization"], "Basic dXNlcjpwQHNz")

    def test_a_proxy_that_is_none_is_told_as_a_network_error(self) -> None:
        for value in ("http://host:port", "socks5://127.0.0.1:1"):
            with self.subTest(proxy=value), mock.patch.dict(os.environ, {"http_proxy": value}):
                with self.assertRaises(TransportError):
                    HttpTransport("http://collector.example", "k", None).post(b"{}", False, 1)

    def test_an_ipv6_address_is_a_host(self) -> None:
        with self.assertRaises(TransportError) as caught:
            HttpTransport("http://[::1]:9/log", "k", None).post(b"{}", False, 1)
        self.assertIn("http://[::1]:9", str(caught.exception))

    def raw_server(self, serve: Callable[[socket.socket], object], times: int = 1) -> int:
        """A server that speaks through a bare socket."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def run() -> None:
            for _ in range(times):
                peer, _address = listener.accept()
                with peer:
                    serve(peer)
                    peer.shutdown(socket.SHUT_WR)
                    # Until the client has read the answer: closing now would reset the connection.
                    peer.settimeout(PATIENCE)
                    while peer.recv(1_000_000):
                        continue

        def guarded() -> None:
            try:
                run()
            except OSError:
                return

        threading.Thread(target=guarded, daemon=True).start()
        return int(listener.getsockname()[1])


@unittest.skipUnless(OPENSSL, "makes its certificate with openssl")
class TlsTest(ClientTest):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.certificate = str(Path(folder.name) / "certificate.pem")
        key = str(Path(folder.name) / "key.pem")
        subprocess.run(
            [
                OPENSSL or "",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
            ]
            + [
                "-subj",
                "/CN=collector",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-keyout",
                key,
                "-out",
                self.certificate,
            ],
            check=True,
            capture_output=True,
        )
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate, key)

    def test_a_certificate_that_nobody_vouches_for_gets_no_events(self) -> None:
        collector = self.collector(tls=self.tls)
        client = self.client(collector, retry_budget=0.05)
        client.record(llm_call())
        self.assertEqual(client.flush(PATIENCE).dropped, 1)
        self.assertIn("CERTIFICATE_VERIFY_FAILED", self.errors.values[0].message)
        self.assertEqual(collector.requests, [])

    def test_a_certificate_from_the_given_authority_is_trusted(self) -> None:
        collector = self.collector(tls=self.tls)
        client = self.client(collector, ca_file=self.certificate)
        for _ in range(2):
            client.record(llm_call())
            self.assertEqual(client.flush(PATIENCE).sent, 1)
        self.assertEqual(len({request.connection for request in collector.requests}), 1)


if __name__ == "__main__":
    unittest.main()
