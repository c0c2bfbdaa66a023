"""When to send again: which statuses, after how long, and what the server asked for."""

from __future__ import annotations

import random
import time
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Optional

#: The collector, or something before it, is busy or away; the same request may succeed later.
RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})


def full_jitter(failures: int, initial_delay: float, max_delay: float) -> float:
    """Seconds to wait after the given number of failures (1 for the first).

    Random between 0 and an exponentially growing bound, so that many clients that failed together do not return together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """
    # 2 ** 30 is past any max_delay; a larger exponent would only overflow.
    bound = min(max_delay, initial_delay * 2.0 ** min(failures, 30))
    return random.random() * bound


def retry_after_seconds(headers: Message) -> Optional[float]:
    """The `Retry-After` of an answer in seconds from now, never negative; None when absent or unreadable.

    It is a number of seconds or an HTTP date (RFC 9110, section 10.2.3). A date is compared with the answer's own `Date`,
    so that a clock that differs from the server's does no harm.
    """
    value = headers.get("Retry-After")
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    until = _http_date(value)
    if until is None:
        return None
    now = _http_date(headers.get("Date"))
    return max(0.0, until - (time.time() if now is None else now))


def _http_date(value: Optional[str]) -> Optional[float]:
    try:
        return None if value is None else parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
