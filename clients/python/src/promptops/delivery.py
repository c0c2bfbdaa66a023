"""Turns queued events into requests, one at a time and in order, and judges each answer."""

from __future__ import annotations

import gzip
import math
import random
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Deque, List, Optional

from .answer import BatchResult, describe_problem, read_batch_result
from .config import Settings
from .event import encode_event
from .event_queue import EventQueue
from .notices import DeliveryError, Notifier, logger
from .retry import RETRIED_STATUSES, full_jitter, retry_after_seconds
from .transport import Answer, HttpTransport, TransportError
from .wakeup import Wakeup

_GZIP_FROM_BYTES = 1024
# Usage events are repetitive: on 100 of them level 4 gives nearly what level 9 does, in half the time.
_GZIP_LEVEL = 4
_ENVELOPE = b'{"events":[%b]}'
_TOO_LATE = "not delivered within the timeout of shutdown()"


@dataclass
class _Batch:
    """Encoded events of one request. They are encoded once, so every attempt sends the same bytes and the same ids."""

    events: List[bytes]
    attempts: int = 0
    failures: int = 0
    reconnected: bool = False
    give_up_at: float = math.inf
    not_before: float = 0.0
    asked_until: float = 0.0
    body: bytes = field(default=b"", repr=False)
    compressed: bool = False

    def pack(self, compress: bool) -> None:
        if not self.body:
            plain = _ENVELOPE % b",".join(self.events)
            self.compressed = compress and len(plain) >= _GZIP_FROM_BYTES
            self.body = gzip.compress(plain, _GZIP_LEVEL, mtime=0) if self.compressed else plain


class Delivery:
    """The batches that were taken from the queue and are not settled yet. Used by one thread at a time."""

    def __init__(self, settings: Settings, events: EventQueue, notifier: Notifier, wakeup: Wakeup) -> None:
        self._settings = settings
        self._queue = events
        self._notifier = notifier
        self._wakeup = wakeup
        self._transport = HttpTransport(settings.endpoint, settings.api_key, settings.ca_file)
        self._batches: Deque[_Batch] = deque()
        self._hurry: Optional[str] = None
        self._discarding = False

    @property
    def has_work(self) -> bool:
        return bool(self._batches)

    def hurry(self, reason: str) -> None:
        """Has the next attempt made now. Any thread may call it.

        For a `flush` the time that the server asked for (Retry-After) is still kept; to `close` is the last chance.
        """
        self._hurry = reason

    def discard(self) -> None:
        """From now on nothing is sent any more; what is held is dropped. Any thread may call it, then wake the sender."""
        self._discarding = True

    def close(self) -> None:
        self._transport.close()

    def forget(self) -> None:
        """In a forked child: leaves batches and connection to the parent."""
        self._transport.forget()

    def step(self, deadline: float) -> bool:
        """Sends the oldest batch once, after waiting until its turn. False when that is not before `deadline`.

        `deadline` is in `time.monotonic()` seconds. Never raises.
        """
        try:
            if self._discarding:
                self._drop_batches("shutdown", _TOO_LATE)
                return True
            if not self._batches and not self._load():
                return True
            batch = self._batches[0]
            if not self._wait_for_turn(batch, deadline):
                return False
            if not self._discarding:
                self._attempt(batch, min(self._settings.request_timeout, deadline - time.monotonic()))
        except Exception:
            # A fault of this client must neither end the thread nor spin on the same batch.
            logger.exception("sending failed; the batch is dropped")
            self._drop_batches("internal_error", "a fault of the client, see the log", limit=1)
        return True

    def _load(self) -> bool:
        """Encodes the next events into a batch. What cannot be encoded is dropped alone."""
        events: List[bytes] = []
        for recorded_ns, fields in self._queue.take(self._settings.batch_size):
            try:
                events.append(encode_event(fields, recorded_ns))
            except Exception as error:
                self._queue.drop(1, "not_serialisable", f"{type(error).__name__}: {error}"[:200])
        if events:
            self._batches.append(_Batch(events))
        return bool(events)

    def _wait_for_turn(self, batch: _Batch, deadline: float) -> bool:
        while True:
            hurry, self._hurry = self._hurry, None
            if hurry == "close":
                batch.not_before = 0.0
            elif hurry == "flush":
                batch.not_before = min(batch.not_before, batch.asked_until)
            now = time.monotonic()
            if now >= deadline or batch.not_before >= deadline:
                return False
            if now >= batch.not_before or self._discarding:
                return True
            self._notifier.dropped(self._queue.untold_drops())
            self._wakeup.sleep(batch.not_before - now)

    def _attempt(self, batch: _Batch, timeout: float) -> None:
        if batch.attempts == 0:
            batch.give_up_at = time.monotonic() + self._settings.retry_budget
        else:
            self._queue.count_retry()
        batch.attempts += 1
        batch.pack(self._settings.gzip)
        try:
            answer = self._transport.post(batch.body, batch.compressed, timeout)
        except TransportError as error:
            if error.stale and not batch.reconnected:
                batch.reconnected = True
                return
            self._plan_retry(batch, "network", str(error), None, None)
            return
        self._judge(batch, answer)

    def _judge(self, batch: _Batch, answer: Answer) -> None:
        count = len(batch.events)
        if answer.status in RETRIED_STATUSES:
            self._plan_retry(batch, "http", _problem(answer), answer.status, retry_after_seconds(answer.headers))
            return
        if answer.status == 413 and count > 1:
            self._split(batch)
            return
        # A batch of which every event is rejected is answered with a 4xx that has the same counts.
        result = read_batch_result(answer.body, count)
        success = 200 <= answer.status < 300
        if result is not None and (success or result.total == count):
            self._settle(batch, result, answer.status)
        elif success:
            message = f"HTTP {answer.status}: not an answer of the collector; check base_url"
            self._give_up(batch, "answer", "bad_answer", message, answer.status)
        elif answer.status == 413:
            self._give_up(batch, "http", "too_large", _problem(answer), answer.status)
        else:
            self._give_up(batch, "http", "refused", _problem(answer), answer.status)

    def _settle(self, batch: _Batch, result: BatchResult, status: int) -> None:
        count = len(batch.events)
        self._batches.popleft()
        self._notifier.delivered()
        if result.rejected:
            first = result.errors[0] if result.errors else None
            why = f"; the first because {first.field or 'it'} {first.reason}" if first else ""
            message = f"the collector rejected {result.rejected} of {count} event(s){why}"
            self._notifier.failed(DeliveryError("rejected", message, result.rejected, False, status, result.errors))
        missing = count - result.total
        if missing:
            message = f"HTTP {status}: the answer says nothing about {missing} event(s)"
            self._notifier.failed(DeliveryError("answer", message, missing, False, status))
            self._queue.drop(missing, "bad_answer", message)
        self._queue.settle(result.accepted, result.duplicate, result.rejected)

    def _split(self, batch: _Batch) -> None:
        """Two requests in place of one that was too large."""
        self._batches.popleft()
        middle = len(batch.events) // 2
        self._batches.extendleft([_Batch(batch.events[middle:]), _Batch(batch.events[:middle])])

    def _plan_retry(
        self, batch: _Batch, kind: str, message: str, status: Optional[int], retry_after: Optional[float]
    ) -> None:
        """Plans the next attempt, or gives the batch up when its budget is spent."""
        now = time.monotonic()
        if now >= batch.give_up_at:
            self._give_up(batch, kind, "retries_exhausted", message, status)
            return
        batch.failures += 1
        delay = full_jitter(batch.failures, self._settings.retry_initial_delay, self._settings.retry_max_delay)
        if retry_after is not None:
            batch.asked_until = now + retry_after
            # A little more than asked for, so that not everybody returns in the same moment.
            delay = retry_after + random.random() * self._settings.retry_initial_delay
        # The last attempt is made when the budget ends.
        batch.not_before = min(now + delay, batch.give_up_at)
        self._notifier.failed(DeliveryError(kind, message, len(batch.events), True, status))

    def _give_up(self, batch: _Batch, kind: str, reason: str, message: str, status: Optional[int]) -> None:
        self._batches.popleft()
        self._notifier.failed(DeliveryError(kind, message, len(batch.events), False, status))
        self._queue.drop(len(batch.events), reason, message)

    def _drop_batches(self, reason: str, detail: str, limit: Optional[int] = None) -> None:
        for _ in range(len(self._batches) if limit is None else min(limit, len(self._batches))):
            self._queue.drop(len(self._batches.popleft().events), reason, detail)


def _problem(answer: Answer) -> str:
    return describe_problem(answer.status, answer.reason, answer.headers.get("Location"), answer.body)
