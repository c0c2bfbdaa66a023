from __future__ import annotations

import time
import unittest
from email.message import Message
from email.utils import formatdate
from typing import Optional

import support  # noqa: F401

from promptops.retry import full_jitter, retry_after_seconds


def asked(value: str, date: Optional[str] = None) -> Optional[float]:
    headers = Message()
    headers["Retry-After"] = value
    if date is not None:
        headers["Date"] = date
    return retry_after_seconds(headers)


class RetryTest(unittest.TestCase):
    def test_retry_after_in_seconds(self) -> None:
        self.assertEqual(asked("120"), 120.0)
        self.assertEqual(asked(" 0 "), 0.0)

    def test_retry_after_as_a_date_is_measured_by_the_servers_own_clock(self) -> None:
        self.assertEqual(asked("Fri, 31 Dec 1999 23:59:59 GMT", date="Fri, 31 Dec 1999 23:59:29 GMT"), 30.0)
        self.assertEqual(asked("Fri, 31 Dec 1999 23:59:59 GMT", date="Sat, 01 Jan 2000 00:00:00 GMT"), 0.0)

    def test_retry_after_as_a_date_without_a_date_of_the_server(self) -> None:
        self.assertAlmostEqual(asked(formatdate(time.time() + 60, usegmt=True)) or 0, 60, delta=5)
        self.assertEqual(asked(formatdate(time.time() - 60, usegmt=True)), 0.0)

    def test_nonsense_asks_for_nothing(self) -> None:
        for value in ("", "-5", "soon", "1.5e3", "٣", "Fri, 99 Foo 2099 00:00:00 GMT"):
            with self.subTest(value=value):
                self.assertIsNone(asked(value))
        self.assertIsNone(retry_after_seconds(Message()))

    def test_a_huge_number_is_still_a_time(self) -> None:
        self.assertLess(asked("9" * 400) or 0, 1e10)

    def test_the_wait_is_random_below_a_growing_and_limited_bound(self) -> None:
        for failures, bound in ((1, 1.0), (2, 2.0), (3, 4.0), (6, 30.0), (10_000, 30.0)):
            waits = [full_jitter(failures, 0.5, 30.0) for _ in range(500)]
            self.assertLessEqual(max(waits), bound)
            self.assertGreater(max(waits), bound * 0.8)
            self.assertLess(min(waits), bound * 0.2)


if __name__ == "__main__":
    unittest.main()
