"""One kept-alive HTTP connection to the collector, where every request has a deadline as a whole."""

from __future__ import annotations

import base64

# getaddrinfo() imports it at its first use, on the sending thread; a fork at that moment leaves the child with half a module
# and "unknown encoding: idna" for ever.
import encodings.idna  # noqa: F401
import http.client
import io
import os
import socket
import ssl
import time
from email.message import Message
from functools import partial
from typing import Any, Dict, NamedTuple, Optional, Tuple
from urllib.parse import SplitResult, unquote, urlsplit

# The environment only: getproxies() asks macOS's frameworks, which crash in forked children.
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

from .version import __version__

_MAX_ANSWER_BYTES = 1024 * 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}


class TransportError(Exception):
    """There was no complete answer.

    `stale`: a connection kept alive from an earlier request turned out closed. That is how servers end idle connections,
    so it says nothing against trying again at once.
    """

    def __init__(self, message: str, stale: bool) -> None:
        super().__init__(message)
        self.stale = stale


class Answer(NamedTuple):
    status: int
    reason: str
    headers: Message
    body: bytes


class HttpTransport:
    """Posts bodies to one URL, or asks it. Not for several threads at once.

    Certificates are checked against the system's authorities, or those in `ca_file`. The variables HTTP_PROXY,
    HTTPS_PROXY and NO_PROXY are honoured. Redirects are not followed, so the key goes to no other host.
    """

    def __init__(self, url: str, api_key: str, ca_file: Optional[str]) -> None:
        self._url = url
        self._parts = urlsplit(url)
        self._api_key = api_key
        self._ca_file = ca_file
        self._tls: Optional[ssl.SSLContext] = None
        self._connection: Optional[http.client.HTTPConnection] = None
        self._target = ""
        self._proxy_headers: Dict[str, str] = {}

    def post(self, body: bytes, compressed: bool, timeout: float) -> Answer:
        """Sends one JSON body and reads the answer, all within `timeout` seconds.

        Only the name look-up is beyond that: the operating system's resolver takes no deadline.
        Raises TransportError when no complete answer came.
        """
        return self._request("POST", "", body, compressed, timeout)

    def get(self, query: str, timeout: float) -> Answer:
        """Asks with a query string ("" for none), in the same way."""
        return self._request("GET", query, None, False, timeout)

    def _request(self, method: str, query: str, body: Optional[bytes], compressed: bool, timeout: float) -> Answer:
        deadline = time.monotonic() + timeout
        reused = self._connection is not None
        keep = False
        try:
            if self._connection is None:
                self._connection = self._connect(deadline)
            answer, keep = self._exchange(self._connection, method, query, body, compressed, deadline)
            return answer
        except (OSError, http.client.HTTPException, ValueError) as error:
            # ValueError: a host name or a proxy in the environment that is none.
            stale = reused and isinstance(error, (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError))
            raise TransportError(self._describe(error), stale) from error
        finally:
            if not keep:
                self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def forget(self) -> None:
        """Leaves the connection to the parent process after a fork: closes this process's copy of the descriptor only."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.sock is not None:
            # Not connection.close(): a reader's lock may be held by a thread that does not exist here.
            descriptor = connection.sock.detach()
            if descriptor >= 0:
                os.close(descriptor)

    def _connect(self, deadline: float) -> http.client.HTTPConnection:
        proxy = self._proxy()
        near = proxy or self._parts
        # Always an explicit port: without one, http.client takes the end of an IPv6 address for it.
        near_host, near_port = near.hostname or "", near.port or _DEFAULT_PORTS.get(near.scheme, 80)
        self._target = self._parts.path or "/"
        self._proxy_headers = {}
        connection: http.client.HTTPConnection
        if self._parts.scheme == "https":
            if self._tls is None:
                self._tls = ssl.create_default_context(cafile=self._ca_file)
            connection = http.client.HTTPSConnection(near_host, near_port, context=self._tls)
            if proxy:
                connection.set_tunnel(self._parts.hostname or "", self._parts.port or 443, _proxy_authorization(proxy))
        else:
            connection = http.client.HTTPConnection(near_host, near_port)
            if proxy:
                self._target = self._url
                self._proxy_headers = _proxy_authorization(proxy)
        # http.client has no public way to bound the connection attempts to all addresses of a host together.
        connection._create_connection = partial(_connect_by, deadline)  # type: ignore[attr-defined]
        connection.auto_open = 0
        connection.connect()
        connection.sock = _DeadlineSocket(connection.sock, deadline)
        return connection

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        query: str,
        body: Optional[bytes],
        compressed: bool,
        deadline: float,
    ) -> Tuple[Answer, bool]:
        connection.sock.set_deadline(deadline)  # type: ignore[union-attr]
        headers = {
            "Authorization": f"Bearer {self._api_key}",
            **({} if body is None else {"Content-Type": "application/json"}),
            "Accept": "application/json, application/problem+json",
            "User-Agent": f"promptops-python/{__version__}",
            **({"Content-Encoding": "gzip"} if compressed else {}),
            **self._proxy_headers,
        }
        try:
            target = f"{self._target}?{query}" if query else self._target
            connection.request(method, target, body=body, headers=headers)
        except (BrokenPipeError, ConnectionResetError) as cut_off:
            # A server that refuses a body (413, say) answers and closes before it has read everything.
            try:
                return _read(connection)
            except (OSError, http.client.HTTPException):
                raise cut_off from None
        return _read(connection)

    def _proxy(self) -> Optional[SplitResult]:
        url = getproxies_environment().get(self._parts.scheme)
        if not url or proxy_bypass_environment(self._parts.netloc):
            return None
        proxy = urlsplit(url if "://" in url else f"http://{url}")
        if proxy.scheme not in _DEFAULT_PORTS:
            raise ValueError(f"a proxy of the kind {proxy.scheme}:// is not supported")
        return proxy

    def _describe(self, error: BaseException) -> str:
        return f"cannot reach {self._parts.scheme}://{self._parts.netloc} ({type(error).__name__}: {error})"


def _proxy_authorization(proxy: SplitResult) -> Dict[str, str]:
    if proxy.username is None:
        return {}
    credentials = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return {"Proxy-Authorization": "Basic " + base64.b64encode(credentials).decode("ascii")}


def _read(connection: http.client.HTTPConnection) -> Tuple[Answer, bool]:
    """The answer, and whether the connection can serve another request."""
    with connection.getresponse() as response:
        body = response.read(_MAX_ANSWER_BYTES)
        if response.length and len(body) < _MAX_ANSWER_BYTES:
            # read() with a limit does not say so itself when the connection ends early.
            raise http.client.IncompleteRead(body, response.length)
        return Answer(
            response.status, response.reason, response.headers, body
        ), response.isclosed() and not response.will_close


def _connect_by(deadline: float, address: Tuple[str, int], *_: object) -> socket.socket:
    """Like `socket.create_connection`, but all addresses of the host share one deadline."""
    host, port = address
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure: OSError = OSError(f"{host} has no address")
    for tried, (family, kind, protocol, _name, place) in enumerate(found):
        connection = socket.socket(family, kind, protocol)
        try:
            # An address that never answers leaves the others their share.
            connection.settimeout(_remaining(deadline) / (len(found) - tried))
            connection.connect(place)
            connection.settimeout(_remaining(deadline))
            return connection
        except OSError as error:
            connection.close()
            failure = error
    raise failure


def _remaining(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise socket.timeout("timed out")
    return remaining


class _DeadlineSocket:
    """A connected socket of which every send and receive ends by one deadline.

    A socket's own timeout is for each operation: a server that sends one byte in a while would stretch a request for ever.
    """

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket = connected
        self._deadline = deadline

    def set_deadline(self, deadline: float) -> None:
        """For the next request; `time.monotonic()` seconds."""
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        unsent = memoryview(data)
        while unsent:
            self._socket.settimeout(_remaining(self._deadline))
            unsent = unsent[self._socket.send(unsent) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._socket, self._deadline))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


class _DeadlineReader(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: float) -> None:
        super().__init__()
        self._socket = connected
        # Holds the descriptor until the answer is read, also after http.client has closed the socket.
        self._raw = connected.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Optional[int]:
        self._socket.settimeout(_remaining(self._deadline))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
