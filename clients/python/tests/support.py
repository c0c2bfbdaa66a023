"""What the tests share: the path to the sources, a collector on a real socket that misbehaves on demand, and waiting."""

from __future__ import annotations

import gzip
import json
import os
import socket
import ssl
import struct
import sys
import threading
import unittest
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Deque, Dict, List, Optional, Set

SOURCES = Path(__file__).resolve().parent.parent / "src"
sys.path.insert(0, str(SOURCES))

from promptops import ClientConfig, PromptOpsClient  # noqa: E402

#: Longest wait for something that must happen; a passing test never waits so long.
PATIENCE = 20.0


@dataclass
class Received:
    """A request as it came in."""

    path: str
    headers: Dict[str, str]
    body: bytes
    events: List[Dict[str, Any]]
    connection: int

    @property
    def ids(self) -> List[str]:
        return [event["event_id"] for event in self.events]


Behaviour = Callable[["Handler", Received], None]


class Collector:
    """Accepts events and counts each id once. `script` holds what to do with the next requests instead."""

    def __init__(self, *script: Behaviour, tls: Optional[ssl.SSLContext] = None, port: int = 0) -> None:
        self.script: Deque[Behaviour] = deque(script)
        self.requests: List[Received] = []
        self.stored: Dict[str, Dict[str, Any]] = {}
        self.changed = threading.Condition()
        self.released = threading.Event()
        self._server = Server(("127.0.0.1", port), Handler)
        self._server.collector = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def events(self) -> List[Dict[str, Any]]:
        """The events of all requests, re-sent ones included."""
        return [event for request in self.requests for event in request.events]

    def wait_for_requests(self, count: int) -> List[Received]:
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.requests) >= count, PATIENCE):
                raise AssertionError(f"{len(self.requests)} requests came, not {count}")
            return list(self.requests)

    def store(self, events: List[Dict[str, Any]]) -> Dict[str, Any]:
        with self.changed:
            fresh = {event["event_id"]: event for event in events if event["event_id"] not in self.stored}
            self.stored.update(fresh)
        return counts(len(events), accepted=len(fresh), duplicate=len(events) - len(fresh))

    def close(self) -> None:
        """Stops as a killed process does: connections that were kept alive end too."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._server.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended already


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    collector: Collector

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.connections: Set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are what the tests make."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    wbufsize = -1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        received = Received(self.path, dict(self.headers), body, json.loads(plain)["events"], self.client_address[1])
        collector = self.server.collector
        with collector.changed:
            behaviour = collector.script.popleft() if collector.script else accept
            collector.requests.append(received)
            collector.changed.notify_all()
        behaviour(self, received)

    def answer(self, status: int, body: Any, headers: Optional[Dict[str, str]] = None) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status < 300 else "application/problem+json")
        self.send_header("Content-Length", str(len(raw)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def cut_off(self) -> None:
        """Resets the connection: no answer, and the other side notices at once."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def log_message(self, *_: object) -> None:
        pass


def counts(received: int, accepted: int, duplicate: int = 0, rejected: int = 0, errors: Any = ()) -> Dict[str, Any]:
    return {
        "received": received,
        "accepted": accepted,
        "duplicate": duplicate,
        "rejected": rejected,
        "errors": list(errors),
    }


def accept(handler: Handler, received: Received) -> None:
    handler.answer(200, handler.server.collector.store(received.events))


def reset(handler: Handler, received: Received) -> None:
    """Reads the request, stores nothing, and cuts the connection."""
    handler.cut_off()


def store_then_reset(handler: Handler, received: Received) -> None:
    """Stores the events, but the answer is lost."""
    handler.server.collector.store(received.events)
    handler.cut_off()


def hang(handler: Handler, received: Received) -> None:
    """Does not answer before the test ends."""
    handler.server.collector.released.wait(PATIENCE)
    handler.close_connection = True


def accept_then_close(handler: Handler, received: Received) -> None:
    """Answers as if the connection would stay, then ends it, as servers do with idle ones."""
    accept(handler, received)
    handler.close_connection = True


def answering(status: int, body: Any = None, headers: Optional[Dict[str, str]] = None) -> Behaviour:
    problem = {"type": "urn:test", "title": f"Status {status}", "status": status, "detail": "as the test wants it"}

    def behave(handler: Handler, received: Received) -> None:
        handler.answer(status, problem if body is None else body, headers)

    return behave


class Told:
    """Collects what a callback is told, and lets a test wait for it."""

    def __init__(self) -> None:
        self.values: List[Any] = []
        self._changed = threading.Condition()

    def __call__(self, value: Any) -> None:
        with self._changed:
            self.values.append(value)
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[List[Any]], bool]) -> List[Any]:
        with self._changed:
            if not self._changed.wait_for(lambda: condition(self.values), PATIENCE):
                raise AssertionError(f"told only {self.values}")
            return list(self.values)


class ClientTest(unittest.TestCase):
    """A test with a collector and clients of it, all ended at its end."""

    maxDiff = None

    def setUp(self) -> None:
        self.drops = Told()
        self.errors = Told()

    def collector(self, *script: Behaviour, **options: Any) -> Collector:
        collector = Collector(*script, **options)
        self.addCleanup(collector.close)
        return collector

    def client(self, collector: Optional[Collector], defaults: Any = None, **telemetry: Any) -> PromptOpsClient:
        """A client that sends only on `flush()` or full batches, and retries within milliseconds."""
        settings: Any = {
            "flush_interval": 600,
            "retry_initial_delay": 0.001,
            "retry_max_delay": 0.01,
            "request_timeout": 10,
            **telemetry,
        }
        client = PromptOpsClient(
            ClientConfig(
                # Port 9 takes no connections.
                base_url=collector.url if collector else "http://127.0.0.1:9",
                api_key="po_test",
                telemetry=settings,
                defaults=defaults,
                on_drop=self.drops,
                on_error=self.errors,
            )
        )
        self.addCleanup(client.shutdown, 0)
        return client

    def assert_ledger_adds_up(self, client: PromptOpsClient) -> None:
        stats = client.stats()
        self.assertEqual(
            stats.recorded, stats.accepted + stats.duplicate + stats.rejected + stats.dropped + stats.queued, stats
        )


def llm_call(**fields: Any) -> Dict[str, Any]:
    return {"model_provider": "openai", "model_name": "gpt-4o", **fields}
