"""The bounded queue between the caller and the sender, and the ledger of what became of every event."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any, Deque, Dict, List, NamedTuple, Tuple

from .notices import Drop

#: An event as recorded: when (Unix time in nanoseconds), and its fields, not yet looked at.
QueuedEvent = Tuple[int, Dict[str, Any]]


class Stats(NamedTuple):
    """What became of the events of this process, a consistent snapshot.

    Always `recorded == accepted + duplicate + rejected + dropped + queued`.
    `recorded`: calls of `record()` and finished tracked calls. `accepted`: stored by the collector. `duplicate`: the
    collector knew them already (a re-send after a lost answer). `rejected`: refused one by one, each with a reason.
    `dropped`: never delivered, see `Drop`. `queued`: waiting, or on their way. `retries`: requests sent again.
    """

    recorded: int
    accepted: int
    duplicate: int
    rejected: int
    dropped: int
    queued: int
    retries: int


class EventQueue:
    """A first-in, first-out queue that refuses the newest events when full, and counts every one.

    The lock is re-entrant: a finaliser that the garbage collector runs in the middle of `put` may itself record an event
    (an abandoned stream does), and must neither wait for itself nor be lost.
    """

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._full_detail = f"{max_size} events were waiting"
        self.closed = False
        self.reset()

    def reset(self) -> None:
        """Empties the queue and the ledger; a forked child starts so, since its parent sends what was there."""
        self._lock = threading.RLock()
        self._settled_changed = threading.Condition(self._lock)
        self._pending: Deque[QueuedEvent] = deque()
        self._untold: Dict[str, List[Any]] = {}
        self._turned_away = 0
        self._enqueued = 0
        self._settled = 0
        self._accepted = 0
        self._duplicate = 0
        self._rejected = 0
        self._dropped = 0
        self._retries = 0

    def __len__(self) -> int:
        """Events waiting to be taken."""
        return len(self._pending)

    @property
    def enqueued(self) -> int:
        """How many events ever entered; the target that a flush waits for."""
        return self._enqueued

    @property
    def settled(self) -> int:
        """How many of the entered events have met their end, in order of entry."""
        return self._settled

    def put(self, event: QueuedEvent) -> int:
        """Appends an event. Returns how many wait now, or 0 when it was dropped."""
        with self._lock:
            if self._enqueued - self._settled < self._max_size and not self.closed:
                self._enqueued += 1
                self._pending.append(event)
                return len(self._pending)
            self._turned_away += 1
            if self.closed:
                self._count_drop("closed", 1, "recorded after shutdown()")
            else:
                self._count_drop("queue_full", 1, self._full_detail)
            return 0

    def refuse(self, detail: str) -> None:
        """Counts something recorded that is not an event at all."""
        with self._lock:
            self._turned_away += 1
            self._count_drop("invalid", 1, detail)

    def take(self, limit: int) -> List[QueuedEvent]:
        """Removes up to `limit` of the oldest events; the taker owes a `settle` or `drop` for each."""
        with self._lock:
            return [self._pending.popleft() for _ in range(min(limit, len(self._pending)))]

    def settle(self, accepted: int, duplicate: int, rejected: int) -> None:
        """Counts what the collector answered about events taken before."""
        with self._lock:
            self._accepted += accepted
            self._duplicate += duplicate
            self._rejected += rejected
            self._settled += accepted + duplicate + rejected
            self._settled_changed.notify_all()

    def drop(self, count: int, reason: str, detail: str) -> None:
        """Gives up `count` events taken before."""
        if count == 0:
            return
        with self._lock:
            self._count_drop(reason, count, detail)
            self._settled += count
            self._settled_changed.notify_all()

    def drop_pending(self, reason: str, detail: str) -> None:
        """Gives up everything that still waits."""
        with self._lock:
            count = len(self._pending)
            self._pending.clear()
            self.drop(count, reason, detail)

    def count_retry(self) -> None:
        with self._lock:
            self._retries += 1

    def wait_settled(self, target: int, deadline: float) -> bool:
        """Waits until `target` entered events are settled, or `deadline` (`time.monotonic()`) passes."""
        with self._lock:
            while self._settled < target:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return False
                self._settled_changed.wait(remaining)
            return True

    def untold_drops(self) -> List[Drop]:
        """Drops since the last call, by reason; the caller tells the application."""
        with self._lock:
            untold, self._untold = self._untold, {}
            return [Drop(reason, count, detail) for reason, (count, detail) in untold.items()]

    def stats(self) -> Stats:
        with self._lock:
            return Stats(
                recorded=self._enqueued + self._turned_away,
                accepted=self._accepted,
                duplicate=self._duplicate,
                rejected=self._rejected,
                dropped=self._dropped,
                queued=self._enqueued - self._settled,
                retries=self._retries,
            )

    def _count_drop(self, reason: str, count: int, detail: str) -> None:
        self._dropped += count
        untold = self._untold.get(reason)
        if untold is None:
            self._untold[reason] = [count, detail]
        else:
            untold[0] += count
