from __future__ import annotations

import time
import unittest
import uuid

import support  # noqa: F401

from promptops.uuid7 import uuid7


class Uuid7Test(unittest.TestCase):
    def test_is_a_version_7_uuid_of_its_millisecond(self) -> None:
        now_ns = 1_764_000_000_123_456_789
        made = uuid.UUID(uuid7(now_ns))
        self.assertEqual(made.version, 7)
        self.assertEqual(made.variant, uuid.RFC_4122)
        self.assertEqual(made.int >> 80, now_ns // 1_000_000)
        self.assertEqual(str(made), str(made).lower())

    def test_sorts_by_time_within_a_millisecond(self) -> None:
        times = range(1_764_000_000_000_000_000, 1_764_000_000_002_000_000, 500)
        ids = [uuid7(moment) for moment in times]
        self.assertEqual(ids, sorted(ids))

    def test_does_not_repeat(self) -> None:
        now_ns = time.time_ns()
        self.assertEqual(len({uuid7(now_ns) for _ in range(20_000)}), 20_000)


if __name__ == "__main__":
    unittest.main()
