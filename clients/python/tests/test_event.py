from __future__ import annotations

import json
import math
import unittest
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any, Dict
from unittest import mock
from uuid import UUID

import support  # noqa: F401

from promptops.event import encode_event

RECORDED_NS = 1_764_000_000_123_456_789
RECORDED = "2025-11-24T16:00:00.123456Z"


def encoded(**fields: Any) -> Dict[str, Any]:
    event = json.loads(encode_event(fields, RECORDED_NS))
    assert isinstance(event, dict)
    return event


class Colour(Enum):
    RED = "red"


class EventTest(unittest.TestCase):
    def test_an_event_without_timestamp_and_id_gets_both(self) -> None:
        event = encoded(model_name="gpt-4o")
        self.assertEqual(event["timestamp"], RECORDED)
        self.assertEqual(UUID(event["event_id"]).int >> 80, RECORDED_NS // 1_000_000)

    def test_its_own_id_and_text_timestamp_stay_as_they_are(self) -> None:
        event = encoded(event_id="mine", timestamp="2026-11-24T06:00:00.123Z")
        self.assertEqual((event["event_id"], event["timestamp"]), ("mine", "2026-11-24T06:00:00.123Z"))

    def test_a_datetime_becomes_utc_and_a_naive_one_is_utc(self) -> None:
        kolkata = timezone(timedelta(hours=5, minutes=30))
        self.assertEqual(
            encoded(timestamp=datetime(2026, 3, 1, 12, tzinfo=kolkata))["timestamp"], "2026-03-01T06:30:00.000000Z"
        )
        self.assertEqual(
            encoded(timestamp=datetime(2026, 3, 1, 12, 0, 0, 5))["timestamp"], "2026-03-01T12:00:00.000005Z"
        )

    def test_unix_seconds_are_a_timestamp(self) -> None:
        self.assertEqual(encoded(timestamp=1_764_000_000)["timestamp"], "2025-11-24T16:00:00.000000Z")
        self.assertEqual(encoded(timestamp=1_764_000_000.25)["timestamp"], "2025-11-24T16:00:00.250000Z")

    def test_what_is_not_known_is_left_out(self) -> None:
        event = encoded(user_id=None, session_id="", input_tokens=0, stream=False)
        self.assertNotIn("user_id", event)
        self.assertNotIn("session_id", event)
        self.assertEqual((event["input_tokens"], event["stream"]), (0, False))

    def test_cost_is_a_plain_decimal_string(self) -> None:
        for cost, text in [
            (Decimal("0.004"), "0.004"),
            (0.00001, "0.00001"),
            (1e-19, "0.000000000000000000"),
            (3, "3"),
            (Decimal("1E+2"), "100"),
            ("0.5", "0.5"),
        ]:
            with self.subTest(cost=cost):
                self.assertEqual(encoded(cost_usd=cost)["cost_usd"], text)

    def test_metadata_may_hold_what_applications_have_at_hand(self) -> None:
        metadata = {
            "when": datetime(2026, 1, 2, tzinfo=timezone.utc),
            "day": date(2026, 1, 2),
            "order": UUID(int=1),
            "price": Decimal("1.10"),
            "colour": Colour.RED,
            "tags": {"a"},
            "view": MappingProxyType({"x": 1}),
            "pair": (1, 2),
        }
        self.assertEqual(
            encoded(metadata=metadata)["metadata"],
            {
                "when": "2026-01-02T00:00:00.000000Z",
                "day": "2026-01-02",
                "order": "00000000-0000-0000-0000-000000000001",
                "price": "1.10",
                "colour": "red",
                "tags": ["a"],
                "view": {"x": 1},
                "pair": [1, 2],
            },
        )

    def test_what_json_cannot_hold_is_refused(self) -> None:
        cycle: Dict[str, Any] = {}
        cycle["self"] = cycle
        deep: Any = []
        for _ in range(100_000):
            deep = [deep]
        for value in (
            math.nan,
            math.inf,
            object(),
            cycle,
            b"bytes",
            mock.MagicMock(),
            mock.MagicMock(spec=int),
            {(1, 2): 3},
            deep,
        ):
            with self.subTest(kind=type(value).__name__), self.assertRaises((TypeError, ValueError, RecursionError)):
                encode_event({"metadata": {"x": value}}, RECORDED_NS)
        for cost in (math.nan, Decimal("Infinity")):
            with self.assertRaises(ValueError):
                encode_event({"cost_usd": cost}, RECORDED_NS)
        with self.assertRaises(OverflowError):
            encode_event({"timestamp": 1e300}, RECORDED_NS)

    def test_any_text_survives(self) -> None:
        text = 'quotes " and \\ and \n, 日本語, 🎉'
        self.assertEqual(encoded(prompt_id=text)["prompt_id"], text)
        # A lone surrogate is no text that UTF-8 could hold; it must not cost the event.
        self.assertEqual(encoded(prompt_id="\ud800")["prompt_id"], "\ud800")


if __name__ == "__main__":
    unittest.main()
