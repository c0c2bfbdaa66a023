"""How a recording thread wakes the sending one."""

from __future__ import annotations

import queue


class Wakeup:
    """Wakes a sleeper, at most once until it listens again: a wake-up is a system call of some 20 us on the caller's thread,
    and a full queue must not pile them up.

    Built on a SimpleQueue, the one primitive of the standard library whose `put` may interrupt itself: a finaliser that
    records an event can run at any moment, and an Event or a Condition could then wait for its own lock.
    """

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._hushed = False

    def call(self, urgent: bool = False) -> None:
        """Ends the present or the next `sleep` of a sleeper that listens; `urgent`: of any."""
        if urgent or not self._hushed:
            self._hushed = True
            self._calls.put(None)

    def listen(self) -> None:
        """To be called before looking for work: a call that comes after the look is then not lost."""
        self._hushed = False

    def hush(self) -> None:
        """Until `listen`, only urgent calls wake."""
        self._hushed = True

    def sleep(self, seconds: float) -> None:
        """Waits for a call, `seconds` at most."""
        try:
            self._calls.get(timeout=min(seconds, 3600.0))
        except queue.Empty:
            return
