"""Reads what the collector answered."""

from __future__ import annotations

import json
from typing import Any, Dict, NamedTuple, Optional, Tuple

from .notices import RejectedEvent

_MAX_TEXT = 500


class BatchResult(NamedTuple):
    """How a batch fared, event by event: the three counts, and the reasons of the rejected ones (at most 100)."""

    accepted: int
    duplicate: int
    rejected: int
    errors: Tuple[RejectedEvent, ...]

    @property
    def total(self) -> int:
        return self.accepted + self.duplicate + self.rejected


def read_batch_result(body: bytes, events: int) -> Optional[BatchResult]:
    """Reads `{received, accepted, duplicate, rejected, errors}`; None when the body is not such an answer to `events` events.

    Also found in the problem document that the collector sends when it rejects every event of a batch.
    """
    answer = _object(body)
    accepted, duplicate, rejected = (_count(answer.get(name)) for name in ("accepted", "duplicate", "rejected"))
    if accepted is None or duplicate is None or rejected is None:
        return None
    listed = answer.get("errors")
    errors = tuple(_rejection(item) for item in listed if isinstance(item, dict)) if isinstance(listed, list) else ()
    result = BatchResult(accepted, duplicate, rejected, errors)
    return result if result.total <= events else None


def describe_problem(status: int, reason: str, location: Optional[str], body: bytes) -> str:
    """One sentence about an answer that is not a success, from its problem+json (RFC 9457) where it has one."""
    problem = _object(body)
    title, detail = (problem.get(name) for name in ("title", "detail"))
    words = [text for text in (title, detail) if isinstance(text, str) and text]
    if not words:
        words = [f"redirects to {location}; set base_url to where it leads"] if location else [reason or "no details"]
    return f"HTTP {status}: {': '.join(words)}"[:_MAX_TEXT]


def _count(value: object) -> Optional[int]:
    return value if type(value) is int and value >= 0 else None


def _object(body: bytes) -> Dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _rejection(item: Dict[str, Any]) -> RejectedEvent:
    index, event_id, field, reason = (item.get(name) for name in ("index", "event_id", "field", "reason"))
    return RejectedEvent(
        index=index if type(index) is int else None,
        event_id=event_id if isinstance(event_id, str) else None,
        field=field if isinstance(field, str) else None,
        reason=reason[:_MAX_TEXT] if isinstance(reason, str) else "no reason given",
    )
