"""Decides who sends, and when: a daemon thread by batch size and interval, or the thread that calls `flush()`."""

from __future__ import annotations

import math
import threading
import time
from typing import NamedTuple, Optional

from . import lifecycle
from .config import Settings
from .delivery import Delivery
from .event_queue import EventQueue, QueuedEvent, Stats
from .notices import Notifier, logger
from .wakeup import Wakeup

_JOIN_SECONDS = 1.0
# After a request the thread looks again by itself once, instead of having itself woken: under load no record() then pays for
# the system call, and the batches fill up better.
_NAP_SECONDS = 0.05


class FlushResult(NamedTuple):
    """What a flush achieved.

    `remaining`: events recorded before the flush that are still waiting or on their way; 0 means that it got through.
    `sent`, `rejected`, `dropped`: events that met this end while the flush ran (`sent`: accepted, or known already).
    """

    sent: int
    rejected: int
    dropped: int
    remaining: int


class Sender:
    """Owns the queue and its delivery.

    The thread is started with the first event, not before: a server that loads the application and then forks its workers
    (gunicorn --preload) would fork with threads. In serverless mode, and when no thread can be started, `flush` sends.
    """

    def __init__(self, settings: Settings, notifier: Notifier) -> None:
        self._settings = settings
        self._batch_size = settings.batch_size
        self._serverless = settings.serverless
        self._notifier = notifier
        self._queue = EventQueue(settings.max_queue_size)
        self._closing = False
        self._begin()
        lifecycle.register(self)

    def _begin(self) -> None:
        self._wakeup = Wakeup()
        self._delivery = Delivery(self._settings, self._queue, self._notifier, self._wakeup)
        self._state_lock = threading.RLock()
        self._send_lock = threading.Lock()
        self._thread: Optional[threading.Thread] = None
        self._sending_thread_id: Optional[int] = None
        self._flush_target = 0

    def put(self, event: QueuedEvent) -> bool:
        """Takes an event over. False when it was dropped. No I/O; starts the sending thread when there is none."""
        waiting = self._queue.put(event)
        if not 0 < waiting < self._batch_size:
            self._wakeup.call()
        if self._thread is None and not self._serverless and not self._closing:
            self.start()
        return waiting > 0

    def refuse(self, detail: str) -> None:
        """Counts a recorded thing that is no event."""
        self._queue.refuse(detail)
        self._wakeup.call()

    def stats(self) -> Stats:
        return self._queue.stats()

    def start(self) -> bool:
        """Makes sure that the sending thread runs. False when it cannot: serverless mode, or no more threads."""
        if self._serverless:
            return False
        with self._state_lock:
            if self._thread is not None:
                return True
            self._thread = threading.Thread(target=self._run, name="promptops-sender", daemon=True)
            try:
                self._thread.start()
            except RuntimeError as error:
                # Too many threads, or the interpreter is going down.
                logger.debug("no sending thread: %s", error)
                self._thread = None
                return False
            lifecycle.call_at_child_exit(self.close_at_exit)
            return True

    def flush(self, timeout: float) -> FlushResult:
        return self._flush(timeout, "flush")

    def shutdown(self, timeout: float) -> FlushResult:
        """Refuses further events, delivers the others within `timeout` seconds, and drops what is left."""
        deadline = time.monotonic() + timeout
        self._queue.closed = True
        self._closing = True
        result = self._flush(timeout, "close")
        if result.remaining:
            self._give_up_rest()
        self._wakeup.call(urgent=True)
        thread = self._thread
        if thread is not None and not self._is_sending_thread():
            # After a full flush the thread ends at once; one that hangs in a request is a daemon, and may.
            thread.join(min(_JOIN_SECONDS, max(0.0, deadline - time.monotonic())))
        if thread is None:
            self._end()
        return result

    def abandon(self) -> None:
        """The client is gone: no more events will come. What is there is still sent. Returns at once."""
        self._queue.closed = True
        self._closing = True
        if self._thread is None and self._queue.settled >= self._queue.enqueued:
            self._end()
        self._wakeup.call(urgent=True)

    def close_at_exit(self) -> None:
        self.shutdown(self._settings.shutdown_timeout)

    def restart_after_fork(self) -> None:
        self._queue.reset()
        self._delivery.forget()
        self._begin()

    def _flush(self, timeout: float, reason: str) -> FlushResult:
        deadline = time.monotonic() + timeout
        before = self._queue.stats()
        target = self._queue.enqueued
        # A callback that flushes would wait for itself.
        if self._queue.settled < target and not self._is_sending_thread():
            if self.start():
                with self._state_lock:
                    self._flush_target = max(self._flush_target, target)
                self._delivery.hurry(reason)
                self._wakeup.call(urgent=True)
                self._queue.wait_settled(target, deadline)
            else:
                self._send_here(target, deadline, reason)
        if self._thread is None:
            self._tell_drops()
        after = self._queue.stats()
        return FlushResult(
            sent=after.accepted + after.duplicate - before.accepted - before.duplicate,
            rejected=after.rejected - before.rejected,
            dropped=after.dropped - before.dropped,
            remaining=max(0, target - self._queue.settled),
        )

    def _send_here(self, target: int, deadline: float, reason: str) -> None:
        if not self._send_lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return
        self._sending_thread_id = threading.get_ident()
        self._delivery.hurry(reason)
        try:
            while self._queue.settled < target and self._delivery.step(deadline):
                continue
        finally:
            self._sending_thread_id = None
            self._send_lock.release()

    def _give_up_rest(self) -> None:
        """Drops what waits; the batches under way are dropped when their present attempt is over."""
        self._queue.drop_pending("shutdown", "not delivered within the timeout of shutdown()")
        self._delivery.discard()
        if self._thread is None and self._send_lock.acquire(blocking=False):
            try:
                self._delivery.step(math.inf)
            finally:
                self._send_lock.release()
            self._tell_drops()

    def _is_sending_thread(self) -> bool:
        return self._sending_thread_id == threading.get_ident()

    def _run(self) -> None:
        self._sending_thread_id = threading.get_ident()
        try:
            while self._delivery.has_work or self._wait_for_events():
                self._delivery.step(math.inf)
                self._tell_drops()
        finally:
            if self._closing:
                self._end()
            self._sending_thread_id = None
            self._thread = None

    def _wait_for_events(self) -> bool:
        """Waits until a batch is due. False when there is none and none will come."""
        due = time.monotonic() + self._settings.flush_interval
        napped = False
        while True:
            if napped:
                self._wakeup.listen()
            else:
                self._wakeup.hush()
            self._tell_drops()
            waiting = len(self._queue)
            if waiting >= self._batch_size or (waiting and self._queue.settled < self._flush_target):
                return True
            if self._closing:
                return waiting > 0
            remaining = due - time.monotonic()
            if remaining > 0:
                self._wakeup.sleep(remaining if napped else min(remaining, _NAP_SECONDS))
                napped = True
                continue
            due += self._settings.flush_interval
            with self._state_lock:
                self._flush_target = max(self._flush_target, self._queue.enqueued)

    def _tell_drops(self) -> None:
        self._notifier.dropped(self._queue.untold_drops())

    def _end(self) -> None:
        self._delivery.close()
        lifecycle.unregister(self)
