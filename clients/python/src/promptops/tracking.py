"""One tracked call: its times, its usage, its end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Callable, Dict, Optional, Type, TypeVar

from .notices import logger
from .streams import observe_stream
from .usage import UsageReader
from .usage.reading import count, get

PutEvent = Callable[[Dict[str, Any], int], object]
Self = TypeVar("Self", bound="Call")


class Call:
    """One LLM call. `with client.track(…) as call:` times it and records it when the block ends, however it ends.

    An exception is recorded (`status` error, `error_type` its class name, `status_code` where it has an HTTP status) and goes
    on unchanged. A stream that its consumer leaves early (GeneratorExit) is no error: it is recorded as a success with
    `metadata.aborted` true, and its duration ends with the last piece that arrived.

    None of the methods raises. Not for several threads at once.
    """

    def __init__(self, put: PutEvent, fields: Mapping[str, Any]) -> None:
        self._put = put
        self._given: Dict[str, Any] = dict(fields)
        self._read: Dict[str, Any] = {}
        self._reader = UsageReader()
        self._open = False
        self._started_ns = 0
        self._started = 0.0
        self._first_token_at: Optional[float] = None
        self._last_piece_at: Optional[float] = None

    def set(self, **fields: Any) -> None:
        """Sets fields of the event. They win over what `usage` reads."""
        self._given.update(fields)

    def first_token(self) -> None:
        """Marks the arrival of the first token; later calls change nothing."""
        if self._first_token_at is None:
            self._first_token_at = time.perf_counter()

    def usage(self, answer: Any) -> Dict[str, Any]:
        """Reads token counts, model and service tier from a provider's answer, or from one piece of its stream.

        Returns what it has read so far; {} when the answer is not recognised. See `promptops.usage_from`.
        """
        try:
            self._read.update(self._reader.read(answer))
        except Exception:
            logger.debug("usage of a %s could not be read", type(answer).__name__, exc_info=True)
        return dict(self._read)

    def stream(self, pieces: Any) -> Any:
        """Wraps a provider's stream, sync or async, for use inside the block.

        `for piece in call.stream(answer):` marks the first token and reads the usage as the pieces pass. Everything else of
        the stream (`close`, `response`, `with`) stays usable on the wrapper.
        """
        self.streams()
        return observe_stream(pieces, self.piece, None)

    def streams(self) -> None:
        """Says that the answer is a stream."""
        self._read["stream"] = True

    def piece(self, piece: Any) -> None:
        """Takes note of one piece of a stream: its time, and its usage if it has any."""
        self.first_token()
        self._last_piece_at = time.perf_counter()
        self.usage(piece)

    def begin(self: Self) -> Self:
        """Starts the clock; `with` does it."""
        self._open = True
        self._started_ns = time.time_ns()
        self._started = time.perf_counter()
        return self

    def end(self, error: Optional[BaseException] = None) -> None:
        """Stops the clock and records the call, once; `with` does it."""
        if not self._open:
            return
        self._open = False
        try:
            self._put(self._event(error, time.perf_counter()), self._started_ns)
        except Exception:
            logger.exception("a call could not be recorded")

    def _event(self, error: Optional[BaseException], now: float) -> Dict[str, Any]:
        aborted = isinstance(error, GeneratorExit)
        ended = self._last_piece_at if aborted and self._last_piece_at is not None else now
        event: Dict[str, Any] = {
            "response_time_ms": round((ended - self._started) * 1000, 3),
            "status": "success",
            **self._read,
        }
        if self._first_token_at is not None:
            event["time_to_first_token_ms"] = round((self._first_token_at - self._started) * 1000, 3)
        event.update(self._given)
        if aborted:
            metadata = event.get("metadata")
            event["metadata"] = {**(metadata if isinstance(metadata, Mapping) else {}), "aborted": True}
        elif error is not None:
            event["status"] = "error"
            event.setdefault("error_type", type(error).__name__)
            event.setdefault("status_code", http_status_of(error))
        return event

    def __enter__(self: Self) -> Self:
        return self.begin()

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.end(error)

    async def __aenter__(self: Self) -> Self:
        return self.begin()

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.end(error)


def http_status_of(error: BaseException) -> Optional[int]:
    """The HTTP status that an SDK's exception carries: `status_code` (OpenAI, Anthropic), `code` (google-genai), `status`, or
    its response's `status_code` (requests, httpx)."""
    candidates = (
        count(error, "status_code", "code", "status", "http_status"),
        count(get(error, "response"), "status_code"),
    )
    return next((status for status in candidates if status is not None and 100 <= status <= 599), None)
