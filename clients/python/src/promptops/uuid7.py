"""Time-ordered event ids (RFC 9562, UUID version 7)."""

from __future__ import annotations

import os


def uuid7(now_ns: int) -> str:
    """Returns a version 7 UUID in its 36-character text form.

    `now_ns` is Unix time in nanoseconds (`time.time_ns()`). The 12 bits after the milliseconds hold the fraction of the
    millisecond (RFC 9562, section 6.2, method 3), so ids of one process sort by time without shared state: nothing to
    lock, and nothing that a forked child or a restored snapshot could repeat. 60 bits come from the operating system.
    """
    millis, rest = divmod(now_ns, 1_000_000)
    time_hex = "%012x" % (millis & 0xFFFF_FFFF_FFFF)
    random_hex = os.urandom(8).hex()
    # The digit 8 is the variant, in place of the first random digit.
    return f"{time_hex[:8]}-{time_hex[8:]}-7{(rest << 12) // 1_000_000:03x}-8{random_hex[1:4]}-{random_hex[4:]}"
