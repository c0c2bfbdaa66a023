"""What the application is told: drops and failed deliveries, as values handed to its callbacks or to the log."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Callable, Iterable, Optional, Tuple

logger = logging.getLogger("promptops")


@dataclass(frozen=True)
class Drop:
    """Events that will not be delivered. Each counts once in `stats().dropped`.

    `reason` is one of:
    `queue_full` (more than `max_queue_size` waiting), `closed` (recorded after `shutdown()`), `invalid` (not a mapping of
    fields), `not_serialisable` (holds what JSON cannot), `too_large` (refused alone with 413), `refused` (the collector
    answered 4xx), `bad_answer` (a 2xx that is not the collector's), `retries_exhausted` (`retry_budget` is over),
    `shutdown` (left when the deadline of `shutdown()` passed), `internal_error` (a fault of this client, which is logged).
    """

    reason: str
    count: int
    detail: str


@dataclass(frozen=True)
class RejectedEvent:
    """An event that the collector refused, and why. `index` is its place in the request."""

    index: Optional[int]
    event_id: Optional[str]
    field: Optional[str]
    reason: str


@dataclass(frozen=True)
class DeliveryError:
    """A request that did not deliver all of its events.

    `kind`: `network` (no answer: refused, reset, timed out, certificate not trusted), `http` (an error status),
    `rejected` (the collector took the batch and refused single events, listed in `rejected`, at most 100),
    `answer` (a 2xx that is not the collector's).
    `status` is the HTTP status, None without an answer. `events` counts the events concerned. `will_retry` tells whether
    the same events, with the same ids, are sent again.
    """

    kind: str
    message: str
    events: int
    will_retry: bool
    status: Optional[int] = None
    rejected: Tuple[RejectedEvent, ...] = ()


class Notifier:
    """Calls the application's callbacks; without one, writes to the `promptops` log. Nothing that a callback raises escapes."""

    def __init__(
        self, on_drop: Optional[Callable[[Drop], object]], on_error: Optional[Callable[[DeliveryError], object]]
    ) -> None:
        self._on_drop = on_drop
        self._on_error = on_error
        self._failing = False

    def dropped(self, drops: Iterable[Drop]) -> None:
        for drop in drops:
            if self._on_drop is None:
                logger.warning("%d event(s) dropped (%s): %s", drop.count, drop.reason, drop.detail)
                continue
            try:
                self._on_drop(drop)
            except Exception:
                logger.exception("the on_drop callback raised")

    def failed(self, error: DeliveryError) -> None:
        if self._on_error is not None:
            try:
                self._on_error(error)
            except Exception:
                logger.exception("the on_error callback raised")
            return
        # One line for an outage, not one for each attempt.
        level = logging.DEBUG if error.will_retry and self._failing else logging.WARNING
        self._failing = self._failing or error.will_retry
        logger.log(level, "%s%s", error.message, " (will be sent again)" if error.will_retry else "")

    def delivered(self) -> None:
        if self._failing and self._on_error is None:
            logger.warning("the collector takes events again")
        self._failing = False
